"""The tools of an agent that inspects logs: questions to the index, reading only, never a file.

Each is a thin skin over workers/logs/queries.py; budgets, redaction and handles are LogDesk's.
"""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import BaseTool, tool

from workers.jobs.log_inspection.log_desk import LogDesk, stamp
from workers.jobs.log_inspection.overview import describe
from workers.logs import queries
from workers.logs.index import Window
from workers.logs.levels import ERROR, WARN

MOST_ROWS = 20
MOST_LINES = 15
_LEVELS = {"": 0, "any": 0, "warning": WARN, "warn": WARN, "error": ERROR}

Runtime = ToolRuntime[Any, Any]


@tool
def overview(runtime: Runtime) -> str:
    """Return the services, the time covered, what the statistics found, and what changed most, with first lines."""
    desk = _desk(runtime)
    return desk.answer("overview", {}, lambda: describe(desk))


@tool
def templates(runtime: Runtime, service: str = "", start: str = "", end: str = "", level: str = "") -> str:
    """Return the most frequent message templates with their counts; level is any, warning or error."""
    desk = _desk(runtime)

    def make() -> str:
        window = desk.window(start, end)
        rows = queries.templates(
            desk.index,
            window=window,
            service=desk.known_service(service),
            min_level=_level(level),
            limit=MOST_ROWS,
        )
        lines = [
            f"template {row.template_id} {row.level} count {row.lines} in {', '.join(row.services[:4])}, "
            f"{stamp(row.first_at)} to {stamp(row.last_at)} | {row.text[:200]}"
            for row in rows
        ]
        return "\n".join([_ranged(desk, window), *lines]) if lines else "No template matches."

    return desk.answer("templates", {"service": service, "start": start, "end": end, "level": level}, make)


@tool
def diff(runtime: Runtime, start: str, end: str, before_start: str = "", before_end: str = "") -> str:
    """Return what changed in a window against a time before it (default: all that lies before)."""
    desk = _desk(runtime)

    def make() -> str:
        window, span = desk.window(start, end), desk.index.span
        if window is None or span is None:
            raise ValueError("give the window's start and end")
        before = desk.window(before_start, before_end) or Window(span.start_at, window.start_at)
        if before.seconds <= 0:
            raise ValueError("there is no time before the window; give before_start and before_end")
        rows = queries.diff(desk.index, window, before, limit=MOST_ROWS)
        lines = [
            f"template {row.template_id} {row.service} {row.level} {row.kind}: "
            f"count {queries.count_lines(desk.index, row.template_id, window=window, service=row.service)} now, "
            f"{queries.count_lines(desk.index, row.template_id, window=before, service=row.service)} before, "
            f"score {row.score} | {row.text[:200]}"
            for row in rows
        ]
        shifts = [
            f"inside a message of {one.service}: {one.said}" for one in queries.shifted(desk.index, window, before)
        ]
        return "\n".join([f"now: {_ranged(desk, window)} before: {_ranged(desk, before)}", *lines, *shifts[:5]])

    arguments = {"start": start, "end": end, "before_start": before_start, "before_end": before_end}
    return desk.answer("diff", arguments, make)


@tool
def timeline(runtime: Runtime, by: str = "service", start: str = "", end: str = "", level: str = "warning") -> str:
    """Return counts over time by service, level or template, in equal steps."""
    desk = _desk(runtime)

    def make() -> str:
        rates = queries.timeline(desk.index, by=by, window=desk.window(start, end), min_level=_level(level))
        if rates is None or not rates.counts:
            return "Nothing to count there."
        rows = [f"{name[:100]}: {' '.join(map(str, counts))}" for name, counts in rates.counts.items()]
        return "\n".join([f"one number every {rates.step_seconds} s from {stamp(rates.start_at)}", *rows])

    return desk.answer("timeline", {"by": by, "start": start, "end": end, "level": level}, make)


@tool
def search(runtime: Runtime, text: str, service: str = "", start: str = "", end: str = "", level: str = "") -> str:
    """Return the first lines that hold a text, whatever its case."""
    desk = _desk(runtime)

    def make() -> str:
        if not text.strip():
            raise ValueError("there is nothing to search for")
        found = queries.search(
            desk.index,
            desk.redaction.restored(text.strip()),
            window=desk.window(start, end),
            service=desk.known_service(service),
            min_level=_level(level),
            limit=MOST_LINES,
        )
        return desk.show(found)

    arguments = {"text": text, "service": service, "start": start, "end": end, "level": level}
    return desk.answer("search", arguments, make)


@tool
def around(runtime: Runtime, time: str, seconds: float = 30, service: str = "") -> str:
    """Return the lines nearest to a moment, in order of time."""
    desk = _desk(runtime)

    def make() -> str:
        reach = min(max(seconds, 1.0), 600.0)
        found = queries.around(
            desk.index, desk.moment(time), seconds=reach, service=desk.known_service(service), limit=MOST_LINES
        )
        return desk.show(found)

    return desk.answer("around", {"time": time, "service": service}, make)


@tool
def trace(runtime: Runtime, trace_id: str) -> str:
    """Return the lines of one request, by its trace or request id, across services."""
    desk = _desk(runtime)
    make = lambda: desk.show(queries.trace(desk.index, trace_id.strip(), limit=MOST_LINES))  # noqa: E731
    return desk.answer("trace", {"trace_id": trace_id}, make)


@tool
def sample(runtime: Runtime, template: str, service: str = "", start: str = "", end: str = "") -> str:
    """Return lines of one template spread over time, and how many it has in the range: what a statement cites."""
    desk = _desk(runtime)

    def make() -> str:
        window, name = desk.window(start, end), desk.known_service(service)
        found = queries.sample(desk.index, template.strip(), window=window, service=name)
        count = queries.count_lines(desk.index, template.strip(), window=window, service=name)
        return f"count {count} in {_ranged(desk, window)}\n{desk.show(found)}"

    return desk.answer("sample", {"template": template, "service": service, "start": start, "end": end}, make)


FIRST_TOOL = overview.name
TOOLS: tuple[BaseTool, ...] = (overview, templates, diff, timeline, search, around, trace, sample)


def _desk(runtime: Runtime) -> LogDesk:
    desk: LogDesk = runtime.context.reading  # Any: a typed context would have to be a schema
    return desk


def _level(name: str) -> int:
    try:
        return _LEVELS[name.strip().lower()]
    except KeyError as error:
        raise ValueError(f"{name[:20]!r} is no level; there are any, warning and error") from error


def _ranged(desk: LogDesk, window: Window | None) -> str:
    span = window or desk.index.span
    return f"{stamp(span.start_at)} to {stamp(span.end_at)}." if span else "no time."
