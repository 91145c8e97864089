"""What is pressed under drafts on the page, and the form of "Draft an e-mail about this".

What comes back is a form to open, or words to announce; who may, and what happens, is decided in bot/drafts.py and
bot/email_requests.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from assistant.mentions import LOCAL_TENANT, Person
from bot.drafts import CHANGE, ORDERS, REWRITE, form_values, read_press
from bot.email_requests import EmailQuestion, EmailRequests
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.page_events import PageEvent


@dataclass(frozen=True, slots=True)
class Pressed:
    """What came of a press: words to announce, or a form to open with these values."""

    said: str = ""
    form: dict[str, Any] = field(default_factory=dict)


class DraftActs:
    """Every method raises StewardError with a reply for the page."""

    def __init__(self, deps: WebDependencies) -> None:
        self._drafts = deps.drafts
        self._requests = EmailRequests(deps.jobs, deps.blobs)

    async def press(self, event: PageEvent, person: Person) -> Pressed:
        """Order what needs a worker, or return the form that was asked for."""
        press, who = read_press(event.value), _who(person)
        if event.name in ORDERS:
            return Pressed(said=await asyncio.to_thread(partial(self._drafts.order, event.name, press, **who)))
        kept = await asyncio.to_thread(partial(self._drafts.look, press, **who))
        return Pressed(form=form_values(kept.draft))

    async def submit(self, event: PageEvent, person: Person) -> str:
        """Keep what a draft's form brought back, and return what to say."""
        who = _who(person)
        if event.name == CHANGE:
            press = read_press({**read_press(event.value).model_dump(), **event.fields})
            return await asyncio.to_thread(partial(self._drafts.order, REWRITE, press, **who))
        edit = partial(self._drafts.edit, read_press(event.value), event.fields, **who)
        await asyncio.to_thread(edit)
        return "Your edit is kept."

    async def look(self, job_id: UUID, person: Person) -> str:
        """Return the question whose answer an e-mail is to be about."""
        return (await asyncio.to_thread(partial(self._requests.look, job_id, channel=None, **_who(person)))).question

    async def request(self, job_id: UUID, fields: dict[str, str], person: Person) -> EmailQuestion:
        """Return what the form asks for."""
        about = await asyncio.to_thread(partial(self._requests.look, job_id, channel=None, **_who(person)))
        return await asyncio.to_thread(self._requests.read, fields, about)


def _who(person: Person) -> dict[str, str]:
    return {"tenant": LOCAL_TENANT, "person_id": person.id}
