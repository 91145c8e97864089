"""Inspect logs: what broke, where it began, what changed, and the lines that show it.

`inspect` is the one entry. It reads, mines and judges by rules alone, without a model, and
invents nothing: healthy logs give the verdict that they show no cause. `inspect_index` asks
again of an index that is already built.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from workers.logs import reporting
from workers.logs.hypotheses import hypotheses_of, marker_for
from workers.logs.incident import Incident, find_incident
from workers.logs.index import LogIndex, Window, build_index
from workers.logs.inspection_report import Inspection
from workers.logs.reading import DEFAULT_MAX_BYTES, Progress, ReadingOptions
from workers.logs.reading_files import LogSource
from workers.logs.shifts import find_slowdown
from workers.logs.statistics import Change, changes_between, signals_of, timeline_of
from workers.logs.values import shifts_between

LOOK_BACK = 3.0  # times the asked window's length: what is asked about often began before
MARKER_INSIDE = timedelta(minutes=10)  # a change that much before the trouble is compared as part of it
MIN_LOOK_BACK = timedelta(hours=1)


def inspect(
    sources: Iterable[LogSource],
    *,
    window: Window | None = None,
    services: Sequence[str] | None = None,
    question: str = "",
    now: datetime | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    progress: Progress = lambda done, total: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Inspection:
    """Return what the logs say about the trouble.

    `window` is what was asked about; the time before is looked at too. `services` limits the
    judgement to some services, not the reading. `now` completes times without a year.

    Raises:
        ReadingCancelled: `is_cancelled` said so.
    """
    options = ReadingOptions(
        now=now or datetime.now(UTC), max_bytes=max_bytes, progress=progress, is_cancelled=is_cancelled
    )
    return inspect_index(build_index(sources, options), window=window, services=services, question=question)


def inspect_index(
    index: LogIndex,
    *,
    window: Window | None = None,
    services: Sequence[str] | None = None,
    question: str = "",
) -> Inspection:
    """Return what an index says about the trouble; see `inspect`."""
    span = index.span
    if span is None:
        return reporting.nothing_read(index)
    chosen = _limited(index, services)
    looked_at = _looked_at(span, window)
    incident = _incident_in(chosen, looked_at, window, question)
    if incident is None and looked_at != span:
        looked_at = span
        incident = _incident_in(chosen, looked_at, window, question)
    timeline = timeline_of(chosen, looked_at)
    if incident is None:
        changes = _changes(chosen, window, looked_at) if window is not None else []
        shifts = shifts_between(chosen, window, _before(window, looked_at)) if window is not None else []
        return reporting.no_evidence(chosen, looked_at, timeline, changes, shifts)
    shifts = shifts_between(chosen, incident.window, _before(incident.window, looked_at))
    hypotheses = hypotheses_of(chosen, incident, shifts)
    found = _with_marker(incident, hypotheses[0].service)
    changes = changes_between(chosen, found, _before(found, looked_at))
    return reporting.cause_found(chosen, incident, hypotheses, changes, timeline, shifts)


def _incident_in(index: LogIndex, looked_at: Window, asked: Window | None, question: str) -> Incident | None:
    timeline = timeline_of(index, looked_at)
    signals = signals_of(index, timeline, looked_at)
    words = question.lower()
    mentioned = [service for service in index.services if len(service) > 2 and service.lower() in words]
    found = find_incident(index, signals, asked=asked, mentioned=mentioned)
    return found or find_slowdown(index, looked_at, signals)


def _with_marker(incident: Incident, service: str) -> Window:
    """Return the incident's window, begun early enough to hold the change that may have caused it."""
    window, marker = incident.window, marker_for(incident, service)
    if marker is None or not timedelta(0) < window.start_at - marker.at <= MARKER_INSIDE:
        return window
    return Window(marker.at, window.end_at)


def _limited(index: LogIndex, services: Sequence[str] | None) -> LogIndex:
    if not services:
        return index
    wanted = pl.col("service").is_in(list(services))
    return index.only(index.rows.filter(wanted), index.counts.filter(wanted))


def _looked_at(span: Window, asked: Window | None) -> Window:
    if asked is None:
        return span
    back = max(timedelta(seconds=asked.seconds * LOOK_BACK), MIN_LOOK_BACK)
    start, end = max(span.start_at, asked.start_at - back), min(span.end_at, asked.end_at)
    return Window(start, end) if start < end else span


def _changes(index: LogIndex, window: Window | None, looked_at: Window) -> list[Change]:
    return changes_between(index, window, _before(window, looked_at)) if window is not None else []


def _before(window: Window, looked_at: Window) -> Window:
    """Return the time to compare with: what was looked at before the window, or after it if nothing was."""
    if (window.start_at - looked_at.start_at).total_seconds() >= 60:
        return Window(looked_at.start_at, window.start_at.replace(second=0, microsecond=0))
    return Window(min(window.end_at, looked_at.end_at), max(looked_at.end_at, window.end_at + timedelta(minutes=1)))
