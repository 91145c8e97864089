"""Slack's events, as far as they are questions: understand, take in, and only then acknowledge.

Bolt runs these before it answers (process_before_response), so an error here is an answer that makes Slack send
the event again. They store and enqueue, nothing more.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp

from assistant.mentions import Platform
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.parse import (
    Change,
    Envelope,
    Message,
    Workspace,
    event_key,
    names,
    names_someone_else,
    read_text,
)

log = structlog.get_logger()

THREAD_FRESH_SECONDS = 24 * 3600.0  # a thread that rested longer needs a mention to wake Steward
STOP_REACTIONS = frozenset({"x", "octagonal_sign", "negative_squared_cross_mark", "heavy_multiplication_x"})
_SPEECH = (None, "file_share", "thread_broadcast")  # the other subtypes are joins, topics, bots


def register(app: AsyncApp, desk: Desk) -> None:
    """Put the event listeners on the Bolt app."""
    questions = Questions(desk)
    app.event("app_mention")(questions.on_mention)
    app.event("message")(questions.on_message)
    app.event("reaction_added")(questions.on_reaction)
    for name in ("member_joined_channel", "member_left_channel"):
        app.event(name)(questions.on_membership)
    app.event("user_change")(questions.on_person)


class Questions:
    """From events to questions, corrections and stops."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def on_mention(self, body: dict[str, Any]) -> None:
        """Somebody said our name."""
        envelope, message = _read(body)
        if is_speech(message):
            await self._desk.take_message(envelope.workspace, envelope, message)

    async def on_message(self, body: dict[str, Any]) -> None:
        """Anything said where Steward can hear it; most of it is not for Steward."""
        envelope = Envelope.model_validate(body)
        subtype = envelope.event.get("subtype")
        if subtype == "message_changed":
            await self._edited(envelope, Change.model_validate(envelope.event))
        elif subtype == "message_deleted":
            await self._deleted(envelope, Change.model_validate(envelope.event))
        else:
            message = Message.model_validate(envelope.event)
            if is_speech(message) and await self._is_for_us(envelope.workspace, message):
                await self._desk.take_message(envelope.workspace, envelope, message)

    async def on_reaction(self, body: dict[str, Any]) -> None:
        """A cross on the question or on its placeholder stops the job, if it is the asker's."""
        envelope = Envelope.model_validate(body)
        event, item = envelope.event, envelope.event.get("item") or {}
        if event.get("reaction") not in STOP_REACTIONS or item.get("type") != "message":
            return
        channel, ts = str(item.get("channel")), str(item.get("ts"))
        key = event_key(envelope.workspace.team, channel, ts)
        job_id = await asyncio.to_thread(self._desk.store.job_of_event, key)
        job_id = job_id or await asyncio.to_thread(self._desk.store.job_of_message, channel, ts)
        if job_id is not None:
            await self._desk.stop(job_id, str(event.get("user")))

    async def on_membership(self, body: dict[str, Any]) -> None:
        """Who reads along has changed."""
        envelope = Envelope.model_validate(body)
        self._desk.directory.membership_changed(envelope.workspace, str(envelope.event.get("channel")))

    async def on_person(self, body: dict[str, Any]) -> None:
        """Somebody became a guest, or changed their address."""
        envelope = Envelope.model_validate(body)
        user = envelope.event.get("user") or {}
        self._desk.directory.person_changed(envelope.workspace, str(user.get("id")))

    # -------------------------------------------------------------- is it for us?
    async def _is_for_us(self, workspace: Workspace, message: Message) -> bool:
        if message.channel_type == "im":
            return True
        bot = await self._desk.installations.bot(workspace)
        if names(message.text, bot.user_id):
            return False  # the same message comes as app_mention
        if message.thread_ts and message.thread_ts != message.ts:
            return await self._continues(workspace, message, bot.user_id)
        settings = await asyncio.to_thread(
            self._desk.preferences.channel, Platform.SLACK, workspace.team, message.channel
        )
        asks = read_text(message.text, bot.user_id).endswith("?")
        return settings.answers_without_mention and asks and not names_someone_else(message.text, bot.user_id)

    async def _continues(self, workspace: Workspace, message: Message, bot_user_id: str) -> bool:
        """Return whether a reply in a thread goes on talking to Steward.

        Only between two: the one who began, and Steward. Once a third person has spoken, people are talking to
        each other, and Steward waits to be named. So it does in a thread that has rested for a day.
        """
        assert message.thread_ts is not None
        store, place = self._desk.store, (workspace.team, message.channel, message.thread_ts)
        thread = await asyncio.to_thread(lambda: store.thread(*place, fresh_seconds=THREAD_FRESH_SECONDS))
        if thread is None:
            return False
        if thread.started_by != message.user:
            await asyncio.to_thread(store.others_spoke, *place)
            return False
        if names_someone_else(message.text, bot_user_id):
            return False
        return thread.is_fresh and thread.askers <= 1 and not thread.others_spoke

    # -------------------------------------------------------------- second thoughts
    async def _edited(self, envelope: Envelope, change: Change) -> None:
        """An edited question stops its job and is asked again; the answer to the old words stays where it is."""
        message, before = change.message, change.previous_message
        if message is None or before is None or message.text == before.text or not is_speech(message):
            return  # Slack also "changes" messages to add previews
        workspace = envelope.workspace
        message = message.model_copy(update={"channel": change.channel, "channel_type": change.channel_type})
        key = event_key(workspace.team, change.channel, message.ts)
        job_id = await asyncio.to_thread(self._desk.store.job_of_event, key)
        if job_id is None:
            return
        edited_at = str((message.edited or {}).get("ts") or envelope.event_id)
        await self._desk.take_message(workspace, envelope, message, key=f"{key}:edit:{edited_at}")
        await self._desk.stop(job_id, message.user or "")

    async def _deleted(self, envelope: Envelope, change: Change) -> None:
        ts = change.deleted_ts or (change.previous_message.ts if change.previous_message else "")
        user = change.previous_message.user if change.previous_message else None
        key = event_key(envelope.workspace.team, change.channel, ts)
        job_id = await asyncio.to_thread(self._desk.store.job_of_event, key)
        if job_id is not None:
            await self._desk.stop(job_id, user or "")


def is_speech(message: Message) -> bool:
    """Return whether a person said this: not a bot, not Slack, not an edit."""
    return message.subtype in _SPEECH and bool(message.user) and not message.bot_id and bool(message.ts)


def _read(body: dict[str, Any]) -> tuple[Envelope, Message]:
    envelope = Envelope.model_validate(body)
    return envelope, Message.model_validate(envelope.event)
