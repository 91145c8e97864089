"""Jobs know their channel, so that a burst in one does not hold up the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261124_job_channel"
down_revision = "20261124_preferences"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Bots of the version before leave the channel empty: their jobs are one channel more, and nothing worse.
    op.add_column("jobs", sa.Column("channel", sa.Text(), server_default="", nullable=False))
    op.execute(
        "UPDATE jobs SET channel = (SELECT c.channel FROM conversations c WHERE c.id = jobs.conversation_id) "
        "WHERE state = 'queued'"
    )
    op.create_index(
        "ix_jobs_queued_channel",
        "jobs",
        ["lane", "tenant", "channel", "priority", "created_at"],
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_queued_channel", "jobs")
    op.drop_column("jobs", "channel")
