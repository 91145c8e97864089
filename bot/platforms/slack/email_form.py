"""The form that asks for an e-mail in Slack: `/steward email`, the help's button, "Draft an e-mail about this".

The draft is its asker's alone: it comes in the direct messages, wherever the form was opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, get_args
from uuid import UUID

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from assistant.errors import StewardError
from assistant.job_kinds import EMAIL_DRAFT
from assistant.mail.about import WRITE_ABOUT
from assistant.mail.draft import LANGUAGES, LENGTHS, Tone
from assistant.storage.job_store import JobView
from bot.email_requests import KIND, MAX_REQUEST_CHARS, EmailRequests
from bot.platforms.slack import modals
from bot.platforms.slack.client import call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.interactions import Press, Presses
from bot.platforms.slack.parse import Workspace
from bot.platforms.slack.text import shorten

CALLBACK = "steward:email"
WORDS = ("email", "e-mail")  # after /steward, with nothing behind them


def register(app: AsyncApp, desk: Desk, presses: Presses) -> EmailForm:
    """Listen to the form, and to the buttons that open it."""
    form = EmailForm(desk)
    presses.add(WRITE_ABOUT, form.open_about)
    presses.add_form(EMAIL_DRAFT.name, form.open_empty)
    app.view(CALLBACK)(form.on_submit)
    return form


class EmailForm:
    """Opens the form and takes it in."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._requests = EmailRequests(desk.dependencies.jobs, desk.dependencies.blobs)

    async def open_about(self, press: Press, value: dict[str, Any]) -> None:
        """Ask for whom, and how, an answer is to become an e-mail."""
        about = await self._about(press, {**value, "channel": press.channel.id if press.channel else None})
        await self.open(press.workspace, press.trigger_id, about, channel=press.channel.id if press.channel else None)

    async def open_empty(self, press: Press) -> None:
        """Ask for everything."""
        await self.open(press.workspace, press.trigger_id)

    async def open(
        self, workspace: Workspace, trigger_id: str, about: JobView | None = None, *, channel: str | None = None
    ) -> None:
        """Open the form; `channel` is where the answer it is about was pressed."""
        place = {"job": str(about.id), "channel": channel} if about else {}
        view = email_form(place, topic=about.question if about else "")
        bot = await self._desk.installations.bot(workspace)
        await call(self._desk.api.writing(bot.token).views_open(trigger_id=trigger_id, view=view))

    async def on_submit(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Take the request in. What it is about is looked at again: rights may have changed since it was opened."""
        press = Press.model_validate(body)
        values, place = modals.read_values(press.view), modals.read_place(press.view)
        try:
            colleagues = await self._addresses(press.workspace, values.get("colleagues") or ())
            fields = {**values, "to": ", ".join([*colleagues, str(values.get("to") or "")]).strip(", ")}
            about = await self._about(press, place) if place.get("job") else None
            asked = await asyncio.to_thread(self._requests.read, fields, about)
            await self._desk.ask(
                press.workspace,
                press.user.id,
                asked.text,
                key=f"slack:{press.workspace.team}:view:{press.view.get('id')}",
                kind=KIND,
                options=dict(asked.options),
                attachments=asked.attachments,
            )
        except StewardError as error:
            await ack(response_action="errors", errors={"request": shorten(error.reply, 1_000)})
            return
        await ack()

    async def _about(self, press: Press, place: Mapping[str, Any]) -> JobView:
        channel = place.get("channel")
        look = partial(
            self._requests.look,
            UUID(str(place["job"])),
            tenant=press.workspace.team,
            person_id=press.user.id,
            channel=None if channel is None or str(channel).startswith("D") else str(channel),
        )
        return await asyncio.to_thread(look)

    async def _addresses(self, workspace: Workspace, users: Sequence[str]) -> list[str]:
        """Return the chosen colleagues' addresses, or their names where Slack shows none."""
        known = [await self._desk.directory.known(workspace, user) for user in users]
        return [one.person.email or one.person.name or one.person.id for one in known]


def email_form(place: Mapping[str, Any], *, topic: str = "") -> modals.View:
    """Return the form; with a `topic` it is about an answer, and its request may stay empty."""
    said = f"What should it say besides the answer to “{shorten(topic, 80)}”?" if topic else "What should it say?"
    hint = "Say it in your own words, in any language. Facts that I can't find stay open as [[placeholders]]."
    request = {**modals.text_input("", most_chars=MAX_REQUEST_CHARS), "multiline": True}
    tones = {tone: tone.capitalize() for tone in get_args(Tone)}
    lengths = {length: length.capitalize() for length in LENGTHS}
    people = {"type": "multi_users_select", "action_id": "value", "max_selected_items": 20}
    blocks = [
        modals.field("request", said, request, bool(topic), hint=hint),
        modals.field("colleagues", "To colleagues", people, optional=True),
        modals.field("to", "To other names or addresses", modals.text_input(""), optional=True),
        modals.field("cc", "Copy to", modals.text_input(""), optional=True),
        modals.field("tone", "Tone", modals.choice(tones, None), optional=True),
        modals.field("length", "Length", modals.choice(lengths, None), optional=True),
        modals.field("language", "Language", modals.choice(LANGUAGES, None), optional=True),
    ]
    return modals.modal(CALLBACK, "Draft an e-mail", blocks, place, submit="Draft")
