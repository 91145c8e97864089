"""Take over what notes of a meeting list under their headings, line by line, as their writer worded it.

Somebody (or something) has sorted these lines already, so nothing is chosen or guessed here. Who is to do a task is
whom its line begins with.
"""

import re
from collections.abc import Sequence

from assistant.minutes.schema import ActionItem, Decision, Evidence, Minutes, OpenQuestion, SummaryLine
from workers.jobs.meeting_summary.extract_meeting import participants
from workers.jobs.meeting_summary.extract_owners import called
from workers.transcripts.transcript import Transcript, Utterance
from workers.validation.due_days import due_phrase, resolve_day

MAX_LINES = 60  # of one section
MAX_CHARS = 1_200  # of a line


def without_notes(transcript: Transcript) -> Transcript | None:
    """Return what was said or written in the transcript besides notes; None where there are only notes."""
    spoken = tuple(one for one in transcript.utterances if one.section is None)
    return transcript.model_copy(update={"utterances": spoken}) if spoken else None


def with_notes(minutes: Minutes, transcript: Transcript) -> Minutes:
    """Return the minutes with the lines of the transcript's notes before their own."""
    return minutes.model_copy(
        update={
            "summary": (*(SummaryLine(**_line(one)) for one in _of(transcript, "summary")), *minutes.summary),
            "decisions": (
                *(Decision(status="agreed", **_line(one)) for one in _of(transcript, "decisions")),
                *minutes.decisions,
            ),
            "action_items": (
                *(_task(one, transcript) for one in _of(transcript, "action_items")),
                *minutes.action_items,
            ),
            "open_questions": (
                *(OpenQuestion(**_line(one)) for one in _of(transcript, "open_questions")),
                *minutes.open_questions,
            ),
        }
    )


def _of(transcript: Transcript, section: str) -> Sequence[Utterance]:
    return [one for one in transcript.utterances if one.section == section][:MAX_LINES]


def _line(said: Utterance) -> dict[str, object]:
    return {"text": said.text[:MAX_CHARS], "evidence": _evidence(said)}


def _evidence(said: Utterance) -> tuple[Evidence, ...]:
    return (Evidence(id=said.id, quote=said.text, speaker=said.speaker, start=said.start),)


def _task(said: Utterance, transcript: Transcript) -> ActionItem:
    due = due_phrase(said.text)
    owner = _owner(said.text, participants(transcript))
    return ActionItem(
        task=said.text[:MAX_CHARS],
        owner=owner,
        due=due,
        due_date=resolve_day(due, transcript.date) if due else None,
        evidence=_evidence(said),
        confidence="stated" if owner else "inferred",
    )


def _owner(text: str, people: Sequence[str]) -> str | None:
    """Return whom the line begins with, or a name set off at its end: "Write the notes (Ben)", "… – @Ben"."""
    for person in people:
        for name in called(person, people):
            written = re.escape(name)
            if re.match(rf"\W*{written}(?:\s*[:–-]\s|\s+(?:will|to|is|should|has|needs)\b)", text):
                return person
            if re.search(rf"(?:[(\[]@?{written}[)\]]|[–-]\s*@?{written}|@{written})\W*$", text):
                return person
    return None
