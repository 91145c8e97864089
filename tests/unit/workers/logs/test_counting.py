"""Counts are added up whatever the order of blocks, and stay within their limit."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from workers.logs.counting import COUNT_SCHEMA, Counts

BEGIN = datetime(2026, 3, 4, tzinfo=UTC)


def _counts(shapes: int, minute: int) -> pl.DataFrame:
    at = BEGIN + timedelta(minutes=minute)
    rows = [(shape, "cart", 9, at, 2) for shape in range(shapes)]
    return pl.DataFrame(rows, schema=COUNT_SCHEMA, orient="row")


def test_the_same_minute_in_many_blocks_is_one_count() -> None:
    counts = Counts()
    for _ in range(40):
        counts.add(_counts(3, minute=7))
    table = pl.concat(counts.parts())
    assert table["lines"].sum() == 240
    assert table.height < 40
    assert counts.step_seconds == 60


def test_too_many_counts_take_longer_steps_and_lose_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.logs.counting.MAX_COUNT_ROWS", 500)
    counts = Counts()
    for minute in range(600):
        counts.add(_counts(5, minute))
    table = pl.concat(counts.parts())
    assert table["lines"].sum() == 600 * 10
    assert table.height <= 500
    assert counts.step_seconds > 60
    assert set(table["minute"].dt.minute()) <= set(range(0, 60, 5))
