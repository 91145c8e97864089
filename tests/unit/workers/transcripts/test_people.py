"""Speakers get names once for all, and references where exactly one person can be meant."""

from __future__ import annotations

import pytest

from workers.transcripts.parse import parse_transcript
from workers.transcripts.people import link_people, name_speakers, names_given, unnamed_speakers

UNNAMED = b"Speaker 1: Shall we start?\nSpeaker 2: Yes, let us start.\nSpeaker 1: Then I will share the plan.\n"
DIRECTORY = [
    ("person:anna-k", "Anna Kern", "anna.kern@firm.test"),
    ("person:chloe", "Chlo\u00e9 Martin", "cm@firm.test"),
    ("person:ben-1", "Ben Okafor", "ben@firm.test"),
    ("person:ben-2", "Ben Sand", None),
]


def test_a_label_is_renamed_in_every_line() -> None:
    named = name_speakers(parse_transcript(UNNAMED), {"speaker_1": "Anna Kern"})

    assert named.speakers == ("Anna Kern", "Speaker 2")
    assert unnamed_speakers(named) == ("Speaker 2",)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Speaker 1 is Anna Kern, Speaker 2 is Ben", {"Speaker 1": "Anna Kern", "Speaker 2": "Ben"}),
        ("speaker 1 = Anna Kern\nspeaker 2 =", {"speaker 1": "Anna Kern"}),
        ("minutes please", {}),
    ],
)
def test_names_are_read_from_the_request(text: str, names: dict[str, str]) -> None:
    assert names_given(text) == names


@pytest.mark.parametrize(
    ("speaker", "reference"),
    [
        ("Anna Kern", "person:anna-k"),
        ("Kern, Anna", "person:anna-k"),
        ("anna.kern", "person:anna-k"),
        ("Anna Kern (Guest)", "person:anna-k"),
        ("Chloe Martin", "person:chloe"),
        ("Anna", "person:anna-k"),
        ("Ben", None),
        ("Zoe", None),
    ],
)
def test_a_speaker_is_linked_when_one_person_alone_can_be_meant(speaker: str, reference: str | None) -> None:
    transcript = name_speakers(parse_transcript(UNNAMED), {"Speaker 1": speaker})

    assert link_people(transcript, DIRECTORY).utterances[0].speaker_ref == reference
