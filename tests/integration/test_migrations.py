"""Migrations on both databases: they make what tables.py says, and go down and up again with data in them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from assistant.job_kinds import POLICY_SEARCH
from assistant.replies import Reply
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.migrate import current_revision, downgrade, latest_revision, migrate
from assistant.storage.tables import metadata
from tests.factories import make_mention, make_result


def test_the_migrations_make_the_tables_as_declared(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        difference = compare_metadata(context, metadata)

    assert difference == []


def test_down_and_up_again_with_data(engine: sa.Engine, settings: Settings) -> None:
    jobs = JobStore(engine, settings)
    jobs.accept(make_mention(), POLICY_SEARCH, Reply(text="…", final=False))
    job = jobs.claim(("policy",), owner="w1")
    assert job is not None
    jobs.finish(job, make_result())
    downgrade(engine, "base")
    tables = set(sa.inspect(engine).get_table_names()) - {"alembic_version"}
    migrate(engine)

    assert tables == set()
    assert current_revision(engine) == latest_revision()
    assert jobs.accept(make_mention(), POLICY_SEARCH, Reply(text="…", final=False)).duplicate is False


@pytest.mark.parametrize("count", [4])
def test_several_processes_may_migrate_at_once(tmp_path: Path, count: int) -> None:
    url = load_settings({}, steward_data=tmp_path).database
    engines = [open_engine(url) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(migrate, engines))

    assert {current_revision(engine) for engine in engines} == {latest_revision()}
    for engine in engines:
        engine.dispose()
