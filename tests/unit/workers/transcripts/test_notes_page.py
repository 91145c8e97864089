"""Notes of a meeting: the transcript in them is what was said; without one, their lines under their headings."""

from __future__ import annotations

import datetime
import json

import pytest

from assistant.minutes.schema import Minutes
from workers.jobs.meeting_summary.extract import extract_minutes
from workers.jobs.meeting_summary.validate import validate_minutes
from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import Transcript

NOTES = """Huddle notes: 11/24/26 in #platform
Slack AI took notes for this huddle that took place from 10:00 AM to 10:12 AM.
Attendees
@Anna Schmidt, @Ben Okafor and @Chloé Martin
Summary
Release 4.2: The new release is tested.
Database: Ben Okafor reported that the migration takes 40 minutes.
Decisions
Ship on Friday after the load test.
Action items
@Ben Okafor will write the changelog by Friday.
Book the load test for Thursday (Chloé)
Somebody cleans the old servers
Open questions
Who tells the customers about the window?
"""
SPOKEN = """Transcript
[10:00 AM] Anna Schmidt: Good morning. The release is ready.
[10:01 AM] Ben Okafor: I'll write the changelog by Friday.
[10:05 AM] Chloé Martin: Fine, thank you.
"""


def read(text: str) -> Transcript:
    transcript = parse_transcript(text.encode())
    assert transcript.words_kept == transcript.words_read
    return transcript


def minutes_of(transcript: Transcript) -> Minutes:
    minutes = extract_minutes(transcript)
    assert validate_minutes(minutes, transcript) == []
    return minutes


def test_notes_alone_are_taken_over_line_by_line_and_nobody_speaks_them() -> None:
    transcript = read(NOTES)
    minutes = minutes_of(transcript)

    assert (transcript.title, transcript.date) == ("Huddle notes: 11/24/26 in #platform", datetime.date(2026, 11, 24))
    assert transcript.attendees == ("Anna Schmidt", "Ben Okafor", "Chloé Martin")
    assert transcript.speakers == ()
    assert [line.text for line in minutes.summary] == [
        "Release 4.2: The new release is tested.",
        "Database: Ben Okafor reported that the migration takes 40 minutes.",
    ]
    assert [(one.status, one.text) for one in minutes.decisions] == [
        ("agreed", "Ship on Friday after the load test.")
    ]
    assert [(one.owner, one.due, one.confidence) for one in minutes.action_items] == [
        ("Ben Okafor", "by Friday", "stated"),
        ("Chloé Martin", "for Thursday", "stated"),
        (None, None, "inferred"),
    ]
    assert [one.text for one in minutes.open_questions] == ["Who tells the customers about the window?"]
    assert minutes.warnings == transcript.warnings == ()


def test_the_transcript_within_notes_is_what_was_said() -> None:
    transcript = read(NOTES + SPOKEN)
    minutes = minutes_of(transcript)

    assert transcript.speakers == ("Anna Schmidt", "Ben Okafor", "Chloé Martin")
    assert "migration" not in " ".join(said.text for said in transcript.utterances)
    assert [said.start for said in transcript.utterances] == [None] * 3  # by the clock, not from the beginning
    assert [(one.owner, one.due) for one in minutes.action_items] == [("Ben Okafor", "by Friday")]


@pytest.mark.parametrize("day", ["3/4/26", "11/24", "13/13/2026", "0/24/26"])
def test_a_day_that_may_be_another_is_none(day: str) -> None:
    assert read(NOTES.replace("11/24/26", day)).date is None


def test_a_talk_under_headings_stays_a_talk() -> None:
    talk = "Anna: One.\nBen: Two.\nAnna: Three.\nAnna: Four."
    transcript = read(f"# Weekly\n## Summary\n{talk}\n## Action items\nBen: I'll ask them.\n")

    assert transcript.speakers == ("Anna", "Ben")
    assert {said.section for said in transcript.utterances} == {None}


def test_notes_that_hang_on_a_message_of_a_thread_stand_beside_what_people_wrote() -> None:
    messages = [
        {"ts": "1790000500.000200", "user": "U1", "text": "Huddle is over."},
        {"ts": "1790000600.000200", "user": "USLACKBOT", "text": f"Notes:\n\n{NOTES}"},
        {"ts": "1790000700.000200", "user": "U2", "text": "I'll also tell support by Thursday."},
    ]
    document = {"messages": messages, "users": {"U1": "Anna Schmidt", "U2": "Ben Okafor", "USLACKBOT": "Slackbot"}}
    transcript = read(json.dumps(document))
    minutes = minutes_of(transcript)

    assert transcript.speakers == ("Anna Schmidt", "Ben Okafor")
    assert [one.owner for one in minutes.action_items] == ["Ben Okafor", "Chloé Martin", None, "Ben Okafor"]
    assert len(minutes.decisions) == 1
