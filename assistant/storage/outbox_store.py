"""The outbox: what the one message of each job should say now, and what it says already.

A row is behind while `sent_revision < revision`. Whoever delivers takes it under a lease, so that several bots
can deliver side by side, and one that dies leaves its rows to the others. See bot/delivery.py for the rest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from pydantic import TypeAdapter

from assistant.replies import Reply
from assistant.storage.database import reading, writing, writing_once
from assistant.storage.statements import Statement, json_of

LEASE_SECONDS = 15.0  # longer than any call to a chat service may take (bot/delivery.py bounds them)

_ADDRESS: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Errand:
    """One message to be brought up to date. `handle` is None until it is known to have been posted."""

    job_id: UUID
    platform: str
    target: dict[str, Any]
    reply: Reply
    revision: int
    handle: dict[str, Any] | None
    tries: int  # since the last success, this one included
    token: str


_BEHIND = """
    sent_revision < revision AND next_at <= @now AND (lease_until IS NULL OR lease_until < @now)
"""
_ANY_DUE = Statement(
    f"SELECT 1 FROM outbox WHERE platform = ANY(:platforms) AND {_BEHIND} LIMIT 1",  # noqa: S608
    sqlite=f"""
    SELECT 1 FROM outbox WHERE platform IN (SELECT value FROM json_each(:platforms)) AND {_BEHIND} LIMIT 1
    """,  # noqa: S608
)
_TAKE = """
    UPDATE outbox SET token = :token, lease_until = @in(:lease_seconds), tries = tries + 1
    WHERE job_id IN (SELECT job_id FROM outbox WHERE {platforms} AND {behind} ORDER BY next_at LIMIT :count @locked)
    RETURNING job_id, platform, @text(target) AS target, @text(reply) AS reply, revision, @text(handle) AS handle,
              tries
"""
_TAKE_DUE = Statement(
    _TAKE.format(platforms="platform = ANY(:platforms)", behind=_BEHIND),
    sqlite=_TAKE.format(platforms="platform IN (SELECT value FROM json_each(:platforms))", behind=_BEHIND),
    returns="job_id",
)
_SENT = Statement(
    """
    UPDATE outbox SET sent_revision = :revision, handle = @json(:handle), token = NULL, lease_until = NULL, tries = 0,
           last_error = NULL, delivered_at = CASE WHEN :is_final THEN coalesce(delivered_at, @now) END
    WHERE job_id = :job_id AND token = :token
    """
)
_KEEP = Statement("UPDATE outbox SET handle = @json(:handle) WHERE job_id = :job_id AND token = :token")
_STANDING = Statement(
    """
    SELECT @text(handle) AS handle FROM outbox
    WHERE job_id = :job_id AND sent_revision = revision AND token IS NULL AND delivered_at IS NOT NULL
    """
)
_LATER = Statement(
    """
    UPDATE outbox SET token = NULL, lease_until = NULL, next_at = @in(:seconds), last_error = :error,
           tries = CASE WHEN :was_refused THEN tries - 1 ELSE tries END
    WHERE job_id = :job_id AND token = :token
    """
)
_SHOWN = Statement(
    """
    UPDATE outbox SET sent_revision = revision, delivered_at = @now
    WHERE job_id = :job_id AND delivered_at IS NULL
    """
)
# The receipt learns how long the answer took to stand before the asker, and the total grows by it.
_RECEIPT = Statement(
    """
    UPDATE receipts SET delivery_ms = d.ms, total_ms = total_ms + d.ms
    FROM (SELECT j.id, extract(epoch FROM o.delivered_at - j.finished_at) * 1000 AS ms
          FROM outbox o JOIN jobs j ON j.id = o.job_id WHERE o.job_id = :job_id AND o.delivered_at >= j.finished_at) d
    WHERE receipts.job_id = d.id AND receipts.delivery_ms = 0
    """,
    sqlite="""
    UPDATE receipts SET delivery_ms = d.ms, total_ms = total_ms + d.ms
    FROM (SELECT j.id, (julianday(o.delivered_at) - julianday(j.finished_at)) * 86400000.0 AS ms
          FROM outbox o JOIN jobs j ON j.id = o.job_id WHERE o.job_id = :job_id AND o.delivered_at >= j.finished_at) d
    WHERE receipts.job_id = d.id AND receipts.delivery_ms = 0
    """,
)
_POSTED = Statement(
    """
    SELECT o.job_id, @text(o.handle) AS handle FROM conversations c
    JOIN jobs j ON j.conversation_id = c.id JOIN outbox o ON o.job_id = j.id
    WHERE c.platform = :platform AND c.tenant = :tenant AND c.channel = :channel AND o.handle IS NOT NULL
    ORDER BY j.created_at DESC LIMIT :count
    """,
    returns="job_id",
)


class OutboxStore:
    """Hands out messages to bring up to date, each to one deliverer at a time."""

    def __init__(self, engine: sa.Engine, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._engine = engine
        self._lease_seconds = lease_seconds

    def due(self, platforms: Sequence[str], *, limit: int = 20) -> list[Errand]:
        """Take up to `limit` messages of these platforms that are behind, the longest waiting first."""
        with reading(self._engine) as connection:  # a look costs no write lock while there is nothing to do
            if not _ANY_DUE(connection, platforms=_list(connection, platforms)).first():
                return []
        token = uuid4().hex
        with writing_once(self._engine) as connection:
            rows = _TAKE_DUE(
                connection,
                platforms=_list(connection, platforms),
                token=token,
                lease_seconds=self._lease_seconds,
                count=limit,
            ).all()
        return [
            Errand(
                job_id=row.job_id,
                platform=row.platform,
                target=_ADDRESS.validate_json(row.target),
                reply=Reply.model_validate_json(row.reply),
                revision=row.revision,
                handle=_ADDRESS.validate_json(row.handle) if row.handle not in (None, "null") else None,
                tries=row.tries,
                token=token,
            )
            for row in rows
        ]

    def sent(self, errand: Errand, handle: dict[str, Any] | None) -> None:
        """Write down that the message stands and says this revision. Once it is final, the receipt is completed.

        Without a handle it is shown, but no message stands yet: the next revision posts one.
        """
        # A placeholder is one statement, and need not wait for the disk: what a power cut takes back is a try under a
        # lease, after which the message is looked for before it is posted. A last word changes the receipt as well.
        is_last = errand.reply.final
        with (writing if is_last else writing_once)(self._engine, flushes=is_last) as connection:
            _SENT(
                connection,
                job_id=errand.job_id,
                token=errand.token,
                revision=errand.revision,
                handle=None if handle is None else json_of(handle),
                is_final=is_last,
            )
            if is_last:
                _RECEIPT(connection, job_id=errand.job_id)

    def keep(self, errand: Errand, handle: dict[str, Any]) -> bool:
        """Write down which message it is, before it says what it should; False: the lease is somebody else's now."""
        with writing(self._engine) as connection:
            kept = _KEEP(connection, job_id=errand.job_id, token=errand.token, handle=json_of(handle))
            return bool(kept.rowcount)

    def standing(self, job_id: UUID) -> dict[str, Any] | None:
        """Return the handle of a message that says its last word; None while anything may still be written."""
        with reading(self._engine) as connection:
            handle = _STANDING(connection, job_id=job_id).scalar_one_or_none()
        return _ADDRESS.validate_json(handle) if handle not in (None, "null") else None

    def later(self, errand: Errand, after_seconds: float, error: Exception, *, was_refused: bool) -> None:
        """Try again later. `was_refused`: nothing was posted for certain, so the next try need not look first."""
        with writing_once(self._engine) as connection:
            _LATER(
                connection,
                job_id=errand.job_id,
                token=errand.token,
                seconds=after_seconds,
                error=f"{type(error).__name__}: {error}"[:500],
                was_refused=was_refused,
            )

    def posted(self, platform: str, tenant: str, channel: str, limit: int = 500) -> list[tuple[UUID, dict[str, Any]]]:
        """Return the handles of the last messages posted in a channel with their jobs, newest first.

        For services that name a message, and not our key, when somebody reacts to it.
        """
        with reading(self._engine) as connection:
            rows = _POSTED(connection, platform=platform, tenant=tenant, channel=channel, count=limit).all()
        return [(row.job_id, _ADDRESS.validate_json(row.handle)) for row in rows if row.handle not in (None, "null")]

    def shown(self, job_id: UUID) -> None:
        """Write down that a platform which reads the ledger itself (web, console) shows the final reply."""
        with writing(self._engine) as connection:
            if _SHOWN(connection, job_id=job_id).rowcount:
                _RECEIPT(connection, job_id=job_id)


def _list(connection: sa.Connection, values: Sequence[str]) -> Any:
    return list(values) if connection.dialect.name == "postgresql" else json.dumps(list(values))
