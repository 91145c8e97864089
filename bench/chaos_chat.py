"""A chat service for the chaos run: keeps what was posted, and fails on the way there and on the way back.

Three faults, as the real ones have them: a connection cut after the message was stored (the sender can't know),
a 500 before anything happened, and a 429 with Retry-After.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

CUT, BROKEN, LIMITED = 0.01, 0.01, 0.005  # shares of calls
RETRY_AFTER_SECONDS = 1


@dataclass
class Message:
    """One message: `thread` is the question it answers, `key` what the poster put inside to find it by."""

    thread: str
    key: str
    text: str
    final_at: float | None = None


@dataclass
class ChaosChat:
    """The service; `app` is its HTTP side."""

    seed: int = 1
    messages: dict[str, Message] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    first_at: dict[str, float] = field(default_factory=dict)  # thread: when anything first stood there

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    @property
    def app(self) -> web.Application:
        """The HTTP application: POST /post, /update and /find."""
        app = web.Application()
        app.add_routes(
            [web.post(f"/{name}", self._faulty(getattr(self, name))) for name in ("post", "update", "find")]
        )
        return app

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Store a new message."""
        handle = f"m{len(self.messages) + 1}"
        self.messages[handle] = Message(body["thread"], body["key"], "")
        self.first_at.setdefault(body["thread"], time.time())
        return self.update({**body, "handle": handle})

    def update(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change what a message says."""
        message = self.messages[body["handle"]]
        message.text = body["text"]
        if body["final"]:
            message.final_at = message.final_at or time.time()
        else:
            message.final_at = None
        return {"handle": body["handle"]}

    def find(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the handle of the message with this key, if there is one."""
        found = [handle for handle, message in self.messages.items() if message.key == body["key"]]
        return {"handle": found[0] if found else None}

    def answered(self) -> dict[str, list[Message]]:
        """Return the messages of each thread."""
        threads: dict[str, list[Message]] = {}
        for message in self.messages.values():
            threads.setdefault(message.thread, []).append(message)
        return threads

    def _faulty(self, do: Any) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            dice = self._random.random()
            if dice < BROKEN:
                self.faults["500"] += 1
                return web.json_response({}, status=500)
            if dice < BROKEN + LIMITED:
                self.faults["429"] += 1
                return web.json_response({}, status=429, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
            answer = do(await request.json())
            if self._random.random() < CUT:
                self.faults["cut"] += 1
                assert request.transport is not None
                request.transport.abort()
            return web.json_response(answer)

        return handle
