"""Make rows of familiar lines that are kept to be shown, without taking them apart again.

What lines of a signature stand for says nearly all of a row; what differs from line to line, the
time, the host and the trace, is cut out of the line where the example has it. Where that gives
not what full reading gives, of the example or of its trials, such lines are read in full.
"""

from collections.abc import Sequence
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


NOTHING = Held(-1, 0, 0)


@dataclass
class Showing:
    """How rows of each recipe are made; an entry a recipe."""

    is_shown: Marks  # False: such lines are read in full
    hosts: Positions  # a Held in each row, as in traces
    traces: Positions
    statuses: npt.NDArray[np.int16]  # NO_STATUS: none

    @classmethod
    def nothing(cls) -> "Showing":
        """Return that of no recipe."""
        none = np.zeros((0, len(NOTHING)), np.int64)
        return cls(np.zeros(0, np.bool_), none, none, np.zeros(0, np.int16))

    def and_then(self, others: "Showing") -> "Showing":
        """Return these followed by others."""
        return Showing(
            np.concatenate((self.is_shown, others.is_shown)),
            np.concatenate((self.hosts, others.hosts)),
            np.concatenate((self.traces, others.traces)),
            np.concatenate((self.statuses, others.statuses)),
        )

    def of(self, recipes: Sequence[int] | Positions) -> "Showing":
        """Return those of some recipes, one for each number given."""
        return Showing(self.is_shown[recipes], self.hosts[recipes], self.traces[recipes], self.statuses[recipes])


@dataclass(frozen=True)
class Shown:
    """Rows of one block to be kept."""

    keys: Keys  # what each is counted by
    table: pl.DataFrame  # time, host, trace, status, line, file, line_number


def showing_of(lines: Sequence[str], read: pl.DataFrame) -> Showing:
    """Return how lines like these examples are shown, from what full reading says of them; not tried yet."""
    found = np.ones(len(lines), np.bool_)
    places: dict[str, Positions] = {}
    for name in ("host", "trace"):
        held = [_held(line, value) for line, value in zip(lines, read[name], strict=True)]
        found &= np.array([one is not None for one in held], np.bool_)
        places[name] = np.array([one or NOTHING for one in held], np.int64).reshape(-1, len(NOTHING))
    statuses = read["status"].fill_null(NO_STATUS).to_numpy().astype(np.int16)
    return Showing(found, places["host"], places["trace"], statuses)


def reads_as(
    showing: Showing, rules: Sequence[TimeRule | None], lines: Sequence[str], read: pl.DataFrame, clock: Clock
) -> Marks:
    """Return for which lines, one a rule, the time, host and trace shown are those of full reading."""
    block = LineBytes(("\n".join(lines) + "\n").encode())
    if block.count != len(lines):
        return np.zeros(len(lines), np.bool_)
    times = np.full(len(lines), NO_TIME, np.int64)
    of_rule: dict[TimeRule, list[int]] = {}
    for number, rule in enumerate(rules):
        if rule is not None:
            of_rule.setdefault(rule, []).append(number)
    for rule, numbers in of_rule.items():
        rows = np.array(numbers)
        times[rows] = microseconds(seconds_by_rule(block, rows, rule, clock), fractions_by_rule(block, rows, rule))
    every = np.arange(len(lines))
    same = pl.Series(times) == read["time"].dt.epoch("us")
    for name, held in (("host", showing.hosts), ("trace", showing.traces)):
        same &= texts_held(block, every, held).eq_missing(read[name])
    return same.fill_null(False).to_numpy()


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
    block: LineBytes, rows: Positions, showing: Showing, times: Positions, *, file: int, first_line: int
) -> pl.DataFrame:
    """Return the rows of familiar lines: time, host, trace, status, line, file and line_number."""
    starts, ends = block.line_spans(rows)
    status = pl.Series("status", showing.statuses)
    return pl.DataFrame(
        {
            "time": pl.Series(times).cast(pl.Datetime("us", "UTC")),
            "host": texts_held(block, rows, showing.hosts),
            "trace": texts_held(block, rows, showing.traces),
            "status": status.set(status == NO_STATUS, None),
            "line": block.slices(starts, ends),
            "file": pl.repeat(file, len(rows), dtype=pl.UInt16, eager=True),
            "line_number": (rows + first_line).astype(np.uint32),
        }
    )


def _held(line: str, value: str | None) -> Held | None:
    return NOTHING if value is None else Held.of(line.encode(), value.encode())
