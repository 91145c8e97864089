"""Hear the broker's rings: Celery's own worker, in threads of this process, running `steward.run_job`.

When the broker or Celery's consumer dies of something, it is begun again; meanwhile the poller serves.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, ClassVar

import structlog
from celery import Celery
from celery.app.trace import setup_worker_optimizations
from celery.worker.consumer import Consumer

from assistant.queue import RUN_JOB, queue_name
from workers.run_job import JobRunner

log = structlog.get_logger()

AGAIN_SECONDS = 1.0


def register_task(app: Celery, runner: JobRunner) -> Any:
    """Register `steward.run_job` on the Celery application and return the task.

    The message's id says which job was just committed; which one runs is the ledger's choice, so that a flood
    of rings for one person does not decide who is served. The task goes on until nothing is left for it.
    """

    @app.task(name=RUN_JOB, ignore_result=True, shared=False)  # type: ignore[untyped-decorator]
    def run_job(job_id: str | None = None) -> int:
        del job_id
        return runner.drain()

    return run_job


class WithoutDelays(Consumer):  # type: ignore[misc]
    """Celery's consumer less its delayed delivery, which declares 28 queues on RabbitMQ that rings never use."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]
        """The same steps but one."""

        default_steps: ClassVar[list[str]] = [
            step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        ]


class RingConsumer:
    """One Celery worker in a thread."""

    def __init__(
        self,
        app: Celery,
        runner: JobRunner,
        *,
        slots: int,
        lanes: Sequence[str] | None = None,
        prefix: str = "steward",
    ) -> None:
        """Prepare to hear the lanes' rings; None: the runner's. Lanes that others run are heard too.

        Their processes look at the ledger by themselves, but a queue that nobody reads grows.
        """
        register_task(app, runner)
        self._app = app
        self._name = f"steward@{runner.owner.replace('/', '-')}"
        self._queues = [queue_name(lane, prefix) for lane in (runner.lanes if lanes is None else lanes)]
        self._slots = slots
        self._ended = threading.Event()
        self._worker: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen; returns at once, also when the broker is away."""
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop listening; jobs in hand go on."""
        self._ended.set()
        worker = self._worker
        if worker is not None:
            worker.should_stop = 0  # the exit code that Celery's loop leaves with
            threading.Thread(target=worker.stop, daemon=True).start()
        if self._thread is not None:
            self._thread.join(timeout=3)

    def _run(self) -> None:
        setup_worker_optimizations(self._app, self._name)  # its threads look tasks up in the process's application
        while not self._ended.is_set():
            try:
                self._worker = self._app.WorkController(
                    hostname=self._name,
                    pool_cls="threads",
                    consumer_cls=WithoutDelays,
                    concurrency=self._slots,
                    queues=self._queues,
                    without_gossip=True,
                    without_mingle=True,
                    without_heartbeat=True,
                    quiet=True,
                )
                self._worker.start()
            except Exception as error:  # whatever a broker's client raises: the poller serves, and we begin again
                log.warning("consumer.died", error=type(error).__name__, exc_info=error)
            self._ended.wait(AGAIN_SECONDS)
