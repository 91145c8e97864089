"""Socket Mode: Slack's events over a connection that we open, for machines that nobody can reach.

The SDK's client can fall silent while it looks connected (bolt-python #417, #1529; python-slack-sdk #1913), so a
watchdog closes and opens it when neither a message nor Slack's ping came for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp

from bot.platforms.slack.client import SlackApi

log = structlog.get_logger()
_silent = logging.getLogger("steward.slack.socket")
_silent.setLevel(logging.CRITICAL + 1)
_silent.propagate = False

SILENCE_SECONDS = 90.0  # Slack pings every few seconds
LOOK_SECONDS = 15.0
FIRST_TRY_SECONDS = 5.0


class SocketMode:
    """One connection, kept alive."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        api: SlackApi,
        *,
        look_seconds: float = LOOK_SECONDS,
        try_seconds: float = FIRST_TRY_SECONDS,
    ) -> None:
        self._app = app
        self._token = app_token
        self._api = api
        self._look_seconds = look_seconds
        self._try_seconds = try_seconds
        self._handler: AsyncSocketModeHandler | None = None
        self._watching: asyncio.Task[None] | None = None
        self.connections = 0  # opened since the start

    async def start(self) -> None:
        """Connect, and keep connected; when Slack does not answer now, the watchdog tries on."""
        try:
            async with asyncio.timeout(self._try_seconds):
                await self._connect()
        except Exception as error:  # noqa: BLE001  the SDK raises of all kinds; the watchdog tries again
            log.warning("slack.socket_not_open", error=type(error).__name__)
        self._watching = asyncio.create_task(self._watch(), name="slack-socket-watchdog")

    async def stop(self) -> None:
        """Close the connection."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await self._disconnect()

    async def is_alive(self) -> bool:
        """Return whether the connection is open and was heard of lately."""
        if self._handler is None:
            return False
        client = self._handler.client
        heard = client.last_ping_pong_time
        return await client.is_connected() and (heard is None or time.time() - heard < SILENCE_SECONDS)

    async def _connect(self) -> None:
        await self._disconnect()
        self._handler = AsyncSocketModeHandler(
            self._app,
            self._token,
            logger=_silent,
            web_client=self._api.writing(self._token),
            loop=asyncio.get_running_loop(),
        )
        await self._handler.connect_async()  # type: ignore[no-untyped-call]
        self.connections += 1
        log.info("slack.socket_opened", connections=self.connections)

    async def _disconnect(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            with contextlib.suppress(Exception):  # a broken connection may fail to close; it is dropped all the same
                await handler.close_async()  # type: ignore[no-untyped-call]

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._look_seconds)
            try:
                if not await self.is_alive():
                    log.warning("slack.socket_silent")
                    async with asyncio.timeout(self._try_seconds * 2):
                        await self._connect()
            except Exception as error:  # noqa: BLE001  whatever it was, the next look tries again
                log.warning("slack.socket_not_open", error=type(error).__name__)
