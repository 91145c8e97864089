"""The library of minutes: revisions, what was said, words they are found by, and tickets made of their tasks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from assistant.storage.database import UtcDateTime

revision = "20261124_minutes"
down_revision = "20261124_watches"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "minutes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("asker_id", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_minutes_job_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes")),
        sa.UniqueConstraint("job_id", name=op.f("uq_minutes_job_id")),
    )
    op.create_index("ix_minutes_tenant_asker_id", "minutes", ["tenant", "asker_id"])
    op.create_index("ix_minutes_tenant_channel", "minutes", ["tenant", "channel"])
    op.create_index("ix_minutes_created_at", "minutes", ["created_at"])
    op.create_table(
        "minutes_revisions",
        sa.Column("minutes_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("changes", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _of_minutes("minutes_revisions"),
        sa.PrimaryKeyConstraint("minutes_id", "revision", name=op.f("pk_minutes_revisions")),
    )
    op.create_table(
        "minutes_spoken",
        sa.Column("minutes_id", sa.Uuid(), nullable=False),
        sa.Column("content", Json, nullable=False),
        _of_minutes("minutes_spoken"),
        sa.PrimaryKeyConstraint("minutes_id", name=op.f("pk_minutes_spoken")),
    )
    op.create_table(
        "minutes_terms",
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("minutes_id", sa.Uuid(), nullable=False),
        _of_minutes("minutes_terms"),
        sa.PrimaryKeyConstraint("stem", "minutes_id", name=op.f("pk_minutes_terms")),
    )
    op.create_index("ix_minutes_terms_minutes_id", "minutes_terms", ["minutes_id"])
    op.create_table(
        "minutes_tickets",
        sa.Column("minutes_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        _of_minutes("minutes_tickets"),
        sa.PrimaryKeyConstraint("minutes_id", "item", name=op.f("pk_minutes_tickets")),
    )


def downgrade() -> None:
    for table in ("minutes_tickets", "minutes_terms", "minutes_spoken", "minutes_revisions", "minutes"):
        op.drop_table(table)


def _of_minutes(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["minutes_id"], ["minutes.id"], name=op.f(f"fk_{table}_minutes_id"), ondelete="CASCADE"
    )
