"""An HTTP answer that never ends: the connection is closed in the middle of it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response


class Cut(Response):
    """Closes the connection in the middle of the answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"ok"', "more_body": True})
        raise ConnectionAbortedError("cut, as told")
