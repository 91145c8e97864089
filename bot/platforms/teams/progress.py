"""What a person sees while a job runs: its steps, then its answer as it grows. In a chat with the bot alone as a
stream, elsewhere as updates of the placeholder.

Lossy by design: whatever fails here, the outbox still delivers the answer. The process that posted the
placeholder follows the job; after a restart nobody does, and the answer comes all the same. It looks at the job when
it is told to (assistant/live_progress.py) and by itself, never more often than Teams takes updates.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog

from assistant.errors import NothingFound, RateLimited, StewardError
from assistant.replies import Action, Actions, Reply
from assistant.storage.job_store import JobStore, JobView
from bot.platforms.teams.client import ConnectorClient, Refused
from bot.platforms.teams.parse import address
from bot.platforms.teams.places import place
from bot.platforms.teams.posted import Posted
from bot.platforms.teams.render import render
from bot.platforms.teams.text import safe_markdown, shorten

log = structlog.get_logger()

UPDATE_SECONDS = 1.0  # Teams takes one update of a stream a second
PLACEHOLDER_SECONDS = 3.0  # updates of a message are counted against the conversation's limit
STREAM_SECONDS = 110.0  # Teams ends a stream after two minutes
STREAM_CHARS = 8_000  # a longer answer is shown whole, once it is done
STATUS_CHARS = 900  # an informative line holds 1 000
FOLLOWED_AT_MOST = 500


class Followed:
    """One job's message while it is followed. The lock keeps updates and the last word in order."""

    def __init__(self, posted: Posted, began_at: float) -> None:
        self.posted = posted
        self.began_at = self.shown_at = began_at  # seconds of the follower's clock; the placeholder is an update too
        self.lock = asyncio.Lock()
        self.nudged = asyncio.Event()
        self.sequence = 1  # the placeholder's own
        self.shown = ""
        self.is_over = False
        self.task: asyncio.Task[None] | None = None


class ProgressFollower:
    """Follows the jobs whose placeholders this process posted."""

    def __init__(
        self,
        client: ConnectorClient,
        jobs: JobStore,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._jobs = jobs
        self._clock = clock
        self._sleep = sleep
        self._followed: dict[str, Followed] = {}

    def follow(self, posted: Posted) -> None:
        """Show how the job gets on until `leave` is called or the job is over."""
        if len(self._followed) >= FOLLOWED_AT_MOST or posted.key in self._followed:
            return
        followed = Followed(posted, self._clock())
        self._followed[posted.key] = followed
        followed.task = asyncio.create_task(self._watch(followed))

    def nudge(self, key: str) -> None:
        """Look at this job as soon as Teams takes another update."""
        if (followed := self._followed.get(key)) is not None:
            followed.nudged.set()

    async def leave(self, key: str) -> None:
        """Say nothing more about this job, from the moment this returns."""
        followed = self._followed.pop(key, None)
        if followed is None:
            return
        followed.is_over = True
        async with followed.lock:  # an update that is under way comes first
            pass

    async def stop(self) -> None:
        """Follow nothing any more."""
        tasks = [followed.task for followed in self._followed.values() if followed.task]
        self._followed.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, followed: Followed) -> None:
        is_stream = followed.posted.is_stream
        try:
            while not followed.is_over:
                await self._wait(followed, UPDATE_SECONDS if is_stream else PLACEHOLDER_SECONDS)
                if is_stream and self._clock() - followed.began_at > STREAM_SECONDS:
                    return
                view = await asyncio.to_thread(self._jobs.view, UUID(followed.posted.key))
                if view.status.is_answered:
                    return
                async with followed.lock:
                    if not followed.is_over:
                        await self._show(followed, view)
        except NothingFound:
            return  # the message, or the job, is gone
        except Refused as error:
            await self._refused(followed, error)
        except StewardError as error:
            log.info("teams.progress_stopped", error=error.code)
        finally:
            if self._followed.get(followed.posted.key) is followed:
                del self._followed[followed.posted.key]

    async def _wait(self, followed: Followed, gap_seconds: float) -> None:
        """Wait until something may be said again, and then for a nudge, but no longer than once more the gap."""
        await self._sleep(max(0.0, followed.shown_at + gap_seconds - self._clock()))
        sleeping = asyncio.ensure_future(self._sleep(gap_seconds))
        nudged = asyncio.create_task(followed.nudged.wait())
        try:
            await asyncio.wait({sleeping, nudged}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            nudged.cancel()
        followed.nudged.clear()

    async def _show(self, followed: Followed, view: JobView) -> None:
        text, is_answer = line_of(view)
        if not text or text == followed.shown:
            return
        try:
            if followed.posted.is_stream:
                await self._stream(followed, text, is_answer)
            elif not is_answer:
                await self._update(followed, text)
        except RateLimited as error:
            await self._sleep(error.retry_after_seconds or UPDATE_SECONDS)
            return
        followed.shown, followed.shown_at = text, self._clock()

    async def _stream(self, followed: Followed, text: str, is_answer: bool) -> None:
        posted = followed.posted
        followed.sequence += 1
        kind = "streaming" if is_answer else "informative"
        activity = stream_activity(text, kind, stream_id=posted.messages[0], sequence=followed.sequence)
        await self._client.send(posted.reference.place, address(posted.reference, activity))

    async def _update(self, followed: Followed, text: str) -> None:
        posted = followed.posted
        activity = place(posted.key, posted.reference, placeholder(posted.key, text))
        await self._client.update(posted.reference.place, posted.messages[0], address(posted.reference, activity))

    async def _refused(self, followed: Followed, error: Refused) -> None:
        """Teams words its three reasons in the message: the person stopped it, it took too long, it may not be."""
        if "cancel" not in error.detail.lower():
            log.info("teams.stream_ended", status=error.status, detail=error.detail[:80])
            return
        with contextlib.suppress(StewardError):
            by = followed.posted.reference.user_aad_id or followed.posted.reference.user_id
            stopped = await asyncio.to_thread(self._jobs.cancel, UUID(followed.posted.key), by=by)
            log.info("teams.stream_cancelled", job_id=followed.posted.key, stopped=stopped)


def stream_activity(text: str, kind: str, *, stream_id: str | None, sequence: int) -> dict[str, Any]:
    """Return one part of a stream: kind "informative" for a line of status, "streaming" for the answer so far."""
    info: dict[str, Any] = {"type": "streaminfo", "streamType": kind, "streamSequence": sequence}
    if stream_id is not None:
        info["streamId"] = stream_id
    return {"type": "typing", "text": text, "textFormat": "markdown", "entities": [info]}


def placeholder(key: str, text: str) -> dict[str, Any]:
    """Return the card that says how a job stands, with its Stop button."""
    stop = Actions(items=(Action(name="stop", label="Stop"),))
    [activity] = render(Reply(text=text, blocks=(stop,), final=False), key)
    return activity


def line_of(view: JobView) -> tuple[str, bool]:
    """Return what to show of the job, and whether it is the answer itself."""
    if view.partial and len(view.partial) <= STREAM_CHARS:
        return safe_markdown(view.partial), True
    if view.position:
        return f"Waiting: {view.position} before you …", False
    return (shorten(view.steps[-1].text, STATUS_CHARS) + " …", False) if len(view.steps) > 1 else ("", False)
