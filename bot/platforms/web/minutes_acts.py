"""What is pressed under minutes on the page, and the form that corrects them; bot/minutes.py decides who may."""

from __future__ import annotations

import asyncio
from functools import partial

from assistant.minutes.kept import Reader
from bot import minutes
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.page_events import PageEvent
from bot.platforms.web.shown_conversation import ShownConversation
from bot.platforms.web.turn_view import TurnView


class MinutesActs:
    """Errors are left to the page: each has a reply to show there."""

    def __init__(self, deps: WebDependencies, shown: ShownConversation) -> None:
        self._desk = deps.minutes
        self._shown = shown

    async def press(self, event: PageEvent, turn: TurnView) -> None:
        """Open the form under minutes, or do what the button says."""
        press, reader = minutes.read_press(event.value), self._reader()
        if event.name == minutes.EDIT:
            fields = await asyncio.to_thread(self._desk.form, press, reader)
            self._shown.run("askDraft", event.name, str(turn.job_id), event.value, fields)
        elif event.name in minutes.ORDERS:
            said = await asyncio.to_thread(self._desk.order, event.name, press, reader, self._shown.person)
            self._shown.frame.announce(said)
            await self._shown.show_again(turn)

    async def keep(self, event: PageEvent) -> None:
        """Keep what the form under minutes brought back."""
        turn, press = self._shown.turn(event), minutes.read_press(event.value)
        edit = partial(self._desk.edit, press, event.fields, self._reader(), self._shown.person)
        await asyncio.to_thread(edit)
        self._shown.frame.announce("Your corrections are kept.")
        await self._shown.show_again(turn)

    def _reader(self) -> Reader:
        return self._desk.reader(self._shown.reading())
