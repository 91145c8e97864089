"""Slack's installations and threads."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import Json, metadata, required

slack_installations = sa.Table(
    "slack_installations",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # enterprise:team, either may be "-"; or env:<hash of the token>
    sa.Column("enterprise_id", sa.Text),
    sa.Column("team_id", sa.Text),
    required("is_enterprise_install", sa.Boolean, server_default=sa.false()),
    sa.Column("bot_id", sa.Text),
    sa.Column("bot_user_id", sa.Text),
    required("sealed", sa.Text),  # the installation with its tokens as JSON, encrypted; empty: token in the settings
    required("updated_at", UtcDateTime),
)
slack_oauth_states = sa.Table(
    "slack_oauth_states",
    metadata,
    sa.Column("state", sa.Text, primary_key=True),
    required("created_at", UtcDateTime),
)
slack_channels = sa.Table(  # moved into channel_settings; dropped a release later
    "slack_channels",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    required("settings", Json),
    sa.Column("updated_by", sa.Text),
    required("updated_at", UtcDateTime),
)
slack_threads = sa.Table(
    "slack_threads",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("thread", sa.Text, primary_key=True),
    required("others_spoke_at", UtcDateTime),  # a third person joined: no answer without a mention any more
)
