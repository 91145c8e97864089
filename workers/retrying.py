"""When a failed attempt is worth another, and how long to wait; and the breaker that spares a lane's attempts.

A model provider that is away has circuits of its own (workers/llm/circuits.py); the lanes' breaker is for all else.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable

from assistant.errors import DependencyUnavailable, ModelAway, StewardError
from assistant.job_kinds import JOB_KINDS
from assistant.jobs import Job

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
OPENS_AFTER = 5  # failures of dependencies in a row, in one lane, before it is left alone
RESTS_SECONDS = 10.0


def retry_after_seconds(error: BaseException, job: Job) -> float | None:
    """Return in how many seconds the job should be tried again, or None when trying again can't help.

    Dependencies come back, requests don't change: only the former are retried, up to the kind's attempts.
    What the other side asked for (Retry-After) wins over our own doubling. A provider known to be away costs no
    attempt: the job waits for it until its deadline, a little longer than the rest, so that not all come at once.
    """
    if isinstance(error, ModelAway):
        return float(error.retry_after_seconds or FIRST_WAIT_SECONDS) * random.uniform(1.0, 1.25)
    is_transient = error.retryable if isinstance(error, StewardError) else isinstance(error, OSError)
    attempts = JOB_KINDS[job.kind].max_attempts if job.kind in JOB_KINDS else 1
    if not is_transient or job.attempt >= attempts:
        return None
    asked = error.retry_after_seconds if isinstance(error, DependencyUnavailable) else None
    if asked is not None:
        return float(asked)
    wait: float = FIRST_WAIT_SECONDS * 2.0 ** (job.attempt - 1)
    return min(LONGEST_WAIT_SECONDS, wait) * random.uniform(0.75, 1.25)


def waiting_line(error: BaseException, seconds: float) -> str:
    """Return what the asker reads while the job waits to be tried again."""
    if isinstance(error, ModelAway):
        return f"the model provider isn't answering; your request is kept and tried again in {seconds:.0f} s"
    return f"a system isn't answering; trying again in {seconds:.0f} s"


class Breaker:
    """Leaves a lane alone for a while after several dependency failures in a row; then one job tries the water.

    While it is open the lane's jobs stay queued and keep their attempts.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, int] = {}
        self._closed_until: dict[str, float] = {}

    def open_lanes(self, lanes: Iterable[str]) -> tuple[str, ...]:
        """Return those of the lanes that may be served now."""
        now = self._clock()
        with self._lock:
            return tuple(lane for lane in lanes if self._closed_until.get(lane, 0.0) <= now)

    def failed(self, lane: str) -> None:
        """Count a dependency failure in the lane."""
        with self._lock:
            self._failures[lane] = self._failures.get(lane, 0) + 1
            if self._failures[lane] >= OPENS_AFTER:
                self._closed_until[lane] = self._clock() + RESTS_SECONDS

    def succeeded(self, lane: str) -> None:
        """Forget the lane's failures."""
        with self._lock:
            self._failures.pop(lane, None)
            self._closed_until.pop(lane, None)
