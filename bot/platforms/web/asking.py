"""Every way of asking on the page: the composer, a suggestion, "try again", speakers' names and a watch's buttons.

Errors are left to the page: each has a reply to show there.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from assistant.errors import NothingFound
from assistant.job_kinds import LOG_INSPECTION, MEETING_SUMMARY
from assistant.mentions import LOCAL_TENANT, Attachment, Mention
from assistant.watch_words import WATCH_BUTTONS
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.dialogs import names_of
from bot.platforms.web.page_events import PageEvent
from bot.platforms.web.recaps import recap_file
from bot.platforms.web.shown_conversation import ShownConversation
from bot.platforms.web.suggestions import Suggestion, attach
from bot.platforms.web.turn_view import TurnView
from bot.platforms.web.uploads import UploadTokens
from bot.speaker_names import ask_with_names


class Asking:
    """Hands questions to intake and shows them as the conversation's latest turn."""

    def __init__(
        self,
        deps: WebDependencies,
        shown: ShownConversation,
        *,
        uploads: UploadTokens,
        suggestions: tuple[Suggestion, ...],
    ) -> None:
        self._deps = deps
        self._shown = shown
        self._uploads = uploads
        self._suggestions = suggestions
        self._draft_id = uuid4().hex  # of the next suggested question: pressing it twice is one question

    async def send(self, event: PageEvent) -> None:
        """Ask what the composer holds, and empty it."""
        attachments = self._uploads.attachments(self._shown.person, event.files)
        draft_id = event.draft or uuid4().hex
        text, kind = event.text, event.kind or None
        recap = None
        if not attachments and kind in (None, MEETING_SUMMARY.name):
            look = partial(recap_file, self._deps, self._shown.conversation, self._shown.person, text)
            recap = await asyncio.to_thread(look, now=datetime.now(UTC))
        if recap is not None:  # a question would be answered from the turns; this asks for all of them
            text, kind, attachments = text.rstrip(" ?"), MEETING_SUMMARY.name, (recap,)
        job_id, conversation_id = await self.take(text, attachments, kind, draft_id)
        self._shown.frame.say_error("")
        self._shown.run("sent")
        await self._shown.show_asked(job_id, conversation_id)

    async def suggest(self, event: PageEvent) -> None:
        """Ask the suggested question that was pressed, with its files."""
        if event.n is None or event.n > len(self._suggestions):
            raise NothingFound(f"no suggestion {event.n}")
        suggestion = self._suggestions[event.n - 1]
        attachments = await asyncio.to_thread(attach, suggestion, self._deps.blobs)
        job_id, conversation_id = await self.take(suggestion.text, attachments, suggestion.kind, self._draft_id)
        self._draft_id = uuid4().hex
        await self._shown.show_asked(job_id, conversation_id)

    async def retry(self, event: PageEvent) -> None:
        """Ask a turn's question again."""
        view = self._shown.turn(event).view
        draft_id = f"retry:{view.id.hex}"  # pressed twice, it is asked again once; the new turn has its own button
        job_id, conversation_id = await self.take(
            view.question, view.attachments, view.kind, draft_id, options=view.options
        )
        await self._shown.show_asked(job_id, conversation_id)

    async def ask_with_names(self, event: PageEvent, turn: TurnView) -> None:
        """Put the names of the dialog into the minutes, or ask for them again where nobody has worked on them."""
        view, names, person = turn.view, names_of(event.text), self._shown.person
        again = ask_with_names(view, person.id, names)
        if await asyncio.to_thread(self._deps.minutes.name_speakers, view.id, names, person):
            self._shown.frame.announce("The names are kept, and so are the corrections.")
            await self._shown.show_again(turn)
            return
        job_id, conversation_id = await self.take(
            view.question, view.attachments, view.kind, again.key, options=dict(again.options)
        )
        await self._shown.show_asked(job_id, conversation_id)

    async def ask_of_watch(self, event: PageEvent) -> None:
        """Ask in words what a button under a watch's report stands for."""
        asked = await self.take(WATCH_BUTTONS[event.name], (), LOG_INSPECTION.name, uuid4().hex)
        await self._shown.show_asked(*asked)

    async def take(
        self,
        text: str,
        attachments: tuple[Attachment, ...],
        kind: str | None,
        draft_id: str,
        *,
        options: dict[str, Any] | None = None,
    ) -> tuple[UUID, UUID]:
        """Hand a question to intake; return its job's id and its conversation's. It isn't shown yet."""
        person = self._shown.person
        mention = Mention(
            event_key=f"web:{LOCAL_TENANT}:{person.id}:{draft_id}",
            conversation=self._shown.key,
            asker=person,
            text=text,
            attachments=attachments,
            kind=kind,
            options=options or {},
        )
        accepted = await asyncio.to_thread(self._deps.intake.take, mention)
        return accepted.job_id, accepted.conversation_id
