"""Names take the place of labels in every part of minutes, and of nothing that only looks like one."""

from __future__ import annotations

from assistant.minutes.corrections import count_corrections
from assistant.minutes.kept import SpokenLine, numbered
from assistant.minutes.naming import labels_of, names_by_label, spoken_with_names, with_names
from assistant.minutes.schema import (
    ActionItem,
    Decision,
    Evidence,
    MeetingHeader,
    Minutes,
    OpenQuestion,
    PersonPoints,
    SummaryLine,
)

SAID = (Evidence(id="u1", quote="Speaker 1 and a guest were here.", speaker="Speaker 1", start=1.0),)
MINUTES = numbered(
    Minutes(
        meeting=MeetingHeader(participants=("Speaker 1", "Speaker 10", "Guest")),
        summary=(SummaryLine(text="Guest: The Guest list is long.", evidence=SAID),),
        decisions=(Decision(text="Speaker 10 and Speaker 1 go.", status="agreed", evidence=SAID),),
        action_items=(ActionItem(task="Ask Speaker 1", owner="Guest"),),
        open_questions=(OpenQuestion(text="Who is the Guest?", raised_by="Speaker 10"),),
        per_person=(
            PersonPoints(speaker="Speaker 1", share=0.4, points=("Speaker 1: One.",)),
            PersonPoints(speaker="Speaker 10", share=0.35, points=("Two.",)),
            PersonPoints(speaker="Guest", share=0.25),
        ),
    )
)
NAMES = {"Speaker 1": "Anna", "Guest": "Ben"}


def test_labels_become_names_and_quotes_stay() -> None:
    named = with_names(MINUTES, NAMES)

    assert named.meeting.participants == ("Anna", "Speaker 10", "Ben")
    assert named.summary[0].text == "Ben: The Guest list is long."
    assert named.decisions[0].text == "Speaker 10 and Anna go."
    assert (named.action_items[0].task, named.action_items[0].owner) == ("Ask Anna", "Ben")
    assert (named.open_questions[0].text, named.open_questions[0].raised_by) == ("Who is the Guest?", "Speaker 10")
    assert named.decisions[0].evidence[0].speaker == "Anna"
    assert named.decisions[0].evidence[0].quote == "Speaker 1 and a guest were here."
    assert named.per_person[0].points == ("Anna: One.",)


def test_two_labels_of_one_person_become_one() -> None:
    named = with_names(MINUTES, {"Speaker 1": "Anna", "Speaker 10": "Anna"})

    assert named.meeting.participants == ("Anna", "Guest")
    assert named.per_person[0] == PersonPoints(speaker="Anna", share=0.75, points=("Anna: One.", "Two."))


def test_labels_are_told_apart_by_letters_and_figures_alone() -> None:
    spoken = (SpokenLine(id="u1", speaker="SPEAKER_01", text="Hi."), SpokenLine(id="u2", text="Hm."))
    names = names_by_label(labels_of(MINUTES, spoken), {"speaker 01": " Anna  Berg ", "guest": "", "Nobody": "Tom"})

    assert names == {"SPEAKER_01": "Anna Berg"}
    assert [line.speaker for line in spoken_with_names(spoken, names)] == ["Anna Berg", None]


def test_a_name_that_was_given_is_no_correction() -> None:
    found = count_corrections([(MINUTES, with_names(MINUTES, NAMES))])

    assert (found.meetings, found.corrected) == (1, 0)


def test_without_names_nothing_changes() -> None:
    assert with_names(MINUTES, {}) is MINUTES
