"""What is done to whole conversations on the page: begin, open, rename and delete one."""

from __future__ import annotations

import asyncio

from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.page_events import PageEvent
from bot.platforms.web.shown_conversation import ShownConversation

MAX_TITLE_CHARS = 120  # as the dialog's field


class ConversationActs:
    """Errors are left to the page: each has a reply to show there."""

    def __init__(self, deps: WebDependencies, shown: ShownConversation) -> None:
        self._deps = deps
        self._shown = shown

    async def new(self, _event: PageEvent) -> None:
        """Show a new conversation."""
        self._shown.run("address", "/")
        await self._shown.show(None)
        self._shown.run("focusComposer")

    async def open(self, event: PageEvent) -> None:
        """Show one of the list."""
        await self._shown.show(event.conversation)
        self._shown.run("toEnd")

    async def rename(self, event: PageEvent) -> None:
        """Give the shown conversation another title."""
        title = " ".join(event.text.split())[:MAX_TITLE_CHARS]
        conversation = self._shown.conversation
        if conversation is None or not title:
            return
        await asyncio.to_thread(self._deps.conversations.rename, conversation.id, title)
        await self._shown.show_renamed(conversation.id)

    async def delete(self, event: PageEvent) -> None:
        """Stop what still runs in the shown conversation, delete it, and show a new one."""
        conversation = self._shown.conversation
        if conversation is None:
            return
        for turn in self._shown.turns.values():
            if not turn.view.status.is_final:
                await asyncio.to_thread(self._deps.jobs.cancel, turn.job_id, by=self._shown.person.id)
        await asyncio.to_thread(self._deps.conversations.delete, conversation.id)
        await self.new(event)
