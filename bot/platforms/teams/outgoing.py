"""Messages that no job stands behind: help, refusals, greetings. Sent behind the answer to Teams, with patience.

They are not in the outbox: after a crash such a sentence is lost, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from assistant.errors import DependencyUnavailable, RateLimited, StewardError
from bot.platforms.teams.client import ConnectorClient
from bot.platforms.teams.parse import Reference, address
from bot.platforms.teams.text import safe_markdown

log = structlog.get_logger()

TRIES = 5
LONGEST_WAIT_SECONDS = 30.0
UNDER_WAY_AT_MOST = 500  # a flood of greetings must not pile up
STOP_SECONDS = 3.0


class Speaker:
    """Says sentences; one for the process."""

    def __init__(self, client: ConnectorClient, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._client = client
        self._sleep = sleep
        self._under_way: set[asyncio.Task[None]] = set()

    def say(self, reference: Reference, text: str) -> None:
        """Send a sentence, without waiting for it."""
        self.send(reference, {"type": "message", "textFormat": "markdown", "text": safe_markdown(text)})

    def send(self, reference: Reference, activity: Mapping[str, Any]) -> None:
        """Send an activity, without waiting for it."""
        if len(self._under_way) >= UNDER_WAY_AT_MOST:
            log.error("teams.sentence_dropped", under_way=len(self._under_way))
            return
        task = asyncio.create_task(self._patiently(reference, activity))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def stop(self) -> None:
        """Let what is under way finish, for a moment."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()

    async def _patiently(self, reference: Reference, activity: Mapping[str, Any]) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                await self._client.send(reference.place, address(reference, activity))
                return
            except DependencyUnavailable as error:
                certain = isinstance(error, RateLimited)
                if attempt == TRIES or not certain:  # what may have been said is not said twice
                    log.warning("teams.sentence_lost", error=error.code, tries=attempt)
                    return
                await self._sleep(min(LONGEST_WAIT_SECONDS, error.retry_after_seconds or 2.0**attempt))
            except StewardError as error:
                log.warning("teams.sentence_refused", error=error.code)
                return
