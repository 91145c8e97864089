"""The upkeep that every worker does about once a second: nothing here needs a leader, and doubling does no harm.

Lost jobs are put back or given up, their askers told, forgotten doorbells rung again, this worker's own life and
condition announced. Deleting what is too old is done by one worker at a time, once an hour.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from assistant.errors import StewardError
from assistant.observability import ERRORS
from assistant.queue import Doorbell
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.job_repair import JobRepair
from assistant.storage.minutes_store import MinutesStore
from assistant.storage.worker_store import WorkerCondition, WorkerStore
from workers.watch_checks import WatchChecks

log = structlog.get_logger()

SWEEP_SECONDS = 1.0
RING_AGAIN_SECONDS = 1.0  # a job that could have started so long ago was forgotten by the broker
RINGS_AT_ONCE = 20
SEEN_SECONDS = 5.0
OVERDUE_SECONDS = 5.0
WATCHES_SECONDS = 5.0
HIDDEN_DAYS = 30  # a document whose file vanished can be brought back by ingesting it again until then
RETENTION_SECONDS = 3600.0


class Sweeper:
    """One thread a worker."""

    def __init__(
        self,
        settings: Settings,
        repair: JobRepair,
        workers: WorkerStore,
        documents: DocumentLedger,
        minutes: MinutesStore,
        files: BlobStore,
        doorbell: Doorbell,
        *,
        owner: str,
        lanes: tuple[str, ...],
        slots: int,
        look_after_itself: Callable[[], WorkerCondition],
        watch_checks: WatchChecks,
    ) -> None:
        self._settings = settings
        self._repair = repair
        self._workers = workers
        self._documents = documents
        self._minutes = minutes
        self._files = files
        self._doorbell = doorbell
        self._look_after_itself = look_after_itself
        self._watch_checks = watch_checks
        self._owner = owner
        self._lanes = lanes
        self._slots = slots
        self._done_at: dict[str, float] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; once."""
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop, and take this worker off the list of the living."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        try:
            self._workers.gone(self._owner)
        except StewardError as error:
            log.warning("worker.not_signed_off", code=error.code)

    def sweep(self) -> None:
        """Do all that is due now."""
        condition = self._look_after_itself()
        if self._is_due("seen", SEEN_SECONDS):
            self._workers.seen(self._owner, self._lanes, self._slots, condition)
        repaired = self._repair.sweep(also_queued=self._is_due("overdue", OVERDUE_SECONDS))
        for job_id in repaired.requeued:
            log.warning("job.requeued", job_id=str(job_id))
        for job_id, code in repaired.given_up:
            ERRORS.labels(code).inc()
            log.error("job.given_up", job_id=str(job_id), code=code)
        waiting = self._repair.waiting(self._lanes, longer_than_seconds=RING_AGAIN_SECONDS, at_most=RINGS_AT_ONCE)
        for lane, count in waiting.items():
            for _ in range(count):
                self._doorbell.ring(lane)
        if self._is_due("watches", WATCHES_SECONDS) and self._workers.lead(
            "watches", self._owner, seconds=WATCHES_SECONDS * 3
        ):
            self._watch_checks.start_due()
        if self._is_due("retention", RETENTION_SECONDS) and self._workers.lead(
            "retention", self._owner, seconds=RETENTION_SECONDS - 60
        ):
            forgotten = self._repair.forget_old(self._settings.retention_days)
            purged = self._documents.purge(datetime.now(UTC) - timedelta(days=HIDDEN_DAYS))
            minutes = self._minutes.forget_old(self._settings.minutes_retention_days)
            files = self._files.forget_old(self._settings.retention_days)
            log.info("retention.applied", conversations=forgotten, documents=purged, minutes=minutes, files=files)

    def _is_due(self, what: str, every_seconds: float) -> bool:
        now = time.monotonic()
        if now - self._done_at.get(what, -every_seconds) < every_seconds:
            return False
        self._done_at[what] = now
        return True

    def _run(self) -> None:
        while not self._ended.wait(SWEEP_SECONDS * random.uniform(0.8, 1.2)):
            try:
                self.sweep()
            except StewardError as error:  # the database is away: nothing can be swept until it is back
                self._done_at.clear()
                log.warning("sweep.failed", code=error.code)
