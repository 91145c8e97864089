"""Add up the counts of many blocks in bounded memory: by shape, service, level and minute.

A log of weeks with thousands of kinds of line would have more counts than lines to the minute;
beyond a limit the minutes give way to longer steps, and the index says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from workers.logs.count_keys import (
    LEVEL_AT,
    LEVELS,
    MINUTES,
    NO_LEVEL,
    NO_MINUTE,
    SERVICE_AT,
    SERVICES,
    SHAPE_AT,
    Keys,
    LineKeys,
    levels_of,
    minutes_of,
    prefixes_of,
    spans_of,
    with_minutes,
)
from workers.logs.line_bytes import runs_of

MAX_COUNT_ROWS = 3_000_000  # 12 bytes each, and twice as much while they are added up
KEPT_SHARE = 0.6  # of the limit that a longer step has to make room down to
PARTS_ADDED_AT_ONCE = 16
ROWS_AT_ONCE = 250_000  # taken apart together: all at once would double the memory of reading
DRAWN_FROM = 1_000  # one key of so many tells how the others lie
STEPS_MINUTES = (1, 5, 15, 60, 360, 1440, 7 * 1440)
GROWTH_ALLOWED = 1.5  # where no step is long enough: without it every block would look for room in vain


@dataclass(frozen=True)
class _Part:
    """Keys with the number of their lines."""

    keys: Keys
    lines: npt.NDArray[np.uint32]


class Counts:
    """Takes the counts of each block, little by little: each is touched a few times only."""

    def __init__(self) -> None:
        self._tiers: list[list[_Part]] = [[]]  # in order of their keys
        self._most_rows = MAX_COUNT_ROWS
        self._services: dict[str, int] = {}
        self.step_minutes = STEPS_MINUTES[0]

    def prefixes(self, kinds: pl.DataFrame) -> Keys:
        """Return the keys of shape, service (a category) and level, without their minute."""
        names = kinds["service"].cast(pl.String)
        for name in names.unique(maintain_order=True):
            # The last number stands for all services beyond 65,535.
            self._services.setdefault(name, min(len(self._services), SERVICES))
        service = names.replace_strict(self._services, return_dtype=pl.UInt64).to_numpy()
        return prefixes_of(kinds["shape"], service, kinds["level"])

    def keys(self, rows: pl.DataFrame) -> LineKeys:
        """Return the keys of rows: shape, service (a category), level and time."""
        timed = with_minutes(self.prefixes(rows), rows["time"].dt.epoch("s").fill_null(0).to_numpy())
        return LineKeys.by(np.where(rows["time"].is_null().to_numpy(), timed | np.uint64(NO_MINUTE), timed))

    def kinds(self, keys: Keys) -> pl.DataFrame:
        """Return the shape, service (a category) and level that the keys stand for."""
        level = levels_of(keys)
        return pl.DataFrame(
            {
                "shape": (keys >> np.uint64(SHAPE_AT)).astype(np.uint32),
                "service": self._names.gather(keys >> np.uint64(SERVICE_AT) & np.uint64(SERVICES)),
                "level": pl.Series(level.astype(np.int8)).set(pl.Series(level < 0), None),
            }
        )

    def add(self, keys: LineKeys) -> None:
        """Count lines with these keys."""
        different, lines = keys.counted()
        # Each block in order: sixteen such runs are put in order in a tenth of the time of as many loose keys.
        self._tiers[0].append(_added_up([_Part(spans_of(different, self.step_minutes), lines.astype(np.uint32))]))
        for tier, parts in enumerate(self._tiers):
            if len(parts) < PARTS_ADDED_AT_ONCE:
                break
            if tier + 1 == len(self._tiers):
                self._tiers.append([])
            self._tiers[tier + 1].append(_merged(parts) if tier else _added_up(parts))
        if self._rows > self._most_rows:
            self._make_room()

    def by_template(self, template_of_shape: pl.Series, level_of_shape: pl.Series) -> pl.DataFrame:
        """Return template, service, level, minute and lines, in order of template, service, level, minute.

        A line without a level has that of its shape. What was taken is given up.
        """
        total, names = self._taken(), self._names
        templates, levels = template_of_shape.cast(pl.UInt64).to_numpy(), level_of_shape.cast(pl.UInt64).to_numpy()
        tables = [_table(_added_up([]), names)]
        for rows in _rows_of_templates(total.keys, templates):
            keys = total.keys[rows]
            shape = (keys >> np.uint64(SHAPE_AT)).astype(np.int64)
            level = keys >> np.uint64(LEVEL_AT) & np.uint64(LEVELS)
            level = np.where(level == NO_LEVEL, levels[shape], level)
            rest = keys & np.uint64(SERVICES << SERVICE_AT | MINUTES)
            keys = templates[shape] << np.uint64(SHAPE_AT) | level << np.uint64(LEVEL_AT) | rest
            tables.append(_table(_added_up([_Part(keys, total.lines[rows])]), names))
        del total
        return pl.concat(tables, rechunk=True)

    def _taken(self) -> _Part:
        """Return all counts in order of their keys, and give them up."""
        parts = [part for tier in self._tiers[1:] for part in tier]
        parts.append(_added_up(self._tiers[0]))
        self._tiers = [[]]
        return _merged(parts)

    @property
    def _names(self) -> pl.Series:
        return pl.Series(list(self._services), dtype=pl.String).cast(pl.Categorical)

    @property
    def _rows(self) -> int:
        return sum(len(part.keys) for tier in self._tiers for part in tier)

    def _make_room(self) -> None:
        """Add up what came apart and, where that is not enough, take longer steps."""
        self._tiers = [[], [self._taken()]]
        for step in STEPS_MINUTES:
            if self._rows <= KEPT_SHARE * MAX_COUNT_ROWS:
                return
            if step > self.step_minutes:
                self.step_minutes = step
                self._tiers[1].append(_in_steps(self._tiers[1].pop(), step))
        self._most_rows = max(MAX_COUNT_ROWS, round(GROWTH_ALLOWED * self._rows))


def _rows_of_templates(keys: Keys, templates: npt.NDArray[np.uint64]) -> Iterator[npt.NDArray[np.int64]]:
    """Yield where the keys, in order of their shapes, have the first templates, the next ones, and so on to the last.

    Together they are all of them; to put them into the order of templates at once would take as much memory again.
    """
    ends = np.searchsorted(keys, np.arange(1, len(templates), dtype=np.uint64) << np.uint64(SHAPE_AT))
    bounds = np.concatenate(([0], ends, [len(keys)]))
    shapes = np.argsort(templates, kind="stable")
    waiting: list[npt.NDArray[np.int64]] = []
    rows = 0
    for place, shape in enumerate(shapes):
        is_next = place > 0 and templates[shape] != templates[shapes[place - 1]]
        if is_next and rows >= ROWS_AT_ONCE:
            yield np.concatenate(waiting)
            waiting, rows = [], 0
        waiting.append(np.arange(bounds[shape], bounds[shape + 1]))
        rows += len(waiting[-1])
    if rows:
        yield np.concatenate(waiting)


def _table(part: _Part, names: pl.Series) -> pl.DataFrame:
    keys, minute = part.keys, minutes_of(part.keys)
    at = pl.Series("minute", minute * 60_000_000).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame(
        {
            "template": (keys >> np.uint64(SHAPE_AT)).astype(np.uint32),
            "service": names.gather(keys >> np.uint64(SERVICE_AT) & np.uint64(SERVICES)),
            "level": (keys >> np.uint64(LEVEL_AT) & np.uint64(LEVELS)).astype(np.int8),
            "minute": pl.select(pl.when(pl.lit(minute != NO_MINUTE)).then(at)).to_series(),
            "lines": part.lines,
        }
    )


def _in_steps(part: _Part, minutes: int) -> _Part:
    """Return counts with their minutes taken back to steps of so many; they are in order, and stay so."""
    keys = part.keys
    for start in range(0, len(keys), ROWS_AT_ONCE):
        keys[start : start + ROWS_AT_ONCE] = spans_of(keys[start : start + ROWS_AT_ONCE], minutes)
    return _summed(keys, part.lines)


def _merged(parts: list[_Part]) -> _Part:
    """Return the counts of parts that are in order with each key once, in order; the list is emptied.

    It goes from the lowest keys to the highest: in one go the order of all would take as much memory again.
    """
    if len(parts) == 1:
        return parts.pop()
    keys = np.empty(sum(len(part.keys) for part in parts), np.uint64)
    lines = np.empty(len(keys), np.uint32)
    done = 0
    before = [0] * len(parts)
    for limit in _limits(parts):
        until = [int(np.searchsorted(part.keys, limit, side="right")) for part in parts]
        some = [
            _Part(part.keys[start:end], part.lines[start:end])
            for part, start, end in zip(parts, before, until, strict=True)
        ]
        before, added = until, _added_up(some)
        end = done + len(added.keys)
        keys[done:end], lines[done:end] = added.keys, added.lines
        done = end
    parts.clear()
    keys.resize(done, refcheck=False)  # nothing else looks at them: what they did not need is given back
    lines.resize(done, refcheck=False)
    return _Part(keys, lines)


def _limits(parts: list[_Part]) -> Keys:
    """Return keys, in order, between which there are some ROWS_AT_ONCE of all; the last is the highest."""
    drawn = np.sort(np.concatenate([part.keys[::DRAWN_FROM] for part in parts]))
    last = np.array([np.iinfo(np.uint64).max], np.uint64)
    each = max(1, ROWS_AT_ONCE // DRAWN_FROM)
    return np.concatenate((drawn[each - 1 :: each], last))


def _added_up(parts: list[_Part]) -> _Part:
    """Return the counts with each key once, in order; the list is emptied, so that its memory is free."""
    if not parts:
        return _Part(np.zeros(0, np.uint64), np.zeros(0, np.uint32))
    keys, lines = np.concatenate([part.keys for part in parts]), np.concatenate([part.lines for part in parts])
    parts.clear()
    order = np.argsort(keys, kind="stable")  # which finds the runs that are in order already
    keys, lines = keys[order], lines[order]
    del order
    return _summed(keys, lines)


def _summed(keys: Keys, lines: npt.NDArray[np.uint32]) -> _Part:
    """Return counts that are in order with each key once."""
    runs = runs_of(keys)
    return _Part(keys[runs], np.add.reduceat(lines, runs, dtype=np.uint32) if len(runs) else lines)
