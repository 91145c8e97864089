"""What a form's lines make of minutes: changed, added, removed, and marked as whose words they are."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.errors import RequestInvalid
from assistant.minutes.edits import apply_edit, confirmed, form_values
from assistant.minutes.kept import numbered
from assistant.minutes.schema import ActionItem, Decision, Evidence, MeetingHeader, Minutes, OpenQuestion

SAID = (Evidence(id="u4", quote="we stay with Nordlicht", speaker="Anna", start=100.0),)
MINUTES = numbered(
    Minutes(
        meeting=MeetingHeader(title="Budget round", date=date(2026, 3, 5)),
        decisions=(
            Decision(text="We stay with Nordlicht.", status="agreed", evidence=SAID),
            Decision(text="Ask the design team.", status="proposed"),
        ),
        action_items=(
            ActionItem(task="Send the forms", owner="Ben", due="by Friday", due_date=date(2026, 3, 6)),
            ActionItem(task="Write the test plan", owner="Chloé", owner_ref="person:chloe", is_weak=True),
        ),
        open_questions=(OpenQuestion(text="Who presents the portal?", raised_by="Anna"),),
    )
)


def test_a_form_that_comes_back_untouched_changes_nothing() -> None:
    with pytest.raises(RequestInvalid, match="without a change"):
        apply_edit(MINUTES, form_values(MINUTES), editor="Ada Berg")


def test_the_form_shows_every_field_a_line_has() -> None:
    values = form_values(MINUTES)

    assert values["decisions"].splitlines()[0] == "1. [agreed] We stay with Nordlicht."
    assert values["action_items"].splitlines() == [
        "1. Send the forms | Ben | 2026-03-06",
        "2. Write the test plan | Chloé",
    ]
    assert values["open_questions"] == "1. Who presents the portal? | Anna"


def test_change_remove_and_add_in_one_go() -> None:
    lines = "2. [done] Write the plan | Chloé | 12.3.2026\nBook the hall | Anna | after Easter"
    edited = apply_edit(MINUTES, {"action_items": lines}, editor="Ada Berg")
    plan, hall = edited.minutes.action_items

    assert (plan.id, plan.task, plan.is_done, plan.due_date) == ("a2", "Write the plan", True, date(2026, 3, 12))
    assert (plan.owner_ref, plan.is_weak, plan.edited_by) == ("person:chloe", False, "Ada Berg")
    assert (hall.id, hall.owner, hall.due, hall.due_date) == ("a3", "Anna", "after Easter", None)
    assert (hall.found_by, hall.edited_by) == ("person", "Ada Berg")
    assert [change.partition(": ")[0] for change in edited.changes] == ["Action items"] * 3


def test_lines_that_were_left_alone_keep_their_evidence_and_no_mark() -> None:
    edited = apply_edit(
        MINUTES,
        {"decisions": "1. [agreed] We stay with Nordlicht.\n2. [rejected] Ask the design team."},
        editor="Ada",
    )
    first, second = edited.minutes.decisions

    assert first == MINUTES.decisions[0]
    assert (second.status, second.edited_by) == ("rejected", "Ada")
    assert edited.minutes.action_items == MINUTES.action_items


def test_a_guess_stays_one_until_its_status_is_given() -> None:
    minutes = numbered(
        Minutes(meeting=MeetingHeader(), decisions=(Decision(text="Grey.", status="proposed", is_unsure=True),))
    )
    reworded = apply_edit(minutes, {"decisions": "1. [perhaps] Dark grey."}, editor="Ada").minutes.decisions[0]
    settled = apply_edit(minutes, {"decisions": "1. [proposed] Grey."}, editor="Ada").minutes.decisions[0]
    looked_at = confirmed(minutes, by="Ada").decisions[0]

    assert form_values(minutes)["decisions"] == "1. [perhaps] Grey."
    assert (reworded.text, reworded.is_unsure, reworded.edited_by) == ("Dark grey.", True, "Ada")
    assert (settled.text, settled.is_unsure, settled.edited_by) == ("Grey.", False, "Ada")
    assert (looked_at.status, looked_at.is_unsure, looked_at.edited_by) == ("proposed", False, None)


def test_an_owner_is_taken_away_with_a_dash() -> None:
    edited = apply_edit(
        MINUTES, {"action_items": "1. Send the forms | - | 2026-03-06\n2. Write the test plan"}, editor="A"
    )

    assert [item.owner for item in edited.minutes.action_items] == [None, None]
    assert edited.minutes.action_items[0].due == "by Friday"


def test_an_edit_takes_the_confirmation_back() -> None:
    confirmed = MINUTES.model_copy(update={"confirmed_by": "Ben"})

    assert apply_edit(confirmed, {"open_questions": ""}, editor="Ada").minutes.confirmed_by is None


@pytest.mark.parametrize(
    ("section", "line", "says"),
    [
        ("decisions", "1. [maybe] We stay", "[maybe]"),
        ("decisions", "1. [perhaps] We stay", "[perhaps]"),
        ("decisions", "[perhaps] We stay", "[perhaps]"),
        ("decisions", "3. [agreed] We stay", "number 3"),
        ("decisions", "1. [agreed] One\n1. [agreed] Two", "number 1"),
        ("decisions", "1. [agreed]", "has no words"),
        ("action_items", "Send | Ben | Friday | now", "more than 3 parts"),
        ("action_items", "Send | Ben | 2026-02-30", "no day 2026-02-30"),
        ("action_items", "Send | " + "B" * 90, "too long for a name"),
        ("open_questions", "x" * 1_300, "longer than 1200"),
        ("summary", "line\n" * 201, "200 lines"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(section: str, line: str, says: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        apply_edit(MINUTES, {section: line}, editor="Ada")

    assert says in refused.value.reply


def test_the_id_of_a_removed_line_is_never_given_again() -> None:
    tasks = (ActionItem(task="Book"), ActionItem(task="Pack"))
    first = numbered(Minutes(meeting=MeetingHeader(), action_items=tasks))
    removed = apply_edit(first, {"action_items": "1. Book"}, editor="Ada").minutes
    added = apply_edit(removed, {"action_items": "1. Book\nDrive"}, editor="Ada").minutes

    assert [item.id for item in added.action_items] == ["a1", "a3"]
