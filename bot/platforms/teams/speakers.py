"""The form that names the speakers of minutes in Teams: it takes the place of the buttons under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from assistant.minutes.kept import NAME_SPEAKERS
from bot.platforms.teams import cards
from bot.speaker_names import MAX_NAME_CHARS, SUBMIT, TITLE

NAMED: Final = NAME_SPEAKERS + "_ok"  # the form's own button
_FIELD: Final = "name:"  # what comes back with a button is one object: labels must not meet its other fields
Json = dict[str, Any]


def speakers_form(speakers: Sequence[str], job_id: UUID) -> Json:
    """Return the card's content that asks who each speaker is."""
    body: list[Json] = [cards.text_block(TITLE, weight="Bolder")]
    body += [
        {"type": "Input.Text", "id": _FIELD + label, "label": label, "maxLength": MAX_NAME_CHARS}
        for label in speakers
    ]
    content: Json = cards.card(body, [cards.button(NAMED, SUBMIT, {"job_id": str(job_id)}, "primary")])["content"]
    return content


def names_filled_in(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what the form brings back, by the speaker's label."""
    return {name.removeprefix(_FIELD): str(said or "") for name, said in data.items() if name.startswith(_FIELD)}
