"""Turn what a model noted into entries of minutes: its evidence looked up, its parts merged, nothing believed.

Speaker, time and due day come from the transcript, never from the model. Whether an entry holds is decided by
validate.py afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from assistant.minutes.schema import (
    ActionItem,
    Decision,
    Evidence,
    MeetingHeader,
    Minutes,
    OpenQuestion,
    SummaryLine,
    Topic,
)
from assistant.words import content_stems
from workers.jobs.meeting_summary.model_schema import MeetingNotes, Said
from workers.jobs.meeting_summary.validate_lines import Source
from workers.validation.due_days import resolve_day
from workers.validation.text_support import comparable, says_the_same

MAX_EVIDENCE = 6  # quotes under one merged line
SAME_WORDS = 0.5  # of the shorter line's content words, for lines that cite the same utterance

Entry = TypeVar("Entry", SummaryLine, Topic, Decision, ActionItem, OpenQuestion)


def minutes_of_notes(notes: MeetingNotes, header: MeetingHeader, source: Source) -> Minutes:
    """Return the notes as minutes, unchecked."""
    summary = tuple(
        SummaryLine(text=line.text, evidence=_evidence(line.evidence, source), found_by="model")
        for line in notes.summary
    )
    decisions = tuple(
        Decision(text=one.text, status=one.status, evidence=_evidence(one.evidence, source), found_by="model")
        for one in notes.decisions
    )
    return Minutes(
        meeting=header,
        summary=summary,
        topics=tuple(_topic(one.title, one.text, one.evidence, source) for one in notes.topics),
        decisions=decisions,
        action_items=tuple(
            _task(one.task, one.owner, one.due, one.evidence, header, source) for one in notes.action_items
        ),
        open_questions=tuple(_question(one.text, one.evidence, source) for one in notes.open_questions),
    )


def merge_minutes(parts: Sequence[Minutes], header: MeetingHeader) -> Minutes:
    """Return the entries of all parts in order, each thing once; a later word on a decision's status wins."""
    return Minutes(
        meeting=header,
        summary=_merged([entry for part in parts for entry in part.summary]),
        topics=_joined_topics([topic for part in parts for topic in part.topics]),
        decisions=_merged([entry for part in parts for entry in part.decisions]),
        action_items=_merged([entry for part in parts for entry in part.action_items]),
        open_questions=_merged([entry for part in parts for entry in part.open_questions]),
    )


def joined_evidence(entries: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return at most MAX_EVIDENCE pieces of evidence, each once, in order."""
    return tuple({(one.id, one.quote): one for one in entries}.values())[:MAX_EVIDENCE]


def _evidence(said: Sequence[Said], source: Source) -> tuple[Evidence, ...]:
    return joined_evidence([_looked_up(one, source) for one in said])


def _looked_up(said: Said, source: Source) -> Evidence:
    """Return the evidence with its speaker and time; a quote under a wrong id is put where alone it was said."""
    key = said.id.strip("[] ")
    utterances = source.transcript.utterances
    wanted = comparable(said.quote)
    if (place := source.place.get(key)) is None or wanted not in comparable(utterances[place].text):
        holders = [index for index, one in enumerate(utterances) if wanted.strip() and wanted in comparable(one.text)]
        place = holders[0] if len(holders) == 1 else place
    if place is None:
        return Evidence(id=key, quote=said.quote)
    found = utterances[place]
    return Evidence(id=found.id, quote=said.quote, speaker=found.speaker, start=found.start)


def _topic(title: str, text: str, said: Sequence[Said], source: Source) -> Topic:
    evidence = _evidence(said, source)
    places = sorted(source.place[one.id] for one in evidence if one.id in source.place)
    utterances = source.transcript.utterances
    last = utterances[places[-1]] if places else None
    return Topic(
        title=title,
        text=text,
        start=utterances[places[0]].start if places else None,
        end=(last.end if last.end is not None else last.start) if last else None,
        evidence=evidence,
        found_by="model",
    )


def _task(
    task: str, owner: str | None, due: str | None, said: Sequence[Said], header: MeetingHeader, source: Source
) -> ActionItem:
    refs = {one.speaker: one.speaker_ref for one in source.transcript.utterances if one.speaker_ref is not None}
    owner, due = (value.strip() or None if value else None for value in (owner, due))
    return ActionItem(
        task=task,
        owner=owner,
        owner_ref=refs.get(owner) if owner else None,
        due=due,
        due_date=resolve_day(due, header.date) if due else None,
        evidence=_evidence(said, source),
        confidence="stated" if owner else "inferred",
        found_by="model",
    )


def _question(text: str, said: Sequence[Said], source: Source) -> OpenQuestion:
    evidence = _evidence(said, source)
    raised_by = evidence[0].speaker if evidence else None
    return OpenQuestion(text=text, raised_by=raised_by, evidence=evidence, found_by="model")


def _merged(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    kept: list[Entry] = []
    for entry in entries:
        number = next((index for index, other in enumerate(kept) if _is_same(other, entry)), None)
        if number is None:
            kept.append(entry)
        else:
            kept[number] = _together(kept[number], entry)
    return tuple(kept)


def _is_same(one: Entry, other: Entry) -> bool:
    left, right = words_of_entry(one), words_of_entry(other)
    if says_the_same(left, right):
        return True
    if not {item.id for item in one.evidence} & {item.id for item in other.evidence}:
        return False
    first, second = set(content_stems(left)), set(content_stems(right))
    return len(first & second) >= SAME_WORDS * max(1, min(len(first), len(second)))


def _together(one: Entry, other: Entry) -> Entry:
    update: dict[str, object] = {"evidence": joined_evidence([*one.evidence, *other.evidence])}
    if isinstance(one, Decision) and isinstance(other, Decision) and other.status != "proposed":
        update["status"] = other.status
    if isinstance(one, Decision) and isinstance(other, Decision):
        update["is_unsure"] = one.is_unsure and other.is_unsure
    if isinstance(one, ActionItem) and isinstance(other, ActionItem):
        if one.owner is None and other.owner is not None:
            update |= {"owner": other.owner, "owner_ref": other.owner_ref, "confidence": other.confidence}
        if one.due is None and other.due is not None:
            update |= {"due": other.due, "due_date": other.due_date}
    return one.model_copy(update=update)


def words_of_entry(entry: Entry) -> str:
    """Return the words of a line, whatever kind it is."""
    if isinstance(entry, ActionItem):
        return entry.task
    return entry.title if isinstance(entry, Topic) else entry.text


def _joined_topics(topics: Sequence[Topic]) -> tuple[Topic, ...]:
    """Return the topics with neighbours of one title joined: a part's border runs through the middle of one."""
    kept: list[Topic] = []
    for topic in topics:
        if kept and says_the_same(kept[-1].title, topic.title):
            kept[-1] = _together(kept[-1], topic).model_copy(update={"end": topic.end})
        else:
            kept.append(topic)
    return tuple(kept)
