"""The worker program: settings in, services built, jobs run until it is told to stop.

    steward worker [--lanes policy,email] [--concurrency N] [--owner NAME]

Without a broker a poller claims jobs; with one, Celery's task `steward.run_job` drains the ledger whenever a ring
arrives, and the poller stays behind it for the rings that never do. Either way jobs that wait for models run in
threads of this process, suspects and jobs that compute in processes of their own, and the sweeper keeps the ledger
tidy.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import structlog

from assistant import exit_codes
from assistant.errors import StewardError
from assistant.job_kinds import LANES
from assistant.live_progress import open_teller
from assistant.observability import configure_logging
from assistant.queue import CeleryDoorbell, Doorbell, EventDoorbell, make_celery
from assistant.settings import Settings, load_settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.database import open_engine
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.job_repair import JobRepair
from assistant.storage.job_store import JobStore
from assistant.storage.migrate import migrate
from assistant.storage.minutes_store import MinutesStore
from assistant.storage.people_store import PeopleStore
from assistant.storage.watch_store import WatchStore
from assistant.storage.worker_store import WorkerCondition, WorkerStore
from workers.consumer import RingConsumer
from workers.held_jobs import HeldJobs
from workers.lane_processes import LaneProcesses, lanes_apart
from workers.poller import Poller
from workers.registry import HANDLERS, named
from workers.run_job import JobRunner
from workers.services import ServicesFactory
from workers.sweep import Sweeper
from workers.watch_checks import WatchChecks
from workers.wear import Wear, resident_bytes

log = structlog.get_logger()

GRACE_SECONDS = 25.0  # what a container gets between SIGTERM and SIGKILL, less what handing back takes
BACKSTOP_SECONDS = 1.0  # the poll behind a broker
SERVICES = "workers.services:build_context_factory"  # by name, so that a child process can be told of it
DRAIN_SECONDS = 120.0  # what a worn-out worker's jobs get before they are handed back
ONLY_SECONDS = 0.2  # how often a job that waits for its retry is looked at


class Worker:
    """One worker process: everything that runs beside the jobs."""

    def __init__(
        self,
        settings: Settings,
        *,
        owner: str,
        lanes: Sequence[str],
        slots: int | None = None,
        apart: Mapping[str, int] | None = None,
        handlers: Mapping[str, str] = HANDLERS,
        services: str = SERVICES,
        doorbell: Doorbell | None = None,
    ) -> None:
        """Build it, at rest. `apart`: lanes to run in processes of their own; None: those of the settings."""
        slots = slots or settings.worker_slots
        apart = lanes_apart(settings, tuple(lanes)) if apart is None else apart
        self.owner = owner
        self.lanes = tuple(lanes)
        self.settings = settings
        self.engine = open_engine(settings.database, pool_size=min(slots + 4, 20))
        self.jobs = JobStore(self.engine, settings)
        self.repair = JobRepair(self.engine)
        self.held = HeldJobs(self.jobs, owner=owner, lease_seconds=settings.job_lease_seconds)
        self._make_context = named(services)(settings, self.engine)
        self._teller = open_teller(settings)
        self.runner = JobRunner(
            self.jobs,
            self.held,
            self._make_context,
            owner=owner,
            lanes=[lane for lane in lanes if lane not in apart],
            slots=slots,
            lane_slots=settings.lane_slots,
            handlers=handlers,
            teller=self._teller,
        )
        self.apart = LaneProcesses(
            settings, self.jobs, self.repair, owner=owner, lanes=apart, handlers=handlers, services=services
        )
        self._wear = Wear(settings)
        self.worn_out = threading.Event()
        self._workers = WorkerStore(self.engine)
        self._own_bell = EventDoorbell()
        self.doorbell: Doorbell = doorbell or self._own_bell
        self.poller = Poller(
            self.runner,
            self.jobs,
            rung=self._own_bell.rung,
            poll_seconds=BACKSTOP_SECONDS if settings.broker_url else settings.poll_seconds,
        )
        self.sweeper = Sweeper(
            settings,
            self.repair,
            self._workers,
            DocumentLedger(self.engine),
            MinutesStore(self.engine),
            BlobStore(self.engine, settings),
            self.doorbell,
            owner=owner,
            lanes=self.lanes,
            slots=slots,
            look_after_itself=self.look_after_itself,
            watch_checks=WatchChecks(WatchStore(self.engine), PeopleStore(self.engine), self.doorbell),
        )

    def start(self) -> None:
        """Take over what a dead predecessor of this name held, then begin."""
        adopted = self.repair.bury(self.owner) + self.apart.bury_predecessors()
        if adopted:
            log.warning("worker.adopted", jobs=adopted)
        self.sweeper.sweep()
        self.held.start()
        self.sweeper.start()
        self.apart.start()
        self.poller.start()
        if isinstance(self._make_context, ServicesFactory):
            threading.Thread(target=self._make_context.warm_up, name="warm-up", daemon=True).start()
        log.info("worker.started", owner=self.owner, lanes=self.runner.lanes, lanes_apart=self.apart.lanes)

    def look_after_itself(self) -> WorkerCondition:
        """Take no further jobs once this process is worn out; return how it is. Called about once a second."""
        memory_bytes = resident_bytes()
        reason = self._wear.reason(jobs_run=self.runner.jobs_run)
        if reason and not self.worn_out.is_set():
            log.warning("worker.worn_out", reason=reason, memory_bytes=memory_bytes, jobs_run=self.runner.jobs_run)
            self.runner.stop()
            self.worn_out.set()
            with contextlib.suppress(StewardError):  # it counts for a graph only
                self._workers.count_recycled()
        away = self._make_context.providers_away() if isinstance(self._make_context, ServicesFactory) else ()
        return WorkerCondition(memory_bytes=memory_bytes, wears_out=reason or "", providers_away=away)

    def drain(self, seconds: float, *, unless: threading.Event) -> None:
        """Wait until a worn-out worker's jobs are done, no longer than this and not when it is told to stop."""
        give_up_at = time.monotonic() + seconds
        while not unless.is_set() and time.monotonic() < give_up_at and not self.runner.wait_idle(0.2):
            pass

    def stop(self, *, grace_seconds: float = GRACE_SECONDS) -> None:
        """Let jobs in hand finish within the grace, hand the others back, close."""
        self.runner.stop()
        self.poller.end()
        self.apart.say_stop()
        if not self.runner.wait_idle(grace_seconds):
            log.warning("worker.handed_back", jobs=self.runner.hand_back())
        self.sweeper.end()
        self.held.end()
        self.apart.close()
        self._teller.close()
        if isinstance(self.doorbell, CeleryDoorbell):
            self.doorbell.close()
        self.engine.dispose()
        log.info("worker.stopped", owner=self.owner)


def run_only(
    settings: Settings, job_id: UUID, *, handlers: Mapping[str, str] = HANDLERS, services: str = SERVICES
) -> int:
    """Run this job to its end, retries included, and return. Started again after a crash, it goes on counting."""
    worker = _only_worker(settings, job_id, handlers, services)
    worker.repair.bury(worker.owner)
    worker.repair.sweep()
    worker.held.start()
    pause = threading.Event()
    try:
        while not worker.jobs.view(job_id).status.is_answered:
            if not worker.runner.run_one(job_id):
                pause.wait(ONLY_SECONDS)
                worker.repair.sweep()
        return 0
    finally:
        worker.held.end()
        worker.engine.dispose()


def _only_worker(settings: Settings, job_id: UUID, handlers: Mapping[str, str], services: str) -> Worker:
    # No lanes: it takes nothing but what it is told to. The name is the job's, so that a second start finds the
    # first one's lease and knows that it died.
    return Worker(settings, owner=f"only/{job_id}", lanes=(), slots=1, handlers=handlers, services=services)


def main(argv: list[str]) -> int:
    """Run `steward worker` until SIGTERM or Ctrl-C, or with --only until that job is over."""
    parser = argparse.ArgumentParser(prog="steward worker", description="Run jobs.")
    parser.add_argument("--lanes", default=",".join(LANES), help="comma-separated; default: all")
    parser.add_argument(
        "--concurrency", "--slots", dest="slots", type=int, help="jobs run at once in threads (default: WORKER_SLOTS)"
    )
    parser.add_argument("--owner", default=None, help="stable name of this worker, unique among the living")
    parser.add_argument("--only", type=UUID, default=None, help="run this job and stop")
    parser.add_argument("--data", type=Path, default=None, help="folder of the embedded parts (STEWARD_DATA)")
    args = parser.parse_args(argv)
    lanes = tuple(lane.strip() for lane in args.lanes.split(",") if lane.strip())
    unknown = set(lanes) - set(LANES)
    if unknown:
        parser.error(f"unknown lanes: {', '.join(sorted(unknown))}; there are {', '.join(LANES)}")
    settings = load_settings(steward_data=args.data)
    configure_logging(settings.log_level, settings.log_format)
    if args.only is not None:
        return run_only(settings, args.only)
    return run_worker(settings, lanes=lanes, slots=args.slots, owner=args.owner)


def run_worker(
    settings: Settings,
    *,
    lanes: Sequence[str] = LANES,
    slots: int | None = None,
    owner: str | None = None,
    handlers: Mapping[str, str] = HANDLERS,
    services: str = SERVICES,
) -> int:
    """Run a worker in this process until it is told to stop; returns the exit code."""
    engine = open_engine(settings.database, pool_size=1)
    migrate(engine)
    engine.dispose()
    with contextlib.ExitStack() as stack:
        name = owner or stack.enter_context(_own_name(settings))
        app = make_celery(settings.broker_url) if settings.broker_url else None
        worker = Worker(
            settings,
            owner=name,
            lanes=lanes,
            slots=slots,
            handlers=handlers,
            services=services,
            doorbell=CeleryDoorbell(app) if app else None,
        )
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        worker.start()
        if app is not None:
            RingConsumer(app, worker.runner, slots=slots or settings.worker_slots, lanes=worker.lanes).start()
        while not stopping.wait(0.5) and not worker.worn_out.is_set():
            pass
        worker.drain(DRAIN_SECONDS, unless=stopping)
        worker.stop()
        status = exit_codes.SUCCESS if stopping.is_set() else exit_codes.RECYCLED
    os._exit(status)  # threads of stuck calls and of the broker's client would keep the process for ever


@contextlib.contextmanager
def _own_name(settings: Settings) -> Any:
    """Yield the lowest free name on this machine: the same as a dead predecessor's, never that of one alive."""
    folder = settings.steward_data / "workers"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        lock: IO[str] = (folder / f"{number}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        with lock:
            yield f"{socket.gethostname()}/{number}"
        return
    raise RuntimeError("1000 workers on one machine")


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
