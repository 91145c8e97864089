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
from assistant.errors import NothingFound, NotPermitted, RequestInvalid, StewardError
from assistant.job_kinds import JOB_KINDS, LOG_INSPECTION
from assistant.mail.about import WRITE_ABOUT
from assistant.mail.shown import PREFIX
from assistant.mentions import LOCAL_TENANT, Attachment, ConversationKey, Mention, Person, Platform
from assistant.minutes.kept import PREFIX as MINUTES_PREFIX
from assistant.minutes.kept import Reader
from assistant.observability import ERRORS
from assistant.replies import Citation
from assistant.storage.conversation_store import Conversation
from assistant.storage.feedback_store import Verdict
from assistant.storage.job_views import JobView
from assistant.watch_words import WATCH_BUTTONS
from bot import minutes
from bot.email_requests import KIND
from bot.platforms.web.chat_frame import ChatFrame
from bot.platforms.web.composer import render_welcome
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.dialogs import NAME_SPEAKERS, names_of
from bot.platforms.web.draft_acts import DraftActs
from bot.platforms.web.follow import JobFollower
from bot.platforms.web.page_events import PageEvent
from bot.platforms.web.rail import render_conversations
from bot.platforms.web.reader import open_citation
from bot.platforms.web.render import citations_of
from bot.platforms.web.suggestions import attach, suggestions_for
from bot.platforms.web.turn_view import TurnView, trusted_html
from bot.platforms.web.turns import announcement
from bot.platforms.web.uploads import UploadTokens

log = structlog.get_logger()

RAIL_LENGTH: Final = 200  # conversations in the list
SHOWN_TURNS: Final = 50  # of one conversation, the latest


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
        self._deps = deps
        self._follower = follower
        self._uploads = uploads
        self._who = who
        self._person = person
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
        self._conversation: Conversation | None = None
        self._thread = uuid4().hex  # of the next new conversation
        self._draft_id = uuid4().hex  # of the next suggested question: pressing it twice is one question
        self._draft_acts = DraftActs(deps)
        self._turns: dict[UUID, TurnView] = {}
        self._unfollow: dict[UUID, Callable[[], None]] = {}
        self._acts: Final = {
            "send": self._send,
            "suggest": self._suggest,
            "stop": self._stop,
            "retry": self._retry,
            "cite": self._cite,
            "thumb-up": self._thumb,
            "thumb-down": self._thumb,
            "feedback": self._thumb,
            "action": self._action,
            "draft": self._draft,
            "minutes": self._minutes_edited,
            "email": self._email,
            "new": self._new,
            "open": self._open,
            "rename": self._rename,
            "delete": self._delete,
        }
        client.on_delete(self._stop_following)

    # ------------------------------------------------------------------ showing
    async def show(self, conversation_id: UUID | None) -> None:
        """Begin to listen to the browser, and show the conversation (None: a new one)."""
        ui.on("steward", self._on_event)
        await self._show(conversation_id)

    async def _show(self, conversation_id: UUID | None) -> None:
        """Show another conversation, or a new one; what is not this person's is as good as not there."""
        self._stop_following()
        self._turns.clear()
        self._frame.turns.clear()
        self._frame.say_error("")
        self._conversation = None
        views: list[JobView] = []
        verdicts: dict[UUID, str] = {}
        try:
            if conversation_id is not None:
                self._conversation = await asyncio.to_thread(self._own_conversation, conversation_id)
                views, verdicts = await asyncio.to_thread(self._history, conversation_id)
        except StewardError as error:
            self._frame.say_error(error.reply)
        with self._frame.turns:
            if not views:
                trusted_html(render_welcome(self._person, self._suggestions, self._kinds))
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
        self._follow(view)

    def _show_header(self) -> None:
        self._run("title", f"{self._frame.show_header(self._conversation)} · Steward")

    async def _show_rail(self) -> None:
        try:
            listed = await asyncio.to_thread(
                self._deps.conversations.list_for, Platform.WEB, LOCAL_TENANT, self._person.id, RAIL_LENGTH
            )
        except StewardError as error:
            self._frame.say_error(error.reply)
            return
        current = self._conversation.id if self._conversation else None
        self._frame.rail.set_content(str(render_conversations(listed, current, today=datetime.now(UTC).date())))

    # ------------------------------------------------------------------ following
    def _on_view(self, job_id: UUID, view: JobView | None) -> None:
        turn = self._turns.get(job_id)
        if turn is None or view is None:
            return
        with self._client:
            before = announcement(turn.view)
            turn.show(view)
            if (now := announcement(view)) != before:
                self._frame.announce(now)

    def _follow(self, view: JobView) -> None:
        """Follow a job that is not over, once however often it is shown."""
        if (leave := self._unfollow.pop(view.id, None)) is not None:
            leave()
        if not view.status.is_final:
            self._unfollow[view.id] = self._follower.follow(view.id, partial(self._on_view, view.id))

    def _stop_following(self) -> None:
        while self._unfollow:
            self._unfollow.popitem()[1]()

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
            person = await asyncio.to_thread(self._who)
            if person is None:
                self._run("signIn")
                return
            self._person = person  # with the groups and the role they have now
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
                self._run("sendFailed")

    async def _send(self, event: PageEvent) -> None:
        attachments = self._uploads.attachments(self._person, event.files)
        draft_id = event.draft or uuid4().hex
        job_id, conversation_id = await self._ask(event.text, attachments, event.kind or None, draft_id)
        self._frame.say_error("")
        self._run("sent")
        await self._show_asked(job_id, conversation_id)

    async def _suggest(self, event: PageEvent) -> None:
        if event.n is None or event.n > len(self._suggestions):
            raise NothingFound(f"no suggestion {event.n}")
        suggestion = self._suggestions[event.n - 1]
        attachments = await asyncio.to_thread(attach, suggestion, self._deps.blobs)
        job_id, conversation_id = await self._ask(suggestion.text, attachments, suggestion.kind, self._draft_id)
        self._draft_id = uuid4().hex
        await self._show_asked(job_id, conversation_id)

    async def _retry(self, event: PageEvent) -> None:
        view = self._turn(event).view
        draft_id = f"retry:{view.id.hex}"  # pressed twice, it is asked again once; the new turn has its own button
        job_id, conversation_id = await self._ask(
            view.question, view.attachments, view.kind, draft_id, options=view.options
        )
        await self._show_asked(job_id, conversation_id)

    async def _ask_with_names(self, view: JobView, names: dict[str, str]) -> None:
        if not names:
            raise RequestInvalid("no speaker was named", reply="Write a name after at least one of the speakers.")
        job_id, conversation_id = await self._ask(
            view.question, view.attachments, view.kind, uuid4().hex, options={"speakers": names}
        )
        await self._show_asked(job_id, conversation_id)

    async def _ask(
        self,
        text: str,
        attachments: tuple[Attachment, ...],
        kind: str | None,
        draft_id: str,
        *,
        options: dict[str, Any] | None = None,
    ) -> tuple[UUID, UUID]:
        key = self._conversation.key if self._conversation else self._new_key()
        mention = Mention(
            event_key=f"web:{LOCAL_TENANT}:{self._person.id}:{draft_id}",
            conversation=key,
            asker=self._person,
            text=text,
            attachments=attachments,
            kind=kind,
            options=options or {},
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
            self._frame.turns.clear()
            self._run("address", f"/c/{conversation_id}")
            self._show_header()
        if job_id not in self._turns:
            with self._frame.turns:
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
        self._frame.show_pane(pane, str(event.job))
        self._run("openReader")

    def _open_pane(self, citation: Citation, numbers: list[int]) -> Markup:
        groups = readable_groups(Mention(event_key="-", conversation=self._new_key(), asker=self._person))
        return open_citation(self._deps.documents, citation, groups, numbers)

    async def _thumb(self, event: PageEvent) -> None:
        turn = self._turn(event)
        if not turn.view.status.is_answered:
            raise NotPermitted("feedback on a running job", reply="The answer isn't there yet.")
        verdict: Verdict = "up" if event.act == "thumb-up" else "down"
        take = partial(self._deps.feedback_desk.take, reason=event.reason, correction=event.text.strip() or None)
        await asyncio.to_thread(take, turn.job_id, self._person.id, verdict)
        turn.show_verdict(verdict)
        if event.act == "thumb-down":
            self._run("askReason", str(turn.job_id))
        elif event.act == "feedback":
            self._frame.announce("Your feedback is kept. Thank you.")

    async def _action(self, event: PageEvent) -> None:
        turn = self._turn(event)
        if event.name == "retry":
            await self._retry(event)
            return
        if event.name == NAME_SPEAKERS:
            await self._ask_with_names(turn.view, names_of(event.text))
            return
        if event.name == WRITE_ABOUT:
            await self._ask_email(turn)
            return
        if event.name.startswith(PREFIX):
            await self._draft_pressed(event, turn)
            return
        if event.name.startswith(MINUTES_PREFIX):
            await self._minutes_pressed(event, turn)
            return
        if event.name in WATCH_BUTTONS:
            await self._show_asked(*await self._ask(WATCH_BUTTONS[event.name], (), LOG_INSPECTION.name, uuid4().hex))
            return
        log.warning("page.action_unknown", name=event.name, job_id=str(turn.job_id))
        self._frame.say_error("That button doesn't work on the web page yet.")

    async def _ask_email(self, turn: TurnView) -> None:
        """Open the form of an e-mail about an answer."""
        self._run("askEmail", str(turn.job_id), await self._draft_acts.look(turn.job_id, self._person))

    async def _email(self, event: PageEvent) -> None:
        """Take in what that form asks for."""
        asked = await self._draft_acts.request(self._turn(event).job_id, event.fields, self._person)
        job_id, conversation_id = await self._ask(
            asked.text, asked.attachments, KIND, event.draft or uuid4().hex, options=dict(asked.options)
        )
        self._frame.say_error("")
        await self._show_asked(job_id, conversation_id)

    async def _draft_pressed(self, event: PageEvent, turn: TurnView) -> None:
        """Open a form under a draft, or order what needs a worker."""
        try:
            pressed = await self._draft_acts.press(event, self._person)
        except StewardError:
            await self._show_again(turn)
            raise
        if pressed.form:
            self._run("askDraft", event.name, str(turn.job_id), event.value, pressed.form)
            return
        self._frame.announce(pressed.said)
        await self._show_again(turn)

    async def _draft(self, event: PageEvent) -> None:
        """Keep what a draft's form brought back."""
        turn = self._turn(event)
        try:
            self._frame.announce(await self._draft_acts.submit(event, self._person))
        finally:  # a refusal too: "it has changed since" is said beside the draft as it stands now
            await self._show_again(turn)

    async def _minutes_pressed(self, event: PageEvent, turn: TurnView) -> None:
        """Open the form under minutes, or do what the button says."""
        press, reader = minutes.read_press(event.value), self._reader()
        desk = self._deps.minutes
        if event.name == minutes.EDIT:
            fields = await asyncio.to_thread(desk.form, press, reader)
            self._run("askDraft", event.name, str(turn.job_id), event.value, fields)
        elif event.name in minutes.ORDERS:
            said = await asyncio.to_thread(desk.order, event.name, press, reader, self._person)
            self._frame.announce(said)
            await self._show_again(turn)

    async def _minutes_edited(self, event: PageEvent) -> None:
        """Keep what the form under minutes brought back."""
        turn, press = self._turn(event), minutes.read_press(event.value)
        edit = partial(self._deps.minutes.edit, press, event.fields, self._reader(), self._person)
        await asyncio.to_thread(edit)
        self._frame.announce("Your corrections are kept.")
        await self._show_again(turn)

    def _reader(self) -> Reader:
        return self._deps.minutes.reader(Mention(event_key="-", conversation=self._new_key(), asker=self._person))

    async def _show_again(self, turn: TurnView) -> None:
        """Show the turn as it stands, and follow it while a worker carries out what was ordered."""
        view = await asyncio.to_thread(self._deps.jobs.view, turn.job_id)
        turn.show(view)
        self._follow(view)
        self._follower.nudge()

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

    def _run(self, function: str, *arguments: Any) -> None:
        """Call one of steward.js's functions in this tab."""
        self._client.run_javascript(f"steward.{function}({', '.join(json.dumps(item) for item in arguments)})")
