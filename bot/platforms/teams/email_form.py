"""The form that asks for an e-mail about an answer in Teams: it takes the place of the answer's buttons.

The draft is its asker's alone: it comes in their own chat with the bot, wherever the button was pressed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

from assistant.mail.about import WRITE_ABOUT
from assistant.mail.draft import LANGUAGES, LENGTHS, Tone
from assistant.mentions import Audience, Mention
from assistant.storage.job_store import JobView
from bot.email_requests import KIND, MAX_REQUEST_CHARS, EmailRequests
from bot.intake import Intake
from bot.platforms.teams import cards
from bot.platforms.teams.own_chat import OwnChats
from bot.platforms.teams.parse import event_key, tenant_of
from bot.platforms.teams.people import TeamsDirectory
from bot.platforms.teams.wire import TeamsActivity

WRITTEN = WRITE_ABOUT + "_ok"  # the form's own button
_FIELDS = ("request", "to", "cc", "tone", "length", "language")
Json = dict[str, Any]


class EmailForm:
    """Shows the form and takes it in."""

    def __init__(self, requests: EmailRequests, intake: Intake, directory: TeamsDirectory, chats: OwnChats) -> None:
        self._requests = requests
        self._intake = intake
        self._directory = directory
        self._chats = chats

    async def press(self, activity: TeamsActivity, name: str, view: JobView, data: Mapping[str, Any]) -> str | Json:
        """Return the form, or what to say once it was filled in.

        Raises:
            RequestInvalid, NotPermitted, NothingFound: as EmailRequests says, and as Intake.take.
        """
        known = await self._directory.known(activity)
        is_read_by_others = activity.kind != "personal"  # buttons.py has seen that this is where it was asked
        channel = view.conversation.channel if is_read_by_others else None
        look = partial(
            self._requests.look, view.id, tenant=tenant_of(activity), person_id=known.person.id, channel=channel
        )
        about = await asyncio.to_thread(look)
        if name == WRITE_ABOUT:
            return _form(about)
        fields = {field: str(data.get(field) or "") for field in _FIELDS}
        asked = await asyncio.to_thread(self._requests.read, fields, about)
        place, target = await self._chats.of(activity)
        mention = Mention(
            event_key=event_key(activity, "email", str(view.id)),
            conversation=place,
            asker=known.person,
            text=asked.text,
            attachments=asked.attachments,
            audience=Audience.OUTSIDERS if known.is_outsider else Audience.ASKER,
            kind=KIND,
            options=dict(asked.options),
            reply_target=target.model_dump(mode="json"),
        )
        accepted = await asyncio.to_thread(self._intake.take, mention)
        return "I'm on it already." if accepted.duplicate else "I'm on it; you'll find the draft in our chat."


def _form(about: JobView) -> Json:
    tones = {tone: tone.capitalize() for tone in get_args(Tone)}
    lengths = {length: length.capitalize() for length in LENGTHS}
    fields: list[Json] = [
        {"type": "Input.Text", "id": "to", "label": "To (names or addresses)", "maxLength": 2_000},
        {"type": "Input.Text", "id": "cc", "label": "Copy to", "maxLength": 2_000},
        {
            "type": "Input.Text",
            "id": "request",
            "label": "What should it say besides the answer?",
            "isMultiline": True,
            "maxLength": MAX_REQUEST_CHARS,
        },
        _choice("tone", "Tone", tones),
        _choice("length", "Length", lengths),
        _choice("language", "Language", LANGUAGES),
    ]
    keep = cards.button(WRITTEN, "Draft", {"job_id": str(about.id)}, "primary")
    content: Json = cards.card(fields, [keep])["content"]
    return content


def _choice(name: str, label: str, options: Mapping[Any, str]) -> Json:
    choices = [{"title": words, "value": value} for value, words in options.items()]
    return {
        "type": "Input.ChoiceSet",
        "id": name,
        "label": label,
        "placeholder": "As the request says",
        "choices": choices,
    }
