"""Places that no handle names: found when a client shows them, and deleted once the answer stands elsewhere.

A post whose answer was lost is repeated, because Teams offers bots no way to look. The first message may be there
all the same. Only places are ever posted (places.py), so what is left behind is an empty card, never an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog

from assistant.mentions import Platform
from assistant.storage.job_store import JobStore, JobView
from assistant.storage.outbox_store import OutboxStore
from bot.platforms.teams.buttons import check_place, job_id_of
from bot.platforms.teams.client import ConnectorClient
from bot.platforms.teams.parse import conversation_of, reference_of
from bot.platforms.teams.places import empty_card
from bot.platforms.teams.progress import line_of, placeholder
from bot.platforms.teams.wire import TeamsActivity

log = structlog.get_logger()

WORKING = "Working on it …"


class Strays:
    """Answers the calls of clients that show a place."""

    def __init__(self, client: ConnectorClient, jobs: JobStore, outbox: OutboxStore) -> None:
        self._client = client
        self._jobs = jobs
        self._outbox = outbox

    async def seen(self, activity: TeamsActivity, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the card to show in the place's stead, after deleting the place if it is a stray.

        While the answer is under way the place may yet be the one: it stays as it is, Stop button and all (what is
        returned replaces the card for this one person), and the client asks again the next time it shows it.

        Raises:
            RequestInvalid, NothingFound, NotPermitted: not a place of a job of this conversation.
        """
        view = await asyncio.to_thread(self._jobs.view, job_id_of(data))
        check_place(activity, view)
        stray = await asyncio.to_thread(self._stray, activity, view.id)
        if stray is not None:
            await self._client.delete(reference_of(activity).place, stray)
            log.info("teams.stray_deleted", job_id=str(view.id))
        return _as_it_stands(view)

    def _stray(self, activity: TeamsActivity, job_id: UUID) -> str | None:
        """Return the message, if the job's answer stands and no answer of this conversation is in the message.

        The second half is for card data that somebody made up: it must not delete another job's answer.
        """
        seen = activity.reply_to_id
        if seen is None or self._outbox.standing(job_id) is None:
            return None
        key = conversation_of(activity)
        posted = self._outbox.posted(Platform.TEAMS.value, key.tenant, key.channel)
        return None if any(seen in (handle.get("messages") or ()) for _job, handle in posted) else seen


def _as_it_stands(view: JobView) -> dict[str, Any]:
    if view.status.is_final:
        return dict(empty_card()["content"])
    text, _ = line_of(view)
    return dict(placeholder(str(view.id), text or WORKING)["attachments"][0]["content"])
