"""Buttons and the form under minutes in Slack. Who may, and what happens, is bot/minutes.py's."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from assistant.errors import NotPermitted, RequestInvalid, StewardError
from assistant.mentions import Audience, Mention, Person
from assistant.minutes.edits import HINTS, HOW_TO, TITLES
from bot.minutes import EDIT, ORDERS, MinutesPress, read_press
from bot.platforms.slack import modals
from bot.platforms.slack.client import call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.interactions import Press, Presses
from bot.platforms.slack.text import shorten

CALLBACK = "steward:minutes_edit"


def register(app: AsyncApp, desk: Desk, presses: Presses) -> None:
    """Teach Slack's buttons to work under minutes, and listen to their form."""
    buttons = MinutesButtons(desk)
    for name in ORDERS:
        presses.add(name, partial(buttons.order, name))
    presses.add(EDIT, buttons.open_edit)
    app.view(CALLBACK)(buttons.on_edit)


class MinutesButtons:
    """One method a button or form."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._minutes = desk.dependencies.minutes

    async def order(self, name: str, press: Press, value: dict[str, Any]) -> None:
        """Confirm or forget the minutes, or make tickets of their tasks; the message says how it goes."""
        mention = await self._mention(press, read_press(value), _channel(press))
        reader, person = self._minutes.reader(mention), mention.asker
        said = await asyncio.to_thread(self._minutes.order, name, read_press(value), reader, person)
        self._desk.later(self._desk.asides.whisper(press.response_url, said))

    async def open_edit(self, press: Press, value: dict[str, Any]) -> None:
        """Open the lines of the minutes for correction."""
        pressed, channel = read_press(value), _channel(press)
        mention = await self._mention(press, pressed, channel)
        fields = await asyncio.to_thread(self._minutes.form, pressed, self._minutes.reader(mention))
        too_long = [TITLES[section] for section, text in fields.items() if len(text) > modals.MAX_QUESTION_CHARS]
        if too_long:
            raise RequestInvalid(
                "minutes are longer than a form's field",
                reply=f"{', '.join(too_long)}: Slack's forms take {modals.MAX_QUESTION_CHARS:,} characters and there "
                "are more. Please correct the minutes on the web page.",
            )
        place = {"minutes": str(pressed.minutes), "revision": pressed.revision, "channel": channel}
        bot = await self._desk.installations.bot(press.workspace)
        view = _form(fields, place)
        await call(self._desk.api.writing(bot.token).views_open(trigger_id=press.trigger_id, view=view))

    async def on_edit(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Keep the corrections as the next revision."""
        press = Press.model_validate(body)
        values, place = modals.read_values(press.view), modals.read_place(press.view)
        fields = {section: values.get(section) or "" for section in TITLES}
        try:
            pressed = read_press(place)
            mention = await self._mention(press, pressed, str(place.get("channel") or ""))
            reader, person = self._minutes.reader(mention), mention.asker
            await asyncio.to_thread(self._minutes.edit, pressed, fields, reader, person)
        except StewardError as error:
            section = next((name for name, title in TITLES.items() if error.reply.startswith(title)), "summary")
            await ack(response_action="errors", errors={section: shorten(error.reply, 1_000)})
            return
        await ack()

    async def _mention(self, press: Press, pressed: MinutesPress, channel: str) -> Mention:
        """Return the question that wrote the minutes, as if who presses had asked it where the button stands."""
        asked = await asyncio.to_thread(self._desk.store.mention_of, pressed.minutes)
        if asked is None:
            raise NotPermitted("the job is deleted", reply="I don't know those minutes any more.")
        person: Person = (await self._desk.directory.known(press.workspace, press.user.id)).person
        conversation = asked.conversation.model_copy(update={"tenant": press.workspace.team, "channel": channel})
        audience = Audience.ASKER if channel.startswith("D") else Audience.CHANNEL
        return asked.model_copy(update={"asker": person, "conversation": conversation, "audience": audience})


def _channel(press: Press) -> str:
    return press.channel.id if press.channel else ""


def _form(fields: dict[str, str], place: dict[str, Any]) -> modals.View:
    blocks: list[modals.View] = [{"type": "section", "text": modals.plain(HOW_TO)}]
    for section, title in TITLES.items():
        lines = {**modals.text_input(fields[section]), "multiline": True}
        blocks.append(modals.field(section, title, lines, True, hint=HINTS[section]))
    return modals.modal(CALLBACK, "Correct the minutes", blocks, place, submit="Keep")
