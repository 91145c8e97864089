"""What lines say before and behind their message: few heads go with many messages.

A head that was tried once need not be tried again with each message: where its lines have their
time, host and trace depends on nothing that the message says.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from workers.logs.line_bytes import LineBytes, gaps_in
from workers.logs.showing import Reading
from workers.logs.signatures import fingerprints

Span = tuple[int, int]  # of characters

# A message that begins with a value may be what decides where its line's header ends.
_BEGINS_WITH_A_WORD = re.compile(r"[A-Za-z][A-Za-z_/+-]*(?![\w@/+-])")
_WORD_CHARACTER = re.compile(r"[\w@/+-]", re.ASCII)
_MESSAGE_MARK = "\x02"  # stands for the message; a gap, as all that is no part of a word


class Head(NamedTuple):
    """How lines with one head are read, whatever their message is; equal for equal heads."""

    wording: int  # a hash, without values
    gaps: int  # before the message
    format: str
    level: int | None
    service: str | None
    status: int | None
    has_host: bool
    has_trace: bool

    def holds(self, reading: Reading) -> bool:
        """Return whether all that is cut out of its lines stands before the message."""
        return max(reading.rule.zone_end_gap, reading.host.end_gap, reading.trace.end_gap) <= self.gaps


def heads_of(lines: Sequence[str], read: pl.DataFrame, decisive: Sequence[Span | None]) -> list[Head | None]:
    """Return the head of each line, fully read; None where the message may have a say in how a line is read."""
    positions = [
        _message_position(*line)
        for line in zip(lines, read["message"], read["format"], read["trace"], decisive, strict=True)
    ]
    whole = [number for number, position in enumerate(positions) if position]
    if not whole:
        return [None] * len(lines)
    messages, heads = read["message"], []
    for number in whole:
        line, position = lines[number], positions[number]
        heads.append(line[:position] + _MESSAGE_MARK + line[position + len(messages[number]) :])
    wordings = fingerprints(LineBytes(("\n".join(heads) + "\n").encode()))
    fields = read[np.array(whole)].select(
        "format", "level", "service", "status", pl.col("host").is_not_null(), pl.col("trace").is_not_null()
    )
    found: list[Head | None] = [None] * len(lines)
    for number, wording, head, row in zip(whole, wordings.tolist(), heads, fields.iter_rows(), strict=True):
        found[number] = Head(wording, gaps_in(head[: positions[number]].encode()), *row)
    return found


def _message_position(
    line: str, message: str | None, line_format: str | None, trace: str | None, decisive: Span | None
) -> int:
    """Return where the message begins, in characters; 0 where it can't be told from the head."""
    if not message or line_format is None or not _BEGINS_WITH_A_WORD.match(message):
        return 0
    position = line.rfind(message)
    end = position + len(message)
    if position <= 0 or _WORD_CHARACTER.match(line[position - 1]) or _WORD_CHARACTER.match(line[end : end + 1]):
        return 0
    if trace is not None and line.find(trace, 0, position) == -1:
        return 0
    return 0 if decisive and decisive[1] > position else position
