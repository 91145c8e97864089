"""What anyone may see of a job: where it stands, what it said so far, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import AwareDatetime, Field, TypeAdapter

from assistant.errors import NothingFound
from assistant.frozen import Frozen
from assistant.jobs import Claim, JobResult, JobStatus, Receipt, Step
from assistant.mentions import Attachment, ConversationKey, Mention
from assistant.replies import Reply
from assistant.storage.statements import Statement

QUEUE_LOOK = 200  # a position is counted no further than this, so that asking costs the same at any backlog

_JOB = Statement(
    """
    SELECT j.id AS job_id, j.kind, j.lane, j.state, j.conversation_id, j.tenant, j.person_id, j.attempt,
           j.worker_deaths, j.owner, j.cancel_requested, j.created_at, j.started_at, j.finished_at, j.deadline_at,
           j.error_code, j.error_message, @text(j.mention) AS mention,
           @text(o.reply) AS outbox_reply, o.delivered_at,
           p.text AS partial,
           r.outcome, r.answer, @text(r.claims) AS claims, r.refusal_reason, @text(r.warnings) AS warnings,
           @text(r.result) AS result, @text(r.reply) AS reply, @text(c.receipt) AS receipt,
           c.delivery_ms, c.total_ms
    FROM jobs j
    LEFT JOIN outbox o ON o.job_id = j.id
    LEFT JOIN job_progress p ON p.job_id = j.id
    LEFT JOIN results r ON r.job_id = j.id
    LEFT JOIN receipts c ON c.job_id = j.id
    WHERE j.id = :job_id
    """,
    returns="job_id conversation_id created_at started_at finished_at deadline_at delivered_at cancel_requested",
)
_STEPS = Statement(
    "SELECT name, text, @text(fields) AS fields, at FROM job_steps WHERE job_id = :job_id ORDER BY id",
    returns="at",
)
_AHEAD = Statement(
    """
    SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'queued' AND lane = :lane AND created_at < :created_at
                          LIMIT :look) ahead
    """
)
_RECENT = Statement(
    """
    SELECT id AS job_id FROM jobs WHERE tenant = :tenant AND person_id = :person_id
    ORDER BY created_at DESC LIMIT :count
    """,
    returns="job_id",
)
_CLAIMS = TypeAdapter(tuple[Claim, ...])
_WARNINGS = TypeAdapter(tuple[str, ...])
_FIELDS: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class JobView(Frozen):
    """One job as it stands now. `reply` is the last word and None until there is one."""

    id: UUID
    kind: str
    lane: str
    status: JobStatus
    conversation_id: UUID
    conversation: ConversationKey
    tenant: str
    asker_id: str
    question: str
    attachments: tuple[Attachment, ...] = ()
    options: dict[str, Any] = Field(default_factory=dict)
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None  # of the last attempt
    finished_at: AwareDatetime | None = None
    deadline_at: AwareDatetime
    delivered_at: AwareDatetime | None = None
    position: int | None = None  # while queued: how many in its lane came earlier, at most QUEUE_LOOK
    steps: tuple[Step, ...] = ()  # oldest first; queued and started are among them
    partial: str | None = None  # the answer as far as it has come
    reply: Reply | None = None
    result: JobResult | None = None
    error_code: str | None = None
    error_reply: str | None = None  # what the asker was told; set when status is failed
    error_message: str | None = None  # for operators, never for the asker
    attempt: int = 0
    worker_deaths: int = 0
    owner: str | None = None
    cancel_requested: bool = False


def view_job(connection: sa.Connection, job_id: UUID) -> JobView:
    """Return the job as it stands.

    Raises:
        NothingFound: no job has this id.
    """
    row = _JOB(connection, job_id=job_id).mappings().first()
    if row is None:
        raise NothingFound(f"no job {job_id}", reply="I don't know that question any more.")
    status = JobStatus(row["state"])
    mention = Mention.model_validate_json(row["mention"])
    reply = Reply.model_validate_json(row["outbox_reply"]) if row["outbox_reply"] and status.is_answered else None
    return JobView(
        id=row["job_id"],
        kind=row["kind"],
        lane=row["lane"],
        status=status,
        conversation_id=row["conversation_id"],
        conversation=mention.conversation,
        tenant=row["tenant"],
        asker_id=row["person_id"],
        question=mention.text,
        attachments=mention.attachments,
        options=mention.options,
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        deadline_at=row["deadline_at"],
        delivered_at=row["delivered_at"],
        position=_position(connection, row["lane"], row["created_at"]) if status is JobStatus.QUEUED else None,
        steps=_steps(connection, row),
        partial=None if status.is_answered else row["partial"],
        reply=reply,
        result=_result(row) if row["outcome"] else None,
        error_code=row["error_code"],
        error_reply=reply.text if reply and status is JobStatus.FAILED else None,
        error_message=row["error_message"],
        attempt=row["attempt"],
        worker_deaths=row["worker_deaths"],
        owner=row["owner"],
        cancel_requested=row["cancel_requested"],
    )


def recent_jobs(connection: sa.Connection, tenant: str, person_id: str, limit: int) -> list[JobView]:
    """Return the person's last jobs, newest first."""
    ids = _RECENT(connection, tenant=tenant, person_id=person_id, count=limit).scalars().all()
    return view_jobs(connection, ids)


def view_jobs(connection: sa.Connection, job_ids: Sequence[UUID]) -> list[JobView]:
    """Return the jobs in the order of their ids."""
    return [view_job(connection, job_id) for job_id in job_ids]


def _position(connection: sa.Connection, lane: str, created_at: datetime) -> int:
    return int(_AHEAD(connection, lane=lane, created_at=created_at, look=QUEUE_LOOK).scalar_one())


def _steps(connection: sa.Connection, row: sa.RowMapping) -> tuple[Step, ...]:
    steps = [Step(name="queued", text="queued", at=row["created_at"])]
    if row["started_at"]:
        again = f" (attempt {row['attempt']})" if row["attempt"] > 1 else ""
        steps.append(Step(name="started", text=f"started{again}", at=row["started_at"]))
    steps += [
        Step(name=step.name, text=step.text, at=step.at, fields=_FIELDS.validate_json(step.fields))
        for step in _STEPS(connection, job_id=row["job_id"])
    ]
    return tuple(sorted(steps, key=lambda step: step.at))


def _result(row: sa.RowMapping) -> JobResult:
    receipt = Receipt.model_validate_json(row["receipt"])
    latency = receipt.latency_ms.model_copy(update={"delivery": row["delivery_ms"], "total": row["total_ms"]})
    return JobResult(
        outcome=row["outcome"],
        answer=row["answer"],
        claims=_CLAIMS.validate_json(row["claims"]),
        refusal_reason=row["refusal_reason"],
        warnings=_WARNINGS.validate_json(row["warnings"]),
        result=_FIELDS.validate_json(row["result"]),
        receipt=receipt.model_copy(update={"latency_ms": latency}),
        reply=Reply.model_validate_json(row["reply"]),
    )
