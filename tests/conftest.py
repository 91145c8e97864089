"""What all tests share: no network but loopback, an empty environment, a fresh database on both engines.

Tests that take `engine` run on SQLite always and on PostgreSQL where one answers (marker `services`);
with REQUIRE_SERVICES=1 a missing service is a failure instead of a skip.
"""

from __future__ import annotations

import gc
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.migrate import migrate
from assistant.storage.tables import metadata
from tests.scheduling import FileScheduling

_SERVICES = dict(os.environ)  # noqa: TID251  the addresses of test services, read before the environment is emptied
POSTGRES = _SERVICES.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = _SERVICES.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/13")
RABBITMQ = _SERVICES.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
_KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "COVERAGE_PROCESS_START")


# Neither how long an example takes nor how long it takes to make one is a fault: a loaded machine must not fail.
hypothesis_settings.register_profile("steward", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("steward")

# Rows go one table after the other: to truncate makes each table's files anew, which took ten times as long. Numbers
# start at 1 again.
_EMPTY_POSTGRES = "; ".join(
    [f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)]
    + [
        f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), 1, false)"
        for table in metadata.sorted_tables
        for column in table.columns
        if column is table.autoincrement_column
    ]
)


def _missing(service: str, why: object) -> None:
    if _SERVICES.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{service} is required but does not answer: {why}")
    pytest.skip(f"{service} does not answer")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--emulate", action="store_true", help="Slack's messages are kept by emulate, from npm (make test-emulate)"
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling | None:
    """Let `--dist loadfile` know which files belong together."""
    return FileScheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run files with long tests first, so that no worker is left with one while the others are done."""
    long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish() -> None:
    """Spare the garbage collector the walk through what was imported: it all stays to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def missing() -> Callable[[str, object], None]:
    """What to call when a service is not there: skips, or fails under REQUIRE_SERVICES=1."""
    return _missing


@pytest.fixture(autouse=True, scope="session")
def _empty_environment() -> None:
    for name in set(os.environ) - set(_KEPT):  # noqa: TID251
        if name.isupper() and not name.startswith(("PYTEST", "PLAYWRIGHT")):
            del os.environ[name]  # noqa: TID251


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "local"
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(host).startswith(
            ("127.", "localhost", "::1")
        ):
            raise OSError(f"tests may not reach {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def dialling(_loopback_only: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that opened a connection, one for each: who waits for a server, and how often."""
    threads: list[str] = []
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            threads.append(threading.current_thread().name)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    return threads


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "steward.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # leave SQLAlchemy's transaction: a checkpoint can't run inside one
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of this session's own, dropped at its end."""
    name = f"steward_test_{uuid4().hex[:12]}"
    try:
        server = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError as error:
        _missing("PostgreSQL", error)
        return
    server.execute(f'CREATE DATABASE "{name}"')
    yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    server.close()


@pytest.fixture(scope="session")
def _postgres_migrated(postgres_url: str) -> str:
    engine = open_engine(load_settings({}, database_url=postgres_url).database)
    migrate(engine)
    engine.dispose()
    return postgres_url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings over an empty, migrated database; once for each engine."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), tmp_path / "steward.db")
        return load_settings({}, steward_data=tmp_path)
    url = request.getfixturevalue("_postgres_migrated")
    settings = load_settings({}, steward_data=tmp_path, database_url=url)
    engine = open_engine(settings.database)
    with engine.begin() as connection:
        connection.exec_driver_sql(_EMPTY_POSTGRES)
    engine.dispose()
    return settings


@pytest.fixture
def embedded_settings(_sqlite_template: Path, tmp_path: Path) -> Settings:
    """Settings over an empty, migrated SQLite file."""
    shutil.copy(_sqlite_template, tmp_path / "steward.db")
    return load_settings({}, steward_data=tmp_path)


@pytest.fixture
def engine(settings: Settings) -> Iterator[sa.Engine]:
    """The engine over `settings`' database."""
    engine = open_engine(settings.database)
    yield engine
    engine.dispose()


@pytest.fixture
def jobs(engine: sa.Engine, settings: Settings) -> JobStore:
    """The ledger over `engine`."""
    return JobStore(engine, settings)


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis database for tests; a test takes keys of its own names in it."""
    import redis

    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).ping()
    except redis.RedisError as error:
        _missing("Redis", error)
    return REDIS


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    """A RabbitMQ broker for tests; a test takes queues of its own names in it."""
    import amqp

    url = sa.make_url(RABBITMQ)
    try:
        connection = amqp.Connection(f"{url.host}:{url.port}", url.username or "guest", url.password or "guest")
        connection.connect()
        connection.close()
    except (OSError, amqp.AMQPError) as error:
        _missing("RabbitMQ", error)
    return RABBITMQ
