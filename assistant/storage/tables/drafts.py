"""E-mail drafts, their revisions, and what was ordered for them."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import BigId, Json, metadata, required

drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    required("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE"), unique=True),
    required("tenant", sa.Text),
    required("person_id", sa.Text),
    required("status", sa.Text),
    required("revision", sa.Integer),  # the latest
    required("offers", Json),  # what the asker may order: save, send
    sa.Column("remote_id", sa.Text),  # the mail channel's id of the copy in Drafts
    sa.Column("sent_similarity", sa.Float),  # of the sent text to revision 1, 0 to 1; NULL: not sent from here
    required("created_at", UtcDateTime),
    required("updated_at", UtcDateTime),
    sa.Index("ix_drafts_tenant_person_id", "tenant", "person_id"),
)
draft_revisions = sa.Table(
    "draft_revisions",
    metadata,
    sa.Column("draft_id", sa.Text, sa.ForeignKey("drafts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    required("content", Json),
    required("content_hash", sa.Text),  # of what a recipient would get: what an approval is for
    required("created_at", UtcDateTime),
)
# The audit log: what was ordered for which revision, by whom, when, and what came of it. No texts, and no foreign
# keys: it outlives a deleted conversation until its retention ends.
draft_orders = sa.Table(
    "draft_orders",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    required("draft_id", sa.Text),
    required("job_id", sa.Uuid),
    required("tenant", sa.Text),
    required("person_id", sa.Text),
    required("action", sa.Text),  # rewrite, save, send, discard
    required("revision", sa.Integer),
    required("content_hash", sa.Text),
    required("options", Json),  # of a rewrite: tone, length, language
    required("state", sa.Text),  # pending, started, done, not_done, unknown
    sa.Column("token", sa.Text),  # of the attempt that started it
    sa.Column("detail", sa.Text),
    required("created_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Index("ix_draft_orders_draft_id", "draft_id"),
    sa.Index("ix_draft_orders_job_id", "job_id"),
    sa.Index("ix_draft_orders_created_at", "created_at"),
)
sa.Index(
    "uq_draft_orders_open",
    draft_orders.c.draft_id,
    unique=True,
    sqlite_where=draft_orders.c.state.in_(["pending", "started"]),
    postgresql_where=draft_orders.c.state.in_(["pending", "started"]),
)
