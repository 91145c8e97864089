"""A message of its own when long work has ended: Slack tells nobody that a placeholder was edited.

It comes once a question, beside the answer and never in its place, and only to who asked and wants it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from assistant.job_kinds import JOB_KINDS
from assistant.jobs import JobStatus
from assistant.replies import Reply
from bot.platforms.slack.address import Address
from bot.platforms.slack.client import call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.messages import NOTE_TYPE
from bot.platforms.slack.text import link, plain

LONG_SECONDS = 60.0  # who waited less is still looking


class DoneNotes:
    """Looks at every final answer, and tells of those that took long."""

    def __init__(self, desk: Desk, *, long_seconds: float = LONG_SECONDS) -> None:
        self._desk = desk
        self._long_seconds = long_seconds

    def answered(self, handle: Mapping[str, Any], reply: Reply) -> None:
        """Tell the asker, beside the delivery, if the work took long and they want to be told."""
        if reply.final:
            self._desk.later(self._tell(Address.model_validate(handle)))

    async def _tell(self, here: Address) -> None:
        desk = self._desk
        view = await asyncio.to_thread(desk.dependencies.jobs.view, UUID(here.key))
        if view.finished_at is None or view.status is JobStatus.CANCELLED:  # who stopped it knows
            return
        if (view.finished_at - view.created_at).total_seconds() < self._long_seconds:
            return
        settings = await asyncio.to_thread(desk.preferences.person, here.team, here.user)
        key = f"slack-done:{here.key}"
        if not settings.tell_when_done or not await asyncio.to_thread(desk.dependencies.jobs.claim_event, key):
            return
        bot = await desk.installations.bot(here.workspace)
        channel = await desk.messages.direct_channel(bot, here.team, here.user)
        place = await call(
            desk.api.reading(bot.token).chat_getPermalink(channel=str(here.channel), message_ts=str(here.ts))
        )
        title = JOB_KINDS[view.kind].title.lower() if view.kind in JOB_KINDS else "answer"
        outcome = "is there" if view.status is JobStatus.SUCCEEDED else "could not be made"
        words = f"Your {plain(title)} {outcome}: {link(str(place['permalink']), 'open it')}"
        note = {"event_type": NOTE_TYPE, "event_payload": {"key": key}}
        client = desk.api.writing(bot.token)
        await call(
            client.chat_postMessage(
                channel=channel, text=words, metadata=note, unfurl_links=False, unfurl_media=False
            )
        )
