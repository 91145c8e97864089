"""Make every job's one message say what the outbox says, exactly once, whatever the chat service answers.

The first try posts. A try after an ambiguous failure (cut connection, timeout, 500) looks for the message by
its key before it posts again. From then on the message is only updated. Being told "later" (429) is a certain
non-delivery and costs nothing but the wait. A platform that can't look for messages has its places written down
before they are filled (ReservesPlaces).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import structlog

from assistant.errors import DependencyUnavailable, NothingFound, RateLimited, StewardError
from assistant.observability import ERRORS
from assistant.storage.outbox_store import Errand, OutboxStore
from bot.platforms.base import ChatPlatform, ReservesPlaces

log = structlog.get_logger()

POLL_SECONDS = 0.1  # an idle look is one indexed read
CALL_SECONDS = 10.0  # no call to a chat service may take longer: the outbox's lease is 15 s
AT_ONCE = 16
LONGEST_WAIT_SECONDS = 120.0
DATABASE_PAUSE_SECONDS = 1.0


def backoff_seconds(tries: int) -> float:
    """Return how long to wait after an ambiguous failure, counted from 1: 0.3 s, doubling, at most 120 s."""
    return min(LONGEST_WAIT_SECONDS, 0.3 * 2.0 ** min(tries - 1, 12))


class Delivery:
    """The loop that runs inside the bot; any number of bots may each run one."""

    def __init__(
        self,
        outbox: OutboxStore,
        platforms: Mapping[str, ChatPlatform],
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._outbox = outbox
        self._platforms = platforms
        self._poll_seconds = poll_seconds
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Look now instead of at the next poll; callable from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the bot is going down
                self._loop.call_soon_threadsafe(self._wake.set)

    def takes(self, platform: str) -> bool:
        """Return whether `hand_over` would deliver for this platform: while the loop runs, if it is one of ours."""
        return self._loop is not None and platform in self._platforms

    def hand_over(self, errand: Errand) -> None:
        """Deliver an errand that was written down under its own token; callable from any thread.

        Begun at once and however many are under way: a lease that had to wait for its turn could lapse meanwhile.
        """
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the lease lapses, another bot says it
                self._loop.call_soon_threadsafe(self._begin, errand)

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is finished first, within CALL_SECONDS."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                await self._start_due()
                await self._rest(self._poll_seconds)
        finally:
            self._loop = None
            if self._running:
                await asyncio.wait(self._running, timeout=CALL_SECONDS)

    async def deliver_due(self) -> int:
        """Deliver everything that is due now and return how many messages that were."""
        count = 0
        while errands := await asyncio.to_thread(self._outbox.due, list(self._platforms), limit=AT_ONCE):
            await asyncio.gather(*(self._deliver(errand) for errand in errands))
            count += len(errands)
        return count

    async def _start_due(self) -> None:
        free = AT_ONCE - len(self._running)
        if free <= 0 or not self._platforms:
            return
        try:
            errands = await asyncio.to_thread(self._outbox.due, list(self._platforms), limit=free)
        except StewardError as error:  # the database is away: nothing is lost, the rows wait
            log.warning("outbox.unreadable", code=error.code)
            await asyncio.sleep(DATABASE_PAUSE_SECONDS)
            return
        for errand in errands:
            self._begin(errand)

    def _begin(self, errand: Errand) -> None:
        task = asyncio.create_task(self._deliver(errand))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):  # wait_for would swallow a cancellation that meets a wake-up
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _deliver(self, errand: Errand) -> None:
        """One try, after which the row says how it stands; if the database is away, its lease lapses."""
        try:
            await self._try(errand)
        except StewardError as error:
            log.warning("delivery.not_recorded", job_id=str(errand.job_id), code=error.code)

    async def _try(self, errand: Errand) -> None:
        platform = self._platforms[errand.platform]
        try:
            async with asyncio.timeout(CALL_SECONDS):
                handle = await self._bring_up_to_date(platform, errand)
        except NothingFound:  # a person deleted the message: that is their last word on it
            log.info("delivery.message_gone", job_id=str(errand.job_id), platform=errand.platform)
            handle = errand.handle or {}
        except RateLimited as error:
            wait = error.retry_after_seconds or 1.0
            log.info("delivery.rate_limited", job_id=str(errand.job_id), wait_seconds=wait)
            await asyncio.to_thread(self._outbox.later, errand, wait, error, was_refused=True)
            return
        except Exception as error:  # noqa: BLE001  a named boundary: anything else is ambiguous and tried again
            ERRORS.labels(error.code if isinstance(error, StewardError) else "delivery").inc()
            log.warning(
                "delivery.ambiguous", job_id=str(errand.job_id), tries=errand.tries, error=type(error).__name__
            )
            wait = backoff_seconds(errand.tries)
            await asyncio.to_thread(self._outbox.later, errand, wait, error, was_refused=False)
            return
        await asyncio.to_thread(self._outbox.sent, errand, handle)
        log.info("reply.delivered", job_id=str(errand.job_id), revision=errand.revision, tries=errand.tries)

    async def _bring_up_to_date(self, platform: ChatPlatform, errand: Errand) -> dict[str, object] | None:
        key = str(errand.job_id)
        handle = errand.handle
        if handle == {}:  # kept when the place itself was gone: there is no message to look for
            raise NothingFound(f"job {errand.job_id} has no place to answer in")
        if handle is None and errand.tries > 1:
            found = await platform.find(errand.target, key)
            handle = dict(found) if found else None
        if isinstance(platform, ReservesPlaces):
            is_new = handle is None
            handle = await self._reserve(platform, errand, handle)
            if is_new and not errand.reply.final:
                return handle
        if handle is None:
            posted = await platform.post(errand.target, errand.reply, key)
            return None if posted is None else dict(posted)
        changed = await platform.update(handle, errand.reply)
        return dict(handle if changed is None else changed)

    async def _reserve(
        self, platform: ReservesPlaces, errand: Errand, handle: dict[str, object] | None
    ) -> dict[str, object]:
        """Return the handle with all the places that the reply needs, each written down before the next step."""
        while (more := await platform.reserve(errand.target, handle, errand.reply, str(errand.job_id))) is not None:
            handle = dict(more)
            if not await asyncio.to_thread(self._outbox.keep, errand, handle):
                raise DependencyUnavailable(f"the message of job {errand.job_id} is another deliverer's by now")
        assert handle is not None  # the first call of a message without a handle reserves one
        return handle
