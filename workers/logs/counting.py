"""Add up the counts of many blocks in bounded memory: by shape, service, level and minute.

A log of weeks with thousands of kinds of line would have more counts than lines to the minute;
beyond a limit the minutes give way to longer steps, and the index says so.
"""

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

MAX_COUNT_ROWS = 3_000_000  # 12 bytes each, and three times as much while they are added up
KEPT_SHARE = 0.6  # of the limit that a longer step has to make room down to
PARTS_ADDED_AT_ONCE = 16
ROWS_AT_ONCE = 250_000  # taken apart together: all at once would double the memory of reading
STEPS_MINUTES = (1, 5, 15, 60, 360, 1440)


@dataclass(frozen=True)
class _Part:
    """Keys with the number of their lines."""

    keys: Keys
    lines: npt.NDArray[np.uint32]


class Counts:
    """Takes the counts of each block, little by little: each is touched a few times only."""

    def __init__(self) -> None:
        self._tiers: list[list[_Part]] = [[]]
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
        self._tiers[0].append(_Part(spans_of(different, self.step_minutes), lines.astype(np.uint32)))
        for tier, parts in enumerate(self._tiers):
            if len(parts) < PARTS_ADDED_AT_ONCE:
                break
            if tier + 1 == len(self._tiers):
                self._tiers.append([])
            self._tiers[tier + 1].append(_added_up(parts))
        if self._rows > MAX_COUNT_ROWS:
            self._make_room()

    def by_template(self, template_of_shape: pl.Series, level_of_shape: pl.Series) -> pl.DataFrame:
        """Return template, service, level, minute and lines, in order of template, service, level, minute.

        A line without a level has that of its shape. What was taken is given up.
        """
        total = self._taken()
        templates, levels = template_of_shape.cast(pl.UInt64).to_numpy(), level_of_shape.cast(pl.UInt64).to_numpy()
        for start in range(0, len(total.keys), ROWS_AT_ONCE):
            keys = total.keys[start : start + ROWS_AT_ONCE]
            shape = (keys >> np.uint64(SHAPE_AT)).astype(np.int64)
            level = keys >> np.uint64(LEVEL_AT) & np.uint64(LEVELS)
            level = np.where(level == NO_LEVEL, levels[shape], level)
            rest = keys & np.uint64(SERVICES << SERVICE_AT | MINUTES)
            keys[:] = templates[shape] << np.uint64(SHAPE_AT) | level << np.uint64(LEVEL_AT) | rest
        parts = [total]
        del total
        return self._unpacked(_added_up(parts))

    def _taken(self) -> _Part:
        parts = [part for tier in self._tiers for part in tier]
        self._tiers = [[]]
        return _added_up(parts)

    @property
    def _names(self) -> pl.Series:
        return pl.Series(list(self._services), dtype=pl.String).cast(pl.Categorical)

    @property
    def _rows(self) -> int:
        return sum(len(part.keys) for tier in self._tiers for part in tier)

    def _unpacked(self, total: _Part) -> pl.DataFrame:
        names = self._names
        starts = range(0, max(1, len(total.keys)), ROWS_AT_ONCE)
        tables = [
            _table(total.keys[start : start + ROWS_AT_ONCE], total.lines[start : start + ROWS_AT_ONCE], names)
            for start in starts
        ]
        return pl.concat(tables, rechunk=True)

    def _make_room(self) -> None:
        self._tiers = [[], [self._taken()]]
        for step in STEPS_MINUTES:
            if self._rows <= KEPT_SHARE * MAX_COUNT_ROWS:
                return
            if step > self.step_minutes:
                self.step_minutes = step
                part = self._tiers[1][0]
                self._tiers[1] = [_added_up([_Part(spans_of(part.keys, step), part.lines)])]


def _table(keys: Keys, lines: npt.NDArray[np.uint32], names: pl.Series) -> pl.DataFrame:
    minute = minutes_of(keys)
    at = pl.Series("minute", minute * 60_000_000).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame(
        {
            "template": (keys >> np.uint64(SHAPE_AT)).astype(np.uint32),
            "service": names.gather(keys >> np.uint64(SERVICE_AT) & np.uint64(SERVICES)),
            "level": (keys >> np.uint64(LEVEL_AT) & np.uint64(LEVELS)).astype(np.int8),
            "minute": pl.select(pl.when(pl.lit(minute != NO_MINUTE)).then(at)).to_series(),
            "lines": lines,
        }
    )


def _added_up(parts: list[_Part]) -> _Part:
    """Return the counts with each key once, in order; the list is emptied, so that its memory is free."""
    if not parts:
        return _Part(np.zeros(0, np.uint64), np.zeros(0, np.uint32))
    keys, lines = np.concatenate([part.keys for part in parts]), np.concatenate([part.lines for part in parts])
    parts.clear()
    order = np.argsort(keys)
    keys, lines = keys[order], lines[order]
    del order
    runs = runs_of(keys)
    return _Part(keys[runs], np.add.reduceat(lines, runs) if len(runs) else lines)
