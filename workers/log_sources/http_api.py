"""Any HTTP interface that returns entries as JSON: address, parameters, pointers and paging are declared.

Placeholders ({service}, {start}, {end}, {text}, {limit}) are filled with values, encoded for where they stand: as one
segment of the path, as a query parameter, or as a JSON string. Nothing else of the template changes.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import yaml

from assistant.log_sources import HttpApiSource
from workers.log_sources.http import LogApi, Pause
from workers.log_sources.port import LogLine, LogQuery, SourceUnreadable

_PLACEHOLDER = re.compile(r"\{(service|start|end|text|limit)\}")
_UNIT = {"seconds": 1, "milliseconds": 1_000, "nanoseconds": 1_000_000_000}
_MAGNITUDES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))  # epoch numbers above the first are in parts of the second
MOST_PAGES = 100_000  # an interface that always names a next page must end too


class HttpApi:
    """Reads one declared interface."""

    def __init__(self, declared: HttpApiSource, *, pause: Pause = time.sleep) -> None:
        self._declared = declared
        self._pause = pause

    @property
    def name(self) -> str:
        """As declared."""
        return self._declared.name

    def check(self) -> str:
        """Hold the parameters against the OpenAPI description, where one is named; and ask whether a host answers."""
        described = f", as {self._declared.operation} describes" if self._checked_by_openapi() else ""
        with LogApi(self._declared, pause=self._pause) as api:
            try:
                api.json("GET", str(self._declared.url.scheme) + "://" + self._authority, attempts=1)
            except SourceUnreadable as error:
                if "can't be reached" in str(error) or "did not answer" in str(error):
                    raise
        return f"{self._authority} answers{described}"

    def read(self, query: LogQuery) -> Iterator[list[LogLine]]:
        """Yield its pages; see the port."""
        template = str(self._declared.url) + json.dumps(self._declared.parameters)
        per_service = "{service}" in template or "%7Bservice%7D" in template
        services: tuple[str, ...] = query.services or self._declared.services or ("",)
        with LogApi(self._declared, pause=self._pause) as api:
            for service in services if per_service else ("",):
                yield from self._of_service(api, service, query)

    def _of_service(self, api: LogApi, service: str, query: LogQuery) -> Iterator[list[LogLine]]:
        declared, paging = self._declared, self._declared.paging
        values = self._values(service, query)
        # pydantic writes the braces of the template as %7B and %7D
        template = str(declared.url).replace("%7B", "{").replace("%7D", "}")
        url = _PLACEHOLDER.sub(lambda match: quote(values[match[1]], safe=""), template)
        params = {
            name: _PLACEHOLDER.sub(lambda match: values[match[1]], value)
            for name, value in declared.parameters.items()
        }
        place: str | int | None = {"offset": 0, "page": paging.first_page}.get(paging.style)
        for _ in range(MOST_PAGES):
            asked = params if place is None else {**params, paging.parameter: str(place)}
            if declared.method == "GET":
                answer = api.json("GET", url, params=asked)
            else:
                answer = api.json("POST", url, body=asked)
            entries = pointed(answer, declared.entries)
            if not isinstance(entries, list):
                raise SourceUnreadable(f"holds no list at {declared.entries or 'the top'}: check `entries`")
            yield [line for entry in entries if (line := self._line(entry, service, query)) is not None]
            place = self._next(answer, place, len(entries))
            if place is None:
                return

    def _next(self, answer: Any, place: str | int | None, count: int) -> str | int | None:
        paging = self._declared.paging
        match paging.style:
            case "cursor":
                following = pointed(answer, paging.pointer)
                return str(following) if following and str(following) != place else None
            case "offset" if count and isinstance(place, int):
                return place + count
            case "page" if count >= self._declared.page_size and isinstance(place, int):
                return place + 1
        return None

    def _line(self, entry: Any, service: str, query: LogQuery) -> LogLine | None:
        """Return the entry's line; None for what was not asked for, as not every interface can filter."""
        declared = self._declared
        message = pointed(entry, declared.message)
        text = message if isinstance(message, str) else json.dumps(entry, ensure_ascii=False)
        at = moment_of(pointed(entry, declared.time))
        said = pointed(entry, declared.service) if declared.service else None
        own = str(said) if said else service
        outside = at is not None and not query.window.start_at <= at < query.window.end_at
        unasked = bool(query.services and own and own not in query.services)
        return None if outside or unasked or query.text not in text else LogLine(at, own, text.rstrip("\n"))

    def _values(self, service: str, query: LogQuery) -> dict[str, str]:
        return {
            "service": service,
            "start": self._written(query.window.start_at),
            "end": self._written(query.window.end_at),
            "text": query.text,
            "limit": str(self._declared.page_size),
        }

    def _written(self, at: datetime) -> str:
        unit = _UNIT.get(self._declared.time_format)
        if unit is None:
            return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return str(round(at.timestamp() * unit))

    @property
    def _authority(self) -> str:
        url = self._declared.url
        return f"{url.host}:{url.port}" if url.port else str(url.host)

    def _checked_by_openapi(self) -> bool:
        path, operation = self._declared.openapi, self._declared.operation
        if path is None:
            return False
        try:
            description = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise SourceUnreadable(f"its OpenAPI description {path} can't be read") from error
        found = _parameters(description, operation)
        if found is None:
            raise SourceUnreadable(f"{path} describes no operation {operation!r}")
        known, required = found
        paging = {self._declared.paging.parameter} if self._declared.paging.style != "none" else set()
        ours = set(self._declared.parameters) | paging
        if known and (unknown := sorted(ours - known)):
            raise SourceUnreadable(
                f"{operation} takes no parameter {unknown[0]!r}; it takes {', '.join(sorted(known))}"
            )
        if missing := sorted(required - ours):
            raise SourceUnreadable(f"{operation} needs the parameter {missing[0]!r}")
        return True


def _parameters(description: Any, operation: str) -> tuple[set[str], set[str]] | None:
    """Return the query parameters that an operation knows and those it needs; None where it is not described."""
    paths = description.get("paths", {}) if isinstance(description, dict) else {}
    for path in paths.values():
        for method in path.values():
            if isinstance(method, dict) and method.get("operationId") == operation:
                listed = [*path.get("parameters", []), *method.get("parameters", [])]
                query = [one for one in listed if isinstance(one, dict) and one.get("in") == "query"]
                return {one["name"] for one in query}, {one["name"] for one in query if one.get("required")}
    return None


def pointed(value: Any, pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) names; None where there is nothing."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict):
            value = value.get(key)
        else:
            return None
    return value


def moment_of(value: Any) -> datetime | None:
    """Return the time that an ISO text or an epoch number means, in seconds, milli-, micro- or nanoseconds."""
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        unit = next((unit for above, unit in _MAGNITUDES if value > above), 1.0)
        try:
            return datetime.fromtimestamp(value / unit, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
