"""Buttons and forms under an e-mail draft in Slack. Who may, and what happens, is bot/drafts.py's."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from assistant.errors import RequestInvalid, StewardError
from bot.drafts import CHANGE, DOWNLOAD, EDIT, ORDERS, REWRITE, DraftPress, form_values, read_press
from bot.platforms.slack import modals
from bot.platforms.slack.client import call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.interactions import Press, Presses
from bot.platforms.slack.text import shorten


def register(app: AsyncApp, desk: Desk, presses: Presses) -> None:
    """Teach Slack's buttons to work under drafts, and listen to their forms."""
    buttons = DraftButtons(desk)
    for name in ORDERS:
        presses.add(name, partial(buttons.order, name))
    presses.add(EDIT, buttons.open_edit)
    presses.add(CHANGE, buttons.open_change)
    presses.add(DOWNLOAD, buttons.download)
    app.view(modals.DRAFT_EDIT)(buttons.on_edit)
    app.view(modals.DRAFT_CHANGE)(buttons.on_change)


class DraftButtons:
    """One method a button or form."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._drafts = desk.dependencies.drafts

    async def order(self, name: str, press: Press, value: dict[str, Any]) -> None:
        """Have a worker save, send, discard or rewrite the draft; the message says how it goes."""
        await asyncio.to_thread(partial(self._drafts.order, name, read_press(value), **_who(press)))

    async def open_edit(self, press: Press, value: dict[str, Any]) -> None:
        """Open the draft's text for editing."""
        pressed = read_press(value)
        kept = await asyncio.to_thread(partial(self._drafts.look, pressed, **_who(press)))
        if len(kept.draft.body) > modals.MAX_QUESTION_CHARS:
            raise RequestInvalid(
                "draft is longer than a form's field",
                reply=f"Slack's forms take {modals.MAX_QUESTION_CHARS:,} characters and this draft has more. "
                "Please download it as .eml and edit it in your mail program.",
            )
        await self._open(press, modals.draft_edit(form_values(kept.draft), _place(pressed)))

    async def open_change(self, press: Press, value: dict[str, Any]) -> None:
        """Ask for another tone, length or language."""
        pressed = read_press(value)
        kept = await asyncio.to_thread(partial(self._drafts.look, pressed, **_who(press)))
        await self._open(press, modals.draft_change(form_values(kept.draft), _place(pressed)))

    async def download(self, press: Press, value: dict[str, Any]) -> None:
        """Send the .eml to the asker alone."""
        pressed = read_press(value)
        file = await asyncio.to_thread(partial(self._drafts.eml, pressed.draft, **_who(press)))
        desk = self._desk
        bot = await desk.installations.bot(press.workspace)
        channel = await desk.messages.direct_channel(bot, press.workspace.team, press.user.id)
        client = desk.api.writing(bot.token)
        await call(client.files_upload_v2(channel=channel, file=file.data, filename=file.name, title=file.name))

    async def on_edit(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Keep the asker's own words as the next revision."""
        press = Press.model_validate(body)
        values, place = modals.read_values(press.view), modals.read_place(press.view)
        fields = {name: values.get(name) or "" for name in ("to", "cc", "bcc", "subject", "body")}
        try:
            await asyncio.to_thread(partial(self._drafts.edit, read_press(place), fields, **_who(press)))
        except StewardError as error:
            await ack(response_action="errors", errors={"to": shorten(error.reply, 1_000)})
            return
        await ack()

    async def on_change(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Have the draft written anew as the form says."""
        press = Press.model_validate(body)
        values, place = modals.read_values(press.view), modals.read_place(press.view)
        try:
            pressed = read_press({**place, **values})
            await asyncio.to_thread(partial(self._drafts.order, REWRITE, pressed, **_who(press)))
        except StewardError as error:
            await ack(response_action="errors", errors={"tone": shorten(error.reply, 1_000)})
            return
        await ack()

    async def _open(self, press: Press, view: modals.View) -> None:
        bot = await self._desk.installations.bot(press.workspace)
        await call(self._desk.api.writing(bot.token).views_open(trigger_id=press.trigger_id, view=view))


def _who(press: Press) -> dict[str, str]:
    return {"tenant": press.workspace.team, "person_id": press.user.id}


def _place(pressed: DraftPress) -> dict[str, Any]:
    return {"draft": pressed.draft, "revision": pressed.revision}
