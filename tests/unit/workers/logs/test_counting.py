"""Counts are added up whatever the order of blocks, and stay within their limit."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
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


def _drawn(blocks: int, shapes: int, minutes: int) -> list[pl.DataFrame]:
    """Return blocks of lines drawn by chance, of two services, some without a level or a time."""
    chance = np.random.default_rng(6)

    def block(number: int) -> pl.DataFrame:
        count = 2_000
        at = (int(BEGIN.timestamp()) + 60 * number + chance.integers(0, 60 * minutes, count)) * 1_000_000
        times = pl.Series(at).cast(pl.Datetime("us", "UTC"))
        return pl.DataFrame(
            {
                "shape": chance.integers(0, shapes, count).astype(np.uint32),
                "service": pl.Series(chance.choice(["cart", "edge"], count)).cast(pl.Categorical),
                "level": pl.Series(chance.choice([9, 17, -1], count).astype(np.int8)).replace(-1, None),
                "time": pl.select(pl.when(pl.lit(chance.random(count) > 0.01)).then(times)).to_series(),
            },
            schema=_SCHEMA,
        )

    return [block(number) for number in range(blocks)]


@pytest.mark.parametrize("step_minutes", [1, 15])
def test_counts_added_up_in_parts_are_those_of_all_lines_grouped_at_once(
    monkeypatch: pytest.MonkeyPatch, step_minutes: int
) -> None:
    monkeypatch.setattr("workers.logs.counting.ROWS_AT_ONCE", 700)
    monkeypatch.setattr("workers.logs.counting.DRAWN_FROM", 10)
    monkeypatch.setattr("workers.logs.counting.STEPS_MINUTES", (1, step_minutes))
    if step_minutes > 1:
        monkeypatch.setattr("workers.logs.counting.MAX_COUNT_ROWS", 20_000)
    counts, blocks = Counts(), _drawn(blocks=45, shapes=50, minutes=500)
    for block in blocks:
        counts.add(counts.keys(block))

    # Four templates of several shapes each, in another order than theirs; the last has no line.
    template = pl.Series([(3 - shape) % 4 for shape in range(50)] + [4], dtype=pl.UInt32)
    level = pl.Series([5] * 51, dtype=pl.Int8)
    table = counts.by_template(template, level)

    expected = (
        pl.concat(blocks)
        .select(
            template.gather(pl.concat(blocks)["shape"]).alias("template"),
            pl.col("service").cast(pl.String),
            pl.col("level").fill_null(5),
            pl.col("time").dt.truncate(f"{step_minutes}m").alias("minute"),
        )
        .group_by("template", "service", "level", "minute")
        .agg(pl.len().alias("lines"))
    )
    assert counts.step_minutes == step_minutes
    assert table["template"].is_sorted()
    by = ["template", "service", "level", "minute"]
    assert table.with_columns(pl.col("service").cast(pl.String)).sort(by).rows() == expected.sort(by).rows()


def test_what_has_nothing_counted_is_an_empty_table() -> None:
    assert _table(Counts(), 3).is_empty()


# In a process of its own: whatever else a test process allocates at that time would be counted too.
ADDING_UP = """
import tracemalloc
import numpy as np
from workers.logs import counting
from workers.logs.count_keys import SHAPE_AT, LineKeys, with_minutes
counting.MAX_COUNT_ROWS, counting.ROWS_AT_ONCE = 400_000, 10_000
counts = counting.Counts()
prefixes = np.arange(20_000, dtype=np.uint64) << np.uint64(SHAPE_AT)
tracemalloc.start()
for minute in range(200):
    counts.add(LineKeys.by(with_minutes(prefixes, np.full(len(prefixes), 60 * minute))))
print(counts.step_minutes, tracemalloc.get_traced_memory()[1])
"""


def test_adding_up_takes_little_more_memory_than_what_is_added_up() -> None:
    done = subprocess.run([sys.executable, "-c", ADDING_UP], check=True, capture_output=True, text=True)
    step_minutes, peak = map(int, done.stdout.split())

    assert step_minutes > 1
    # Twelve bytes a count, its sum beside it, and the block that has just come; with all sorted at once it was 63.
    assert peak < 36 * 400_000


def test_where_no_step_is_long_enough_lines_are_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.logs.counting.MAX_COUNT_ROWS", 100)
    counts = Counts()
    for block in range(40):
        _add(counts, [(shape, "cart", 9, BEGIN) for shape in range(10 * block, 10 * block + 10)])

    assert _table(counts, 400)["lines"].to_list() == [1] * 400
