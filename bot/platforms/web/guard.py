"""Turn away what a browser was tricked into, and tell browsers what the page may do.

An ASGI layer around the whole application, because the page's live connection is a websocket and NiceGUI
accepts those from anywhere. Slack and Teams are left alone: they sign their requests and send no Origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# NiceGUI compiles its templates in the browser, hence unsafe-eval and inline scripts; but nothing may be
# fetched from, sent to, or framed by another host, which is what an injected text would need.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Guard:
    """The layer. `public_url` is the address behind a proxy; `loopback_only` refuses foreign Host headers."""

    def __init__(
        self, app: ASGIApp, *, public_url: str | None, loopback_only: bool, unguarded: Iterable[str] = ()
    ) -> None:
        self._app = app
        self._public_host = urlsplit(public_url).netloc if public_url else None
        self._loopback_only = loopback_only
        self._unguarded = tuple(unguarded)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with our headers on the answer, unless it comes from another site."""
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(self._unguarded or ("\0",)):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(refusal, scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> str | None:
        """Return why the request is refused, or None."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        # Without this, a name that an attacker points at 127.0.0.1 would be "the same site" as the demo.
        if self._loopback_only and _without_port(host) not in _LOOPBACK and host != self._public_host:
            return "The demo answers on this machine's own address only."
        if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
            return None
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc not in (host, self._public_host):
            return "This request comes from another site."
        if origin is None and headers.get("sec-fetch-site") not in (None, "same-origin", "none"):
            return "This request comes from another site."
        return None


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


async def _refuse(reason: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    await PlainTextResponse(reason, status_code=403)(scope, receive, send)
