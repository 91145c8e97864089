"""What the database tells of Slack's health: when the last event came, and which answers can't be said, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from assistant.storage.database import reading
from assistant.storage.migrate import current_revision, latest_revision
from assistant.storage.statements import Statement

_LAST_EVENT = Statement(
    """
    SELECT claimed_at AS created_at FROM event_claims WHERE event_key LIKE 'slack:%'
    ORDER BY claimed_at DESC LIMIT 1
    """,
    returns="created_at",
)
_UNSAID = Statement(
    """
    SELECT job_id, last_error FROM outbox
    WHERE platform = 'slack' AND sent_revision < revision AND last_error IS NOT NULL ORDER BY next_at LIMIT :count
    """,
    returns="job_id",
)


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A message that is behind, and what came of the last try."""

    job_id: UUID
    error: str


class SlackHealth:
    """Looks, and changes nothing."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def is_migrated(self) -> bool:
        """Return whether the tables are those of this version; with older ones an event may not be known again."""
        return current_revision(self._engine) == latest_revision()

    def last_event_at(self) -> datetime | None:
        """Return when the last message, button or form of Slack's was taken in; None when none is kept."""
        with reading(self._engine) as connection:
            found: datetime | None = _LAST_EVENT(connection).scalar()
        return found

    def unsaid(self, limit: int = 50) -> list[Unsaid]:
        """Return the messages whose last try failed, the longest waiting first."""
        with reading(self._engine) as connection:
            return [Unsaid(row.job_id, row.last_error) for row in _UNSAID(connection, count=limit)]
