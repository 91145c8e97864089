"""Folders, files and globs on the worker's machine, as the log reader finds them: plain, compressed, rotated.

An inspection reads these files where they lie (`files_of`), which is faster than copying them and keeps names and
line numbers as people know them. `read` gives the same lines by the port, for whoever wants lines alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from assistant.log_sources import FolderSource
from workers.log_sources.port import LogLine, LogQuery, SourceUnreadable
from workers.logs.reading import ReadingOptions, read_events
from workers.logs.reading_files import LogFile, NamedFile, find_files
from workers.logs.reading_report import ReadingReport
from workers.logs.service_names import service_of_name


class Folder:
    """Reads the paths of one declaration."""

    def __init__(self, declared: FolderSource) -> None:
        self._declared = declared

    @property
    def name(self) -> str:
        """As declared."""
        return self._declared.name

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone of lines that do not say theirs, where it was declared."""
        return ZoneInfo(self._declared.zone) if self._declared.zone else None

    def check(self) -> str:
        """Count the files."""
        files = self._found()
        size_bytes = sum(file.size_bytes for file in files)
        return f"{len(files)} files, {size_bytes / 1e6:,.1f} MB"

    def files_of(self, query: LogQuery) -> tuple[list[NamedFile], str]:
        """Return the files that may hold lines of the query, newest content first kept, and what the limits cut.

        A file last written before the asked time holds none of it: that is how rotated sets stay cheap. A file whose
        name is another declared service's is left out.

        Raises:
            SourceUnreadable: a declared path is not there.
        """
        of_services = [file for file in self._found() if self._may_be_of(file, query.services)]
        fresh = [file for file in of_services if not _is_older(file, query)]
        wanted = fresh or of_services  # logs that ended long ago are an incident's copy, looked at from their own end
        newest_first = sorted(wanted, key=lambda file: file.modified_at or datetime.min.replace(tzinfo=UTC))[::-1]
        taken: list[LogFile] = []
        size_bytes = 0
        for file in newest_first:
            if taken and size_bytes + file.size_bytes > query.max_bytes:
                continue
            taken.append(file)
            size_bytes += file.size_bytes
        left_out = len(wanted) - len(taken)
        cut = f"{query.max_bytes / 1e6:g} MB, so {left_out} older files are left out" if left_out else ""
        return [self._named(file, file.path) for file in taken if file.path is not None], cut

    def read(self, query: LogQuery) -> Iterator[list[LogLine]]:
        """Yield its pages; see the port."""
        paths, _cut = self.files_of(query)
        report = ReadingReport()
        options = ReadingOptions(now=max(datetime.now(UTC), query.window.end_at))
        for events in read_events(paths, options, report):
            rows = events.select("time", "service", "line").iter_rows()
            lines = (LogLine(at, service or "", line) for at, service, line in rows)
            yield [line for line in lines if _is_asked_for(line, query)]
        broken = [problem for problem in report.problems if problem.could_not_read]
        if broken:
            raise SourceUnreadable(f"{broken[0].name} {broken[0].reason}")

    def _found(self) -> list[LogFile]:
        files, problems = find_files(self._declared.paths)
        missing = [problem for problem in problems if problem.could_not_read]
        if missing and not files:
            raise SourceUnreadable(f"{missing[0].name}: {missing[0].reason}")
        return files

    def _named(self, file: LogFile, path: Path) -> NamedFile:
        only_service = self._declared.services[0] if len(self._declared.services) == 1 else ""
        return NamedFile(
            path, f"{self.name}/{file.name}", f"{only_service}.log" if only_service else file.name, self.zone
        )

    def _may_be_of(self, file: LogFile, services: tuple[str, ...]) -> bool:
        others = set(self._declared.services) - set(services)
        return not services or service_of_name(file.name) not in others


def _is_older(file: LogFile, query: LogQuery) -> bool:
    return file.modified_at is not None and file.modified_at < query.window.start_at


def _is_asked_for(line: LogLine, query: LogQuery) -> bool:
    inside = line.at is None or query.window.start_at <= line.at < query.window.end_at
    named = not query.services or not line.service or line.service in query.services
    return inside and named and query.text in line.text
