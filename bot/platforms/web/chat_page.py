"""The chat page of one open browser tab: who acts, which act it is, and what is said when it fails.

The page holds no truth: every act goes to a store or to intake, and running jobs are followed in the ledger. What is
shown lies in shown_conversation.py, what each act does in the modules of the acts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog
from nicegui import Client, ui
from nicegui.events import GenericEventArguments
from pydantic import ValidationError

from assistant.access import may_run
from assistant.errors import StewardError
from assistant.job_kinds import JOB_KINDS
from assistant.mail.about import WRITE_ABOUT
from assistant.mail.shown import PREFIX
from assistant.mentions import Person
from assistant.minutes.kept import NAME_SPEAKERS
from assistant.minutes.kept import PREFIX as MINUTES_PREFIX
from assistant.observability import ERRORS
from assistant.watch_words import WATCH_BUTTONS
from bot.platforms.web.answer_acts import AnswerActs
from bot.platforms.web.asking import Asking
from bot.platforms.web.chat_frame import ChatFrame
from bot.platforms.web.composer import render_welcome
from bot.platforms.web.conversation_acts import ConversationActs
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.draft_acts import DraftActs
from bot.platforms.web.follow import JobFollower
from bot.platforms.web.minutes_acts import MinutesActs
from bot.platforms.web.page_events import PageEvent
from bot.platforms.web.shown_conversation import ShownConversation
from bot.platforms.web.suggestions import suggestions_for
from bot.platforms.web.turn_view import trusted_html
from bot.platforms.web.uploads import UploadTokens

log = structlog.get_logger()


class ChatPage:
    """One tab. Made inside NiceGUI's page function; `show` fills it, `handle` answers to the browser."""

    def __init__(
        self,
        deps: WebDependencies,
        *,
        follower: JobFollower,
        uploads: UploadTokens,
        who: Callable[[], Person | None],
        person: Person,
        office: str | None,
        client: Client,
    ) -> None:
        self._who = who
        self._client = client
        self._kinds = [kind for kind in JOB_KINDS.values() if may_run(person, kind)]
        self._frame = ChatFrame(
            person,
            office,
            self._kinds,
            max_file_bytes=deps.settings.max_upload_bytes,
            may_switch=deps.settings.steward_sign_in == "demo",
        )
        self._suggestions = suggestions_for(person, deps.suggestions)
        self._shown = ShownConversation(
            deps, self._frame, follower=follower, person=person, client=client, show_welcome=self._show_welcome
        )
        self._asking = Asking(deps, self._shown, uploads=uploads, suggestions=self._suggestions)
        self._drafts = DraftActs(deps, self._shown, self._asking)
        self._minutes = MinutesActs(deps, self._shown)
        answers, conversations = AnswerActs(deps, self._shown), ConversationActs(deps, self._shown)
        self._acts: Final = {
            "send": self._asking.send,
            "suggest": self._asking.suggest,
            "stop": answers.stop,
            "retry": self._asking.retry,
            "cite": answers.cite,
            "thumb-up": answers.thumb,
            "thumb-down": answers.thumb,
            "feedback": answers.thumb,
            "action": self._press,
            "draft": self._drafts.keep,
            "minutes": self._minutes.keep,
            "email": self._drafts.ask_for_email,
            "new": conversations.new,
            "open": conversations.open,
            "rename": conversations.rename,
            "delete": conversations.delete,
        }

    async def show(self, conversation_id: UUID | None) -> None:
        """Begin to listen to the browser, and show the conversation (None: a new one)."""
        ui.on("steward", self._on_event)
        await self._shown.show(conversation_id)

    def _show_welcome(self) -> None:
        trusted_html(render_welcome(self._shown.person, self._suggestions, self._kinds))

    async def _on_event(self, event: GenericEventArguments) -> None:
        """Do what the browser asks for. A named boundary: whatever fails is said in one sentence."""
        try:
            act = PageEvent.model_validate(event.args)
        except ValidationError as error:
            log.warning("page.event_refused", problems=error.error_count())
            return
        await self.handle(act)

    async def handle(self, event: PageEvent) -> None:
        """Do one act; errors become a sentence on the page, and the composer keeps its text."""
        try:
            person = await asyncio.to_thread(self._who)
            if person is None:
                self._shown.run("signIn")
                return
            self._shown.person = person  # with the groups and the role they have now
            await self._acts[event.act](event)
        except StewardError as error:
            ERRORS.labels(error.code).inc()
            log.warning("page.act_refused", act=event.act, code=error.code, error=str(error))
            self._fail(event, error.reply)
        except Exception:
            ERRORS.labels("internal").inc()
            log.exception("page.act_failed", act=event.act, job_id=str(event.job) if event.job else None)
            about = f" It concerns job {event.job}." if event.job else ""
            self._fail(event, StewardError.default_reply + about)

    def _fail(self, event: PageEvent, sentence: str) -> None:
        with self._client:
            kept = " Your text is kept below." if event.act == "send" and event.text else ""
            self._frame.say_error(sentence + kept)
            if event.act == "send":
                self._shown.run("sendFailed")

    async def _press(self, event: PageEvent) -> None:
        """Do what a button under an answer stands for."""
        turn = self._shown.turn(event)
        if event.name == "retry":
            await self._asking.retry(event)
        elif event.name == NAME_SPEAKERS:
            await self._asking.ask_with_names(event, turn)
        elif event.name == WRITE_ABOUT:
            await self._drafts.open_email_form(turn)
        elif event.name.startswith(PREFIX):
            await self._drafts.press(event, turn)
        elif event.name.startswith(MINUTES_PREFIX):
            await self._minutes.press(event, turn)
        elif event.name in WATCH_BUTTONS:
            await self._asking.ask_of_watch(event)
        else:
            log.warning("page.action_unknown", name=event.name, job_id=str(turn.job_id))
            self._frame.say_error("That button doesn't work on the web page yet.")
