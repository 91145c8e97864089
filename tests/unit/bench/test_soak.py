"""What the soak calls growth."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from bench.process_cost import resident_mb
from bench.soak import Round, growth, main

STEADY = Round(
    bot_mb=100.0,
    worker_mb=90.0,
    rows={"jobs": 1000, "people": 60},
    answer_p50_ms=30.0,
    answer_p95_ms=60.0,
    acknowledge_p50_ms=10.0,
    failed=0,
)


def test_what_fills_up_while_it_warms_is_no_growth() -> None:
    warm_up = [replace(STEADY, bot_mb=40.0 + 10 * number, rows={"jobs": 0, "people": 0}) for number in range(3)]

    assert growth([*warm_up, *[STEADY] * 9])["steady"]


@pytest.mark.parametrize(
    ("name", "a_round"),
    [("bot_mb", 3.0), ("worker_mb", 3.0), ("answer_p50_ms", 10.0), ("acknowledge_p50_ms", 10.0)],
)
def test_what_goes_up_round_by_round_is_named(name: str, a_round: float) -> None:
    rounds = [replace(STEADY, **{name: getattr(STEADY, name) + number * a_round}) for number in range(16)]
    found = growth(rounds)

    assert found["grew"] == [name]
    assert not found["steady"]


def test_a_table_that_keeps_its_rows_is_named() -> None:
    rounds = [replace(STEADY, rows={**STEADY.rows, "people": 60 * number}) for number in range(12)]

    assert growth(rounds)["grew"] == ["rows of people"]


def test_a_question_without_answer_is_not_steady() -> None:
    assert not growth([*[STEADY] * 11, replace(STEADY, failed=1)])["steady"]


def test_memory_of_a_process_is_read() -> None:
    assert resident_mb(os.getpid()) > 5


def test_few_rounds_are_wrong_usage() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--rounds", "3"])

    assert caught.value.code == 2
