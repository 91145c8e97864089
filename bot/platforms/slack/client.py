"""Speak to Slack's Web API: one HTTP session a process, errors in our own words.

Writes are never repeated by the SDK: its default handler sends a message twice when the connection is cut after
Slack took it (platforms note, table D). Delivery reconciles them instead. Reads are repeated politely.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from assistant.errors import DependencyUnavailable, NothingFound, RateLimited, RequestInvalid, StewardError

TIMEOUT_SECONDS = 8.0  # delivery gives a call 10 s (bot/delivery.py)
CONNECTIONS = 64
_GONE = frozenset({"message_not_found", "channel_not_found", "is_archived", "thread_not_found", "user_not_found"})
_UNSHOWABLE = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "invalid_attachments"}
)
_log = logging.getLogger("steward.slack")  # for the SDK and Bolt, whose messages may quote bodies
_log.setLevel(logging.CRITICAL)


class BlocksRefused(RequestInvalid):
    """Slack would not show these blocks; the same words as plain text will do."""


class SlackRefused(DependencyUnavailable):
    """Slack answered with an error of its own; `error` is its word, e.g. missing_scope."""

    def __init__(self, error: str) -> None:
        super().__init__(f"Slack answered {error}")
        self.error = error


class SlackApi:
    """Clients by token. Create it anywhere; call it on one event loop."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/") + "/"
        self._session: aiohttp.ClientSession | None = None
        self._clients: dict[tuple[str | None, bool], AsyncWebClient] = {}

    @property
    def session(self) -> aiohttp.ClientSession:
        """The process's one session; connections to Slack are kept open between calls."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=30),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            )
            self._clients.clear()
        return self._session

    def writing(self, token: str | None) -> AsyncWebClient:
        """Return a client that sends each request once."""
        return self._client(token, False)

    def reading(self, token: str | None) -> AsyncWebClient:
        """Return a client that repeats a read after 429, 5xx and cut connections, at most twice."""
        return self._client(token, True)

    def unconnected(self) -> AsyncWebClient:
        """Return a client without a token and without our session: what Bolt wants before a loop runs."""
        return AsyncWebClient(base_url=self.base_url, retry_handlers=[], logger=_log)

    def _client(self, token: str | None, is_reading: bool) -> AsyncWebClient:
        session = self.session
        key = (token, is_reading)
        if key not in self._clients:
            handlers = [
                AsyncConnectionErrorRetryHandler(max_retry_count=2),
                AsyncServerErrorRetryHandler(max_retry_count=2),
                AsyncRateLimitErrorRetryHandler(max_retry_count=1),
            ]
            self._clients[key] = AsyncWebClient(
                token=token,
                base_url=self.base_url,
                timeout=int(TIMEOUT_SECONDS),
                session=session,
                retry_handlers=handlers if is_reading else [],
                logger=_log,
            )
        return self._clients[key]

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


async def call(request: Awaitable[Any]) -> dict[str, Any]:
    """Await one call of a client and return what it answered; errors as `answer`."""
    data = (await answer(request)).data
    if not isinstance(data, dict):
        raise DependencyUnavailable("Slack's answer is no JSON object")
    return data


async def answer(request: Awaitable[Any]) -> Any:
    """Await one call of a client and return its whole answer, with headers.

    Raises:
        RateLimited: 429; nothing was done.
        NothingFound: the message, thread or channel is not there.
        BlocksRefused: the message can't be shown as it is.
        SlackRefused: any other `ok: false`.
        DependencyUnavailable: no answer, or none that can be read: it may have been done all the same.
    """
    try:
        return await request
    except SlackApiError as error:
        raise _translated(error) from None  # the SDK's message quotes the whole answer
    except (aiohttp.ClientError, TimeoutError, SlackClientError, OSError) as error:
        raise DependencyUnavailable(f"Slack did not answer: {type(error).__name__}") from None


def _translated(error: SlackApiError) -> StewardError:
    response = error.response
    status = getattr(response, "status_code", None)
    headers = getattr(response, "headers", None) or {}
    data = getattr(response, "data", None)
    word = data.get("error", "") if isinstance(data, dict) else ""
    if status == 429 or word in ("ratelimited", "rate_limited"):
        return RateLimited("Slack answered 429", retry_after_seconds=_seconds(headers.get("Retry-After")))
    if not word or (isinstance(status, int) and status >= 500):
        return DependencyUnavailable(f"Slack answered HTTP {status}")
    if word in _GONE:
        return NothingFound(f"Slack answered {word}")
    if word in _UNSHOWABLE:
        return BlocksRefused(f"Slack answered {word}")
    return SlackRefused(str(word))


def _seconds(value: str | None) -> float:
    try:
        return min(600.0, max(0.0, float(value or 1)))
    except ValueError:
        return 1.0
