"""The place of a message: a small card that is posted before what it is to say is known to have a message.

A post whose answer was lost leaves a place that no handle names. Teams tells bots nothing about their own messages,
but a card with `refresh` makes the client of whoever asked call back when it shows the card, and the call names the
message. strays.py answers it.
"""

from __future__ import annotations

from typing import Any

from bot.platforms.teams.cards import card, text_block
from bot.platforms.teams.parse import Reference

Json = dict[str, Any]

EMPTY = "…"
SEEN = "seen"  # the verb of the call


def place(key: str, reference: Reference, activity: Json | None = None) -> Json:
    """Return the activity (a placeholder; without one, an empty card) so that its message can be recognised."""
    shown = activity or {"type": "message", "summary": EMPTY, "attachments": [empty_card()]}
    if not reference.user_id:
        return shown
    attachments = [_recognisable(one, key, reference.user_id) for one in shown.get("attachments", [])]
    return {**shown, "attachments": attachments} if attachments else shown


def empty_card() -> Json:
    """Return the card of a place that says nothing yet."""
    return card([text_block(EMPTY)])


def _recognisable(attachment: Json, key: str, user_id: str) -> Json:
    data = {"steward": SEEN, "job_id": key}
    call = {"type": "Action.Execute", "title": "Refresh", "verb": SEEN, "data": data}
    return {**attachment, "content": {**attachment["content"], "refresh": {"action": call, "userIds": [user_id]}}}
