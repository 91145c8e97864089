"""The conversation that one open tab shows: its turns, the jobs it follows, its title and the list beside it.

What a person does to it lies in the acts' own modules (asking.py, answer_acts.py, draft_acts.py, minutes_acts.py,
conversation_acts.py); they read and change the page through here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from nicegui import Client

from assistant.errors import NothingFound, StewardError
from assistant.mentions import LOCAL_TENANT, ConversationKey, Mention, Person, Platform
from assistant.storage.conversation_store import Conversation
from assistant.storage.job_views import JobView
from bot.platforms.web.chat_frame import ChatFrame
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.follow import JobFollower
from bot.platforms.web.page_events import PageEvent
from bot.platforms.web.rail import render_conversations
from bot.platforms.web.turn_view import TurnView
from bot.platforms.web.turns import announcement

RAIL_LENGTH: Final = 200  # conversations in the list
SHOWN_TURNS: Final = 50  # of one conversation, the latest


class ShownConversation:
    """None until its first question is taken in: then it gets its address, its title and its place in the list."""

    def __init__(
        self,
        deps: WebDependencies,
        frame: ChatFrame,
        *,
        follower: JobFollower,
        person: Person,
        client: Client,
        show_welcome: Callable[[], None],
    ) -> None:
        self.frame = frame
        self.person = person  # as of the latest act
        self.conversation: Conversation | None = None
        self.turns: dict[UUID, TurnView] = {}
        self._deps = deps
        self._follower = follower
        self._client = client
        self._show_welcome = show_welcome
        self._thread = uuid4().hex  # of the next new conversation
        self._unfollow: dict[UUID, Callable[[], None]] = {}
        client.on_delete(self._stop_following)

    @property
    def key(self) -> ConversationKey:
        """Where the next question belongs."""
        return self.conversation.key if self.conversation else self._new_key()

    def reading(self) -> Mention:
        """Return a mention that asks nothing: who looks at the page, and where, for what decides by a mention."""
        return Mention(event_key="-", conversation=self._new_key(), asker=self.person)

    def _new_key(self) -> ConversationKey:
        return ConversationKey(
            platform=Platform.WEB, tenant=LOCAL_TENANT, channel=self.person.id, thread=self._thread
        )

    def turn(self, event: PageEvent) -> TurnView:
        """Return the turn that the event is about; only turns on this page count, and they are this person's."""
        turn = self.turns.get(event.job) if event.job else None
        if turn is None:
            raise NothingFound(
                f"job {event.job} is not on this page", reply="That question isn't on this page any more."
            )
        return turn

    def run(self, function: str, *arguments: Any) -> None:
        """Call one of steward.js's functions in this tab."""
        self._client.run_javascript(f"steward.{function}({', '.join(json.dumps(item) for item in arguments)})")

    # ------------------------------------------------------------------ showing
    async def show(self, conversation_id: UUID | None) -> None:
        """Show another conversation, or a new one; what is not this person's is as good as not there."""
        self._stop_following()
        self.turns.clear()
        self.frame.turns.clear()
        self.frame.say_error("")
        self.conversation = None
        views: list[JobView] = []
        verdicts: dict[UUID, str] = {}
        try:
            if conversation_id is not None:
                self.conversation = await asyncio.to_thread(self._own_conversation, conversation_id)
                views, verdicts = await asyncio.to_thread(self._history, conversation_id)
        except StewardError as error:
            self.frame.say_error(error.reply)
        with self.frame.turns:
            if not views:
                self._show_welcome()
            for view in views:
                self._add_turn(view, verdicts.get(view.id))
        self._show_header()
        await self._show_rail()

    async def show_asked(self, job_id: UUID, conversation_id: UUID) -> None:
        """Show a question that was just taken in, at the end."""
        view = await asyncio.to_thread(self._deps.jobs.view, job_id)
        if self.conversation is None:
            self.conversation = await asyncio.to_thread(self._deps.conversations.get, conversation_id)
            self._thread = uuid4().hex
            self.frame.turns.clear()
            self.run("address", f"/c/{conversation_id}")
            self._show_header()
        if job_id not in self.turns:
            with self.frame.turns:
                self._add_turn(view, None)
        self._follower.nudge()
        self.run("toEnd")
        await self._show_rail()

    async def show_again(self, turn: TurnView) -> None:
        """Show the turn as it stands, and follow it while a worker carries out what was ordered."""
        view = await asyncio.to_thread(self._deps.jobs.view, turn.job_id)
        turn.show(view)
        self._follow(view)
        self._follower.nudge()

    async def show_renamed(self, conversation_id: UUID) -> None:
        """Show the title that the conversation has now."""
        self.conversation = await asyncio.to_thread(self._own_conversation, conversation_id)
        self._show_header()
        await self._show_rail()

    def _own_conversation(self, conversation_id: UUID) -> Conversation:
        conversation = self._deps.conversations.get(conversation_id)
        key = conversation.key
        if key.platform is not Platform.WEB or (key.tenant, key.channel) != (LOCAL_TENANT, self.person.id):
            raise NothingFound(f"conversation {conversation_id} is another person's")
        return conversation

    def _history(self, conversation_id: UUID) -> tuple[list[JobView], dict[UUID, str]]:
        ids = self._deps.conversations.jobs_of(conversation_id)[-SHOWN_TURNS:]
        views = self._deps.jobs.views(ids)
        given = {job_id: self._deps.feedback.of(job_id, self.person.id) for job_id in ids}
        return views, {job_id: feedback.verdict for job_id, feedback in given.items() if feedback}

    def _add_turn(self, view: JobView, verdict: str | None) -> None:
        self.turns[view.id] = TurnView(view, self.person, verdict=verdict)
        self._follow(view)

    def _show_header(self) -> None:
        self.run("title", f"{self.frame.show_header(self.conversation)} · Steward")

    async def _show_rail(self) -> None:
        try:
            listed = await asyncio.to_thread(
                self._deps.conversations.list_for, Platform.WEB, LOCAL_TENANT, self.person.id, RAIL_LENGTH
            )
        except StewardError as error:
            self.frame.say_error(error.reply)
            return
        current = self.conversation.id if self.conversation else None
        self.frame.rail.set_content(str(render_conversations(listed, current, today=datetime.now(UTC).date())))

    # ------------------------------------------------------------------ following
    def nudge(self) -> None:
        """Look at the followed jobs now: something was done that changes one."""
        self._follower.nudge()

    def _on_view(self, job_id: UUID, view: JobView | None) -> None:
        turn = self.turns.get(job_id)
        if turn is None or view is None:
            return
        with self._client:
            before = announcement(turn.view)
            turn.show(view)
            if (now := announcement(view)) != before:
                self.frame.announce(now)

    def _follow(self, view: JobView) -> None:
        """Follow a job that is not over, once however often it is shown."""
        if (leave := self._unfollow.pop(view.id, None)) is not None:
            leave()
        if not view.status.is_final:
            self._unfollow[view.id] = self._follower.follow(view.id, partial(self._on_view, view.id))

    def _stop_following(self) -> None:
        while self._unfollow:
            self._unfollow.popitem()[1]()
