"""All tables, one module an area. Migrations in `migrations/` make them; a test compares the two.

Expand first, contract a release later: old workers run while a migration does.
"""

from assistant.storage.tables import (
    answers,
    conversations,
    documents,
    drafts,
    ledger,
    mail,
    minutes,
    people,
    preferences,
    slack,
    watches,
)
from assistant.storage.tables.schema import metadata

__all__ = [
    "answers",
    "conversations",
    "documents",
    "drafts",
    "ledger",
    "mail",
    "metadata",
    "minutes",
    "people",
    "preferences",
    "slack",
    "watches",
]
