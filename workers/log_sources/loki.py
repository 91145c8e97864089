"""Loki: GET /loki/api/v1/query_range, forwards, paged by moving the start.

Its documentation: entries come per stream, `limit` counts over all streams, `start` is part of the span and `end`
is not. Several entries may share a nanosecond: the next page begins at the last one seen, and skips what was seen.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from assistant.log_sources import LokiSource
from workers.log_sources.http import LogApi, Pause
from workers.log_sources.port import LogLine, LogQuery, SourceUnreadable

_SPECIAL_IN_RE2 = re.compile(r"([\\.+*?()|\[\]{}^$])")


class Loki:
    """Reads one Loki, or one tenant of it."""

    def __init__(self, declared: LokiSource, *, pause: Pause = time.sleep) -> None:
        self._declared = declared
        self._pause = pause

    @property
    def name(self) -> str:
        """As declared."""
        return self._declared.name

    def check(self) -> str:
        """Ask for the names of its labels."""
        with self._api() as api:
            answer = api.json("GET", "/loki/api/v1/labels", attempts=1)
        labels = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(labels, list):
            raise SourceUnreadable("does not answer as Loki does: check its address")
        if self._declared.service_label not in labels:
            raise SourceUnreadable(f"has no label {self._declared.service_label!r}: set service_label")
        return f"Loki answers, {len(labels)} labels"

    def read(self, query: LogQuery) -> Iterator[list[LogLine]]:
        """Yield its pages; see the port."""
        start, end = _nanoseconds(query.window.start_at), _nanoseconds(query.window.end_at)
        size = self._declared.page_size
        seen: set[tuple[str, str]] = set()
        is_missing_some = False
        with self._api() as api:
            while start < end:
                entries = self._page(api, self.logql(query), start, end, size)
                fresh = [entry for entry in entries if entry[0] > start or entry[1:] not in seen]
                yield [self._line(*entry) for entry in fresh]
                if len(entries) < size:
                    break
                last = entries[-1][0]
                if last == start and not fresh:  # the page is full of what was seen: the rest of it can't be reached
                    is_missing_some, seen, start = True, set(), start + 1
                    continue
                carried = seen if last == start else set()
                seen = carried | {entry[1:] for entry in entries if entry[0] == last}
                start = last

        if is_missing_some:
            raise SourceUnreadable(
                f"has more than {size} entries in one nanosecond, so some are missing: raise page_size"
            )

    def logql(self, query: LogQuery) -> str:
        """Return the query in LogQL; every value is quoted."""
        matchers = [f"{name}={quoted(value)}" for name, value in sorted(self._declared.labels.items())]
        label = self._declared.service_label
        match query.services:
            case ():
                matchers.append(f'{label}=~".+"')  # Loki refuses a selector that could match no label at all
            case (service,):
                matchers.append(f"{label}={quoted(service)}")
            case services:
                matchers.append(f"{label}=~{quoted('|'.join(map(_escaped, services)))}")
        text = f" |= {quoted(query.text)}" if query.text else ""
        return "{" + ", ".join(matchers) + "}" + text

    def _page(self, api: LogApi, logql: str, start: int, end: int, size: int) -> list[tuple[int, str, str]]:
        """Return entries as (nanoseconds, stream, line), oldest first."""
        params: dict[str, str | int] = {
            "query": logql, "start": start, "end": end, "limit": size, "direction": "forward",
        }  # fmt: skip
        answer = api.json("GET", "/loki/api/v1/query_range", params=params)
        try:
            if answer["data"]["resultType"] != "streams":
                raise SourceUnreadable("did not answer with log lines")
            entries = [
                (int(value[0]), json.dumps(stream["stream"], sort_keys=True), str(value[1]))
                for stream in answer["data"]["result"]
                for value in stream["values"]
            ]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise SourceUnreadable("does not answer as Loki does: check its address") from error
        return sorted(entries, key=lambda entry: entry[0])

    def _line(self, at: int, stream: str, text: str) -> LogLine:
        labels: dict[str, Any] = json.loads(stream)
        service = str(labels.get(self._declared.service_label, ""))
        return LogLine(datetime.fromtimestamp(at / 1e9, UTC), service, text.rstrip("\n"))

    def _api(self) -> LogApi:
        tenant = self._declared.tenant
        return LogApi(self._declared, headers={"X-Scope-OrgID": tenant} if tenant else {}, pause=self._pause)


def quoted(value: str) -> str:
    """Return the value as a LogQL string: JSON's escapes are among Go's, which LogQL's strings are."""
    return json.dumps(value, ensure_ascii=False)


def _escaped(value: str) -> str:
    return _SPECIAL_IN_RE2.sub(r"\\\1", value)


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1000
