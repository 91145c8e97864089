"""When a worker process has had enough: above its memory ceiling, or after so many jobs.

Then it takes no further jobs, finishes those in hand and exits with RECYCLED, and whoever keeps it alive starts a
fresh one. Python gives little memory back to the system, so a ceiling that is passed once mostly stays passed.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path

from assistant.settings import Settings

_STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """Return the memory this process holds now; where the system does not tell, the most it ever held."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * resource.getpagesize()


class Wear:
    """The limits of the settings, against one process."""

    def __init__(self, settings: Settings, *, measure: Callable[[], int] = resident_bytes) -> None:
        self._memory_bytes = settings.worker_memory_mb * 1_000_000
        self._max_jobs = settings.worker_max_jobs
        self._measure = measure

    def reason(self, *, jobs_run: int) -> str | None:
        """Return "memory" or "jobs" when the process should be replaced, else None.

        Before its first job it never should: a ceiling below what an idle worker needs would restart it for ever.
        """
        if not jobs_run:
            return None
        if self._max_jobs and jobs_run >= self._max_jobs:
            return "jobs"
        if self._memory_bytes and self._measure() > self._memory_bytes:
            return "memory"
        return None
