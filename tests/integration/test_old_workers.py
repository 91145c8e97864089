"""Migrations run while workers of the version before still do: what those read and write is left as they know it.

Statements name their columns, so an old worker's run on as long as no table or column it knows goes away, changes its
type or asks for more than before, and nothing new refuses its rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from assistant.jobs import JobStatus
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.database import open_engine, writing
from assistant.storage.job_store import JobStore
from assistant.storage.migrate import MIGRATIONS, downgrade, migrate
from assistant.storage.statements import Statement, json_text
from assistant.storage.worker_store import WorkerCondition, WorkerStore
from tests.factories import make_result
from tests.twins.jobs import make_job


@dataclass(frozen=True)
class Column:
    type: str
    nullable: bool
    has_default: bool


@dataclass(frozen=True)
class Table:
    columns: dict[str, Column]
    demands: frozenset[str]  # whatever may refuse a row: unique, check and foreign keys


def revisions() -> list[str]:
    """Return all revisions, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def tables_of(engine: sa.Engine) -> dict[str, Table]:
    look = sa.inspect(engine)
    return {
        name: Table(
            columns={
                column["name"]: Column(str(column["type"]), column["nullable"], column["default"] is not None)
                for column in look.get_columns(name)
            },
            demands=frozenset(
                [f"primary {look.get_pk_constraint(name)['constrained_columns']}"]
                + [f"unique {one['column_names']}" for one in look.get_unique_constraints(name)]
                + [f"unique {one['column_names']}" for one in look.get_indexes(name) if one["unique"]]
                + [f"check {one['sqltext']}" for one in look.get_check_constraints(name)]
                + [f"foreign {one['constrained_columns']}" for one in look.get_foreign_keys(name)]
            ),
        )
        for name in look.get_table_names()
    }


def breaks_old_workers(before: dict[str, Table], after: dict[str, Table]) -> list[str]:
    """Return what the step took away from, or newly asks of, those who know only the tables before."""
    found: list[str] = []
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            found.append(f"table {name} is gone")
            continue
        for column, was in old.columns.items():
            now = new.columns.get(column)
            if now is None or now.type != was.type or (was.nullable and not now.nullable):
                found.append(f"{name}.{column} was {was} and is {now}")
        found += [
            f"{name}.{column} is new, and old workers' rows have no value for it"
            for column in new.columns.keys() - old.columns.keys()
            if not (new.columns[column].nullable or new.columns[column].has_default)
        ]
        found += [f"{name} newly demands {demand}" for demand in new.demands - old.demands]
    return found


def test_no_migration_takes_anything_from_workers_of_the_version_before(engine: sa.Engine) -> None:
    downgrade(engine, "base")
    first, *later = revisions()
    migrate(engine, first)
    before = tables_of(engine)
    assert "jobs" in before
    for revision in later:
        migrate(engine, revision)
        after = tables_of(engine)
        assert breaks_old_workers(before, after) == [], revision
        before = after


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("ALTER TABLE workers RENAME COLUMN slots TO places", "workers.slots was"),
        ("ALTER TABLE workers RENAME TO staff", "table workers is gone"),
        ("ALTER TABLE workers ADD COLUMN version text NOT NULL DEFAULT ''", None),
        ("CREATE UNIQUE INDEX one_slot ON workers (slots)", "workers newly demands unique ['slots']"),
    ],
)
def test_the_comparison_sees_what_would_break(embedded_settings: Settings, change: str, found: str | None) -> None:
    engine = open_engine(embedded_settings.database)
    before = tables_of(engine)
    with engine.begin() as connection:
        connection.execute(sa.text(change))
    broken = breaks_old_workers(before, tables_of(engine))
    engine.dispose()

    assert any(line.startswith(found) for line in broken) if found else broken == []


# What workers before 20261124_worker_condition send.
OLD_SEEN = Statement(
    """
    INSERT INTO workers (id, lanes, slots, started_at, seen_at) VALUES (:owner, @json(:lanes), :slots, @now, @now)
    ON CONFLICT (id) DO UPDATE SET lanes = excluded.lanes, slots = excluded.slots, seen_at = excluded.seen_at
    """
)


def test_a_worker_that_tells_nothing_of_its_condition_is_alive_all_the_same(engine: sa.Engine) -> None:
    with writing(engine) as connection:
        OLD_SEEN(connection, owner="old", lanes='["policy"]', slots=8)
    [worker] = WorkerStore(engine).alive()

    assert (worker.id, worker.lanes, worker.condition) == ("old", ("policy",), WorkerCondition())


# What a bot of the first version wrote for a question, and its worker's claim made of it.
OLD_CONVERSATION = Statement(
    """
    INSERT INTO conversations (id, platform, tenant, channel, thread, started_by, created_at, updated_at)
    VALUES (:conversation_id, 'web', 't', 'c', '1', 'p', @now, @now)
    """
)
OLD_CLAIMED_JOB = Statement(
    """
    INSERT INTO jobs (id, event_key, conversation_id, platform, tenant, person_id, kind, lane, priority, mention,
                      state, attempt, token, owner, lease_until, run_at, deadline_at, created_at, started_at)
    VALUES (:job_id, 'e1', :conversation_id, 'web', 't', 'p', 'policy_search', 'policy', 5, @json(:mention),
            'running', 1, 't1', 'w1', @in(:seconds), @now, @in(:seconds), @now, @now)
    """
)
OLD_OUTBOX = Statement(
    """
    INSERT INTO outbox (job_id, platform, target, reply, next_at)
    VALUES (:job_id, 'web', @json(:target), @json(:reply), @now)
    """
)


def test_a_job_claimed_before_a_migration_is_finished_after_it(engine: sa.Engine, settings: Settings) -> None:
    downgrade(engine, revisions()[0])
    job = make_job("How many days?").model_copy(update={"token": "t1"})
    ids = {"job_id": job.id, "conversation_id": job.conversation_id}
    with writing(engine) as connection:
        OLD_CONVERSATION(connection, conversation_id=job.conversation_id)
        OLD_CLAIMED_JOB(connection, **ids, mention=json_text(job.mention), seconds=60.0)
        OLD_OUTBOX(connection, job_id=job.id, target="{}", reply=json_text(Reply(text="…", final=False)))
    migrate(engine)
    jobs = JobStore(engine, settings)

    assert not jobs.heartbeat(["t1"], owner="w1").lost
    assert jobs.finish(job, make_result())
    assert jobs.view(job.id).status is JobStatus.SUCCEEDED
