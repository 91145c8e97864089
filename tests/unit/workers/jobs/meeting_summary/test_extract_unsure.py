"""Guessed decisions are few, marked, and only where too little was worded."""

import numpy as np

from assistant.minutes.schema import Decision, MeetingHeader, Minutes
from tests.unit.workers.jobs.meeting_summary.plain_meetings import PLAIN_MEETINGS
from workers.jobs.meeting_summary.export import to_markdown
from workers.jobs.meeting_summary.extract_importance import Weights
from workers.jobs.meeting_summary.extract_item_features import ITEM_FEATURES, Floats
from workers.jobs.meeting_summary.extract_settled import Settled
from workers.jobs.meeting_summary.extract_units import Unit, all_sentences
from workers.jobs.meeting_summary.extract_unsure import MOST_UNSURE, find_unsure
from workers.jobs.meeting_summary.layout import Layout
from workers.transcripts.parse import parse_transcript

THINGS = [
    "casing",
    "button",
    "battery",
    "screen",
    "colour",
    "logo",
    "speaker",
    "cable",
    "manual",
    "charger",
    "sensor",
    "display",
    "stand",
    "antenna",
]
LIKELY = Weights(words={}, function_words={}, items={"decisions": {"bias": 2.0}})


def long_talk() -> list[Unit]:
    filler = (
        "Ben: Yesterday people walked around outside and looked at many colourful things there again happily.\n" * 8
    )
    lines = [f"Anna: The {thing} will be of grey {thing}wood from {thing}land.\n{filler}" for thing in THINGS]
    return all_sentences(parse_transcript("".join(lines).encode()))


def rows(sentences: list[Unit]) -> Floats:
    features = np.zeros((len(sentences), len(ITEM_FEATURES)))
    features[:, 0] = 1.0
    return features


def test_guesses_are_proposed_and_bounded() -> None:
    sentences = long_talk()

    found = find_unsure(sentences, rows(sentences), [], weights=LIKELY)

    assert 0 < len(found) <= MOST_UNSURE
    assert {entry.status for entry in found} == {"proposed"}


def test_enough_sure_decisions_leave_no_guesses() -> None:
    sentences = long_talk()
    sure = [Settled(0, (0,), "agreed"), Settled(9, (9,), "agreed")]

    assert find_unsure(sentences, rows(sentences), sure, weights=LIKELY) == []


def test_a_guess_does_not_repeat_what_is_sure() -> None:
    sentences = long_talk()
    sure = [Settled(0, (0,), "agreed")]

    assert 0 not in {n for one in find_unsure(sentences, rows(sentences), sure, weights=LIKELY) for n in one.proof}


def test_a_short_talk_has_no_guesses() -> None:
    sentences = all_sentences(PLAIN_MEETINGS["one to one"].transcript())

    assert find_unsure(sentences, rows(sentences), [], weights=LIKELY) == []


def test_a_guess_is_shown_as_one() -> None:
    guess = Decision(text="The casing will be grey.", status="proposed", is_unsure=True)
    text = to_markdown(Minutes(meeting=MeetingHeader(), decisions=(guess,)), Layout())

    assert r"\[perhaps (unsure)\] The casing will be grey." in text
    assert "weakly supported" not in text
