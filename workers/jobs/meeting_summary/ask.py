"""Answer a question about one meeting with what was said in it, cited with speaker, time and link."""

from __future__ import annotations

from collections.abc import Callable

from assistant.errors import NothingFound
from assistant.jobs import Check, Claim, JobResult, Receipt
from assistant.replies import Notice, Reply
from workers.by_rules import receipt_by_rules
from workers.context import JobContext
from workers.jobs.meeting_summary.extract_answer import answer_from_meeting
from workers.jobs.meeting_summary.recall import urls_of
from workers.jobs.meeting_summary.reply import Sources, render_answer
from workers.transcripts.transcript import Transcript

RULES_VERSION = "meeting_summary@extractive-1"
NOTHING_SAID = "I found nothing about that in this meeting."


def answer_about(
    context: JobContext, transcript: Transcript, name: str, question: str, *, check: Callable[[], None]
) -> JobResult:
    """Return the lines of the meeting that answer the question; `check` stops the job when it is to stop."""
    with context.stopwatch.stage("model"):
        lines = answer_from_meeting(transcript, question)
    check()
    if not lines:
        return nothing_found(context, question, NOTHING_SAID)
    sources = Sources(name, transcript.title or name, urls_of(transcript), transcript.began_at)
    claims = tuple(Claim(text=line.text, citations=sources.of(line.evidence)) for line in lines)
    reply = render_answer(lines, sources)
    return JobResult(
        outcome="answered",
        answer=reply.text,
        claims=claims,
        result={"version": 1, "question": question, "lines": [line.model_dump(mode="json") for line in lines]},
        receipt=extraction_receipt(context, (Check(name="quotes_verbatim", passed=True),), repaired=False),
        reply=reply,
    )


def nothing_found(context: JobContext, question: str, words: str) -> JobResult:
    """Return the refusal: we looked, and nothing is there."""
    return JobResult(
        outcome="refused",
        answer=words,
        refusal_reason=NothingFound.code,
        result={"version": 1, "question": question, "lines": []},
        receipt=extraction_receipt(context, (), repaired=False),
        reply=Reply(text=words, blocks=(Notice(level="refusal", text=words),), wants_feedback=True),
    )


def extraction_receipt(context: JobContext, checks: tuple[Check, ...], *, repaired: bool) -> Receipt:
    """Return the receipt of an answer by the extractive engine."""
    stages = {"parse_transcript": "retrieval", "extract": "model", "check_lines": "validation"}
    return receipt_by_rules(context, version=RULES_VERSION, checks=checks, stages=stages, repaired=repaired)
