"""Count lines whose like was read before, without taking them apart again.

In a big log nearly every line repeats one that was read already, with other values. Where
every line of a signature (signatures.py) must have the same service, level and shape, only
its minute is read, and it is counted; what is kept to be shown is cut out where it stands
(showing.py). The others are read in full.

What a signature stands for is learned from full reading and tried (learning.py). So the counts
are those that full reading gives, only sooner.
"""

import importlib
import importlib.util
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from workers.logs.continuation import CONTINUATION
from workers.logs.count_keys import LineKeys, keys_of_recipes
from workers.logs.learned import HEADED, UNKNOWN, Codes, Learned
from workers.logs.learning import Prefixes, Reads, learn
from workers.logs.line_bytes import LineBytes, Marks, Positions, runs_of
from workers.logs.line_times import NO_FRACTION, NO_TIME, TimeRule, fractions_by_rule, seconds_by_rule
from workers.logs.looking import Looked, looked_by_arrays
from workers.logs.sampling import Sample
from workers.logs.showing import Shown, microseconds, rows_shown
from workers.logs.timestamps import Clock

if TYPE_CHECKING:
    from workers.logs.scanner import Scanner

LEARN_FROM_SHARE = 0.1  # of a block's lines: a trial costs as much as reading thousands of lines
WORTH_COMPILING_BYTES = 64 << 20  # of logs
MIN_COUNTED_SHARE = 0.3  # of a block; below it the signatures cost more than they save
PATIENCE_BLOCKS = 4  # blocks in a row below that share, and the kind of file is read without them

_CONTINUATION = re.compile(CONTINUATION.encode(), re.M)


@dataclass(frozen=True)
class Familiar:
    """The file that a block is of. Files of one `kind` share what is learned."""

    number: int
    kind: object
    reads: Reads
    clock: Clock
    latest: datetime  # lines later than that are left to be read


_ReadsTimes = Callable[[LineBytes, Positions, TimeRule], Positions]
_Looks = Callable[[LineBytes, Clock], Looked | None]


@dataclass(frozen=True)
class _Known:
    """What was learned of one kind of file, and what looks at its blocks by that."""

    learned: Learned
    look: _Looks


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
        self._learned: dict[object, _Known] = {}
        self.is_compiled = False
        self._sample: Sample | None = None  # None: every line is kept
        self._left: Sample | None = None

    def expect(self, size_bytes: int) -> None:
        """Prepare for logs of about this size, before the first block: for big ones compiled loops are loaded."""
        self.is_compiled = size_bytes >= WORTH_COMPILING_BYTES and importlib.util.find_spec("numba") is not None

    def keep_only(self, sample: Sample, left: Sample) -> None:
        """Keep lines by these samples from now on: those that can be shown, and those left to be read for it."""
        self._sample, self._left = sample, left

    def notice(self, block: LineBytes, file: Familiar) -> None:
        """Look at a block that is read in full, so that more is known of the next."""
        known = self._known(file)
        looked = known.look(block, file.clock)
        if looked is not None:
            known.learned.wait_for(block, looked.signatures, looked.codes == UNKNOWN, looked.is_refined)

    def sort_out(self, block: LineBytes, file: Familiar, *, first_line: int) -> Sorted | None:
        """Count the familiar lines of a block, and show what is kept of them; None where all are to be read."""
        known = self._known(file)
        learned = known.learned
        if learned.poor_blocks >= PATIENCE_BLOCKS:
            return None
        looked = self._looked(known, block, file)
        if looked is None:
            return None
        codes = looked.codes
        # What follows and is no line of its own may belong to this one: both are read.
        rows = np.flatnonzero((codes >= 0) & np.append(_headed(block, codes)[1:], True))
        seconds = _seconds(block, rows, looked, learned, file.clock)
        usable = (seconds != NO_TIME) & (seconds <= file.latest.timestamp())
        rows, seconds = rows[usable], seconds[usable]
        poor = len(rows) < MIN_COUNTED_SHARE * block.count
        learned.poor_blocks = learned.poor_blocks + 1 if poor else 0
        recipes = codes[rows]
        keys = keys_of_recipes(learned.recipes.prefixes, recipes, seconds)
        counted = ~self._left_to_read(_Lines(block, rows, recipes, seconds, keys), learned, file, first_line)
        self._count(keys.only(counted))
        return _sorted(block.count, rows[counted], seconds[counted], _formats(recipes[counted], learned))

    def _known(self, file: Familiar) -> _Known:
        known = self._learned.get(file.kind)
        if known is None:
            learned = Learned()
            known = self._learned[file.kind] = _Known(learned, _looks(learned, self.is_compiled))
        return known

    def _left_to_read(self, lines: "_Lines", learned: Learned, file: Familiar, first_line: int) -> Marks:
        """Show the lines that are kept; return which of them could not be shown, and have to be read for it."""
        can_be_shown = learned.recipes.showing.is_shown[lines.recipes]
        shown, left = np.flatnonzero(can_be_shown), np.flatnonzero(~can_be_shown)
        if self._sample is not None and self._left is not None:
            shown = shown[self._sample.take(lines.keys.only(shown))]
            left = left[self._left.take(lines.keys.only(left))]
        block, rows = lines.block.with_gaps(lines.rows[shown])
        fractions = _by_rule(block, rows, lines.recipes[shown], learned, fractions_by_rule)
        is_read = fractions != NO_FRACTION
        marks = np.zeros(len(lines.rows), np.bool_)
        marks[left] = marks[shown[~is_read]] = True
        shown = shown[is_read]
        if len(shown):
            times = microseconds(lines.seconds[shown], fractions[is_read])
            showing = learned.recipes.showing.of(lines.recipes[shown])
            numbers = first_line + lines.rows[shown]
            table = rows_shown(block, rows[is_read], showing, times, file=file.number, line_numbers=numbers)
            self._show(Shown(lines.keys.of(shown), table))
        return marks

    def _looked(self, known: _Known, block: LineBytes, file: Familiar) -> Looked | None:
        """Return what is known of each line, having learned what is new if enough is."""
        learned, looked = known.learned, known.look(block, file.clock)
        if looked is None:
            return None
        learned.wait_for(block, looked.signatures, looked.codes == UNKNOWN, looked.is_refined)
        if learned.waiting_lines < LEARN_FROM_SHARE * block.count:
            return looked
        waiting = learned.take_waiting()
        learn(learned, waiting, reads=file.reads, prefixes=self._prefixes, clock=file.clock)
        return known.look(block, file.clock)


@dataclass(frozen=True)
class _Lines:
    """Familiar lines of a block: their row, recipe, second and key."""

    block: LineBytes
    rows: Positions
    recipes: Codes
    seconds: Positions
    keys: LineKeys


def _headed(block: LineBytes, codes: Codes) -> Marks:
    """Return which lines begin an event, as far as the line before one is familiar."""
    headed: Marks = (codes >= 0) | (codes == HEADED)
    # Unknown ones are read in full later; what can't go on from a line with a header is seen before.
    unknown = 1 + np.flatnonzero((codes[1:] == UNKNOWN) & (codes[:-1] >= 0))
    starts, ends = block.line_spans(unknown)
    for row, start, end in zip(unknown.tolist(), starts.tolist(), ends.tolist(), strict=True):
        headed[row] = not _CONTINUATION.match(block.text, start, end)
    return headed


def _looks(learned: Learned, is_compiled: bool) -> _Looks:
    """Return what looks at blocks by what was learned, in one compiled pass or by arrays."""
    if is_compiled:
        # Loading Numba takes half a second, and it may not be installed.
        scanner: Scanner = importlib.import_module("workers.logs.scanner").Scanner(learned)
        return scanner.look
    return partial(looked_by_arrays, learned)


def _seconds(block: LineBytes, rows: Positions, looked: Looked, learned: Learned, clock: Clock) -> Positions:
    """Return the times of the rows in seconds since 1970; NO_TIME where a rule finds none."""
    seconds, rest = looked.seconds[rows], np.flatnonzero(looked.by_arrays[rows])
    if len(rest):
        few, few_rows = block.with_gaps(rows[rest])
        read = partial(seconds_by_rule, clock=clock)
        seconds[rest] = _by_rule(few, few_rows, looked.codes[rows[rest]], learned, read)
    return seconds


def _by_rule(
    block: LineBytes,
    rows: Positions,
    codes: Codes,
    learned: Learned,
    read: _ReadsTimes,
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
