"""Reading: whatever a file holds, it is read, counted, or named as unreadable."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from workers.logs.reading import EVENT_SCHEMA, ReadingCancelled, ReadingOptions, read_events
from workers.logs.reading_files import MAX_LINE_BYTES, LogBytes, LogSource, find_files
from workers.logs.reading_report import ReadingReport
from workers.logs.service_names import service_of_name

NOW = datetime(2026, 3, 5, tzinfo=UTC)
LINE = "2026-03-04T10:00:00Z ERROR payments: card declined\n"


def read(*sources: LogSource, **options: object) -> tuple[pl.DataFrame, ReadingReport]:
    report = ReadingReport()
    blocks = list(read_events(sources, ReadingOptions(now=NOW, **options), report))  # type: ignore[arg-type]
    return (pl.concat(blocks) if blocks else pl.DataFrame(schema=EVENT_SCHEMA)), report


def upload(text: str | bytes, name: str = "upload.log") -> LogBytes:
    return LogBytes(name, text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress, zstandard.ZstdCompressor().compress])
def test_plain_gzip_and_zstd_give_the_same_events(pack: object) -> None:
    events, report = read(upload(pack((LINE * 3).encode())))  # type: ignore[operator]

    assert events["message"].to_list() == ["card declined"] * 3
    assert (report.lines, report.problems) == (3, [])


def test_a_directory_is_read_with_rotated_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "pay.log.2.gz").write_bytes(gzip.compress(b"2026-03-04T08:00:00Z INFO oldest\n"))
    (tmp_path / "pay.log.1").write_text("2026-03-04T09:00:00Z INFO older\n")
    (tmp_path / "pay.log").write_text("2026-03-04T10:00:00Z INFO newest\n")

    events, _ = read(tmp_path)

    assert events["message"].to_list() == ["oldest", "older", "newest"]
    assert set(events["service"]) == {"pay"}


def test_a_glob_finds_files_and_a_missing_path_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINE)

    events, report = read(str(tmp_path / "*.log"), str(tmp_path / "gone.log"))

    assert events.height == 1
    assert [problem.could_not_read for problem in report.problems] == [True]


def test_a_link_out_of_the_directory_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(LINE)
    asked_for = tmp_path / "logs"
    asked_for.mkdir()
    (asked_for / "x.log").symlink_to(tmp_path / "secret")

    files, problems = find_files([asked_for])

    assert (files, len(problems)) == ([], 1)


def test_empty_and_binary_files_are_told_apart() -> None:
    _, report = read(upload(b"", "empty.log"), upload(bytes(range(256)) * 20, "core.bin"))

    told = {problem.name: (problem.could_not_read, problem.reason) for problem in report.problems}
    assert told["empty.log"][0] is False
    assert told["core.bin"] == (True, "is binary, not text")


def test_a_broken_archive_gives_what_came_before_the_break() -> None:
    packed = gzip.compress(
        "".join(f"2026-03-04T10:00:00Z INFO line {n * n * 7919}\n" for n in range(20_000)).encode()
    )

    events, report = read(upload(packed[: len(packed) // 2]))

    assert events.height > 100
    assert "stopped after" in report.problems[0].reason


def test_a_line_of_ten_megabytes_is_cut_and_the_next_one_is_whole() -> None:
    events, report = read(upload("2026-03-04T10:00:00Z INFO " + "x" * 10_000_000 + "\n" + LINE))

    assert report.cut_lines == 1
    assert len(events["line"][0]) <= MAX_LINE_BYTES
    assert events["message"][1] == "card declined"


def test_broken_bytes_are_replaced_and_counted() -> None:
    events, report = read(upload(b"2026-03-04T10:00:00Z INFO caf\xe9 opened\n"))

    assert report.undecodable_bytes == 1
    assert events["message"].to_list() == ["caf\ufffd opened"]


def test_utf_16_is_read() -> None:
    events, _ = read(upload(LINE.encode("utf-16")))

    assert events["message"].to_list() == ["card declined"]


def test_future_unordered_and_missing_times_are_counted() -> None:
    text = (
        "2026-03-04T10:00:00Z INFO one\n2026-03-04T10:05:00Z INFO two\n2026-03-04T10:01:00Z INFO three\n"
        "2099-01-01T00:00:00Z INFO four\n" + "2026-03-04T10:06:00Z INFO five\n" * 30 + "no time here\n"
    )

    events, report = read(upload(text))

    assert (report.future_times, report.unordered_times, report.without_time) == (1, 1, 2)
    assert events["time"].null_count() == 0
    assert events["time"].max() == datetime(2026, 3, 4, 10, 6, tzinfo=UTC)


def test_a_stack_trace_is_one_event_that_names_its_exception() -> None:
    text = (
        "2026-03-04 10:00:00,000 ERROR [main] c.a.Pay - charge failed\n"
        "java.lang.IllegalStateException: no provider\n\tat c.a.Pay.charge(Pay.java:12)\n"
        "Caused by: java.net.ConnectException: refused\n\t... 3 more\n"
        "2026-03-04 10:00:01,000 INFO [main] c.a.Pay - next\n"
    )

    events, _ = read(upload(text))

    assert events.height == 2
    assert events["line"][0].count("\n") == 4
    assert "IllegalStateException" in events["message"][0]
    assert events["line_number"].to_list() == [1, 6]


def test_ids_and_status_are_found_in_messages() -> None:
    events, _ = read(upload("2026-03-04T10:00:00Z INFO pay: done trace_id=abc123def status=503\n"))

    assert (events["trace"][0], events["status"][0]) == ("abc123def", 503)


def test_csv_exports_are_read_by_their_header() -> None:
    text = 'timestamp,level,service,message\n2026-03-04T10:00:00Z,error,pay,"declined, again"\n'

    events, _ = read(upload(text))

    assert events.row(-1, named=True)["message"] == "declined, again"
    assert events.row(-1, named=True)["service"] == "pay"


def test_the_byte_limit_stops_reading_and_is_reported() -> None:
    _, report = read(upload(LINE * 1_000), max_bytes=5_000)

    assert report.stopped_at_bytes == 5_000
    assert 0 < report.bytes_read <= 5_000


def test_a_zone_that_lines_do_not_say_is_reported_as_assumed() -> None:
    _, report = read(upload("2026-03-04 10:00:00,000 INFO [main] c.A - x\n", "a.log"))

    assert report.zone_assumed == {"a.log"}


def test_reading_can_be_cancelled() -> None:
    with pytest.raises(ReadingCancelled):
        read(upload(LINE), is_cancelled=lambda: True)


def test_progress_ends_at_the_whole() -> None:
    seen: list[tuple[int, int]] = []

    read(upload(LINE * 10), progress=lambda done, total: seen.append((done, total)))

    assert seen[-1][0] == seen[-1][1] == len(LINE) * 10


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("payments.log", "payments"),
        ("payments-2026-03-04.log.gz", "payments"),
        ("app.log", None),
        ("cart/app.log", "cart"),
        ("pay-5f6_shop_pay-" + "a" * 64 + ".log", "pay"),
    ],
)
def test_a_file_names_its_service(name: str, service: str | None) -> None:
    assert service_of_name(name) == service


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(b"\xfe\xff")  # nothing but the mark that says how it is written
@given(st.binary(max_size=2_000))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    events, report = read(upload(content))

    assert events.height <= report.lines
    assert report.lines > 0 or report.problems


PIECES = st.sampled_from(
    [
        '{"ts":"2026-03-04T10:00:00Z","msg":"',
        "2026-03-04 10:00:00,000 ",
        "ERROR ",
        "level=",
        "Mar  4 10:00:00 ",
        "\n",
        "\r\n",
        "\tat x.y(Z.java:1)",
        "Traceback (most recent call last):",
        "\\u00",
        '"}',
        "[",
        "\x00",
        "\x01",
        "é",
        "E0304 10:00:00.0 1 a.go:1] ",
        " ",
    ]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=40))
def test_no_mixture_of_formats_breaks_the_reader(pieces: list[str]) -> None:
    text = "".join(pieces)
    events, report = read(upload(text))

    assert events.height == report.events
    assert "".join(events["line"]).count("\n") + events.height <= max(1, report.lines)


@pytest.mark.parametrize(
    "line",
    [
        "2026-03-04T10:00:00Z \x1b[31mERROR\x1b[0m payments: \x1b[1;4mcard\x1b[0m declined\n",
        "\x1b[2m2026-03-04T10:00:00Z\x1b[22m ERROR payments: \x1b]8;;http://x\x07card\x1b]8;;\x07 declined\x1b(B\n",
    ],
)
def test_what_colours_a_line_in_a_terminal_is_left_out_and_counted(line: str) -> None:
    plain, _ = read(upload(LINE * 3))
    coloured, report = read(upload(LINE + line * 2))

    assert coloured.equals(plain)
    assert report.terminal_codes == 2 * line.count("\x1b")


def test_colours_inside_json_are_left_out_too() -> None:
    line = (
        '{"log": "\\u001b[33mWARN\\u001b[0m payments: slow\\n", "stream": "stdout", "time": "2026-03-04T10:00:00Z"}\n'
    )

    events, report = read(upload(line))

    assert events["message"].to_list() == ["WARN payments: slow\n"]
    assert report.terminal_codes == 2
