"""When something was said, as people read it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from assistant.minutes.moments import clock, days, moment

BEGAN = datetime(2026, 11, 23, 22, 0, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(("seconds", "words"), [(None, ""), (0, "0:00"), (65.9, "1:05"), (3661, "1:01:01")])
def test_a_meeting_s_time_counts_from_its_beginning(seconds: float | None, words: str) -> None:
    assert clock(seconds) == moment(seconds, None) == words


@pytest.mark.parametrize(("seconds", "words"), [(None, ""), (60, "22:01"), (7200, "2026-11-24 00:00")])
def test_a_chat_s_time_is_the_time_of_day(seconds: float | None, words: str) -> None:
    assert moment(seconds, BEGAN) == words


def test_a_chat_of_several_days_names_both_ends() -> None:
    assert (days(BEGAN, 60), days(BEGAN, 7200)) == ("2026-11-23", "2026-11-23 – 2026-11-24")
