"""Kubernetes: the pods of a namespace by label, then each container's log with time stamps, as the API server has it.

The kubelet keeps little (10 MB a file by its defaults), and a restarted container's earlier log is asked for too. The
API takes a beginning (`sinceTime`) and no end, so the end is ours; so is the byte limit, as the API's cuts silently.
An earlier log that is gone is no failure.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from assistant.log_sources import KubernetesSource
from workers.log_sources.http import LogApi, Pause
from workers.log_sources.port import LogLine, LogQuery, SourceUnreadable

LINES_A_PAGE = 2000
PODS_A_PAGE = 500
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class _Container:
    pod: str
    name: str
    service: str
    restarts: int


class Kubernetes:
    """Reads one namespace."""

    def __init__(self, declared: KubernetesSource, *, pause: Pause = time.sleep) -> None:
        self._declared = declared
        self._pause = pause

    @property
    def name(self) -> str:
        """As declared."""
        return self._declared.name

    def check(self) -> str:
        """List one page of pods."""
        with LogApi(self._declared, pause=self._pause) as api:
            answer = api.json("GET", self._pods_path, params={"limit": PODS_A_PAGE}, attempts=1)
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
            raise SourceUnreadable("does not answer as Kubernetes does: check its address")
        return f"{len(answer['items'])} pods in {self._declared.namespace}"

    def read(self, query: LogQuery) -> Iterator[list[LogLine]]:
        """Yield its pages; see the port."""
        broken: list[str] = []
        with LogApi(self._declared, pause=self._pause) as api:
            for container in self._containers(api, query):
                for previous in (True, False) if container.restarts else (False,):
                    try:
                        yield from self._log(api, container, query, previous=previous)
                    except SourceUnreadable as error:
                        if not previous:  # the earlier log of a container is kept only for a while
                            broken.append(f"{container.pod}/{container.name} {error}")
        if broken:
            raise SourceUnreadable(f"{len(broken)} containers could not be read: {broken[0]}")

    def selector(self, query: LogQuery) -> str | None:
        """Return the label selector; None when no label can have a value asked for."""
        if not query.services:
            return ""
        values = [service for service in query.services if _LABEL_VALUE.fullmatch(service)]
        return f"{self._declared.service_label} in ({','.join(values)})" if values else None

    def _containers(self, api: LogApi, query: LogQuery) -> Iterator[_Container]:
        selector = self.selector(query)
        if selector is None:
            return
        following = ""
        while True:
            params: dict[str, str | int] = {"limit": PODS_A_PAGE}
            params |= {"labelSelector": selector} if selector else {}
            params |= {"continue": following} if following else {}
            answer = api.json("GET", self._pods_path, params=params)
            try:
                for pod in answer["items"]:
                    yield from self._of_pod(pod)
                following = answer.get("metadata", {}).get("continue") or ""
            except (KeyError, TypeError) as error:
                raise SourceUnreadable("does not answer as Kubernetes does: check its address") from error
            if not following:
                return

    def _of_pod(self, pod: dict[str, Any]) -> Iterator[_Container]:
        metadata = pod["metadata"]
        service = (metadata.get("labels") or {}).get(self._declared.service_label) or metadata["name"]
        statuses = (pod.get("status") or {}).get("containerStatuses") or []
        restarts = {status["name"]: int(status.get("restartCount", 0)) for status in statuses}
        for container in pod["spec"]["containers"]:
            name = container["name"]
            if not self._declared.containers or name in self._declared.containers:
                yield _Container(metadata["name"], name, service, restarts.get(name, 0))

    def _log(self, api: LogApi, container: _Container, query: LogQuery, *, previous: bool) -> Iterator[list[LogLine]]:
        params: dict[str, str | int] = {
            "container": container.name,
            "timestamps": "true",
            "sinceTime": query.window.start_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        params |= {"previous": "true"} if previous else {}
        page: list[LogLine] = []
        for written in api.lines(f"{self._pods_path}/{container.pod}/log", params=params):
            at, text = _split(written)
            if at is not None and at >= query.window.end_at:
                break
            if (at is not None and at < query.window.start_at) or query.text not in text:
                continue
            page.append(LogLine(at, container.service, text))
            if len(page) >= LINES_A_PAGE:
                yield page
                page = []
        yield page

    @property
    def _pods_path(self) -> str:
        return f"/api/v1/namespaces/{self._declared.namespace}/pods"


def _split(line: str) -> tuple[datetime | None, str]:
    """Return the time stamp that the API put before the line, and the line."""
    stamp, _, text = line.partition(" ")
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return None, line
    return (at, text) if at.tzinfo else (None, line)
