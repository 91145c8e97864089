"""Mail accounts with sealed secrets, and the consents that were begun for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assistant.storage.database import UtcDateTime

revision = "20261124_mail_accounts"
down_revision = "20261124_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_accounts",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", name=op.f("pk_mail_accounts")),
    )
    op.create_table(
        "mail_consents",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_mail_consents")),
    )


def downgrade() -> None:
    op.drop_table("mail_consents")
    op.drop_table("mail_accounts")
