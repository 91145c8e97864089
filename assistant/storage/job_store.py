"""The ledger: every question is a row here before anyone is told it was taken, and stays until it is answered.

Four rules keep anything from being lost or answered twice, whatever the broker, the workers or the network do
(docs/decisions/0002-ledger.md):

1. `accept` writes event claim, conversation, turn, job and placeholder in one commit; the platform is
   acknowledged after it.
2. `claim` takes a job with a lease and a token; a worker that falls silent loses the lease (job_repair.py).
3. `finish` writes result, receipt, turn, outbox and state in one commit, if the token is still the job's.
4. The outbox holds what the one message of a job should say now; delivery makes the platform say it.

Taking in is spelt out in job_acceptance.py, which job comes next in job_claims.py, and what others may see
of a job in job_views.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from assistant.errors import Cancelled, StewardError
from assistant.job_kinds import JobKind
from assistant.jobs import DraftChange, Job, JobResult, Step
from assistant.mail.draft import DraftStatus
from assistant.mentions import ConversationKey, Mention
from assistant.minutes.kept import MinutesChange
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage import job_claims
from assistant.storage.database import reading, writing, writing_once
from assistant.storage.draft_orders import give_up_order, keep_change, mark
from assistant.storage.job_acceptance import CLAIM_EVENT, PUT_TURN, Acceptance, Accepted
from assistant.storage.job_views import JobView, recent_jobs, view_job, view_jobs
from assistant.storage.minutes_rows import keep_minutes, stand_by
from assistant.storage.statements import Batch, Statement, json_of, json_text, plain_text

__all__ = ["Accepted", "JobStore", "JobView", "Pulse"]


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a heartbeat brought back about the jobs a worker holds, by token."""

    lost: frozenset[str]  # another worker holds them now, or they are over
    cancelled: frozenset[str]  # the asker wants them stopped


_LAST_KIND = Statement(
    """
    SELECT j.kind FROM jobs j JOIN conversations c ON c.id = j.conversation_id
    WHERE c.platform = :platform AND c.tenant = :tenant AND c.channel = :channel AND c.thread = :thread
    ORDER BY j.created_at DESC LIMIT 1
    """
)
_OF_EVENT = Statement(
    "SELECT job_id FROM event_claims WHERE event_key = :event_key AND job_id IS NOT NULL", returns="job_id"
)
_READY = """
    SELECT 1 FROM jobs WHERE state = 'queued' AND lane {among} AND run_at <= @now AND deadline_at > @now LIMIT 1
"""
_QUEUED = Statement(
    _READY.format(among="= ANY(:lanes)"), sqlite=_READY.format(among="IN (SELECT value FROM json_each(:lanes))")
)
_MINE = "state = 'running' AND owner = :owner AND {tokens}"
_MINE_ON_POSTGRESQL = _MINE.format(tokens="token = ANY(:tokens)")
_MINE_ON_SQLITE = _MINE.format(tokens="token IN (SELECT value FROM json_each(:tokens))")
_EXTENDING = """
    UPDATE jobs SET lease_until = @in(:lease_seconds) WHERE {mine} RETURNING token, cancel_requested
"""
_LOOKING = "SELECT token, cancel_requested FROM jobs WHERE {mine}"
_EXTEND = Statement(
    _EXTENDING.format(mine=_MINE_ON_POSTGRESQL),
    sqlite=_EXTENDING.format(mine=_MINE_ON_SQLITE),
    returns="cancel_requested",
)
_LOOK = Statement(
    _LOOKING.format(mine=_MINE_ON_POSTGRESQL),
    sqlite=_LOOKING.format(mine=_MINE_ON_SQLITE),
    returns="cancel_requested",
)
_ENDING = """
    UPDATE jobs SET state = :state, token = NULL, lease_until = NULL, finished_at = @now,
           error_code = :error_code, error_message = :error_message
    WHERE id = :job_id AND token = :token AND state = 'running'
"""
_END = Statement(_ENDING)
# While an approval is awaited nobody works on the job: no lease, and a deadline of days.
_AWAIT = Statement(
    """
    UPDATE jobs SET state = 'waiting_for_approval', token = NULL, lease_until = NULL, finished_at = @now,
           deadline_at = @in(:approval_seconds), cancel_requested = :no, error_code = NULL, error_message = NULL
    WHERE id = :job_id AND token = :token AND state = 'running'
    """
)
# After an order that came to nothing: waiting again, if there is something left to approve.
AWAIT_AGAIN = Statement(
    """
    UPDATE jobs SET state = CASE WHEN EXISTS (
               SELECT 1 FROM drafts d WHERE d.job_id = jobs.id AND d.status IN ('draft', 'saved')
               AND @text(d.offers) <> '[]') THEN 'waiting_for_approval' ELSE 'succeeded' END,
           token = NULL, lease_until = NULL, finished_at = @now,
           deadline_at = @in(:approval_seconds), cancel_requested = :no
    WHERE id = :job_id AND state IN ('queued', 'failed', 'cancelled')
    """
)
_SAY = "UPDATE outbox SET reply = @json(:reply), revision = revision + 1, next_at = @now WHERE job_id = :job_id"
_SAY_IF = f"{_SAY} AND @if_changed"
_FORGET_PROGRESS = "DELETE FROM job_progress WHERE job_id = :job_id AND @if_changed"
_PUT_RESULT = """
    INSERT INTO results (job_id, outcome, answer, claims, refusal_reason, warnings, result, reply, created_at)
    SELECT :job_id, :outcome, :answer, @json(:claims), :refusal_reason, @json(:warnings), @json(:result),
           @json(:reply), @now
    WHERE @if_changed
    ON CONFLICT (job_id) DO UPDATE SET outcome = excluded.outcome, answer = excluded.answer,
        claims = excluded.claims, warnings = excluded.warnings, result = excluded.result, reply = excluded.reply
"""
_PUT_RECEIPT = """
    INSERT INTO receipts (job_id, kind, outcome, model, offline, prompt_version, model_calls, tool_calls,
                          input_tokens, output_tokens, cost_usd, queue_ms, retrieval_ms, model_ms, validation_ms,
                          total_ms, checks_failed, receipt, created_at)
    SELECT :job_id, :kind, :outcome, :model, :offline, :prompt_version, :model_calls, :tool_calls,
           :input_tokens, :output_tokens, :cost_usd, :queue_ms, :retrieval_ms, :model_ms, :validation_ms,
           :total_ms, :checks_failed, @json(:receipt), @now
    WHERE @if_changed
    ON CONFLICT (job_id) DO UPDATE SET model = excluded.model, offline = excluded.offline,
        prompt_version = excluded.prompt_version, checks_failed = excluded.checks_failed, receipt = excluded.receipt,
        model_calls = receipts.model_calls + excluded.model_calls,
        tool_calls = receipts.tool_calls + excluded.tool_calls,
        input_tokens = receipts.input_tokens + excluded.input_tokens,
        output_tokens = receipts.output_tokens + excluded.output_tokens,
        cost_usd = coalesce(receipts.cost_usd + excluded.cost_usd, receipts.cost_usd, excluded.cost_usd)
"""
SAY = Statement(_SAY)
_CORRECT_RESULT = Batch(result=_PUT_RESULT)
_SAY_LAST = Batch(say=_SAY_IF, forget_progress=_FORGET_PROGRESS)
_ANSWERING = {
    "result": _PUT_RESULT,
    "receipt": _PUT_RECEIPT,
    "turn": PUT_TURN,
    "say": _SAY_IF,
    "forget_progress": _FORGET_PROGRESS,
}
_ANSWER = Batch(**_ANSWERING)
_END_WITH_ANSWER = Batch(_ENDING, **_ANSWERING)
_RETRY = Statement(
    """
    UPDATE jobs SET state = 'queued', token = NULL, owner = NULL, lease_until = NULL, run_at = @in(:seconds),
           error_code = :error_code, error_message = :error_message, attempt = attempt - :uncounted
    WHERE id = :job_id AND token = :token AND state = 'running'
    """
)
_HAND_BACK = Statement(
    """
    UPDATE jobs SET state = 'queued', token = NULL, owner = NULL, lease_until = NULL, run_at = @now,
           attempt = attempt - 1
    WHERE id = :job_id AND token = :token AND state = 'running'
    """
)
_CANCEL_QUEUED = Statement(
    """
    UPDATE jobs SET state = 'cancelled', finished_at = @now, error_code = 'cancelled', error_message = :message
    WHERE id = :job_id AND state IN ('queued', 'waiting_for_approval')
    """
)
_CANCEL_RUNNING = Statement(
    "UPDATE jobs SET cancel_requested = :yes, error_message = :message WHERE id = :job_id AND state = 'running'"
)
_PUT_STEP = Statement(
    "INSERT INTO job_steps (job_id, name, text, fields, at) VALUES (:job_id, :name, :text, @json(:fields), @now)"
)
_PUT_PROGRESS = Statement(
    """
    INSERT INTO job_progress (job_id, text, updated_at) VALUES (:job_id, :text, @now)
    ON CONFLICT (job_id) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at
    """
)


class JobStore:
    """The ledger in one database. Safe to share between threads; never across a fork."""

    def __init__(self, engine: sa.Engine, settings: Settings) -> None:
        self.engine = engine
        self._settings = settings
        self._served = ("", "", "")  # tenant, channel and person of the last claim: the next starts behind them
        self.saw_others = False  # the last claim had more than one job to choose from, so that another is worth it
        self._acceptance = Acceptance(engine, settings)

    # -------------------------------------------------------------- taking a question in
    def accept(
        self, mention: Mention, kind: JobKind, placeholder: Reply, *, delivery_token: str | None = None
    ) -> Accepted:
        """Write the question down, once: event claim, conversation, turn, job and placeholder in one commit.

        A mention whose event key was seen before changes nothing and returns the job it has. With a
        `delivery_token` the placeholder is the caller's to deliver at once, under a lease with that token.

        Raises:
            RequestInvalid: this person's, or this workspace's, queue is full; nothing was kept.
            DependencyUnavailable: the database can't be reached; nothing was kept.
            StorageFull: the disk is full; nothing was kept.
        """
        return self._acceptance.accept(mention, kind, placeholder, delivery_token)

    def claim_event(self, event_key: str) -> bool:
        """Return True the first time, and only then, for an event that makes no job (a button, an install)."""
        with writing_once(self.engine) as connection:
            return bool(CLAIM_EVENT(connection, event_key=event_key, job_id=None).rowcount)

    # -------------------------------------------------------------- running it
    def claim(self, lanes: Sequence[str], *, owner: str, only: UUID | None = None) -> Job | None:
        """Take the job whose turn it is in these lanes (or the one named), or return None when there is none.

        The lease lasts `job_lease_seconds`; keep it with `heartbeat`.
        """
        token = uuid4().hex
        taking = {"token": token, "owner": owner, "lease_seconds": self._settings.job_lease_seconds}
        with writing_once(self.engine, flushes=False) as connection:  # job_claims.py says why
            if only is not None:
                row = job_claims.CLAIM_ONE(connection, job_id=only, **taking).first()
            else:
                after_tenant, after_channel, after_person = self._served
                row = job_claims.CLAIM_NEXT(
                    connection,
                    lanes=json.dumps(list(lanes)),
                    after_tenant=after_tenant,
                    after_channel=after_channel,
                    after_person=after_person,
                    askers=job_claims.ASKERS,
                    channels=job_claims.CHANNELS,
                    workspaces=job_claims.WORKSPACES,
                    heads=job_claims.HEADS,
                    cap=self._settings.per_person_running,
                    **taking,
                ).first()
        if row is None:
            self.saw_others = False
            return None
        if only is None:
            self._served = (row.tenant, row.channel, row.person_id)
            self.saw_others = row.candidates > 1
        return Job(
            id=row.job_id,
            kind=row.kind,
            lane=row.lane,
            mention=Mention.model_validate_json(row.mention),
            conversation_id=row.conversation_id,
            attempt=row.attempt,
            token=token,
            created_at=row.created_at,
            started_at=row.started_at,
            deadline_at=row.deadline_at,
        )

    def has_queued(self, lanes: Sequence[str]) -> bool:
        """Return whether any job waits in these lanes: a look that costs less than a claim."""
        with reading(self.engine) as connection:
            return _QUEUED(connection, lanes=self._list(lanes)).first() is not None

    def heartbeat(self, tokens: Iterable[str], *, owner: str, extend: bool = True) -> Pulse:
        """Learn which of these jobs are lost or to be stopped; with `extend`, keep their leases."""
        held = list(tokens)
        if not held:
            return Pulse(frozenset(), frozenset())
        values = {"owner": owner, "tokens": self._list(held)}
        if extend:
            with writing_once(self.engine, flushes=False) as connection:
                rows = _EXTEND(connection, **values, lease_seconds=self._settings.job_lease_seconds).all()
        else:
            with reading(self.engine) as connection:
                rows = _LOOK(connection, **values).all()
        kept = {row.token for row in rows}
        return Pulse(frozenset(held) - kept, frozenset(row.token for row in rows if row.cancel_requested))

    def _list(self, values: Sequence[str]) -> Any:
        return list(values) if self.engine.dialect.name == "postgresql" else json.dumps(list(values))

    def finish(self, job: Job, result: JobResult) -> bool:
        """Keep what came of the job and have it said: one commit. False when the job is no longer this worker's."""
        if result.draft is not None:
            return self._finish_with_draft(job, result, result.draft)
        if result.minutes is not None:
            return self._finish_with_minutes(job, result, result.minutes)
        with writing_once(self.engine) as connection:
            return _END_WITH_ANSWER(
                connection,
                **_kept(job, result),
                token=job.token,
                state="succeeded",
                error_code=None,
                error_message=None,
            )

    def _finish_with_minutes(self, job: Job, result: JobResult, change: MinutesChange) -> bool:
        with writing(self.engine) as connection:
            if not self._end(connection, job, "succeeded"):
                return False
            keep_minutes(connection, job, change)
            if change.is_written:
                _ANSWER(connection, **_kept(job, result))
            else:  # shown anew: receipt and turn stay
                _CORRECT_RESULT(connection, **_kept(job, result))
                _SAY_LAST(connection, job_id=job.id, reply=json_text(result.reply))
        return True

    def _finish_with_draft(self, job: Job, result: JobResult, change: DraftChange) -> bool:
        with writing(self.engine) as connection:
            if not self._end_answered(connection, job, change):
                return False
            keep_change(connection, job, change)
            if change.is_rewritten:
                _ANSWER(connection, **_kept(job, result))
            else:  # the draft's text is as it was: answer, receipt and turn stay
                _SAY_LAST(connection, job_id=job.id, reply=json_text(result.reply))
        return True

    def fail(self, job: Job, error: Exception, reply: Reply) -> bool:
        """End the job without an answer and have `reply` said. A Cancelled error ends it as cancelled.

        A job that was carrying out an order for its draft goes back to waiting, and the asker is told what became
        of the order.
        """
        code = error.code if isinstance(error, StewardError) else "internal"
        state = "cancelled" if isinstance(error, Cancelled) else "failed"
        with writing(self.engine) as connection:
            if not self._end(connection, job, state, code=code, message=_for_operators(error)):
                return False
            said = self._after_order(connection, job.id, reply.text) or reply
            _SAY_LAST(connection, job_id=job.id, reply=json_text(said))
        return True

    def retry_later(self, job: Job, after_seconds: float, error: Exception, *, counted: bool = True) -> bool:
        """Put the job back, not to run before `after_seconds`. False when it is no longer this worker's.

        `counted`: this attempt is one of those the kind allows.
        """
        code = error.code if isinstance(error, StewardError) else "internal"
        with writing_once(self.engine) as connection:
            message = _for_operators(error)
            return bool(
                _RETRY(
                    connection,
                    job_id=job.id,
                    token=job.token,
                    seconds=after_seconds,
                    error_code=code,
                    error_message=message,
                    uncounted=0 if counted else 1,
                ).rowcount
            )

    def hand_back(self, job: Job) -> bool:
        """Put the job back as if it had never been claimed: this worker is shutting down."""
        with writing_once(self.engine) as connection:
            return bool(_HAND_BACK(connection, job_id=job.id, token=job.token).rowcount)

    def _end_answered(self, connection: sa.Connection, job: Job, change: DraftChange) -> bool:
        if not change.awaits_approval:
            return self._end(connection, job, "succeeded")
        return bool(
            _AWAIT(
                connection, job_id=job.id, token=job.token, approval_seconds=self._approval_seconds, no=False
            ).rowcount
        )

    def _after_order(self, connection: sa.Connection, job_id: UUID, why: str) -> Reply | None:
        """Return what stands when something ordered under an answer could not be carried out; None without an order.

        A draft's job waits for the asker again; minutes stand as they were.
        """
        if (minutes := stand_by(connection, job_id, why)) is not None:
            return minutes
        said = give_up_order(connection, job_id, why)
        if said is not None:
            AWAIT_AGAIN(connection, job_id=job_id, approval_seconds=self._approval_seconds, no=False)
        return said

    @property
    def _approval_seconds(self) -> float:
        return self._settings.email_approval_days * 86_400.0

    def _end(
        self, connection: sa.Connection, job: Job, state: str, *, code: str | None = None, message: str | None = None
    ) -> bool:
        return bool(
            _END(
                connection, job_id=job.id, token=job.token, state=state, error_code=code, error_message=message
            ).rowcount
        )

    # -------------------------------------------------------------- on the way
    def cancel(self, job_id: UUID, *, by: str) -> bool:
        """Stop the job: at once while it waits, at its worker's next look while it runs. False when it is over.

        Stopping an order that waits for a worker takes the order back; the draft stays.
        """
        message = f"cancelled by {by}"
        with writing(self.engine) as connection:
            if _CANCEL_QUEUED(connection, job_id=job_id, message=message).rowcount:
                said = self._after_order(connection, job_id, Cancelled.default_reply)
                if said is None:
                    mark(connection, job_id, DraftStatus.DISCARDED)
                    said = Reply(text=Cancelled.default_reply)
                SAY(connection, job_id=job_id, reply=json_text(said))
                return True
            return bool(_CANCEL_RUNNING(connection, job_id=job_id, yes=True, message=message).rowcount)

    def report(self, job_id: UUID, step: Step) -> None:
        """Add a step to the job's story."""
        with writing_once(self.engine) as connection:
            _PUT_STEP(
                connection, job_id=job_id, name=step.name, text=plain_text(step.text), fields=json_of(step.fields)
            )

    def stream(self, job_id: UUID, text: str) -> None:
        """Show the answer as far as it has come; the next call replaces it."""
        with writing_once(self.engine) as connection:
            _PUT_PROGRESS(connection, job_id=job_id, text=plain_text(text))

    # -------------------------------------------------------------- looking
    def view(self, job_id: UUID) -> JobView:
        """Return the job as it stands.

        Raises:
            NothingFound: no job has this id.
        """
        with reading(self.engine) as connection:
            return view_job(connection, job_id)

    def views(self, job_ids: Sequence[UUID]) -> list[JobView]:
        """Return these jobs, in this order."""
        with reading(self.engine) as connection:
            return view_jobs(connection, job_ids)

    def of_event(self, event_key: str) -> UUID | None:
        """Return the job that this event made, or None: it made none, or was never seen."""
        with reading(self.engine) as connection:
            found: UUID | None = _OF_EVENT(connection, event_key=event_key).scalar()
            return found

    def last_kind(self, conversation: ConversationKey) -> str | None:
        """Return the kind of the last job that was asked for in a conversation; None when it had none."""
        with reading(self.engine) as connection:
            kind: str | None = _LAST_KIND(connection, **conversation.model_dump(mode="json")).scalar()
            return kind

    def recent(self, tenant: str, person_id: str, limit: int = 20) -> list[JobView]:
        """Return a person's last jobs, newest first."""
        with reading(self.engine) as connection:
            return recent_jobs(connection, tenant, person_id, limit)


def _kept(job: Job, result: JobResult) -> dict[str, Any]:
    """Return the values of everything that a finished job leaves behind."""
    receipt, latency, answer = result.receipt, result.receipt.latency_ms, plain_text(result.answer)
    return {
        "job_id": job.id,
        "outcome": result.outcome,
        "answer": answer,
        "claims": json_of(result.claims),
        "refusal_reason": result.refusal_reason,
        "warnings": json_of(result.warnings),
        "result": json_of(result.result),
        "reply": json_text(result.reply),
        "kind": job.kind,
        "model": receipt.model,
        "offline": receipt.offline,
        "prompt_version": receipt.prompt_version,
        "model_calls": receipt.model_calls,
        "tool_calls": receipt.tool_calls,
        "input_tokens": receipt.input_tokens,
        "output_tokens": receipt.output_tokens,
        "cost_usd": receipt.cost_usd,
        "queue_ms": latency.queue,
        "retrieval_ms": latency.retrieval,
        "model_ms": latency.model,
        "validation_ms": latency.validation,
        "total_ms": latency.total,
        "checks_failed": sum(not check.passed for check in receipt.checks),
        "receipt": json_text(receipt),
        "conversation_id": job.conversation_id,
        "role": "assistant",
        "turn_of": None,
        "text": answer,
        "attachments": "[]",
    }


def _for_operators(error: Exception) -> str:
    return plain_text(f"{type(error).__name__}: {error}")[:2000]
