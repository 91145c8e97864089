"""What Slack would refuse of a message or a view: by slack_sdk's own models, and by the limits that those lack."""

from __future__ import annotations

from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

MARKDOWN_CHARS = 12_000


class Refused(Exception):
    """`ok: false` with this word."""


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


def judge_message(arguments: dict[str, Any]) -> None:
    """Refuse what can't be posted."""
    if not arguments.get("channel"):
        raise Refused("channel_not_found")
    text, blocks = arguments.get("text") or "", arguments.get("blocks") or []
    if not text and not blocks:
        raise Refused("no_text")
    if len(text) > 40_000:
        raise Refused("msg_too_long")
    judge_blocks(blocks, most=50)
    judge_metadata(arguments.get("metadata"))


def judge_metadata(metadata: Any) -> None:
    """Refuse metadata that is not of Slack's form."""
    if metadata is not None and not (isinstance(metadata, dict) and {"event_type", "event_payload"} <= set(metadata)):
        raise Refused("invalid_metadata_format")
