"""Several sources become one index, by time, and each tells how it went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assistant.log_sources import FolderSource
from workers.log_sources.folder import Folder
from workers.log_sources.gathering import gather, spans_of
from workers.log_sources.port import LogLine, LogQuery, SourceUnreadable
from workers.logs.index import Window, build_index
from workers.logs.reading import ReadingOptions

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HOUR = Window(START, START + timedelta(hours=1))


class Written:
    """A source that has what it was given."""

    def __init__(self, name: str, lines: Sequence[LogLine], *, breaks: bool = False) -> None:
        self.name = name
        self._lines = lines
        self._breaks = breaks
        self.asked: list[Window] = []

    def read(self, query: LogQuery) -> Iterator[list[LogLine]]:
        self.asked.append(query.window)
        window = query.window
        yield [line for line in self._lines if line.at is None or window.start_at <= line.at < window.end_at]
        if self._breaks:
            raise SourceUnreadable("answered 503")

    def check(self) -> str:
        return "here"


def line(minute: float, service: str, text: str) -> LogLine:
    return LogLine(START + timedelta(minutes=minute), service, text)


def test_lines_of_a_folder_and_of_a_service_meet_in_one_index_by_time(tmp_path: Path) -> None:
    logs, spool = tmp_path / "logs", tmp_path / "spool"
    logs.mkdir()
    spool.mkdir()
    (logs / "payments.log").write_text("2026-11-24T10:05:00Z ERROR pool exhausted\n")
    folder = Folder(FolderSource(name="shop", paths=(str(logs),), groups=("engineering",)))
    cloud = Written("cloud", [line(4, "checkout", "ERROR refused"), line(6, "checkout", "Traceback:\n  File x")])

    gathered = gather({folder: LogQuery(HOUR), cloud: LogQuery(HOUR)}, spool, max_hours={"shop": 5, "cloud": 5})
    rows = build_index(gathered.files, ReadingOptions(now=HOUR.end_at)).rows

    assert [file.name for file in gathered.files] == ["cloud/checkout.log", "shop/payments.log"]
    assert rows["service"].to_list() == ["checkout", "payments", "checkout"]
    assert [at.minute for at in rows["time"]] == [4, 5, 6]


def test_the_asked_time_is_read_first_and_then_the_time_before(tmp_path: Path) -> None:
    source = Written("cloud", [line(1, "a", "x")])

    gather({source: LogQuery(HOUR)}, tmp_path, max_hours={"cloud": 72})

    assert source.asked == [HOUR, Window(START - timedelta(hours=3), START)]


def test_a_source_that_breaks_off_nothing_found_and_a_limit_are_told_apart(tmp_path: Path) -> None:
    broken = Written("broken", [], breaks=True)
    empty = Written("empty", [])
    full = Written("full", [line(number, "a", "x" * 20) for number in range(30)])
    queries = {broken: LogQuery(HOUR), empty: LogQuery(HOUR), full: LogQuery(HOUR, max_lines=10)}

    gathered = gather(queries, tmp_path, max_hours={"broken": 5, "empty": 5, "full": 5})

    told = {problem.name: (problem.could_not_read, problem.reason) for problem in gathered.problems}
    assert told["broken"] == (True, "could not be read: answered 503")
    assert told["empty"] == (False, "was read, and holds no lines of that time")
    assert gathered.notes == ("full was cut by its limit of 7 lines, so it ends at 10:06:00 UTC.",)


def test_a_service_named_like_a_path_stays_in_the_spool(tmp_path: Path) -> None:
    source = Written("cloud", [line(1, "../../etc/passwd", "x")])

    gathered = gather({source: LogQuery(HOUR)}, tmp_path, max_hours={"cloud": 5})

    assert [file.path.parent for file in gathered.files] == [tmp_path / "cloud"]


def test_a_span_longer_than_allowed_keeps_its_end() -> None:
    week = Window(START - timedelta(days=7), START)

    assert spans_of(week, now=START, max_hours=24) == (Window(START - timedelta(hours=24), START),)
