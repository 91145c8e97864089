"""Settings of channels and of people."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import BigId, Json, metadata, required

channel_settings = sa.Table(
    "channel_settings",
    metadata,
    sa.Column("platform", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    required("settings", Json),
    sa.Column("updated_by", sa.Text),
    required("updated_at", UtcDateTime),
)
channel_settings_changes = sa.Table(
    "channel_settings_changes",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    required("platform", sa.Text),
    required("tenant", sa.Text),
    required("channel", sa.Text),
    required("changed_by", sa.Text),
    required("changes", Json),  # field: [before, after]
    required("at", UtcDateTime),
    sa.Index("ix_channel_settings_changes_channel", "platform", "tenant", "channel", "id"),
)
person_settings = sa.Table(
    "person_settings",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),  # "local" and the directory's id, where an account is matched
    sa.Column("person_id", sa.Text, primary_key=True),
    required("settings", Json),
    required("updated_at", UtcDateTime),
)
