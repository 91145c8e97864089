"""Choose which lines are kept to be shown where all would be too many: some of each kind and time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.logs.count_keys import Keys, levels_of, spans_of
from workers.logs.levels import WARN
from workers.logs.line_bytes import Marks, runs_of


@dataclass(frozen=True)
class Sampling:
    """How many lines of each shape, service and level are kept from each span of time."""

    every_minutes: int
    warnings: int
    others: int


class Sample:
    """Takes the first lines of each shape, service, level and span, over all the blocks it is shown."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._groups: Keys = np.zeros(0, np.uint64)  # in order
        self._taken: npt.NDArray[np.int64] = np.zeros(0, np.int64)  # of each group

    def take(self, keys: Keys) -> Marks:
        """Return which of the lines with these keys (count_keys.py) are kept."""
        groups = spans_of(keys, self._sampling.every_minutes)
        order = np.argsort(groups, kind="stable")
        ordered = groups[order]
        runs = runs_of(ordered)
        sizes = np.diff(np.append(runs, len(keys)))
        different = ordered[runs]
        places = np.searchsorted(self._groups, different)
        known = self._groups.take(places, mode="clip") == different if len(self._groups) else places < 0
        taken = np.where(known, self._taken.take(places, mode="clip"), 0) if len(self._groups) else 0 * places
        warns = levels_of(different) >= WARN
        free = np.maximum(np.where(warns, self._sampling.warnings, self._sampling.others) - taken, 0)
        rank = np.arange(len(keys)) - np.repeat(runs, sizes)
        kept = np.zeros(len(keys), np.bool_)
        kept[order[rank < np.repeat(free, sizes)]] = True
        added = np.minimum(sizes, free)
        self._taken[places[known]] += added[known]
        self._groups = np.insert(self._groups, places[~known], different[~known])
        self._taken = np.insert(self._taken, places[~known], added[~known])
        return kept
