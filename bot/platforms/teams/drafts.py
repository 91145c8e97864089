"""Buttons and forms under an e-mail draft in Teams. Who may, and what happens, is bot/drafts.py's.

A form takes the place of the buttons in their message; what it brings back is one more button's data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

from assistant.mail.draft import LANGUAGES, LENGTHS, Tone
from bot.drafts import CHANGE, DOWNLOAD, EDIT, ORDERS, REWRITE, DraftDesk, form_values, read_press
from bot.platforms.teams import cards

NOTES_CHARS = 3_000
EDITED = EDIT + "ed"
CHANGED = CHANGE + "d"
Json = dict[str, Any]


class DraftButtons:
    """Acts on presses; what comes back is the sentence, or the form, to show."""

    def __init__(self, drafts: DraftDesk, base_url: str | None) -> None:
        self._drafts = drafts
        self._base_url = base_url

    async def press(self, name: str, data: Mapping[str, Any], *, tenant: str, person_id: str) -> str | Json:
        """Do what the button says.

        Raises:
            StewardError: as DraftDesk says; the reply is safe to show.
        """
        pressed, who = read_press(data), {"tenant": tenant, "person_id": person_id}
        if name in ORDERS:
            return await asyncio.to_thread(partial(self._drafts.order, name, pressed, **who))
        if name == CHANGED:
            return await asyncio.to_thread(partial(self._drafts.order, REWRITE, pressed, **who))
        if name == EDITED:
            fields = {field: str(data.get(field) or "") for field in ("to", "cc", "bcc", "subject", "body")}
            await asyncio.to_thread(partial(self._drafts.edit, pressed, fields, **who))
            return "Your edit is kept."
        kept = await asyncio.to_thread(partial(self._drafts.look, pressed, **who))
        place = {"draft": pressed.draft, "revision": pressed.revision, "job_id": str(kept.job_id)}
        if name == EDIT:
            return _edit_form(form_values(kept.draft), place)
        if name == CHANGE:
            return _change_form(form_values(kept.draft), place)
        if name == DOWNLOAD and self._base_url:
            return f"Here it is: {self._base_url}/drafts/{pressed.draft}.eml"
        return "Files can't be downloaded from Teams here: no web address is set up. The text can be copied."


def _edit_form(values: Mapping[str, str], place: Json) -> Json:
    lines = [_text(name, label, values) for name, label in (("to", "To"), ("cc", "Cc"), ("bcc", "Bcc"))]
    lines += [_text("subject", "Subject", values), {**_text("body", "Text", values), "isMultiline": True}]
    if notes := values.get("facts"):
        said = f"Where the facts come from:\n\n{notes[:NOTES_CHARS]}".replace("\n", "\n\n")
        lines.append(cards.text_block(said, isSubtle=True, size="Small"))
    keep = cards.button(EDITED, "Keep", place, "primary")
    content: Json = cards.card(lines, [keep])["content"]
    return content


def _change_form(values: Mapping[str, str], place: Json) -> Json:
    tones = {tone: tone.capitalize() for tone in get_args(Tone)}
    lengths = {length: length.capitalize() for length in LENGTHS}
    choices = [
        _choice("tone", "Tone", tones, values),
        _choice("length", "Length", lengths, values),
        _choice("language", "Language", LANGUAGES, values),
    ]
    content: Json = cards.card(choices, [cards.button(CHANGED, "Write it anew", place, "primary")])["content"]
    return content


def _text(name: str, label: str, values: Mapping[str, str]) -> Json:
    return {"type": "Input.Text", "id": name, "label": label, "value": values[name]}


def _choice(name: str, label: str, options: Mapping[Any, str], values: Mapping[str, str]) -> Json:
    choices = [{"title": words, "value": value} for value, words in options.items()]
    return {"type": "Input.ChoiceSet", "id": name, "label": label, "value": values[name], "choices": choices}
