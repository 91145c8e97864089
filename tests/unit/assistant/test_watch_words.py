"""Which sentences ask for a watch, how often and how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.watch_words import WatchWords, read_watch_words


@pytest.mark.parametrize(
    ("text", "every_minutes", "for_hours"),
    [
        ("watch this", 10, 4),
        ("Please keep watching this every 15 minutes for 2 hours", 15, 2),
        ("keep an eye on it every hour for a day", 60, 24),
        ("watch this every 1 minute for 3 years", 5, 4),
        ("watch this for 90 days", 10, 168),
        ("watch this every 99999999999 hours", 1440, 24),
    ],
)
def test_a_watch_is_read_within_its_limits(text: str, every_minutes: int, for_hours: int) -> None:
    words = read_watch_words(text)

    assert words == WatchWords(False, timedelta(minutes=every_minutes), timedelta(hours=for_hours))


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [("go on watching this", True), ("keep watching it", True), ("keep watching it for 2 hours", False)],
)
def test_going_on_is_as_before_unless_it_says_how_long(text: str, goes_on: bool) -> None:
    words = read_watch_words(text)

    assert words is not None
    assert words.goes_on is goes_on


@pytest.mark.parametrize("text", ["stop watching", "Please stop watching this", "unwatch"])
def test_a_watch_is_ended(text: str) -> None:
    assert read_watch_words(text) == WatchWords(stop=True)


@pytest.mark.parametrize("text", ["why is the watch service failing?", "Who may watch this recording?", "watch out"])
def test_other_sentences_ask_for_none(text: str) -> None:
    assert read_watch_words(text) is None
