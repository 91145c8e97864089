"""The chat page of one open browser tab: what it shows, and what each act of the person does.

The page holds no truth: every act goes to a store or to intake, and running jobs are followed in the ledger.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from markupsafe import Markup
from nicegui import Client, ui
from nicegui.events import GenericEventArguments
from pydantic import ValidationError

from assistant.access import may_run, readable_groups
from assistant.errors import NothingFound, NotPermitted, StewardError
from assistant.job_kinds import JOB_KINDS
from assistant.mentions import Attachment, ConversationKey, Mention, Person, Platform
from assistant.observability import ERRORS
from assistant.replies import Citation
from assistant.storage.conversation_store import Conversation
from assistant.storage.feedback_store import Verdict
from assistant.storage.job_views import JobView
from bot.feedback import FeedbackDesk
from bot.platforms.web.composer import render_composer, render_welcome
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.dialogs import render_dialogs
from bot.platforms.web.follow import JobFollower
from bot.platforms.web.icons import icon
from bot.platforms.web.markup import element, join
from bot.platforms.web.page_events import PageEvent
from bot.platforms.web.rail import render_brand, render_conversations, render_person, render_search
from bot.platforms.web.reader import open_citation
from bot.platforms.web.render import citations_of
from bot.platforms.web.safe_markdown import render_markdown
from bot.platforms.web.session import LOCAL_TENANT
from bot.platforms.web.turn_view import TurnView, trusted_html
from bot.platforms.web.turns import announcement
from bot.platforms.web.uploads import UploadTokens

log = structlog.get_logger()

RAIL_LENGTH: Final = 200  # conversations in the list
SHOWN_TURNS: Final = 50  # of one conversation, the latest


class ChatPage:
    """One tab. Made inside NiceGUI's page function; `build` fills it, `handle` answers to the browser."""

    def __init__(
        self, deps: WebDependencies, follower: JobFollower, uploads: UploadTokens, person: Person, client: Client
    ) -> None:
        self._deps = deps
        self._follower = follower
        self._uploads = uploads
        self._person = person
        self._client = client
        self._desk = FeedbackDesk(deps.jobs, deps.feedback)
        self._conversation: Conversation | None = None
        self._thread = uuid4().hex  # of the next new conversation
        self._draft_id = uuid4().hex  # of the next question: sending it twice is one question
        self._turns: dict[UUID, TurnView] = {}
        self._unfollow: list[Callable[[], None]] = []
        self._acts: Final = {
            "send": self._send,
            "stop": self._stop,
            "retry": self._retry,
            "cite": self._cite,
            "thumb-up": self._thumb,
            "thumb-down": self._thumb,
            "feedback": self._thumb,
            "action": self._action,
            "new": self._new,
            "open": self._open,
            "rename": self._rename,
            "delete": self._delete,
        }
        client.on_delete(self._stop_following)

    # ------------------------------------------------------------------ building
    async def build(self, conversation_id: UUID | None, *, office: str | None) -> None:
        """Put the page together and show the conversation (None: a new one)."""
        kinds = [kind for kind in JOB_KINDS.values() if may_run(self._person, kind)]
        settings = self._deps.settings
        may_switch = settings.steward_sign_in == "demo"
        ui.on("steward", self._on_event)
        trusted_html(element("a", "Skip to the conversation", href="#question", class_="skip"))
        with ui.element("div").classes("shell").props('id="shell"'):
            with ui.element("nav").classes("rail").props('id="rail" aria-label="Conversations"'):
                trusted_html(render_brand())
                trusted_html(render_search())
                self._rail = trusted_html(None).classes("rail-list").props('id="rail-list"')
                is_admin = self._person.role == "admin"
                trusted_html(render_person(self._person, office, is_admin=is_admin, may_switch=may_switch))
            trusted_html(_scrim()).classes("scrim-frame")
            with ui.element("main").classes("thread").props('id="thread"'):
                self._header = trusted_html(None).classes("thread-head")
                with (
                    ui.element("div")
                    .classes("messages")
                    .props('id="messages" tabindex="-1" aria-label="Conversation" role="region"')
                ):
                    self._messages = ui.element("div").classes("turns")
                self._error = trusted_html(None).classes("thread-error").props('role="alert" id="thread-error"')
                trusted_html(render_composer(kinds, max_file_bytes=settings.max_upload_bytes)).classes(
                    "composer-frame"
                )
            self._reader = (
                trusted_html(None, tag="aside").classes("reader").props('id="reader" aria-labelledby="reader-title"')
            )
        self._status = trusted_html(None).classes("sr-only").props('role="status" aria-live="polite"')
        trusted_html(render_dialogs())
        self._kinds = kinds
        await self._show(conversation_id)

    async def _show(self, conversation_id: UUID | None) -> None:
        """Show another conversation, or a new one; what is not this person's is as good as not there."""
        self._stop_following()
        self._turns.clear()
        self._messages.clear()
        self._say_error("")
        self._conversation = None
        views: list[JobView] = []
        verdicts: dict[UUID, str] = {}
        try:
            if conversation_id is not None:
                self._conversation = await asyncio.to_thread(self._own_conversation, conversation_id)
                views, verdicts = await asyncio.to_thread(self._history, conversation_id)
        except StewardError as error:
            self._say_error(error.reply)
        with self._messages:
            if not views:
                trusted_html(render_welcome(self._person, self._deps.suggestions, self._kinds))
            for view in views:
                self._add_turn(view, verdicts.get(view.id))
        self._show_header()
        await self._show_rail()

    def _own_conversation(self, conversation_id: UUID) -> Conversation:
        conversation = self._deps.conversations.get(conversation_id)
        key = conversation.key
        if key.platform is not Platform.WEB or (key.tenant, key.channel) != (LOCAL_TENANT, self._person.id):
            raise NothingFound(f"conversation {conversation_id} is another person's")
        return conversation

    def _history(self, conversation_id: UUID) -> tuple[list[JobView], dict[UUID, str]]:
        ids = self._deps.conversations.jobs_of(conversation_id)[-SHOWN_TURNS:]
        views = self._deps.jobs.views(ids)
        given = {job_id: self._deps.feedback.of(job_id, self._person.id) for job_id in ids}
        return views, {job_id: feedback.verdict for job_id, feedback in given.items() if feedback}

    def _add_turn(self, view: JobView, verdict: str | None) -> None:
        self._turns[view.id] = TurnView(view, self._person, verdict=verdict)
        if not view.status.is_final:
            self._unfollow.append(self._follower.follow(view.id, partial(self._on_view, view.id)))

    def _show_header(self) -> None:
        title = (self._conversation.title if self._conversation else None) or "New conversation"
        menu = element(
            "button",
            icon("menu"),
            type="button",
            class_="tool menu",
            data_act="open-rail",
            aria_label="Conversations",
            aria_controls="rail",
        )
        tools = None
        if self._conversation is not None:
            tools = element(
                "span",
                element(
                    "button",
                    icon("pencil"),
                    type="button",
                    class_="tool",
                    data_act="ask-rename",
                    data_text=title,
                    aria_label="Rename",
                    title="Rename",
                ),
                element(
                    "button",
                    icon("trash"),
                    type="button",
                    class_="tool",
                    data_act="ask-delete",
                    aria_label="Delete",
                    title="Delete",
                ),
            )
        self._header.set_content(str(join([menu, element("h1", title), tools])))
        self._run("title", f"{title} · Steward")

    async def _show_rail(self) -> None:
        try:
            listed = await asyncio.to_thread(
                self._deps.conversations.list_for, Platform.WEB, LOCAL_TENANT, self._person.id, RAIL_LENGTH
            )
        except StewardError as error:
            self._say_error(error.reply)
            return
        current = self._conversation.id if self._conversation else None
        self._rail.set_content(str(render_conversations(listed, current, today=datetime.now(UTC).date())))

    # ------------------------------------------------------------------ following
    def _on_view(self, job_id: UUID, view: JobView | None) -> None:
        turn = self._turns.get(job_id)
        if turn is None or view is None:
            return
        with self._client:
            before = announcement(turn.view)
            turn.show(view)
            if (now := announcement(view)) != before:
                self._status.set_content(str(element("span", now)))

    def _stop_following(self) -> None:
        while self._unfollow:
            self._unfollow.pop()()

    # ------------------------------------------------------------------ acts
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
            self._say_error(sentence + kept)
            if event.act == "send":
                self._run("sendFailed")

    async def _send(self, event: PageEvent) -> None:
        attachments = self._uploads.attachments(self._person, event.files)
        job_id, conversation_id = await self._ask(event.text, attachments, event.kind or None, self._draft_id)
        self._draft_id = uuid4().hex
        self._say_error("")
        self._run("sent")
        await self._show_asked(job_id, conversation_id)

    async def _retry(self, event: PageEvent) -> None:
        view = self._turn(event).view
        job_id, conversation_id = await self._ask(view.question, view.attachments, view.kind, uuid4().hex)
        await self._show_asked(job_id, conversation_id)

    async def _ask(
        self, text: str, attachments: tuple[Attachment, ...], kind: str | None, draft_id: str
    ) -> tuple[UUID, UUID]:
        key = self._conversation.key if self._conversation else self._new_key()
        mention = Mention(
            event_key=f"web:{LOCAL_TENANT}:{self._person.id}:{draft_id}",
            conversation=key,
            asker=self._person,
            text=text,
            attachments=attachments,
            kind=kind,
        )
        accepted = await asyncio.to_thread(self._deps.intake.take, mention)
        return accepted.job_id, accepted.conversation_id

    def _new_key(self) -> ConversationKey:
        return ConversationKey(
            platform=Platform.WEB, tenant=LOCAL_TENANT, channel=self._person.id, thread=self._thread
        )

    async def _show_asked(self, job_id: UUID, conversation_id: UUID) -> None:
        view = await asyncio.to_thread(self._deps.jobs.view, job_id)
        if self._conversation is None:
            self._conversation = await asyncio.to_thread(self._deps.conversations.get, conversation_id)
            self._thread = uuid4().hex
            self._messages.clear()
            self._run("address", f"/c/{conversation_id}")
            self._show_header()
        if job_id not in self._turns:
            with self._messages:
                self._add_turn(view, None)
        self._follower.nudge()
        self._run("toEnd")
        await self._show_rail()

    async def _stop(self, event: PageEvent) -> None:
        turn = self._turn(event)
        await asyncio.to_thread(self._deps.jobs.cancel, turn.job_id, by=self._person.id)
        self._follower.nudge()

    async def _cite(self, event: PageEvent) -> None:
        reply = self._turn(event).view.reply
        citations = citations_of(reply) if reply else {}
        if event.n not in citations:
            raise NothingFound(f"no citation {event.n} in job {event.job}")
        pane = await asyncio.to_thread(self._open_pane, citations[event.n], sorted(citations))
        self._reader.set_content(str(pane))
        self._reader.props(f'data-job="{event.job}"')
        self._run("openReader")

    def _open_pane(self, citation: Citation, numbers: list[int]) -> Markup:
        person = self._deps.people.get(LOCAL_TENANT, self._person.id) or self._person  # groups as they are now
        groups = readable_groups(Mention(event_key="-", conversation=self._new_key(), asker=person))
        return open_citation(self._deps.documents, citation, groups, numbers)

    async def _thumb(self, event: PageEvent) -> None:
        turn = self._turn(event)
        if not turn.view.status.is_final:
            raise NotPermitted("feedback on a running job", reply="The answer isn't there yet.")
        verdict: Verdict = "up" if event.act == "thumb-up" else "down"
        take = partial(self._desk.take, reason=event.reason, correction=event.text.strip() or None)
        await asyncio.to_thread(take, turn.job_id, self._person.id, verdict)
        turn.show_verdict(verdict)
        if event.act == "thumb-down":
            self._run("askReason", str(turn.job_id))
        elif event.act == "feedback":
            self._status.set_content("Your feedback is kept. Thank you.")

    async def _action(self, event: PageEvent) -> None:
        turn = self._turn(event)
        if event.name == "retry":
            await self._retry(event)
            return
        log.warning("page.action_unknown", name=event.name, job_id=str(turn.job_id))
        self._say_error("That button doesn't work on the web page yet.")

    async def _new(self, _event: PageEvent) -> None:
        self._run("address", "/")
        await self._show(None)
        self._run("focusComposer")

    async def _open(self, event: PageEvent) -> None:
        await self._show(event.conversation)
        self._run("toEnd")

    async def _rename(self, event: PageEvent) -> None:
        title = " ".join(event.text.split())[:120]
        if self._conversation is None or not title:
            return
        await asyncio.to_thread(self._deps.conversations.rename, self._conversation.id, title)
        self._conversation = await asyncio.to_thread(self._own_conversation, self._conversation.id)
        self._show_header()
        await self._show_rail()

    async def _delete(self, event: PageEvent) -> None:
        if self._conversation is None:
            return
        for turn in self._turns.values():
            if not turn.view.status.is_final:
                await asyncio.to_thread(self._deps.jobs.cancel, turn.job_id, by=self._person.id)
        await asyncio.to_thread(self._deps.conversations.delete, self._conversation.id)
        await self._new(event)

    # ------------------------------------------------------------------ small things
    def _turn(self, event: PageEvent) -> TurnView:
        """Return the turn that the event is about; only turns on this page count, and they are this person's."""
        turn = self._turns.get(event.job) if event.job else None
        if turn is None:
            raise NothingFound(
                f"job {event.job} is not on this page", reply="That question isn't on this page any more."
            )
        return turn

    def _say_error(self, sentence: str) -> None:
        self._error.set_content(str(render_markdown(sentence)) if sentence else "")

    def _run(self, function: str, *arguments: Any) -> None:
        """Call one of steward.js's functions in this tab."""
        self._client.run_javascript(f"steward.{function}({', '.join(json.dumps(item) for item in arguments)})")


def _scrim() -> Markup:
    """Return what darkens the page behind the rail on small screens; a press on it closes the rail."""
    return element(
        "button", type="button", class_="scrim", data_act="close-rail", tabindex=-1, aria_label="Close the list"
    )
