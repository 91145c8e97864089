"""No request body grows past its limit: uvicorn and Starlette have none of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[Message], Any]

WEBHOOK_BYTES = 1_000_000  # chat services send events of kilobytes
WEBHOOK_PATHS = ("/slack/", "/teams/", "/api/messages", "/alerts/")


class _TooLarge(Exception):
    pass


class BodyLimit:
    """ASGI middleware: 413 for a body that is, or says it is, too large; nothing past the limit is read."""

    def __init__(self, app: Any, *, upload_bytes: int) -> None:
        self._app = app
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what it reads."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        if _said_bytes(scope) > limit:
            await _refuse(send)
            return
        counting = _Counting(receive, send, limit)
        try:
            await self._app(scope, counting.receive, counting.send)
        except _TooLarge:
            if not counting.has_answered:
                await _refuse(send)

    def _limit(self, path: str) -> int:
        return WEBHOOK_BYTES if path.startswith(WEBHOOK_PATHS) else self._upload_bytes


class _Counting:
    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self.has_answered = False

    async def receive(self) -> Message:
        message: Message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLarge
        return message

    async def send(self, message: Message) -> None:
        if self._left < 0 and not self.has_answered:  # a framework made its own answer of our exception
            raise _TooLarge
        self.has_answered = True
        await self._send(message)


def _said_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(send: Send) -> None:
    body = b"The request body is too large."
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
