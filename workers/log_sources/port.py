"""LogSource: what every place that holds logs must be able to do, and how one reading of it is bounded and told.

A source only turns a LogQuery into pages of lines. Limits, cancelling, progress and the difference between "nothing
there" and "could not look" are the same for all and live in `read_source`, so that no adapter can forget them.

Queries are values, never text: each adapter renders them into its service's language and escapes there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from workers.logs.index import Window
from workers.logs.reading import ReadingCancelled


class LogLine(NamedTuple):
    """One entry. `text` may hold newlines (a stack trace); `at` is None where the source does not know."""

    at: datetime | None
    service: str  # "" where the source does not know
    text: str


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What is wanted of a source: a span of time, services (none: all that it has), and a text lines must hold."""

    window: Window
    services: tuple[str, ...] = ()
    text: str = ""  # literal, case as given; empty: every line
    max_bytes: int = 500_000_000
    max_lines: int = 2_000_000
    max_seconds: float = 60.0


class SourceUnreadable(Exception):
    """The source could not be asked, refused, or broke off; the message is for operators and free of secrets."""


class LogSource(Protocol):
    """One declared source."""

    @property
    def name(self) -> str:
        """As declared."""
        ...

    def read(self, query: LogQuery) -> Iterator[Sequence[LogLine]]:
        """Yield pages of lines, oldest first within a service; an empty page says "still at it".

        Closing the iterator lets go of what it holds on the other side.

        Raises:
            SourceUnreadable: it can't be read, or not to the end; pages yielded before are good.
        """
        ...

    def check(self) -> str:
        """Return in a few words what answers there, within seconds; for `steward doctor`.

        Raises:
            SourceUnreadable: it can't be used as declared.
        """
        ...


Status = Literal["read", "nothing_found", "could_not_read"]


@dataclass
class SourceReport:
    """How one reading went. `status` is could_not_read only when no line came; `problem` may stand beside lines."""

    source: str
    status: Status = "nothing_found"
    lines: int = 0
    bytes_read: int = 0
    pages: int = 0
    took_seconds: float = 0.0
    first_at: datetime | None = None
    last_at: datetime | None = None
    cut: str = ""  # which limit ended it; empty: read to the end
    problem: str = ""  # why it is missing or incomplete
    services: set[str] = field(default_factory=set)


Take = Callable[[Sequence[LogLine]], None]
Progress = Callable[[SourceReport], None]


def read_source(
    source: LogSource,
    query: LogQuery,
    take: Take,
    *,
    progress: Progress = lambda report: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> SourceReport:
    """Read the source within the query's limits, hand every page to `take`, and say how it went.

    Raises:
        ReadingCancelled: `is_cancelled` said so; the source was let go.
    """
    report, began = SourceReport(source.name), clock()
    pages = source.read(query)
    try:
        for page in pages:
            if is_cancelled():
                raise ReadingCancelled(f"stopped in {source.name} after {report.lines} lines")
            kept = _within(page, query, report)
            if kept:
                take(kept)
            report.took_seconds = clock() - began
            progress(report)
            if not report.cut and report.took_seconds > query.max_seconds:
                report.cut = f"{query.max_seconds:g} seconds"
            if report.cut:
                break
    except SourceUnreadable as error:
        report.problem = str(error)
    finally:
        close = getattr(pages, "close", None)  # generators have it; a plain iterator holds nothing
        if close is not None:
            close()
    report.took_seconds = clock() - began
    if report.lines:
        report.status = "read"
    elif report.problem:
        report.status = "could_not_read"
    return report


def _within(page: Sequence[LogLine], query: LogQuery, report: SourceReport) -> Sequence[LogLine]:
    """Return the lines of the page that the limits leave, counted; `report.cut` says which limit took the others."""
    kept: list[LogLine] = []
    report.pages += 1
    for line in page:
        size = len(line.text) + 1
        if report.lines >= query.max_lines:
            report.cut = f"{query.max_lines:,} lines"
            break
        if report.bytes_read + size > query.max_bytes:
            report.cut = f"{query.max_bytes / 1e6:g} MB"
            break
        report.lines += 1
        report.bytes_read += size
        kept.append(line)
        if line.service:
            report.services.add(line.service)
        if line.at is not None:
            report.first_at = min(report.first_at or line.at, line.at)
            report.last_at = max(report.last_at or line.at, line.at)
    return kept
