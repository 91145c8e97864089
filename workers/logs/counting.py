"""Add up the counts of many blocks in bounded memory: by shape, service, level and minute.

A log of weeks with thousands of kinds of line would have more counts than lines to the
minute. Beyond a limit the minutes give way to longer steps, and the index says so.
"""

import polars as pl

MAX_COUNT_ROWS = 4_000_000  # about 90 MB; a day of ten million mixed lines has three million
KEPT_SHARE = 0.6  # of the limit that a longer step has to make room down to
PARTS_ADDED_AT_ONCE = 16
STEPS_SECONDS = (60, 300, 900, 3600, 21_600, 86_400)

COUNT_SCHEMA: dict[str, pl.DataType] = {
    "shape": pl.UInt32(),
    "service": pl.Categorical(),
    "level": pl.Int8(),
    "minute": pl.Datetime("us", "UTC"),
    "lines": pl.UInt32(),
}


class Counts:
    """Takes the counts of each block, little by little: each is touched a few times only."""

    def __init__(self) -> None:
        self._tiers: list[list[pl.DataFrame]] = [[]]
        self.step_seconds = STEPS_SECONDS[0]

    def add(self, counts: pl.DataFrame) -> None:
        """Take counts to the minute (COUNT_SCHEMA)."""
        self._tiers[0].append(self._stepped(counts))
        for tier, parts in enumerate(self._tiers):
            if len(parts) < PARTS_ADDED_AT_ONCE:
                break
            if tier + 1 == len(self._tiers):
                self._tiers.append([])
            self._tiers[tier + 1].append(_added_up(parts))
            parts.clear()
        if self._rows > MAX_COUNT_ROWS:
            self._make_room()

    def parts(self) -> list[pl.DataFrame]:
        """Return all counts, still to be added up with each other."""
        return [part for tier in self._tiers for part in tier]

    @property
    def _rows(self) -> int:
        return sum(part.height for part in self.parts())

    def _make_room(self) -> None:
        self._tiers = [[], [_added_up(self.parts())]]
        for step in STEPS_SECONDS:
            if self._rows <= KEPT_SHARE * MAX_COUNT_ROWS:
                return
            if step > self.step_seconds:
                self.step_seconds = step
                self._tiers[1] = [_added_up([self._stepped(self._tiers[1][0])])]

    def _stepped(self, counts: pl.DataFrame) -> pl.DataFrame:
        if self.step_seconds == STEPS_SECONDS[0]:
            return counts
        return counts.with_columns(pl.col("minute").dt.truncate(f"{self.step_seconds}s"))


def _added_up(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(parts).group_by("shape", "service", "level", "minute").agg(pl.col("lines").sum())
