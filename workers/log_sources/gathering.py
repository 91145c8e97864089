"""Read several sources at once into files that one index is built from, and say how each went.

Files of this machine are named and read where they lie. What comes over a network is written to a spool, one file a
service, each entry behind its time stamp in the form that container run-times write, which the log reader unwraps. So
memory stays flat, evidence can be read again at its line, and lines of all sources meet in one index, by time.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from workers.log_sources.folder import Folder
from workers.log_sources.port import LogLine, LogQuery, LogSource, SourceReport, SourceUnreadable, read_source
from workers.logs.index import Window
from workers.logs.reading_files import FileProblem, NamedFile

AT_ONCE = 4  # sources read at the same time
ASKED_SHARE = 0.7  # of the limits for the asked time; the rest for the time before, which it is compared with
LOOK_BACK = 3.0  # times the asked time
LEAST_LOOK_BACK = timedelta(hours=1)
WITHOUT_TIME = timedelta(hours=1)  # looked at first when no time is named
UNNAMED = "unnamed"


@dataclass(frozen=True)
class Gathered:
    """What there is to read now, and how it came."""

    files: tuple[NamedFile, ...]
    reports: tuple[SourceReport, ...]
    problems: tuple[FileProblem, ...] = ()  # for the inspection: unreadable, and nothing found
    notes: tuple[str, ...] = ()  # limits that cut


@dataclass
class _Gathering:
    files: list[NamedFile] = field(default_factory=list)
    reports: list[SourceReport] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, files: Sequence[NamedFile], report: SourceReport) -> None:
        with self.lock:
            self.files += files
            self.reports.append(report)


def gather(
    queries: Mapping[LogSource, LogQuery],
    spool: Path,
    *,
    max_hours: Mapping[str, float],
    progress: Callable[[SourceReport], None] = lambda report: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Gathered:
    """Read every source by its query; `spool` is an empty folder of this gathering's own.

    Raises:
        ReadingCancelled: `is_cancelled` said so.
    """
    done = _Gathering()

    def one(source: LogSource, query: LogQuery) -> None:
        if isinstance(source, Folder):
            done.add(*_in_place(source, query))
        else:
            folder = spool / source.name
            folder.mkdir()
            done.add(*_spooled(source, query, folder, max_hours[source.name], progress, is_cancelled))

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="log-source") as threads:
        for future in [threads.submit(one, source, query) for source, query in queries.items()]:
            future.result()
    reports = sorted(done.reports, key=lambda report: report.source)
    return Gathered(
        files=tuple(sorted(done.files, key=lambda file: file.name)),
        reports=tuple(reports),
        problems=tuple(problem for report in reports if (problem := _problem(report)) is not None),
        notes=tuple(_cut_note(report) for report in reports if report.cut),
    )


def spans_of(asked: Window | None, *, now: datetime, max_hours: float) -> tuple[Window, ...]:
    """Return the spans to read, the important one first: what is asked about, then the time before it.

    A span longer than the source's hours keeps its end, for that is where the trouble is.
    """
    end = asked.end_at if asked else now
    earliest = end - timedelta(hours=max_hours)
    start = max(asked.start_at if asked else end - WITHOUT_TIME, earliest)
    back = max((end - start) * LOOK_BACK, LEAST_LOOK_BACK)
    before = max(start - back, earliest)
    return (Window(start, end), *((Window(before, start),) if before < start else ()))


def whole_span(asked: Window | None, *, now: datetime, max_hours: float) -> Window:
    """Return the one span that holds all of `spans_of`."""
    spans = spans_of(asked, now=now, max_hours=max_hours)
    return Window(spans[-1].start_at, spans[0].end_at)


def _in_place(source: Folder, query: LogQuery) -> tuple[list[NamedFile], SourceReport]:
    report = SourceReport(source.name)
    try:
        files, report.cut = source.files_of(query)
    except SourceUnreadable as error:
        report.status, report.problem = "could_not_read", str(error)
        return [], report
    report.status = "read" if files else "nothing_found"
    report.bytes_read = sum(file.path.stat().st_size for file in files)
    return files, report


def _spooled(
    source: LogSource,
    query: LogQuery,
    folder: Path,
    max_hours: float,
    progress: Callable[[SourceReport], None],
    is_cancelled: Callable[[], bool],
) -> tuple[list[NamedFile], SourceReport]:
    whole = SourceReport(source.name)
    with _Spool(folder) as spool:
        for number, span in enumerate(spans_of(query.window, now=query.window.end_at, max_hours=max_hours)):
            part = _share(replace(query, window=span), whole, first=number == 0)
            if part.max_lines <= 0 or part.max_bytes <= 0 or part.max_seconds <= 0:
                break
            report = read_source(source, part, spool.take, progress=progress, is_cancelled=is_cancelled)
            _add(report, to=whole)
            if report.problem:  # asking again would only wait for the same failure
                break
    names = [(path, f"{source.name}/{path.name}") for path in spool.paths]
    return [NamedFile(path, name, path.name) for path, name in names], whole


def _share(query: LogQuery, spent: SourceReport, *, first: bool) -> LogQuery:
    share = ASKED_SHARE if first else 1.0
    return replace(
        query,
        max_lines=int(query.max_lines * share) - spent.lines,
        max_bytes=int(query.max_bytes * share) - spent.bytes_read,
        max_seconds=query.max_seconds * share - spent.took_seconds,
    )


def _add(part: SourceReport, *, to: SourceReport) -> None:
    to.lines += part.lines
    to.bytes_read += part.bytes_read
    to.pages += part.pages
    to.took_seconds += part.took_seconds
    to.problem = part.problem
    to.services |= part.services
    to.first_at = min((at for at in (to.first_at, part.first_at) if at), default=None)
    to.last_at = max((at for at in (to.last_at, part.last_at) if at), default=None)
    if part.cut:
        until = f", so it ends at {part.last_at.astimezone(UTC):%H:%M:%S} UTC" if part.last_at else ""
        to.cut = to.cut or f"{part.cut}{until}"
    to.status = "read" if to.lines else "could_not_read" if to.problem else "nothing_found"


def _problem(report: SourceReport) -> FileProblem | None:
    if report.problem:
        how = "broke off" if report.lines else "could not be read"
        return FileProblem(report.source, f"{how}: {report.problem}")
    if report.status == "nothing_found":
        return FileProblem(report.source, "was read, and holds no lines of that time", could_not_read=False)
    return None


def _cut_note(report: SourceReport) -> str:
    return f"{report.source} was cut by its limit of {report.cut}."


class _Spool:
    """Writes entries to one file a service; used by one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[str]] = {}

    def __enter__(self) -> _Spool:
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files.values():
            file.close()

    @property
    def paths(self) -> list[Path]:
        return sorted(self._folder / name for name in self._files)

    def take(self, page: Sequence[LogLine]) -> None:
        for line in page:
            self._file(line.service).write(_written(line))

    def _file(self, service: str) -> IO[str]:
        # A service's name comes from outside: it must not leave the folder, nor hide in it.
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", service).strip("-.")[:100] or UNNAMED
        name = f"{name}.log"
        if name not in self._files:
            self._files[name] = (self._folder / name).open("a", encoding="utf-8", errors="replace", newline="\n")
        return self._files[name]


def _written(line: LogLine) -> str:
    if line.at is None:
        return f"{line.text}\n"
    stamp = line.at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
    return f"{stamp}Z stdout F {line.text}\n"
