"""Count lines whose like was read before, without taking them apart again.

In a big log nearly every line repeats one that was read already, with other values. Where
every line of a signature (signatures.py) must have the same service, level and shape, only
its minute is read, and it is counted; what is kept to be shown is cut out where it stands
(showing.py). The others are read in full.

What a signature stands for is learned from full reading and tried (learning.py). So the counts
are those that full reading gives, only sooner.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import polars as pl

from workers.logs.count_keys import LineKeys, keys_of_recipes
from workers.logs.learned import HEADED, UNKNOWN, Codes, Learned
from workers.logs.learning import Prefixes, Reads, learn
from workers.logs.line_bytes import LineBytes, Marks, Positions, Words, runs_of
from workers.logs.line_times import NO_FRACTION, NO_TIME, TimeRule, fractions_by_rule, seconds_by_rule
from workers.logs.sampling import Sample
from workers.logs.showing import Shown, microseconds, rows_shown
from workers.logs.signatures import fingerprints
from workers.logs.timestamps import Clock

LEARN_FROM_SHARE = 0.1  # of a block's lines: a trial costs as much as reading thousands of lines
MIN_COUNTED_SHARE = 0.3  # of a block; below it the signatures cost more than they save
PATIENCE_BLOCKS = 4  # blocks in a row below that share, and the kind of file is read without them


@dataclass(frozen=True)
class Familiar:
    """The file that a block is of. Files of one `kind` share what is learned."""

    number: int
    kind: object
    reads: Reads
    begins: Callable[[pl.Series], pl.Series]  # lines to whether each begins an event, whatever is before it
    clock: Clock
    latest: datetime  # lines later than that are left to be read


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

    def __init__(self, prefixes: Prefixes, count: Callable[[LineKeys], None], show: Callable[[Shown], None]) -> None:
        """`prefixes` gives fully read events the keys, but for the minute, that `count` counts them by."""
        self._prefixes, self._count, self._show = prefixes, count, show
        self._learned: dict[object, Learned] = {}
        self._sample: Sample | None = None  # None: every line is kept
        self._left: Sample | None = None

    def keep_only(self, sample: Sample, left: Sample) -> None:
        """Keep lines by these samples from now on: those that can be shown, and those left to be read for it."""
        self._sample, self._left = sample, left

    def notice(self, block: LineBytes, file: Familiar) -> None:
        """Look at a block that is read in full, so that more is known of the next."""
        learned, signatures = self._learned.setdefault(file.kind, Learned()), fingerprints(block)
        if len(signatures) == block.count:
            refined, codes = learned.codes_of(block, signatures)
            learned.wait_for(block, refined, codes == UNKNOWN, refined != signatures)

    def sort_out(self, block: LineBytes, file: Familiar, *, first_line: int) -> Sorted | None:
        """Count the familiar lines of a block, and show what is kept of them; None where all are to be read."""
        learned = self._learned.setdefault(file.kind, Learned())
        if learned.poor_blocks >= PATIENCE_BLOCKS:
            return None
        signatures = fingerprints(block)
        if len(signatures) != block.count:
            return None
        codes = self._codes(learned, block, signatures, file)
        # What follows and is no line of its own may belong to this one: both are read.
        rows = np.flatnonzero((codes >= 0) & np.append(_headed(block, codes, file)[1:], True))
        seconds = _seconds(block, rows, codes[rows], learned, file.clock)
        usable = (seconds != NO_TIME) & (seconds <= file.latest.timestamp())
        rows, seconds = rows[usable], seconds[usable]
        poor = len(rows) < MIN_COUNTED_SHARE * block.count
        learned.poor_blocks = learned.poor_blocks + 1 if poor else 0
        recipes = codes[rows]
        keys = keys_of_recipes(learned.recipes.prefixes, recipes, seconds)
        counted = ~self._left_to_read(_Lines(block, rows, recipes, seconds, keys), learned, file, first_line)
        self._count(keys.only(counted))
        return _sorted(block.count, rows[counted], seconds[counted], _formats(recipes[counted], learned))

    def _left_to_read(self, lines: "_Lines", learned: Learned, file: Familiar, first_line: int) -> Marks:
        """Show the lines that are kept; return which of them could not be shown, and have to be read for it."""
        can_be_shown = learned.recipes.showing.is_shown[lines.recipes]
        shown, left = np.flatnonzero(can_be_shown), np.flatnonzero(~can_be_shown)
        if self._sample is not None and self._left is not None:
            shown = shown[self._sample.take(lines.keys.only(shown))]
            left = left[self._left.take(lines.keys.only(left))]
        fractions = _by_rule(lines.block, lines.rows[shown], lines.recipes[shown], learned, fractions_by_rule)
        is_read = fractions != NO_FRACTION
        marks = np.zeros(len(lines.rows), np.bool_)
        marks[left] = marks[shown[~is_read]] = True
        shown = shown[is_read]
        if len(shown):
            times = microseconds(lines.seconds[shown], fractions[is_read])
            showing = learned.recipes.showing.of(lines.recipes[shown])
            table = rows_shown(
                lines.block, lines.rows[shown], showing, times, file=file.number, first_line=first_line
            )
            self._show(Shown(lines.keys.of(shown), table))
        return marks

    def _codes(self, learned: Learned, block: LineBytes, signatures: Words, file: Familiar) -> Codes:
        """Return what is known of each line, having learned what is new if enough is."""
        refined, codes = learned.codes_of(block, signatures)
        learned.wait_for(block, refined, codes == UNKNOWN, refined != signatures)
        if learned.waiting_lines >= LEARN_FROM_SHARE * block.count:
            waiting = learned.take_waiting()
            learn(learned, waiting, reads=file.reads, prefixes=self._prefixes, clock=file.clock)
            refined, codes = learned.codes_of(block, signatures)
        return codes


@dataclass(frozen=True)
class _Lines:
    """Familiar lines of a block: their row, recipe, second and key."""

    block: LineBytes
    rows: Positions
    recipes: Codes
    seconds: Positions
    keys: LineKeys


def _headed(block: LineBytes, codes: Codes, file: Familiar) -> Marks:
    """Return which lines begin an event, as far as the line before one is familiar."""
    headed = (codes >= 0) | (codes == HEADED)
    # Unknown ones are read in full later; that they begin one is seen at a fifth of its cost.
    unknown = 1 + np.flatnonzero((codes[1:] == UNKNOWN) & (codes[:-1] >= 0))
    if len(unknown):
        headed[unknown] = file.begins(block.lines(unknown)).to_numpy()
    return headed


def _seconds(block: LineBytes, rows: Positions, codes: Codes, learned: Learned, clock: Clock) -> Positions:
    """Return the times of the rows in seconds since 1970; NO_TIME where a rule finds none."""
    return _by_rule(block, rows, codes, learned, lambda block, rows, rule: seconds_by_rule(block, rows, rule, clock))


def _by_rule(
    block: LineBytes,
    rows: Positions,
    codes: Codes,
    learned: Learned,
    read: Callable[[LineBytes, Positions, TimeRule], Positions],
) -> Positions:
    """Return what is read of the rows by the time rule of each."""
    rules = learned.recipes.rules[codes]
    # Sorting small numbers is cheap, and what is together is taken apart sooner than by marks.
    order = np.argsort(rules.astype(np.uint16), kind="stable")
    rows, begins = rows[order], runs_of(rules[order])
    values = np.zeros(len(rows), np.int64)
    for begin, end in pairwise([*begins.tolist(), len(rows)]):
        values[order[begin:end]] = read(block, rows[begin:end], learned.rules[rules[order[begin]]])
    return values


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
