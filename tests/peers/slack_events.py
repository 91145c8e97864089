"""Slack's side of the wire: real bodies from tests/payloads/slack, changed where a test is about it, and signed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from bot.platforms.slack.verify import sign

SECRET = "peer-signing-secret"
PAYLOADS = Path(__file__).parents[1] / "payloads" / "slack"


def payload(name: str, peer_url: str = "", **event: Any) -> dict[str, Any]:
    """Return the body of this name; further arguments replace fields of its event, `outer` those around it."""
    body: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text().replace("PEER", peer_url))
    body.update(event.pop("outer", {}))
    if "event" in body:
        body["event"].update(event)
    else:
        body.update(event)
    return body


def signed(
    body: bytes, content_type: str = "application/json", secret: str = SECRET, age: float = 0
) -> dict[str, Any]:
    """Return the arguments of an httpx request that Slack might have made."""
    timestamp = str(int(time.time() - age))
    headers = {
        "content-type": content_type,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": sign(body, timestamp, secret),
    }
    return {"content": body, "headers": headers}


async def send(client: httpx.AsyncClient, body: dict[str, Any], *, retry: int = 0) -> httpx.Response:
    """Send an event."""
    request = signed(json.dumps(body, ensure_ascii=False).encode())
    if retry:
        request["headers"] |= {"x-slack-retry-num": str(retry), "x-slack-retry-reason": "http_timeout"}
    return await client.post("/slack/events", **request)


async def interact(client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
    """Send a button, a shortcut or a modal's submission."""
    return await form(client, {"payload": json.dumps(body)})


async def form(client: httpx.AsyncClient, fields: dict[str, str]) -> httpx.Response:
    """Send a form: a slash command, or an interaction's payload."""
    return await client.post(
        "/slack/events", **signed(urlencode(fields).encode(), "application/x-www-form-urlencoded")
    )
