"""What the ledger costs, beside bare Celery on the same broker in the same run.

    steward bench ledger [--database sqlite|postgresql] [--broker embedded|redis|rabbitmq] [--jobs N] [--backlog N]

Prints a line a measurement and last a line of JSON: own share of taking a question in, milliseconds from the ring
to the start of the job, processor time a job, the claim at a long backlog, and one person's wait behind another's
flood. Wall-clock figures depend on what else the machine does; processor time does not.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

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
from workers.app import Worker
from workers.consumer import RingConsumer
from workers.context import JobContext

PLACEHOLDER = Reply(text="Working on it …", final=False)
FLOOD, JOB_SECONDS, SLOTS = 200, 0.3, 8
COPIED = (
    *("conversation_id", "platform", "tenant", "kind", "lane", "priority", "mention", "state", "run_at"),
    *("deadline_at", "created_at", "attempt", "worker_deaths", "cancel_requested"),
)
HANDLERS = {"policy_search": "bench.ledger:run_job"}


def run_job(job: Job, context: JobContext) -> JobResult:
    """Wait as long as the question says, then answer."""
    seconds = float(job.mention.text)
    if seconds:
        time.sleep(seconds)
    receipt = Receipt(model="bench", offline=True, prompt_version="bench@0")
    return JobResult(outcome="answered", answer="done", receipt=receipt, reply=Reply(text="done"))


def question(person: str, seconds: float = 0.0) -> Mention:
    """Return a new question of this person."""
    key = ConversationKey(platform=Platform.CONSOLE, tenant="T", channel="C", thread=person)
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

    def start_latency(self, rounds: int = 100) -> dict[str, float]:
        """Milliseconds from the commit of a question to the start of its job, one at a time."""
        doorbell, end = self._worker()
        ids = []
        try:
            for number in range(rounds):
                accepted = self.jobs.accept(question(f"p{number % 50}"), POLICY_SEARCH, PLACEHOLDER)
                doorbell.ring("policy", accepted.job_id)
                ids.append(accepted.job_id)
                self._wait_for(accepted.job_id)
        finally:
            end()
        waits = []
        for view in self.jobs.views(ids[rounds // 10 :]):
            assert view.started_at is not None
            waits.append((view.started_at - view.created_at).total_seconds() * 1000)
        return {f"start_p{percent}_ms": quantile(waits, percent) for percent in (50, 95, 99)}

    def fairness(self) -> dict[str, float]:
        """One person's job, alone and behind another's flood, in seconds from question to answer."""
        doorbell, end = self._worker()
        try:
            idle = self._ask_and_wait("bob", doorbell)
            for _ in range(FLOOD):
                accepted = self.jobs.accept(question("flooder", JOB_SECONDS), POLICY_SEARCH, PLACEHOLDER)
                doorbell.ring("policy", accepted.job_id)
            behind = [self._ask_and_wait("bob", doorbell) for _ in range(3)]
        finally:
            end()
        for job_id in self.jobs.recent("T", "flooder", FLOOD):
            self.jobs.cancel(job_id.id, by="bench")
        return {"idle_s": round(idle, 3), "behind_flood_s": round(statistics.median(behind), 3)}

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

    def _ask_and_wait(self, person: str, doorbell: Doorbell) -> float:
        started = time.perf_counter()
        accepted = self.jobs.accept(question(person, JOB_SECONDS), POLICY_SEARCH, PLACEHOLDER)
        doorbell.ring("policy", accepted.job_id)
        self._wait_for(accepted.job_id)
        return time.perf_counter() - started

    def _wait_for(self, job_id: UUID) -> None:
        pause = threading.Event()
        for _ in range(20_000):
            if self.jobs.view(job_id).status is JobStatus.SUCCEEDED:
                return
            pause.wait(0.003)
        raise RuntimeError(f"job {job_id} was never answered")

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


def bare_celery(broker_url: str, rounds: int = 100) -> dict[str, float]:
    """The same ring and start with Celery alone: no ledger, nothing kept."""
    app = make_celery(broker_url, prefix="bare")
    started = threading.Event()

    class Runner:
        owner, lanes = "bare", ("policy",)

        def drain(self) -> int:
            started.set()
            return 1

    runner: Any = Runner()
    consumer = RingConsumer(app, runner, slots=SLOTS, prefix="bare")
    consumer.start()
    doorbell = CeleryDoorbell(app, prefix="bare")
    threading.Event().wait(3.0)
    waits = []
    for _ in range(rounds):
        started.clear()
        before = time.perf_counter()
        doorbell.ring("policy", uuid4())
        if started.wait(5):
            waits.append((time.perf_counter() - before) * 1000)
    consumer.end()
    return {f"bare_celery_p{percent}_ms": quantile(waits[rounds // 10 :], percent) for percent in (50, 95, 99)}


def run_job_result() -> JobResult:
    """Return what every job of this benchmark answers."""
    receipt = Receipt(model="bench", offline=True, prompt_version="bench@0")
    return JobResult(outcome="answered", answer="done", receipt=receipt, reply=Reply(text="done"))


def quantile(values: Sequence[float], percent: int) -> float:
    """Return the percentile, in the values' unit."""
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 2)


def main(argv: list[str]) -> int:
    """Run `steward bench ledger`."""
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
            figures = measure(load_settings({}, steward_data=folder, **urls), arguments.jobs, arguments.backlog)
        finally:
            for service in services:
                service.stop()
    print(json.dumps({"database": arguments.database, "broker": arguments.broker, **figures}))
    return 0


def measure(settings: Settings, jobs: int, backlog: int) -> dict[str, float]:
    """Run all measurements and print each."""
    bench = Bench(settings, jobs, backlog)
    steps: list[Callable[[], dict[str, float]]] = [bench.costs, bench.start_latency, bench.fairness]
    if settings.broker_url:
        broker_url = settings.broker_url
        steps.append(lambda: bare_celery(broker_url))
    steps.append(bench.claim_at_backlog)
    figures: dict[str, float] = {}
    for step in steps:
        found = step()
        print("  ".join(f"{name} {value}" for name, value in found.items()))
        figures |= found
    bench.engine.dispose()
    return figures


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
