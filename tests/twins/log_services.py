"""Stand-ins for the services that hold logs, as strict as their documentation: parameters, paging, authentication.

Each keeps entries and answers on loopback. `faults` are played before the next answers: a status, "drop" (the
connection is cut inside the answer) or "truncated" (a whole answer whose JSON is not). What a service would refuse is
answered with 400, and what was asked is kept in `asked`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SECRET = "let-me-read"


@dataclass(frozen=True)
class Entry:
    at: datetime
    service: str
    text: str


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


class Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class LogService:
    """What all stand-ins share; `answer` is the service."""

    entries: list[Entry] = field(default_factory=list)
    faults: list[str | int] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    authorization: str = f"Bearer {SECRET}"

    def answer(self, asked: Asked) -> Any:
        raise NotImplementedError

    def authorize(self, asked: Asked) -> None:
        if asked.headers.get("authorization") != self.authorization:
            raise Refused(401, "who are you?")

    def between(self, start: datetime, end: datetime) -> list[Entry]:
        return sorted((one for one in self.entries if start <= one.at < end), key=lambda one: one.at)


@contextmanager
def serving(service: LogService) -> Iterator[LogService]:
    handler = type("Handler", (_Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    service: LogService
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def _any(self) -> None:
        parts = urlsplit(self.path)
        size = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(size)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        asked = Asked(self.command, unquote(parts.path), query, json.loads(raw) if raw else None, headers)
        self.service.asked.append(asked)
        fault = self.service.faults.pop(0) if self.service.faults else None
        if isinstance(fault, int):
            self._send(fault, b'{"message": "not now"}', retry_after="0")
            return
        try:
            self.service.authorize(asked)
            answer = self.service.answer(asked)
        except Refused as error:
            self._send(error.status, json.dumps({"message": str(error)}).encode())
            return
        body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        if fault == "truncated":
            body = body[: len(body) // 2]
        self._send(200, body, cut=fault == "drop")

    do_GET = do_POST = do_DELETE = _any  # noqa: N815

    def _send(self, status: int, body: bytes, *, retry_after: str = "", cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if retry_after:
            self.send_header("retry-after", retry_after)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = cut or self.close_connection


def needs(asked: Asked, known: set[str], required: set[str]) -> None:
    if unknown := set(asked.query) - known:
        raise Refused(400, f"unknown parameters {unknown}")
    if missing := required - set(asked.query):
        raise Refused(400, f"missing parameters {missing}")


_MATCHER = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)(=~|!=|!~|=)("(?:[^"\\]|\\.)*")')
_LOGQL = re.compile(r'\{((?:[^"{}]|"(?:[^"\\]|\\.)*")*)\}(?: \|= ("(?:[^"\\]|\\.)*"))?')


class LokiTwin(LogService):
    """query_range as https://grafana.com/docs/loki/latest/reference/loki-http-api/ has it."""

    max_entries = 5000

    def answer(self, asked: Asked) -> Any:
        if asked.path == "/loki/api/v1/labels":
            return {"status": "success", "data": ["app", "service_name"]}
        if asked.path != "/loki/api/v1/query_range" or asked.method != "GET":
            raise Refused(404, "page not found")
        needs(asked, {"query", "start", "end", "limit", "direction", "step", "since"}, {"query"})
        limit = int(asked.query.get("limit", "100"))
        if limit > self.max_entries:
            raise Refused(400, "max entries limit per query exceeded")
        keep = self._parsed(asked.query["query"])
        start, end = int(asked.query["start"]), int(asked.query["end"])
        found = sorted(
            (
                (_nanoseconds(one.at), one)
                for one in self.entries
                if start <= _nanoseconds(one.at) < end and keep(one)
            ),
            key=lambda pair: pair[0],
        )
        if asked.query.get("direction", "backward") != "forward":
            found.reverse()
        streams: dict[str, list[list[str]]] = {}
        for at, one in found[:limit]:
            streams.setdefault(one.service, []).append([str(at), one.text])
        result = [
            {"stream": {"service_name": name, "app": "shop"}, "values": values} for name, values in streams.items()
        ]
        return {"status": "success", "data": {"resultType": "streams", "result": result, "stats": {}}}

    def _parsed(self, logql: str) -> Any:
        whole = _LOGQL.fullmatch(logql)
        matchers = _MATCHER.findall(whole[1]) if whole else []
        if whole is None or ", ".join(f"{n}{o}{v}" for n, o, v in matchers) != whole[1]:
            raise Refused(400, "parse error")
        if not any(
            operator == "=" or json.loads(value) == ".+" or operator == "=~" for _, operator, value in matchers
        ):
            raise Refused(400, "queries require at least one matcher that is not empty-compatible")
        text = json.loads(whole[2]) if whole[2] else ""

        def keep(one: Entry) -> bool:
            labels = {"service_name": one.service, "app": "shop"}
            for name, operator, value in matchers:
                wanted, has = json.loads(value), labels.get(name, "")
                if operator == "=" and has != wanted:
                    return False
                if operator == "=~" and not re.fullmatch(wanted, has):
                    return False
            return text in one.text

        return keep


class ElasticsearchTwin(LogService):
    """Points in time and search_after, as the Elasticsearch and the OpenSearch documentation have them."""

    opensearch = False

    def __init__(self) -> None:
        super().__init__(authorization=f"ApiKey {SECRET}")
        self.points: set[str] = set()
        self.opened = 0
        self.failed_shards = 0

    def answer(self, asked: Asked) -> Any:
        opening = "/logs-*/_search/point_in_time" if self.opensearch else "/logs-*/_pit"
        closing = "/_search/point_in_time" if self.opensearch else "/_pit"
        match (asked.method, asked.path):
            case ("GET", "/logs-*/_count"):
                return {"count": len(self.entries), "_shards": {"failed": 0}}
            case ("POST", path) if path == opening:
                needs(asked, {"keep_alive"}, {"keep_alive"})
                self.opened += 1
                point = f"point-{self.opened}"
                self.points.add(point)
                return {"pit_id" if self.opensearch else "id": point}
            case ("DELETE", path) if path == closing:
                ids = asked.body["pit_id"] if self.opensearch else [asked.body["id"]]
                self.points -= set(ids)
                return {"succeeded": True}
            case ("POST", "/_search"):
                return self._search(asked.body)
        raise Refused(404, "no such index")

    def _search(self, body: dict[str, Any]) -> Any:
        known = {"size", "track_total_hits", "_source", "query", "sort", "pit", "search_after"}
        if set(body) - known or body["pit"]["id"] not in self.points or body["size"] > 10_000:
            raise Refused(400, "x_content_parse_exception")
        found = [one for one in self.entries if all(_fits(one, part) for part in body["query"]["bool"]["filter"])]
        keyed = [
            ([int(one.at.timestamp() * 1000), number], one) for number, one in enumerate(self.entries) if one in found
        ]
        keyed.sort(key=lambda pair: pair[0])
        after = body.get("search_after")
        hits = [
            {"_id": str(key[1]), "_source": self._source(one), "sort": key}
            for key, one in keyed
            if after is None or key > after
        ]
        shards = {"total": 2, "failed": self.failed_shards}
        return {"timed_out": False, "_shards": shards, "hits": {"hits": hits[: body["size"]]}}

    def _source(self, one: Entry) -> dict[str, Any]:
        return {"@timestamp": one.at.isoformat(), "service": {"name": one.service}, "message": one.text}


class OpenSearchTwin(ElasticsearchTwin):
    opensearch = True


def _fits(one: Entry, part: dict[str, Any]) -> bool:
    match part:
        case {"range": {"@timestamp": {"gte": start, "lt": end}}}:
            return datetime.fromisoformat(start) <= one.at < datetime.fromisoformat(end)
        case {"terms": {"service.name": services}}:
            return one.service in services
        case {"match_phrase": {"message": {"query": text}}}:
            return text in one.text
    raise Refused(400, f"parsing_exception: {part}")


class KubernetesTwin(LogService):
    """Pods and their logs as the API reference has them: one pod a service, whose container restarted once."""

    def answer(self, asked: Asked) -> Any:
        base = "/api/v1/namespaces/shop/pods"
        if asked.path == base:
            needs(asked, {"limit", "labelSelector", "continue"}, set())
            return self._pods(asked)
        log = re.fullmatch(rf"{base}/([a-z-]+)-7d9f/log", asked.path)
        if log is None:
            raise Refused(404, "not found")
        needs(asked, {"container", "timestamps", "sinceTime", "limitBytes", "previous"}, {"container"})
        if asked.query.get("previous"):
            raise Refused(400, "previous terminated container not found")
        since = datetime.fromisoformat(asked.query["sinceTime"])
        lines = [one for one in self.entries if one.service == log[1] and one.at >= since]
        return "".join(
            f"{one.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z {one.text}\n"
            for one in sorted(lines, key=lambda e: e.at)
        )

    def _pods(self, asked: Asked) -> Any:
        services = sorted({one.service for one in self.entries})
        if selector := asked.query.get("labelSelector"):
            wanted = re.fullmatch(r"app in \(([A-Za-z0-9_.,-]+)\)", selector)
            if wanted is None:
                raise Refused(400, "unable to parse requirement")
            services = [name for name in services if name in wanted[1].split(",")]
        place = int(asked.query.get("continue") or 0)  # one pod a page, to be paged
        items = [
            {
                "metadata": {"name": f"{name}-7d9f", "labels": {"app": name}},
                "spec": {"containers": [{"name": "main"}]},
                "status": {"containerStatuses": [{"name": "main", "restartCount": 1}]},
            }
            for name in services[place : place + 1]
        ]
        following = str(place + 1) if place + 1 < len(services) else ""
        return {"kind": "PodList", "metadata": {"continue": following}, "items": items}


class CloudWatchTwin(LogService):
    """FilterLogEvents: JSON 1.1, signed requests, at most `page` events, and an empty page in between."""

    page = 3

    def authorize(self, asked: Asked) -> None:
        scope = r"AKIATEST/\d{8}/eu-west-1/logs/aws4_request"
        signed = rf"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=\S+, Signature=[0-9a-f]{{64}}"
        if not re.fullmatch(signed, asked.headers.get("authorization", "")):
            raise Refused(403, "MissingAuthenticationToken")

    def answer(self, asked: Asked) -> Any:
        if asked.headers.get("x-amz-target") != "Logs_20140328.FilterLogEvents":
            raise Refused(400, "UnknownOperationException")
        body = asked.body
        if set(body) - {"logGroupName", "startTime", "endTime", "filterPattern", "limit", "nextToken"}:
            raise Refused(400, "InvalidParameterException")
        service = body["logGroupName"].removeprefix("/ecs/")
        pattern = body.get("filterPattern")
        if pattern is not None and not re.fullmatch(r'"(?:[^"\\]|\\.)*"', pattern):
            raise Refused(400, "InvalidParameterException")
        text = re.sub(r"\\(.)", r"\1", pattern[1:-1]) if pattern else ""
        start, end = body.get("startTime", 0), body.get("endTime", 2**53)
        found = sorted(
            (int(one.at.timestamp() * 1000), one.text)
            for one in self.entries
            if one.service == service and start <= int(one.at.timestamp() * 1000) <= end and text in one.text
        )
        # A page that searched and found nothing still names the next one, as the documentation warns.
        token = int(body.get("nextToken", "t0").removeprefix("t"))
        place = token // 2 * self.page
        shown = found[place : place + self.page] if token % 2 else []
        events = [{"timestamp": at, "message": message, "eventId": str(at)} for at, message in shown]
        following = {} if token % 2 and place + self.page >= len(found) else {"nextToken": f"t{token + 1}"}
        return {"events": events, "searchedLogStreams": [], **following}


class EntriesTwin(LogService):
    """An interface of a company's own: paged by a cursor, times in milliseconds."""

    page = 3

    def answer(self, asked: Asked) -> Any:
        if asked.path == "/":
            raise Refused(404, "nothing here")
        path = re.fullmatch(r"/v1/(.+)/entries", asked.path)
        if path is None:
            raise Refused(404, "no such service")
        needs(asked, {"from", "to", "contains", "after"}, {"from", "to"})
        start, end = int(asked.query["from"]), int(asked.query["to"])
        found = [
            one
            for one in sorted(self.entries, key=lambda one: one.at)
            if one.service == path[1]
            and start <= one.at.timestamp() * 1000 < end
            and asked.query.get("contains", "") in one.text
        ]
        place = int(asked.query.get("after") or 0)
        items = [
            {"at": int(one.at.timestamp() * 1000), "log": {"text": one.text}, "svc": one.service}
            for one in found[place : place + self.page]
        ]
        following = str(place + self.page) if place + self.page < len(found) else None
        return {"result": {"items": items}, "next": following}


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1000
