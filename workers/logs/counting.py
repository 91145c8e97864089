"""Add up the counts of many blocks in bounded memory: by shape, service, level and minute.

Each count is one number for what is counted and one for how often: grouping by four columns
takes four times the memory and nine times the time. A log of weeks with thousands of kinds of
line would have more counts than lines to the minute; beyond a limit the minutes give way to
longer steps, and the index says so.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

MAX_COUNT_ROWS = 5_000_000  # 12 bytes each; a day of ten million mixed lines has three million
KEPT_SHARE = 0.6  # of the limit that a longer step has to make room down to
PARTS_ADDED_AT_ONCE = 16
STEPS_MINUTES = (1, 5, 15, 60, 360, 1440)

# From the left: 16 bits of the shape or template, 16 of the service, 6 of the level, 26 of the minute.
_SHAPE_AT, _SERVICE_AT, _LEVEL_AT = 48, 32, 26
_SHAPES, _SERVICES, _LEVELS, _MINUTES = 0xFFFF, 0xFFFF, 0x3F, 0x3FFFFFF
_NO_LEVEL, _NO_MINUTE = _LEVELS, _MINUTES

Numbers = npt.NDArray[np.uint64]


class Counts:
    """Takes the counts of each block, little by little: each is touched a few times only."""

    def __init__(self) -> None:
        self._tiers: list[list[pl.DataFrame]] = [[]]
        self._services: dict[str, int] = {}
        self.step_minutes = STEPS_MINUTES[0]

    def add(self, counts: pl.DataFrame) -> None:
        """Take counts: shape, service (a category), level, minute, lines."""
        self._tiers[0].append(self._stepped(self._packed(counts)))
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
        shape = keys >> np.uint64(_SHAPE_AT)
        level = keys >> np.uint64(_LEVEL_AT) & np.uint64(_LEVELS)
        places = shape.astype(np.int64)
        said = level_of_shape.cast(pl.UInt64).to_numpy()[places] if len(places) else shape
        template = template_of_shape.cast(pl.UInt64).to_numpy()[places] if len(places) else shape
        level = np.where(level == _NO_LEVEL, said, level)
        rest = keys & np.uint64(_SERVICES << _SERVICE_AT | _MINUTES)
        packed = template << np.uint64(_SHAPE_AT) | level << np.uint64(_LEVEL_AT) | rest
        return self._unpacked(_added_up([pl.DataFrame({"key": packed, "lines": table["lines"]})]))

    @property
    def _rows(self) -> int:
        return sum(part.height for tier in self._tiers for part in tier)

    def _packed(self, counts: pl.DataFrame) -> pl.DataFrame:
        names = counts["service"].cast(pl.String)
        for name in names.unique(maintain_order=True):
            # The last number stands for all services beyond 65,535.
            self._services.setdefault(name, min(len(self._services), _SERVICES))
        service = names.replace_strict(self._services, return_dtype=pl.UInt64).to_numpy()
        minute = (counts["minute"].dt.epoch("s") // 60).clip(0, _NO_MINUTE - 1).fill_null(_NO_MINUTE)
        key = (
            counts["shape"].cast(pl.UInt64).to_numpy() << np.uint64(_SHAPE_AT)
            | service << np.uint64(_SERVICE_AT)
            | counts["level"].fill_null(_NO_LEVEL).cast(pl.UInt64).to_numpy() << np.uint64(_LEVEL_AT)
            | minute.cast(pl.UInt64).to_numpy()
        )
        return pl.DataFrame({"key": key, "lines": counts["lines"].cast(pl.UInt32)})

    def _unpacked(self, table: pl.DataFrame) -> pl.DataFrame:
        keys = table["key"].to_numpy()
        minute = (keys & np.uint64(_MINUTES)).astype(np.int64)
        at = pl.Series("minute", minute * 60_000_000).cast(pl.Datetime("us", "UTC"))
        names = pl.Series(list(self._services), dtype=pl.String).cast(pl.Categorical)
        unpacked = pl.DataFrame(
            {
                "template": (keys >> np.uint64(_SHAPE_AT)).astype(np.uint32),
                "service": names.gather(keys >> np.uint64(_SERVICE_AT) & np.uint64(_SERVICES)),
                "level": (keys >> np.uint64(_LEVEL_AT) & np.uint64(_LEVELS)).astype(np.int8),
                "minute": pl.select(pl.when(pl.lit(minute != _NO_MINUTE)).then(at)).to_series(),
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
                self._tiers[1] = [_added_up([self._stepped(self._tiers[1][0])])]

    def _stepped(self, packed: pl.DataFrame) -> pl.DataFrame:
        if self.step_minutes == STEPS_MINUTES[0]:
            return packed
        keys: Numbers = packed["key"].to_numpy()
        minute = keys & np.uint64(_MINUTES)
        late = np.where(minute == _NO_MINUTE, 0, minute % np.uint64(self.step_minutes)).astype(np.uint64)
        return pl.DataFrame({"key": keys - late, "lines": packed["lines"]})


def _added_up(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the counts with each key once, in order."""
    if not parts:
        return pl.DataFrame(schema={"key": pl.UInt64, "lines": pl.UInt32})
    return pl.concat(parts, rechunk=False).sort("key").group_by("key", maintain_order=True).agg(pl.col("lines").sum())
