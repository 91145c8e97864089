"""What is looked at again on a schedule."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import Json, metadata, required

watches = sa.Table(
    "watches",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    required("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id", ondelete="CASCADE")),
    required("platform", sa.Text),
    required("tenant", sa.Text),
    required("channel", sa.Text),
    required("person_id", sa.Text),
    required("mention", Json),  # the question, asked again at every check
    required("every_seconds", sa.Integer),
    required("next_at", UtcDateTime),
    required("expires_at", UtcDateTime),
    required("checks", sa.Integer, server_default="0"),
    required("seen", Json),  # what the last check saw, to tell a change from
    required("state", sa.Text, server_default="active"),  # active or stopped; past its expiry it is neither
    required("created_at", UtcDateTime),
    sa.Index("ix_watches_conversation_id", "conversation_id"),
)
sa.Index(
    "ix_watches_due",
    watches.c.next_at,
    sqlite_where=watches.c.state == "active",
    postgresql_where=watches.c.state == "active",
)
