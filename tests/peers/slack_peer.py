"""A strict stand-in for Slack's Web API on loopback: state, tokens, limits, and faults on demand.

Messages are here; streams and sessions in slack_streams.py, modals and files in slack_surfaces.py, what is refused in
slack_judge.py. Every call is kept in `calls`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.peers.cut import Cut
from tests.peers.slack_judge import Refused, judge_message
from tests.peers.slack_streams import StreamMethods
from tests.peers.slack_surfaces import SurfaceMethods

TEAM, BOT_USER, BOT_ID = "T0STEWARD", "U0STEWARD", "B0STEWARD"
TOKEN, APP_TOKEN = "xoxb-peer-token", "xapp-peer-token"

Answer = dict[str, Any]


@dataclass
class Fault:
    """What happens to the next calls of a method: 429, 500, cut_before, cut_after, or an error word."""

    method: str
    kind: str
    times: int = 1
    retry_after: int = 1


@dataclass
class SlackPeer(StreamMethods, SurfaceMethods):
    """One workspace."""

    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by channel, oldest first
    ephemeral: list[dict[str, Any]] = field(default_factory=list)
    whispers: list[dict[str, Any]] = field(default_factory=list)  # what came to a response_url
    files: dict[str, bytes] = field(default_factory=dict)  # served at /files/<name>
    file_tokens: set[str] = field(default_factory=lambda: {TOKEN})  # which may read files
    failing_files: int = 0  # how many of the next file requests are answered 503
    scopes: str = ""  # what auth.test's header says was granted
    is_person: bool = False  # the token is a user's
    organisation: list[str] | None = None  # installed for an organisation, in these workspaces
    other_sockets: int = 0  # connections of the app's that other processes hold open
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    code: str = "consent-code"  # what oauth.v2.access takes
    expires_in: int = 0  # seconds that an installed token lives; 0: it does not rotate
    refreshed: list[str] = field(default_factory=list)  # refresh tokens that were exchanged, in order
    acknowledged: list[str] = field(default_factory=list)  # Socket Mode envelopes
    sockets: list[WebSocket] = field(default_factory=list)
    url: str = ""
    delay_seconds: float = 0.0

    def __post_init__(self) -> None:
        StreamMethods.__init__(self)
        SurfaceMethods.__init__(self)
        self.numbers = count(1)
        self.open_sockets = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    # -------------------------------------------------------------- for tests
    def fail(self, method: str, kind: str, times: int = 1, retry_after: int = 1) -> None:
        """Let the next calls of this method fail."""
        self.faults.append(Fault(method, kind, times, retry_after))

    def said(self, channel: str, thread: str | None = None) -> list[dict[str, Any]]:
        """Return the bot's messages of a channel, or of a thread in it."""
        return [
            message
            for message in self.messages.get(channel, [])
            if message["user"] == BOT_USER and (thread is None or message.get("thread_ts") == thread)
        ]

    def delete_all(self) -> None:
        """Delete all messages."""
        self.messages.clear()

    def called(self, method: str) -> list[dict[str, Any]]:
        """Return the arguments of this method's calls."""
        return [arguments for name, arguments in self.calls if name == method]

    def send_envelope(self, envelope: dict[str, Any]) -> None:
        """Send an envelope over the open Socket Mode connection; from any thread."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self.sockets[-1].send_json(envelope), self._loop).result(5)

    def next_ts(self) -> str:
        """Return a new message's ts."""
        return f"{1_790_000_000 + next(self.numbers)}.000100"

    def said_by_bot(self) -> dict[str, Any]:
        """Return a new message of the bot's without words."""
        return {"ts": self.next_ts(), "user": BOT_USER, "bot_id": BOT_ID}

    # -------------------------------------------------------------- the server
    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/api/{method}", self._call, methods=["GET", "POST"]),
                Route("/files/{name}", self._file),
                Route("/hook", self._hook, methods=["POST"]),
                Route("/upload/{name}", self._upload, methods=["POST"]),
                WebSocketRoute("/socket", self._socket),
            ]
        )

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        arguments = await _arguments(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or arguments.pop("token", "")
        if token.startswith("Basic "):  # how the SDK sends an app's id and secret
            arguments["client_id"] = base64.b64decode(token.removeprefix("Basic ")).decode().split(":")[0]
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        self.calls.append((method, arguments))
        fault = self._fault(method)
        if fault and fault.kind == "429":
            body = {"ok": False, "error": "ratelimited"}
            return JSONResponse(body, 429, {"Retry-After": str(fault.retry_after)})
        if fault and fault.kind == "500":
            return PlainTextResponse("upstream", 500)
        if fault and fault.kind == "cut_before":
            return Cut()
        if fault and fault.kind not in ("cut_after",):
            return JSONResponse({"ok": False, "error": fault.kind})
        answer = self._answer(method, arguments, token)
        headers = {"x-oauth-scopes": self.scopes} if self.scopes else {}
        return Cut() if fault else JSONResponse(answer, headers=headers)

    def _fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def _answer(self, method: str, arguments: Answer, token: str) -> Answer:
        handler: Callable[[Answer], Answer] | None = getattr(self, f"on_{_snake(method)}", None)
        if handler is None:
            return {"ok": False, "error": "unknown_method"}
        if method == "apps.connections.open":
            if token != APP_TOKEN:
                return {"ok": False, "error": "invalid_auth"}
        elif method != "oauth.v2.access" and token not in self.tokens:
            return {"ok": False, "error": "invalid_auth" if token else "not_authed"}
        try:
            return {"ok": True, **handler(arguments)}
        except Refused as refused:
            return {"ok": False, "error": str(refused)}
        except KeyError as missing:
            return {"ok": False, "error": f"invalid_arguments:{missing}"}

    async def _file(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.failing_files:
            self.failing_files -= 1
            return PlainTextResponse("away", 503)
        if token not in self.file_tokens:  # as Slack does: a sign-in page instead of an error
            return Response("<html>sign in</html>", media_type="text/html")
        data = self.files.get(request.path_params["name"])
        return Response(data or b"", 200 if data is not None else 404, media_type="application/octet-stream")

    async def _hook(self, request: Request) -> Response:
        self.whispers.append(await request.json())
        return PlainTextResponse("ok")

    async def _upload(self, request: Request) -> Response:
        form = await request.body()
        self.uploads.append({"id": request.path_params["name"], "bytes": form})
        return PlainTextResponse("OK")

    async def _socket(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self._loop = asyncio.get_running_loop()
        self.sockets.append(websocket)
        self.open_sockets += 1
        await websocket.send_json({"type": "hello", "num_connections": self.open_sockets + self.other_sockets})
        try:
            while True:
                said = json.loads(await websocket.receive_text())
                self.acknowledged.append(said["envelope_id"])
        except WebSocketDisconnect:
            self.open_sockets -= 1

    # -------------------------------------------------------------- who
    def on_auth_test(self, _: Answer) -> Answer:
        who = {"user_id": "U0ANN"} if self.is_person else {"user_id": BOT_USER, "bot_id": BOT_ID}
        is_organisations = self.organisation is not None
        return {"team_id": TEAM, "team": "Peer", "is_enterprise_install": is_organisations, **who}

    def on_auth_teams_list(self, _: Answer) -> Answer:
        return {"teams": [{"id": team, "name": team} for team in self.organisation or ()]}

    def on_users_info(self, arguments: Answer) -> Answer:
        return {"user": self._user(arguments["user"])}

    def on_users_list(self, _: Answer) -> Answer:
        return {"members": [self._user(one) for one in self.users], "response_metadata": {"next_cursor": ""}}

    def _user(self, user_id: str) -> dict[str, Any]:
        user = self.users.get(user_id)
        if user is None:
            user = {"profile": {"email": f"{user_id.lower()}@example.test", "real_name": user_id}}
        return {"id": user_id, "team_id": TEAM, "name": user_id.lower(), **user}

    def on_oauth_v2_access(self, arguments: Answer) -> Answer:
        if arguments.get("grant_type") == "refresh_token":
            return self._refreshed(arguments)
        if arguments["code"] != self.code or not arguments.get("client_id"):
            raise Refused("invalid_code")
        return {
            "app_id": "A0",
            "access_token": TOKEN,
            "token_type": "bot",
            "scope": "chat:write",
            "bot_user_id": BOT_USER,
            "team": {"id": TEAM, "name": "Peer"},
            "enterprise": None,
            "is_enterprise_install": False,
            "authed_user": {"id": "U0ADMIN"},
            **({"refresh_token": "xoxe-1", "expires_in": self.expires_in} if self.expires_in else {}),
        }

    def _refreshed(self, arguments: Answer) -> Answer:
        """Exchange a refresh token, each of which counts once."""
        number = len(self.refreshed) + 1
        if arguments["refresh_token"] != f"xoxe-{number}":
            raise Refused("invalid_refresh_token")
        self.refreshed.append(arguments["refresh_token"])
        token = f"{TOKEN}-{number}"
        self.tokens = self.file_tokens = {token}  # the one before ends at once: the strictest case
        return {
            "access_token": token,
            "refresh_token": f"xoxe-{number + 1}",
            "expires_in": 43_200,
            "token_type": "bot",
            "bot_user_id": BOT_USER,
            "team": {"id": TEAM, "name": "Peer"},
        }

    def on_apps_connections_open(self, _: Answer) -> Answer:
        return {"url": self.url.replace("http://", "ws://") + "/socket"}

    # -------------------------------------------------------------- channels
    def on_conversations_info(self, arguments: Answer) -> Answer:
        return {"channel": {"id": arguments["channel"], **self.channels.get(arguments["channel"], {})}}

    def on_conversations_members(self, arguments: Answer) -> Answer:
        members = self.channels.get(arguments["channel"], {}).get("members", [])
        return {"members": members, "response_metadata": {"next_cursor": ""}}

    def on_conversations_open(self, arguments: Answer) -> Answer:
        return {"channel": {"id": "D" + arguments["users"]}}

    def on_conversations_history(self, arguments: Answer) -> Answer:
        found = [one for one in self.messages.get(arguments["channel"], []) if "thread_ts" not in one]
        return self._page(found[::-1], arguments)

    def on_conversations_replies(self, arguments: Answer) -> Answer:
        ts = arguments["ts"]
        found = [m for m in self.messages.get(arguments["channel"], []) if ts in (m["ts"], m.get("thread_ts"))]
        if not found:
            raise Refused("thread_not_found")
        return self._page(found, arguments)

    def _page(self, found: list[dict[str, Any]], arguments: Answer) -> Answer:
        start, size = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
        page = found[start : start + size]
        if str(arguments.get("include_all_metadata")).lower() not in ("true", "1"):
            page = [{name: value for name, value in one.items() if name != "metadata"} for one in page]
        more = start + size < len(found)
        return {"messages": page, "response_metadata": {"next_cursor": str(start + size) if more else ""}}

    # -------------------------------------------------------------- messages
    def on_chat_post_message(self, arguments: Answer) -> Answer:
        judge_message(arguments)
        channel = arguments["channel"]
        if channel.startswith("U"):
            channel = "D" + channel
        if arguments.get("unfurl_links") in (None, "1", "true", True):
            raise Refused("peer_wants_unfurl_links_off")
        message = {
            **self.said_by_bot(),
            **{name: arguments[name] for name in ("text", "blocks", "metadata", "thread_ts") if arguments.get(name)},
        }
        self.messages.setdefault(channel, []).append(message)
        self.standing.pop((channel, str(arguments.get("thread_ts"))), None)
        return {"channel": channel, "ts": message["ts"], "message": message}

    def on_chat_post_ephemeral(self, arguments: Answer) -> Answer:
        judge_message(arguments)
        self.ephemeral.append({**arguments, "user": arguments["user"]})
        return {"message_ts": self.next_ts()}

    def on_chat_update(self, arguments: Answer) -> Answer:
        judge_message(arguments)
        if self.streams.get(arguments["ts"]) == "streaming":
            raise Refused("streaming_state_conflict")
        message = self.message(arguments["channel"], arguments["ts"])
        for name in ("text", "blocks", "metadata"):
            if arguments.get(name) is not None:
                message[name] = arguments[name]
        message["edited"] = {"ts": arguments["ts"]}
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def on_chat_delete(self, arguments: Answer) -> Answer:
        self.messages[arguments["channel"]].remove(self.message(arguments["channel"], arguments["ts"]))
        return {"ts": arguments["ts"]}

    def on_chat_get_permalink(self, arguments: Answer) -> Answer:
        return {"permalink": f"https://peer.test/archives/{arguments['channel']}/p{arguments['message_ts']}"}

    def message(self, channel: str, ts: str) -> dict[str, Any]:
        """Return one of the bot's messages."""
        for message in self.messages.get(channel, []):
            if message["ts"] == ts:
                if message["user"] != BOT_USER:
                    raise Refused("cant_update_message")
                return message
        raise Refused("message_not_found")


def _snake(method: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=URL)(?=[A-Z])", "_", method).replace(".", "_").lower()


async def _arguments(request: Request) -> Answer:
    found: Answer = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        found.update(await request.json())
    elif kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        async with request.form() as form:
            found.update({name: value for name, value in form.items() if isinstance(value, str)})
    for name in ("blocks", "metadata", "view", "prompts", "chunks", "loading_messages"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return found
