"""The messages of a thread or chat, as text for a job: by Graph where it is allowed, else the one message shown.

Reading more than the message that somebody pointed at needs ChannelMessage.Read.Group or ChatMessage.Read.Chat,
granted for the one team or chat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from assistant.errors import StewardError
from bot.platforms.teams.graph import GraphClient, segment
from bot.platforms.teams.parse import strip_html, tenant_of
from bot.platforms.teams.wire import TeamsActivity, text_at

log = structlog.get_logger()

PATIENCE_SECONDS = 4.0  # invokes are answered within 5 s
MESSAGES_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Thread:
    """What was said, one line a message, and whether it is the whole of it."""

    text: str
    is_whole: bool


class ThreadReader:
    """Reads threads."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def read(self, activity: TeamsActivity, shown: Mapping[str, Any]) -> Thread:
        """Return the thread of the message `shown`, or that message alone."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                messages = await self._messages(activity, shown)
        except (TimeoutError, StewardError) as error:
            log.info("teams.thread_unread", error=type(error).__name__)
            messages = []
        lines = [line for line in map(_line, messages[-MESSAGES_AT_MOST:]) if line]
        return Thread("\n".join(lines), True) if lines else Thread(_line(shown), False)

    async def _messages(self, activity: TeamsActivity, shown: Mapping[str, Any]) -> list[dict[str, Any]]:
        tenant = tenant_of(activity)
        conversation, _, first = activity.conversation.id.partition(";messageid=")
        first = text_at(shown, "replyToId") or first or text_at(shown, "id") or ""
        team = text_at(activity.channel_data, "team", "aadGroupId")
        if activity.kind == "channel" and team and first:
            base = f"/teams/{segment(team)}/channels/{segment(conversation)}/messages/{segment(first)}"
            root = await self._graph.get(tenant, base)
            replies = await self._graph.pages(tenant, f"{base}/replies", **{"$top": "50"})
            return sorted([root, *replies], key=_when)
        found = await self._graph.pages(tenant, f"/chats/{segment(conversation)}/messages", **{"$top": "50"})
        return sorted(found, key=_when)


def _when(message: Mapping[str, Any]) -> str:
    return text_at(message, "createdDateTime") or ""


def _line(message: Mapping[str, Any]) -> str:
    content = text_at(message, "body", "content") or ""
    is_html = text_at(message, "body", "contentType") == "html"
    said = " ".join((strip_html(content) if is_html else content).split())
    who = text_at(message, "from", "user", "displayName") or "Somebody"
    return f"{who}: {said}" if said and text_at(message, "deletedDateTime") is None else ""
