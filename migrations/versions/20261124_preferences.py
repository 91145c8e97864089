"""Settings of channels on every platform, who changed them, and what people set for themselves.

Slack's channel settings move into the table for all platforms; the old table stays for a release, because bots of
the version before still read it while this runs.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from assistant.storage.database import UtcDateTime

revision = "20261124_preferences"
down_revision = "20261124_worker_condition"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "channel_settings",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "tenant", "channel", name=op.f("pk_channel_settings")),
    )
    op.create_table(
        "channel_settings_changes",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changes", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_settings_changes")),
    )
    op.create_index(
        "ix_channel_settings_changes_channel", "channel_settings_changes", ["platform", "tenant", "channel", "id"]
    )
    op.create_table(
        "person_settings",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", name=op.f("pk_person_settings")),
    )
    op.execute(
        "INSERT INTO channel_settings (platform, tenant, channel, settings, updated_by, updated_at) "
        "SELECT 'slack', tenant, channel, settings, updated_by, updated_at FROM slack_channels"
    )


def downgrade() -> None:
    for table in ("person_settings", "channel_settings_changes", "channel_settings"):
        op.drop_table(table)
