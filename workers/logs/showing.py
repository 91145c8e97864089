"""Make rows of familiar lines that are kept to be shown, without taking them apart again.

What lines of a signature stand for says nearly all of a row; what differs from line to line, the
time, the host and the trace, is cut out of the line where the example has it. Where that gives
not what full reading gives, of the example or of its trials, such lines are read in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from workers.logs.count_keys import Keys
from workers.logs.line_bytes import LineBytes, Marks, Place, Positions, gaps_in, has_digit, is_gap
from workers.logs.line_times import NO_FRACTION, NO_TIME, TimeRule, fractions_by_rule, seconds_by_rule
from workers.logs.timestamps import Clock

NO_STATUS = 0


class Held(NamedTuple):
    """Where lines of a signature hold a value: from a place up to a gap. A negative gap: they hold none."""

    gap: int
    after: int
    end_gap: int

    @classmethod
    def of(cls, line: bytes, value: bytes) -> "Held | None":
        """Return where a value first stands between gaps; None where values would have to say where it is."""
        start = line.find(value) if value else -1
        while start >= 0:
            place, end = Place.of(line, start), start + len(value)
            if is_gap(line, end) and not has_digit(line, start - place.after, start):
                return cls(place.gap, place.after, place.gap + gaps_in(value) + 1)
            start = line.find(value, start + 1)
        return None

    @classmethod
    def nothing(cls) -> "Held":
        """Return that of lines that hold none."""
        return cls(-1, 0, 0)


class Reading(NamedTuple):
    """How lines of a signature are read: by what rule their time, and where host and trace are held."""

    rule: TimeRule
    host: Held
    trace: Held
    status: int  # NO_STATUS: none
    is_shown: bool  # False: what is cut out is not what full reading gives


@dataclass
class Showing:
    """How rows of each recipe are made; an entry a recipe."""

    is_shown: Marks  # False: such lines are read in full
    hosts: Positions  # a Held in each row, as in traces
    traces: Positions
    statuses: npt.NDArray[np.int16]  # NO_STATUS: none

    @classmethod
    def by(cls, readings: Sequence[Reading]) -> "Showing":
        """Return what these readings say."""
        return cls(
            np.array([one.is_shown for one in readings], np.bool_),
            np.array([one.host for one in readings], np.int64).reshape(-1, len(Held._fields)),
            np.array([one.trace for one in readings], np.int64).reshape(-1, len(Held._fields)),
            np.array([one.status for one in readings], np.int16),
        )

    def and_then(self, others: "Showing") -> "Showing":
        """Return these followed by others."""
        return Showing(
            np.concatenate((self.is_shown, others.is_shown)),
            np.concatenate((self.hosts, others.hosts)),
            np.concatenate((self.traces, others.traces)),
            np.concatenate((self.statuses, others.statuses)),
        )

    def of(self, recipes: npt.NDArray[np.integer]) -> "Showing":
        """Return those of some recipes, one for each number given."""
        return Showing(self.is_shown[recipes], self.hosts[recipes], self.traces[recipes], self.statuses[recipes])


@dataclass(frozen=True)
class Shown:
    """Rows of one block to be kept."""

    keys: Keys  # what each is counted by
    table: pl.DataFrame  # time, host, trace, status, line, file, line_number


def held_in(lines: Sequence[str], values: pl.Series) -> list[Held | None]:
    """Return where each line holds its value; None where that can't be told."""
    return [
        Held.nothing() if value is None else Held.of(line.encode(), value.encode())
        for line, value in zip(lines, values, strict=True)
    ]


def cut_as(
    texts: Sequence[str],
    rules: Sequence[TimeRule | None],
    places: Mapping[str, Sequence[Held | None]],
    read: pl.DataFrame,
    clock: Clock,
) -> list[bool]:
    """Return for each rule whether time, host and trace, cut out, are those of full reading.

    `texts` and `read` hold one line a rule, and again the lines of all rules with other values.
    """
    block, again = LineBytes(("\n".join(texts) + "\n").encode()), len(texts) // len(rules)
    if block.count != len(texts):
        return [False] * len(rules)
    of_rule: dict[TimeRule, list[int]] = {}
    for number, rule in enumerate([*rules] * again):
        if rule is not None:
            of_rule.setdefault(rule, []).append(number)
    times = np.full(len(texts), NO_TIME, np.int64)
    for rule, numbers in of_rule.items():
        rows = np.array(numbers)
        times[rows] = microseconds(seconds_by_rule(block, rows, rule, clock), fractions_by_rule(block, rows, rule))
    same = (pl.Series(times) == read["time"].dt.epoch("us")).fill_null(False)
    for name, held in places.items():
        same &= pl.Series([one is not None for one in held] * again, dtype=pl.Boolean)
        table = np.array([one or Held.nothing() for one in held] * again, np.int64)
        same &= texts_held(block, np.arange(len(texts)), table).eq_missing(read[name])
    marks = same.to_list()
    return [all(marks[number :: len(rules)]) for number in range(len(rules))]


def microseconds(seconds: Positions, fractions: Positions) -> Positions:
    """Return whole times since 1970; NO_TIME where a part of one could not be read."""
    known = (seconds != NO_TIME) & (fractions != NO_FRACTION)
    return np.where(known, np.where(known, seconds, 0) * 1_000_000 + fractions, NO_TIME)


def texts_held(block: LineBytes, rows: Positions, held: Positions) -> pl.Series:
    """Return what each row holds at its place; null where it holds nothing."""
    present = held[:, 0] >= 0
    some, where = rows[present], held[present]
    starts = block.gap_positions(some, where[:, 0]) + 1 + where[:, 1]
    ends = block.gap_positions(some, where[:, 2])
    texts = block.slices(starts, ends)
    if present.all():
        return texts
    return pl.repeat(None, len(rows), dtype=pl.String, eager=True).scatter(np.flatnonzero(present), texts)


def rows_shown(
    block: LineBytes, rows: Positions, showing: Showing, times: Positions, *, file: int, line_numbers: Positions
) -> pl.DataFrame:
    """Return the rows of familiar lines: time, host, trace, status, line, file and line_number."""
    status = pl.Series("status", showing.statuses)
    return pl.DataFrame(
        {
            "time": pl.Series(times).cast(pl.Datetime("us", "UTC")),
            "host": texts_held(block, rows, showing.hosts),
            "trace": texts_held(block, rows, showing.traces),
            "status": status.set(status == NO_STATUS, None),
            "line": block.lines(rows),
            "file": pl.repeat(file, len(rows), dtype=pl.UInt16, eager=True),
            "line_number": line_numbers.astype(np.uint32),
        }
    )
