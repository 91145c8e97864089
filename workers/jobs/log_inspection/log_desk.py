"""What the log tools share during one inspection: the index, handles of lines shown, budgets, and the loop guard.

The model never sees the index or a file, only what a tool says, after redaction and within the budgets here.
Refusals are sentences a model can act on; only the session's own budget ends the run.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from workers.logs.index import LogIndex, Window
from workers.logs.inspection_report import Inspection
from workers.logs.queries import FoundLine, FoundLines
from workers.tools.reading import Reading
from workers.validation.log_redaction import LogRedaction

MAX_TOOL_CALLS = 14
MAX_REPEATS = 3  # near-identical calls, after which no further one is answered
MAX_RESULT_BYTES = 6_000  # of one result: about 1,500 tokens
MAX_TOTAL_BYTES = 48_000  # of all results of one inspection
LINE_CHARS = 400  # of one event as it is shown; its first lines tell most
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?Z?")
_UNTOLD = frozenset({"limit"})  # asking for more of the same is the same question


@dataclass(kw_only=True)
class LogDesk(Reading):
    """One job's look at one index. `statistics` is what the rules found in it."""

    index: LogIndex
    statistics: Inspection
    redaction: LogRedaction
    lines: dict[str, FoundLine] = field(default_factory=dict)  # by handle
    calls: int = 0
    repeats: int = 0
    bytes_shown: int = 0
    _asked: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _handles: dict[tuple[str, int], str] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, tool: str, arguments: Mapping[str, Any], make: Callable[[], str]) -> str:
        """Return what the tool says, or why it says nothing: budget, repetition, or arguments that mean nothing."""
        with self._lock:  # a model may call several tools at once
            if refusal := self._refusal(tool, arguments):
                return refusal
            self.report("searching", f"looking at the logs: {tool}", tool=tool)
            try:
                text = self.redaction.text(make())
            except ValueError as error:
                text = self.redaction.text(f"Not possible: {error}")
            shown = _cut(text, min(MAX_RESULT_BYTES, MAX_TOTAL_BYTES - self.bytes_shown))
            self.bytes_shown += len(shown.encode())
            return shown

    def _refusal(self, tool: str, arguments: Mapping[str, Any]) -> str | None:
        if self.calls >= MAX_TOOL_CALLS or self.repeats >= MAX_REPEATS or self.bytes_shown >= MAX_TOTAL_BYTES:
            return "Refused: the budget for looking is used up. Answer now, from what you have seen."
        self.calls += 1
        key = (tool, *sorted((name, _near(value)) for name, value in arguments.items() if name not in _UNTOLD))
        if key in self._asked:
            self.repeats += 1
            return (
                f"Refused: this is nearly the same as your call {self._asked[key]}, whose result stands above. "
                "Ask something else, or answer."
            )
        self._asked[key] = self.calls
        return None

    def window(self, start: str, end: str) -> Window | None:
        """Return the range between two times as a model writes them, or None when neither is given.

        Raises:
            ValueError: one is no time, or they are the wrong way round.
        """
        span = self.index.span
        if span is None or not (start.strip() or end.strip()):
            return None
        first = self.moment(start) if start.strip() else span.start_at
        last = self.moment(end) if end.strip() else span.end_at
        if first >= last:
            raise ValueError(f"the range ends before it begins: {stamp(first)} to {stamp(last)}")
        return Window(first, last)

    def moment(self, text: str) -> datetime:
        """Return one time: ISO, or a clock time on the last day of the logs. Without a zone it is UTC.

        Raises:
            ValueError: it is neither.
        """
        clean = text.strip()
        if match := _CLOCK.fullmatch(clean):
            end = self.index.span.end_at if self.index.span else datetime.now(UTC)
            hour, minute, second = (int(part or 0) for part in match.groups())
            at = end.replace(hour=hour, minute=minute, second=second, microsecond=0)
            return at if at <= end else at - timedelta(days=1)
        try:
            at = datetime.fromisoformat(clean)
        except ValueError as error:
            raise ValueError(f"{clean[:40]!r} is no time; write it like 2026-03-04T10:05:00Z or 10:05") from error
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)

    def known_service(self, name: str) -> str | None:
        """Return the service, or None for all of them.

        Raises:
            ValueError: the logs have no such service.
        """
        wanted = name.strip()
        if not wanted:
            return None
        for service in self.index.services:
            if service.lower() == wanted.lower():
                return service
        raise ValueError(f"there is no service {wanted[:60]!r}; there are {', '.join(self.index.services[:20])}")

    def show(self, found: FoundLines) -> str:
        """Return lines as a model reads them, each with a handle to cite it by."""
        if not found.lines:
            return "No line matches."
        head = f"{found.matched} lines match, {len(found.lines)} are shown"
        sampled = "; frequent lines are kept as a sample" if found.is_sampled else ""
        return "\n".join([f"{head}{sampled}:", *(self.shown_line(line) for line in found.lines)])

    def shown_line(self, line: FoundLine) -> str:
        """Return one line with its handle; the same line has the same handle all through the job."""
        place = (line.file, line.line_number)
        if place not in self._handles:
            self._handles[place] = f"L{len(self._handles) + 1}"
            self.lines[self._handles[place]] = line
        at = stamp(line.at) if line.at else "no time"
        text = " ⏎ ".join(line.line.splitlines())
        said = text if len(text) <= LINE_CHARS else f"{text[:LINE_CHARS]} … (cut)"
        return f"[{self._handles[place]}] {at} {line.service} {line.level} template {line.template_id} | {said}"


def stamp(at: datetime) -> str:
    """Return a time as the tools write it: ISO, to the second, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _near(value: Any) -> str:
    """Return an argument so that near-identical ones are equal: times to the minute, words without their dress."""
    text = str(value).strip().lower()
    text = re.sub(r"(\d{1,2}:\d{2}):\d{2}(?:\.\d+)?(?:z|\+00:00)?", r"\1", text)
    return re.sub(r"[\s.*\"'`_-]+", " ", text).strip()


def _cut(text: str, most_bytes: int) -> str:
    data = text.encode()
    if len(data) <= most_bytes:
        return text
    kept = data[:most_bytes].decode("utf-8", "ignore").rpartition("\n")[0]
    left = len(data) - len(kept.encode())
    return f"{kept}\n(cut: {left} bytes more; narrow the time, the service or the level)"
