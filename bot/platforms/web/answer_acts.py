"""What is done to a turn's answer on the page: stop it, open what it cites, say whether it helped."""

from __future__ import annotations

import asyncio
from functools import partial

from markupsafe import Markup

from assistant.access import readable_groups
from assistant.errors import NothingFound, NotPermitted
from assistant.replies import Citation
from assistant.storage.feedback_store import Verdict
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.page_events import PageEvent
from bot.platforms.web.reader import open_citation
from bot.platforms.web.render import citations_of
from bot.platforms.web.shown_conversation import ShownConversation


class AnswerActs:
    """Errors are left to the page: each has a reply to show there."""

    def __init__(self, deps: WebDependencies, shown: ShownConversation) -> None:
        self._deps = deps
        self._shown = shown

    async def stop(self, event: PageEvent) -> None:
        """Stop a turn's job."""
        turn = self._shown.turn(event)
        await asyncio.to_thread(self._deps.jobs.cancel, turn.job_id, by=self._shown.person.id)
        self._shown.nudge()

    async def cite(self, event: PageEvent) -> None:
        """Open the document that a citation names, as far as this person may read it."""
        reply = self._shown.turn(event).view.reply
        citations = citations_of(reply) if reply else {}
        if event.n not in citations:
            raise NothingFound(f"no citation {event.n} in job {event.job}")
        pane = await asyncio.to_thread(self._open_pane, citations[event.n], sorted(citations))
        self._shown.frame.show_pane(pane, str(event.job))
        self._shown.run("openReader")

    def _open_pane(self, citation: Citation, numbers: list[int]) -> Markup:
        return open_citation(self._deps.documents, citation, readable_groups(self._shown.reading()), numbers)

    async def thumb(self, event: PageEvent) -> None:
        """Keep a thumb, or what the dialog after a thumb down brought back."""
        turn = self._shown.turn(event)
        if not turn.view.status.is_answered:
            raise NotPermitted("feedback on a running job", reply="The answer isn't there yet.")
        verdict: Verdict = "up" if event.act == "thumb-up" else "down"
        take = partial(self._deps.feedback_desk.take, reason=event.reason, correction=event.text.strip() or None)
        await asyncio.to_thread(take, turn.job_id, self._shown.person.id, verdict)
        turn.show_verdict(verdict)
        if event.act == "thumb-down":
            self._shown.run("askReason", str(turn.job_id))
        elif event.act == "feedback":
            self._shown.frame.announce("Your feedback is kept. Thank you.")
