"""Rows of SQLite's own driver: the types that were written, SQLAlchemy's errors, and its transaction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from assistant.storage.database import open_engine, reading, writing
from assistant.storage.statements import Statement

_PUT = Statement(
    "INSERT INTO things (job_id, run_at, offline) VALUES (:job_id, :run_at, :offline) "
    "ON CONFLICT DO NOTHING RETURNING job_id, run_at, offline",
    returns="job_id run_at offline",
)
_ALL = Statement("SELECT job_id, run_at, offline FROM things ORDER BY run_at", returns="job_id run_at offline")
BERLIN = timezone(timedelta(hours=1))


@pytest.fixture
def sqlite(tmp_path: Path) -> sa.Engine:
    engine = open_engine(f"sqlite:///{tmp_path}/rows.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE things (job_id TEXT PRIMARY KEY, run_at TEXT, offline INT NOT NULL)")
    return engine


def test_ids_times_and_flags_come_back_as_they_were_given(sqlite: sa.Engine) -> None:
    job_id, moment = uuid4(), datetime(2026, 3, 4, 12, 30, tzinfo=BERLIN)
    with writing(sqlite) as connection:
        put = _PUT(connection, job_id=job_id, run_at=moment, offline=True)
        again = _PUT(connection, job_id=job_id, run_at=moment, offline=True)

    assert (put.rowcount, put.one()) == (1, (job_id, moment.astimezone(UTC), True))
    assert (again.rowcount, again.first(), again.scalar(), again.one_or_none()) == (0, None, None, None)
    with pytest.raises(sa.exc.NoResultFound):
        again.one()


def test_rows_are_read_by_name_by_place_and_as_mappings(sqlite: sa.Engine) -> None:
    ids = [uuid4(), uuid4()]
    with writing(sqlite) as connection:
        _PUT.many(connection, [{"job_id": one, "run_at": None, "offline": bool(at)} for at, one in enumerate(ids)])
    with reading(sqlite) as connection:
        rows = _ALL(connection)

    assert {row.job_id for row in rows} == {row[0] for row in rows} == set(ids) == set(rows.scalars())
    assert [row["run_at"] for row in rows.mappings()] == [None, None]
    with pytest.raises(sa.exc.MultipleResultsFound):
        rows.one()


def test_a_refused_row_is_sqlalchemys_error_and_takes_its_transaction_back(sqlite: sa.Engine) -> None:
    rows = [{"job_id": uuid4(), "run_at": None, "offline": offline} for offline in (True, None)]
    with pytest.raises(sa.exc.IntegrityError), writing(sqlite) as connection:
        _PUT.many(connection, rows)

    with reading(sqlite) as connection:
        assert _ALL(connection).all() == []


def test_a_naive_time_is_refused(sqlite: sa.Engine) -> None:
    with pytest.raises(ValueError, match="naive"), writing(sqlite) as connection:
        _PUT(connection, job_id=uuid4(), run_at=datetime(2026, 3, 4), offline=True)
