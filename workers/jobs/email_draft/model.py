"""Have a language model word the draft: its subject and text, and nothing else.

Recipients, attachments and thread are decided by rules before (compose.py), so a model can't invent them. What it
writes is held against the same grounds as the templates' drafts; it may correct itself once, and what does not hold
then is thrown away for the templates' draft. Sources are fenced as material.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, Field

from assistant.access import readable_groups
from assistant.errors import BudgetExceeded, ModelOutputInvalid
from assistant.job_kinds import EMAIL_DRAFT
from assistant.jobs import Job, Receipt
from assistant.mail.draft import LANGUAGES, EmailDraft, placeholders_of
from workers.agent import AgentSession, AgentSpec, Budget
from workers.context import JobContext
from workers.jobs.email_draft.checks import Problem, validate_draft, verdicts
from workers.jobs.email_draft.compose import Composed
from workers.jobs.email_draft.fact_sources import REQUEST, with_facts
from workers.jobs.email_draft.offline import one_line
from workers.jobs.email_draft.phrases import closing
from workers.llm.offline import OfflineTurn, ToolRequest
from workers.prompts import read_prompt
from workers.tools.reading import Reading
from workers.validation.injection import strip_invisible

MAX_SUBJECT_CHARS = 200
MAX_BODY_CHARS = 20_000
SOURCE_CHARS = 12_000  # of one source; what is longer is cut, and the model is told


class EmailText(BaseModel):
    """The wording of one e-mail."""

    subject: str = Field(max_length=MAX_SUBJECT_CHARS, description="One line.")
    body: str = Field(max_length=MAX_BODY_CHARS, description="Plain text from the greeting to the sign-off.")


@dataclass(frozen=True)
class Worded:
    """What came of asking the model: a draft that holds, or None, and what it took."""

    composed: Composed | None
    receipt: Receipt
    label: str  # of the model


class _Templates:
    """Answers with the templates' wording where no language model can."""

    def __init__(self, draft: EmailDraft) -> None:
        self._draft = draft

    def next_step(self, turn: OfflineTurn) -> ToolRequest | BaseModel:
        del turn
        return EmailText(subject=self._draft.subject[:MAX_SUBJECT_CHARS], body=self._draft.body[:MAX_BODY_CHARS])


def has_model(context: JobContext) -> bool:
    """Return whether a language model is set up."""
    return not context.models.entry(context.models.default()).is_offline


def word_with_model(job: Job, context: JobContext, composed: Composed) -> Worded:
    """Have the model word the templates' draft anew, and keep it only if it holds.

    Raises:
        Cancelled, DependencyUnavailable, RateLimited: as they say.
    """
    spec = AgentSpec(
        kind=EMAIL_DRAFT.name,
        prompt=read_prompt(Path(__file__).with_name("prompt.md")),
        tools=(),
        answer=EmailText,
        composer=lambda _reading: _Templates(composed.draft),
        budget=Budget(model_calls=5, seconds=EMAIL_DRAFT.run_seconds),
    )
    reading = Reading(knowledge=context.knowledge, groups=readable_groups(job.mention), question=job.mention.text)
    session = AgentSession(spec, job, context, reading=reading)
    repaired, kept = False, None
    problems: tuple[Problem, ...] = ()
    try:
        kept, problems = _checked(job, composed, session.ask((), _request(job, composed)))
        if problems and not session.is_offline:
            context.report("repairing", "correcting the draft", problems=len(problems))
            repaired = True
            kept, problems = _checked(job, composed, session.repair([one.text for one in problems]))
    except (ModelOutputInvalid, BudgetExceeded):
        kept = None
    holds = kept is not None and not problems and not session.is_offline
    receipt = session.receipt(checks=verdicts(problems), repaired=repaired, answered_offline=not holds)
    return Worded(kept if holds else None, receipt, context.models.entry(session.context.alias).label)


def _checked(job: Job, composed: Composed, text: EmailText) -> tuple[Composed, tuple[Problem, ...]]:
    body = text.body.replace("\r\n", "\n").strip()
    subject = one_line(text.subject)
    draft = composed.draft.model_copy(
        update={"subject": subject, "body": body, "placeholders": placeholders_of(subject, body)}
    )
    draft = with_facts(
        draft, [one for one in composed.draft.sources if one.ref == REQUEST], composed.sources, request=composed.words
    )
    problems = [*validate_draft(draft, composed.grounds), *_is_cut(job, body)]
    return replace(composed, draft=draft, problems=problems), tuple(problems)


def _is_cut(job: Job, body: str) -> list[Problem]:
    """Report a text that stops before the asker's name: the model's output ended early."""
    name = _signature(job)
    if not body or (name and not body.endswith(name)):
        return [Problem("facts_supported", "the e-mail stops before its sign-off")]
    return []


def _request(job: Job, composed: Composed) -> str:
    """Return what the model is given: the request and the decisions, then the sources, fenced."""
    draft = composed.draft
    mark = secrets.token_hex(4)
    lines = [
        f"Request: {composed.words}",
        f"To: {', '.join(composed.greeted) or 'not known yet'}",
        f"Language: {LANGUAGES[draft.language]}",
        f"Tone: {draft.tone}",
        f"Length: {draft.length}",
        f"Sign-off: {closing(draft.language, draft.tone)}\n{_signature(job) or '[[your name]]'}",
    ]
    lines += [f"Attached: {one.name}" for one in draft.attachments]
    lines += [
        f"<material {mark}>\n[{source.title}] {_shortened(strip_invisible(source.text))}\n</material {mark}>"
        for source in composed.sources
    ]
    return "\n".join(lines)


def _signature(job: Job) -> str:
    return job.mention.manner.signature or job.mention.asker.name or ""


def _shortened(text: str) -> str:
    return text if len(text) <= SOURCE_CHARS else f"{text[:SOURCE_CHARS]} [cut here]"
