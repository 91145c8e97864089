"""Find out what new signatures stand for: read an example in full, change its values, read it again.

What a change of values alters is never taken for granted: such lines are always read in full.
A line whose head (heads.py) was tried before is tried as to its message only.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from workers.logs.count_keys import Keys
from workers.logs.heads import Head, Span, heads_of
from workers.logs.learned import DECIDED, HEADED, HEADLESS, Codes, Decisive, Learned, Waiting
from workers.logs.line_bytes import LineBytes, Marks, Words
from workers.logs.line_times import rules_for, time_texts
from workers.logs.masking import shape_expression
from workers.logs.showing import Held, Reading, cut_as, held_in
from workers.logs.signatures import with_other_values
from workers.logs.timestamps import Clock

OTHER_VALUES = (3, 7)  # how far the digits of an example move in each of its trials

Reads = Callable[[pl.Series], pl.DataFrame]  # lines to time, level, service, host, trace, status, message, format
Prefixes = Callable[[pl.DataFrame], Keys]  # such lines to what they are counted by, but for the minute

# Values that decide what a line is: a syslog priority, klog's letter, a level written as a
# number, the status of a request.
_DECISIVE = re.compile(
    r"^<([0-9]{1,3})>"
    r"|^([IWEF])[0-9]{4} "
    r"""|"(?:level|severity|PRIORITY)"\s*:\s*"?([0-9]+)"""
    r"""|" ([1-5][0-9]{2})(?: |$)"""
    r"""|(?i:\bstatus(?:[_ ]?code)?["']?[=: ]+["']?)([1-5][0-9]{2})\b"""
)


def learn(learned: Learned, waiting: dict[int, Waiting], *, reads: Reads, prefixes: Prefixes, clock: Clock) -> None:
    """Remember what each new signature stands for, and whether all its lines must stand for it."""
    lines = [one.example.decode(errors="replace") for one in waiting.values()]
    decisive = [_decisive_span(line) for line in lines]
    signatures = _told_apart(learned, waiting, lines, decisive)
    read = reads(pl.Series(lines, dtype=pl.String))
    heads = heads_of(lines, read, decisive)
    headed = read["format"].is_not_null().to_numpy()
    readings: list[Reading | None] = [None] * len(lines)

    def try_out(numbers: Sequence[int]) -> None:
        tried = _tried([lines[number] for number in numbers], [decisive[number] for number in numbers], reads, clock)
        for number, reading in zip(numbers, tried, strict=True):
            readings[number] = reading

    first = _first_with_new_heads(heads, learned)
    try_out(first)
    for number in first:
        head, reading = heads[number], readings[number]
        if head and reading and head.holds(reading):
            learned.heads[head] = reading
    by_head = [number for number, head in enumerate(heads) if head in learned.heads]
    steady = _keep_their_shape(read["message"])
    for number in by_head:
        readings[number] = learned.heads[heads[number]] if steady[number] else None
    told = {*first, *by_head}
    try_out([number for number in np.flatnonzero(headed).tolist() if number not in told])

    known = [number for number, reading in enumerate(readings) if reading]
    codes: Codes = np.where(headed, HEADED, HEADLESS).astype(np.int32)
    codes[known] = learned.add_recipes(
        prefixes(read[known]), [one for one in readings if one], read["format"].gather(known).to_list()
    )
    learned.remember(signatures, codes)


def _decisive_span(line: str) -> Span | None:
    match = _DECISIVE.search(line)
    return match.span(match.lastindex) if match and match.lastindex else None


def _told_apart(
    learned: Learned, waiting: dict[int, Waiting], lines: Sequence[str], spans: Sequence[Span | None]
) -> Words:
    """Note which signatures leave to a value what their lines are; return all, those refined by their value."""
    signatures = np.array(list(waiting), np.uint64)
    coarse, codes = [], []
    for number, (line, span, one) in enumerate(zip(lines, spans, waiting.values(), strict=True)):
        if span and not one.is_refined:
            decisive, block = Decisive.of(line, span), LineBytes(line.encode() + b"\n")
            coarse.append(signatures[number])
            codes.append(DECIDED - learned.number_of(learned.decisive, decisive))
            signatures[number] = decisive.refined(block, np.zeros(1, np.int64), signatures[number : number + 1])[0]
    learned.remember(np.array(coarse, np.uint64), np.array(codes, np.int32))
    return signatures


def _first_with_new_heads(heads: Sequence[Head | None], learned: Learned) -> list[int]:
    """Return the number of the first line of each head that was not tried before."""
    first: dict[Head, int] = {}
    for number, head in enumerate(heads):
        if head and head not in learned.heads:
            first.setdefault(head, number)
    return list(first.values())


def _tried(lines: list[str], decisive: Sequence[Span | None], reads: Reads, clock: Clock) -> list[Reading | None]:
    """Return how lines like each of these are read; None where their values decide it."""
    if not lines:
        return []
    times = time_texts(lines)
    kept = [[span] if span else [] for span in decisive]
    for time in times:
        kept[time.line].append((time.start, time.end))
    # Reading has its price each time: the lines and all their trials are read together.
    texts = lines + [line for step in OTHER_VALUES for line in with_other_values(lines, kept, step=step)]
    read = reads(pl.Series(texts, dtype=pl.String))
    rules = rules_for(lines, times, read["time"].head(len(lines)), clock)
    places = {name: held_in(lines, read[name].head(len(lines))) for name in ("host", "trace")}
    same = _same_as_first(read, len(lines))
    shown = cut_as(texts, rules, places, read, clock)
    statuses = read["status"].fill_null(0)
    return [
        Reading(rule, host or Held.nothing(), trace or Held.nothing(), status, is_shown) if rule and is_same else None
        for rule, host, trace, status, is_same, is_shown in zip(
            rules, places["host"], places["trace"], statuses.head(len(lines)), same, shown, strict=True
        )
    ]


def _same_as_first(read: pl.DataFrame, lines: int) -> list[bool]:
    """Return which of the first lines are read as the same thing, their shape included, in all their trials."""
    shape = shape_expression(pl.col("message")).alias("message")
    table = read.select("time", "level", "service", "status", "format", shape)
    first = table.head(lines)
    alike = first["format"].is_not_null()
    for start in range(lines, read.height, lines):
        changed = table.slice(start, lines)
        for name in table.columns:
            alike &= first[name].eq_missing(changed[name])
    return alike.to_list()


def _keep_their_shape(messages: pl.Series) -> Marks:
    """Return which messages have the same shape with other values."""
    texts = messages.fill_null("").str.replace_all("\n", " ", literal=True)
    lines = texts.to_list()
    none: list[list[Span]] = [[]] * len(lines)
    shapes = texts.to_frame("m").select(shape_expression(pl.col("m"))).to_series()
    same = pl.repeat(True, len(lines), eager=True)
    for step in OTHER_VALUES:
        changed = pl.DataFrame({"m": with_other_values(lines, none, step=step)})
        same &= changed.select(shape_expression(pl.col("m"))).to_series() == shapes
    return same.to_numpy()
