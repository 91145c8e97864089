"""Minutes by a language model: plan the parts, note each, check, merge, write the summary, check again.

A meeting that fits the model's context is read in a single pass. Parts that no model could note are read by the
extractive engine and labelled; whatever was lost, cut or left out on the way is told in a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.jobs import Job
from assistant.minutes.schema import MeetingHeader, Minutes, MinutesWarning, SummaryLine
from workers.context import JobContext
from workers.jobs.meeting_summary.extract import extract_minutes
from workers.jobs.meeting_summary.extract_meeting import header_of_meeting, people_of
from workers.jobs.meeting_summary.model_notes import merge_minutes, minutes_of_notes
from workers.jobs.meeting_summary.model_parts import part_chars, plan_parts, transcript_of
from workers.jobs.meeting_summary.model_read import MeetingReader, NotedPart, Wishes
from workers.jobs.meeting_summary.model_schema import MeetingNotes
from workers.jobs.meeting_summary.model_write import spread_lines, write_summary
from workers.jobs.meeting_summary.validate import FIELD_CODES, Problem, repair, validate_minutes
from workers.jobs.meeting_summary.validate_lines import Source
from workers.jobs.meeting_summary.wording import make_warning
from workers.transcripts.transcript import Transcript

COMPLAINTS = 12  # told to the model in one repair


@dataclass(frozen=True)
class ModelMinutes:
    """Minutes as the model and the rules wrote them, their last check still to come."""

    minutes: Minutes
    reader: MeetingReader  # its trace and label go on the receipt
    problems: tuple[Problem, ...]  # found, and mended, part by part


def minutes_by_model(
    job: Job, context: JobContext, transcript: Transcript, *, language: str, wishes: Wishes
) -> ModelMinutes:
    """Return minutes in `language`, each entry checked once.

    Raises:
        Cancelled, BudgetExceeded: the job was stopped, or is out of time.
    """
    entry = context.models.entry(context.models.default())
    source = Source.of(transcript)
    header = header_of_meeting(transcript, language=language, engine=f"llm:{entry.label}")

    def review(notes: MeetingNotes) -> list[str]:
        found = validate_minutes(minutes_of_notes(notes, header, source), transcript, source=source)
        return [
            f"{one.section} {one.index}: {one.text}" for one in found if one.index is not None and _is_false(one)
        ][:COMPLAINTS]

    reader = MeetingReader(job, context, transcript, wishes, review=review)
    max_chars = part_chars(entry)
    parts = plan_parts(transcript, max_chars=max_chars)
    checked: list[Minutes] = []
    problems: list[Problem] = []
    for number, part in enumerate(parts, 1):
        context.check(job)
        context.report("extracting", f"reading part {number} of {len(parts)}", part=number, parts=len(parts))
        for noted in reader.read(part, number=number, of=len(parts)):
            drafted = _drafted(noted, transcript, header, source, where=(number, len(parts)))
            found = validate_minutes(drafted, transcript, source=source)
            problems += found
            checked.append(repair(drafted, found))
    if reader.answered_by is None:
        return ModelMinutes(_by_rules(transcript, checked, language=language, words=wishes.words), reader, ())
    minutes = merge_minutes(checked, header)
    warnings = _told([warning for one in checked for warning in one.warnings], problems, minutes)
    if len(checked) > 1:
        context.check(job)
        context.report("writing", "writing the summary from the checked parts")
        written = write_summary(minutes, reader, job, context, wishes=wishes, max_chars=max_chars)
        sound = _sound_summary(minutes, written, transcript, source) if written else None
        if sound is None or not sound.summary:
            spread = spread_lines(minutes.summary, words=wishes.words)
            minutes = minutes.model_copy(update={"summary": spread})
            warnings.append(make_warning("summary_by_rules"))
        else:
            if len(sound.summary) < len(written or ()):
                warnings.append(_left_out(len(written or ()) - len(sound.summary)))
            minutes = sound
    people = people_of(transcript)
    return ModelMinutes(
        minutes.model_copy(update={"per_person": people, "warnings": tuple(dict.fromkeys(warnings))}),
        reader,
        tuple(problems),
    )


def _by_rules(transcript: Transcript, tried: Sequence[Minutes], *, language: str, words: int) -> Minutes:
    """Return the extractive engine's minutes of the whole meeting: none of it was noted by a model."""
    found = extract_minutes(transcript, language=language, budget_words=words)
    why = [warning for one in tried for warning in one.warnings if warning.code == "part_by_rules"][:1]
    return found.model_copy(update={"warnings": (*why, *found.warnings)})


def _drafted(
    noted: NotedPart, transcript: Transcript, header: MeetingHeader, source: Source, *, where: tuple[int, int]
) -> Minutes:
    """Return the part's notes as minutes, or what the extractive engine finds in it, labelled so."""
    if noted.notes is not None:
        return minutes_of_notes(noted.notes, header, source)
    found = extract_minutes(transcript_of(noted.part, transcript), language=header.language)
    number, of = where
    message = "part_by_rules" if of > 1 else "meeting_by_rules"
    warning = make_warning("part_by_rules", message, number=number, of=of, detail=noted.why)
    return found.model_copy(
        update={
            "meeting": header,
            "topics": tuple(topic.model_copy(update={"text": ""}) for topic in found.topics)
            if of > 1
            else found.topics,
            "warnings": (warning,),
        }
    )


def _sound_summary(
    minutes: Minutes, written: Sequence[SummaryLine], transcript: Transcript, source: Source
) -> Minutes | None:
    drafted = minutes.model_copy(update={"summary": tuple(written), "warnings": ()})
    return repair(drafted, validate_minutes(drafted, transcript, source=source))


def _told(warnings: Sequence[MinutesWarning], problems: Sequence[Problem], minutes: Minutes) -> list[MinutesWarning]:
    """Return the warnings of all parts, each once, and what was left out in all of them."""
    told = [one for one in dict.fromkeys(warnings) if one.code not in ("weak_support", "lines_left_out")]
    dropped = {(one.section, one.index, one.text) for one in problems if _is_dropped(one)}
    if dropped:
        told.append(_left_out(len(dropped)))
    meeting = minutes.meeting
    if meeting.spoken not in (None, meeting.language):
        told.append(make_warning("translated", spoken=meeting.spoken, language=meeting.language))
    return told


def _left_out(count: int) -> MinutesWarning:
    return make_warning("lines_left_out", count=count)


def _is_dropped(problem: Problem) -> bool:
    return _is_false(problem) and problem.index is not None and problem.code not in {*FIELD_CODES, "duplicate"}


def _is_false(problem: Problem) -> bool:
    return not problem.is_mark and problem.section not in ("meeting", "per_person")
