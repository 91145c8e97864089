"""Times in a request mean what a person on call would mean."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from workers.jobs.log_inspection.request import InspectionOptions, window_of
from workers.logs.index import Window

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NO_OPTIONS = InspectionOptions()


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("why is checkout failing since 10:00?", at(10), NOW),
        ("why is checkout failing since 10:40 Berlin time?", at(9, 40), NOW),
        ("inspect the logs of payments for the last hour", at(11), NOW),
        ("what happened in the past 30 minutes", at(11, 30), NOW),
        ("errors between 9:15 and 9:45", at(9, 15), at(9, 45)),
        ("from 23:30 to 0:30 the queue was full", at(23, 30, 23), at(0, 30)),
        ("what broke at 3pm", at(14, 45, 23), at(15, 15, 23)),
        ("since 2026-11-24T10:30:00+01:00", at(9, 30), NOW),
        ("2026-11-24 08:00 to 2026-11-24 08:30", at(8), at(8, 30)),
        ("[FIRING:1] HighErrorRate checkout\nStarted: 2026-11-24T10:30:00Z", at(10, 15), NOW),
    ],
)
def test_a_time_in_words_is_a_window(text: str, start: datetime, end: datetime) -> None:
    assert window_of(text, NO_OPTIONS, span=None, now=NOW) == Window(start, end)


def test_a_time_without_a_zone_is_the_asker_s() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert window_of("since 10:00", NO_OPTIONS, span=None, now=NOW, zone=berlin) == Window(at(9), NOW)
    assert window_of("since 10:00 UTC", NO_OPTIONS, span=None, now=NOW, zone=berlin) == Window(at(10), NOW)


@pytest.mark.parametrize("text", ["why is checkout failing?", "since 5 deploys ago", "40 errors from 3 pods"])
def test_without_a_time_there_is_no_window(text: str) -> None:
    assert window_of(text, NO_OPTIONS, span=None, now=NOW) is None


def test_the_last_hour_of_old_logs_is_their_last_hour() -> None:
    span = Window(at(8, day=3), at(10, day=3))

    assert window_of("the last hour", NO_OPTIONS, span=span, now=NOW) == Window(at(9, day=3), at(10, day=3))
    assert window_of("since 9:30", NO_OPTIONS, span=span, now=NOW) == Window(at(9, 30, 3), at(10, day=3))


def test_options_win_over_words() -> None:
    options = InspectionOptions(since=at(7), until=at(8))

    assert window_of("since 10:00", options, span=None, now=NOW) == Window(at(7), at(8))
