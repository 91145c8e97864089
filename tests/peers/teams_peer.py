"""A Bot Connector, a login service and an OpenID issuer in one, on loopback, with keys of its own.

It is strict where Microsoft is: tokens, one schema.org entity with cut lengths, cards up to 1.5, message size,
streams in personal chats only, with rising sequence and cumulative text. It records everything, and fails as told.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from uuid import uuid4

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.peers.cut import Cut

APP_ID = "11111111-2222-3333-4444-555555555555"
SECRET = "a secret of the peer's"
TENANT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
ISSUER = "https://api.botframework.com"
MESSAGE_BYTES = 28_672
NAME_CHARS, ABSTRACT_CHARS, KEYWORD_CHARS = 80, 160, 28

_some_keys = cycle([rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3)])


@dataclass
class Message:
    """A message as people in the conversation see it."""

    id: str
    conversation: str
    body: dict[str, Any]
    versions: list[dict[str, Any]] = field(default_factory=list)
    stamps: list[float] = field(default_factory=list)  # when each version came, by the peer's clock
    is_deleted: bool = False

    @property
    def text(self) -> str:
        """The message's text, or the first of its card's."""
        cards = [attachment["content"]["body"] for attachment in self.body.get("attachments", [])]
        return str(self.body.get("text") or next((body[0]["text"] for body in cards if body), ""))


@dataclass
class StreamState:
    conversation: str
    sequence: int
    text: str = ""
    is_over: bool = False


class TeamsPeer:
    """The stand-in; `url` is its service address too."""

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        """Forget everything, and sign with a key that is new to the bot."""
        self.messages: dict[str, Message] = {}
        self.calls: list[tuple[str, str, Any]] = []
        self.typing: list[dict[str, Any]] = []
        self.faults: deque[str] = deque()  # "429:SECONDS", "500", "lost" (done, 502), "cut_before", "cut_after"
        self.now: Callable[[], float] = time.monotonic
        self.refused: list[str] = []  # what was wrong with what the bot sent
        self.members: dict[str, list[dict[str, Any]]] = {}
        self.streams: dict[str, StreamState] = {}
        self.stream_fault: str | None = None
        self.tokens: dict[str, float] = {}
        self.token_seconds = 3600
        self.logins = 0
        self.key_fetches = 0
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.endorsements: list[str] | None = ["msteams"]
        self.keys_are_up = True
        self.files: dict[str, bytes] = {}
        self.meetings: dict[str, dict[str, Any]] = {}
        self.own_chat: str | None = "a:1personal-chat-of-ann-and-the-bot"
        self.graph: dict[str, Any] = {}
        self._numbers = iter(range(1_700_000_000_000, 1_800_000_000_000))
        self._lock = threading.Lock()
        self.rotate()

    # -------------------------------------------------------------- what a test asks of it
    def rotate(self, *, keep: bool = False) -> str:
        """Publish a new key (and, unless `keep`, no other) and return its id."""
        kid = uuid4().hex
        key = next(_some_keys)
        self.keys = {**(self.keys if keep else {}), kid: key}
        return kid

    def token(self, *, kid: str | None = None, key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        """Return a token as the connector sends it; any claim can be overridden, None removes it."""
        now = int(time.time())
        said = {
            "iss": ISSUER,
            "aud": APP_ID,
            "serviceurl": self.url,
            "nbf": now - 10,
            "exp": now + 3600,
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        kid = kid or next(reversed(self.keys))
        return jwt.encode(said, key or self.keys[kid], algorithm=algorithm, headers={"kid": kid})

    def headers(self, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(**claims)}"}

    def shown(self, conversation: str | None = None) -> list[Message]:
        """Return the messages that people see, in the order of their posting."""
        seen = [message for message in list(self.messages.values()) if not message.is_deleted]
        return [message for message in seen if conversation in (None, message.conversation)]

    # -------------------------------------------------------------- serving
    @contextmanager
    def running(self) -> Iterator[TeamsPeer]:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(64)
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            server = uvicorn.Server(uvicorn.Config(self._app(), log_level="critical", lifespan="off"))
            thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.should_exit = True
                thread.join(10)

    def _app(self) -> Starlette:
        base = "/v3/conversations/{conversation}"
        return Starlette(
            routes=[
                Route("/openid", self._metadata),
                Route("/keys", self._published),
                Route("/login/oauth2/v2.0/token", self._login, methods=["POST"]),
                Route("/identity", self._identity),
                Route("/v3/conversations", self._opened, methods=["POST"]),
                Route("/v1/meetings/{meeting}", self._meeting),
                Route(f"{base}/activities", self._posted, methods=["POST"]),
                Route(f"{base}/activities/{{activity}}", self._changed, methods=["PUT", "DELETE"]),
                Route(f"{base}/pagedmembers", self._members),
                Route(f"{base}/members/{{member}}", self._member),
                Route("/files/{name}", self._file),
                Route("/graph/{path:path}", self._graph),
            ]
        )

    async def _metadata(self, request: Request) -> Response:
        self.key_fetches += 1
        if not self.keys_are_up:
            return Response(status_code=503)
        return JSONResponse({"issuer": ISSUER, "jwks_uri": f"{self.url}/keys"})

    async def _published(self, request: Request) -> Response:
        published = []
        for kid, key in self.keys.items():
            entry = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
            entry = {**entry, "kid": kid, "use": "sig"}
            if self.endorsements is not None:
                entry["endorsements"] = self.endorsements
            published.append(entry)
        return JSONResponse({"keys": published})

    async def _login(self, request: Request) -> Response:
        self.logins += 1
        form = await request.form()
        if (form.get("client_id"), form.get("client_secret")) != (APP_ID, SECRET) or not form.get("scope"):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        return self._issue()

    async def _identity(self, request: Request) -> Response:
        self.logins += 1
        if request.headers.get("Metadata") != "true" or request.query_params.get("client_id") != APP_ID:
            return Response(status_code=400)
        return self._issue()

    def _issue(self) -> Response:
        token = uuid4().hex
        self.tokens[token] = time.time() + self.token_seconds
        return JSONResponse({"access_token": token, "expires_in": self.token_seconds, "token_type": "Bearer"})

    def _is_known(self, request: Request) -> bool:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.tokens.get(token, 0) > time.time()

    async def _posted(self, request: Request) -> Response:
        conversation = request.path_params["conversation"]
        body = json.loads(await request.body())
        self.calls.append(("POST", conversation, body))
        return self._faulted(request, lambda: self._accept(conversation, body))

    async def _changed(self, request: Request) -> Response:
        conversation, activity = request.path_params["conversation"], request.path_params["activity"]
        body = json.loads(await request.body() or b"null")
        self.calls.append((request.method, conversation, body))
        message = self.messages.get(activity)
        if message is None or message.is_deleted or message.conversation != conversation:
            return _fault(404, "ActivityNotFoundInConversation")
        if request.method == "DELETE":
            message.is_deleted = True
            return Response(status_code=200)
        return self._faulted(request, lambda: self._replace(message, body))

    def _faulted(self, request: Request, do: Any) -> Response:
        if not self._is_known(request):
            return Response(status_code=401)
        fault = self.next_fault()
        if fault.startswith("429"):
            return Response(status_code=429, headers={"Retry-After": fault.partition(":")[2] or "1"})
        if fault == "403":
            return _fault(403, "BotNotInConversationRoster")
        if fault == "cut_before":
            return Cut()
        if fault.isdigit():
            return _fault(int(fault), "Told")
        response: Response = do()
        return {"lost": _fault(502, "Told"), "cut_after": Cut()}.get(fault, response)

    def next_fault(self) -> str:
        """Return what happens to this call, "" for nothing."""
        return self.faults.popleft() if self.faults else ""

    def _accept(self, conversation: str, body: dict[str, Any]) -> Response:
        problem = judge(body)
        if problem:
            self.refused.append(problem)
            return _fault(400, "BadSyntax", problem)
        info = next((one for one in body.get("entities", ()) if one.get("type") == "streaminfo"), None)
        if info is not None:
            return self._streamed(conversation, body, info)
        if body["type"] == "typing":
            self.typing.append(body)
            return JSONResponse({}, status_code=202)
        with self._lock:
            activity = str(next(self._numbers))
        self.messages[activity] = Message(activity, conversation, body, [body], [self.now()])
        return JSONResponse({"id": activity}, status_code=201)

    def _replace(self, message: Message, body: dict[str, Any]) -> Response:
        problem = judge(body)
        if problem:
            self.refused.append(problem)
            return _fault(400, "BadSyntax", problem)
        message.body = body
        message.versions.append(body)
        message.stamps.append(self.now())
        return JSONResponse({"id": message.id})

    def _streamed(self, conversation: str, body: dict[str, Any], info: dict[str, Any]) -> Response:
        if self.stream_fault:
            return _fault(403, "ContentStreamNotAllowed", self.stream_fault)
        if body.get("conversation", {}).get("conversationType") != "personal":
            return _fault(405, "MethodNotAllowed", "streaming is for personal chats")
        stream_id, is_final = info.get("streamId"), info.get("streamType") == "final"
        if (body["type"] == "message") != is_final or (is_final and "streamSequence" in info):
            return self._bad("a stream ends with a message of type final, without a sequence")
        if stream_id is None:
            if info.get("streamSequence") != 1:
                return self._bad("a stream starts with sequence 1")
            activity = str(next(self._numbers))
            self.streams[activity] = StreamState(conversation, 1)
            self.messages[activity] = Message(activity, conversation, body, [body], [self.now()])
            return JSONResponse({"id": activity}, status_code=201)
        stream = self.streams.get(stream_id)
        if stream is None or stream.is_over:
            return _fault(403, "ContentStreamNotAllowed", "Content stream is not allowed")
        if not is_final:
            if info.get("streamSequence", 0) <= stream.sequence:
                return _fault(202, "ContentStreamSequenceOrderPreConditionFailed")
            if info["streamType"] == "streaming" and not body.get("text", "").startswith(stream.text):
                return self._bad("streamed text is cumulative")
            stream.sequence = info["streamSequence"]
            stream.text = body["text"] if info["streamType"] == "streaming" else stream.text
        stream.is_over = is_final
        message = self.messages[stream_id]
        message.body = body
        message.versions.append(body)
        message.stamps.append(self.now())
        return JSONResponse({"id": stream_id}, status_code=202)

    def _bad(self, problem: str) -> Response:
        self.refused.append(problem)
        return _fault(400, "BadSyntax", problem)

    async def _opened(self, request: Request) -> Response:
        if not self._is_known(request):
            return Response(status_code=401)
        wanted = json.loads(await request.body())
        self.calls.append(("OPEN", "", wanted))
        if self.own_chat is None:
            return _fault(403, "BotNotInstalled")
        return JSONResponse({"id": self.own_chat}, status_code=201)

    async def _meeting(self, request: Request) -> Response:
        if not self._is_known(request):
            return Response(status_code=401)
        found = self.meetings.get(request.path_params["meeting"])
        return JSONResponse(found) if found else _fault(404, "MeetingNotFound")

    async def _members(self, request: Request) -> Response:
        if not self._is_known(request):
            return Response(status_code=401)
        everyone = self.members.get(request.path_params["conversation"].partition(";")[0], [])
        start = int(request.query_params.get("continuationToken", 0))
        size = min(200, int(request.query_params.get("pageSize", 200)))
        page: dict[str, Any] = {"members": everyone[start : start + size]}
        if start + size < len(everyone):
            page["continuationToken"] = str(start + size)
        return JSONResponse(page)

    async def _member(self, request: Request) -> Response:
        if not self._is_known(request):
            return Response(status_code=401)
        everyone = self.members.get(request.path_params["conversation"].partition(";")[0], [])
        found = [one for one in everyone if one["id"] == request.path_params["member"]]
        return JSONResponse(found[0]) if found else _fault(404, "MemberNotFoundInConversation")

    async def _file(self, request: Request) -> Response:
        data = self.files.get(request.path_params["name"])
        return Response(data) if data is not None else Response(status_code=404)

    async def _graph(self, request: Request) -> Response:
        path = f"/{request.path_params['path']}"
        self.calls.append(("GRAPH", path, dict(request.query_params)))
        if not self._is_known(request):
            return Response(status_code=401)
        answer = self.graph.get(path)
        if answer is None:
            return JSONResponse({"error": {"code": "NotFound"}}, status_code=404)
        if isinstance(answer, int):
            return JSONResponse({"error": {"code": "Forbidden"}}, status_code=answer)
        if isinstance(answer, bytes | str):
            return Response(answer)
        return JSONResponse(answer)


def judge(activity: dict[str, Any]) -> str | None:
    """Return what Teams would refuse about an activity, or None."""
    if activity.get("type") not in ("message", "typing"):
        return f"type {activity.get('type')!r}"
    if len(json.dumps(activity, ensure_ascii=False).encode("utf-16-le")) > MESSAGE_BYTES:
        return "larger than a message may be"
    if activity.get("text") and activity.get("attachments"):
        return "text and a card in one activity: some clients make two messages of it"
    if activity["type"] == "message" and not (activity.get("text", "").strip() or activity.get("attachments")):
        return "neither text nor attachments"
    roots = [one for one in activity.get("entities", ()) if one.get("type") == "https://schema.org/Message"]
    if len(roots) > 1:
        return "more than one root Message entity"
    for root in roots:
        problem = _judge_entity(root)
        if problem:
            return problem
    for attachment in activity.get("attachments", ()):
        problem = _judge_card(attachment)
        if problem:
            return problem
    return None


def _judge_entity(root: dict[str, Any]) -> str | None:
    if (root.get("@type"), root.get("@context"), root.get("@id")) != ("Message", "https://schema.org", ""):
        return "the entity is not a schema.org Message"
    claims = root.get("citation", [])
    if len(claims) > 10 or len({claim["position"] for claim in claims}) < len(claims):
        return "at most ten citations, each of its own position"
    for claim in claims:
        shown = claim["appearance"]
        if claim["@type"] != "Claim" or shown["@type"] != "DigitalDocument" or claim["position"] < 1:
            return "a citation is a Claim of a DigitalDocument"
        if not 0 < len(shown["name"]) <= NAME_CHARS or not 0 < len(shown["abstract"]) <= ABSTRACT_CHARS:
            return "a citation's name or abstract is too long"
        keywords = shown.get("keywords", [])
        if len(keywords) > 3 or any(len(word) > KEYWORD_CHARS for word in keywords):
            return "too many keywords, or too long"
    return None


def _judge_card(attachment: dict[str, Any]) -> str | None:
    if attachment.get("contentType") != "application/vnd.microsoft.card.adaptive":
        return None
    content = attachment["content"]
    if content.get("type") != "AdaptiveCard" or content.get("version") not in ("1.0", "1.2", "1.3", "1.4", "1.5"):
        return "an Adaptive Card is of version 1.5 at most"
    return _judge_elements(content)


def _judge_elements(element: Any) -> str | None:
    if isinstance(element, list):
        return next(filter(None, map(_judge_elements, element)), None)
    if not isinstance(element, dict):
        return None
    kind = str(element.get("type", ""))
    if kind.startswith("Input.") and not element.get("label"):
        return f"{kind} has no label"
    if kind == "Image" and not element.get("altText"):
        return "an Image has no altText"
    if kind.startswith("Action.") and not element.get("title"):
        return f"{kind} has no title"
    return next(filter(None, map(_judge_elements, element.values())), None)


def _fault(status: int, code: str, message: str = "") -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)
