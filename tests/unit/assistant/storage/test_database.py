"""Writers of one process take turns on SQLite, and a writer that never ends is waited for only so long."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from assistant.errors import DependencyUnavailable
from assistant.settings import Settings
from assistant.storage import database
from assistant.storage.database import open_engine, reading, writing

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
