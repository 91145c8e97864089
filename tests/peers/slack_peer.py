"""A strict stand-in for Slack's Web API on loopback: state, tokens, limits, and faults on demand.

It judges blocks with slack_sdk's own models and adds the limits that those lack (50 blocks, 12,000 characters of
markdown a message, one table). Streams die when told to. Every call is kept in `calls`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import uvicorn
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.peers.cut import Cut

TEAM, BOT_USER, BOT_ID = "T0STEWARD", "U0STEWARD", "B0STEWARD"
TOKEN, APP_TOKEN = "xoxb-peer-token", "xapp-peer-token"
MARKDOWN_CHARS = 12_000

Answer = dict[str, Any]


class Refused(Exception):
    """`ok: false` with this word."""


@dataclass
class Fault:
    """What happens to the next calls of a method: 429, 500, cut_before, cut_after, or an error word."""

    method: str
    kind: str
    times: int = 1
    retry_after: int = 1


@dataclass
class SlackPeer:
    """One workspace."""

    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by channel, oldest first
    ephemeral: list[dict[str, Any]] = field(default_factory=list)
    whispers: list[dict[str, Any]] = field(default_factory=list)  # what came to a response_url
    statuses: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)  # served at /files/<name>
    file_tokens: set[str] = field(default_factory=lambda: {TOKEN})  # which may read files
    failing_files: int = 0  # how many of the next file requests are answered 503
    scopes: str = ""  # what auth.test's header says was granted
    uploads: list[dict[str, Any]] = field(default_factory=list)
    pending: dict[str, dict[str, Any]] = field(default_factory=dict)  # files with an address, not yet shared
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    streams: dict[str, str] = field(default_factory=dict)  # ts: state
    code: str = "consent-code"  # what oauth.v2.access takes
    expires_in: int = 0  # seconds that an installed token lives; 0: it does not rotate
    refreshed: list[str] = field(default_factory=list)  # refresh tokens that were exchanged, in order
    acknowledged: list[str] = field(default_factory=list)  # Socket Mode envelopes
    sockets: list[WebSocket] = field(default_factory=list)
    url: str = ""
    delay_seconds: float = 0.0

    def __post_init__(self) -> None:
        self._numbers = count(1)
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
        return f"{1_790_000_000 + next(self._numbers)}.000100"

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
        await websocket.send_json({"type": "hello", "num_connections": 1})
        try:
            while True:
                said = json.loads(await websocket.receive_text())
                self.acknowledged.append(said["envelope_id"])
        except WebSocketDisconnect:
            return

    # -------------------------------------------------------------- who
    def on_auth_test(self, _: Answer) -> Answer:
        return {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT_ID, "team": "Peer", "url": "https://peer.test/"}

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
        self._judge(arguments)
        channel = arguments["channel"]
        if channel.startswith("U"):
            channel = "D" + channel
        if arguments.get("unfurl_links") in (None, "1", "true", True):
            raise Refused("peer_wants_unfurl_links_off")
        message = {
            "ts": self.next_ts(),
            "user": BOT_USER,
            "bot_id": BOT_ID,
            **{name: arguments[name] for name in ("text", "blocks", "metadata", "thread_ts") if arguments.get(name)},
        }
        self.messages.setdefault(channel, []).append(message)
        return {"channel": channel, "ts": message["ts"], "message": message}

    def on_chat_post_ephemeral(self, arguments: Answer) -> Answer:
        self._judge(arguments)
        self.ephemeral.append({**arguments, "user": arguments["user"]})
        return {"message_ts": self.next_ts()}

    def on_chat_update(self, arguments: Answer) -> Answer:
        self._judge(arguments)
        message = self._message(arguments["channel"], arguments["ts"])
        for name in ("text", "blocks", "metadata"):
            if arguments.get(name) is not None:
                message[name] = arguments[name]
        message["edited"] = {"ts": arguments["ts"]}
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def on_chat_delete(self, arguments: Answer) -> Answer:
        self.messages[arguments["channel"]].remove(self._message(arguments["channel"], arguments["ts"]))
        return {"ts": arguments["ts"]}

    def on_chat_get_permalink(self, arguments: Answer) -> Answer:
        return {"permalink": f"https://peer.test/archives/{arguments['channel']}/p{arguments['message_ts']}"}

    def _message(self, channel: str, ts: str) -> dict[str, Any]:
        for message in self.messages.get(channel, []):
            if message["ts"] == ts:
                if message["user"] != BOT_USER:
                    raise Refused("cant_update_message")
                return message
        raise Refused("message_not_found")

    def _judge(self, arguments: Answer) -> None:
        if not arguments.get("channel"):
            raise Refused("channel_not_found")
        text, blocks = arguments.get("text") or "", arguments.get("blocks") or []
        if not text and not blocks:
            raise Refused("no_text")
        if len(text) > 40_000:
            raise Refused("msg_too_long")
        judge_blocks(blocks, most=50)
        metadata = arguments.get("metadata")
        if metadata is not None and not (
            isinstance(metadata, dict) and {"event_type", "event_payload"} <= set(metadata)
        ):
            raise Refused("invalid_metadata_format")

    # -------------------------------------------------------------- streams
    def on_chat_start_stream(self, arguments: Answer) -> Answer:
        if not arguments.get("thread_ts"):
            raise Refused("missing_thread_ts")
        is_direct = arguments["channel"].startswith("D")
        if not is_direct and not (arguments.get("recipient_user_id") and arguments.get("recipient_team_id")):
            raise Refused("missing_recipient")
        ts = self.next_ts()
        text = arguments.get("markdown_text") or ""
        message = {"ts": ts, "user": BOT_USER, "bot_id": BOT_ID, "text": text, "thread_ts": arguments["thread_ts"]}
        self.messages.setdefault(arguments["channel"], []).append(message)
        self.streams[ts] = "streaming"
        return {"channel": arguments["channel"], "ts": ts}

    def on_chat_append_stream(self, arguments: Answer) -> Answer:
        message = self._streaming(arguments)
        if len(arguments.get("markdown_text") or "") > MARKDOWN_CHARS:
            raise Refused("msg_too_long")
        message["text"] += arguments.get("markdown_text") or ""
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def on_chat_stop_stream(self, arguments: Answer) -> Answer:
        message = self._streaming(arguments)
        judge_blocks(arguments.get("blocks") or [], most=50)
        message["text"] += arguments.get("markdown_text") or ""
        message["blocks"] = arguments.get("blocks") or []
        message["metadata"] = arguments.get("metadata")
        self.streams[arguments["ts"]] = "stopped"
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def _streaming(self, arguments: Answer) -> dict[str, Any]:
        if self.streams.get(arguments["ts"]) != "streaming":
            raise Refused("message_not_in_streaming_state")
        return self._message(arguments["channel"], arguments["ts"])

    # -------------------------------------------------------------- the rest
    def on_assistant_threads_set_status(self, arguments: Answer) -> Answer:
        self.statuses.append(arguments)
        return {}

    def on_assistant_threads_set_title(self, _: Answer) -> Answer:
        return {}

    def on_assistant_threads_set_suggested_prompts(self, arguments: Answer) -> Answer:
        prompts = arguments["prompts"]
        if not 1 <= len(prompts) <= 4 or any(set(one) != {"title", "message"} for one in prompts):
            raise Refused("invalid_prompts")
        self.prompts.append(arguments)
        return {}

    def on_reactions_add(self, _: Answer) -> Answer:
        return {}

    def on_views_open(self, arguments: Answer) -> Answer:
        if not arguments.get("trigger_id"):
            raise Refused("invalid_trigger_id")
        return self._view(arguments, "modal")

    def on_views_publish(self, arguments: Answer) -> Answer:
        return self._view(arguments, "home")

    def _view(self, arguments: Answer, kind: str) -> Answer:
        view = arguments["view"]
        if view["type"] != kind or len(json.dumps(view.get("private_metadata", ""))) > 3_002:
            raise Refused("invalid_view")
        for name in ("title", "submit", "close") if kind == "modal" else ():
            if name in view and not 1 <= len(view[name]["text"]) <= 24:
                raise Refused(f"invalid_{name}")
        judge_blocks(view["blocks"], most=100)
        self.views.append(arguments)
        return {"view": {"id": f"V{len(self.views)}", **view}}

    def on_files_info(self, arguments: Answer) -> Answer:
        if not self.tokens & self.file_tokens:
            raise Refused("missing_scope")
        return {"file": {"id": arguments["file"]}}

    def on_files_get_upload_url_external(self, arguments: Answer) -> Answer:
        if int(arguments["length"]) <= 0:
            raise Refused("invalid_length")
        if len(arguments.get("alt_txt") or "") > 1_000:
            raise Refused("alt_txt_too_large")
        file_id = f"F{next(self._numbers)}"
        self.pending[file_id] = {"id": file_id, "name": arguments["filename"], "alt_txt": arguments.get("alt_txt")}
        return {"upload_url": f"{self.url}/upload/{file_id}", "file_id": file_id}

    def on_files_complete_upload_external(self, arguments: Answer) -> Answer:
        files = arguments["files"]
        files = json.loads(files) if isinstance(files, str) else files
        sent = {one["id"] for one in self.uploads if "bytes" in one}
        if not {one["id"] for one in files} <= sent & set(self.pending):
            raise Refused("file_not_found")
        self.uploads.append({"complete": files, **arguments})
        if channel := arguments.get("channel_id"):
            shared = [{**self.pending.pop(one["id"]), "title": one.get("title")} for one in files]
            message = {"ts": self.next_ts(), "user": BOT_USER, "bot_id": BOT_ID, "text": "", "files": shared}
            thread = {"thread_ts": arguments["thread_ts"]} if arguments.get("thread_ts") else {}
            self.messages.setdefault(channel, []).append({**message, **thread})
        return {"files": files}


def judge_blocks(blocks: list[dict[str, Any]], *, most: int) -> None:
    """Refuse what Slack would."""
    if not isinstance(blocks, list) or len(blocks) > most:
        raise Refused("invalid_blocks")
    for block in blocks:
        parsed = Block.parse(block)
        if parsed is None or (parsed.type == block.get("type") and type(parsed) is Block):
            raise Refused("invalid_blocks")
        try:
            parsed.validate_json()
            for element in getattr(parsed, "elements", None) or ():
                if hasattr(element, "validate_json"):
                    element.validate_json()
        except SlackObjectFormationError as error:
            raise Refused("invalid_blocks") from error
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_CHARS:
        raise Refused("invalid_blocks")
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > 1 or any(len(t["rows"]) > 100 or len(r) > 20 for t in tables for r in t["rows"]):
        raise Refused("invalid_blocks")
    identifiers = [one["action_id"] for block in blocks for one in block.get("elements") or () if "action_id" in one]
    if len(identifiers) != len(set(identifiers)):
        raise Refused("invalid_blocks")


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
    for name in ("blocks", "metadata", "view", "prompts", "chunks"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return found


class Running:
    """Runs an ASGI application on a free loopback port, in a thread of its own."""

    def __init__(self, app: Any) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", ws="websockets-sansio")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        until = time.monotonic() + 10
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
