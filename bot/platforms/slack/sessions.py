"""Slack's own Stop button: it stands beside a stream, and where a thread's agent session is "processing".

Slack ends the streams itself when it is pressed, and leaves the rest to the app: to stop the work, to say so, and to
take the session out of "processing". Without a subscription to the event the button is not shown.
"""

from __future__ import annotations

import asyncio
from typing import Any

from slack_bolt.app.async_app import AsyncApp

from bot.platforms.slack.desk import Desk
from bot.platforms.slack.parse import Envelope, Wire, Workspace


class Stopped(Wire):
    """agent_session_stopped. Without a stream under way, `streaming_message_ts` is empty."""

    channel: str
    user: str
    thread_ts: str | None = None
    streaming_message_ts: tuple[str, ...] = ()


def register(app: AsyncApp, desk: Desk) -> None:
    """Put the listener on the Bolt app."""
    sessions = Sessions(desk)
    app.event("agent_session_stopped")(sessions.on_stopped)


class Sessions:
    """What follows when somebody stops an agent session."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def on_stopped(self, body: dict[str, Any]) -> None:
        """Stop the work whose streams were stopped, and else all of theirs in the thread."""
        envelope = Envelope.model_validate(body)
        stopped, desk = Stopped.model_validate(envelope.event), self._desk
        found = [
            await asyncio.to_thread(desk.store.job_of_message, stopped.channel, ts)
            for ts in stopped.streaming_message_ts
        ]
        for job_id in found:
            if job_id is not None:
                await desk.stop(job_id, stopped.user)
        thread = stopped.thread_ts or next(iter(stopped.streaming_message_ts), None)
        if thread is None:
            return
        if not any(found):
            await desk.stop_thread(envelope.workspace, stopped.channel, thread, stopped.user)
        desk.later(self._release(envelope.workspace, stopped.channel, thread))

    async def _release(self, workspace: Workspace, channel: str, thread: str) -> None:
        bot = await self._desk.installations.bot(workspace)
        await self._desk.streams.release(bot, channel, thread)
