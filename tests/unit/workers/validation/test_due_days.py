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
