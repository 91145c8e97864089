"""Lists of ten invented meetings of ten kinds hold little that is none, and miss little of what was said."""

from collections.abc import Iterable, Mapping, Sequence

import pytest

from assistant.minutes.schema import ActionItem, Decision, OpenQuestion
from tests.unit.workers.jobs.meeting_summary.held_out_meetings import HELD_OUT
from tests.unit.workers.jobs.meeting_summary.plain_meetings import PLAIN_MEETINGS, PlainMeeting
from workers.jobs.meeting_summary.extract import extract_minutes
from workers.jobs.meeting_summary.validate import validate_minutes
from workers.validation.text_support import comparable

Entry = ActionItem | Decision | OpenQuestion
KINDS = ("decisions", "tasks", "questions")


def right_and_found(listed: Sequence[Entry], expected: Sequence[str]) -> tuple[int, int]:
    """Return how many lines rest on an expected sentence, and how many of the expected are there."""
    quotes = [comparable(" ".join(item.quote for item in entry.evidence)) for entry in listed]
    wanted = [comparable(words).strip() for words in expected]
    right = sum(any(words in quote for words in wanted) for quote in quotes)
    return right, sum(any(words in quote for quote in quotes) for words in wanted)


def tally(meetings: Iterable[PlainMeeting]) -> Mapping[str, tuple[int, int, int, int]]:
    """Return by kind of list: lines that are right, lines, expected ones found, expected ones."""
    sums = {kind: [0, 0, 0, 0] for kind in KINDS}
    for meeting in meetings:
        minutes = extract_minutes(meeting.transcript())
        listed: dict[str, Sequence[Entry]] = {
            "decisions": minutes.decisions,
            "tasks": minutes.action_items,
            "questions": minutes.open_questions,
        }
        for kind in KINDS:
            expected = getattr(meeting, kind)
            right, found = right_and_found(listed[kind], expected)
            sums[kind] = [
                before + more
                for before, more in zip(sums[kind], (right, len(listed[kind]), found, len(expected)), strict=True)
            ]
    return {kind: (s[0], s[1], s[2], s[3]) for kind, s in sums.items()}


def test_lists_of_the_meetings_the_rules_were_made_with() -> None:
    assert tally(PLAIN_MEETINGS.values()) == {
        "decisions": (8, 8, 8, 9),
        "tasks": (9, 9, 9, 9),
        "questions": (5, 5, 5, 5),
    }


def test_lists_of_meetings_the_rules_never_saw() -> None:
    """Two stories of an earlier job ("we decided to build our own") pass for decisions; nothing was tuned away."""
    assert tally(HELD_OUT.values()) == {
        "decisions": (6, 8, 6, 8),
        "tasks": (4, 4, 4, 6),
        "questions": (2, 2, 2, 3),
    }


def test_a_talk_about_nothing_in_particular_has_empty_lists() -> None:
    minutes = extract_minutes(PLAIN_MEETINGS["one to one"].transcript())

    assert (minutes.decisions, minutes.action_items, minutes.open_questions) == ((), (), ())


@pytest.mark.parametrize("name", [*PLAIN_MEETINGS, *HELD_OUT])
def test_every_line_stands_its_check(name: str) -> None:
    transcript = (PLAIN_MEETINGS | HELD_OUT)[name].transcript()

    assert validate_minutes(extract_minutes(transcript), transcript) == []
