"""The library of minutes. It outlives the conversations it came from: minutes have a retention of their own."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import Json, metadata, required

minutes = sa.Table(
    "minutes",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="SET NULL"), unique=True),
    required("platform", sa.Text),
    required("tenant", sa.Text),
    required("channel", sa.Text),
    required("asker_id", sa.Text),
    required("audience", sa.Text),  # who could read them when they were written: the access rule
    required("document", sa.Text),  # name of the transcript
    sa.Column("held_on", sa.Text),  # ISO date of the meeting, when it is known
    required("revision", sa.Integer),  # the latest
    required("created_at", UtcDateTime),
    required("updated_at", UtcDateTime),
    sa.Index("ix_minutes_tenant_asker_id", "tenant", "asker_id"),
    sa.Index("ix_minutes_tenant_channel", "tenant", "channel"),
    sa.Index("ix_minutes_created_at", "created_at"),
)
minutes_revisions = sa.Table(
    "minutes_revisions",
    metadata,
    sa.Column("minutes_id", sa.Uuid, sa.ForeignKey("minutes.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    required("content", Json),
    sa.Column("changed_by", sa.Text),  # null: as the job wrote it
    required("changes", Json),  # a sentence each
    required("created_at", UtcDateTime),
)
minutes_spoken = sa.Table(
    "minutes_spoken",
    metadata,
    sa.Column("minutes_id", sa.Uuid, sa.ForeignKey("minutes.id", ondelete="CASCADE"), primary_key=True),
    required("content", Json),  # what was said, so that the meeting can be asked
)
minutes_terms = sa.Table(  # which minutes to look into for a word; the lines themselves are ranked by the job
    "minutes_terms",
    metadata,
    sa.Column("stem", sa.Text, primary_key=True),
    sa.Column("minutes_id", sa.Uuid, sa.ForeignKey("minutes.id", ondelete="CASCADE"), primary_key=True),
    sa.Index("ix_minutes_terms_minutes_id", "minutes_id"),
)
minutes_tickets = sa.Table(
    "minutes_tickets",
    metadata,
    sa.Column("minutes_id", sa.Uuid, sa.ForeignKey("minutes.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),  # the action item's id: one ticket each, whatever is pressed twice
    required("state", sa.Text),  # pending, started, done, failed
    required("name", sa.Text, server_default=""),  # the ticket system's own
    sa.Column("url", sa.Text),
    required("detail", sa.Text, server_default=""),
    required("ordered_by", sa.Text),
    required("created_at", UtcDateTime),
    required("updated_at", UtcDateTime),
)
