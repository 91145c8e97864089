"""Formats: each way of writing a line gives time, level, service and message."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from workers.logs.formats import detect, read_lines
from workers.logs.levels import DEBUG, ERROR, FATAL, INFO, WARN, level_of, level_of_message
from workers.logs.timestamps import Clock, parse_texts

CLOCK = Clock(now=datetime(2026, 11, 24, tzinfo=UTC))
TEN = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def read(line: str) -> dict[str, object]:
    lines = pl.Series([line])
    return read_lines(lines, detect(lines), CLOCK).row(0, named=True)


@pytest.mark.parametrize(
    ("line", "level", "service", "message"),
    [
        (
            '{"ts":"2026-03-04T10:00:00Z","level":"error","service":"pay","msg":"no \\"luck\\""}',
            ERROR,
            "pay",
            'no "luck"',
        ),
        (
            '{"time":1772618400000,"severity":"WARNING","message":"m","service":{"name":"cart"}}',
            WARN,
            "cart",
            "m",
        ),
        ('ts=2026-03-04T10:00:00Z level=warn service=cart msg="slow query"', WARN, "cart", "slow query"),
        ("<34>1 2026-03-04T10:00:00Z web1 su - ID47 - login failed", ERROR, "su", "login failed"),
        ("<13>Mar  4 10:00:00 web1 sshd[123]: password refused", INFO, "sshd", "password refused"),
        ("Mar  4 10:00:00 web1 sshd(pam_unix)[19]: session opened", None, "sshd", "session opened"),
        ("E0304 10:00:00.000000    1234 controller.go:55] sync failed", ERROR, None, "sync failed"),
        (
            '2026-03-04T10:00:00Z stdout F {"level":"info","msg":"inside","service":"pay"}',
            INFO,
            "pay",
            "inside",
        ),
        (
            '{"log":"ERROR broken\\n","stream":"stderr","time":"2026-03-04T10:00:00Z"}',
            None,
            None,
            "ERROR broken\n",
        ),
        (
            "2026-03-04 10:00:00.000 UTC [123] app@db ERROR:  deadlock detected",
            ERROR,
            None,
            "deadlock detected",
        ),
        (
            "[2026-03-04T10:00:00.000+0000][0.512s][info][gc] GC(12) Pause Young",
            INFO,
            None,
            "GC(12) Pause Young",
        ),
        ("2026/03/04 10:00:00 [error] 12#12: *55 connect() failed", ERROR, None, "connect() failed"),
        ("[Wed Mar 04 10:00:00.000000 2026] [core:error] [pid 12] bad uri", ERROR, None, "bad uri"),
        ("2026-03-04 10:00:00,000 - root.app - WARNING - disk low", WARN, None, "disk low"),
        ("2026-03-04 10:00:00,000 INFO  [main] com.acme.Foo: started", INFO, None, "started"),
        ("2026-03-04 10:00:00.000 [http-nio-1] WARN  c.a.Bar - slow", WARN, None, "slow"),
        ("2026-03-04 10:00:00.000  INFO [orders,abc123def,x] 1 --- [nio-1] c.a.B : hi", INFO, "orders", "hi"),
        ("2026-03-04T10:00:00Z ERROR payments [abc123def] declined", ERROR, "payments", "declined"),
        ("2026-03-04T10:00:00Z ERROR [payments] declined", ERROR, "payments", "declined"),
        ("2026-03-04T10:00:00Z payments ERROR declined", ERROR, "payments", "declined"),
        ("2026-03-04T12:00:00+02:00 ERROR payments-api declined", ERROR, "payments-api", "declined"),
        ("payments-1  | 2026-03-04T10:00:00Z ERROR declined", ERROR, "payments", "declined"),
        ("ERROR 2026-03-04 10:00:00,000 it broke", ERROR, None, "it broke"),
        (
            "- 1772618400 2026.03.04 R02 2026-03-04-10.00.00.000000 R02 RAS INFO parity",
            None,
            None,
            "R02 RAS INFO parity",
        ),
    ],
)
def test_a_line_is_taken_apart(line: str, level: int | None, service: str | None, message: str) -> None:
    fields = read(line)

    assert (fields["level"], fields["service"], fields["message"]) == (level, service, message)
    assert fields["time"] == TEN


def test_an_access_log_keeps_its_status_and_has_the_level_it_means() -> None:
    fields = read('10.0.0.1 - - [04/Mar/2026:11:00:00 +0100] "GET /pay HTTP/1.1" 502 12 "-" "curl"')

    assert (fields["status"], fields["level"], fields["time"]) == (502, ERROR, TEN)
    assert str(fields["message"]).startswith('"GET /pay HTTP/1.1" 502')


def test_several_formats_in_one_file_are_all_found() -> None:
    lines = pl.Series(
        [
            '{"ts":"2026-03-04T10:00:00Z","msg":"a"}',
            "2026-03-04 10:00:00,000 WARN [main] c.B - b",
            "plain words",
        ]
        * 30
    )

    table = read_lines(lines, detect(lines), CLOCK)

    assert table["format"].null_count() == 30
    assert table["message"].head(3).to_list() == ["a", "b", "plain words"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-04T10:00:00.250Z", TEN.replace(microsecond=250_000)),
        ("2026-03-04 10:00:00,250", TEN.replace(microsecond=250_000)),
        ("2026-03-04T05:00:00-05:00", TEN),
        ("2026-03-04 11:00:00 CET", TEN),
        ("04/Mar/2026:10:00:00 +0000", TEN),
        ("17/06/09 20:10:40", datetime(2017, 6, 9, 20, 10, 40, tzinfo=UTC)),
        ("081109 203518", datetime(2008, 11, 9, 20, 35, 18, tzinfo=UTC)),
        ("Mar  4 10:00:00", TEN),
        ("Dec 24 10:00:00", datetime(2025, 12, 24, 10, tzinfo=UTC)),
        ("1772618400", TEN),
        ("1772618400000000", TEN),
        ("no time at all", None),
    ],
)
def test_times_become_aware_utc(text: str, expected: datetime | None) -> None:
    assert parse_texts(pl.Series([text]), CLOCK)[0] == expected


def test_the_zone_of_the_source_holds_where_lines_say_none() -> None:
    berlin = Clock(now=CLOCK.now, zone=ZoneInfo("Europe/Berlin"))

    assert parse_texts(pl.Series(["2026-07-01 12:00:00"]), berlin)[0] == datetime(2026, 7, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("WARNING", WARN),
        ("err", ERROR),
        ("50", FATAL),
        ("3", ERROR),
        ("10", DEBUG),
        ("LOG", INFO),
        ("what", None),
        ("", None),
    ],
)
def test_levels_of_all_kinds_are_one_scale(word: str, level: int | None) -> None:
    assert level_of(word) == level


@pytest.mark.parametrize(
    ("message", "level"),
    [
        ("connection refused by peer", ERROR),
        ("sync finished with 0 errors", INFO),
        ("Out of memory: killed process 7", FATAL),
        ("retrying in 5 s", WARN),
        ("all is well", INFO),
    ],
)
def test_a_message_without_a_level_is_read_for_what_it_says(message: str, level: int) -> None:
    assert level_of_message(message) == level
