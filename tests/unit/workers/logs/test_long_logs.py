"""Of a log of many months all lines are counted, and those kept stay within their room."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.logs import index as index_module
from workers.logs.index import build_index
from workers.logs.reading import ReadingOptions
from workers.logs.reading_files import LogBytes

BEGIN = datetime(2024, 3, 4, tzinfo=UTC)
KINDS = ("opened", "closed", "moved", "copied", "renamed", "listed", "hidden", "shown", "locked", "freed")
LINES = 24_000
DAYS = 400


def test_the_lines_kept_of_a_log_of_many_months_stay_within_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_BLOCK_BYTES", "BLOCK_BYTES"):
        monkeypatch.setattr(f"workers.logs.reading_files.{name}", 64 << 10)
    monkeypatch.setattr(index_module, "KEPT_BYTES", 30_000)
    monkeypatch.setattr(index_module, "KEPT_BYTES_LONG", 15_000)
    step = timedelta(days=DAYS) / LINES
    lines = [
        f"{BEGIN + number * step:%Y-%m-%dT%H:%M:%SZ} INFO store {KINDS[number % len(KINDS)]} folder {number}"
        for number in range(LINES)
    ]

    index = build_index(
        [LogBytes("store.log", "\n".join(lines).encode())], ReadingOptions(now=BEGIN.replace(year=2026))
    )

    assert index.counts["lines"].sum() == LINES
    assert 0 < index.rows["line"].str.len_bytes().sum() + index_module.FIELD_BYTES * index.rows.height <= 15_000
    assert index.rows["time"].max() > BEGIN + timedelta(days=300)  # type: ignore[operator]  # not the beginning alone
