"""Stand-ins for Microsoft Graph and Gmail over real HTTP: a mailbox each, with faults, and a provider of consent.

They take what the published references say and refuse the rest: Graph's message resource and its calls
(learn.microsoft.com/graph/api: user-post-messages, message-update, message-send, outlook-immutable-id),
Gmail's users.drafts and users.messages (developers.google.com/workspace/gmail/api/reference/rest/v1), OAuth by RFC
6749 and 7636.
"""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qs, urlsplit

Fault = Literal[
    "", "throttled", "throttled_for_long", "full", "refused", "breaks_before", "breaks_after", "error_after"
]
GRAPH_FIELDS = {  # of a message that may be patched while it is a draft
    *("subject", "body", "toRecipients", "ccRecipients", "bccRecipients", "replyTo", "importance", "categories"),
    *(
        "from",
        "sender",
        "internetMessageId",
        "flag",
        "isRead",
        "isDeliveryReceiptRequested",
        "inferenceClassification",
    ),
}


@dataclass
class Request:
    """One call as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Answered:
    """What is answered."""

    status: int = 200
    body: Any = None
    raw: bytes = b""  # instead of JSON
    headers: dict[str, str] = field(default_factory=dict)


def parsed(data: bytes) -> EmailMessage:
    """Return the message of these bytes."""
    message = BytesParser(policy=policy.default).parsebytes(data)
    assert isinstance(message, EmailMessage)
    return message


@dataclass
class Service:
    """What both have in common: tokens, faults, and a record of the calls."""

    url: str = ""
    good_tokens: set[str] = field(default_factory=lambda: {"good"})
    fault: Fault = ""
    fault_on: str = ""  # a part of the path; empty: every call
    times: int = 1  # how often it is throttled
    calls: list[Request] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def answer(self, request: Request) -> Answered | None:
        """Return the answer, or None: the connection breaks."""
        self.calls.append(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.good_tokens:
            return Answered(401, {"error": {"code": "InvalidAuthenticationToken", "status": "UNAUTHENTICATED"}})
        if not self.fault or self.fault_on not in request.path:
            return self.act(request)
        match self.fault:
            case "throttled" if self.times > 0:
                self.times -= 1
                return Answered(429, {"error": {"code": "TooManyRequests"}}, headers={"Retry-After": "3"})
            case "throttled_for_long":
                return Answered(429, {"error": {"code": "TooManyRequests"}}, headers={"Retry-After": "900"})
            case "full":
                return Answered(507, {"error": {"code": "ErrorQuotaExceeded", "message": "The mailbox is full."}})
            case "refused":
                return Answered(403, {"error": {"code": "ErrorAccessDenied", "status": "PERMISSION_DENIED"}})
            case "breaks_before":
                return None
            case "breaks_after":
                self.act(request)
                return None
            case "error_after":
                self.act(request)
                return Answered(504, {"error": {"code": "GatewayTimeout"}})
        return self.act(request)

    def act(self, request: Request) -> Answered:
        """Do what the call asks for."""
        raise NotImplementedError


@dataclass
class GraphService(Service):
    """One mailbox behind Microsoft Graph."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def act(self, request: Request) -> Answered:
        """Do what the call asks for."""
        assert request.headers.get("prefer") == 'IdType="ImmutableId"', "every call has to ask for immutable ids"
        parts = request.path.removeprefix("/v1.0/me/").split("/")
        match request.method, parts:
            case "POST", ["messages"]:
                return self._create(request)
            case "GET", ["mailFolders", ("drafts" | "sentitems") as folder, "messages"]:
                return self._filter(request, is_draft=folder == "drafts")
            case _, ["messages", remote_id, *_] if remote_id not in self.messages:
                return Answered(404, {"error": {"code": "ErrorItemNotFound"}})
            case "GET", ["messages"]:
                return self._search(request.query)
            case "GET", ["messages", remote_id, "$value"]:
                return Answered(200, raw=self.messages[remote_id]["raw"])
            case "GET", ["messages", remote_id]:
                shown = request.query["$select"].split(",")
                return Answered(200, {"id": remote_id, **{name: self.messages[remote_id][name] for name in shown}})
            case "PATCH", ["messages", remote_id]:
                return self._patch(remote_id, request.json())
            case "DELETE", ["messages", remote_id]:
                del self.messages[remote_id]
                return Answered(204)
            case "POST", ["messages", remote_id, "send"]:
                assert request.headers.get("content-length") == "0"
                self.messages[remote_id]["isDraft"] = False
                return Answered(202)
        return Answered(400, {"error": {"code": "BadRequest"}})

    def _create(self, request: Request) -> Answered:
        if request.headers.get("content-type") != "text/plain":
            return Answered(415, {"error": {"code": "UnsupportedMediaType"}})
        message = parsed(b64decode(request.body, validate=True))
        remote_id = f"AAkALg{next(self.ids)}"
        body = message.get_body(("plain",))
        self.messages[remote_id] = {
            "internetMessageId": str(message["message-id"]),
            "subject": str(message["subject"] or ""),
            "content": body.get_content() if body else "",
            "isDraft": True,
            "hasAttachments": any(True for _ in message.iter_attachments()),
            **{f"{name}Recipients": _graph_recipients(message, name) for name in ("to", "cc", "bcc")},
            "headers": dict(message.items()),
        }
        return Answered(201, {"id": remote_id, "isDraft": True})

    def _patch(self, remote_id: str, changes: dict[str, Any]) -> Answered:
        message = self.messages[remote_id]
        if set(changes) - GRAPH_FIELDS or not message["isDraft"]:
            return Answered(400, {"error": {"code": "ErrorInvalidPropertySet"}})
        if "body" in changes:
            assert set(changes["body"]) == {"contentType", "content"}
            assert changes["body"]["contentType"] in ("text", "html")
            message["content"] = changes["body"]["content"]
        for name in ("toRecipients", "ccRecipients", "bccRecipients"):
            message[name] = [one["emailAddress"]["address"] for one in changes.get(name, [])]
        message["subject"] = changes.get("subject", message["subject"])
        return Answered(200, {"id": remote_id})

    def receive(self, data: bytes) -> None:
        """Put an e-mail into the inbox."""
        message, remote_id = parsed(data), f"AAkALg{next(self.ids)}"
        texts = {"from": str(message["from"]), "subject": str(message["subject"]), "body": message.get_content()}
        self.messages[remote_id] = {"isDraft": False, "raw": data, **texts}

    def _search(self, query: dict[str, str]) -> Answered:
        """Search as KQL does: every term in its property, newest first."""
        assert not {"$filter", "$orderby"} & set(query), "a search takes neither filter nor order"
        assert query["$search"].startswith('"')
        terms = [term.partition(":") for term in query["$search"].strip('"').split(" AND ")]
        found = [
            {"id": key, "isDraft": one["isDraft"]}
            for key, one in reversed(self.messages.items())
            if all(word.lower() in str(one.get(place, "")).lower() for place, _, word in terms)
        ]
        return Answered(200, {"value": found[: int(query["$top"])]})

    def _filter(self, request: Request, *, is_draft: bool) -> Answered:
        name, _, value = request.query["$filter"].partition(" eq ")
        assert name == "internetMessageId"
        wanted = value.strip("'").replace("''", "'")
        found = [
            {"id": key}
            for key, one in self.messages.items()
            if one["isDraft"] is is_draft and one["internetMessageId"] == wanted
        ]
        return Answered(200, {"value": found})


def _graph_recipients(message: EmailMessage, name: str) -> list[str]:
    return [one.addr_spec for one in message[name].addresses] if message[name] else []


@dataclass
class GmailService(Service):
    """One mailbox behind the Gmail API; `may_look`: whether the account allows reading what was sent."""

    drafts: dict[str, bytes] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    may_look: bool = True

    def act(self, request: Request) -> Answered:
        """Do what the call asks for."""
        parts = request.path.removeprefix("/gmail/v1/users/me/").split("/")
        match request.method, parts:
            case "GET", ["drafts"]:
                wanted = request.query["q"].removeprefix("rfc822msgid:")
                found = [{"id": key} for key, data in self.drafts.items() if _id_of(data) == wanted]
                return Answered(200, {"drafts": found, "resultSizeEstimate": len(found)} if found else {})
            case "POST", ["drafts"]:
                remote_id = f"r{next(self.ids)}"
                self.drafts[remote_id] = _raw_of(request.json())
                return Answered(200, {"id": remote_id, "message": {"id": f"m{remote_id}"}})
            case "POST", ["drafts", "send"]:
                wanted = request.json()["id"]
                if wanted not in self.drafts:
                    return Answered(404, {"error": {"code": 404, "status": "NOT_FOUND"}})
                self.sent.append(self.drafts.pop(wanted))
                return Answered(200, {"id": f"s{wanted}", "labelIds": ["SENT"]})
            case _, ["drafts", remote_id] if remote_id not in self.drafts:
                return Answered(404, {"error": {"code": 404, "status": "NOT_FOUND"}})
            case "GET", ["drafts", remote_id]:
                return Answered(200, {"id": remote_id})
            case "PUT", ["drafts", remote_id]:
                self.drafts[remote_id] = _raw_of(request.json())
                return Answered(200, {"id": remote_id, "message": {"id": f"m{remote_id}b"}})
            case "DELETE", ["drafts", remote_id]:
                del self.drafts[remote_id]
                return Answered(204)
            case "GET", ["messages"]:
                if not self.may_look:
                    return Answered(403, {"error": {"code": 403, "status": "PERMISSION_DENIED"}})
                assert request.query["q"].startswith("in:sent rfc822msgid:")
                wanted = request.query["q"].partition("rfc822msgid:")[2]
                found = [{"id": f"s{n}"} for n, data in enumerate(self.sent) if _id_of(data) == wanted]
                return Answered(200, {"messages": found} if found else {"resultSizeEstimate": 0})
        return Answered(400, {"error": {"code": 400, "status": "INVALID_ARGUMENT"}})


def _raw_of(draft: dict[str, Any]) -> bytes:
    assert set(draft) <= {"id", "message"}
    assert set(draft["message"]) <= {"raw", "threadId"}
    return urlsafe_b64decode(draft["message"]["raw"])


def _id_of(data: bytes) -> str:
    return str(parsed(data)["message-id"]).strip("<>")


@dataclass
class ConsentService(Service):
    """A provider's token service: codes and refresh tokens that are good, and what it asks of a request."""

    address: str = "ada@example.test"
    codes: dict[str, str] = field(default_factory=dict)  # code: the challenge that it was given for
    refresh_tokens: set[str] = field(default_factory=lambda: {"refresh-0"})
    rotates: bool = True  # a refresh token is good once, as Microsoft may do it
    is_revoked: bool = False
    issued: set[str] = field(default_factory=set)

    def answer(self, request: Request) -> Answered | None:
        """Answer on the token service's one address."""
        self.calls.append(request)
        asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if asked["grant_type"] == "authorization_code":
            verifier = hashlib.sha256(asked["code_verifier"].encode()).digest()
            challenge = urlsafe_b64encode(verifier).rstrip(b"=").decode()
            is_good = self.codes.pop(asked["code"], None) == challenge
        else:
            is_good = asked["refresh_token"] in self.refresh_tokens
            if self.rotates:
                self.refresh_tokens.discard(asked["refresh_token"])
        if not is_good or self.is_revoked:
            return Answered(400, {"error": "invalid_grant"})
        number = next(self.ids)
        access, refresh = f"access-{number}", f"refresh-{number}"
        self.issued.add(access)
        if self.rotates:
            self.refresh_tokens.add(refresh)
        claims = urlsafe_b64encode(json.dumps({"email": self.address}).encode()).rstrip(b"=").decode()
        answer = {"access_token": access, "expires_in": 3599, "token_type": "Bearer", "id_token": f"h.{claims}.s"}
        return Answered(200, {**answer, **({"refresh_token": refresh} if self.rotates else {})})


S = TypeVar("S", bound=Service)


@contextmanager
def serving(service: S) -> Iterator[S]:
    """Serve on a port of its own."""
    answer: Callable[[Request], Answered | None] = service.answer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            answered = answer(Request(self.command, parts.path, query, headers, body))
            if answered is None:
                self.close_connection = True
                self.connection.close()
                return
            data = answered.raw if answered.body is None else json.dumps(answered.body).encode()
            self.send_response(answered.status)
            for name, value in answered.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
