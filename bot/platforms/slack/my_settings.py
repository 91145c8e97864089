"""What a person sets for themselves in the Home tab, and their data: all of it as a file, or forgotten."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic import ValidationError
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from assistant.errors import RequestInvalid
from assistant.mail.draft import LANGUAGES as LANGUAGES_OF_MAIL
from assistant.mail.draft import Language
from assistant.mail.style import BETWEEN, MAX_STYLE_CHARS
from assistant.manner import LANGUAGES, NAME, TONES
from assistant.preferences import MAX_SIGNATURE_CHARS, PersonSettings
from bot.platforms.slack.channel_form import AS_ASKED, WITH_A_MODEL, language_choice
from bot.platforms.slack.client import call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.interactions import Press, Presses
from bot.platforms.slack.modals import View, boxes, choice, field, modal, read_values, text_input
from bot.platforms.slack.modals import plain as modal_text
from bot.platforms.slack.parse import Workspace
from bot.platforms.slack.text import plain

log = structlog.get_logger()

HABITS = {
    "private_answers": "Answer me privately, also when I ask in a channel",
    "tell_when_done": "Tell me when work that took longer than a minute is done",
    "learns_mail_style": "Learn how I begin and end e-mails from drafts I save or send",
}
STYLE = f"Greeting with {NAME} for the name, {BETWEEN} for the text, sign-off, signature. Empty: forget it."
Redraw = Callable[[Workspace, str], Coroutine[Any, Any, None]]


def register(app: AsyncApp, desk: Desk, presses: Presses, redraw: Redraw) -> None:
    """Put the form's listener on the Bolt app, and the buttons among the others; `redraw` shows the tab again."""
    settings = MySettings(desk, redraw)
    app.view("steward:person")(settings.on_sent)
    presses.add("settings", settings.open)
    presses.add("export", settings.export)
    presses.add("forget", settings.forget)


class MySettings:
    """One method a button or form."""

    def __init__(self, desk: Desk, redraw: Redraw) -> None:
        self._desk = desk
        self._redraw = redraw

    async def open(self, press: Press, _value: dict[str, Any]) -> None:
        """Show the form, filled in with what holds now."""
        workspace = press.workspace
        settings = await asyncio.to_thread(self._desk.preferences.person, workspace.team, press.user.id)
        bot = await self._desk.installations.bot(workspace)
        view = person_view(settings)
        await call(self._desk.api.writing(bot.token).views_open(trigger_id=press.trigger_id, view=view))

    async def on_sent(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Keep what the person set: it is their own, and no right but being them is needed."""
        press = Press.model_validate(body)
        workspace, values = press.workspace, read_values(press.view)
        before = await asyncio.to_thread(self._desk.preferences.person, workspace.team, press.user.id)
        try:
            settings = as_filled_in(values, before, now=datetime.now(UTC))
        except ValidationError:
            await ack(response_action="errors", errors={"signature": "That can't be kept. A shorter name, please."})
            return
        except RequestInvalid as error:
            shown = [block_of(one) for one in LANGUAGES_OF_MAIL if values.get(block_of(one))]
            await ack(response_action="errors", errors=dict.fromkeys(shown, error.reply))
            return
        await asyncio.to_thread(self._desk.preferences.save_person, workspace.team, press.user.id, settings)
        self._desk.later(self._redraw(workspace, press.user.id))
        await ack()

    async def export(self, press: Press, _value: dict[str, Any]) -> None:
        """Send the person everything kept about them, as a JSON file in their direct messages."""
        self._desk.later(self._send_export(press.workspace, press.user.id))

    async def _send_export(self, workspace: Workspace, user_id: str) -> None:
        kept = await asyncio.to_thread(self._desk.dependencies.person_data.export, workspace.team, user_id)
        bot = await self._desk.installations.bot(workspace)
        channel = await self._desk.messages.direct_channel(bot, workspace.team, user_id)
        client = self._desk.api.writing(bot.token)
        await call(
            client.files_upload_v2(
                channel=channel,
                content=json.dumps(kept, ensure_ascii=False, indent=1),
                filename="steward-export.json",
                title="What Steward keeps of you",
                initial_comment="Your questions on all platforms with my answers and their receipts, your feedback "
                "and your settings, as they are kept.",
            )
        )

    async def forget(self, press: Press, _value: dict[str, Any]) -> None:
        """Delete what is kept about the person; Slack's own messages stay where they are."""
        workspace, user_id = press.workspace, press.user.id
        data = self._desk.dependencies.person_data
        count = await asyncio.to_thread(data.forget, workspace.team, user_id)
        self._desk.directory.person_changed(workspace, user_id)
        log.info("person.forgotten", questions=count)
        self._desk.later(self._say_forgotten(workspace, user_id))

    async def _say_forgotten(self, workspace: Workspace, user_id: str) -> None:
        """Empty the tab. Drawing it as usual would look the person up, and so remember them again."""
        words = "Forgotten. Ask me anything, or open this tab again, and I begin to know you anew."
        view = {"type": "home", "blocks": [{"type": "section", "text": modal_text(words)}]}
        bot = await self._desk.installations.bot(workspace)
        await call(self._desk.api.writing(bot.token).views_publish(user_id=user_id, view=view))


def person_view(settings: PersonSettings) -> View:
    """Return the form of a person's settings."""
    ticked = [name for name in HABITS if getattr(settings, name)]
    signature = text_input(settings.signature, most_chars=MAX_SIGNATURE_CHARS)
    blocks = [
        field("language", "Language of answers to you alone", language_choice(settings.language), hint=WITH_A_MODEL),
        field("tone", "Tone of answers to you alone", choice(TONES, settings.tone), hint=WITH_A_MODEL),
        field("habits", "How I answer you", boxes(HABITS, ticked), True),
        field("signature", "Name under my e-mail drafts", signature, True, hint="Empty: your name."),
    ]
    blocks += [
        field(
            block_of(language), f"My e-mails in {LANGUAGES_OF_MAIL[language]}", _style_input(text), True, hint=STYLE
        )
        for language, text in settings.styles_to_edit.items()
    ]
    return modal("steward:person", "My settings", blocks, {}, submit="Save")


def block_of(language: Language) -> str:
    """Return the name of the field that holds how somebody writes in a language."""
    return f"style_{language}"


def as_filled_in(values: dict[str, Any], before: PersonSettings, *, now: datetime) -> PersonSettings:
    """Return the settings of a form; what it did not show stays as it was `before`.

    Raises:
        ValidationError: a value is none of those offered, or the name is too long.
        RequestInvalid: what stands for how they write can't be read.
    """
    language, habits = values.get("language") or AS_ASKED, values.get("habits") or ()
    settings = PersonSettings.model_validate(
        {
            **before.model_dump(),
            "tone": values.get("tone") or "neutral",
            "language": None if language == AS_ASKED else language,
            "signature": " ".join(str(values.get("signature") or "").split()),
            "private_answers": "private_answers" in habits,
            "tell_when_done": "tell_when_done" in habits,
        }
    )
    written = {one: str(values[block_of(one)] or "") for one in LANGUAGES_OF_MAIL if block_of(one) in values}
    return settings.with_style_form("learns_mail_style" in habits, written, now=now)


def _style_input(text: str) -> View:
    return {**text_input(text, most_chars=MAX_STYLE_CHARS), "multiline": True}


def in_words(settings: PersonSettings) -> str:
    """Return the settings in a line of mrkdwn."""
    language = LANGUAGES[settings.language] if settings.language else "as you ask"
    facts = [f"Language: {language}", f"tone: {TONES[settings.tone].split(':')[0].lower()}"]
    facts += ["private answers"] if settings.private_answers else []
    facts += ["a note when long work is done"] if settings.tell_when_done else []
    facts += ["learns how you begin and end e-mails"] if settings.learns_mail_style else []
    facts += [f"e-mails signed {plain(settings.signature)}"] if settings.signature else []
    return " · ".join(facts)
