"""Choose which lines are kept to be shown where all would be too many: some of each kind and time."""

from dataclasses import dataclass

import polars as pl

from workers.logs.levels import INFO, WARN


@dataclass(frozen=True)
class Sampling:
    """How many lines of each shape and service are kept from each span of time."""

    every: str
    warnings: int
    others: int


class Sample:
    """Takes the first lines of each shape, service and span, over all the blocks it is shown."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._taken = pl.DataFrame(schema={"group": pl.UInt64, "taken": pl.UInt32})

    def take(self, rows: pl.DataFrame) -> pl.Series:
        """Return which rows (shape, service, level, time) are kept (Boolean).

        Two groups that share a hash lose a line or two of a sample, no more; grouping by three
        columns would cost four times as much.
        """
        groups = rows.select(
            group=pl.col("service").hash(seed=1)
            ^ pl.col("shape").hash(seed=2)
            ^ pl.col("time").dt.truncate(self._sampling.every).hash(seed=3)
        )
        taken = groups.join(self._taken, on="group", how="left", maintain_order="left")["taken"].fill_null(0)
        warns = rows["level"].fill_null(INFO) >= WARN
        kept = pl.repeat(False, rows.height, eager=True)
        for chosen, limit in ((warns, self._sampling.warnings), (~warns, self._sampling.others)):
            left = (chosen & (taken < limit)).arg_true()
            for _ in range(limit):
                first = groups["group"].gather(left).is_first_distinct()
                kept = kept.scatter(left.filter(first), True)
                left = left.filter(~first)
                if left.is_empty():
                    break
        added = groups.filter(kept).group_by("group").agg(pl.len().alias("taken"))
        self._taken = pl.concat([self._taken, added]).group_by("group").agg(pl.col("taken").sum())
        return kept
