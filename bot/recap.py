"""Which stretch of a channel a recap is asked for: "recap since Monday", "recap 3 days", "what did I miss?".

Pure: words and a clock in, a moment out. Reading the channel is each platform's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from assistant.errors import RequestInvalid

USUAL_DAYS = 7  # when no beginning is named
MOST_DAYS = 92
MOST_CHARS = 80  # of the words after "recap"
_ASKS = re.compile(
    r"^\W*(?:please\s+)?(?:/?(?:recap|catch me up|catch-?up|what did (?:i|we) miss)|"
    r"summari[sz]e (?:this|the) (?:channel|thread|conversation))\b[:,]?\s*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_COUNTED = re.compile(
    r"^(?:(?:for|over|since|of|in)\s+)?(?:the\s+)?(?:last|past)?\s*(?P<count>\d{1,3}|a|an|one)?\s*"
    r"(?P<unit>hour|day|week|month)s?$"
)
_LAST_READ = re.compile(r"\b(?:i (?:last )?(?:read|looked|was here|wrote)|last (?:read|visit)|miss(?:ed)?)\b")
_UNIT_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.0}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class RecapRequest:
    """What is to be recapped; `since` None: since the asker last wrote there."""

    since: datetime | None


def read_request(text: str, *, now: datetime, zone: tzinfo = UTC) -> RecapRequest | None:
    """Return the recap that these words ask for, or None when they ask for something else.

    Days begin at midnight in `zone`, where the asker is. A recap without a beginning takes the last USUAL_DAYS.

    Raises:
        RequestInvalid: a recap, since a moment that can't be made out, is to come, or is too long ago.
    """
    found = _ASKS.match(text)
    if not found:
        return None
    if "\n" in found["rest"].strip() or len(found["rest"]) > MOST_CHARS:
        return None  # a transcript that was pasted after the word
    rest = " ".join(found["rest"].lower().strip(" ?.!").split())
    rest = re.sub(r"^(?:of )?(?:this|the) (?:channel|thread|conversation)\s*", "", rest)
    if _LAST_READ.search(rest) or (not rest and "miss" in text.lower()):
        return RecapRequest(None)
    here = now.astimezone(zone)
    since = here - timedelta(days=USUAL_DAYS) if not rest else _moment(rest, here)
    if since is None and not re.match(r"(?:since|from|after|last|past)\b", rest):
        return None
    if since is None:
        raise RequestInvalid(
            "recap since an unknown moment",
            reply="Since when? For example: recap since yesterday, since Monday, since 2026-11-20, or 3 days.",
        )
    if since >= here:
        raise RequestInvalid("recap of the future", reply="That is still to come. Since when shall I read?")
    if here - since > timedelta(days=MOST_DAYS):
        raise RequestInvalid("recap too long", reply=f"I read back {MOST_DAYS} days at most.")
    return RecapRequest(since.astimezone(UTC))


def _moment(words: str, here: datetime) -> datetime | None:
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    counted = _COUNTED.match(words)
    if counted:
        count = int(counted["count"]) if (counted["count"] or "").isdigit() else 1
        return here - timedelta(days=count * _UNIT_DAYS[counted["unit"]])
    word = re.sub(r"^(?:since|from|after)\s+(?:last\s+)?", "", words)
    if word in ("today", "this morning"):
        return midnight
    if word == "yesterday":
        return midnight - timedelta(days=1)
    if word in ("this week", "the beginning of the week"):
        return midnight - timedelta(days=here.weekday())
    if word in _WEEKDAYS:
        return midnight - timedelta(days=(here.weekday() - _WEEKDAYS.index(word)) % 7 or 7)
    try:
        return datetime.fromisoformat(word).replace(tzinfo=here.tzinfo)
    except ValueError:
        return None
