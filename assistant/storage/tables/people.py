"""Who asks: the directory as Steward knows it."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import Json, metadata, required

people = sa.Table(
    "people",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    required("name", sa.Text),
    sa.Column("email", sa.Text),
    required("role", sa.Text, server_default="employee"),
    required("groups", Json),
    required("profile", Json),  # title, team, office, ids on platforms, sign_in
    required("updated_at", UtcDateTime),
    sa.Index("ix_people_email", "email"),
)
