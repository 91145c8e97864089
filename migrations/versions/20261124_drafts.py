"""E-mail drafts with their revisions, and the audit log of what was ordered for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from assistant.storage.database import UtcDateTime

revision = "20261124_drafts"
down_revision = "20261124_job_channel"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("offers", Json, nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_drafts_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("job_id", name=op.f("uq_drafts_job_id")),
    )
    op.create_index("ix_drafts_tenant_person_id", "drafts", ["tenant", "person_id"])
    op.create_table(
        "draft_revisions",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_draft_revisions_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("draft_id", "revision", name=op.f("pk_draft_revisions")),
    )
    op.create_table(
        "draft_orders",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_orders")),
    )
    op.create_index("ix_draft_orders_draft_id", "draft_orders", ["draft_id"])
    op.create_index("ix_draft_orders_job_id", "draft_orders", ["job_id"])
    op.create_index("ix_draft_orders_created_at", "draft_orders", ["created_at"])
    op.create_index(
        "uq_draft_orders_open",
        "draft_orders",
        ["draft_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('pending', 'started')"),
        postgresql_where=sa.text("state IN ('pending', 'started')"),
    )


def downgrade() -> None:
    for table in ("draft_orders", "draft_revisions", "drafts"):
        op.drop_table(table)
