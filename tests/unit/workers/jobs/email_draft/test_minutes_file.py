"""What of minutes may stand in an e-mail: no guesses, no proposals told as decided, and nothing twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.minutes.schema import ActionItem, Decision, MeetingHeader, Minutes, SummaryLine
from tests.twins.jobs import SpokenTurn
from tests.unit.workers.jobs.email_draft.drafting import asked
from workers.jobs.email_draft.compose import compose
from workers.jobs.email_draft.minutes_file import read_minutes

TASK = "Ask the supplier for a new offer in writing"
MINUTES = Minutes(
    meeting=MeetingHeader(participants=("Bo Sand", "Cleo Marsh")),
    summary=(SummaryLine(text="The contract of the supplier was discussed."),),
    decisions=(
        Decision(text="We stay with the supplier this year.", status="agreed"),
        Decision(text="The fair moves to Hanover in May.", status="rejected"),
        Decision(text="The stand gets a second screen.", status="proposed"),
        Decision(text="The casing will be grey like wood.", status="proposed", is_unsure=True),
        Decision(text="The logo turns green on Monday.", status="agreed", is_weak=True),
    ),
    action_items=(ActionItem(task=TASK, owner="Bo Sand", due="4 December 2026"),),
)


def as_file(minutes: Minutes) -> bytes:
    return json.dumps(minutes.model_dump(mode="json")).encode()


def test_guesses_and_weak_lines_are_left_out_and_what_is_undecided_says_so() -> None:
    found = read_minutes(as_file(MINUTES))

    assert found is not None
    assert found.participants == ("Bo Sand", "Cleo Marsh")
    assert found.text.splitlines() == [
        "The contract of the supplier was discussed.",
        "Decisions",
        "- We stay with the supplier this year.",
        "- Turned down: The fair moves to Hanover in May.",
        "- Proposed, not decided: The stand gets a second screen.",
        "",
        f"- [ ] Bo Sand: {TASK} (due 4 December 2026)",
    ]


def test_undecided_is_said_in_the_language_of_the_minutes() -> None:
    german = MINUTES.model_copy(update={"meeting": MeetingHeader(labels="de")})
    found = read_minutes(as_file(german))

    assert found is not None
    assert "- Abgelehnt: The fair moves to Hanover in May." in found.text


@pytest.mark.parametrize("data", [b"{}", b"[1]", b"no json", b'{"action_items": 3}'])
def test_other_files_are_no_minutes(data: bytes) -> None:
    assert read_minutes(data) is None


def test_a_draft_with_the_decisions_tells_only_what_was_decided_as_decided(tmp_path: Path) -> None:
    files = {"minutes.json": as_file(MINUTES)}
    words = "Write a follow-up with the decisions and the action items to all attendees."
    job, context = asked(words, files=files, folder=tmp_path)
    body = compose(job, context).draft.body

    assert "We stay with the supplier this year." in body
    assert "casing" not in body
    assert "green" not in body
    assert all("Turned down: " in line for line in body.splitlines() if "Hanover" in line)
    assert all("not decided: " in line for line in body.splitlines() if "second screen" in line)


def test_a_task_that_the_conversation_shows_too_is_told_once(tmp_path: Path) -> None:
    guess = "Decisions:\n- [perhaps (unsure)] The casing will be grey like wood."
    message = f"Minutes\n\n{guess}\n\nAction items:\n- {TASK} (Bo Sand)"
    job, context = asked(
        "Draft a follow-up e-mail with the action items.",
        files={"minutes.json": as_file(MINUTES)},
        folder=tmp_path,
        turns=[SpokenTurn("assistant", message)],
    )
    body = compose(job, context).draft.body

    assert body.count(TASK) == 1
    assert "casing" not in body
