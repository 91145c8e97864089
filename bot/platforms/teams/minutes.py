"""Buttons and the form under minutes in Teams. Who may, and what happens, is bot/minutes.py's.

The form takes the place of the message's content; what it brings back is one more button's data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from assistant.errors import RequestInvalid
from assistant.mentions import Mention, Person
from assistant.minutes.edits import HINTS, HOW_TO, TITLES
from bot.minutes import EDIT, FORGET, ORDERS, MinutesDesk, read_press
from bot.platforms.teams import cards

EDITED = EDIT + "ed"
Json = dict[str, Any]


class MinutesButtons:
    """Acts on presses; what comes back is the sentence, or the form, to show."""

    def __init__(self, minutes: MinutesDesk) -> None:
        self._minutes = minutes

    async def name_speakers(self, job_id: UUID, names: Mapping[str, str], person: Person) -> bool:
        """Put the names into minutes that somebody has worked on; False: they are better asked for again.

        Raises:
            StewardError: as MinutesDesk says; the reply is safe to show.
        """
        return await asyncio.to_thread(self._minutes.name_speakers, job_id, names, person)

    async def press(self, name: str, data: Mapping[str, Any], mention: Mention) -> str | Json:
        """Do what the button says; `mention` is what who presses would ask here.

        Raises:
            StewardError: as MinutesDesk says; the reply is safe to show.
        """
        pressed, reader = read_press(data), self._minutes.reader(mention)
        if name == FORGET and not data.get("sure"):
            return _sure(data)
        if name in ORDERS:
            return await asyncio.to_thread(self._minutes.order, name, pressed, reader, mention.asker)
        if name == EDIT:
            fields = await asyncio.to_thread(self._minutes.form, pressed, reader)
            place = {"minutes": str(pressed.minutes), "revision": pressed.revision, "job_id": str(pressed.minutes)}
            return _form(fields, place)
        if name == EDITED:
            fields = {section: str(data[section]) for section in TITLES if section in data}
            await asyncio.to_thread(self._minutes.edit, pressed, fields, reader, mention.asker)
            return "Your corrections are kept."
        raise RequestInvalid(f"unknown button {name[:40]!r}", reply="I don't know that button any more.")


def _sure(data: Mapping[str, Any]) -> Json:
    """Ask before minutes are deleted: a card's button can't ask by itself."""
    place = {name: data[name] for name in ("minutes", "revision", "job_id")} | {"sure": True}
    words = cards.text_block("The minutes, every revision of them and what was said are deleted for good.")
    content: Json = cards.card([words], [cards.button(FORGET, "Forget", place, "danger")])["content"]
    return content


def _form(fields: Mapping[str, str], place: Json) -> Json:
    body: list[Json] = [cards.text_block(HOW_TO)]
    body += [
        {
            "type": "Input.Text",
            "id": section,
            "label": f"{title}: {HINTS[section]}",
            "value": fields[section],
            "isMultiline": True,
        }
        for section, title in TITLES.items()
    ]
    content: Json = cards.card(body, [cards.button(EDITED, "Keep", place, "primary")])["content"]
    return content
