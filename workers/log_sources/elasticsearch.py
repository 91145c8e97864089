"""Elasticsearch and OpenSearch: a point in time, paged by search_after, so lines written meanwhile move nothing.

The query is their JSON, built from values: nothing of the asker's is ever parsed as Lucene's query language. Parts of
an index that failed are told: an answer of half the shards looks like a quiet service.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from assistant.log_sources import ElasticsearchSource
from workers.log_sources.http import LogApi, Pause
from workers.log_sources.port import LogLine, LogQuery, SourceUnreadable

KEEP_ALIVE = "1m"  # of the point in time, renewed by every page


class Elasticsearch:
    """Reads the indexes of one declaration."""

    def __init__(self, declared: ElasticsearchSource, *, pause: Pause = time.sleep) -> None:
        self._declared = declared
        self._pause = pause
        self._is_opensearch = declared.kind == "opensearch"

    @property
    def name(self) -> str:
        """As declared."""
        return self._declared.name

    def check(self) -> str:
        """Count what the index holds."""
        with self._api() as api:
            answer = api.json("GET", f"/{self._declared.index}/_count", attempts=1)
        count = answer.get("count") if isinstance(answer, dict) else None
        if not isinstance(count, int):
            raise SourceUnreadable("does not answer as Elasticsearch does: check its address")
        return f"{count:,} entries in {self._declared.index}"

    def read(self, query: LogQuery) -> Iterator[list[LogLine]]:
        """Yield its pages; see the port."""
        with self._api() as api:
            point = self._open_point(api)
            try:
                yield from self._pages(api, query, point)
            finally:
                self._close_point(api, point)

    def body(self, query: LogQuery) -> dict[str, Any]:
        """Return the search's conditions and order, without its place."""
        declared = self._declared
        window = {
            "gte": query.window.start_at.isoformat(),
            "lt": query.window.end_at.isoformat(),
            "format": "strict_date_optional_time",
        }
        conditions: list[dict[str, Any]] = [{"range": {declared.time_field: window}}]
        conditions += [{"term": {name: {"value": value}}} for name, value in sorted(declared.labels.items())]
        if query.services:
            conditions.append({"terms": {declared.service_field: list(query.services)}})
        if query.text:
            conditions.append({"match_phrase": {declared.message_field: {"query": query.text}}})
        # Elasticsearch keeps _shard_doc for points in time; OpenSearch has it in its newest versions only.
        tie = "_id" if self._is_opensearch else "_shard_doc"
        return {
            "size": declared.page_size,
            "track_total_hits": False,
            "_source": [declared.time_field, declared.service_field, declared.message_field],
            "query": {"bool": {"filter": conditions}},
            "sort": [{declared.time_field: {"order": "asc"}}, {tie: {"order": "asc"}}],
        }

    def _pages(self, api: LogApi, query: LogQuery, point: str) -> Iterator[list[LogLine]]:
        body = self.body(query)
        after: list[Any] | None = None
        while True:
            place = {"pit": {"id": point, "keep_alive": KEEP_ALIVE}}
            answer = api.json(
                "POST", "/_search", body={**body, **place, **({"search_after": after} if after else {})}
            )
            try:
                hits = answer["hits"]["hits"]
                lines = [self._line(hit["_source"]) for hit in hits]
                failed = answer.get("_shards", {}).get("failed", 0)
                after = hits[-1]["sort"] if hits else None
            except (KeyError, TypeError, AttributeError) as error:
                raise SourceUnreadable("does not answer as Elasticsearch does: check its address") from error
            # A phrase is compared by words there, and here as it stands.
            yield [line for line in lines if query.text in line.text]
            if failed or answer.get("timed_out"):
                raise SourceUnreadable(f"answered in part: {failed or 'some'} shards failed or were too slow")
            if len(hits) < self._declared.page_size:
                return

    def _line(self, source: dict[str, Any]) -> LogLine:
        declared = self._declared
        message = _field(source, declared.message_field)
        text = message if isinstance(message, str) else json.dumps(source, ensure_ascii=False)
        service = _field(source, declared.service_field)
        return LogLine(_moment(_field(source, declared.time_field)), str(service or ""), text.rstrip("\n"))

    def _open_point(self, api: LogApi) -> str:
        index = self._declared.index
        path = f"/{index}/_search/point_in_time" if self._is_opensearch else f"/{index}/_pit"
        answer = api.json("POST", path, params={"keep_alive": KEEP_ALIVE})
        point = answer.get("pit_id" if self._is_opensearch else "id") if isinstance(answer, dict) else None
        if not isinstance(point, str):
            raise SourceUnreadable("did not open a point in time: check `kind`, elasticsearch or opensearch")
        return point

    def _close_point(self, api: LogApi, point: str) -> None:
        with contextlib.suppress(SourceUnreadable):  # it closes by itself a minute later
            if self._is_opensearch:
                api.json("DELETE", "/_search/point_in_time", body={"pit_id": [point]}, attempts=1)
            else:
                api.json("DELETE", "/_pit", body={"id": point}, attempts=1)

    def _api(self) -> LogApi:
        return LogApi(self._declared, authorization=self._declared.authorization, pause=self._pause)


def _field(source: dict[str, Any], name: str) -> Any:
    """Return a field that may be written dotted or nested."""
    if name in source:
        return source[name]
    value: Any = source
    for part in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _moment(value: Any) -> datetime | None:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000, UTC)
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
