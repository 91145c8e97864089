"""One number for all that a line is counted by: shape or template, service, level and minute.

Grouping by four columns takes four times the memory and nine times the time.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

# From the left: 16 bits of the shape or template, 16 of the service, 6 of the level, 26 of the minute.
SHAPE_AT, SERVICE_AT, LEVEL_AT = 48, 32, 26
SHAPES, SERVICES, LEVELS, MINUTES = 0xFFFF, 0xFFFF, 0x3F, 0x3FFFFFF
NO_LEVEL, NO_MINUTE = LEVELS, MINUTES
MOST_PLACES = 1_000_000  # of a table by recipe and minute; beyond that sorting costs less

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class LineKeys:
    """The keys of many lines: the different ones, and which of them each line has."""

    different: Keys  # some more than once, where several recipes have one
    of_line: npt.NDArray[np.int64]  # positions in `different`

    @classmethod
    def by(cls, keys: Keys) -> "LineKeys":
        """Return the keys of lines, given one a line."""
        different, of_line = np.unique(keys, return_inverse=True)
        return cls(different, of_line)

    def only(self, lines: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "LineKeys":
        """Return those of some lines."""
        return LineKeys(self.different, self.of_line[lines])

    def of(self, lines: npt.NDArray[np.int64]) -> Keys:
        """Return the key of each of some lines."""
        return self.different[self.of_line[lines]]

    def counted(self) -> tuple[Keys, npt.NDArray[np.int64]]:
        """Return the keys that lines have, and how many have each."""
        lines = np.bincount(self.of_line, minlength=len(self.different))
        some = np.flatnonzero(lines)
        return self.different[some], lines[some]


def keys_of_recipes(prefixes: Keys, recipes: npt.NDArray[np.int32], seconds: npt.NDArray[np.int64]) -> LineKeys:
    """Return the keys of lines counted by these prefixes, of which `recipes` are the numbers."""
    minutes = seconds // 60
    first = int(minutes.min(initial=NO_MINUTE))
    span = int(minutes.max(initial=first)) - first + 1
    if len(prefixes) * span > MOST_PLACES:  # a minute for each recipe, were most of them taken
        return LineKeys.by(with_minutes(prefixes[recipes], seconds))
    places = recipes.astype(np.int64) * span + (minutes - first)
    taken = np.flatnonzero(np.bincount(places, minlength=len(prefixes) * span))
    numbers = np.zeros(len(prefixes) * span, np.int64)
    numbers[taken] = np.arange(len(taken))
    return LineKeys(with_minutes(prefixes[taken // span], 60 * (taken % span + first)), numbers[places])


def with_minutes(prefixes: Keys, seconds: npt.NDArray[np.int64]) -> Keys:
    """Return the keys of lines written in these seconds since 1970; `prefixes` are their keys without a minute."""
    minutes = np.clip(seconds // 60, 0, NO_MINUTE - 1)
    return prefixes | minutes.astype(np.uint64)


def levels_of(keys: Keys) -> npt.NDArray[np.int64]:
    """Return the level of each key, -1 where it has none."""
    levels = (keys >> np.uint64(LEVEL_AT) & np.uint64(LEVELS)).astype(np.int64)
    return np.where(levels == NO_LEVEL, -1, levels)


def minutes_of(keys: Keys) -> npt.NDArray[np.int64]:
    """Return the minutes since 1970 of each key; NO_MINUTE where it has no time."""
    return (keys & np.uint64(MINUTES)).astype(np.int64)


def spans_of(keys: Keys, minutes: int) -> Keys:
    """Return the keys with their minute taken back to the beginning of a span of so many minutes."""
    if minutes == 1:
        return keys
    minute = keys & np.uint64(MINUTES)
    late = np.where(minute == NO_MINUTE, 0, minute % np.uint64(minutes)).astype(np.uint64)
    return keys - late


def prefixes_of(shape: pl.Series, service_numbers: Keys, level: pl.Series) -> Keys:
    """Return the keys without their minute."""
    prefixes: Keys = (
        shape.cast(pl.UInt64).to_numpy() << np.uint64(SHAPE_AT)
        | service_numbers << np.uint64(SERVICE_AT)
        | level.fill_null(NO_LEVEL).cast(pl.UInt64).to_numpy() << np.uint64(LEVEL_AT)
    )
    return prefixes
