"""What is pressed under drafts on the page, and the form of "Draft an e-mail about this".

A press opens a form, or is announced and shown in the turn; who may, and what happens, is decided in bot/drafts.py
and bot/email_requests.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

from assistant.errors import StewardError
from assistant.mentions import LOCAL_TENANT
from bot.drafts import CHANGE, ORDERS, REWRITE, form_values, read_press
from bot.email_requests import KIND, EmailRequests
from bot.platforms.web.asking import Asking
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.page_events import PageEvent
from bot.platforms.web.shown_conversation import ShownConversation
from bot.platforms.web.turn_view import TurnView


@dataclass(frozen=True, slots=True)
class Pressed:
    """What came of a press: words to announce, or a form to open with these values."""

    said: str = ""
    form: dict[str, Any] = field(default_factory=dict)


class DraftActs:
    """Errors are left to the page: each has a reply to show there."""

    def __init__(self, deps: WebDependencies, shown: ShownConversation, asking: Asking) -> None:
        self._drafts = deps.drafts
        self._requests = EmailRequests(deps.jobs, deps.blobs)
        self._shown = shown
        self._asking = asking

    async def press(self, event: PageEvent, turn: TurnView) -> None:
        """Open a form under a draft, or order what needs a worker."""
        try:
            pressed = await self._order_or_look(event)
        except StewardError:
            await self._shown.show_again(turn)
            raise
        if pressed.form:
            self._shown.run("askDraft", event.name, str(turn.job_id), event.value, pressed.form)
            return
        self._shown.frame.announce(pressed.said)
        await self._shown.show_again(turn)

    async def _order_or_look(self, event: PageEvent) -> Pressed:
        press, who = read_press(event.value), self._who()
        if event.name in ORDERS:
            return Pressed(said=await asyncio.to_thread(partial(self._drafts.order, event.name, press, **who)))
        kept = await asyncio.to_thread(partial(self._drafts.look, press, **who))
        return Pressed(form=form_values(kept.draft))

    async def keep(self, event: PageEvent) -> None:
        """Keep what a draft's form brought back."""
        turn = self._shown.turn(event)
        try:
            self._shown.frame.announce(await self._rewrite_or_edit(event))
        finally:  # a refusal too: "it has changed since" is said beside the draft as it stands now
            await self._shown.show_again(turn)

    async def _rewrite_or_edit(self, event: PageEvent) -> str:
        who = self._who()
        if event.name == CHANGE:
            press = read_press({**read_press(event.value).model_dump(), **event.fields})
            return await asyncio.to_thread(partial(self._drafts.order, REWRITE, press, **who))
        edit = partial(self._drafts.edit, read_press(event.value), event.fields, **who)
        await asyncio.to_thread(edit)
        return "Your edit is kept."

    async def open_email_form(self, turn: TurnView) -> None:
        """Open the form of an e-mail about an answer."""
        about = await asyncio.to_thread(partial(self._requests.look, turn.job_id, channel=None, **self._who()))
        self._shown.run("askEmail", str(turn.job_id), about.question)

    async def ask_for_email(self, event: PageEvent) -> None:
        """Take in what that form asks for."""
        job_id = self._shown.turn(event).job_id
        about = await asyncio.to_thread(partial(self._requests.look, job_id, channel=None, **self._who()))
        asked = await asyncio.to_thread(self._requests.read, event.fields, about)
        draft_id = event.draft or uuid4().hex
        taken = await self._asking.take(asked.text, asked.attachments, KIND, draft_id, options=dict(asked.options))
        self._shown.frame.say_error("")
        await self._shown.show_asked(*taken)

    def _who(self) -> dict[str, str]:
        return {"tenant": LOCAL_TENANT, "person_id": self._shown.person.id}
