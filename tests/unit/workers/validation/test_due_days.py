"""A due day is what was said, counted from the day of the meeting."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.validation.due_days import due_phrase, resolve_day

THURSDAY = date(2026, 3, 5)


@pytest.mark.parametrize(
    ("said", "phrase", "day"),
    [
        ("I will send it by Friday.", "by Friday", date(2026, 3, 6)),
        ("by Thursday please", "by Thursday", date(2026, 3, 12)),
        ("by next Friday", "by next Friday", date(2026, 3, 13)),
        ("before the end of the week", "before the end of the week", date(2026, 3, 6)),
        ("in two weeks", "in two weeks", date(2026, 3, 19)),
        ("by the 20th of March", "by the 20th of March", date(2026, 3, 20)),
        ("by May 5th, 2027", "by May 5th, 2027", date(2027, 5, 5)),
        ("tomorrow morning please", "tomorrow morning", date(2026, 3, 6)),
        ("due 2026-04-01", "due 2026-04-01", date(2026, 4, 1)),
        ("bis Freitag", "bis Freitag", date(2026, 3, 6)),
        ("by the end of the month", "by the end of the month", date(2026, 3, 31)),
        ("by the next meeting", "by the next meeting", None),
        ("until March 3", "until March 3", None),
    ],
)
def test_a_phrase_is_kept_verbatim_and_resolved(said: str, phrase: str, day: date | None) -> None:
    assert due_phrase(said) == phrase
    assert resolve_day(phrase, THURSDAY) == day


NOVEMBER = date(2026, 11, 12)  # a Thursday


@pytest.mark.parametrize(
    ("said", "phrase", "day"),
    [
        ("I'll send it by Friday the twentieth.", "by Friday the twentieth", date(2026, 11, 20)),
        ("An answer by Tuesday, the seventeenth.", "by Tuesday, the seventeenth", date(2026, 11, 17)),
        ("You'll have it by the first of December.", "by the first of December", date(2026, 12, 1)),
        ("by the twenty-seventh of November", "by the twenty-seventh of November", date(2026, 11, 27)),
        ("by the thirty first of March", "by the thirty first of March", date(2027, 3, 31)),
        ("A proposal by the thirtieth.", "by the thirtieth", date(2026, 11, 30)),
        ("by Friday, November 20", "by Friday, November 20", date(2026, 11, 20)),
        ("by Wednesday 18 November", "by Wednesday 18 November", date(2026, 11, 18)),
        ("by the end of January", "by the end of January", date(2027, 1, 31)),
        ("by the end of December", "by the end of December", date(2026, 12, 31)),
        ("next Wednesday", "next Wednesday", date(2026, 11, 18)),
        ("by, let's say, the twentieth of November", "by, let's say, the twentieth of November", date(2026, 11, 20)),
        ("by tomorrow evening, the thirteenth", "by tomorrow evening, the thirteenth", date(2026, 11, 13)),
        ("Let me say Tuesday, so the seventeenth.", "Tuesday, so the seventeenth", date(2026, 11, 17)),
        ("I'll send it this week.", "this week", date(2026, 11, 13)),
        ("I'll enter them today, so that it is done.", "today", date(2026, 11, 12)),
        ("by the middle of December", "by the middle of December", None),
        ("just before Christmas", "before Christmas", None),
    ],
)
def test_spoken_days_are_kept_whole_and_resolved(said: str, phrase: str, day: date | None) -> None:
    assert due_phrase(said) == phrase
    assert resolve_day(phrase, NOVEMBER) == day


@pytest.mark.parametrize(
    "phrase", ["by Friday the nineteenth", "by Monday, November 20", "by tomorrow, the fourteenth"]
)
def test_a_weekday_and_a_date_that_disagree_give_no_day(phrase: str) -> None:
    assert due_phrase(phrase) == phrase
    assert resolve_day(phrase, NOVEMBER) is None


@pytest.mark.parametrize(
    ("said", "phrase", "day"),
    [
        ("by the thirteenth, no, sorry, the 14th", "the 14th", date(2026, 11, 14)),
        ("by Monday. No, wait, by Wednesday.", "Wednesday", date(2026, 11, 18)),
        ("by the 3rd of December, no, the 4th", "by the 3rd of December, no, the 4th", date(2026, 12, 4)),
        ("by Friday, make it the twentieth of November", "the twentieth of November", date(2026, 11, 20)),
    ],
)
def test_a_corrected_day_wins_over_the_first(said: str, phrase: str, day: date) -> None:
    assert due_phrase(said) == phrase
    assert resolve_day(phrase, NOVEMBER) == day


@pytest.mark.parametrize(
    "said",
    ["by the first release", "before the second one starts", "We met today about prices and today is short."],
)
def test_an_ordinal_that_counts_things_is_no_due(said: str) -> None:
    assert due_phrase(said) is None


@pytest.mark.parametrize(
    "said", ["That is all for today.", "on the second floor", "We may go.", "by the way", "by noon"]
)
def test_words_that_name_no_day_are_no_due(said: str) -> None:
    assert due_phrase(said) is None


def test_without_the_meetings_date_only_a_whole_date_resolves() -> None:
    assert resolve_day("by Friday", None) is None
    assert resolve_day("by 2026-04-01", None) == date(2026, 4, 1)


@given(st.text(max_size=60), st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_any_text_can_be_asked(text: str, day: date) -> None:
    phrase = due_phrase(f"by tomorrow {text}")

    assert phrase is not None
    assert resolve_day(phrase, day) is not None
