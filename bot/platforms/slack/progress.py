"""Live progress: while a job waits or works, its placeholder says what is going on and how far the answer has come.

Progress goes through the outbox like everything else that is said, so that two deliverers can't overtake each
other and the final answer always comes last. Slack takes about 50 updates a minute and workspace (its tier 3), and
answers need them more than progress does: each workspace has a budget for it, and running jobs are served first.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from uuid import UUID

import structlog

from assistant.errors import StewardError
from assistant.job_kinds import JOB_KINDS
from assistant.replies import Action, Actions, Block, Notice, Paragraph, Reply
from assistant.storage.slack_store import SlackStore, UnderWay
from bot.platforms.slack.streams import HAND_OVER_SECONDS

log = structlog.get_logger()

LOOK_SECONDS = 1.0
SHOWN_CHARS = 3_000  # of a growing answer; the whole of it comes at the end
AT_ONCE = 40
BUDGET, REFILL_A_SECOND = 10.0, 0.5  # updates of progress: ten at once, thirty a minute
MOMENT_SECONDS = 1.0  # an answer that is ready within it is just posted, without a stream before it
LONG_SECONDS = 20.0  # Slack takes a status back when nothing follows it: by then there shall be a message
QUEUE_LOOK = 100  # as far as the store counts
EXACT_AHEAD = 5  # further back, a place in the queue is told in tens


class Progress:
    """Looks at unfinished jobs every second and says what has changed."""

    def __init__(
        self,
        store: SlackStore,
        *,
        look_seconds: float = LOOK_SECONDS,
        moment_seconds: float = MOMENT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._now = now
        self.moment_seconds = moment_seconds
        self._seen: dict[UUID, float] = {}  # when a question was first seen under way
        self._clock = clock
        self._budgets: dict[str, tuple[float, float]] = {}  # by workspace: what was left, and when
        self._look_seconds = look_seconds
        self._said: dict[UUID, Reply] = {}
        self._nudged = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def nudge(self) -> None:
        """Look now, unless something was said within the last second."""
        self._nudged.set()

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="slack-progress")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def show(self) -> int:
        """Say what has changed since the last look; returns of how many questions."""
        under_way = await asyncio.to_thread(self._store.under_way, AT_ONCE)
        count = 0
        for one in sorted(under_way, key=lambda one: not one.is_running):
            if (reply := self._news_of(one)) is not None and self._may_spend(one.tenant):
                count += await asyncio.to_thread(self._store.say_progress, one, reply)
                self._said[one.job_id] = reply
        alive = {one.job_id for one in under_way}
        if len(self._seen) > 2 * AT_ONCE:
            self._said = {job_id: reply for job_id, reply in self._said.items() if job_id in alive}
            self._seen = {job_id: at for job_id, at in self._seen.items() if job_id in alive}
        return count

    def _news_of(self, one: UnderWay) -> Reply | None:
        """Return what should be said of a question now, None when that is said already or can wait."""
        now = self._clock()
        age = now - self._seen.setdefault(one.job_id, now)
        reply = progress_of(one)
        if not one.stands and age > LONG_SECONDS and not reply.step:
            reply = reply.model_copy(update={"step": reply.text})
        if one.streams_since is not None and self._now() - one.streams_since > HAND_OVER_SECONDS:
            return reply  # said once more, it goes on as a message
        if not one.stands and reply.step and age < self.moment_seconds:
            return None
        return None if self._said.get(one.job_id, _unchanged(one)) == reply else reply

    def _may_spend(self, tenant: str) -> bool:
        now = self._clock()
        left, at = self._budgets.get(tenant, (BUDGET, now))
        left = min(BUDGET, left + (now - at) * REFILL_A_SECOND)
        self._budgets[tenant] = (left - 1 if left >= 1 else left, now)
        return left >= 1

    async def _run(self) -> None:
        said = 0
        while True:
            if said:
                await asyncio.sleep(self._look_seconds)  # whoever nudges: Slack takes no more
            else:
                await self._rest()
            self._nudged.clear()
            said = 0
            try:
                said = await self.show()
            except StewardError as error:  # progress may be late; the answer is not touched by it
                log.warning("slack.progress_unread", code=error.code)

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._look_seconds):
                await self._nudged.wait()


def progress_of(one: UnderWay) -> Reply:
    """Return what the placeholder of an unfinished job says."""
    title = JOB_KINDS[one.kind].title if one.kind in JOB_KINDS else one.kind
    if not one.is_running:
        line = f"{title}: {_place(one.ahead)}" if one.ahead else f"Working on it: {title.lower()} …"
    else:
        line = f"{title}: {one.step}" if one.step else f"Working on it: {title.lower()} …"
    blocks: list[Block] = [Notice(level="info", text=line)] if one.partial else [Paragraph(markdown=line)]
    if one.partial:
        blocks.insert(0, Paragraph(markdown=f"{one.partial[:SHOWN_CHARS].rstrip()} …"))
    blocks.append(Actions(items=(Action(name="stop", label="Stop"),)))
    return Reply(text=line, blocks=tuple(blocks), final=False, step=(one.step or "") if one.is_running else "")


def _place(ahead: int) -> str:
    if ahead >= QUEUE_LOOK:
        return f"waiting, more than {QUEUE_LOOK} questions before yours"
    if ahead > EXACT_AHEAD:
        return f"waiting, about {-(-ahead // 10) * 10} questions before yours"
    return f"waiting, {ahead} {'question' if ahead == 1 else 'questions'} before yours"


def _unchanged(one: UnderWay) -> Reply:
    """What the placeholder says when nothing has happened yet: intake's own words."""
    return progress_of(UnderWay(one.job_id, one.tenant, one.kind, False, one.revision, 0, None, None))
