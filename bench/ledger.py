"""What the ledger costs by itself, and whether one person's or one channel's flood holds up others.

    steward bench ledger [--database sqlite|postgresql] [--broker embedded|redis|rabbitmq] [--jobs N] [--backlog N]

Prints a line a measurement and last a line of JSON: what taking a question in takes, processor time a job, the
claim at a long backlog, one person's wait behind another's flood and behind a channel's burst, as a multiple of the
wait when nobody else asks, and how long Stop takes. Milliseconds depend on what else the machine does; processor time
and multiples of the same run hardly do. bench/queues.py sets the whole beside other queues.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa

from assistant import exit_codes
from assistant.job_kinds import POLICY_SEARCH
from assistant.jobs import Job, JobResult, JobStatus, Receipt
from assistant.mentions import ConversationKey, Mention, Person, Platform
from assistant.queue import CeleryDoorbell, Doorbell, EventDoorbell, make_celery
from assistant.replies import Reply
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.migrate import migrate
from bench.chaos_child import SERVICES
from bench.chaos_services import PrivatePostgres, PrivateRabbit, PrivateRedis
from bench.process_cost import machine
from workers.app import Worker
from workers.consumer import RingConsumer
from workers.context import JobContext

PLACEHOLDER = Reply(text="Working on it …", final=False)
FLOOD, BURST, BURST_PEOPLE = 200, 500, 100
JOB_SECONDS, SLOTS, ASKED = 0.3, 8, 5
UNLIMITED = 1_000_000
STOPPED, LONG_JOB_SECONDS, UNTIL_STOPPED = 10, 20.0, "until stopped"
STOP_GOAL_S, CLAIM_GOAL_MS, FAIR_GOAL, GOAL_PER_CORE_SECOND = 2.0, 10.0, 2.0, 200
COPIED = (
    *("conversation_id", "platform", "tenant", "channel", "kind", "lane", "priority", "mention", "state", "run_at"),
    *("deadline_at", "created_at", "attempt", "worker_deaths", "cancel_requested"),
)
HANDLERS = {"policy_search": "bench.ledger:run_job"}


def run_job(job: Job, context: JobContext) -> JobResult:
    """Wait as long as the question says, then answer; one way of waiting looks whether it was stopped."""
    if job.mention.text == UNTIL_STOPPED:
        while True:
            context.check(job)
            time.sleep(0.05)
    seconds = float(job.mention.text)
    if seconds:
        time.sleep(seconds)
    return run_job_result()


def question(person: str, seconds: float | str = 0.0, channel: str = "C") -> Mention:
    """Return a new question of this person."""
    key = ConversationKey(platform=Platform.CONSOLE, tenant="T", channel=channel, thread=person)
    return Mention(event_key=uuid4().hex, conversation=key, asker=Person(id=person), text=str(seconds))


class Bench:
    """The measurements over one database and one broker."""

    def __init__(self, settings: Settings, jobs: int, backlog: int) -> None:
        self.settings = settings
        self.engine = open_engine(settings.database)
        migrate(self.engine)
        self.jobs = JobStore(self.engine, settings)
        self._count = jobs
        self._backlog = backlog

    def costs(self) -> dict[str, float]:
        """Processor time of this process (not the server's) for taking in, and for claiming and finishing."""
        result = run_job_result()
        accept_ms: list[float] = []
        started = time.process_time()
        for number in range(self._count):
            before = time.perf_counter()
            self.jobs.accept(question(f"p{number % 50}"), POLICY_SEARCH, PLACEHOLDER)
            accept_ms.append((time.perf_counter() - before) * 1000)
        accepted = time.process_time()
        while (job := self.jobs.claim(("policy",), owner="bench")) is not None:
            self.jobs.finish(job, result)
        finished = time.process_time()
        cpu_ms = (finished - started) * 1000 / self._count
        return {
            "accept_p50_ms": quantile(accept_ms, 50),
            "accept_p95_ms": quantile(accept_ms, 95),
            "accept_cpu_ms": round((accepted - started) * 1000 / self._count, 3),
            "claim_finish_cpu_ms": round((finished - accepted) * 1000 / self._count, 3),
            "jobs_per_core_second": round(1000 / cpu_ms),
        }

    def fairness(self) -> dict[str, float]:
        """One person's job in a quiet channel: alone, behind another's flood, and behind a channel's burst."""
        doorbell, end = self._worker()
        try:
            self._ask_and_wait(doorbell)  # the first warms up
            idle = statistics.median(self._ask_and_wait(doorbell) for _ in range(ASKED))
            flood = self._behind(doorbell, [question("flooder", JOB_SECONDS, "flood") for _ in range(FLOOD)])
            burst = [question(f"b{number % BURST_PEOPLE}", JOB_SECONDS, "burst") for number in range(BURST)]
            behind_burst = self._behind(doorbell, burst)
            return {
                "idle_s": round(idle, 3),
                "behind_flood_s": round(flood, 3),
                "behind_flood_to_idle": round(flood / idle, 2),
                "behind_burst_s": round(behind_burst, 3),
                "behind_burst_to_idle": round(behind_burst / idle, 2),
            }
        finally:
            end()

    def stopping(self) -> dict[str, float]:
        """From Stop to a cancelled job: of a handler that looks, and of one that does not."""
        doorbell, end = self._worker()
        try:
            looks = [self._stop(doorbell, UNTIL_STOPPED) for _ in range(STOPPED)]
            deaf = [self._stop(doorbell, LONG_JOB_SECONDS) for _ in range(min(STOPPED, SLOTS))]
        finally:
            end()
        return {
            "stop_p50_s": round(statistics.median(looks), 2),
            "stop_max_s": round(max(looks), 2),
            "stop_deaf_p50_s": round(statistics.median(deaf), 2),
            "stop_deaf_max_s": round(max(deaf), 2),
        }

    def _stop(self, doorbell: Doorbell, seconds: float | str) -> float:
        accepted = self.jobs.accept(question("eve", seconds, "stopped"), POLICY_SEARCH, PLACEHOLDER)
        if accepted.wants_ring:
            doorbell.ring("policy", accepted.job_id)
        self._wait_for(accepted.job_id, JobStatus.RUNNING)
        pressed_at = time.perf_counter()
        self.jobs.cancel(accepted.job_id, by="eve")
        self._wait_for(accepted.job_id, JobStatus.CANCELLED)
        return time.perf_counter() - pressed_at

    def _behind(self, doorbell: Doorbell, flood: Sequence[Mention]) -> float:
        """Queue all of these, and return how long somebody else's job takes meanwhile, in seconds."""
        queued = []
        for mention in flood:
            accepted = self.jobs.accept(mention, POLICY_SEARCH, PLACEHOLDER)
            if accepted.wants_ring:
                doorbell.ring("policy", accepted.job_id)
            queued.append(accepted.job_id)
        took = statistics.median(self._ask_and_wait(doorbell) for _ in range(ASKED))
        for job_id in queued:
            self.jobs.cancel(job_id, by="bench")
        return took

    def claim_at_backlog(self, claims: int = 200) -> dict[str, float]:
        """The claim's time with a long queue of 500 people."""
        self._fill()
        took, cpu = [], []
        for _ in range(claims):
            before, cpu_before = time.perf_counter(), time.process_time()
            job = self.jobs.claim(("policy",), owner="bench")
            took.append((time.perf_counter() - before) * 1000)
            cpu.append((time.process_time() - cpu_before) * 1000)
            assert job is not None
            self.jobs.finish(job, run_job_result())
        return {
            "backlog": self._backlog,
            "claim_p50_ms": quantile(took, 50),
            "claim_p95_ms": quantile(took, 95),
            "claim_cpu_p95_ms": quantile(cpu, 95),
        }

    def _worker(self) -> tuple[Doorbell, Callable[[], None]]:
        app = make_celery(self.settings.broker_url) if self.settings.broker_url else None
        worker = Worker(
            self.settings, owner="bench", lanes=("policy",), slots=SLOTS, handlers=HANDLERS, services=SERVICES
        )
        consumer = RingConsumer(app, worker.runner, slots=SLOTS) if app else None
        doorbell: Doorbell = CeleryDoorbell(app) if app else EventDoorbell()
        if isinstance(worker.doorbell, EventDoorbell) and not app:
            doorbell = worker.doorbell
        worker.start()
        if consumer is not None:
            consumer.start()
            threading.Event().wait(3.0)  # until it is connected

        def end() -> None:
            if consumer is not None:
                consumer.end()
            worker.stop(grace_seconds=3)

        return doorbell, end

    def _ask_and_wait(self, doorbell: Doorbell) -> float:
        started = time.perf_counter()
        accepted = self.jobs.accept(question("bob", JOB_SECONDS, "quiet"), POLICY_SEARCH, PLACEHOLDER)
        if accepted.wants_ring:
            doorbell.ring("policy", accepted.job_id)
        self._wait_for(accepted.job_id)
        return time.perf_counter() - started

    def _wait_for(self, job_id: UUID, status: JobStatus = JobStatus.SUCCEEDED) -> None:
        pause = threading.Event()
        for _ in range(20_000):
            if self.jobs.view(job_id).status is status:
                return
            pause.wait(0.003)
        raise RuntimeError(f"job {job_id} never came to be {status.value}")

    def _fill(self) -> None:
        first = self.jobs.accept(question("p0"), POLICY_SEARCH, PLACEHOLDER)
        numbers, new_id = "generate_series(1, :count) AS s(n)", "gen_random_uuid()"
        if self.engine.dialect.name == "sqlite":
            counted = (
                "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :count) SELECT n FROM s"
            )
            numbers, new_id = f"({counted}) s", "lower(hex(randomblob(16)))"
        copied = ", ".join(COPIED)
        fill = (
            f"INSERT INTO jobs (id, event_key, person_id, {copied}) "
            f"SELECT {new_id}, 'fill-' || s.n, 'p' || (s.n % 500), {', '.join(f'j.{name}' for name in COPIED)} "
            f"FROM jobs j, {numbers} WHERE j.id = :first"
        )
        with self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            statement = sa.text(fill).bindparams(sa.bindparam("first", type_=sa.Uuid()))
            connection.execute(statement, {"count": self._backlog, "first": first.job_id})
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("ANALYZE jobs"))


def run_job_result() -> JobResult:
    """Return what every job of this benchmark answers."""
    receipt = Receipt(model="bench", offline=True, prompt_version="bench@0")
    return JobResult(outcome="answered", answer="done", receipt=receipt, reply=Reply(text="done"))


def quantile(values: Sequence[float], percent: int) -> float:
    """Return the percentile, in the values' unit."""
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 2)


def main(argv: list[str]) -> int:
    """Run `steward bench ledger`; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="steward bench ledger", description="What the ledger costs.")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--broker", choices=("embedded", "redis", "rabbitmq"), default="embedded")
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--backlog", type=int, default=100_000)
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="steward-ledger-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        services: list[PrivatePostgres | PrivateRedis | PrivateRabbit] = []
        urls: dict[str, object] = {}
        if arguments.database == "postgresql":
            services.append(PrivatePostgres(folder))
            urls["database_url"] = services[-1].url
        if arguments.broker != "embedded":
            services.append((PrivateRedis if arguments.broker == "redis" else PrivateRabbit)(folder))
            urls["broker_url"] = services[-1].url
        for service in services:
            service.start()
        try:
            settings = load_settings({}, steward_data=folder, per_person_queued=UNLIMITED, **urls)
            figures = measure(settings, arguments.jobs, arguments.backlog)
        finally:
            for service in services:
                service.stop()
    ran = {"database": arguments.database, "broker": arguments.broker, "machine": machine()}
    missed = goals_missed(figures)
    print(json.dumps({**ran, **figures, "goals_missed": missed}))
    return exit_codes.FAILURE if missed else exit_codes.SUCCESS


def goals_missed(figures: Mapping[str, float]) -> list[str]:
    """Return the names of the figures that are worse than their goal."""
    at_most = {
        "claim_p95_ms": CLAIM_GOAL_MS,
        "behind_flood_to_idle": FAIR_GOAL,
        "behind_burst_to_idle": FAIR_GOAL,
        "stop_max_s": STOP_GOAL_S,
        "stop_deaf_max_s": STOP_GOAL_S,
    }
    missed = [name for name, goal in at_most.items() if figures[name] > goal]
    if figures["jobs_per_core_second"] < GOAL_PER_CORE_SECOND:
        missed.append("jobs_per_core_second")
    return missed


def measure(settings: Settings, jobs: int, backlog: int) -> dict[str, float]:
    """Run all measurements and print each."""
    bench = Bench(settings, jobs, backlog)
    figures: dict[str, float] = {}
    for step in (bench.costs, bench.fairness, bench.stopping, bench.claim_at_backlog):
        found = step()
        print("  ".join(f"{name} {value}" for name, value in found.items()))
        figures |= found
    bench.engine.dispose()
    return figures


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
