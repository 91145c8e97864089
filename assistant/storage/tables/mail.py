"""People's mailboxes, and consents under way."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import metadata, required

mail_accounts = sa.Table(
    "mail_accounts",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),  # "local" and the directory's id, where an account is matched
    sa.Column("person_id", sa.Text, primary_key=True),
    required("channel", sa.Text),  # imap, graph, gmail
    required("address", sa.Text),
    required("sealed", sa.Text),  # the account with its secrets as JSON, encrypted
    required("created_at", UtcDateTime),
    required("updated_at", UtcDateTime),
)
mail_consents = sa.Table(  # begun on the provider's page, and gone once they come back or ten minutes later
    "mail_consents",
    metadata,
    sa.Column("state", sa.Text, primary_key=True),
    required("tenant", sa.Text),
    required("person_id", sa.Text),
    required("channel", sa.Text),
    required("verifier", sa.Text),
    required("created_at", UtcDateTime),
)
