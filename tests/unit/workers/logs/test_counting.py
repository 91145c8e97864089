"""Counts are added up whatever the order of blocks, and stay within their limit."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from workers.logs.counting import Counts

_SCHEMA: dict[str, pl.DataType] = {
    "shape": pl.UInt32(),
    "service": pl.Categorical(),
    "level": pl.Int8(),
    "time": pl.Datetime("us", "UTC"),
}
BEGIN = datetime(2026, 3, 4, tzinfo=UTC)


def _add(counts: Counts, rows: list[tuple[object, ...]]) -> None:
    counts.add(counts.keys(pl.DataFrame(rows, schema=_SCHEMA, orient="row")))


def _lines(shapes: int, minute: int) -> list[tuple[object, ...]]:
    at = BEGIN + timedelta(minutes=minute)
    return [(shape, "cart", 9, at + timedelta(seconds=second)) for shape in range(shapes) for second in (0, 59)]


def _table(counts: Counts, shapes: int) -> pl.DataFrame:
    return counts.by_template(pl.Series(range(shapes), dtype=pl.UInt32), pl.Series([17] * shapes, dtype=pl.Int8))


def test_the_same_minute_in_many_blocks_is_one_count() -> None:
    counts = Counts()
    for _ in range(40):
        _add(counts, _lines(3, minute=7))
    table = _table(counts, 3)
    assert table.rows() == [(shape, "cart", 9, BEGIN + timedelta(minutes=7), 80) for shape in range(3)]
    assert counts.step_minutes == 1


def test_what_is_not_known_stays_so_and_a_level_is_taken_from_the_shape() -> None:
    counts = Counts()
    _add(counts, [(0, "cart", None, None)] * 4 + [(1, "edge", 5, BEGIN)])
    assert _table(counts, 2).rows() == [(0, "cart", 17, None, 4), (1, "edge", 5, BEGIN, 1)]


def test_too_many_counts_take_longer_steps_and_lose_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.logs.counting.MAX_COUNT_ROWS", 500)
    counts = Counts()
    for minute in range(600):
        _add(counts, _lines(5, minute))
    table = _table(counts, 5)
    assert table["lines"].sum() == 600 * 10
    assert table.height <= 500
    assert counts.step_minutes > 1
    assert set(table["minute"].dt.minute()) <= set(range(0, 60, 5))
