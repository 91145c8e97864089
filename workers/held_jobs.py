"""The jobs a worker process holds right now, and the one thread that keeps their leases.

Twice a second it looks which of them are to be stopped, so that Stop works within 2 s; every quarter of a lease
it extends them all in one statement. A handler that does not hear Stop, because it waits for a silent model or
computes, is not waited for: its job is ended here, as soon as its time to hear is over, and whatever it still
returns is fenced off. A job past its hard
limit is no longer extended: its lease lapses, the sweeper tells the asker, and its late result is fenced off too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from assistant.errors import Cancelled, StewardError
from assistant.job_kinds import JOB_KINDS
from assistant.jobs import Job
from assistant.replies import Reply
from assistant.storage.job_store import JobStore

log = structlog.get_logger()

LOOK_SECONDS = 0.5
DEAF_SECONDS = 0.75  # what a handler gets to hear Stop; one look, this and the commit stay below 2 s together
HARD_LIMIT = 1.5  # times the kind's run_seconds, plus HARD_LIMIT_GRACE_SECONDS
HARD_LIMIT_GRACE_SECONDS = 30.0


@dataclass
class Held:
    """One job in hand. `stop` is set when it was cancelled, lost, or has run into its hard limit."""

    job: Job
    hard_stop_at: float  # by the clock
    stop: threading.Event = field(default_factory=threading.Event)
    is_over: bool = False
    end_at: float | None = None  # by the clock: when a cancelled job is ended over its handler's head
    is_ended: bool = False


class HeldJobs:
    """Knows what is held; `start` begins the heartbeat."""

    def __init__(
        self, jobs: JobStore, *, owner: str, lease_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs = jobs
        self._owner = owner
        self._extend_seconds = lease_seconds / 4
        self._held: dict[str, Held] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._extended_at = 0.0
        self._clock = clock

    def start(self) -> None:
        """Begin the heartbeat; once."""
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop the heartbeat; leases lapse by themselves."""
        self._ended.set()

    def hold(self, job: Job) -> Held:
        """Keep this job's lease from now on."""
        run_seconds = JOB_KINDS[job.kind].run_seconds if job.kind in JOB_KINDS else 60
        held = Held(job, self._clock() + run_seconds * HARD_LIMIT + HARD_LIMIT_GRACE_SECONDS)
        with self._lock:
            self._held[job.token] = held
        return held

    def release(self, job: Job) -> None:
        """Forget the job: it is finished or given back."""
        with self._lock:
            self._held.pop(job.token, None)

    def all(self) -> list[Job]:
        """Return the jobs in hand."""
        with self._lock:
            return [held.job for held in self._held.values()]

    @property
    def has_deaf(self) -> bool:
        """True while a handler goes on whose job was ended over its head."""
        with self._lock:
            return any(held.is_ended for held in self._held.values())

    def beat(self) -> None:
        """One heartbeat: extend what is due, learn what is to be stopped."""
        now = self._clock()
        with self._lock:
            held = dict(self._held)
        for one in held.values():
            if not one.is_over and now > one.hard_stop_at:
                log.warning("job.stuck", job_id=str(one.job.id), kind=one.job.kind)
                one.is_over = True
                one.stop.set()
        tokens = [token for token, one in held.items() if not one.is_over and not one.is_ended]
        if not tokens:
            return
        extending = now - self._extended_at >= self._extend_seconds
        pulse = self._jobs.heartbeat(tokens, owner=self._owner, extend=extending)
        if extending:
            self._extended_at = now
        for token in pulse.lost | pulse.cancelled:
            held[token].stop.set()
        for token in pulse.cancelled - pulse.lost:
            self._end_if_deaf(held[token], now)

    def seconds_until_beat(self) -> float:
        """Return how long the heartbeat may rest: until the next look, or until a handler's time to hear is over."""
        now = self._clock()
        with self._lock:
            ends = [one.end_at for one in self._held.values() if one.end_at is not None and not one.is_ended]
        return min([LOOK_SECONDS, *(max(0.0, end_at - now) for end_at in ends)])

    def _end_if_deaf(self, one: Held, now: float) -> None:
        if one.end_at is None:
            one.end_at = now + DEAF_SECONDS
        elif now >= one.end_at:
            error = Cancelled(f"job {one.job.id} was stopped over its handler's head")
            one.is_ended = True
            if self._jobs.fail(one.job, error, Reply(text=error.reply)):
                log.warning("job.ended_deaf", job_id=str(one.job.id), kind=one.job.kind)

    def _run(self) -> None:
        while not self._ended.wait(self.seconds_until_beat()):
            try:
                self.beat()
            except StewardError as error:  # the database is away: the lease decides
                log.warning("heartbeat.missed", code=error.code)
