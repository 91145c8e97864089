"""Conversations and their turns: what was said before, and the list a person sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from assistant.errors import NothingFound
from assistant.mentions import Attachment, ConversationKey, Mention, Platform
from assistant.storage.database import reading, writing
from assistant.storage.statements import Statement, plain_text


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said: `role` is "user" or "assistant"."""

    role: str
    text: str
    job_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """One thread, as its list shows it."""

    id: UUID
    key: ConversationKey
    title: str | None
    updated_at: datetime


# A job's turns are older than those of a job asked later: its own first turn is the border.
_RECENT = Statement(
    """
    SELECT role, text, job_id, created_at FROM turns
    WHERE conversation_id = :conversation_id
      AND id < coalesce((SELECT min(id) FROM turns WHERE job_id = :before_job), 9223372036854775807)
    ORDER BY id DESC LIMIT :count
    """,
    returns="job_id created_at",
)
_LIST = Statement(
    """
    SELECT id AS conversation_id, platform, tenant, channel, thread, title, updated_at FROM conversations
    WHERE started_by = :person_id AND platform = :platform AND tenant = :tenant
    ORDER BY updated_at DESC LIMIT :count
    """,
    returns="conversation_id updated_at",
)
_ONE = Statement(
    """
    SELECT id AS conversation_id, platform, tenant, channel, thread, title, updated_at FROM conversations
    WHERE id = :conversation_id
    """,
    returns="conversation_id updated_at",
)
_JOBS = Statement(
    "SELECT id AS job_id FROM jobs WHERE conversation_id = :conversation_id ORDER BY created_at, id",
    returns="job_id",
)
_MENTIONS = Statement(
    """
    SELECT @text(mention) AS mention FROM jobs
    WHERE conversation_id = :conversation_id AND kind = :kind AND id <> :before_job
    ORDER BY created_at DESC LIMIT 10
    """
)
_RENAME = Statement("UPDATE conversations SET title = :title WHERE id = :conversation_id")
_DELETE_MINUTES = Statement(
    "DELETE FROM minutes WHERE job_id IN (SELECT id FROM jobs WHERE conversation_id = :conversation_id)"
)
_DELETE = Statement("DELETE FROM conversations WHERE id = :conversation_id")


class ConversationStore:
    """Reads and tidies conversations; turns are written by the JobStore, in the commits they belong to."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def recent_turns(self, conversation_id: UUID, *, before_job: UUID | None, limit: int = 20) -> list[Turn]:
        """Return the last turns before the job's own (None: before now), oldest first."""
        with reading(self._engine) as connection:
            rows = _RECENT(connection, conversation_id=conversation_id, before_job=before_job, count=limit).all()
        return [Turn(row.role, row.text, row.job_id, row.created_at) for row in reversed(rows)]

    def recent_attachments(self, conversation_id: UUID, *, before_job: UUID, kind: str) -> tuple[Attachment, ...]:
        """Return the files of the conversation's last job of this kind that came with some; none if none did."""
        with reading(self._engine) as connection:
            mentions = _MENTIONS(connection, conversation_id=conversation_id, before_job=before_job, kind=kind)
            said = [Mention.model_validate_json(text) for text in mentions.scalars()]
        return next((mention.attachments for mention in said if mention.attachments), ())

    def list_for(self, platform: str, tenant: str, person_id: str, limit: int = 50) -> list[Conversation]:
        """Return the conversations this person started, the last used first."""
        with reading(self._engine) as connection:
            rows = _LIST(
                connection, platform=str(platform), tenant=tenant, person_id=person_id, count=limit
            ).mappings()
            return [_conversation(row) for row in rows]

    def get(self, conversation_id: UUID) -> Conversation:
        """Return one conversation.

        Raises:
            NothingFound: there is none of this id.
        """
        with reading(self._engine) as connection:
            row = _ONE(connection, conversation_id=conversation_id).mappings().first()
        if row is None:
            raise NothingFound(f"no conversation {conversation_id}")
        return _conversation(row)

    def jobs_of(self, conversation_id: UUID) -> list[UUID]:
        """Return the ids of the conversation's jobs, oldest first."""
        with reading(self._engine) as connection:
            return list(_JOBS(connection, conversation_id=conversation_id).scalars())

    def rename(self, conversation_id: UUID, title: str) -> None:
        """Give the conversation another title."""
        with writing(self._engine) as connection:
            _RENAME(connection, conversation_id=conversation_id, title=plain_text(title))

    def delete(self, conversation_id: UUID) -> None:
        """Remove the conversation with its turns, jobs, results, receipts and minutes. A running job ends unsaid."""
        with writing(self._engine) as connection:
            _DELETE_MINUTES(connection, conversation_id=conversation_id)
            _DELETE(connection, conversation_id=conversation_id)


def _conversation(row: sa.RowMapping) -> Conversation:
    key = ConversationKey(
        platform=Platform(row["platform"]), tenant=row["tenant"], channel=row["channel"], thread=row["thread"]
    )
    return Conversation(row["conversation_id"], key, row["title"], row["updated_at"])
