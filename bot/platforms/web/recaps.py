"""Recaps on the page: what was said in this conversation since a moment, as a file of the question.

A conversation of the page has one person and Steward in it, and reports that came while nobody looked. Channels and
threads of Slack and Teams can't be read from here: nothing tells the page who is in them.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Final

from assistant.errors import RequestInvalid
from assistant.mentions import LOCAL_TENANT, Attachment, Person
from assistant.storage.conversation_store import Conversation, Turn
from assistant.time_zones import zone_of_profile
from bot.platforms.web.dependencies import WebDependencies
from bot.recap import read_request

JSON_TYPE: Final = "application/json"
MOST_TURNS: Final = 1_000
MAX_TURN_CHARS: Final = 4_000  # of one answer; a report may be longer, and its head says what it found
NOTHING_BEFORE: Final = (
    "There is nothing before this in this conversation to recap. From this page I can't read channels or threads of "
    "Slack or Teams: ask me there, or give me an export as a file."
)
NOTHING_SINCE: Final = "Nothing was said in this conversation since then."
_CITATION = re.compile(r"\s?\[\d{1,3}\]")
_MARKS = re.compile(r"\*\*|^#{1,6}\s+|^\s*[-*]\s+", re.MULTILINE)


def recap_file(
    deps: WebDependencies, conversation: Conversation | None, person: Person, text: str, *, now: datetime
) -> Attachment | None:
    """Return the turns that the words ask to have recapped, kept as a file; None when they ask for no recap. Blocks.

    "Since I last read" is since the person's last question: how far somebody read is kept nowhere.

    Raises:
        RequestInvalid: nothing was said since, or the moment can't be made out; `reply` says which.
    """
    profile = deps.people.profile(LOCAL_TENANT, person.id)
    zone = zone_of_profile(profile.profile if profile else {})
    request = read_request(text, now=now, zone=zone)
    if request is None:
        return None
    turns = (
        deps.conversations.recent_turns(conversation.id, before_job=None, limit=MOST_TURNS) if conversation else []
    )
    if conversation is None or not turns:
        raise RequestInvalid("a recap of an empty conversation", reply=NOTHING_BEFORE)
    since = request.since or max(
        (turn.created_at for turn in turns if turn.role == "user"), default=datetime.min.replace(tzinfo=UTC)
    )
    chosen = [turn for turn in turns if turn.created_at >= since and _words(turn)]
    if not chosen:
        raise RequestInvalid("a recap of nothing", reply=NOTHING_SINCE)
    began = chosen[0].created_at
    address = f"{deps.settings.base_url}/c/{conversation.id}" if deps.settings.public_url else None
    entries = [
        {
            "speaker": (person.name or person.id) if turn.role == "user" else "Steward",
            "start": (turn.created_at - began).total_seconds(),
            "text": _words(turn),
            "url": address,
        }
        for turn in chosen
    ]
    document = {
        "title": f"Recap of {conversation.title}" if conversation.title else "Recap",
        "date": began.astimezone(zone).date().isoformat(),
        "entries": entries,
    }
    data = json.dumps(document, ensure_ascii=False).encode()
    sha256 = deps.blobs.store(data)
    return Attachment(name="conversation.json", media_type=JSON_TYPE, size_bytes=len(data), location=f"blob:{sha256}")


def _words(turn: Turn) -> str:
    """Return what was said, without citations and marks of Markdown."""
    plain = _MARKS.sub("", _CITATION.sub("", turn.text))
    return " ".join(plain.split())[:MAX_TURN_CHARS]
