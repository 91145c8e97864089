"""What a live worker says of itself: its memory, whether it is being replaced, which model providers it sees away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261124_worker_condition"
down_revision = "20261124_slack"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("workers", sa.Column("condition", Json, nullable=True))  # old workers don't write it


def downgrade() -> None:
    with op.batch_alter_table("workers") as table:
        table.drop_column("condition")
