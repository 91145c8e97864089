"""Follow running jobs for every open page of this process, with one look at the database for all of them.

The ledger is the truth: pages ask it instead of being sent events, so that a restart of a worker or of this
process loses nothing, and a reloaded page goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from assistant.errors import NothingFound, StewardError
from assistant.jobs import JobStatus
from assistant.storage.job_store import JobStore
from assistant.storage.job_views import JobView

log = structlog.get_logger()

LOOK_EVERY_SECONDS = 0.15  # fast enough to look like typing; one query a running job
LOOK_AT_WAITING_EVERY_SECONDS = 3.0  # a draft that waits changes by its asker's press, and the press nudges
LOOK_AGAIN_AFTER_SECONDS = 2.0  # while the database is away
DELIVERY_WAIT = timedelta(seconds=5)  # a job that is final and not delivered by then is not watched further

Listener = Callable[[JobView | None], None]  # None: the job is gone (its conversation was deleted)


class JobFollower:
    """Tells listeners about changes of their jobs until the last word. Lives on the event loop."""

    def __init__(
        self,
        jobs: JobStore,
        *,
        every_seconds: float = LOOK_EVERY_SECONDS,
        waiting_every_seconds: float = LOOK_AT_WAITING_EVERY_SECONDS,
    ) -> None:
        self._jobs = jobs
        self._every_seconds = every_seconds
        self._waiting_every_seconds = waiting_every_seconds
        self._listeners: dict[UUID, list[Listener]] = {}
        self._seen: dict[UUID, JobView] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def follow(self, job_id: UUID, listener: Listener) -> Callable[[], None]:
        """Call the listener at each change of the job; return what ends that. It ends by itself after the last."""
        self._listeners.setdefault(job_id, []).append(listener)
        if (seen := self._seen.get(job_id)) is not None:
            listener(seen)
        self._wake.set()

        def unfollow() -> None:
            listeners = self._listeners.get(job_id, [])
            with contextlib.suppress(ValueError):
                listeners.remove(listener)
            if not listeners:
                self._forget(job_id)

        return unfollow

    def nudge(self) -> None:
        """Look now instead of at the next turn."""
        self._wake.set()

    def start(self) -> None:
        """Begin looking."""
        self._task = asyncio.create_task(self._run(), name="web.follow")

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            pause = self._every_seconds
            if self._listeners:
                try:
                    await self.look()
                    pause = self.pause_seconds()
                except StewardError as error:
                    log.warning("follow.paused", code=error.code, jobs=len(self._listeners))
                    pause = LOOK_AGAIN_AFTER_SECONDS
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause if self._listeners else None)

    def pause_seconds(self) -> float:
        """Return the slow pause while every followed job waits for its asker: an open tab costs next to nothing."""
        seen = [self._seen.get(job_id) for job_id in self._listeners]
        is_all_waiting = all(view is not None and view.status is JobStatus.WAITING for view in seen)
        return self._waiting_every_seconds if is_all_waiting else self._every_seconds

    async def look(self) -> None:
        """Look at all followed jobs once, and tell what changed.

        Raises:
            DependencyUnavailable: the database cannot be reached.
        """
        ids = list(self._listeners)
        for job_id, view in (await asyncio.to_thread(self._views, ids)).items():
            has_changed = view is None or view != self._seen.get(job_id)
            listeners = list(self._listeners.get(job_id, ()))
            if view is None or _is_over(view):
                self._forget(job_id)
            elif listeners:
                self._seen[job_id] = view
            if not has_changed:
                continue
            for listener in listeners:
                _tell(listener, view)

    def _views(self, job_ids: list[UUID]) -> dict[UUID, JobView | None]:
        try:
            return {view.id: view for view in self._jobs.views(job_ids)}
        except NothingFound:  # one of them was deleted: find out which
            return {job_id: self._view(job_id) for job_id in job_ids}

    def _view(self, job_id: UUID) -> JobView | None:
        try:
            return self._jobs.view(job_id)
        except NothingFound:
            return None

    def _forget(self, job_id: UUID) -> None:
        self._listeners.pop(job_id, None)
        self._seen.pop(job_id, None)


def _is_over(view: JobView) -> bool:
    """Tell whether nothing will change any more: the receipt's last figure comes with the delivery."""
    if not view.status.is_final:  # a draft that waits for its asker changes with every edit
        return False
    age = datetime.now(UTC) - (view.finished_at or view.created_at)
    return view.delivered_at is not None or age > DELIVERY_WAIT


def _tell(listener: Listener, view: JobView | None) -> None:
    try:
        listener(view)
    except Exception:
        log.exception("follow.listener_failed", job_id=str(view.id) if view else None)
