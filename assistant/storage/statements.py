"""SQL written once as text and understood by both databases.

The ledger's statements run thousands of times a minute; text is prepared once and costs a third of what
building the same statement from objects does. It goes to the drivers past SQLAlchemy's compiler, which takes as
long as they do: PostgreSQL's knows our types, and what SQLite's does not is in sqlite_rows.py. Seven words of ours
stand for what the databases spell apart:

    @now           the database's clock
    @in(:seconds)  its clock plus a number of seconds
    @json(:value)  a JSON text as a value of a JSON column
    @text(column)  a JSON column as text, to be parsed by pydantic
    @field(column, name)  a text in a JSON column's object, or NULL
    @locked        FOR UPDATE SKIP LOCKED where it exists (SQLite has one writer, who needs none)
    @if_changed    true in a batch whose deciding write changed a row (`Batch`)
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, TypeAdapter

from assistant.storage.sqlite_rows import Readers, Rows, run, run_all

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_SPELLINGS = {
    "postgresql": (
        (r"@now", "clock_timestamp()"),
        (r"@in\(([^()]+)\)", r"(clock_timestamp() + make_interval(secs => CAST(\1 AS double precision)))"),
        (r"@json\(([^()]+)\)", r"CAST(\1 AS jsonb)"),
        (r"@text\(([^()]+)\)", r"CAST(\1 AS text)"),
        (r"@field\(([^(),]+), ([^(),]+)\)", r"(\1 ->> '\2')"),
        (r"@locked", "FOR UPDATE SKIP LOCKED"),
        (r"@if_changed", "EXISTS (SELECT FROM decides)"),
    ),
    "sqlite": (
        (r"@now", "(strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')"),
        (r"@in\(([^()]+)\)", r"(strftime('%Y-%m-%dT%H:%M:%f', 'now', (\1) || ' seconds') || '000Z')"),
        (r"@json\(([^()]+)\)", r"\1"),
        (r"@text\(([^()]+)\)", r"\1"),
        (r"@field\(([^(),]+), ([^(),]+)\)", r"json_extract(\1, '$.\2')"),
        (r"@locked", ""),
        (r"@if_changed", "1 = 1"),  # asked in between: see Batch
    ),
}
# What columns of these names mean, in every statement that says it returns them. Others: as the driver has them.
_READERS: Readers = {
    **dict.fromkeys(("job_id", "conversation_id", "before_job", "minutes_id"), UUID),
    **dict.fromkeys(("created_at", "updated_at", "started_at", "finished_at"), datetime.fromisoformat),
    **dict.fromkeys(("deadline_at", "delivered_at", "run_at", "seen_at"), datetime.fromisoformat),
    **dict.fromkeys(("at", "lease_until", "next_at", "expires_at"), datetime.fromisoformat),
    **dict.fromkeys(("cancel_requested", "offline"), bool),
}
Found = sa.CursorResult[Any] | Rows  # what a statement brought back; both are asked alike


class Statement:
    """One SQL text for both databases, or one each where they differ too much."""

    def __init__(self, sql: str, *, sqlite: str | None = None, returns: str = "") -> None:
        """`returns` names the returned columns, in any order, for their types."""
        self._on_postgresql = _driver_sql(sql)
        self._on_sqlite = _spelt(sqlite or sql, "sqlite")
        self._readers = {name: _READERS[name] for name in returns.split() if name in _READERS}

    def __call__(self, connection: sa.Connection, /, **values: Any) -> Found:
        """Run on the connection with these values."""
        if connection.dialect.name == "postgresql":
            return connection.exec_driver_sql(self._on_postgresql, values)
        return run(connection, self._on_sqlite, values, self._readers)

    def many(self, connection: sa.Connection, rows: list[dict[str, Any]], /) -> None:
        """Run once a row."""
        if connection.dialect.name == "postgresql":
            if rows:
                connection.exec_driver_sql(self._on_postgresql, rows)
            return
        for row in rows:
            run(connection, self._on_sqlite, row, {})


class Batch:
    """Several writes that need nothing of each other's: one round trip on PostgreSQL, one after another on SQLite.

    A PostgreSQL server runs them as one statement (`WITH a AS (INSERT …), b AS (UPDATE …) …`). Each sees the
    rows as they were before any of them; foreign keys are checked when all are done. One name means one value
    throughout.

    With `decides`, that write comes first, and the others happen only if it changed a row: they say
    `WHERE @if_changed`. Such a batch is one statement and needs no transaction around it (`writing_once`).
    """

    def __init__(self, decides: str | None = None, **parts: str) -> None:
        """Name the writes, in order; the names are for whoever reads the server's log."""
        self._decides = _spelt(decides, "sqlite") if decides else None
        self._singly = [_spelt(sql, "sqlite") for sql in parts.values()]
        if decides:
            together = {"decides": f"{decides} RETURNING 1", **parts, "": "SELECT FROM decides"}
        else:
            together = {name: sql.replace("@if_changed", "TRUE") for name, sql in parts.items()}
        *named, (_, last) = together.items()
        before = ", ".join(f"{name} AS ({sql})" for name, sql in named)
        self._together = _driver_sql(f"WITH {before} {last}" if before else last)

    def __call__(self, connection: sa.Connection, /, **values: Any) -> bool:
        """Run all with these values; False when there is a deciding write, and it changed nothing."""
        if connection.dialect.name == "postgresql":
            found = connection.exec_driver_sql(self._together, values)
            return self._decides is None or bool(found.rowcount)  # rows without columns: nothing to fetch
        if self._decides is not None and not run(connection, self._decides, values, {}).rowcount:
            return False
        run_all(connection, self._singly, values, {})
        return True


def _driver_sql(sql: str) -> str:
    """Return the text with psycopg's placeholders, on one line.

    psycopg remembers how it read a query only up to 4,096 characters: a longer one is read anew at every call.
    """
    on_one_line = " ".join(_spelt(sql, "postgresql").split())  # no literal of ours holds two spaces in a row
    return _PARAMETER.sub(r"%(\1)s", on_one_line.replace("%", "%%"))


def _spelt(sql: str, dialect: str) -> str:
    for pattern, spelling in _SPELLINGS[dialect]:
        sql = re.sub(pattern, spelling, sql)
    return sql


def json_text(value: BaseModel) -> str:
    """Return the value as JSON text that both databases accept (PostgreSQL stores no NUL characters)."""
    return _without_nul(value.model_dump_json())


_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


def json_of(value: Any) -> str:
    """Return any mix of models, lists and plain values as JSON text, as `json_text` does."""
    return _without_nul(_ANYTHING.dump_json(value).decode())


def _without_nul(text: str) -> str:
    return _NUL.sub(r"\1", text) if "\\u0000" in text else text


def plain_text(value: str) -> str:
    """Return the text without NUL characters and lone surrogates, which no database stores."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
