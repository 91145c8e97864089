"""Writers of one process take turns on SQLite, and a writer that never ends is waited for only so long."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from assistant.errors import DependencyUnavailable
from assistant.settings import Settings
from assistant.storage import database
from assistant.storage.database import open_engine, reading, writing, writing_once

THREADS, WRITES = 8, 10
COUNT = sa.text(
    "INSERT INTO counters (name, value) VALUES ('turns', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
)


def test_writers_of_a_process_wait_for_each_other_and_not_for_sqlite(embedded_settings: Settings) -> None:
    engine = open_engine(embedded_settings.database)
    most = 0

    @sa.event.listens_for(engine, "begin")
    def begun(_connection: sa.Connection) -> None:
        nonlocal most
        most = max(most, engine.pool.checkedout())  # type: ignore[attr-defined]

    def write() -> None:
        for _ in range(WRITES):
            with writing(engine) as connection:
                connection.execute(COUNT)

    threads = [threading.Thread(target=write) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        value = connection.execute(sa.text("SELECT value FROM counters WHERE name = 'turns'")).scalar_one()
    engine.dispose()

    assert value == THREADS * WRITES
    assert most == 1


def test_no_turn_in_time_is_a_database_that_is_away(
    embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    engine = open_engine(embedded_settings.database)
    refused: list[Exception] = []

    def write() -> None:
        try:
            with writing(engine):
                pass
        except DependencyUnavailable as error:
            refused.append(error)

    with writing(engine), reading(engine) as connection:  # a reader needs no turn
        connection.execute(sa.text("SELECT 1"))
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    write()
    engine.dispose()

    assert len(refused) == 1


def test_a_writer_that_fails_gives_its_turn_back(embedded_settings: Settings) -> None:
    engine = open_engine(embedded_settings.database)

    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(COUNT)
            raise KeyError("a bug")

    with pytest.raises(KeyError):
        fail()
    with writing(engine) as connection:
        left = connection.execute(sa.text("SELECT count(*) FROM counters WHERE name = 'turns'")).scalar_one()
    engine.dispose()

    assert left == 0


def test_a_pooled_connection_that_died_while_idle_is_replaced_before_it_is_used(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no connection to lose")
    monkeypatch.setattr(database, "IDLE_SECONDS", 0.0)
    with reading(engine) as connection:
        pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    killer = open_engine(engine.url.render_as_string(hide_password=False))
    with reading(killer) as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 2000)"), {"pid": pid})
    killer.dispose()

    with reading(engine) as connection:
        assert connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one() != pid


def test_one_statement_that_fails_keeps_nothing_and_leaves_the_connection_usable(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError), writing_once(engine) as connection:
        connection.execute(sa.text("INSERT INTO counters (name, value) SELECT 'one', NULL"))
    with writing_once(engine) as connection:
        connection.execute(sa.text("INSERT INTO counters (name, value) VALUES ('one', 7)"))

    with reading(engine) as connection:
        assert connection.execute(sa.text("SELECT value FROM counters WHERE name = 'one'")).scalar_one() == 7
