"""How close a sent e-mail is to the draft it came from. Older workers leave it empty, and it is not counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261124_mail_style"
down_revision = "20261124_minutes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("sent_similarity", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("drafts", "sent_similarity")
