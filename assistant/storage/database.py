"""Open the database, and agree with it on time.

The same statements run on PostgreSQL and SQLite. Time is the database's own clock, so that several machines
agree on leases; `utc_now()` is its present, `utc_in(seconds)` a moment after it.

SQLite's settings (WAL, synchronous=FULL, writes in BEGIN IMMEDIATE) are those that lost nothing under kill -9:
docs/decisions/0002-ledger.md.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator

from assistant.errors import DependencyUnavailable, StorageFull
from assistant.storage.turns import Turns

BUSY_TIMEOUT_MS = 10_000  # how long a SQLite writer waits for another before it gives up
STATEMENT_TIMEOUT_MS = 8_000  # a PostgreSQL statement that takes longer is not coming back
CONNECT_TIMEOUT_SECONDS = 3
IDLE_SECONDS = 1.0  # a pooled connection that nobody used for so long is asked whether it still lives

_TURNS: weakref.WeakKeyDictionary[sa.Engine, Turns] = weakref.WeakKeyDictionary()  # of SQLite's writers


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes: timestamptz on PostgreSQL, fixed-width ISO text on SQLite, so that < means earlier."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose how the column is stored."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(27))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Refuse naive times; write UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: times are aware UTC here")
        value = value.astimezone(UTC)
        if dialect.name == "sqlite":
            return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Read back an aware UTC time."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        assert isinstance(value, datetime)
        return value.astimezone(UTC)


class utc_in(ColumnElement[datetime]):  # noqa: N801  it reads as a SQL function
    """The database's clock plus a number of seconds (0: now), as an expression."""

    inherit_cache = True
    type = UtcDateTime()

    _traverse_internals: Any = [  # noqa: RUF012  SQLAlchemy declares it on the instance
        ("seconds", sa.sql.visitors.InternalTraversal.dp_clauseelement)
    ]

    def __init__(self, seconds: float | ColumnElement[float] = 0.0) -> None:
        self.seconds: ColumnElement[Any] = (
            sa.bindparam(None, float(seconds), type_=sa.Float()) if isinstance(seconds, int | float) else seconds
        )


def utc_now() -> utc_in:
    """Return the database's present as an expression."""
    return utc_in(0.0)


@compiles(utc_in, "postgresql")
def _utc_in_postgresql(element: utc_in, compiler: Any, **kw: Any) -> str:
    seconds = compiler.process(element.seconds, **kw)
    return f"(clock_timestamp() + make_interval(secs => CAST({seconds} AS double precision)))"


@compiles(utc_in, "sqlite")
def _utc_in_sqlite(element: utc_in, compiler: Any, **kw: Any) -> str:
    seconds = compiler.process(element.seconds, **kw)
    return f"(strftime('%Y-%m-%dT%H:%M:%f', 'now', ({seconds}) || ' seconds') || '000Z')"


def open_engine(url: str, *, pool_size: int = 8) -> sa.Engine:
    """Return an engine for the URL; nothing is connected yet. One per process: never share it across a fork."""
    if url.startswith("sqlite"):
        path = sa.make_url(url).database
        if path and path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            url,
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
            pool_size=pool_size,
            max_overflow=pool_size,
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_immediate)
        _TURNS[engine] = Turns(engine)
        return engine
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=CONNECT_TIMEOUT_SECONDS,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} "
            "-c idle_in_transaction_session_timeout=15000 -c timezone=UTC "
            "-c jit=off",  # compiling the claim takes 60 ms, running it 1
        },
    )
    _ping_when_idle(engine)
    return engine


def _ping_when_idle(engine: sa.Engine) -> None:
    """Replace dead connections before they are used, without a round trip for those in constant use.

    SQLAlchemy's own `pool_pre_ping` asks at every checkout: a sixth of what a job in the ledger costs.
    """

    @sa.event.listens_for(engine, "checkin")
    def _note(_connection: object, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def _ping(connection: Any, record: Any, _proxy: object) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.InvalidatePoolError("the database went away meanwhile") from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event below opens transactions
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: sa.Connection) -> None:
    # A read transaction that later writes can fail with SQLITE_BUSY at once, whatever the timeout: take the
    # write lock first. Reads that must not wait use `reading` below.
    mode = "DEFERRED" if connection.get_execution_options().get("steward_reading") else "IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextlib.contextmanager
def writing(engine: sa.Engine, *, flushes: bool = True) -> Iterator[sa.Connection]:
    """One transaction that may write; committed at the end of the block, rolled back when it raises.

    `flushes=False`: on SQLite the end of the block does not wait for the disk (turns.py says for what that is safe).

    Raises:
        StorageFull: the disk is full; nothing of the block was kept.
        DependencyUnavailable: the database cannot be reached, or gave up waiting for a lock.
    """
    turns = _TURNS.get(engine)
    seconds = BUSY_TIMEOUT_MS / 1000
    transaction = turns.writing(timeout_seconds=seconds, flushes=flushes) if turns else engine.begin()
    with _translated(), transaction as connection:
        yield connection


@contextlib.contextmanager
def writing_once(engine: sa.Engine, *, flushes: bool = True) -> Iterator[sa.Connection]:
    """Write with exactly one statement, which is its own transaction: `writing` at a third of the round trips.

    `flushes`: as of `writing`.

    Raises:
        StorageFull: the disk is full; nothing was kept.
        DependencyUnavailable: the database cannot be reached, or gave up waiting for a lock.
    """
    if engine.dialect.name == "sqlite":  # no round trips to save, and the write lock is to be had first
        with writing(engine, flushes=flushes) as connection:
            yield connection
        return
    with _translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@contextlib.contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One read-only look; on SQLite it never waits for a writer, and all of it sees one moment.

    On PostgreSQL each statement sees its own moment (as under READ COMMITTED), so no transaction is begun for it.

    Raises:
        DependencyUnavailable: the database cannot be reached.
    """
    options = {"steward_reading": True} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    with _translated(), engine.connect().execution_options(**options) as connection:
        yield connection


class ChangeWatch:
    """Tells whether another connection has committed since the last look: SQLite only, in microseconds."""

    def __init__(self, engine: sa.Engine) -> None:
        self._connection: sqlite3.Connection | None = None
        path = engine.url.database
        if engine.dialect.name == "sqlite" and path and path != ":memory:":
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._seen = self._version()

    @property
    def can_watch(self) -> bool:
        """False on databases that can't tell; poll those."""
        return self._connection is not None

    def changed(self) -> bool:
        """Return whether somebody committed anything since the last call."""
        if self._connection is None:
            return True
        seen, self._seen = self._seen, self._version()
        return seen != self._seen

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _version(self) -> int:
        assert self._connection is not None
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        message = str(getattr(error, "orig", None) or error)
        if "disk is full" in message or "No space left" in message or "could not extend" in message:
            raise StorageFull(f"database: {message}") from error
        raise DependencyUnavailable(f"database: {message.splitlines()[0]}", retry_after_seconds=5) from error
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise DependencyUnavailable("database: connection lost", retry_after_seconds=5) from error
        if type(error) is sa.exc.DatabaseError:  # the file is damaged, or is none: not a mistake in a statement
            raise DependencyUnavailable(f"database: {error.orig}", retry_after_seconds=60) from error
        raise
