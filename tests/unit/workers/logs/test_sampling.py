"""Lines are counted by key and kept by turn, the same however their keys are found."""

import numpy as np
import pytest

from workers.logs import count_keys
from workers.logs.count_keys import LEVEL_AT, SERVICE_AT, SHAPE_AT, LineKeys, keys_of_recipes, with_minutes
from workers.logs.levels import ERROR, INFO
from workers.logs.sampling import Sample, Sampling


def _prefix(shape: int, level: int) -> np.uint64:
    return np.uint64(shape << SHAPE_AT | 3 << SERVICE_AT | level << LEVEL_AT)


def _keys(shape: int, level: int, minutes: list[int]) -> LineKeys:
    prefixes = np.full(len(minutes), _prefix(shape, level), np.uint64)
    return LineKeys.by(with_minutes(prefixes, 60 * np.array(minutes, np.int64)))


def test_the_first_of_each_span_are_taken_over_all_blocks() -> None:
    sample = Sample(Sampling(every_minutes=10, warnings=3, others=2))

    assert sample.take(_keys(1, INFO, [20, 31, 20, 29, 32])).tolist() == [True, True, True, False, True]
    assert sample.take(_keys(1, INFO, [28, 33, 45])).tolist() == [False, False, True]
    assert sample.take(_keys(1, ERROR, [20, 21, 22, 23])).tolist() == [True, True, True, False]


def test_keys_that_no_line_has_take_no_turn() -> None:
    sample = Sample(Sampling(every_minutes=10, warnings=1, others=1))
    both = _keys(1, INFO, [20, 50])

    assert sample.take(both.only(np.array([1]))).tolist() == [True]
    assert sample.take(both).tolist() == [True, False]


@pytest.mark.parametrize("most_places", [count_keys.MOST_PLACES, 0])
def test_keys_by_recipe_are_those_of_each_line(most_places: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_keys, "MOST_PLACES", most_places)
    random = np.random.default_rng(7)
    prefixes = np.array([_prefix(shape, INFO) for shape in (4, 9, 4)], np.uint64)  # the first and the last alike
    recipes = random.integers(0, 3, 500).astype(np.int32)
    seconds = random.integers(1_000_000, 1_003_000, 500)

    keys = keys_of_recipes(prefixes, recipes, seconds)

    each = with_minutes(prefixes[recipes], seconds)
    assert np.array_equal(keys.of(np.arange(500)), each)
    different, lines = keys.counted()
    assert {key: lines[different == key].sum() for key in each.tolist()} == {
        key: (each == key).sum() for key in each.tolist()
    }


def test_no_lines_have_no_keys() -> None:
    keys = keys_of_recipes(np.zeros(2, np.uint64), np.zeros(0, np.int32), np.zeros(0, np.int64))

    assert keys.counted()[0].tolist() == []
    assert Sample(Sampling(1, 1, 1)).take(keys).tolist() == []
