"""An OpenAI-compatible server on loopback that says what a test scripted: the other side of real HTTP calls.

Speaks POST /v1/chat/completions, streaming (server-sent events) and not, with tool calls, usage, refusals, errors
with headers, broken bodies and silence. Keeps every request, so that tests can look at what was really sent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECE_CHARS = 24  # arguments are streamed in pieces of this size, as real servers do


@dataclass(frozen=True)
class Says:
    """An ordinary answer: text, tool calls, or both. `usage` None: the server reports none."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any] | str], ...] = ()  # name, arguments (a str is sent as it is)
    usage: tuple[int, int] | None = (120, 30)
    refusal: str | None = None


@dataclass(frozen=True)
class Fails:
    """An HTTP error."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str = '{"error": {"message": "no", "type": "server_error", "code": null}}'


@dataclass(frozen=True)
class Broken:
    """Status 200 and a body that no client can read."""

    body: str = '{"choices": [{"mess'


@dataclass(frozen=True)
class Silent:
    """No answer until the test releases the peer: a time-out on the client's side."""


@dataclass(frozen=True)
class Trickles:
    """A stream of words that never ends by itself; `Peer.hung_up` is set once the client closes it."""


Line = Says | Fails | Broken | Silent | Trickles
Script = Callable[[dict[str, Any]], Line]


@dataclass
class Peer:
    """A running server. `requests` are the JSON bodies received, in order."""

    base_url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)

    @property
    def calls(self) -> int:
        return len(self.requests)


@contextmanager
def openai_peer(script: list[Line] | Script) -> Iterator[Peer]:
    """Serve the script on a free loopback port: a list is said in order (its last line again and again)."""
    released, lock = threading.Event(), threading.Lock()

    def next_line(body: dict[str, Any]) -> Line:
        if callable(script):
            return script(body)
        return script[min(len(peer.requests) - 1, len(script) - 1)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                peer.requests.append(body)
                peer.authorizations.append(self.headers.get("Authorization", ""))
                line = next_line(body)
            match line:
                case Silent():
                    released.wait(20)
                    self.close_connection = True
                case Trickles():
                    self._trickle(body)
                case Fails():
                    self._send(line.status, line.body, "application/json", dict(line.headers))
                case Broken():
                    streamed = body.get("stream")
                    text = f"data: {line.body}\n\n" if streamed else line.body
                    self._send(200, text, "text/event-stream" if streamed else "application/json", {})
                case Says():
                    if body.get("stream"):
                        self._send(200, "".join(_events(line, body)), "text/event-stream", {})
                    else:
                        self._send(200, json.dumps(_completion(line, body)), "application/json", {})

        def _trickle(self, body: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.close_connection = True
            choice = {"index": 0, "delta": {"content": "word "}, "finish_reason": None}
            event = f"data: {json.dumps(_head(body, 'chat.completion.chunk') | {'choices': [choice]})}\n\n".encode()
            try:
                while not released.wait(0.02):
                    self.wfile.write(event)
            except OSError:
                peer.hung_up.set()

        def _send(self, status: int, text: str, media_type: str, headers: dict[str, str]) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    peer = Peer(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def passages_in(body: dict[str, Any]) -> str:
    """Return all tool results of a request as one text, as the model reads them."""
    return "\n".join(str(one["content"]) for one in body["messages"] if one["role"] == "tool")


def handle_of(body: dict[str, Any], words: str) -> str:
    """Return the handle (P1 …) of the passage that holds the words."""
    read = passages_in(body)
    opening = read.rindex("[P", 0, read.index(words))
    return read[opening + 1 : read.index("]", opening)]


def _tool_calls(line: Says) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{index}_{name}",
            "type": "function",
            "function": {
                "name": name,
                "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
            },
        }
        for index, (name, arguments) in enumerate(line.calls)
    ]


def _usage(line: Says) -> dict[str, int] | None:
    if line.usage is None:
        return None
    taken, given = line.usage
    return {"prompt_tokens": taken, "completion_tokens": given, "total_tokens": taken + given}


def _head(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": body.get("model", "peer")}


def _completion(line: Says, body: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": line.text or None, "refusal": line.refusal}
    if line.calls:
        message["tool_calls"] = _tool_calls(line)
    reason = "tool_calls" if line.calls else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return _head(body, "chat.completion") | {"choices": [choice], "usage": _usage(line)}


def _events(line: Says, body: dict[str, Any]) -> Iterator[str]:
    head = _head(body, "chat.completion.chunk")

    def event(delta: dict[str, Any], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return f"data: {json.dumps(head | {'choices': [choice], 'usage': None})}\n\n"

    yield event({"role": "assistant", "content": ""})
    for start in range(0, len(line.text), PIECE_CHARS):
        yield event({"content": line.text[start : start + PIECE_CHARS]})
    if line.refusal:
        yield event({"refusal": line.refusal})
    for index, call in enumerate(_tool_calls(line)):
        function = call["function"]
        opening = {"index": index, "id": call["id"], "type": "function"}
        yield event({"tool_calls": [opening | {"function": {"name": function["name"], "arguments": ""}}]})
        for start in range(0, len(function["arguments"]), PIECE_CHARS):
            piece = function["arguments"][start : start + PIECE_CHARS]
            yield event({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield event({}, "tool_calls" if line.calls else "stop")
    if line.usage and (body.get("stream_options") or {}).get("include_usage"):
        yield f"data: {json.dumps(head | {'choices': [], 'usage': _usage(line)})}\n\n"
    yield "data: [DONE]\n\n"
