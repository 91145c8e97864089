"""CloudWatch Logs: FilterLogEvents, one log group after the other, signed and retried by AWS's own library.

Pages may be empty and still be followed by others; only a missing nextToken ends a group. botocore is an extra of its
own (`steward[cloudwatch]`), since few need it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from assistant.log_sources import CloudWatchSource
from workers.log_sources.port import LogLine, LogQuery, SourceUnreadable

EVENTS_A_PAGE = 10_000  # FilterLogEvents' largest


class CloudWatch:
    """Reads the log groups of one region."""

    def __init__(self, declared: CloudWatchSource) -> None:
        self._declared = declared

    @property
    def name(self) -> str:
        """As declared."""
        return self._declared.name

    def check(self) -> str:
        """Look for one event of the first group."""
        group = next(iter(self._declared.log_groups.values()))
        self._call(self._client(attempts=1), {"logGroupName": group, "limit": 1})
        return f"CloudWatch answers for {group} in {self._declared.region}"

    def read(self, query: LogQuery) -> Iterator[list[LogLine]]:
        """Yield its pages; see the port."""
        client = self._client(attempts=4)
        wanted = query.services or tuple(self._declared.log_groups)
        for service in wanted:
            if (group := self._declared.log_groups.get(service)) is not None:
                yield from self._group(client, service, group, query)

    def _group(self, client: Any, service: str, group: str, query: LogQuery) -> Iterator[list[LogLine]]:
        request: dict[str, Any] = {
            "logGroupName": group,
            "startTime": _milliseconds(query.window.start_at),
            "endTime": _milliseconds(query.window.end_at),
            "limit": EVENTS_A_PAGE,
        }
        if query.text:
            request["filterPattern"] = quoted(query.text)
        while True:
            answer = self._call(client, request)
            events = answer.get("events", [])
            yield [
                LogLine(
                    datetime.fromtimestamp(event["timestamp"] / 1000, UTC), service, event["message"].rstrip("\n")
                )
                for event in events
                if query.window.start_at.timestamp() * 1000 <= event["timestamp"]
                and event["timestamp"] < query.window.end_at.timestamp() * 1000
            ]
            token = answer.get("nextToken")
            if not token or token == request.get("nextToken"):
                return
            request["nextToken"] = token

    def _call(self, client: Any, request: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        try:
            answer: dict[str, Any] = client.filter_log_events(**request)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an error")
            raise SourceUnreadable(f"CloudWatch refused {request['logGroupName']}: {code}") from error
        except (BotoCoreError, HTTPClientError, ValueError) as error:
            raise SourceUnreadable(f"CloudWatch can't be asked: {type(error).__name__}") from error
        return answer

    def _client(self, *, attempts: int) -> Any:
        try:
            import botocore.session
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError
        except ImportError as error:
            raise SourceUnreadable("needs AWS's library: pip install 'steward[cloudwatch]'") from error
        seconds = self._declared.timeout_seconds
        config = Config(
            retries={"total_max_attempts": attempts, "mode": "standard"},
            connect_timeout=seconds,
            read_timeout=seconds,
        )
        endpoint = str(self._declared.endpoint) if self._declared.endpoint else None
        try:
            return botocore.session.get_session().create_client(
                "logs", region_name=self._declared.region, endpoint_url=endpoint, config=config
            )
        except BotoCoreError as error:
            raise SourceUnreadable(f"CloudWatch can't be asked: {error}") from error


def quoted(text: str) -> str:
    """Return the text as one term of CloudWatch's filter patterns, which then holds no operator."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
