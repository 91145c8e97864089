"""The figures of the operations pages: how much was asked, how well and how fast it was answered. Read-only.

Percentiles are nearest-rank over the receipts of the window, counted in the database, so that a busy week costs
a few sorted numbers and never the receipts themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from assistant.storage.database import reading
from assistant.storage.job_views import JobView, view_jobs
from assistant.storage.tables.answers import feedback, receipts, results
from assistant.storage.tables.documents import chunks, document_versions, documents
from assistant.storage.tables.drafts import drafts
from assistant.storage.tables.ledger import jobs, workers
from assistant.storage.tables.people import people

STAGES: Final = ("queue", "retrieval", "model", "validation", "delivery", "total")
LIVE_WORKER_SECONDS: Final = 30.0  # a worker that was not seen for so long is shown as gone


@dataclass(frozen=True, slots=True)
class StageLatency:
    """Milliseconds of one stage over the answers of the window."""

    stage: str
    median_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What one model did in the window. `cost_usd` counts answers of known price, `unpriced` the others."""

    model: str
    answers: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The window in figures. Jobs are counted by when they were asked."""

    questions: int
    answered: int
    refused: int
    failed: int
    cancelled: int
    open: int  # queued, running or waiting
    thumbs_up: int
    thumbs_down: int
    answers_with_failed_checks: int
    latency: tuple[StageLatency, ...]  # empty: nothing was answered
    models: tuple[ModelCost, ...]
    error_codes: Mapping[str, int]
    sent_drafts: int = 0  # e-mail drafts sent after approval
    sent_untouched: int = 0  # of them: word for word as first drafted
    sent_similarity: float | None = None  # mean share of the first draft's words in what was sent; None: none sent


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job in a list."""

    id: Any
    kind: str
    state: str
    outcome: str | None
    asker: str
    question: str
    created_at: datetime
    total_ms: float | None
    checks_failed: int | None
    verdict: str | None
    error_code: str | None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One document in a list, by the version that is searched."""

    space: str
    path: str
    title: str
    version: str | None
    effective_from: date | None
    owner: str | None
    status: str
    allow: tuple[str, ...]
    chunks: int
    warnings: int
    ingested_at: datetime | None


@dataclass(frozen=True, slots=True)
class LaneState:
    """One lane of the queue now."""

    lane: str
    queued: int
    running: int
    oldest_queued_at: datetime | None


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker process as it last reported."""

    id: str
    lanes: tuple[str, ...]
    slots: int
    started_at: datetime
    seen_at: datetime
    is_alive: bool


@dataclass(frozen=True, slots=True)
class FeedbackLine:
    """One verdict in a list."""

    job_id: Any
    person: str
    verdict: str
    reason: str | None
    correction: str | None
    question: str
    updated_at: datetime


class QualityStore:
    """Reads figures and lists for operators. Every method is one read-only look at the database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def overview(self, since: datetime) -> Overview:
        """Return the figures of all jobs asked at or after `since` (aware)."""
        with reading(self._engine) as connection:
            states = _counts(connection, jobs.c.state, jobs.c.created_at >= since)
            outcomes = _counts(connection, receipts.c.outcome, *_in_window(since))
            thumbs = _counts(connection, feedback.c.verdict, feedback.c.updated_at >= since)
            errors = _counts(connection, jobs.c.error_code, jobs.c.created_at >= since, jobs.c.state == "failed")
            failed_checks = connection.execute(
                sa.select(sa.func.count())
                .select_from(receipts.join(jobs))
                .where(*_in_window(since), receipts.c.checks_failed > 0)
            ).scalar_one()
            latency = _latency(connection, since)
            models = _models(connection, since)
            sent = _sent_drafts(connection, since)
        return Overview(
            questions=sum(states.values()),
            answered=outcomes.get("answered", 0),
            refused=outcomes.get("refused", 0),
            failed=states.get("failed", 0),
            cancelled=states.get("cancelled", 0),
            open=sum(states.get(state, 0) for state in ("queued", "running", "waiting_for_approval")),
            thumbs_up=thumbs.get("up", 0),
            thumbs_down=thumbs.get("down", 0),
            answers_with_failed_checks=int(failed_checks),
            latency=latency,
            models=models,
            error_codes=errors,
            sent_drafts=sent.drafts,
            sent_untouched=sent.untouched,
            sent_similarity=sent.similarity,
        )

    def jobs(
        self, *, limit: int = 100, kind: str | None = None, state: str | None = None, words: str | None = None
    ) -> list[JobLine]:
        """Return the latest jobs, newest first, narrowed by kind, state (or outcome) and words of the question.

        `state` may also be "answered", "refused" or "down" (answers with a thumb down). Case of words doesn't count.
        """
        verdict = sa.select(sa.func.min(feedback.c.verdict)).where(feedback.c.job_id == jobs.c.id).scalar_subquery()
        question = jobs.c.mention["text"].as_string()
        statement = (
            sa.select(
                jobs.c.id,
                jobs.c.kind,
                jobs.c.state,
                results.c.outcome,
                sa.func.coalesce(people.c.name, jobs.c.person_id).label("asker"),
                question.label("question"),
                jobs.c.created_at,
                receipts.c.total_ms,
                receipts.c.checks_failed,
                verdict.label("verdict"),
                jobs.c.error_code,
            )
            .select_from(
                jobs.outerjoin(results, results.c.job_id == jobs.c.id)
                .outerjoin(receipts, receipts.c.job_id == jobs.c.id)
                .outerjoin(people, (people.c.tenant == jobs.c.tenant) & (people.c.id == jobs.c.person_id))
            )
            .order_by(jobs.c.created_at.desc())
            .limit(limit)
        )
        if kind:
            statement = statement.where(jobs.c.kind == kind)
        if state in ("answered", "refused"):
            statement = statement.where(results.c.outcome == state)
        elif state == "down":
            statement = statement.where(verdict == "down")
        elif state:
            statement = statement.where(jobs.c.state == state)
        if words:
            statement = statement.where(sa.func.lower(question).contains(words.lower(), autoescape=True))
        with reading(self._engine) as connection:
            return [JobLine(*row) for row in connection.execute(statement)]

    def job(self, job_id: Any) -> JobView:
        """Return one job with its whole story.

        Raises:
            NothingFound: there is no such job.
        """
        with reading(self._engine) as connection:
            return view_jobs(connection, [job_id])[0]

    def feedback_on(self, job_id: Any) -> list[FeedbackLine]:
        """Return the verdicts on one job."""
        return self._feedback(feedback.c.job_id == job_id, limit=50)

    def feedback(self, *, limit: int = 100, verdict: str | None = None) -> list[FeedbackLine]:
        """Return the latest verdicts, newest first."""
        return self._feedback(feedback.c.verdict == verdict if verdict else sa.true(), limit=limit)

    def _feedback(self, which: sa.ColumnElement[bool], *, limit: int) -> list[FeedbackLine]:
        statement = (
            sa.select(
                feedback.c.job_id,
                sa.func.coalesce(people.c.name, feedback.c.person_id),
                feedback.c.verdict,
                feedback.c.reason,
                feedback.c.correction,
                jobs.c.mention["text"].as_string(),
                feedback.c.updated_at,
            )
            .select_from(
                feedback.join(jobs).outerjoin(
                    people, (people.c.tenant == jobs.c.tenant) & (people.c.id == feedback.c.person_id)
                )
            )
            .where(which)
            .order_by(feedback.c.updated_at.desc())
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [FeedbackLine(*row) for row in connection.execute(statement)]

    def documents(self) -> list[DocumentLine]:
        """Return all documents that are there, by space and path."""
        pieces = (
            sa.select(sa.func.count())
            .where(chunks.c.version_id == documents.c.version_id, chunks.c.live)
            .scalar_subquery()
        )
        statement = (
            sa.select(
                documents.c.space,
                documents.c.path,
                documents.c.title,
                document_versions.c.label,
                document_versions.c.effective_from,
                documents.c.owner,
                documents.c.status,
                documents.c.allow,
                pieces,
                document_versions.c.warnings,
                document_versions.c.ingested_at,
            )
            .select_from(documents.outerjoin(document_versions, document_versions.c.id == documents.c.version_id))
            .where(documents.c.deleted_at.is_(None))
            .order_by(documents.c.space, documents.c.path)
        )
        with reading(self._engine) as connection:
            return [_document(row) for row in connection.execute(statement)]

    def queue(self) -> list[LaneState]:
        """Return the lanes that have work, by name."""
        queued = sa.case((jobs.c.state == "queued", 1), else_=0)
        oldest = sa.func.min(sa.case((jobs.c.state == "queued", jobs.c.created_at)))
        statement = (
            sa.select(
                jobs.c.lane, sa.func.sum(queued), sa.func.count(), sa.type_coerce(oldest, jobs.c.created_at.type)
            )
            .where(jobs.c.state.in_(("queued", "running")))
            .group_by(jobs.c.lane)
            .order_by(jobs.c.lane)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(statement).all()
        return [LaneState(lane, int(waiting), int(count) - int(waiting), at) for lane, waiting, count, at in rows]

    def workers(self, *, now: datetime) -> list[WorkerState]:
        """Return the workers seen in the last hour; `now` (aware) decides which are alive."""
        statement = (
            sa.select(workers.c.id, workers.c.lanes, workers.c.slots, workers.c.started_at, workers.c.seen_at)
            .where(workers.c.seen_at > now - timedelta(hours=1))
            .order_by(workers.c.started_at.desc())
        )
        with reading(self._engine) as connection:
            rows = connection.execute(statement).all()
        alive_since = now - timedelta(seconds=LIVE_WORKER_SECONDS)
        return [
            WorkerState(row.id, tuple(row.lanes), row.slots, row.started_at, row.seen_at, row.seen_at > alive_since)
            for row in rows
        ]


def _in_window(since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (receipts.c.job_id == jobs.c.id, jobs.c.created_at >= since)


def _counts(connection: sa.Connection, column: sa.Column[Any], *where: sa.ColumnElement[bool]) -> dict[str, int]:
    statement = sa.select(column, sa.func.count()).where(*where, column.is_not(None)).group_by(column)
    return {value: int(count) for value, count in connection.execute(statement)}


def _latency(connection: sa.Connection, since: datetime) -> tuple[StageLatency, ...]:
    count = connection.execute(
        sa.select(sa.func.count()).select_from(receipts.join(jobs)).where(*_in_window(since))
    ).scalar_one()
    if not count:
        return ()
    stages = []
    for stage in STAGES:
        column = receipts.c[f"{stage}_ms"]
        ordered = sa.select(column).select_from(receipts.join(jobs)).where(*_in_window(since)).order_by(column)
        median, p95 = (
            connection.execute(ordered.offset(nearest_rank(share, int(count)) - 1).limit(1)).scalar_one()
            for share in (0.5, 0.95)
        )
        stages.append(StageLatency(stage, float(median), float(p95)))
    return tuple(stages)


def nearest_rank(share: float, count: int) -> int:
    """Return the rank, counted from 1, of the percentile (`share` between 0 and 1) among `count` sorted values."""
    return max(1, -(-int(share * 100) * count // 100))


def _models(connection: sa.Connection, since: datetime) -> tuple[ModelCost, ...]:
    unpriced = sa.func.sum(sa.case((receipts.c.cost_usd.is_(None), 1), else_=0))
    statement = (
        sa.select(
            receipts.c.model,
            sa.func.count(),
            sa.func.sum(receipts.c.input_tokens),
            sa.func.sum(receipts.c.output_tokens),
            sa.func.coalesce(sa.func.sum(receipts.c.cost_usd), 0.0),
            unpriced,
        )
        .select_from(receipts.join(jobs))
        .where(*_in_window(since))
        .group_by(receipts.c.model)
        .order_by(sa.func.count().desc())
    )
    return tuple(
        ModelCost(model, int(count), int(tokens_in), int(tokens_out), float(cost), int(without))
        for model, count, tokens_in, tokens_out, cost, without in connection.execute(statement)
    )


@dataclass(frozen=True, slots=True)
class _SentDrafts:
    drafts: int
    untouched: int
    similarity: float | None


def _sent_drafts(connection: sa.Connection, since: datetime) -> _SentDrafts:
    """Count the drafts of the window's jobs whose sent text is known."""
    close = drafts.c.sent_similarity
    count, untouched, mean = connection.execute(
        sa.select(sa.func.count(), sa.func.sum(sa.case((close >= 1, 1), else_=0)), sa.func.avg(close))
        .select_from(drafts.join(jobs))
        .where(jobs.c.created_at >= since, close.is_not(None))
    ).one()
    return _SentDrafts(int(count), int(untouched or 0), None if mean is None else float(mean))


def _document(row: Any) -> DocumentLine:
    space, path, title, label, effective_from, owner, status, allow, pieces, warnings, ingested_at = row
    return DocumentLine(
        space,
        path,
        title,
        label,
        effective_from,
        owner,
        status,
        tuple(allow),
        int(pieces),
        len(warnings or ()),
        ingested_at,
    )
