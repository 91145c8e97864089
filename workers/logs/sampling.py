"""Choose which lines are kept to be shown where all would be too many: some of each kind and time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.logs.count_keys import Keys, LineKeys, levels_of, spans_of
from workers.logs.levels import WARN
from workers.logs.line_bytes import Marks, Positions, runs_of


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

    def take(self, keys: LineKeys) -> Marks:
        """Return which of the lines with these keys (count_keys.py) are kept."""
        if not len(keys.of_line):
            return np.zeros(0, np.bool_)
        lines_of_key = np.bincount(keys.of_line, minlength=len(keys.different))
        present = np.flatnonzero(lines_of_key)
        groups = spans_of(keys.different[present], self._sampling.every_minutes)
        different, of_key = np.unique(groups, return_inverse=True)
        places = np.searchsorted(self._groups, different)
        known = np.zeros(len(different), np.bool_)
        if len(self._groups):
            known = self._groups.take(places, mode="clip") == different
        taken = np.zeros(len(different), np.int64)
        taken[known] = self._taken[places[known]]
        warns = levels_of(different) >= WARN
        free = np.maximum(np.where(warns, self._sampling.warnings, self._sampling.others) - taken, 0)
        group_of_key = np.zeros(len(keys.different), np.int64)
        group_of_key[present] = of_key
        kept, added = _first_of_each(group_of_key[keys.of_line], free)
        self._taken[places[known]] += added[known]
        self._groups = np.insert(self._groups, places[~known], different[~known])
        self._taken = np.insert(self._taken, places[~known], added[~known])
        return kept


def _first_of_each(group_of_line: Positions, free: Positions) -> tuple[Marks, Positions]:
    """Return which lines are among the first, as many as are free, of their group; and how many of each group are."""
    # Most groups of a big log have enough already: their lines are not looked at further.
    candidates = np.flatnonzero(free[group_of_line] > 0)
    groups = group_of_line[candidates]
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    runs = runs_of(ordered)
    sizes = np.diff(np.append(runs, len(ordered)))
    rank = np.arange(len(ordered)) - np.repeat(runs, sizes)
    kept = np.zeros(len(group_of_line), np.bool_)
    kept[candidates[order[rank < free[ordered]]]] = True
    added = np.zeros(len(free), np.int64)
    added[ordered[runs]] = np.minimum(sizes, free[ordered[runs]])
    return kept, added
