"""The form that names the speakers of minutes in Slack. Who may, and what it asks for, is bot/speaker_names.py's."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from assistant.errors import NotPermitted, StewardError
from assistant.mentions import Person
from assistant.minutes.kept import NAME_SPEAKERS
from bot.platforms.slack import modals
from bot.platforms.slack.client import call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.interactions import Press, Presses
from bot.platforms.slack.text import shorten
from bot.speaker_names import MAX_NAME_CHARS, TITLE, ask_with_names, speakers_to_name

CALLBACK = "steward:name_speakers"


def register(app: AsyncApp, desk: Desk, presses: Presses) -> None:
    """Teach Slack's buttons to open the form, and listen to it."""
    form = SpeakersForm(desk)
    presses.add(NAME_SPEAKERS, form.open)
    app.view(CALLBACK)(form.on_submit)


class SpeakersForm:
    """Opens the form and takes it in."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def open(self, press: Press, value: dict[str, Any]) -> None:
        """Ask who each speaker is."""
        job_id = UUID(value["job"])
        view = await asyncio.to_thread(self._desk.dependencies.jobs.view, job_id)
        form = _form(speakers_to_name(view, press.user.id), {"job": str(job_id)})
        bot = await self._desk.installations.bot(press.workspace)
        await call(self._desk.api.writing(bot.token).views_open(trigger_id=press.trigger_id, view=form))

    async def on_submit(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Put the names into the minutes, or ask for them again, where they stand."""
        press = Press.model_validate(body)
        names = {label: str(name or "") for label, name in modals.read_values(press.view).items()}
        try:
            await self._ask(UUID(modals.read_place(press.view)["job"]), press.user.id, names)
        except StewardError as error:
            await ack(response_action="errors", errors={next(iter(names)): shorten(error.reply, 1_000)})
            return
        await ack()

    async def _ask(self, job_id: UUID, person_id: str, names: dict[str, str]) -> None:
        view = await asyncio.to_thread(self._desk.dependencies.jobs.view, job_id)
        again = ask_with_names(view, person_id, names)
        desk, person = self._desk.dependencies.minutes, Person(id=person_id)
        if await asyncio.to_thread(desk.name_speakers, job_id, names, person):
            return
        asked = await asyncio.to_thread(self._desk.store.mention_of, job_id)
        if asked is None:
            raise NotPermitted("the job is deleted", reply="I don't know those minutes any more.")
        changes = {"event_key": f"slack:{again.key}", "kind": view.kind, "options": dict(again.options)}
        await self._desk.accept(asked.model_copy(update=changes))


def _form(speakers: tuple[str, ...], place: dict[str, Any]) -> modals.View:
    entry = modals.text_input("", most_chars=MAX_NAME_CHARS)
    blocks = [modals.field(label, label, entry, optional=True) for label in speakers]
    return modals.modal(CALLBACK, TITLE, blocks, place, submit="Write again")
