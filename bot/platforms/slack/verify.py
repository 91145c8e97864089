"""Is this request from Slack? Judged on the raw bytes, before anything is parsed.

Bolt checks signatures too, but parses first: a timestamp that is no number, a body that is not UTF-8 or JSON that
is not an object is a 500 there (tried with 1.30). Here each of them is a 4xx that says nothing of the body.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

MAX_BODY_BYTES = 1_000_000  # Slack's largest event, a message of 40,000 characters with its blocks, is a fifth
MAX_AGE_SECONDS = 300  # Slack's own rule against replays
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is turned away, as an HTTP status and a word for the metrics."""

    status: int
    reason: str


def refusal(headers: Mapping[str, str], body: bytes, secret: str, *, now_seconds: float) -> Refusal | None:
    """Return why this request can't be taken, or None when it is signed, fresh and well-formed.

    `headers` finds names in any case. An empty secret refuses everything.
    """
    if len(body) > MAX_BODY_BYTES:
        return Refusal(413, "too_large")
    timestamp = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
        return Refusal(401, "unsigned")
    if abs(now_seconds - int(timestamp)) > MAX_AGE_SECONDS:
        return Refusal(401, "stale")
    if not secret or not hmac.compare_digest(signature, sign(body, timestamp, secret)):
        return Refusal(401, "wrong_signature")
    return None if is_well_formed(headers.get("content-type", ""), body) else Refusal(400, "malformed")


def sign(body: bytes, timestamp: str, secret: str) -> str:
    """Return Slack's signature of the body: v0=HMAC-SHA256 over `v0:timestamp:body`, in hexadecimal."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def is_well_formed(content_type: str, body: bytes) -> bool:
    """Return whether the body is what Slack sends: a JSON object, or a form with a payload or a command."""
    try:
        text = body.decode("utf-8")
        if "\x00" in text:
            return False
        if content_type.split(";")[0].strip().lower() == "application/json":
            return _is_envelope(json.loads(text))
        form = parse_qs(text, strict_parsing=True, max_num_fields=100)
        if "payload" in form:
            payload = json.loads(form["payload"][0])
            return isinstance(payload, dict) and isinstance(payload.get("type"), str)
        return "command" in form and "team_id" in form and "user_id" in form
    except (ValueError, RecursionError):
        return False


def _is_envelope(envelope: object) -> bool:
    if not isinstance(envelope, dict):
        return False
    if envelope.get("type") == "url_verification":
        return isinstance(envelope.get("challenge"), str)
    event = envelope.get("event")
    return envelope.get("type") == "event_callback" and isinstance(event, dict) and isinstance(event.get("type"), str)
