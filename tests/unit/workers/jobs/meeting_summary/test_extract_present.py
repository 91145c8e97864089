"""Tasks that are taken on in the present tense, with a day; habits, plans and conditions are none."""

from __future__ import annotations

import datetime

import pytest

from tests.unit.workers.jobs.meeting_summary.test_extract_items import Item, day, minutes_of


def task_of(said: str) -> Item | None:
    """Return owner and day of what Dan says; None where it is no task."""
    found = minutes_of(("Eva Lund", "The harbour is calm."), ("Dan Roe", said), ("Priya", "I see.")).action_items
    assert len(found) <= 1
    return (found[0].owner, found[0].due, found[0].due_date) if found else None


@pytest.mark.parametrize(
    ("said", "due", "due_date"),
    [
        ("I write the notes by tomorrow.", "by tomorrow", day(11, 13)),
        ("I'm sending the figures tonight.", "tonight", day(11, 12)),
        ("Okay, I am booking the crane on Monday.", "on Monday", day(11, 16)),
        ("Tomorrow I send the offer to the harbour.", "Tomorrow", day(11, 13)),
        ("I send the offer Friday.", "Friday", day(11, 13)),
        ("I have the slides done by Friday.", "by Friday", day(11, 13)),
        ("I have to file the form by the first of December.", "by the first of December", day(12, 1)),
        ("The crane is old, so I order the new cable next week.", "next week", None),
        ("Ich schreibe das Protokoll bis morgen.", "bis morgen", day(11, 13)),
        ("J'envoie les chiffres demain.", "demain", day(11, 13)),
    ],
)
def test_who_does_something_by_a_day_has_taken_it_on(said: str, due: str, due_date: datetime.date | None) -> None:
    assert task_of(said) == ("Dan Roe", due, due_date)


@pytest.mark.parametrize(
    ("said", "item"),
    [
        ("We ship Friday, Priya does the changelog.", ("Priya", None, None)),
        ("We ship next week and Priya writes the changelog by Friday.", ("Priya", None, None)),
        ("Priya is writing the changelog until Friday.", ("Priya", "until Friday", day(11, 13))),
        ("The crane is fine and Eva books the hall by Monday.", ("Eva Lund", "by Monday", day(11, 16))),
    ],
)
def test_who_is_said_to_do_it_owns_it_and_another_s_day_is_not_theirs(said: str, item: Item) -> None:
    assert task_of(said) == item


@pytest.mark.parametrize(
    "said",
    [
        "I write the newsletter every Friday.",
        "I usually write the notes by Friday.",
        "I write the notes.",
        "I wrote the notes yesterday.",
        "If I send the figures by Friday, the harbour is happy.",
        "I don't send the figures by Friday.",
        "Do I send the figures by Friday?",
        "I work from home on Friday.",
        "I'm on holiday next week.",
        "I'm going to Berlin tomorrow.",
        "I take the train tomorrow.",
        "I have a doctor's appointment on Friday.",
        "We ship Friday.",
        "Priya does the changelog.",
        "He said I send the figures by Friday.",
    ],
)
def test_habits_plans_and_conditions_are_no_tasks(said: str) -> None:
    assert task_of(said) is None
