"""The shortcut counts lines as full reading does, and leaves to it whatever a value decides."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from workers.logs import index as index_module
from workers.logs.index import LogIndex, build_index
from workers.logs.line_bytes import LineBytes, Place
from workers.logs.line_times import NO_TIME, seconds_of_day
from workers.logs.reading import ReadingOptions
from workers.logs.reading_files import LogBytes
from workers.logs.showing import Held
from workers.logs.signatures import fingerprints, with_other_values

BEGIN = datetime(2026, 3, 4, 10, tzinfo=UTC)
NOW = BEGIN + timedelta(days=1)
LINES = 6_000


def _plain(number: int, at: datetime) -> str:
    level = ("INFO", "INFO", "WARN", "ERROR")[number % 4]
    return f"{at:%Y-%m-%dT%H:%M:%S}.{number % 1000:03d}Z {level} cart [{number * 7919:016x}] stored order {number}"


def _access(number: int, at: datetime) -> str:
    status = (200, 200, 404, 503)[number % 4]
    client = f"10.0.{number % 9}.{number % 250}"
    return f'{client} - - [{at:%d/%b/%Y:%H:%M:%S} +0100] "GET /cart/{number} HTTP/1.1" {status} 12'


def _pino(number: int, at: datetime) -> str:
    level = (30, 30, 40, 50)[number % 4]
    return (
        f'{{"level":{level},"time":"{at:%Y-%m-%dT%H:%M:%S}.000Z","pid":{number % 7},"msg":"request {number} done"}}'
    )


def _priority(number: int, at: datetime) -> str:
    return f"<{(30, 30, 28, 27)[number % 4]}>{at:%b %d %H:%M:%S} node-{number % 5} cart[{number}]: stored {number}"


def _klog(number: int, at: datetime) -> str:
    letter = "IIWE"[number % 4]
    return (
        f"{letter}{at:%m%d %H:%M:%S}.{number:06d}       {number % 9} store.go:{number % 300}] order {number} stored"
    )


def _numbered_service(number: int, at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} INFO cart{number % 3} [{number * 7919:016x}] stored order {number}"


def _traced(number: int, at: datetime) -> str:
    line = f"{at:%Y-%m-%d %H:%M:%S} ERROR cart [{number * 7919:016x}] order {number} failed"
    return line + f"\n  at com.acme.Cart(Cart.java:{number})\nCaused by: java.io.IOException: {number}" * (number % 2)


def _unsteady_width(number: int, at: datetime) -> str:
    clock = f"{at.hour}:{at.minute}:{at.second}:{number % 1000}"
    return f"{at:%Y%m%d}-{clock}|Step_{'LSC' if number % 2 else 'SPUtils'}|3000{number % 9}|steps {number}"


def _zones(number: int, at: datetime) -> str:
    zone = ("Z", "+0200", "+02:00", " UTC")[number % 4]
    return f"{at:%Y-%m-%dT%H:%M:%S}.{number % 1000:03d}{zone} INFO cart stored order {number}"


def _many_messages(number: int, at: datetime) -> str:
    message = (
        f"stored order {number}",
        f"order{number % 50}: stored",
        f"order[{number % 50}]: stored",
        f"{number % 50} orders stored",
        f"asked again at {at:%H:%M:%S} by user{number}",
        f"answered status={(200, 404, 503)[number // 9 % 3]} in {number} ms",
        f"trace_id={number * 7919:012x} stored",
        "level=error msg=refused",
        f"user {'abcdefghijkl'[number % 9 :]}{number} left",
    )[number % 9]
    return f"{at:%Y-%m-%d %H:%M:%S} {('INFO', 'WARN')[number % 2]} cart {message}"


WRITERS: tuple[Callable[[int, datetime], str], ...] = (
    _plain, _access, _pino, _priority, _klog, _numbered_service, _traced, _unsteady_width, _zones,
    _many_messages,
)  # fmt: skip


def _log(writers: tuple[Callable[[int, datetime], str], ...]) -> LogBytes:
    lines = [
        writers[number % len(writers)](number // len(writers), BEGIN + timedelta(seconds=number))
        for number in range(LINES * min(len(writers), 3))
    ]
    return LogBytes("log.txt", "\n".join(lines).encode())


def _counts(index: LogIndex) -> list[tuple[object, ...]]:
    texts = pl.Series([template.text for template in index.templates])
    counts = index.counts.with_columns(texts.gather(index.counts["template"]).alias("text"))
    table = counts.select("text", pl.col("service").cast(pl.String), "level", "minute", "lines")
    return sorted(table.iter_rows(), key=str)


def _span_in_seconds(index: LogIndex) -> list[datetime]:
    file = index.report.files[0]
    return [at.replace(microsecond=0) for at in (file.first_at, file.last_at) if at]


@pytest.fixture(params=["arrays", "compiled"])
def small_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log reading in many blocks, by arrays and by compiled loops."""
    for name in ("FIRST_BLOCK_BYTES", "BLOCK_BYTES"):
        monkeypatch.setattr(f"workers.logs.reading_files.{name}", 64 << 10)
    monkeypatch.setattr("workers.logs.familiar.WORTH_COMPILING_BYTES", 0 if request.param == "compiled" else 1 << 60)


@pytest.fixture
def little_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "KEPT_BYTES", 200_000)


@pytest.mark.parametrize("writers", [*((one,) for one in WRITERS), WRITERS], ids=lambda all_: all_[0].__name__)
@pytest.mark.usefixtures("small_blocks", "little_kept")
def test_the_counts_are_those_of_full_reading(
    writers: tuple[Callable[[int, datetime], str], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ReadingOptions(now=NOW)
    short = build_index([_log(writers)], options)
    monkeypatch.setattr("workers.logs.familiar.PATIENCE_BLOCKS", 0)
    full = build_index([_log(writers)], options)
    assert not short.kept_all
    assert _counts(short) == _counts(full)
    assert short.report.events == full.report.events
    assert short.report.files[0].formats == full.report.files[0].formats
    assert _span_in_seconds(short) == _span_in_seconds(full)


@pytest.mark.usefixtures("small_blocks", "little_kept")
def test_times_on_the_day_a_zone_changes_its_offset_are_those_of_full_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    begin = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # at one o'clock it is an hour later in Berlin
    lines = [
        f"{(begin + timedelta(seconds=number)).astimezone(berlin):%Y-%m-%d %H:%M:%S} INFO cart stored order {number}"
        for number in range(LINES)
    ]
    options = ReadingOptions(now=begin + timedelta(days=1), zone=berlin)
    log = LogBytes("log.txt", "\n".join(lines).encode())
    short = build_index([log], options)
    monkeypatch.setattr("workers.logs.familiar.PATIENCE_BLOCKS", 0)
    full = build_index([log], options)
    assert not short.kept_all
    assert _counts(short) == _counts(full)


@pytest.mark.usefixtures("small_blocks", "little_kept")
def test_what_may_go_on_from_a_known_line_is_joined_to_it_as_in_full_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    for number in range(LINES):
        lines.append(_plain(number, BEGIN + timedelta(seconds=number)))
        if number % 50 == 7:  # each frame another signature, so that it stays unknown
            word = "".join("ghijklmnop"[int(digit)] for digit in str(number))
            lines += [f"    at com.acme.{word}.Order.store", f"{word}Exception: no {word}"]
        if number % 50 == 23:
            lines.append("a line of no format " + "".join("ghijklmnop"[int(digit)] for digit in str(number)))
    log, options = LogBytes("log.txt", "\n".join(lines).encode()), ReadingOptions(now=NOW)
    short = build_index([log], options)
    monkeypatch.setattr("workers.logs.familiar.PATIENCE_BLOCKS", 0)
    full = build_index([log], options)

    assert short.report.events == full.report.events < len(lines)
    assert _counts(short) == _counts(full)


@pytest.mark.usefixtures("small_blocks", "little_kept")
def test_most_lines_of_an_ordinary_log_are_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = index_module._Building.add

    def noted(building: index_module._Building, events: pl.DataFrame, *, share_read: float) -> None:
        read.append(events.height)
        real(building, events, share_read=share_read)

    monkeypatch.setattr(index_module._Building, "add", noted)
    index = build_index([_log((_plain,))], ReadingOptions(now=NOW))
    assert index.report.events == LINES
    assert sum(read) < LINES / 2


def test_a_signature_keeps_words_and_leaves_out_values() -> None:
    alike = fingerprints(LineBytes(b"took 12 ms for a3f0c9d1\ntook 7 ms for 99ab01ff\ntook 7 ms by 99ab01ff\n"))
    assert alike[0] == alike[1]
    assert alike[1] != alike[2]


def test_values_are_changed_and_what_is_kept_is_not() -> None:
    assert with_other_values(["é at 10:15 id a9 ok"], [[(5, 10)]], step=3) == ["é at 10:15 id b2 ok"]


def test_a_place_is_found_by_gaps_whatever_the_values_before_it() -> None:
    block = LineBytes("10.0.0.7 - [at 12:00]\n192.168.100.200 - [at 13:00]\né.0.0.7 - [at 14:00]\n".encode())
    place = Place.of(b"10.0.0.7 - [at 12:00]", 15)

    starts = block.starts(np.array([0, 1]), place)

    assert [row.tobytes() for row in block.columns(starts, 5)] == [b"12:00", b"13:00"]


def test_chosen_lines_are_taken_out_of_a_block_as_they_stand() -> None:
    block = LineBytes("first é\n\nthird\n".encode())

    assert block.count == 3
    assert block.lines(np.array([0, 1])).to_list() == ["first é", ""]
    assert block.lines(np.zeros(0, np.int64)).to_list() == []


def _rows(index: LogIndex) -> pl.DataFrame:
    texts = pl.Series([template.text for template in index.templates])
    rows = index.rows.with_columns(texts.gather(index.rows["template"]).alias("template"))
    names = pl.col("service", "host").cast(pl.String)
    return rows.with_columns(names).sort("line_number")


@pytest.mark.parametrize("writers", [*((one,) for one in WRITERS), WRITERS], ids=lambda all_: all_[0].__name__)
@pytest.mark.usefixtures("small_blocks")
def test_lines_that_are_kept_whole_are_shown_as_full_reading_shows_them(
    writers: tuple[Callable[[int, datetime], str], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ReadingOptions(now=NOW)
    short = build_index([_log(writers)], options)
    monkeypatch.setattr("workers.logs.familiar.PATIENCE_BLOCKS", 0)
    full = build_index([_log(writers)], options)

    assert short.kept_all
    assert full.kept_all
    assert _rows(short).equals(_rows(full))


@pytest.mark.usefixtures("small_blocks", "little_kept")
def test_lines_that_are_kept_of_many_are_shown_as_full_reading_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ReadingOptions(now=NOW)
    short = _rows(build_index([_log(WRITERS)], options))
    monkeypatch.setattr("workers.logs.familiar.PATIENCE_BLOCKS", 0)
    monkeypatch.setattr(index_module, "KEPT_BYTES", 1 << 30)
    full = _rows(build_index([_log(WRITERS)], options))

    assert 0 < short.height < full.height
    assert short.equals(full.join(short.select("line_number"), on="line_number").sort("line_number"))


def test_what_a_row_holds_is_found_only_where_gaps_say_where_it_is() -> None:
    assert Held.of(b"10:00 web-7 [a1] a1", b"a1") == Held(4, 0, 5)
    assert Held.of(b"took 12ab", b"ab") is None  # how long the number before it is says where
    assert Held.of(b"took 12 s", b"") is None


def test_a_time_of_day_that_is_none_is_no_time() -> None:
    block = LineBytes(b"23:59:59\n24:00:00\n12:60:00\n12-00-00\n00:00:0a\n")
    words = block.words_at(np.arange(5) * 9)

    assert seconds_of_day(words).tolist() == [86_399, NO_TIME, NO_TIME, NO_TIME, NO_TIME]
