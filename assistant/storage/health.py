"""How the ledger as a whole is doing: what /readyz and /metrics tell."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assistant.storage.database import reading, writing
from assistant.storage.job_acceptance import LIVE_WORKER_SECONDS
from assistant.storage.job_repair import DEAD_CODES
from assistant.storage.statements import Statement

_WRITE = Statement(
    """
    INSERT INTO counters (name, value) VALUES ('readyz', 1)
    ON CONFLICT (name) DO UPDATE SET value = counters.value + 1
    """
)
_DEAD = ", ".join(f"'{code}'" for code in DEAD_CODES)
_PULSE = """
    SELECT (SELECT count(*) FROM jobs WHERE state = 'failed' AND error_code IN ({dead})) AS dead_jobs,
           (SELECT count(*) FROM workers WHERE seen_at > @in(:not_before)) AS live_workers,
           (SELECT count(*) FROM jobs WHERE state = 'running' AND lease_until < @now) AS expired_leases,
           {age} AS undelivered_seconds
"""
_BEHIND = """
    SELECT min(coalesce(j.finished_at, j.created_at)) FROM outbox o JOIN jobs j ON j.id = o.job_id
    WHERE o.sent_revision < o.revision AND o.platform <> 'console'
"""
_RECENT = Statement(
    """
    SELECT CASE WHEN state = 'succeeded' THEN state ELSE coalesce(error_code, state) END AS outcome, count(*) AS jobs
    FROM jobs WHERE finished_at > @in(:not_before) GROUP BY 1
    """
)
RECENT_SECONDS = 300.0
_AGE = "coalesce(extract(epoch FROM @now - ({behind})), 0)"
_AGE_ON_SQLITE = "coalesce((julianday('now') - julianday(({behind}))) * 86400.0, 0)"


@dataclass(frozen=True, slots=True)
class Pulse:
    """The figures that alerts are made of."""

    dead_jobs: int
    live_workers: int
    expired_leases: int
    undelivered_seconds: float  # age of the oldest message that is behind; the terminal's readers excepted


class Health:
    """Looks at the whole; cheap enough for every few seconds."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._pulse = Statement(
            _PULSE.format(dead=_DEAD, age=_AGE.format(behind=_BEHIND)),
            sqlite=_PULSE.format(dead=_DEAD, age=_AGE_ON_SQLITE.format(behind=_BEHIND)),
        )

    def write(self) -> None:
        """Write something small.

        Raises:
            DependencyUnavailable, StorageFull: the database takes no writes.
        """
        with writing(self._engine) as connection:
            _WRITE(connection)

    def pulse(self) -> Pulse:
        """Return the figures of now."""
        with reading(self._engine) as connection:
            row = self._pulse(connection, not_before=-LIVE_WORKER_SECONDS).one()
        return Pulse(row.dead_jobs, row.live_workers, row.expired_leases, max(0.0, float(row.undelivered_seconds)))

    def recent(self) -> dict[str, int]:
        """Return how many jobs ended within RECENT_SECONDS, by `succeeded` or the code of what went wrong."""
        with reading(self._engine) as connection:
            return {row.outcome: row.jobs for row in _RECENT(connection, not_before=-RECENT_SECONDS)}
