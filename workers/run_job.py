"""Run one job: claim it, build its context, call its handler, keep what came of it.

This is the one place in the workers that catches everything: an error becomes a retry, or a reply that carries
the job's id. `JobRunner.drain` is what the Celery task `steward.run_job` and the poller both call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from assistant.errors import BudgetExceeded, Cancelled, DependencyUnavailable, ModelAway, StewardError, StorageFull
from assistant.job_kinds import JOB_KINDS
from assistant.jobs import Job, JobResult, LatencyMs, Receipt, Step
from assistant.live_progress import NoTeller, ProgressTeller
from assistant.observability import ERRORS, JOB_SECONDS, JOBS_FINISHED, STAGE_SECONDS, Stopwatch, bound
from assistant.replies import Action, Actions, Notice, Reply
from assistant.storage.job_store import JobStore
from workers.context import JobContext
from workers.held_jobs import Held, HeldJobs
from workers.registry import HANDLERS, handler_of
from workers.retrying import Breaker, retry_after_seconds, waiting_line

log = structlog.get_logger()

PATIENCE_SECONDS = 120.0  # how long a finished job waits for a database that is away before its work is lost
STREAM_SECONDS = 0.2  # the growing answer is written no more often than this
INTAKE_SECONDS = 60.0  # a question is received no longer than this before it is written down; more is clock skew


@dataclass(frozen=True, slots=True)
class Progress:
    """How an attempt speaks to the outside: what JobContext hands on."""

    report: Callable[..., None]
    stream: Callable[[str], None]
    is_cancelled: Callable[[], bool]
    stopwatch: Stopwatch


ContextFactory = Callable[[Job, Progress], JobContext]


class JobRunner:
    """Runs jobs in at most `slots` threads of its callers. One per worker process."""

    def __init__(
        self,
        jobs: JobStore,
        held: HeldJobs,
        make_context: ContextFactory,
        *,
        owner: str,
        lanes: Sequence[str],
        slots: int,
        lane_slots: Mapping[str, int] | None = None,
        handlers: Mapping[str, str] = HANDLERS,
        teller: ProgressTeller | None = None,
    ) -> None:
        self.owner = owner
        self.lanes = tuple(lanes)
        self._jobs = jobs
        self._held = held
        self._make_context = make_context
        self._handlers = handlers
        self._teller = teller or NoTeller()
        self._slots = threading.BoundedSemaphore(slots)
        # One lane never takes all slots while others are served too: long minutes must not starve questions.
        self._lane_cap = max(1, slots * 3 // 4) if len(self.lanes) > 1 else slots
        self._lane_caps = dict(lane_slots or {})
        self.jobs_run = 0
        self._breaker = Breaker()
        self._stopping = threading.Event()
        self._rings = 0

    # -------------------------------------------------------------- taking jobs
    def drain(self, first: Job | None = None) -> int:
        """Run jobs in this thread until there is none for it; returns how many. With no free slot: returns 0.

        `first` is a job that the caller claimed already, and for which it holds the slot.
        """
        count = 0
        has_slot = first is not None
        self._rings += 1
        while has_slot or self._slots.acquire(blocking=False):
            has_slot = False
            rings = self._rings
            try:
                job = first or self._claim()
                first = None
                while job is not None:
                    self.run(job)
                    count += 1
                    job = self._claim_another()
            finally:
                self._slots.release()
            if rings == self._rings or self._stopping.is_set():
                break  # else somebody rang, found no slot and left while we were looking for the last time
        return count

    def take(self) -> Job | None:
        """Claim a job for another thread and keep its slot taken: that thread calls `drain(job)`."""
        if not self._slots.acquire(blocking=False):
            return None
        job = None
        try:
            job = self._claim()
            return job
        finally:
            if job is None:
                self._slots.release()

    def _claim_another(self) -> Job | None:
        """Claim, after a job, but only look first where the last claim saw no other: mostly there is none."""
        try:
            if not self._jobs.saw_others and not self._jobs.has_queued(self.lanes):
                return None
        except StewardError as error:
            log.warning("look.failed", code=error.code)
            return None
        return self._claim()

    def _claim(self) -> Job | None:
        if self._stopping.is_set():
            return None
        held = [job.lane for job in self._held.all()]
        served = self._breaker.open_lanes(self.lanes)
        lanes = [lane for lane in served if held.count(lane) < self._lane_caps.get(lane, self._lane_cap)]
        if not lanes:
            return None
        try:
            return self._jobs.claim(lanes, owner=self.owner)
        except StewardError as error:  # the database is away; the next ring or poll tries again
            log.warning("claim.failed", code=error.code)
            self._stopping.wait(0.5)
            return None

    def run_one(self, job_id: UUID) -> bool:
        """Run this job and no other, in this thread. False when somebody else has it or it is over."""
        job = self._jobs.claim((), owner=self.owner, only=job_id)
        if job is None:
            return False
        self.run(job)
        return True

    # -------------------------------------------------------------- running one
    def run(self, job: Job) -> None:
        """Run a claimed job to its end: an answer, a retry, or an apology, each kept in one commit."""
        held = self._held.hold(job)
        with bound(job_id=str(job.id), kind=job.kind, attempt=job.attempt):
            try:
                outcome = self._attempt(job, held)
                self._patiently(lambda: self._keep(job, held, outcome))
            finally:
                self._held.release(job)
                self.jobs_run += 1  # a lost count between two threads matters to nobody
                self._teller.tell(job.id)

    def _attempt(self, job: Job, held: Held) -> JobResult | Exception:
        stopwatch = Stopwatch()
        progress = Progress(
            report=self._reporter(job), stream=self._streamer(job), is_cancelled=held.stop.is_set, stopwatch=stopwatch
        )
        try:
            handler = handler_of(job.kind, self._handlers)
            result = handler(_with_soft_limit(job), self._make_context(job, progress))
        except Exception as error:  # noqa: BLE001  the named boundary: everything becomes a retry or a reply
            return error
        return result.model_copy(update={"receipt": _completed(result, job, stopwatch)})

    def _keep(self, job: Job, held: Held, outcome: JobResult | Exception) -> None:
        stopped = held.stop.is_set() and not held.is_over
        if isinstance(outcome, JobResult) and not stopped:
            self._finish(job, outcome)
        elif isinstance(outcome, JobResult) or stopped:
            self._fail(job, Cancelled(f"job {job.id} was stopped"))
        elif isinstance(outcome, Cancelled) and held.is_over:
            self._fail(job, BudgetExceeded("ran into its hard limit", reply="That took too long, so I stopped."))
        else:
            self._retry_or_fail(job, outcome)

    def _finish(self, job: Job, result: JobResult) -> None:
        self._breaker.succeeded(job.lane)
        if not self._jobs.finish(job, result):
            log.warning("job.fenced_off")
            return
        latency = result.receipt.latency_ms
        JOBS_FINISHED.labels(job.kind, result.outcome).inc()
        JOB_SECONDS.labels(job.kind).observe(latency.total / 1000)
        for stage in ("queue", "retrieval", "model", "validation"):
            STAGE_SECONDS.labels(stage).observe(getattr(latency, stage) / 1000)
        log.info(
            "job.finished",
            outcome=result.outcome,
            duration_ms=round(latency.total),
            queue_ms=round(latency.queue),
            model_calls=result.receipt.model_calls,
        )

    def _retry_or_fail(self, job: Job, error: Exception) -> None:
        is_model_away = isinstance(error, ModelAway)
        if isinstance(error, DependencyUnavailable) and not is_model_away:
            self._breaker.failed(job.lane)
        wait = retry_after_seconds(error, job)
        if wait is not None and job.started_at + timedelta(seconds=wait) < job.deadline_at:
            why = None if is_model_away else error  # an outage is told once, by circuit.opened
            log.warning("job.retried", wait_seconds=round(wait, 1), error=type(error).__name__, exc_info=why)
            if self._jobs.retry_later(job, wait, error, counted=not is_model_away):
                self._reporter(job)("waiting", waiting_line(error, wait))
            return
        self._fail(job, error)

    def _fail(self, job: Job, error: Exception) -> None:
        code = error.code if isinstance(error, StewardError) else "internal"
        ERRORS.labels(code).inc()
        JOBS_FINISHED.labels(job.kind, "cancelled" if isinstance(error, Cancelled) else "failed").inc()
        if isinstance(error, Cancelled):
            log.info("job.cancelled")
        elif isinstance(error, StewardError):
            log.warning("job.failed", code=code, message=str(error))
        else:
            log.error("job.crashed", error=type(error).__name__, exc_info=error)
        if not self._jobs.fail(job, error, reply_to(error, job.id)):
            log.warning("job.fenced_off")

    def _patiently(self, keep: Callable[[], None]) -> None:
        """Keep trying while the database is away: the work is done, only writing it down is missing."""
        waited, pause = 0.0, 0.2
        while True:
            try:
                return keep()
            except (DependencyUnavailable, StorageFull) as error:
                if waited > PATIENCE_SECONDS:
                    log.error("job.not_kept", code=error.code, exc_info=error)
                    return None
                self._stopping.wait(pause)
                waited, pause = waited + pause, min(3.0, pause * 1.7)

    # -------------------------------------------------------------- telling and stopping
    def _reporter(self, job: Job) -> Callable[..., None]:
        def report(name: str, text: str, **fields: object) -> None:
            step = Step(name=name, text=text, at=datetime.now(UTC), fields=fields)
            try:
                self._jobs.report(job.id, step)
            except StewardError as error:  # progress may be lost, the job may not
                log.warning("step.not_kept", step=name, code=error.code)
            else:
                self._teller.tell(job.id)

        return report

    def _streamer(self, job: Job) -> Callable[[str], None]:
        written_at = 0.0
        clock = Stopwatch()

        def stream(text: str) -> None:
            nonlocal written_at
            if written_at and clock.total_ms - written_at < STREAM_SECONDS * 1000:
                return
            written_at = clock.total_ms
            try:
                self._jobs.stream(job.id, text)
            except StewardError as error:
                log.warning("partial.not_kept", code=error.code)
            else:
                self._teller.tell(job.id)

        return stream

    @property
    def is_stopping(self) -> bool:
        """True once `stop` was called."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Take no further jobs; those in hand go on."""
        self._stopping.set()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until nothing is in hand, no longer than this; returns whether that is so."""
        waiting = threading.Event()
        for _ in range(int(seconds / 0.05) + 1):
            if not self._held.all():
                return True
            waiting.wait(0.05)
        return not self._held.all()

    def hand_back(self) -> int:
        """Give what is still in hand back to the ledger, as if never claimed; returns how many jobs that were."""
        count = 0
        for job in self._held.all():
            try:
                count += self._jobs.hand_back(job)
            except StewardError as error:  # then their leases lapse
                log.warning("job.not_handed_back", job_id=str(job.id), code=error.code)
        return count


def reply_to(error: Exception, job_id: UUID) -> Reply:
    """Return what the asker hears of this error: a safe sentence, the job's id, and a way to try again."""
    if isinstance(error, Cancelled):
        return Reply(text=error.reply)
    sentence = error.reply if isinstance(error, StewardError) else StewardError.default_reply
    if isinstance(error, MemoryError):
        sentence = "That was too large for me to work on. A smaller file, or a part of it, may work."
    text = f"{sentence} (job {job_id})"
    retry = Action(name="retry", label="Try again", value={"job_id": str(job_id)})
    return Reply(text=text, blocks=(Notice(level="error", text=text), Actions(items=(retry,))))


def _with_soft_limit(job: Job) -> Job:
    # Durations by the database's clock, the end by this machine's: JobContext.check reads this machine's.
    kind = JOB_KINDS.get(job.kind)
    left = job.deadline_at - job.started_at
    limit = min(left, timedelta(seconds=kind.run_seconds)) if kind else left
    return job.model_copy(update={"deadline_at": datetime.now(UTC) + limit})


def _completed(result: JobResult, job: Job, stopwatch: Stopwatch) -> Receipt:
    """The receipt with every stage: the handler's own figures where it gave some, else the stopwatch's."""
    given, timed = result.receipt.latency_ms, stopwatch.milliseconds
    stages = {name: getattr(given, name) or timed.get(name, 0.0) for name in ("retrieval", "model", "validation")}
    intake = (job.created_at - job.mention.received_at).total_seconds()
    queue = (job.started_at - job.created_at).total_seconds()
    queue_ms = (queue + (intake if 0 < intake < INTAKE_SECONDS else 0.0)) * 1000
    worked_ms = stopwatch.total_ms
    other = max(0.0, worked_ms - sum(stages.values()))
    latency = LatencyMs(queue=queue_ms, **stages, other=other, total=queue_ms + worked_ms)
    return result.receipt.model_copy(update={"latency_ms": latency})
