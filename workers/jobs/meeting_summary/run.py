"""Write minutes of a transcript, or answer a question about it: read, write, check, repair, export, reply.

A job that has written minutes before is here to show them again: after an edit, or to make tickets of their tasks.
Without a transcript the question is about meetings whose minutes are kept.

A language model writes them where the catalogue has one, the extractive engine where not; the label says which.
Nothing that fails its check is shown as fact: false lines go, invented owners and days are emptied, weak lines
are marked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from assistant.errors import RequestInvalid
from assistant.jobs import Check, Job, JobResult
from assistant.mentions import Attachment
from assistant.minutes.kept import MinutesChange, numbered
from assistant.minutes.schema import Minutes
from workers.by_rules import read_options
from workers.context import JobContext
from workers.jobs.meeting_summary.ask import answer_about, extraction_receipt
from workers.jobs.meeting_summary.extract import BUDGET_WORDS, WORDS_PER_BUDGET_WORD, extract_minutes
from workers.jobs.meeting_summary.extract_meeting import header_of_meeting
from workers.jobs.meeting_summary.layout import Layout
from workers.jobs.meeting_summary.library import ask_the_library
from workers.jobs.meeting_summary.model_minutes import minutes_by_model
from workers.jobs.meeting_summary.model_read import MeetingReader, Wishes
from workers.jobs.meeting_summary.present import Shown, naming, present
from workers.jobs.meeting_summary.recall import spoken_lines, terms_of, urls_of
from workers.jobs.meeting_summary.show_again import show_again
from workers.jobs.meeting_summary.templates import Template, choose_template, read_templates
from workers.jobs.meeting_summary.validate import Problem, repair, validate_minutes
from workers.jobs.meeting_summary.wording import ENGLISH, language_asked_for, languages, wording_in
from workers.transcripts.parse import parse_transcript
from workers.transcripts.people import link_people, name_speakers, names_given
from workers.transcripts.transcript import Transcript

LEAST_PASTED_LINES = 4  # fewer lines in a message are a question, not a transcript
_ASKS_FOR_MINUTES = re.compile(
    r"\b(?:minutes|summar\w+|recap|notes|protokoll|zusammenfassung|action items|decisions, action)\b", re.IGNORECASE
)
# "Write minutes", "recap since Monday": an order for which the transcript is missing, not a question to the library.
_ORDERS_MINUTES = re.compile(
    r"\W*(?:please\s+)?(?:(?:write|make|give|do|get|prepare)\s+(?:me\s+)?)?(?:the\s+|a\s+|some\s+)?"
    r"(?:minutes|summar\w+|recap|notes|protokoll|zusammenfassung|catch me up)\b(?![^?]*\?)",
    re.IGNORECASE,
)


class MinutesOptions(BaseModel):
    """What a modal or a script may ask beside the words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str | None = Field(
        default=None,
        pattern="^[a-z]{2}$",
        description="Language of the minutes, two letters. Empty: what was set, else the one spoken.",
    )
    template: str | None = Field(
        default=None, max_length=60, description="Kind of meeting, e.g. retro. Empty: by your words, or recognised."
    )
    budget_words: int | None = Field(default=None, ge=40, le=2000, description="Length of the summary.")
    speakers: dict[str, Annotated[str, Field(max_length=80)]] = Field(
        default_factory=dict, max_length=60, description='Names for labels: {"Speaker 1": "Anna Berg"}.'
    )
    formats: tuple[str, ...] = Field(default=("md", "docx", "pdf", "ics", "csv"), description="Files to offer.")


def run(job: Job, context: JobContext) -> JobResult:
    """Write the minutes, or answer the question, from the attached or pasted transcript.

    Raises:
        RequestInvalid: there is no transcript, several, or it can't be read (the reply says why).
        Cancelled, BudgetExceeded: as they say.
    """
    options = read_options(job, MinutesOptions)
    if (kept := context.minutes.of_job(job.id)) is not None:
        return show_again(job, context, kept, options.formats)
    if _is_about_kept_minutes(job):
        return ask_the_library(job, context, job.mention.text.strip())
    name, data = _transcript_bytes(job, context)
    context.report("reading", f"reading the transcript {name}")
    with context.stopwatch.stage("retrieval"):
        parsed = parse_transcript(data, name=name, max_bytes=context.settings.max_transcript_bytes)
        transcript = _with_people(parsed, job, context, options)
    context.check(job)
    people = len(transcript.speakers)
    context.report("extracting", f"reading {len(transcript.utterances)} utterances of {people} people")
    question = job.mention.text.strip()
    if job.mention.attachments and _is_question(question):
        return answer_about(context, transcript, name, question, check=lambda: context.check(job))
    return _minutes(job, context, transcript, name, options)


def _is_about_kept_minutes(job: Job) -> bool:
    """Return whether there is a question and nothing to write minutes of: then it is about minutes that are kept."""
    text = job.mention.text.strip()
    is_short = not job.mention.attachments and bool(text) and text.count("\n") + 1 < LEAST_PASTED_LINES
    return is_short and not _ORDERS_MINUTES.match(text)


def _transcript_bytes(job: Job, context: JobContext) -> tuple[str, bytes]:
    attachments: Sequence[Attachment] = job.mention.attachments
    if len(attachments) > 1:
        raise RequestInvalid(f"job {job.id}: {len(attachments)} files", reply="Give me one transcript at a time.")
    if attachments:
        return attachments[0].name, context.files.read(attachments[0])
    pasted = job.mention.text
    if pasted.count("\n") + 1 >= LEAST_PASTED_LINES:
        return "pasted text", pasted.encode()
    raise RequestInvalid(
        f"job {job.id} has no transcript",
        reply="Attach the meeting's transcript (VTT, SRT, Word, JSON or text), or paste it.",
    )


def _with_people(transcript: Transcript, job: Job, context: JobContext, options: MinutesOptions) -> Transcript:
    """Return the transcript with the names the asker gave, and with references to the people of the workspace."""
    named = name_speakers(transcript, names_given(_request(job)) | options.speakers)
    known = context.people.everybody(job.mention.conversation.tenant)
    return link_people(named, [(f"person:{one.id}", one.name, one.email) for one in known if one.name])


def _is_question(text: str) -> bool:
    return text.endswith("?") and not _ASKS_FOR_MINUTES.search(text)


def _minutes(job: Job, context: JobContext, transcript: Transcript, name: str, options: MinutesOptions) -> JobResult:
    request = _request(job)
    template = choose_template(
        read_templates(context.settings.steward_minutes_templates),
        transcript,
        asked=options.template,
        request=request,
    )
    language = _language(options.language or language_asked_for(request) or job.mention.manner.language)
    written = _written(job, context, transcript, template, language, options.budget_words)
    drafted = written.minutes
    context.check(job)
    lines = len(drafted.summary) + len(drafted.decisions) + len(drafted.action_items) + len(drafted.open_questions)
    context.report("checking", f"checking {lines} lines against what was said", lines=lines)
    with context.stopwatch.stage("validation"):
        problems = validate_minutes(drafted, transcript)
        minutes = repair(drafted, problems) if problems else drafted
    labels = language or (minutes.meeting.spoken or ENGLISH)
    layout = Layout.of(template, labels)
    header = minutes.meeting.model_copy(update={"labels": layout.wording.code, "template": template.name})
    minutes = minutes.model_copy(update={"meeting": header})
    finished = _Finished(minutes, layout, transcript, name, written, (*written.problems, *problems))
    return _result(job, context, finished, options)


def _request(job: Job) -> str:
    """Return the asker's own words: the message beside a file, or the line above a pasted transcript."""
    if job.mention.attachments:
        return job.mention.text
    first = job.mention.text.strip().partition("\n")[0].strip()
    return first if ":" not in first.rstrip(":") else ""


def _language(asked: str | None) -> str | None:
    if asked is not None and asked not in languages():
        known = ", ".join(f"{code} ({one['name']})" for code, one in languages().items())
        raise RequestInvalid(f"no wording in {asked!r}", reply=f"I can't write minutes in {asked!r}. I know {known}.")
    return asked


@dataclass(frozen=True)
class _Written:
    """What came of writing, before the last check. `reader` is None where no model was asked."""

    minutes: Minutes
    problems: tuple[Problem, ...] = ()
    reader: MeetingReader | None = None


def _written(
    job: Job,
    context: JobContext,
    transcript: Transcript,
    template: Template,
    language: str | None,
    budget_words: int | None,
) -> _Written:
    """Return the minutes by the catalogue's model, or by the extractive engine where there is none."""
    words = budget_words or max(
        template.summary_words or BUDGET_WORDS, transcript.words_kept // WORDS_PER_BUDGET_WORD
    )
    if not context.models.entry(context.models.default()).is_offline:
        spoken = header_of_meeting(transcript, language=None, engine="").language
        chosen = language or (spoken if spoken in languages() else ENGLISH)
        wishes = Wishes(wording_in(chosen)["name"], words, template.wishes)
        made = minutes_by_model(job, context, transcript, language=chosen, wishes=wishes)
        return _Written(made.minutes, made.problems, made.reader)

    def watch(part: int, of: int) -> None:
        context.check(job)
        context.report("extracting", f"working through the meeting, part {part} of {of}", part=part, parts=of)

    with context.stopwatch.stage("model"):  # the extractive engine stands where a model would
        return _Written(extract_minutes(transcript, language=language, budget_words=words, watch=watch))


@dataclass(frozen=True)
class _Finished:
    """Checked minutes, and what they were made from."""

    minutes: Minutes
    layout: Layout
    transcript: Transcript
    name: str  # of the file
    written: _Written
    problems: tuple[Problem, ...]  # all that were found on the way; mended since


def _result(job: Job, context: JobContext, finished: _Finished, options: MinutesOptions) -> JobResult:
    minutes, transcript, written = numbered(finished.minutes), finished.transcript, finished.written
    shown = Shown(job.id, minutes, finished.layout, finished.name, urls_of(transcript))
    checks = _checks(finished.problems, transcript)
    is_repaired = bool(finished.problems)
    if written.reader is None:
        receipt = extraction_receipt(context, checks, repaired=is_repaired)
    else:
        receipt = written.reader.receipt(checks=checks, repaired=is_repaired)
    platform = job.mention.conversation.platform
    actions, hints = naming(transcript, platform, finished.layout.wording)
    if (spoken_in := minutes.meeting.spoken) not in (None, *languages()):
        hints.append(f"Headings and remarks are in English: I don't have them in “{spoken_in}”.")
    presented = present(context, shown, options.formats, platform, notices=hints, actions=actions)
    warnings = [*(one.text for one in transcript.warnings), *(one.text for one in minutes.warnings)]
    return JobResult(
        outcome="answered",
        answer=presented.answer,
        claims=presented.claims,
        warnings=(*warnings, *presented.untold),
        result=minutes.model_dump(mode="json"),
        receipt=receipt,
        reply=presented.reply,
        minutes=MinutesChange(
            minutes=minutes,
            document=finished.name,
            terms=terms_of(minutes, spoken := spoken_lines(transcript)),
            spoken=spoken,
        ),
    )


def _checks(problems: Sequence[Problem], transcript: Transcript) -> tuple[Check, ...]:
    """Return what was found before the repair; a failed check was mended or dropped, and is told."""
    counts = Counter(problem.code for problem in problems)
    found = tuple(Check(name=code, passed=False, detail=f"{count} lines") for code, count in sorted(counts.items()))
    kept = transcript.words_read == transcript.words_kept
    words = Check(
        name="words_kept", passed=kept, detail=f"{transcript.words_kept} of {transcript.words_read} spoken words read"
    )
    return (*(found or (Check(name="lines_supported", passed=True),)), words)
