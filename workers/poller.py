"""Looks for jobs when nobody rings: the doorbell of small installations, and the backstop behind a broker.

On SQLite the file tells in microseconds whether any process has committed anything, so looking a hundred times
a second costs next to nothing; on PostgreSQL a look is one indexed read.
"""

from __future__ import annotations

import threading

import structlog

from assistant.errors import StewardError
from assistant.storage.database import ChangeWatch
from assistant.storage.job_store import JobStore
from workers.run_job import JobRunner

log = structlog.get_logger()

WATCH_SECONDS = 0.01  # how often the file is asked, on SQLite
UNCHANGED_SECONDS = 0.5  # a file that nobody changed is looked into no sooner: for jobs whose waiting time is over


class Poller:
    """One thread that claims jobs and starts a thread for each."""

    def __init__(self, runner: JobRunner, jobs: JobStore, *, rung: threading.Event, poll_seconds: float) -> None:
        self._runner = runner
        self._jobs = jobs
        self._rung = rung
        self._poll_seconds = poll_seconds
        self._watch = ChangeWatch(jobs.engine)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; once."""
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()
        self._rung.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._watch.close()

    def poll(self) -> int:
        """Start everything that can start now; returns how many jobs that were."""
        if not self._jobs.has_queued(self._runner.lanes):
            return 0
        started = 0
        while (job := self._runner.take()) is not None:
            threading.Thread(target=self._runner.drain, args=(job,), name=f"job-{job.id}", daemon=True).start()
            started += 1
        return started

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.poll()
            except StewardError as error:  # the database is away
                log.warning("poll.failed", code=error.code)
                self._ended.wait(1.0)
            self._rest()

    def _rest(self) -> None:
        """Wait for a ring, a change of the file, or the poll's time, whatever comes first."""
        if not self._watch.can_watch:
            self._rung.wait(self._poll_seconds)
            self._rung.clear()
            return
        for _ in range(int(max(self._poll_seconds, UNCHANGED_SECONDS) / WATCH_SECONDS)):
            if self._rung.wait(WATCH_SECONDS):
                self._rung.clear()
                return
            if self._watch.changed():
                return
