"""Add up the counts of many blocks in bounded memory: by shape, service, level and minute.

A log of weeks with thousands of kinds of line would have more counts than lines to the minute;
beyond a limit the minutes give way to longer steps, and the index says so.
"""

import numpy as np
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
    minutes_of,
    prefixes_of,
    spans_of,
    with_minutes,
)

MAX_COUNT_ROWS = 5_000_000  # 12 bytes each; a day of ten million mixed lines has three million
KEPT_SHARE = 0.6  # of the limit that a longer step has to make room down to
PARTS_ADDED_AT_ONCE = 16
STEPS_MINUTES = (1, 5, 15, 60, 360, 1440)


class Counts:
    """Takes the counts of each block, little by little: each is touched a few times only."""

    def __init__(self) -> None:
        self._tiers: list[list[pl.DataFrame]] = [[]]
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

    def keys(self, rows: pl.DataFrame) -> Keys:
        """Return the keys of rows: shape, service (a category), level and time."""
        timed = with_minutes(self.prefixes(rows), rows["time"].dt.epoch("s").fill_null(0).to_numpy())
        return np.where(rows["time"].is_null().to_numpy(), timed | np.uint64(NO_MINUTE), timed)

    def add(self, keys: Keys) -> None:
        """Count lines with these keys."""
        different, lines = np.unique(spans_of(keys, self.step_minutes), return_counts=True)
        self._tiers[0].append(pl.DataFrame({"key": different, "lines": lines.astype(np.uint32)}))
        for tier, parts in enumerate(self._tiers):
            if len(parts) < PARTS_ADDED_AT_ONCE:
                break
            if tier + 1 == len(self._tiers):
                self._tiers.append([])
            self._tiers[tier + 1].append(_added_up(parts))
            parts.clear()
        if self._rows > MAX_COUNT_ROWS:
            self._make_room()

    def by_template(self, template_of_shape: pl.Series, level_of_shape: pl.Series) -> pl.DataFrame:
        """Return template, service, level, minute and lines, in order of template, service, level, minute.

        A line without a level has that of its shape. What was taken is given up.
        """
        table = _added_up([part for tier in self._tiers for part in tier])
        self._tiers = [[]]
        keys = table["key"].to_numpy()
        shape = keys >> np.uint64(SHAPE_AT)
        level = keys >> np.uint64(LEVEL_AT) & np.uint64(LEVELS)
        places = shape.astype(np.int64)
        said = level_of_shape.cast(pl.UInt64).to_numpy()[places] if len(places) else shape
        template = template_of_shape.cast(pl.UInt64).to_numpy()[places] if len(places) else shape
        level = np.where(level == NO_LEVEL, said, level)
        rest = keys & np.uint64(SERVICES << SERVICE_AT | MINUTES)
        packed = template << np.uint64(SHAPE_AT) | level << np.uint64(LEVEL_AT) | rest
        return self._unpacked(_added_up([pl.DataFrame({"key": packed, "lines": table["lines"]})]))

    @property
    def _rows(self) -> int:
        return sum(part.height for tier in self._tiers for part in tier)

    def _unpacked(self, table: pl.DataFrame) -> pl.DataFrame:
        keys = table["key"].to_numpy()
        minute = minutes_of(keys)
        at = pl.Series("minute", minute * 60_000_000).cast(pl.Datetime("us", "UTC"))
        names = pl.Series(list(self._services), dtype=pl.String).cast(pl.Categorical)
        unpacked = pl.DataFrame(
            {
                "template": (keys >> np.uint64(SHAPE_AT)).astype(np.uint32),
                "service": names.gather(keys >> np.uint64(SERVICE_AT) & np.uint64(SERVICES)),
                "level": (keys >> np.uint64(LEVEL_AT) & np.uint64(LEVELS)).astype(np.int8),
                "minute": pl.select(pl.when(pl.lit(minute != NO_MINUTE)).then(at)).to_series(),
                "lines": table["lines"],
            }
        )
        return unpacked

    def _make_room(self) -> None:
        self._tiers = [[], [_added_up([part for tier in self._tiers for part in tier])]]
        for step in STEPS_MINUTES:
            if self._rows <= KEPT_SHARE * MAX_COUNT_ROWS:
                return
            if step > self.step_minutes:
                self.step_minutes = step
                self._tiers[1] = [_added_up([_stepped(self._tiers[1][0], step)])]


def _stepped(part: pl.DataFrame, step_minutes: int) -> pl.DataFrame:
    return pl.DataFrame({"key": spans_of(part["key"].to_numpy(), step_minutes), "lines": part["lines"]})


def _added_up(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the counts with each key once, in order."""
    if not parts:
        return pl.DataFrame(schema={"key": pl.UInt64, "lines": pl.UInt32})
    return pl.concat(parts, rechunk=False).sort("key").group_by("key", maintain_order=True).agg(pl.col("lines").sum())
