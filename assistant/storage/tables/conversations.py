"""What was said where, and which events were taken in."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import metadata, required

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    required("platform", sa.Text),
    required("tenant", sa.Text),
    required("channel", sa.Text),
    required("thread", sa.Text),
    required("started_by", sa.Text),
    sa.Column("title", sa.Text),
    required("created_at", UtcDateTime),
    required("updated_at", UtcDateTime),
    sa.UniqueConstraint("platform", "tenant", "channel", "thread"),
    sa.Index("ix_conversations_started_by_updated_at", "started_by", "updated_at"),
    sa.Index("ix_conversations_updated_at", "updated_at"),
)
event_claims = sa.Table(
    "event_claims",
    metadata,
    sa.Column("event_key", sa.Text, primary_key=True),
    sa.Column("job_id", sa.Uuid),
    required("claimed_at", UtcDateTime),
    sa.Index("ix_event_claims_claimed_at", "claimed_at"),
)
