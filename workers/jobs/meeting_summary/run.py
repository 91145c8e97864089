"""Write minutes of a transcript, or answer a question about it: read, extract, check, repair, export, reply.

The extractive engine writes them; a model path is not built yet, and the label says so. Nothing that fails its
check is shown as fact: false lines go, invented owners and days are emptied, weak lines are told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from pydantic import BaseModel, ConfigDict, Field

from assistant.errors import NothingFound, RequestInvalid
from assistant.jobs import Check, Claim, Job, JobResult, Receipt
from assistant.mentions import Attachment
from assistant.replies import FileOffer, Notice, Reply
from workers.by_rules import read_options, receipt_by_rules
from workers.context import JobContext
from workers.jobs.meeting_summary.export import to_csv, to_docx, to_ics, to_markdown, to_pdf
from workers.jobs.meeting_summary.extract import extract_minutes
from workers.jobs.meeting_summary.extract_answer import answer_from_meeting
from workers.jobs.meeting_summary.reply import Sources, minutes_claims, minutes_text, render_answer, render_minutes
from workers.jobs.meeting_summary.schema import Minutes
from workers.jobs.meeting_summary.validate import Problem, repair, validate_minutes
from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import Transcript

RULES_VERSION = "meeting_summary@extractive-1"
LEAST_PASTED_LINES = 4  # fewer lines in a message are a question, not a transcript
_ASKS_FOR_MINUTES = re.compile(
    r"\b(?:minutes|summar\w+|recap|notes|protokoll|zusammenfassung|action items|decisions, action)\b", re.IGNORECASE
)


class MinutesOptions(BaseModel):
    """What a modal or a script may ask beside the words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str | None = Field(
        default=None, pattern="^[a-z]{2}$", description="Language of the minutes, two letters; else what was set."
    )
    budget_words: int | None = Field(default=None, ge=40, le=2000, description="Length of the summary.")
    formats: tuple[str, ...] = Field(default=("md", "docx", "ics", "csv"), description="Files to offer.")


def run(job: Job, context: JobContext) -> JobResult:
    """Write the minutes, or answer the question, from the attached or pasted transcript.

    Raises:
        RequestInvalid: there is no transcript, several, or it can't be read (the reply says why).
        Cancelled, BudgetExceeded: as they say.
    """
    options = read_options(job, MinutesOptions)
    name, data = _transcript_bytes(job, context)
    context.report("reading", f"reading the transcript {name}")
    with context.stopwatch.stage("retrieval"):
        transcript = parse_transcript(data, name=name, max_bytes=context.settings.max_transcript_bytes)
    context.check(job)
    people = len(transcript.speakers)
    context.report("extracting", f"reading {len(transcript.utterances)} utterances of {people} people")
    question = job.mention.text.strip()
    if job.mention.attachments and _is_question(question):
        return _answer(job, context, transcript, name, question)
    return _minutes(job, context, transcript, name, options)


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


def _is_question(text: str) -> bool:
    return text.endswith("?") and not _ASKS_FOR_MINUTES.search(text)


def _minutes(job: Job, context: JobContext, transcript: Transcript, name: str, options: MinutesOptions) -> JobResult:
    language = options.language or job.mention.manner.language or "en"
    with context.stopwatch.stage("model"):  # the extractive engine stands where a model would
        drafted = extract_minutes(transcript, language=language, budget_words=options.budget_words)
    context.check(job)
    lines = len(drafted.summary) + len(drafted.decisions) + len(drafted.action_items) + len(drafted.open_questions)
    context.report("checking", f"checking {lines} lines against what was said", lines=lines)
    with context.stopwatch.stage("validation"):
        problems = validate_minutes(drafted, transcript)
        minutes = repair(drafted, problems) if problems else drafted
    sources = Sources(document=name, title=minutes.meeting.title or name, urls=_urls(transcript))
    claims = minutes_claims(minutes, sources)
    files = tuple(_files(minutes, name, options.formats, context))
    receipt = _receipt(context, _checks(problems, transcript), repaired=minutes is not drafted)
    return JobResult(
        outcome="answered",
        answer=minutes_text(minutes),
        claims=claims,
        warnings=(
            *(warning.text for warning in transcript.warnings),
            *(warning.text for warning in minutes.warnings),
        ),
        result=minutes.model_dump(mode="json"),
        receipt=receipt,
        reply=render_minutes(minutes, sources, files),
    )


def _answer(job: Job, context: JobContext, transcript: Transcript, name: str, question: str) -> JobResult:
    with context.stopwatch.stage("model"):
        lines = answer_from_meeting(transcript, question)
    context.check(job)
    sources = Sources(document=name, title=transcript.title or name, urls=_urls(transcript))
    claims = tuple(Claim(text=line.text, citations=sources.of(line.evidence)) for line in lines)
    receipt = _receipt(context, (Check(name="quotes_verbatim", passed=True),) if lines else (), repaired=False)
    result = {"version": 1, "question": question, "lines": [line.model_dump(mode="json") for line in lines]}
    if not lines:
        text = "I found nothing about that in this meeting."
        reply = Reply(text=text, blocks=(Notice(level="refusal", text=text),), wants_feedback=True)
        return JobResult(
            outcome="refused",
            answer=text,
            refusal_reason=NothingFound.code,
            result=result,
            receipt=receipt,
            reply=reply,
        )
    reply = render_answer(lines, sources)
    return JobResult(
        outcome="answered", answer=reply.text, claims=claims, result=result, receipt=receipt, reply=reply
    )


def _urls(transcript: Transcript) -> dict[str, str]:
    return {utterance.id: utterance.url for utterance in transcript.utterances if utterance.url}


def _checks(problems: Sequence[Problem], transcript: Transcript) -> tuple[Check, ...]:
    """Return what was found before the repair; a failed check was mended or dropped, and is told."""
    counts = Counter(problem.code for problem in problems)
    found = tuple(Check(name=code, passed=False, detail=f"{count} lines") for code, count in sorted(counts.items()))
    kept = transcript.words_read == transcript.words_kept
    words = Check(
        name="words_kept", passed=kept, detail=f"{transcript.words_kept} of {transcript.words_read} spoken words read"
    )
    return (*(found or (Check(name="lines_supported", passed=True),)), words)


def _files(minutes: Minutes, name: str, formats: Sequence[str], context: JobContext) -> Iterator[FileOffer]:
    stem = re.sub(r"\.\w+$", "", name).replace("/", "-") or "meeting"
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "md": ("text/markdown", lambda: to_markdown(minutes).encode()),
        "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", lambda: to_docx(minutes)),
        "pdf": ("application/pdf", lambda: to_pdf(minutes)),
        "csv": ("text/csv", lambda: to_csv(minutes).encode()),
    }
    if any(action.due_date for action in minutes.action_items):
        makers["ics"] = ("text/calendar", lambda: to_ics(minutes))
    for suffix in formats:
        if suffix in makers:
            media_type, make = makers[suffix]
            data = make()
            yield FileOffer(
                name=f"{stem}-minutes.{suffix}",
                media_type=media_type,
                blob=context.files.store(data),
                size_bytes=len(data),
            )


def _receipt(context: JobContext, checks: tuple[Check, ...], *, repaired: bool) -> Receipt:
    stages = {"parse_transcript": "retrieval", "extract": "model", "check_lines": "validation"}
    return receipt_by_rules(context, version=RULES_VERSION, checks=checks, stages=stages, repaired=repaired)
