"""Run prepared text on SQLite's own driver, and hand back rows that read as SQLAlchemy's do.

A statement that runs thousands of times a minute costs SQLite 10 to 20 µs; SQLAlchemy's compiler, context and result
around it cost as much again in a busy loop, and several times that where a process has just woken up and none of
their code is in the cache. The transaction is still SQLAlchemy's, and so are the errors.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

Readers = Mapping[str, Callable[[Any], Any]]  # by column: from what SQLite keeps to what the column means


class Several(list[Any]):
    """All that was found, in order."""

    def all(self) -> list[Any]:
        """Return them as they are."""
        return self

    def first(self) -> Any:
        """Return the first, or None."""
        return self[0] if self else None

    def one(self) -> Any:
        """Return the only one.

        Raises:
            sa.exc.NoResultFound, sa.exc.MultipleResultsFound: there is none, or more.
        """
        if not self:
            raise sa.exc.NoResultFound("No row was found when one was required")
        return self.one_or_none()

    def one_or_none(self) -> Any:
        """Return the only one, or None.

        Raises:
            sa.exc.MultipleResultsFound: there are more.
        """
        if len(self) > 1:
            raise sa.exc.MultipleResultsFound("Multiple rows were found when one was required")
        return self[0] if self else None


class Rows(Several):
    """The rows of one statement: named tuples."""

    def __init__(self, cursor: sqlite3.Cursor, readers: Readers) -> None:
        columns = cursor.description
        self.rowcount = cursor.rowcount
        if columns is None:
            super().__init__()
            return
        found = cursor.fetchall()
        self.rowcount = cursor.rowcount  # with RETURNING it is known once all is fetched
        self._names = tuple(column[0] for column in columns)
        if readers:
            reads = [readers.get(name) for name in self._names]
            found = [
                [
                    value if read is None or value is None else read(value)
                    for read, value in zip(reads, row, strict=True)
                ]
                for row in found
            ]
        super().__init__(map(_row_of(self._names)._make, found))

    def scalar(self) -> Any:
        """Return the first column of the first row, or None."""
        return self[0][0] if self else None

    def scalar_one(self) -> Any:
        """Return the first column of the only row."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        """Return the first column of the only row, or None."""
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalars(self) -> Several:
        """Return the first column of all rows."""
        return Several(row[0] for row in self)

    def mappings(self) -> Several:
        """Return the rows by column name."""
        return Several(dict(zip(self._names, row, strict=True)) for row in self)


def run(connection: sa.Connection, sql: str, values: Mapping[str, Any], readers: Readers) -> Rows:
    """Run the statement in the connection's transaction, which is begun if there is none."""
    return run_all(connection, (sql,), values, readers)


def run_all(connection: sa.Connection, texts: Sequence[str], values: Mapping[str, Any], readers: Readers) -> Rows:
    """Run the statements one after another with the same values; return what the last brought back."""
    if not connection.in_transaction():
        connection.begin()
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    kept = _as_kept(values)
    for sql in texts:
        try:
            cursor = driver.execute(sql, kept)
            rows = Rows(cursor, readers)
        except sqlite3.Error as error:
            raise sa.exc.DBAPIError.instance(sql, kept, error, sqlite3.Error, dialect=connection.dialect) from error
    return rows


@lru_cache(maxsize=1_000)
def _row_of(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)


def _as_kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as SQLite keeps them: ids in hexadecimal, times as UtcDateTime of database.py writes them."""
    kept = dict(values)
    for name, value in values.items():
        if isinstance(value, UUID):
            kept[name] = value.hex
        elif isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(f"naive datetime {value!r}: times are aware UTC here")
            kept[name] = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return kept
