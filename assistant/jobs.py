"""Job, the unit of work, and JobResult, what came of it: the second and third of the types that travel."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from assistant.frozen import Stored
from assistant.mail.draft import DraftStatus, EmailDraft
from assistant.mentions import Mention
from assistant.minutes.kept import MinutesChange
from assistant.replies import Citation, Reply


class JobStatus(StrEnum):
    """Where a job stands. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting_for_approval"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True when nothing will change this job any more."""
        return self in (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)

    @property
    def is_answered(self) -> bool:
        """True when the asker has been told: nobody works on it, whether or not the asker may still order more."""
        return self.is_final or self is JobStatus.WAITING


class Job(Stored):
    """One claimed run of one question. `token` fences: only its holder may finish the job."""

    id: UUID
    kind: str
    lane: str
    mention: Mention
    conversation_id: UUID
    attempt: int = Field(ge=1)  # counted from 1
    token: str
    created_at: AwareDatetime
    started_at: AwareDatetime
    deadline_at: AwareDatetime


class Claim(Stored):
    """One statement of an answer with the quotes it rests on."""

    text: str
    citations: tuple[Citation, ...] = ()


class Check(Stored):
    """One verdict of validation, as the receipt shows it."""

    name: str  # e.g. "quotes_verbatim"
    passed: bool
    detail: str = ""


class LatencyMs(Stored):
    """Milliseconds by stage; `total` runs from the question's arrival to the stored answer (then to delivery)."""

    queue: float = 0.0
    retrieval: float = 0.0
    model: float = 0.0
    validation: float = 0.0
    delivery: float = 0.0
    other: float = 0.0  # what is left of the total: parsing, reading files, writing rows
    total: float = 0.0


class Call(Stored):
    """One model call or tool call of a job, in the order they were made."""

    type: Literal["model", "tool"]
    name: str  # the model's or the tool's
    at_ms: float  # since the attempt began
    took_ms: float
    ok: bool = True
    input_tokens: int = 0
    output_tokens: int = 0
    detail: str = ""  # arguments or outcome in a line, without texts of people


class Receipt(Stored):
    """What one answer took and how it was checked; one row a job."""

    model: str  # the catalogue's alias and the provider's name, e.g. "offline" or "strong (openai:gpt-5)"
    offline: bool  # True: extractive, no language model
    prompt_version: str  # name@hash of the prompt file
    model_calls: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tokens_estimated: bool = False  # the server sent no usage, so these are counted from characters
    cost_usd: float | None = None  # None: no price is known for the model
    latency_ms: LatencyMs = LatencyMs()
    checks: tuple[Check, ...] = ()
    repaired: bool = False
    fallback_from: str | None = None  # the alias that failed before this model answered
    evidence: tuple[str, ...] = ()  # chunk ids retrieved, best first
    calls: tuple[Call, ...] = ()


class OrderOutcome(Stored):
    """What came of something the asker ordered for a draft: a rewrite, a save, a sending."""

    order_id: int
    state: Literal["done", "not_done", "unknown"]
    detail: str = ""  # one line, safe to show


class DraftChange(Stored):
    """What a job did to its e-mail draft; it is kept in the same commit as the job's end."""

    draft: EmailDraft  # as it stands now; a revision not seen before becomes one
    offers: tuple[Literal["save", "send"], ...] = ()  # what the asker may order besides a download
    remote_id: str | None = None  # the mail channel's id of the copy in Drafts
    order: OrderOutcome | None = None  # None: nothing was ordered, this is the first writing
    is_rewritten: bool = True  # False: the text is as it was, so answer and receipt stay

    @property
    def awaits_approval(self) -> bool:
        """True while there is something left that only the asker may order."""
        return self.draft.status.is_open and bool(self.offers)

    @property
    def settles(self) -> bool:
        """True when the asker's own word for this text was carried out: it lies in their Drafts, or was sent."""
        is_done = self.order is not None and self.order.state == "done" and not self.is_rewritten
        return is_done and self.draft.status in (DraftStatus.SAVED, DraftStatus.SENT)


class JobResult(Stored):
    """What a handler returns: the outcome for programs, and the reply for people."""

    outcome: Literal["answered", "refused"]
    answer: str  # plain text or Markdown with [n]
    claims: tuple[Claim, ...] = ()
    refusal_reason: str | None = None
    warnings: tuple[str, ...] = ()
    result: dict[str, Any] = Field(default_factory=dict)  # the kind's own structured answer, carrying a version
    receipt: Receipt
    reply: Reply
    draft: DraftChange | None = None  # of an email_draft job; kept in tables of its own
    minutes: MinutesChange | None = None  # of a meeting_summary job; kept in the library


class Step(Stored):
    """Something that happened in a job, in the words of `noun.past_verb`; what the page shows as progress."""

    name: str  # queued, started, searching, reading, checking, answered …
    text: str  # the line a person reads: "reading 6 passages"
    at: AwareDatetime
    fields: dict[str, Any] = Field(default_factory=dict)
