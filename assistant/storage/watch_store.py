"""Keeps watches: questions about logs that are asked again until they expire or are stopped.

A check is a job like any other, without a message: its conversation is one of the watch's own, so nothing shows while
nothing changes. A check that has something to say is moved into the thread it belongs to and gets its message there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from pydantic import TypeAdapter

from assistant.errors import RequestInvalid
from assistant.job_kinds import LOG_INSPECTION
from assistant.jobs import Job
from assistant.mentions import Mention
from assistant.replies import Reply
from assistant.storage.database import reading, writing
from assistant.storage.job_acceptance import CLAIM_EVENT, PUT_CONVERSATION, PUT_JOB
from assistant.storage.statements import Batch, Statement, json_of, json_text

PER_PERSON, PER_CHANNEL = 5, 10  # watches at the same time: each is an inspection every few minutes
NOBODY = "steward:watch"  # who started the conversations of checks; nobody's list shows them
OVERDUE = timedelta(days=1)  # no worker was there when it ended: for so long its end is told all the same
PRIORITY = 7  # behind what people wait for

_COLUMNS = """id, conversation_id, person_id, @text(mention) AS mention, every_seconds, expires_at, checks,
    @text(seen) AS seen, created_at, CASE WHEN @in(every_seconds) >= expires_at THEN 1 ELSE 0 END AS is_last"""
_IS_ACTIVE = "state = 'active' AND expires_at > @now"
_RETURNS = "conversation_id expires_at created_at"
_COUNT = Statement(
    f"""
    SELECT (SELECT count(*) FROM watches WHERE tenant = :tenant AND person_id = :person_id AND {_IS_ACTIVE}) AS own,
           (SELECT count(*) FROM watches WHERE platform = :platform AND tenant = :tenant AND channel = :channel
            AND {_IS_ACTIVE}) AS in_channel
    """  # noqa: S608
)
_PUT = Statement(
    """
    INSERT INTO watches (id, conversation_id, platform, tenant, channel, person_id, mention, every_seconds, next_at,
                         expires_at, seen, created_at)
    VALUES (:watch_id, :conversation_id, :platform, :tenant, :channel, :person_id, @json(:mention), :every_seconds,
            @in(:every_seconds), @in(:lasts_seconds), @json(:seen), @now)
    """
)
_GET = Statement(f"SELECT {_COLUMNS} FROM watches WHERE id = :watch_id", returns=_RETURNS)  # noqa: S608
_STOP = Statement(
    f"""
    UPDATE watches SET state = 'stopped' WHERE conversation_id = :conversation_id AND {_IS_ACTIVE}
    """  # noqa: S608
)
_DUE = Statement(
    f"""
    SELECT {_COLUMNS} FROM watches WHERE state = 'active' AND next_at <= @now AND expires_at > @in(:overdue_seconds)
    ORDER BY next_at LIMIT :count
    """,  # noqa: S608
    returns=_RETURNS,
)
_LAST_OF = Statement(
    f"SELECT {_COLUMNS} FROM watches WHERE conversation_id = :conversation_id ORDER BY created_at DESC LIMIT 1",  # noqa: S608
    returns=_RETURNS,
)
_CHECKED = Statement(
    """
    UPDATE watches SET checks = checks + 1, next_at = @in(:every_seconds), state = :state
    WHERE id = :watch_id AND checks = :checks
    """
)
_PUT_JOB = Statement(PUT_JOB)
_SAW = "UPDATE watches SET seen = @json(:seen) WHERE id = :watch_id"
# On PostgreSQL the parts see the rows as they were: none of them needs what another writes.
_ANNOUNCE = Batch(
    move="UPDATE jobs SET conversation_id = :conversation_id WHERE id = :job_id",
    saw=_SAW,
    outbox="""
    INSERT INTO outbox (job_id, platform, target, reply, next_at)
    VALUES (:job_id, :platform, @json(:target), @json(:reply), @now) ON CONFLICT DO NOTHING
    """,
)
_IS_ANNOUNCED = Statement("SELECT 1 FROM outbox WHERE job_id = :job_id")
_LAST_INSPECTION = Statement(
    """
    SELECT @text(j.mention) AS mention, @text(r.result) AS result FROM jobs j JOIN results r ON r.job_id = j.id
    WHERE j.conversation_id = :conversation_id AND j.kind = :kind AND j.id <> :job_id
      AND @text(r.result) LIKE '%"verdict"%'
    ORDER BY j.created_at DESC LIMIT 1
    """
)
_ANYTHING: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Watch:
    """One watch; `mention` is the question as it was asked."""

    id: str
    conversation_id: UUID
    person_id: str
    mention: Mention
    every: timedelta
    expires_at: datetime
    checks: int  # begun so far
    seen: dict[str, Any]
    lasts: timedelta  # from its start to its end
    is_last: bool  # a check that begins now is the last before it ends


class WatchStore:
    """The watches in one database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def last_inspection(self, job: Job) -> tuple[Mention, dict[str, Any]] | None:
        """Return the last inspection of the job's conversation, as asked and as answered; None without one."""
        with reading(self._engine) as connection:
            row = _LAST_INSPECTION(
                connection, conversation_id=job.conversation_id, kind=LOG_INSPECTION.name, job_id=job.id
            ).first()
        if row is None:
            return None
        return Mention.model_validate_json(row.mention), _ANYTHING.validate_json(row.result)

    def start(self, job: Job, mention: Mention, *, every: timedelta, lasts: timedelta, seen: dict[str, Any]) -> str:
        """Watch the question from now on, in the job's conversation; what it watched before ends. Return its id.

        Raises:
            RequestInvalid: the person or the channel has as many watches as are allowed.
        """
        where, watch_id = job.mention.conversation, uuid4().hex
        place = {"platform": where.platform.value, "tenant": where.tenant, "channel": where.channel}
        with writing(self._engine) as connection:
            _STOP(connection, conversation_id=job.conversation_id)
            own, in_channel = tuple(_COUNT(connection, **place, person_id=job.mention.asker.id).one())
            if own >= PER_PERSON or in_channel >= PER_CHANNEL:
                whose = "You are" if own >= PER_PERSON else "This channel is"
                raise RequestInvalid(
                    f"{own} watches of the person, {in_channel} of the channel",
                    reply=f"{whose} already watching {own if own >= PER_PERSON else in_channel} things. "
                    "Say “stop watching” in one of those threads first.",
                )
            _PUT(
                connection,
                watch_id=watch_id,
                conversation_id=job.conversation_id,
                **place,
                person_id=job.mention.asker.id,
                mention=json_text(mention),
                every_seconds=int(every.total_seconds()),
                lasts_seconds=int(lasts.total_seconds()),
                seen=json_of(seen),
            )
        return watch_id

    def stop(self, conversation_id: UUID) -> int:
        """End the watches of a conversation; return how many were active."""
        with writing(self._engine) as connection:
            return _STOP(connection, conversation_id=conversation_id).rowcount

    def get(self, watch_id: str) -> Watch | None:
        """Return the watch, active or not."""
        with reading(self._engine) as connection:
            row = _GET(connection, watch_id=watch_id).first()
        return _watch(row) if row else None

    def due(self, limit: int = 20) -> list[Watch]:
        """Return the active watches whose next check is due, the last one of those that ended meanwhile too."""
        overdue = -int(OVERDUE.total_seconds())
        with reading(self._engine) as connection:
            return [_watch(row) for row in _DUE(connection, count=limit, overdue_seconds=overdue)]

    def last_of(self, conversation_id: UUID) -> Watch | None:
        """Return the watch that was started last in a conversation, active or not."""
        with reading(self._engine) as connection:
            row = _LAST_OF(connection, conversation_id=conversation_id).first()
        return _watch(row) if row else None

    def start_check(self, watch: Watch, mention: Mention) -> UUID | None:
        """Put the next check into the ledger, without a message; None when another process did.

        With its last check a watch has ended; the check tells so.
        """
        job_id, where, kind = uuid4(), mention.conversation, LOG_INSPECTION
        key = f"watch:{watch.id}:{watch.checks + 1}"
        place = {"platform": where.platform.value, "tenant": where.tenant, "channel": where.channel}
        with writing(self._engine) as connection:
            if not _CHECKED(
                connection,
                watch_id=watch.id,
                checks=watch.checks,
                every_seconds=int(watch.every.total_seconds()),
                state="ended" if watch.is_last else "active",
            ).rowcount:
                return None
            if not CLAIM_EVENT(connection, event_key=key, job_id=job_id).rowcount:
                return None
            conversation_id = PUT_CONVERSATION(
                connection,
                conversation_id=uuid4(),
                **place,
                thread=f"watch:{watch.id}",
                person_id=NOBODY,
                title="Checks of a watch",
            ).scalar_one()
            _PUT_JOB(
                connection,
                job_id=job_id,
                event_key=key,
                conversation_id=conversation_id,
                **place,
                person_id=mention.asker.id,
                kind=kind.name,
                lane=kind.lane,
                priority=PRIORITY,
                mention=json_text(mention.model_copy(update={"event_key": key})),
                deadline_seconds=kind.deadline_seconds,
            )
        return job_id

    def announce(self, watch: Watch, job_id: UUID, seen: dict[str, Any], placeholder: Reply) -> None:
        """Move a check into the watch's thread and give it a message there; keep what it saw."""
        with writing(self._engine) as connection:
            _ANNOUNCE(
                connection,
                job_id=job_id,
                conversation_id=watch.conversation_id,
                watch_id=watch.id,
                seen=json_of(seen),
                platform=watch.mention.conversation.platform.value,
                target=json_of(watch.mention.reply_target),
                reply=json_text(placeholder),
            )

    def is_announced(self, job_id: UUID) -> bool:
        """Return whether an attempt before this one found something to say."""
        with reading(self._engine) as connection:
            return _IS_ANNOUNCED(connection, job_id=job_id).first() is not None


def _watch(row: Any) -> Watch:
    return Watch(
        id=row.id,
        conversation_id=row.conversation_id,
        person_id=row.person_id,
        mention=Mention.model_validate_json(row.mention),
        every=timedelta(seconds=row.every_seconds),
        expires_at=row.expires_at,
        checks=row.checks,
        seen=_ANYTHING.validate_json(row.seen),
        lasts=row.expires_at - row.created_at,
        is_last=bool(row.is_last),
    )
