"""Which workers are alive, and who leads where one is enough."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter

from assistant.storage.database import reading, writing
from assistant.storage.job_acceptance import LIVE_WORKER_SECONDS
from assistant.storage.statements import Statement

_LANES = TypeAdapter(tuple[str, ...])


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """One worker process that was seen a moment ago."""

    id: str
    lanes: tuple[str, ...]
    slots: int
    started_at: datetime
    seen_at: datetime


_SEE = Statement(
    """
    INSERT INTO workers (id, lanes, slots, started_at, seen_at) VALUES (:owner, @json(:lanes), :slots, @now, @now)
    ON CONFLICT (id) DO UPDATE SET lanes = excluded.lanes, slots = excluded.slots, seen_at = excluded.seen_at
    """
)
_FORGET = Statement("DELETE FROM workers WHERE id = :owner")
_LIVE = Statement(
    """
    SELECT id, @text(lanes) AS lanes, slots, started_at, seen_at FROM workers
    WHERE seen_at > @in(:not_before) ORDER BY id
    """,
    returns="started_at seen_at",
)
_LEAD = Statement(
    """
    INSERT INTO leaders (name, holder, until) VALUES (:name, :holder, @in(:seconds))
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE leaders.holder = excluded.holder OR leaders.until < @now
    """
)
_RESIGN = Statement("DELETE FROM leaders WHERE name = :name AND holder = :holder")


class WorkerStore:
    """Registers workers and elects leaders; a row is a claim for a few seconds, never for ever."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def seen(self, owner: str, lanes: tuple[str, ...], slots: int) -> None:
        """Say that this worker is alive and which lanes it serves."""
        with writing(self._engine) as connection:
            _SEE(connection, owner=owner, lanes=json.dumps(lanes), slots=slots)

    def gone(self, owner: str) -> None:
        """Say that this worker has stopped."""
        with writing(self._engine) as connection:
            _FORGET(connection, owner=owner)

    def alive(self) -> list[LiveWorker]:
        """Return the workers seen in the last LIVE_WORKER_SECONDS."""
        with reading(self._engine) as connection:
            return [
                LiveWorker(row.id, _LANES.validate_json(row.lanes), row.slots, row.started_at, row.seen_at)
                for row in _LIVE(connection, not_before=-LIVE_WORKER_SECONDS)
            ]

    def any_alive(self) -> bool:
        """Return whether any worker is alive."""
        return bool(self.alive())

    def serves(self, lane: str) -> bool:
        """Return whether a live worker takes jobs of this lane."""
        return any(lane in worker.lanes for worker in self.alive())

    def lead(self, name: str, holder: str, *, seconds: float) -> bool:
        """Return whether `holder` leads in `name` for the next seconds; call it again to go on leading."""
        with writing(self._engine) as connection:
            return bool(_LEAD(connection, name=name, holder=holder, seconds=seconds).rowcount)

    def resign(self, name: str, holder: str) -> None:
        """Give the lead in `name` back, if `holder` has it, so that the next need not wait for its end."""
        with writing(self._engine) as connection:
            _RESIGN(connection, name=name, holder=holder)
