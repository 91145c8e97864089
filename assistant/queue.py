"""The doorbell: wakes a worker after a job was committed. The ledger is the queue; this only saves it a wait.

A ring may be lost, doubled or late without any harm: workers look at the ledger whatever the message says, and
the sweeper rings again. That is why nothing here blocks, retries or raises. With BROKER_URL set, Celery carries
the rings (Redis, or RabbitMQ with quorum queues), published by a thread behind the caller's back: a hung broker
must not hold up an acknowledgement. Without it, workers poll, and a bot in their process rings an event.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import Any, Protocol
from uuid import UUID

import structlog
from celery import Celery
from kombu.entity import Queue
from prometheus_client import Counter

from assistant.job_kinds import LANES
from assistant.observability import METRICS
from assistant.settings import Settings

log = structlog.get_logger()

RUN_JOB = "steward.run_job"
RING_EXPIRES_SECONDS = 30
UNSENT_AT_MOST = 10_000  # rings kept while the broker is away; older ones are worthless by then

RINGS = Counter("steward_rings", "Rings to the broker, by outcome.", ["outcome"], registry=METRICS)


class Doorbell(Protocol):
    """Wakes somebody who serves the lane."""

    def ring(self, lane: str, job_id: UUID | None = None) -> None:
        """Wake a worker, without ever blocking or raising."""
        ...


class NoDoorbell:
    """Rings nobody: workers of other processes poll the database."""

    def ring(self, lane: str, job_id: UUID | None = None) -> None:
        """Do nothing."""


class EventDoorbell:
    """Wakes a worker in this process."""

    def __init__(self) -> None:
        self.rung = threading.Event()

    def ring(self, lane: str, job_id: UUID | None = None) -> None:
        """Set the event that the poller waits for."""
        self.rung.set()


class CeleryDoorbell:
    """Publishes the task `steward.run_job` with the job's id to the lane's queue, from a thread of its own."""

    def __init__(self, app: Celery, *, prefix: str = "steward") -> None:
        self._app = app
        self._prefix = prefix
        self._unsent: queue.Queue[tuple[str, str | None] | None] = queue.Queue(UNSENT_AT_MOST)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def ring(self, lane: str, job_id: UUID | None = None) -> None:
        """Hand the ring to the publishing thread; drop it when too many wait."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._publish, name="doorbell", daemon=True)
                self._thread.start()
        try:
            self._unsent.put_nowait((lane, str(job_id) if job_id else None))
        except queue.Full:
            RINGS.labels("dropped").inc()

    def close(self, timeout_seconds: float = 2.0) -> None:
        """Send what waits, if that goes quickly."""
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._unsent.put_nowait(None)
            self._thread.join(timeout_seconds)

    def _publish(self) -> None:
        while (ring := self._unsent.get()) is not None:
            lane, job_id = ring
            try:
                self._app.send_task(
                    RUN_JOB,
                    args=(job_id,),
                    queue=queue_name(lane, self._prefix),
                    expires=RING_EXPIRES_SECONDS,
                    retry=False,
                    ignore_result=True,
                )
                RINGS.labels("sent").inc()
            except Exception as error:  # noqa: BLE001  whatever a broker's client raises: the sweeper rings again
                RINGS.labels("failed").inc()
                log.warning("ring.failed", lane=lane, error=type(error).__name__)


def queue_name(lane: str, prefix: str = "steward") -> str:
    """Return the broker's name for a lane."""
    return f"{prefix}.{lane}"


def make_celery(broker_url: str, *, prefix: str = "steward") -> Celery:
    """Return the Celery application of bot and workers: JSON only, no results, one message at a time."""
    is_amqp = broker_url.startswith(("amqp", "pyamqp"))
    arguments: dict[str, Any] = {"x-queue-type": "quorum"} if is_amqp else {}
    app = Celery("steward", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_queues=[_queue(queue_name(lane, prefix), arguments) for lane in LANES],
        task_create_missing_queues=False,
        task_default_queue=queue_name(LANES[0], prefix),
        task_acks_late=False,  # a ring that dies with its worker is no loss
        task_publish_retry=False,
        task_default_delivery_mode="persistent" if is_amqp else "transient",  # quorum queues are durable anyway
        worker_prefetch_multiplier=1,
        worker_detect_quorum_queues=True,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=3,
        broker_pool_limit=4,
        broker_transport_options={} if is_amqp else _REDIS_OPTIONS,
    )
    return app


def _queue(name: str, arguments: dict[str, Any]) -> Any:
    make: Any = Queue  # kombu has no types
    return make(name, queue_arguments=arguments)


_REDIS_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "retry_on_timeout": True,
}


def open_doorbell(settings: Settings) -> Doorbell:
    """Return the doorbell that the settings ask for."""
    if settings.broker_url:
        return CeleryDoorbell(make_celery(settings.broker_url))
    return NoDoorbell()
