"""Slack's own streaming, for direct messages: the placeholder is a task card that tells of the steps.

A stream dies about five minutes after it began, whatever is sent (python-slack-sdk #1859), and a workspace may begin
20 a minute. So whatever can't be streamed, or not any more, is posted or written with chat.update: the caller does
that whenever `start` returns nothing and `tell` or `finish` says no. A stream carries no metadata until it is
stopped; one whose start was lost on the way is recognised by that.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from slack_sdk.models.messages.chunk import TaskUpdateChunk

from assistant.errors import RateLimited
from assistant.replies import Reply
from bot.platforms.slack.client import BlocksRefused, SlackApi, SlackRefused, call
from bot.platforms.slack.installations import Bot
from bot.platforms.slack.render import SlackMessage
from bot.platforms.slack.text import shorten

log = structlog.get_logger()

REFUSED_SECONDS = 3_600.0  # how long a workspace that does not stream is not asked again
TITLE_CHARS = 250


class SlackStreams:
    """Starts, feeds and finishes streams; never raises for what chat.update can do instead."""

    def __init__(self, api: SlackApi, *, is_on: bool) -> None:
        self._api = api
        self.is_on = is_on
        self._refused_at: dict[str, float] = {}

    def may_start(self, team: str, channel: str, thread_ts: str | None, reply: Reply) -> bool:
        """Return whether a placeholder here is best a stream: in direct messages that have a thread."""
        refused = self._refused_at.get(team)
        asked_lately = refused is not None and time.monotonic() - refused < REFUSED_SECONDS
        return self.is_on and not reply.final and bool(thread_ts) and channel.startswith("D") and not asked_lately

    async def start(
        self, bot: Bot, *, team: str, channel: str, thread_ts: str, user: str, reply: Reply
    ) -> str | None:
        """Begin a stream and return its ts, or None where the workspace does not stream."""
        request = self._api.writing(bot.token).chat_startStream(
            channel=channel,
            thread_ts=thread_ts,
            recipient_team_id=team,
            recipient_user_id=user,
            task_display_mode="timeline",
            chunks=[_task(reply, "in_progress")],
        )
        try:
            return str((await call(request))["ts"])
        except (SlackRefused, BlocksRefused) as error:  # unknown_method, missing_scope, no agents feature, no cards
            log.info("slack.stream_refused", team=team, error=str(error))
            self._refused_at[team] = time.monotonic()
        except RateLimited:  # a message may be posted once a second, and nobody should wait for a card
            log.info("slack.stream_limited", team=team)
        return None

    async def tell(self, bot: Bot, *, channel: str, ts: str, reply: Reply) -> bool:
        """Show a step on the card. False: the stream has ended; chat.update will do, and shows more."""
        client = self._api.writing(bot.token)
        try:
            await call(client.chat_appendStream(channel=channel, ts=ts, chunks=[_task(reply, "in_progress")]))
        except (SlackRefused, BlocksRefused) as error:
            log.info("slack.stream_ended", error=str(error))
            return False
        return True

    async def finish(
        self, bot: Bot, *, channel: str, ts: str, reply: Reply, message: SlackMessage, metadata: dict[str, Any]
    ) -> bool:
        """End the stream with the answer. False: it ended before, or refused; chat.update will do."""
        client = self._api.writing(bot.token)
        try:
            await call(
                client.chat_stopStream(
                    channel=channel,
                    ts=ts,
                    chunks=[_task(reply, "complete")],
                    blocks=list(message.blocks),
                    metadata=metadata,
                )
            )
        except (SlackRefused, BlocksRefused) as error:
            log.info("slack.stream_ended", error=str(error))
            return False
        return True


def _task(reply: Reply, status: str) -> TaskUpdateChunk:
    title = "Done" if reply.final else shorten(reply.text, TITLE_CHARS)
    return TaskUpdateChunk(id="answer", title=title, status=status)
