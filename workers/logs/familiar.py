"""Count lines whose like was read before, without taking them apart again.

In a big log nearly every line repeats one that was read already, with other values. Where
every line of a signature (signatures.py) must have the same service, level and shape, only
its minute is read, and it is counted. The others, and the few lines that are kept to be
shown, are read in full.

What a signature stands for is learned from full reading and tried: an example is read again
with its values changed, and what a change alters is never counted this way. So the counts
are those that full reading gives, only sooner.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl

from workers.logs.count_keys import Keys, with_minutes
from workers.logs.learned import (
    DECIDED,
    HEADED,
    HEADLESS,
    UNKNOWN,
    Codes,
    Decisive,
    Learned,
    Waiting,
    position_in,
)
from workers.logs.line_bytes import LineBytes, Marks, Positions, Words
from workers.logs.line_times import NO_TIME, rules_for, seconds_by_rule
from workers.logs.masking import shape_expression
from workers.logs.sampling import Sample
from workers.logs.signatures import fingerprints, with_other_values
from workers.logs.timestamps import Clock

LEARN_FROM_SHARE = 0.1  # of a block's lines: a trial costs as much as reading thousands of lines
OTHER_VALUES = (3, 7)  # how far the digits of an example move in each of its trials
MIN_COUNTED_SHARE = 0.3  # of a block; below it the signatures cost more than they save
PATIENCE_BLOCKS = 4  # blocks in a row below that share, and the kind of file is read without them

Reads = Callable[[pl.Series], pl.DataFrame]  # lines to time, level, service, status, message, format

# Values that decide what a line is: a syslog priority, klog's letter, a level written as a
# number, the status of a request.
_DECISIVE = re.compile(
    r"^<([0-9]{1,3})>"
    r"|^([IWEF])[0-9]{4} "
    r"""|"(?:level|severity|PRIORITY)"\s*:\s*"?([0-9]+)"""
    r"""|" ([1-5][0-9]{2})(?: |$)"""
    r"""|(?i:\bstatus(?:[_ ]?code)?["']?[=: ]+["']?)([1-5][0-9]{2})\b"""
)


@dataclass(frozen=True)
class Sorted:
    """What became of a block of lines."""

    rest: Marks  # to be read in full
    formats: Counter[str]  # of the lines that were only counted
    unordered: int
    first_at: datetime | None
    last_at: datetime | None
    ends_at: datetime | None  # the time of the block's last line, if it was counted


class Shortcut:
    """Sorts the lines of blocks into counted ones and ones to be read. One serves a whole index."""

    def __init__(self, prefixes: Callable[[pl.DataFrame], Keys], count: Callable[[Keys], None]) -> None:
        """`prefixes` gives fully read events the keys, but for the minute, that `count` counts them by."""
        self._prefixes, self._count = prefixes, count
        self._learned: dict[object, Learned] = {}
        self.sample: Sample | None = None  # None: every line is kept, so every line must be read

    def sort_out(
        self, block: LineBytes, *, kind: object, reads: Reads, clock: Clock, latest: datetime
    ) -> Sorted | None:
        """Count the familiar lines of a block; None where all are to be read.

        Files of one `kind` share what is learned. Lines later than `latest` are left to be read.
        """
        learned = self._learned.setdefault(kind, Learned())
        if self.sample is None or learned.poor_blocks >= PATIENCE_BLOCKS:
            return None
        signatures = fingerprints(block)
        if len(signatures) != block.count:
            return None
        codes = self._codes(learned, block, signatures, reads, clock)
        headed = (codes >= 0) | (codes == HEADED)
        # What follows and is no line of its own may belong to this one: both are read.
        rows = np.flatnonzero((codes >= 0) & np.append(headed[1:], True))
        seconds = _seconds(block, rows, codes[rows], learned, clock)
        usable = (seconds != NO_TIME) & (seconds <= latest.timestamp())
        rows, seconds = rows[usable], seconds[usable]
        poor = len(rows) < MIN_COUNTED_SHARE * block.count
        learned.poor_blocks = learned.poor_blocks + 1 if poor else 0
        keys = with_minutes(learned.recipes.prefixes[codes[rows]], seconds)
        counted = ~self.sample.take(keys)
        self._count(keys[counted])
        return _sorted(block.count, rows[counted], seconds[counted], _formats(codes[rows[counted]], learned))

    def _codes(self, learned: Learned, block: LineBytes, signatures: Words, reads: Reads, clock: Clock) -> Codes:
        """Return what is known of each line, having learned what is new if enough is."""
        refined, codes = learned.codes_of(block, signatures)
        learned.wait_for(block, refined, codes == UNKNOWN, refined != signatures)
        if learned.waiting_lines >= LEARN_FROM_SHARE * block.count:
            self._learn(learned, learned.take_waiting(), reads, clock)
            refined, codes = learned.codes_of(block, signatures)
        return codes

    def _learn(self, learned: Learned, waiting: dict[int, Waiting], reads: Reads, clock: Clock) -> None:
        """Find out what each new signature stands for, and whether all its lines must stand for it."""
        texts = [one.example.decode(errors="replace") for one in waiting.values()]
        signatures = np.array(list(waiting), np.uint64)
        read = reads(pl.Series(texts, dtype=pl.String))
        rules, spans = rules_for(texts, read["time"], clock)
        for number, (text, one) in enumerate(zip(texts, waiting.values(), strict=True)):
            match = _DECISIVE.search(text)
            if match and match.lastindex:
                span = match.span(match.lastindex)
                spans[number].append(span)
                if not one.is_refined:
                    signatures[number] = _told_apart(learned, signatures[number : number + 1], text, span)
        others = [line for step in OTHER_VALUES for line in with_other_values(texts, spans, step=step)]
        changed = reads(pl.Series(others, dtype=pl.String))
        headed = read["format"].is_not_null()
        steady = headed & pl.Series([rule is not None for rule in rules], dtype=pl.Boolean)
        for first in range(0, len(others), len(texts)):
            steady &= _same(read, changed.slice(first, len(texts)))
        codes: Codes = np.where(headed.to_numpy(), HEADED, HEADLESS).astype(np.int32)
        usable = steady.arg_true().to_list()
        codes[usable] = learned.recipes.add(
            self._prefixes(read)[usable],
            [position_in(learned.rules, rule) for number in usable if (rule := rules[number])],
            [position_in(learned.formats, name) for name in read["format"].gather(usable)],
        )
        learned.remember(signatures, codes)


def _told_apart(learned: Learned, signature: Words, line: str, span: tuple[int, int]) -> np.uint64:
    """Note that a value decides what lines of this signature are; return the signature of this one's."""
    decisive = Decisive.of(line, span)
    refined: np.uint64 = decisive.refined(LineBytes(line.encode() + b"\n"), np.zeros(1, np.int64), signature)[0]
    code = DECIDED - position_in(learned.decisive, decisive)
    learned.remember(signature, np.array([code], np.int32))
    return refined


def _same(read: pl.DataFrame, changed: pl.DataFrame) -> pl.Series:
    """Return which lines are read as the same thing, their shape included."""
    shape = shape_expression(pl.col("message")).alias("message")
    columns = ("time", "level", "service", "status", "format")
    first, second = read.select(*columns, shape), changed.select(*columns, shape)
    alike = pl.repeat(True, read.height, eager=True)
    for name in first.columns:
        alike &= first[name].eq_missing(second[name])
    return alike


def _seconds(block: LineBytes, rows: Positions, codes: Codes, learned: Learned, clock: Clock) -> Positions:
    """Return the times of the rows in seconds since 1970; NO_TIME where a rule finds none."""
    rules = learned.recipes.rules[codes]
    seconds: Positions = np.full(len(rows), NO_TIME, np.int64)
    for number in np.unique(rules):
        chosen = rules == number
        seconds[chosen] = seconds_by_rule(block, rows[chosen], learned.rules[number], clock)
    return seconds


def _formats(codes: Codes, learned: Learned) -> Counter[str]:
    lines = np.bincount(learned.recipes.formats[codes], minlength=len(learned.formats))
    return Counter({name: count for name, count in zip(learned.formats, lines.tolist(), strict=True) if count})


def _sorted(lines: int, counted: Positions, seconds: Positions, formats: Counter[str]) -> Sorted:
    rest = np.ones(lines, np.bool_)
    rest[counted] = False
    some = len(counted) > 0
    return Sorted(
        rest=rest,
        formats=formats,
        unordered=int((np.diff(seconds) < -1).sum()),
        first_at=datetime.fromtimestamp(int(seconds.min()), UTC) if some else None,
        last_at=datetime.fromtimestamp(int(seconds.max()), UTC) if some else None,
        ends_at=datetime.fromtimestamp(int(seconds[-1]), UTC) if some and not rest[-1] else None,
    )
