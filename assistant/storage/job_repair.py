"""What puts the ledger right when something died, forgot or took too long, and what operators do to it by hand.

Every statement is conditional and skips rows that somebody else holds, so any number of sweepers may run at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from assistant.job_kinds import JOB_KINDS, SUSPECT_LANE
from assistant.mail.draft import DraftStatus
from assistant.replies import Action, Actions, Notice, Reply
from assistant.storage.database import reading, writing
from assistant.storage.draft_orders import give_up_order, mark
from assistant.storage.job_store import AWAIT_AGAIN, SAY
from assistant.storage.minutes_rows import stand_by
from assistant.storage.statements import Statement, json_text

MAX_WORKER_DEATHS = 3  # a job that took so many workers with it is not run again by itself
POISON = "worker_lost"  # the error code of such a job
OVERDUE = "deadline_passed"
AFTER_ORDER_SECONDS = 86_400.0  # a draft whose order was given up waits a further day

_ANY_EXPIRED = Statement("SELECT 1 FROM jobs WHERE state = 'running' AND lease_until < @now LIMIT 1")
_ANY_OVERDUE = Statement("SELECT 1 FROM jobs WHERE state = 'queued' AND deadline_at < @now LIMIT 1")
_EXPIRED = Statement(
    """
    UPDATE jobs SET
        state = CASE WHEN deadline_at < @now OR worker_deaths + 1 >= :max_deaths THEN 'failed' ELSE 'queued' END,
        error_code = CASE WHEN deadline_at < @now THEN :overdue
                          WHEN worker_deaths + 1 >= :max_deaths THEN :poison END,
        error_message = 'lost its worker ' || coalesce(owner, '?') || ' in attempt ' || attempt,
        finished_at = CASE WHEN deadline_at < @now OR worker_deaths + 1 >= :max_deaths THEN @now END,
        worker_deaths = worker_deaths + 1, lane = :suspect, token = NULL, lease_until = NULL, run_at = @now
    WHERE id IN (SELECT id FROM jobs WHERE state = 'running' AND lease_until < @now LIMIT 100 @locked)
    RETURNING id AS job_id, state, error_code, worker_deaths
    """,
    returns="job_id",
)
_OVERDUE = Statement(
    """
    UPDATE jobs SET state = 'failed', finished_at = @now, error_code = :overdue,
           error_message = coalesce(error_message, 'waited past its deadline')
    WHERE id IN (SELECT id FROM jobs WHERE state = 'queued' AND deadline_at < @now LIMIT 100 @locked)
    RETURNING id AS job_id
    """,
    returns="job_id",
)
LAPSED = "approval_lapsed"  # the error code of a draft that nobody sent, saved or discarded in time
_ANY_LAPSED = Statement("SELECT 1 FROM jobs WHERE state = 'waiting_for_approval' AND deadline_at < @now LIMIT 1")
_LAPSED = Statement(
    """
    UPDATE jobs SET state = 'cancelled', finished_at = @now, error_code = :lapsed,
           error_message = 'waited for an approval past its deadline'
    WHERE id IN (SELECT id FROM jobs WHERE state = 'waiting_for_approval' AND deadline_at < @now LIMIT 100 @locked)
    RETURNING id AS job_id
    """,
    returns="job_id",
)
_SAID = Statement("SELECT @text(reply) AS reply FROM outbox WHERE job_id = :job_id")
_OLD_ORDERS = Statement("DELETE FROM draft_orders WHERE created_at < @in(:seconds)")
_BURY = Statement(
    "UPDATE jobs SET lease_until = @in(:seconds) WHERE state = 'running' AND owner = :owner AND lease_until > @now"
)
_REPLAY = Statement(
    """
    UPDATE jobs SET state = 'queued', lane = :lane, attempt = 0, worker_deaths = 0, run_at = @now,
           deadline_at = @in(:deadline_seconds), finished_at = NULL, error_code = NULL, error_message = NULL,
           cancel_requested = :no
    WHERE id = :job_id AND state IN ('failed', 'cancelled')
    """
)
_KIND = Statement("SELECT kind FROM jobs WHERE id = :job_id")
_LIST = """
    SELECT id AS job_id FROM jobs WHERE {which} ORDER BY created_at DESC LIMIT :count
"""
_LIST_ALL = Statement(_LIST.format(which="1 = 1"), returns="job_id")
_LIST_STATE = Statement(_LIST.format(which="state = :state"), returns="job_id")
# Dead letters: failed for a reason of ours, not for what was asked.
DEAD_CODES = (POISON, OVERDUE, "dependency_unavailable", "rate_limited", "model_away", "storage_full", "internal")
_DEAD = ", ".join(f"'{code}'" for code in DEAD_CODES)
_LIST_DEAD = Statement(_LIST.format(which=f"state = 'failed' AND error_code IN ({_DEAD})"), returns="job_id")
_LANES = Statement(
    """
    SELECT lane, state, count(*) AS jobs, min(created_at) AS created_at FROM jobs
    WHERE state = 'queued' OR state = 'running' GROUP BY lane, state
    """,
    returns="created_at",
)
_WAITING = Statement(
    """
    SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'queued' AND lane = :lane AND run_at <= @in(:not_after)
                          LIMIT :at_most) a
    """
)
_OLD_CONVERSATIONS = Statement(
    "DELETE FROM conversations WHERE id IN (SELECT id FROM conversations WHERE updated_at < @in(:seconds) LIMIT 500)"
)
_OLD_CLAIMS = Statement(
    """
    DELETE FROM event_claims WHERE event_key IN (
        SELECT e.event_key FROM event_claims e WHERE e.claimed_at < @in(:seconds)
        AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = e.job_id) LIMIT 5000)
    """
)
_OLD_WORKERS = Statement("DELETE FROM workers WHERE seen_at < @in(:seconds)")
CLAIM_DAYS = 2  # an event is not sent again after so long (Slack: 5 minutes); after it, claims without a job go


@dataclass(frozen=True, slots=True)
class Repaired:
    """What one sweep found: jobs put back, and jobs given up with their reason."""

    requeued: tuple[UUID, ...] = ()
    given_up: tuple[tuple[UUID, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LaneLoad:
    """How many jobs of a lane are in a state, and since when the oldest."""

    lane: str
    state: str
    jobs: int
    oldest_at: datetime


class JobRepair:
    """The ledger's upkeep."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def sweep(self, *, also_queued: bool = True) -> Repaired:
        """Put back what lost its worker, give up what is overdue or deadly, and have the askers told.

        `also_queued`: look for queued jobs past their deadline too, which reads the whole queue.
        """
        with reading(self._engine) as connection:
            expired = _ANY_EXPIRED(connection).first()
            waited = _ANY_OVERDUE(connection).first() if also_queued else None
            lapsed = _ANY_LAPSED(connection).first() if also_queued else None
        if not expired and not waited and not lapsed:
            return Repaired()
        with writing(self._engine) as connection:
            deaths = {"max_deaths": MAX_WORKER_DEATHS, "poison": POISON, "suspect": SUSPECT_LANE}
            lost = _EXPIRED(connection, **deaths, overdue=OVERDUE).all() if expired else []
            overdue = _OVERDUE(connection, overdue=OVERDUE).scalars().all() if waited else []
            given_up = [(row.job_id, row.error_code) for row in lost if row.state == "failed"]
            given_up += [(job_id, OVERDUE) for job_id in overdue]
            for job_id, code in given_up:
                SAY(connection, job_id=job_id, reply=json_text(self._given_up(connection, job_id, code)))
            for job_id in _LAPSED(connection, lapsed=LAPSED).scalars().all() if lapsed else []:
                mark(connection, job_id, DraftStatus.DISCARDED)
                SAY(connection, job_id=job_id, reply=json_text(_without_buttons(connection, job_id)))
        return Repaired(tuple(row.job_id for row in lost if row.state == "queued"), tuple(given_up))

    def _given_up(self, connection: sa.Connection, job_id: UUID, code: str) -> Reply:
        """Return what the asker reads; what was ordered under a draft or minutes leaves them as they were."""
        plain = apology(job_id, code)
        if (minutes := stand_by(connection, job_id, plain.text)) is not None:
            return minutes
        said = give_up_order(connection, job_id, plain.text)
        if said is None:
            return plain
        AWAIT_AGAIN(connection, job_id=job_id, approval_seconds=AFTER_ORDER_SECONDS, no=False)
        return said

    def bury(self, owner: str) -> int:
        """Say that this worker is dead: its leases end now. Returns how many jobs it held."""
        with writing(self._engine) as connection:
            return int(_BURY(connection, owner=owner, seconds=-0.001).rowcount)

    def replay(self, job_id: UUID) -> bool:
        """Run a job that failed or was cancelled once more, from the start. False when it is neither."""
        with writing(self._engine) as connection:
            kind = JOB_KINDS.get(_KIND(connection, job_id=job_id).scalar() or "")
            if kind is None:
                return False
            done = _REPLAY(
                connection, job_id=job_id, lane=kind.lane, deadline_seconds=kind.deadline_seconds, no=False
            ).rowcount
            if done:
                again = Reply(text="Trying that once more …", final=False)
                SAY(connection, job_id=job_id, reply=json_text(again))
            return bool(done)

    def list_jobs(self, state: str | None = None, *, limit: int = 50) -> list[UUID]:
        """Return the newest jobs (in this state), newest first; "dead": failed for a reason of ours."""
        with reading(self._engine) as connection:
            if state == "dead":
                rows = _LIST_DEAD(connection, count=limit)
            elif state:
                rows = _LIST_STATE(connection, count=limit, state=state)
            else:
                rows = _LIST_ALL(connection, count=limit)
            return list(rows.scalars())

    def loads(self) -> list[LaneLoad]:
        """Return how full each lane is."""
        with reading(self._engine) as connection:
            return [LaneLoad(row.lane, row.state, row.jobs, row.created_at) for row in _LANES(connection)]

    def waiting(self, lanes: Sequence[str], *, longer_than_seconds: float, at_most: int) -> dict[str, int]:
        """Return how many jobs of each lane, counted to `at_most`, could have started so long ago and have not."""
        with reading(self._engine) as connection:
            counts = {
                lane: _WAITING(connection, lane=lane, not_after=-longer_than_seconds, at_most=at_most).scalar_one()
                for lane in lanes
            }
        return {lane: count for lane, count in counts.items() if count}

    def forget_old(self, retention_days: float) -> int:
        """Delete conversations not used for so long, with all that hangs on them; returns how many."""
        day = 86_400.0
        with writing(self._engine) as connection:
            _OLD_CLAIMS(connection, seconds=-CLAIM_DAYS * day)
            _OLD_WORKERS(connection, seconds=-day)
            _OLD_ORDERS(connection, seconds=-retention_days * day)
            return int(_OLD_CONVERSATIONS(connection, seconds=-retention_days * day).rowcount)


def apology(job_id: UUID, code: str) -> Reply:
    """Return what the asker of a job that was given up is told."""
    if code == POISON:
        text = (
            "I couldn't finish this: it stopped my worker several times, so I won't try it again by myself. "
            f"The operators have been told (job {job_id})."
        )
    else:
        text = f"I couldn't answer this in time and gave up (job {job_id}). Asking again may well work."
    retry = Action(name="retry", label="Try again", value={"job_id": str(job_id)})
    return Reply(text=text, blocks=(Actions(items=(retry,)),))


def _without_buttons(connection: sa.Connection, job_id: UUID) -> Reply:
    """Return the draft as it stood, for reading: nobody decided about it in time."""
    said = Reply.model_validate_json(_SAID(connection, job_id=job_id).scalar_one())
    blocks = tuple(block for block in said.blocks if not isinstance(block, Actions))
    lapsed = Notice(text="Nobody decided about this draft in time, so it lapsed. Nothing was sent by me.")
    return said.model_copy(update={"blocks": (*blocks, lapsed), "wants_feedback": False})
