"""Taking a question in: everything that is written before anyone is told it was taken, in one commit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from assistant.errors import RequestInvalid
from assistant.job_kinds import JobKind
from assistant.mentions import Mention
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.database import reading, writing
from assistant.storage.job_views import QUEUE_LOOK
from assistant.storage.outbox_store import LEASE_SECONDS
from assistant.storage.statements import Batch, Statement, json_of, json_text, plain_text

ESTIMATE_SECONDS = 10.0  # how long an estimate of the queue's speed is used before it is counted again
LIVE_WORKER_SECONDS = 15.0  # a worker that has not been seen for so long is not counted on
TITLE_CHARS = 80
FEW_WORDS = 2  # "please": with a file, its name says more
RING_BEHIND = 64  # with so many queued before it, a job rings nobody: theirs woke every idle slot there may be


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a mention: a job of its own, or (a duplicate) the job its event already has."""

    job_id: UUID
    conversation_id: UUID
    duplicate: bool
    position: int  # how many are before it in its lane, counted up to QUEUE_LOOK
    estimate_seconds: float | None  # until it starts; None when there is nothing to judge by

    @property
    def wants_ring(self) -> bool:
        """Whether a worker should be woken for it. Behind many others it is come to by whoever serves the lane.

        In a burst this halves what a broker has to carry. Were more slots idle than RING_BEHIND, the workers' own
        look, once a second, would find it.
        """
        return not self.duplicate and self.position < RING_BEHIND


_CLAIM = """
    INSERT INTO event_claims (event_key, job_id, claimed_at) VALUES (:event_key, :job_id, @now)
    ON CONFLICT DO NOTHING
"""
_PUT_CONVERSATION = """
    INSERT INTO conversations (id, platform, tenant, channel, thread, started_by, title, created_at, updated_at)
    SELECT :conversation_id, :platform, :tenant, :channel, :thread, :person_id, :title, @now, @now WHERE @if_changed
    ON CONFLICT (platform, tenant, channel, thread) DO UPDATE SET updated_at = excluded.updated_at
    RETURNING id AS conversation_id
"""
_LOOK = """
    (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'queued' AND lane = :lane LIMIT :look) a) AS ahead,
    (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'queued' AND lane = :lane AND tenant = :tenant
                           AND person_id = :person_id LIMIT :person_cap) b) AS mine
"""
CLAIM_EVENT = Statement(_CLAIM)
# On PostgreSQL an event is claimed, its conversation found or made, and the queue looked at in one round trip.
_OPEN = Statement(
    f"""
    WITH decides AS ({_CLAIM} RETURNING 1), conversation AS ({_PUT_CONVERSATION})
    SELECT (SELECT conversation_id FROM conversation) AS conversation_id, {_LOOK}
    """  # noqa: S608  the texts above, and nobody's input
)
PUT_CONVERSATION = Statement(_PUT_CONVERSATION.replace("@if_changed", "1 = 1"), returns="conversation_id")
_QUEUE_AHEAD = Statement(f"SELECT {_LOOK}")
_FIRST_OF = Statement(
    """
    SELECT j.id AS job_id, j.conversation_id FROM event_claims e JOIN jobs j ON j.id = e.job_id
    WHERE e.event_key = :event_key
    """,
    returns="job_id conversation_id",
)
_QUEUE_OF_TENANT = Statement(
    """
    SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'queued' AND lane = :lane AND tenant = :tenant
                          LIMIT :tenant_cap) a
    """
)
PUT_TURN = """
    INSERT INTO turns (conversation_id, job_id, role, person_id, text, attachments, created_at)
    SELECT :conversation_id, :job_id, :role, :turn_of, :text, @json(:attachments), @now WHERE @if_changed
"""
PUT_JOB = """
    INSERT INTO jobs (id, event_key, conversation_id, platform, tenant, channel, person_id, kind, lane, priority,
                      mention, state, run_at, deadline_at, created_at)
    VALUES (:job_id, :event_key, :conversation_id, :platform, :tenant, :channel, :person_id, :kind, :lane, :priority,
            @json(:mention), 'queued', @now, @in(:deadline_seconds), @now)
"""
# The placeholder may be born under the lease of the process that takes the question in: it says it at once. Should
# that die before, the lease lapses, and as this counts as a try, whoever comes next looks for the message first.
_PUT_QUESTION = Batch(
    job=PUT_JOB,
    turn=PUT_TURN,
    outbox="""
    INSERT INTO outbox (job_id, platform, target, reply, next_at, token, lease_until, tries)
    VALUES (:job_id, :platform, @json(:target), @json(:reply), @now, :delivery_token, @in(:delivery_lease_seconds),
            :delivery_tries)
    """,
)
_SPEED = Statement(
    """
    SELECT (SELECT avg(busy) FROM (SELECT total_ms - queue_ms AS busy FROM receipts WHERE kind = :kind
                                   ORDER BY created_at DESC LIMIT 50) a) AS busy_ms,
           (SELECT sum(slots) FROM workers WHERE seen_at > @in(:not_before)) AS slots
    """
)


class Acceptance:
    """The ledger's front door."""

    def __init__(self, engine: sa.Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._speed: dict[str, tuple[float, float | None]] = {}  # kind: when counted, seconds a place

    def accept(self, mention: Mention, kind: JobKind, placeholder: Reply, delivery_token: str | None) -> Accepted:
        """Do what `JobStore.accept` says."""
        job_id = uuid4()
        with writing(self._engine) as connection:
            opened = _open(
                connection,
                **_place_of(mention),
                event_key=mention.event_key,
                job_id=job_id,
                conversation_id=uuid4(),
                title=_title_of(mention),
                lane=kind.lane,
                look=QUEUE_LOOK,
                person_cap=self._settings.per_person_queued,
            )
            if opened is None:
                return self._first(connection, mention)
            self._check_room(connection, opened, mention, kind)
            _put_question(
                connection,
                job_id,
                opened.conversation_id,
                mention=mention,
                kind=kind,
                placeholder=placeholder,
                delivery_token=delivery_token,
            )
        estimate = self._estimate_seconds(kind, opened.ahead)
        return Accepted(job_id, opened.conversation_id, False, opened.ahead, estimate)

    def _first(self, connection: sa.Connection, mention: Mention) -> Accepted:
        first = _FIRST_OF(connection, event_key=mention.event_key).first()
        if first is None:  # its job was deleted since
            raise RequestInvalid(f"job of event {mention.event_key} is deleted", reply="I answered that before.")
        return Accepted(first.job_id, first.conversation_id, True, 0, None)

    def _check_room(self, connection: sa.Connection, opened: _Opened, mention: Mention, kind: JobKind) -> None:
        if opened.mine >= self._settings.per_person_queued:
            raise RequestInvalid(
                f"{opened.mine} jobs of one person are queued in {kind.lane}",
                reply=f"You already have {opened.mine} questions waiting. I'll take more once some are answered.",
            )
        if opened.ahead >= QUEUE_LOOK:
            cap, tenant = self._settings.per_tenant_queued, mention.conversation.tenant
            if _QUEUE_OF_TENANT(connection, lane=kind.lane, tenant=tenant, tenant_cap=cap).scalar_one() >= cap:
                raise RequestInvalid(
                    f"{cap} jobs of one workspace are queued in {kind.lane}",
                    reply="Too many questions from your workspace are waiting. Please try again in a few minutes.",
                )

    def _estimate_seconds(self, kind: JobKind, position: int) -> float | None:
        if position == 0:
            return None
        counted_at, seconds = self._speed.get(kind.name, (-ESTIMATE_SECONDS, None))
        if time.monotonic() - counted_at > ESTIMATE_SECONDS:
            with reading(self._engine) as connection:
                busy_ms, slots = tuple(_SPEED(connection, kind=kind.name, not_before=-LIVE_WORKER_SECONDS).one())
            seconds = float(busy_ms) / 1000 / float(slots) if busy_ms and slots else None
            self._speed[kind.name] = (time.monotonic(), seconds)
        return None if seconds is None else round(position * seconds, 1)


@dataclass(frozen=True, slots=True)
class _Opened:
    """An event that is ours to take in: its conversation, and how many are queued before it."""

    conversation_id: UUID
    ahead: int  # in the lane
    mine: int  # of the same person


def _open(connection: sa.Connection, **values: Any) -> _Opened | None:
    """Claim the event, find or make its conversation and look at the queue; None when it was claimed before."""
    if connection.dialect.name == "postgresql":
        row = _OPEN(connection, **values).one()
        return None if row.conversation_id is None else _Opened(row.conversation_id, row.ahead, row.mine)
    if not CLAIM_EVENT(connection, **values).rowcount:
        return None
    conversation_id = PUT_CONVERSATION(connection, **values).scalar_one()
    queue = _QUEUE_AHEAD(connection, **values).one()
    return _Opened(conversation_id, queue.ahead, queue.mine)


def _place_of(mention: Mention) -> dict[str, str]:
    where = mention.conversation
    return {
        "platform": where.platform.value,
        "tenant": where.tenant,
        "channel": where.channel,
        "thread": where.thread,
        "person_id": mention.asker.id,
    }


def _title_of(mention: Mention) -> str | None:
    words = plain_text(mention.text).strip()[:TITLE_CHARS]
    if mention.attachments and len(words.split()) <= FEW_WORDS:
        return plain_text(mention.attachments[0].name)[:TITLE_CHARS]
    return words or None


def _put_question(
    connection: sa.Connection,
    job_id: UUID,
    conversation_id: UUID,
    *,
    mention: Mention,
    kind: JobKind,
    placeholder: Reply,
    delivery_token: str | None,
) -> None:
    _PUT_QUESTION(
        connection,
        job_id=job_id,
        conversation_id=conversation_id,
        **_place_of(mention),
        event_key=mention.event_key,
        kind=kind.name,
        lane=kind.lane,
        priority=5,
        mention=json_text(mention),
        deadline_seconds=kind.deadline_seconds,
        role="user",
        turn_of=mention.asker.id,
        text=plain_text(mention.text),
        attachments=json_of(mention.attachments),
        target=json_of(mention.reply_target),
        reply=json_text(placeholder),
        delivery_token=delivery_token,
        delivery_lease_seconds=None if delivery_token is None else LEASE_SECONDS,
        delivery_tries=0 if delivery_token is None else 1,
    )
