"""Live progress between machines: a worker says "look at this job", and every bot looks at once.

Only the job's id is said, over Redis pub/sub when REDIS_URL is set; what there is to see stands in the ledger.
Lossy by design: bots look at the ledger by themselves as well, so a word that is lost costs a moment, and the final
state depends on none of this. Redis that hangs or is away therefore holds up nobody: both sides work in daemon
threads of their own, with short time limits, and what can't be said is dropped.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

import redis
import structlog
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.retry import Retry

from assistant.observability import METRICS
from assistant.settings import Settings

log = structlog.get_logger()

CHANNEL = "steward.progress"
SOCKET_SECONDS = 1.0  # what takes longer on a machine room's network is not live any more
PAUSE_SECONDS = 3.0  # after a failure: words are dropped without trying
LISTEN_SECONDS = 0.5  # how soon a listener notices that it is to end
UNSENT_AT_MOST = 1_000

WORDS = Counter("steward_live_words", "Words of live progress to Redis, by outcome.", ["outcome"], registry=METRICS)


class ProgressTeller(Protocol):
    """Says that a job has something new to show."""

    def tell(self, job_id: UUID) -> None:
        """Say it, without ever blocking or raising."""
        ...

    def close(self) -> None:
        """Say no more."""
        ...


class NoTeller:
    """Tells nobody: bots look at the database by themselves."""

    def tell(self, job_id: UUID) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class RedisTeller:
    """Publishes job ids from a thread of its own."""

    def __init__(self, url: str, *, channel: str = CHANNEL) -> None:
        self._redis = connect(url)
        self._channel = channel
        self._unsent: queue.Queue[UUID | None] = queue.Queue(UNSENT_AT_MOST)
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def tell(self, job_id: UUID) -> None:
        """Hand the id to the publishing thread; drop it when too many wait."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._publish, name="progress-teller", daemon=True)
                self._thread.start()
        try:
            self._unsent.put_nowait(job_id)
        except queue.Full:
            WORDS.labels("dropped").inc()

    def close(self) -> None:
        """End the thread; what was not said stays unsaid."""
        self._closed.set()
        with contextlib.suppress(queue.Full):
            self._unsent.put_nowait(None)

    def _publish(self) -> None:
        while not self._closed.is_set() and (job_id := self._unsent.get()) is not None:
            try:
                self._redis.publish(self._channel, job_id.hex)
                WORDS.labels("sent").inc()
            except redis.RedisError as error:
                WORDS.labels("failed").inc()
                log.warning("progress.not_told", error=type(error).__name__)
                self._closed.wait(PAUSE_SECONDS)
                self._forget()
        self._redis.close()

    def _forget(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                if self._unsent.get_nowait() is None:
                    self._closed.set()
                WORDS.labels("dropped").inc()


class ProgressListener:
    """Calls `hear` with the id of each job that has something new, from a thread of its own."""

    def __init__(self, url: str, hear: Callable[[UUID], None], *, channel: str = CHANNEL) -> None:
        self._redis = connect(url)
        self._hear = hear
        self._channel = channel
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress-listener", daemon=True)
        self.is_listening = threading.Event()  # set while subscribed

    def start(self) -> None:
        """Begin to listen; Redis need not be there yet."""
        self._thread.start()

    def end(self) -> None:
        """Listen no more. The thread ends by itself within LISTEN_SECONDS, and is not waited for."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen()
            except redis.RedisError as error:
                log.warning("progress.not_heard", error=type(error).__name__)
            finally:
                self.is_listening.clear()
            self._ended.wait(PAUSE_SECONDS)
        self._redis.close()

    def _listen(self) -> None:
        client: Any = self._redis  # redis-py has no types for pubsub
        with client.pubsub(ignore_subscribe_messages=False) as subscription:
            subscription.subscribe(self._channel)
            while not self._ended.is_set():
                message: dict[str, Any] | None = subscription.get_message(timeout=LISTEN_SECONDS)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    self.is_listening.set()
                elif (job_id := _job_id(message["data"])) is not None:
                    self._hear(job_id)


def connect(url: str) -> redis.Redis:
    """Return a client that gives up quickly and never tries twice; nothing is connected yet."""
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=SOCKET_SECONDS,
        socket_keepalive=True,
        health_check_interval=10,
        retry=Retry(NoBackoff(), 0),
    )


def open_teller(settings: Settings) -> ProgressTeller:
    """Return what the settings ask for."""
    return RedisTeller(settings.redis_url) if settings.redis_url else NoTeller()


def _job_id(data: object) -> UUID | None:
    try:
        return UUID(data.decode("ascii")) if isinstance(data, bytes) else None
    except ValueError:
        return None
