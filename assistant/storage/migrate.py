"""Bring the database to a revision. One migrator at a time; the others wait and find nothing to do."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from assistant.storage.database import reading, writing

log = structlog.get_logger()

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
_ADVISORY_LOCK = 7_221_001  # any number of ours; it names "migrating" on PostgreSQL


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def latest_revision() -> str:
    """Return the newest revision in migrations/versions."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def current_revision(engine: sa.Engine) -> str | None:
    """Return the database's revision, or None when it has none yet.

    Raises:
        DependencyUnavailable: the database cannot be reached.
    """
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Upgrade to the revision, all or nothing. Safe to call from several processes at once."""
    if revision == "head" and current_revision(engine) == latest_revision():
        return
    with writing(engine) as connection:  # BEGIN IMMEDIATE on SQLite: a second migrator waits here
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ADVISORY_LOCK})
        command.upgrade(_config(connection), revision)
    log.info("database.migrated", revision=current_revision(engine))


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Go back to the revision ("base": before the first)."""
    with writing(engine) as connection:
        command.downgrade(_config(connection), revision)
