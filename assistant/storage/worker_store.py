"""Which workers are alive, and who leads where one is enough."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, TypeAdapter

from assistant.storage.database import reading, writing
from assistant.storage.job_acceptance import LIVE_WORKER_SECONDS
from assistant.storage.statements import Statement

_LANES = TypeAdapter(tuple[str, ...])


class WorkerCondition(BaseModel):
    """What a worker says of itself every few seconds. Stored: add fields with a default, never rename one."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer worker may say more

    memory_bytes: int = 0
    wears_out: str = ""  # "memory" or "jobs": it takes no further jobs and will be replaced
    providers_away: tuple[str, ...] = ()  # model providers it leaves alone (workers/llm/circuits.py)


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """One worker process that was seen a moment ago."""

    id: str
    lanes: tuple[str, ...]
    slots: int
    started_at: datetime
    seen_at: datetime
    condition: WorkerCondition


_SEE = Statement(
    """
    INSERT INTO workers (id, lanes, slots, condition, started_at, seen_at)
    VALUES (:owner, @json(:lanes), :slots, @json(:condition), @now, @now)
    ON CONFLICT (id) DO UPDATE SET lanes = excluded.lanes, slots = excluded.slots, condition = excluded.condition,
                                   seen_at = excluded.seen_at
    """
)
_COUNT_RECYCLED = Statement(
    """
    INSERT INTO counters (name, value) VALUES ('workers_recycled', 1)
    ON CONFLICT (name) DO UPDATE SET value = counters.value + 1
    """
)
_RECYCLED = Statement("SELECT value FROM counters WHERE name = 'workers_recycled'")
_FORGET = Statement("DELETE FROM workers WHERE id = :owner")
_LIVE = Statement(
    """
    SELECT id, @text(lanes) AS lanes, slots, @text(condition) AS condition, started_at, seen_at FROM workers
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

    def seen(self, owner: str, lanes: tuple[str, ...], slots: int, condition: WorkerCondition | None = None) -> None:
        """Say that this worker is alive, which lanes it serves and how it is."""
        told = (condition or WorkerCondition()).model_dump_json()
        with writing(self._engine) as connection:
            _SEE(connection, owner=owner, lanes=json.dumps(lanes), slots=slots, condition=told)

    def count_recycled(self) -> None:
        """Count a worker that is being replaced because it wore out."""
        with writing(self._engine) as connection:
            _COUNT_RECYCLED(connection)

    def recycled(self) -> int:
        """Return how many workers were replaced so far."""
        with reading(self._engine) as connection:
            return int(_RECYCLED(connection).scalar() or 0)

    def gone(self, owner: str) -> None:
        """Say that this worker has stopped."""
        with writing(self._engine) as connection:
            _FORGET(connection, owner=owner)

    def alive(self) -> list[LiveWorker]:
        """Return the workers seen in the last LIVE_WORKER_SECONDS."""
        with reading(self._engine) as connection:
            return [
                LiveWorker(
                    row.id,
                    _LANES.validate_json(row.lanes),
                    row.slots,
                    row.started_at,
                    row.seen_at,
                    WorkerCondition.model_validate_json(row.condition or "{}"),
                )
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
