"""Spans and counts as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.logs.statistics import BIN_SECONDS
from workers.logs.wording import counted, step_in_words, until_in_words


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "second"), (15, "15 seconds"), (60, "minute"), (300, "5 minutes"), (86_400, "day")]
)
def test_a_step_is_said_in_its_largest_unit(seconds: int, words: str) -> None:
    assert step_in_words(seconds) == words


def test_no_step_of_a_chart_is_said_in_thousands_of_seconds() -> None:
    assert all("second" not in step_in_words(seconds) for seconds in BIN_SECONDS if seconds >= 60)


def test_one_is_no_plural() -> None:
    assert [counted(count, "error") for count in (0, 1, 2, 1_500)] == [
        "0 errors",
        "1 error",
        "2 errors",
        "1,500 errors",
    ]


def test_an_end_on_another_day_says_which() -> None:
    start = datetime(2026, 3, 4, 22, 0, tzinfo=UTC)

    assert until_in_words(start, start + timedelta(hours=1)) == "23:00"
    assert until_in_words(start, start + timedelta(hours=3)) == "2026-03-05 01:00"
