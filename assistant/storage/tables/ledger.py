"""Jobs and what is to be said of them, who runs them and who leads."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import BigId, Json, metadata, required

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    required("event_key", sa.Text, unique=True),
    required("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id", ondelete="CASCADE")),
    required("platform", sa.Text),
    required("tenant", sa.Text),
    required("channel", sa.Text, server_default=""),  # its conversation's, for the fair claim
    required("person_id", sa.Text),
    required("kind", sa.Text),
    required("lane", sa.Text),
    required("priority", sa.SmallInteger, server_default="5"),  # smaller runs first
    required("mention", Json),
    required("state", sa.Text),
    required("attempt", sa.Integer, server_default="0"),
    required("worker_deaths", sa.Integer, server_default="0"),
    sa.Column("owner", sa.Text),  # the worker that holds it
    sa.Column("token", sa.Text),  # fences: only its holder may finish
    sa.Column("lease_until", UtcDateTime),
    required("run_at", UtcDateTime),  # not before
    required("deadline_at", UtcDateTime),
    required("cancel_requested", sa.Boolean, server_default=sa.false()),
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),  # for operators
    required("created_at", UtcDateTime),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.CheckConstraint(
        "state IN ('queued','running','waiting_for_approval','succeeded','failed','cancelled')", name="state"
    ),
)
sa.Index(
    "ix_jobs_queued",
    jobs.c.lane,
    jobs.c.tenant,
    jobs.c.person_id,
    jobs.c.priority,
    jobs.c.created_at,
    sqlite_where=jobs.c.state == "queued",
    postgresql_where=jobs.c.state == "queued",
)
sa.Index(
    "ix_jobs_queued_channel",
    jobs.c.lane,
    jobs.c.tenant,
    jobs.c.channel,
    jobs.c.priority,
    jobs.c.created_at,
    sqlite_where=jobs.c.state == "queued",
    postgresql_where=jobs.c.state == "queued",
)
sa.Index(
    "ix_jobs_running",
    jobs.c.person_id,
    sqlite_where=jobs.c.state == "running",
    postgresql_where=jobs.c.state == "running",
)
sa.Index("ix_jobs_conversation_id", jobs.c.conversation_id)
sa.Index("ix_jobs_finished_at", jobs.c.finished_at)
sa.Index("ix_jobs_person_id_created_at", jobs.c.person_id, jobs.c.created_at)

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    required("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id", ondelete="CASCADE")),
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE")),
    required("role", sa.Text),  # user or assistant
    sa.Column("person_id", sa.Text),
    required("text", sa.Text),
    required("attachments", Json),
    required("created_at", UtcDateTime),
    sa.Index("ix_turns_conversation_id_id", "conversation_id", "id"),
    sa.Index("ix_turns_job_id", "job_id"),
)
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    required("platform", sa.Text),
    required("target", Json),  # the platform's own address
    required("reply", Json),  # what the one message should say now
    required("revision", sa.Integer, server_default="1"),
    required("sent_revision", sa.Integer, server_default="0"),
    sa.Column("handle", Json),  # the platform's id of the message, once posted
    required("tries", sa.Integer, server_default="0"),
    sa.Column("token", sa.Text),
    sa.Column("lease_until", UtcDateTime),
    required("next_at", UtcDateTime),
    sa.Column("delivered_at", UtcDateTime),  # when the final reply stood there
    sa.Column("last_error", sa.Text),
)
sa.Index(
    "ix_outbox_due",
    outbox.c.platform,
    outbox.c.next_at,
    sqlite_where=outbox.c.sent_revision < outbox.c.revision,
    postgresql_where=outbox.c.sent_revision < outbox.c.revision,
)
workers = sa.Table(
    "workers",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    required("lanes", Json),
    required("slots", sa.Integer),
    required("started_at", UtcDateTime),
    required("seen_at", UtcDateTime),
    sa.Column("condition", Json, nullable=True),  # WorkerCondition; null: of a worker that does not tell
)
leaders = sa.Table(
    "leaders",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    required("holder", sa.Text),
    required("until", UtcDateTime),
)
