"""Writers who wait for each other on SQLite share a commit, and answer for their own writes alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.errors import DependencyUnavailable
from assistant.settings import Settings
from assistant.storage import database
from assistant.storage.database import open_engine, reading, writing

AndThen = Callable[[str, sa.Connection], None]
PUT = sa.text("INSERT INTO counters (name, value) VALUES (:name, 1)")


class Crowd:
    """A first writer who holds the turn until all others have queued up behind it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.failed: dict[str, Exception] = {}
        self.commits = 0
        sa.event.listen(engine, "commit", self._committed)

    def write(
        self,
        *names: str,
        and_then: AndThen = lambda _name, _connection: None,
        flushes: Callable[[str], bool] = lambda _name: True,
    ) -> None:
        """Write each name in a thread of its own, the first holding the turn meanwhile, the others in this order."""
        threads = [threading.Thread(target=self._write, args=(name, and_then, flushes(name))) for name in names[1:]]
        try:
            with writing(self.engine, flushes=flushes(names[0])) as connection:
                connection.execute(PUT, {"name": names[0]})
                for number, thread in enumerate(threads, start=1):
                    thread.start()
                    self._until_waiting(number)
                and_then(names[0], connection)
        except Exception as error:  # noqa: BLE001  looked at by the test
            self.failed[names[0]] = error
        for thread in threads:
            thread.join()

    def kept(self) -> set[str]:
        with reading(self.engine) as connection:
            return set(connection.execute(sa.text("SELECT name FROM counters")).scalars())

    def _write(self, name: str, and_then: AndThen, flushes: bool) -> None:
        try:
            with writing(self.engine, flushes=flushes) as connection:
                connection.execute(PUT, {"name": name})
                and_then(name, connection)
        except Exception as error:  # noqa: BLE001  looked at by the test
            self.failed[name] = error

    def _until_waiting(self, count: int) -> None:
        pause = threading.Event()
        while len(database._TURNS[self.engine]._waiting) < count:
            pause.wait(0.001)

    def _committed(self, _connection: sa.Connection) -> None:
        self.commits += 1


@pytest.fixture
def crowd(embedded_settings: Settings) -> Iterator[Crowd]:
    engine = open_engine(embedded_settings.database)
    yield Crowd(engine)
    engine.dispose()


def refuse_c(name: str, _connection: sa.Connection) -> None:
    if name == "c":
        raise ValueError(name)


def test_those_who_wait_share_one_commit(crowd: Crowd) -> None:
    crowd.write("a", "b", "c", "d")

    assert (crowd.kept(), crowd.failed, crowd.commits) == ({"a", "b", "c", "d"}, {}, 1)


def test_who_fails_takes_back_its_own_writes_only(crowd: Crowd) -> None:
    crowd.write("a", "b", "c", "d", and_then=refuse_c)

    assert (crowd.kept(), list(crowd.failed)) == ({"a", "b", "d"}, ["c"])


def test_after_a_first_writer_that_fails_the_others_begin_anew(crowd: Crowd) -> None:
    crowd.write("c", "a", "b", and_then=refuse_c)

    assert (crowd.kept(), list(crowd.failed)) == ({"a", "b"}, ["c"])


def test_a_commit_that_fails_has_failed_for_all(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("COMMIT", {}, Exception("disk I/O error"))

    monkeypatch.setattr(crowd.engine.dialect, "do_commit", fail)
    crowd.write("a", "b", "c")
    monkeypatch.undo()

    assert crowd.kept() == set()
    assert {name: type(error) for name, error in crowd.failed.items()} == dict.fromkeys("abc", DependencyUnavailable)


def test_a_transaction_that_sqlite_gave_up_is_nobodys_and_the_next_begins_anew(crowd: Crowd) -> None:
    def give_up(name: str, connection: sa.Connection) -> None:
        if name == "b":
            connection.exec_driver_sql("ROLLBACK")  # as SQLite may by itself when the disk is full

    crowd.write("a", "b", "c", and_then=give_up)

    assert (crowd.kept(), set(crowd.failed)) == ({"c"}, {"a", "b"})


def levels(engine: sa.Engine) -> list[str]:
    """Return a list that grows by what SQLite is told to wait for, and by each commit."""
    said: list[str] = []

    def watch(driver: Any, *_: object) -> None:
        driver.set_trace_callback(lambda sql: said.append(sql) if "synchronous" in sql or sql == "COMMIT" else None)

    sa.event.listen(engine, "checkout", watch)
    return said


def test_what_need_not_be_on_the_disk_leaves_the_connection_as_it_was(crowd: Crowd) -> None:
    said = levels(crowd.engine)
    with writing(crowd.engine, flushes=False) as connection:
        connection.execute(PUT, {"name": "a"})
    with pytest.raises(ValueError, match="b"), writing(crowd.engine, flushes=False):
        raise ValueError("b")
    with writing(crowd.engine) as connection:
        connection.execute(PUT, {"name": "c"})
        driver: Any = connection.connection.driver_connection
        level = driver.execute("PRAGMA synchronous").fetchone()[0]

    relaxed, strict = "PRAGMA synchronous=NORMAL", "PRAGMA synchronous=FULL"
    assert said == [relaxed, "COMMIT", strict, relaxed, strict, "PRAGMA synchronous", "COMMIT"]
    assert level == 2  # FULL
    assert crowd.kept() == {"a", "c"}


def test_who_must_be_on_the_disk_never_shares_the_commit_of_one_who_need_not(crowd: Crowd) -> None:
    crowd.write("lax", "strict", "lax too", flushes=lambda name: "lax" not in name)

    assert (crowd.kept(), crowd.failed) == ({"lax", "strict", "lax too"}, {})
    assert crowd.commits == 2  # the first alone, then the strict one with the one behind it
