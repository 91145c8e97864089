"""What came of a job: its steps, result, receipt, and what people thought of it."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import BigId, Json, metadata, required

job_steps = sa.Table(
    "job_steps",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    required("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE")),
    required("name", sa.Text),
    required("text", sa.Text),
    required("fields", Json),
    required("at", UtcDateTime),
    sa.Index("ix_job_steps_job_id_id", "job_id", "id"),
)
job_progress = sa.Table(
    "job_progress",
    metadata,
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    required("text", sa.Text),  # the answer as far as it has come; lossy by design
    required("updated_at", UtcDateTime),
)
results = sa.Table(
    "results",
    metadata,
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    required("outcome", sa.Text),  # answered or refused
    required("answer", sa.Text),
    required("claims", Json),
    sa.Column("refusal_reason", sa.Text),
    required("warnings", Json),
    required("result", Json),
    required("reply", Json),
    required("created_at", UtcDateTime),
)
receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    required("kind", sa.Text),
    required("outcome", sa.Text),
    required("model", sa.Text),
    required("offline", sa.Boolean),
    required("prompt_version", sa.Text),
    required("model_calls", sa.Integer),
    required("tool_calls", sa.Integer),
    required("input_tokens", sa.Integer),
    required("output_tokens", sa.Integer),
    sa.Column("cost_usd", sa.Float),
    required("queue_ms", sa.Float),
    required("retrieval_ms", sa.Float),
    required("model_ms", sa.Float),
    required("validation_ms", sa.Float),
    required("delivery_ms", sa.Float, server_default="0"),
    required("total_ms", sa.Float),
    required("checks_failed", sa.Integer),
    required("receipt", Json),  # the whole Receipt
    required("created_at", UtcDateTime),
    sa.Index("ix_receipts_created_at", "created_at"),
)
feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    required("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE")),
    required("person_id", sa.Text),
    required("verdict", sa.Text),  # up or down
    sa.Column("reason", sa.Text),  # wrong, outdated, missing_source, not_allowed, too_long, other
    sa.Column("correction", sa.Text),
    required("created_at", UtcDateTime),
    required("updated_at", UtcDateTime),
    sa.UniqueConstraint("job_id", "person_id"),
)
