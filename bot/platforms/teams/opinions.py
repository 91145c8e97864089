"""Thumbs under an answer: from Teams' own form to the feedback desk.

Teams names the message, not the job, and gives what the person wrote as text or as JSON in a string.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from assistant.errors import NothingFound, RequestInvalid
from assistant.mentions import Audience, Platform
from assistant.storage.feedback_store import Verdict
from assistant.storage.outbox_store import OutboxStore
from bot.feedback import MAX_CORRECTION_CHARS, REASONS, FeedbackDesk
from bot.platforms.teams.parse import conversation_of, person_id_of
from bot.platforms.teams.wire import TeamsActivity, text_at

# Teams' form has one field of free text: the words people use for our reasons, the most telling first.
_SIGNS = (
    ("outdated", r"out.?dated|old version|no longer|superseded|veraltet|périmé"),
    ("missing_source", r"sources?\b|citations?|cited|quelle|référence"),
    ("not_allowed", r"confidential|not (?:be )?allowed|should ?n.t see|vertraulich|confidentiel"),
    ("too_long", r"too long|verbose|shorter|zu lang|trop long"),
    ("wrong", r"wrong|incorrect|not true|mistake|false|falsch|faux"),
)


class Opinions:
    """Takes feedback on messages."""

    def __init__(self, desk: FeedbackDesk, outbox: OutboxStore) -> None:
        self._desk = desk
        self._outbox = outbox

    async def take(self, activity: TeamsActivity) -> None:
        """Keep what the person thinks of the message they judged.

        Raises:
            RequestInvalid: no thumb. NothingFound: no answer of ours. NotPermitted: not theirs to judge.
        """
        said = activity.value.get("actionValue") if isinstance(activity.value, Mapping) else None
        verdict = _verdict(said)
        reason, words = _words(said)
        await asyncio.to_thread(self._take, activity, verdict, reason, words)

    def _take(self, activity: TeamsActivity, verdict: Verdict, reason: str | None, words: str | None) -> None:
        self._desk.take(
            self._job_of(activity),
            person_id_of(activity),
            verdict,
            reason=(reason or reason_of(words)) if verdict == "down" else None,
            correction=words,
            audience=Audience.ASKER if activity.kind == "personal" else Audience.CHANNEL,
        )

    def _job_of(self, activity: TeamsActivity) -> UUID:
        key = conversation_of(activity)
        posted = self._outbox.posted(Platform.TEAMS.value, key.tenant, key.channel)
        if activity.reply_to_id is None and posted:
            return posted[0][0]  # the Agents Playground names no message: the newest is meant
        for job_id, handle in posted:
            if activity.reply_to_id in (handle.get("messages") or ()):
                return job_id
        raise NothingFound("feedback on a message that is not an answer of ours")


def reason_of(words: str | None) -> str:
    """Return the reason that somebody's words give, or "other"."""
    lowered = (words or "").lower()
    return next((reason for reason, sign in _SIGNS if re.search(sign, lowered)), "other")


def _verdict(said: object) -> Verdict:
    reaction = text_at(said, "reaction") if isinstance(said, Mapping) else None
    if reaction == "like":
        return "up"
    if reaction == "dislike":
        return "down"
    raise RequestInvalid("feedback without a thumb")


def _words(said: Any) -> tuple[str | None, str | None]:
    """Return the reason, when a form of ours named one, and what the person wrote."""
    feedback = said.get("feedback") if isinstance(said, Mapping) else None
    if isinstance(feedback, str):
        try:
            feedback = json.loads(feedback)
        except (ValueError, RecursionError):
            return None, feedback.strip()[:MAX_CORRECTION_CHARS] or None
    if not isinstance(feedback, Mapping):
        return None, None
    reason = text_at(feedback, "reason")
    words = text_at(feedback, "feedbackText") or text_at(feedback, "text")
    return reason if reason in REASONS else None, words.strip()[:MAX_CORRECTION_CHARS] if words else None
