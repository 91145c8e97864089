"""Wait for one job's end, and see to it that somebody works on it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from uuid import UUID

from assistant.errors import BudgetExceeded, DependencyUnavailable
from assistant.settings import Settings
from assistant.storage.job_store import JobStore, JobView

POLL_SECONDS = 0.03
LOOK_FOR_WORKERS_SECONDS = 2.0  # how often we ask whether somebody else has come or gone


class LocalWorker:
    """A worker process for one job, started only when nobody else can take it.

    A process, not a call: bot/ and workers/ don't import each other, and a document that crashes the worker
    leaves this terminal alive to say so.
    """

    def __init__(self, settings: Settings, job_id: UUID) -> None:
        self._command = [
            sys.executable, "-m", "assistant.commands", "worker",
            "--only", str(job_id), "--data", str(settings.steward_data),
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def ensure(self) -> None:
        """Start it, or start it again when it died; the ledger decides how often a job may kill its worker."""
        if self._process is None or self._process.poll() is not None:
            if self._starts > 5:
                raise DependencyUnavailable(
                    f"the worker started for this job stopped {self._starts} times without finishing it; "
                    "`steward doctor` tells what is missing"
                )
            self._starts += 1
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        """End it if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()


def wait_for(
    jobs: JobStore,
    job_id: UUID,
    *,
    timeout_seconds: float,
    has_worker: Callable[[], bool],
    worker: LocalWorker,
    on_step: Callable[[str], None],
) -> JobView:
    """Return the job's final view.

    Raises:
        BudgetExceeded: it did not end within the time; it stays in the ledger and may still be answered.
        DependencyUnavailable: the worker started for it cannot stay up.
    """
    give_up_at = time.monotonic() + timeout_seconds
    look_again_at, shown = 0.0, 0
    while True:
        view = jobs.view(job_id)
        for step in view.steps[shown:]:
            on_step(step.text)
        shown = len(view.steps)
        if view.status.is_answered:
            return view
        now = time.monotonic()
        if now > give_up_at:
            raise BudgetExceeded(f"job {job_id} wasn't finished after {timeout_seconds:g} s; it is still queued")
        if now >= look_again_at:
            look_again_at = now + LOOK_FOR_WORKERS_SECONDS
            if not has_worker():
                worker.ensure()
        time.sleep(POLL_SECONDS)
