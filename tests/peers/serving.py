"""Run an ASGI application on loopback, for stand-ins that are spoken to over the network."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import uvicorn

START_SECONDS = 30.0


class Running:
    """Runs an ASGI application on a free loopback port, in a thread of its own."""

    def __init__(self, app: Any) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", ws="websockets-sansio")
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        self._server.serving.wait(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.end()
        self._thread.join(5)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


class _Server(uvicorn.Server):
    """Ends when it is told to: uvicorn's own looks ten times a second, and then gives its clients a moment."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = threading.Event()
        self._ended = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """Stop, from another thread; whatever is under way is cut off."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        await self.on_tick(0)
        self._loop = asyncio.get_running_loop()
        self.serving.set()
        await self._ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for one in sockets or []:
            one.close()
        await asyncio.sleep(0)
