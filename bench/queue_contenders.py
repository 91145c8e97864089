"""The queues that bench/queues.py sets side by side: each puts numbered jobs, and serves them in SLOTS threads.

The job is the same for all: say that it began, and end. Ours is the whole ledger (event claim, conversation, turn,
job, lease, result, receipt, outbox); the others keep nothing but the message.
"""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from celery.app.trace import setup_worker_optimizations

from assistant.job_kinds import POLICY_SEARCH
from assistant.jobs import Job, JobResult, Receipt
from assistant.mentions import ConversationKey, Mention, Person, Platform
from assistant.queue import CeleryDoorbell, make_celery
from assistant.replies import Reply
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.migrate import migrate
from bench.chaos_child import SERVICES
from workers.app import run_worker
from workers.consumer import WithoutDelays
from workers.context import JobContext

SLOTS = 8
PEOPLE = 50
UNLIMITED = 1_000_000
PLACEHOLDER = Reply(text="Working on it …", final=False)
Started = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Addresses:
    """The servers that all contenders share. Without a broker only those that need none run."""

    database_url: str
    broker_url: str
    data: str  # a folder

    def settings(self) -> Settings:
        """Return Steward's settings over these servers, without anybody's limits."""
        return load_settings(
            {},
            steward_data=Path(self.data),
            database_url=self.database_url or None,
            broker_url=self.broker_url or None,
            per_person_queued=UNLIMITED,
            per_tenant_queued=UNLIMITED,
        )


class Contender(ABC):
    """One queue, seen by who asks and by who works. Each process uses one side only."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses

    @abstractmethod
    def open(self) -> None:
        """Connect as the one who asks; create what is missing."""

    @abstractmethod
    def put(self, number: int) -> None:
        """Queue a job. Safe from several threads."""

    @abstractmethod
    def serve(self, started: Started) -> None:
        """Work until killed, calling `started` as each job begins."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect the one who asks."""


_started: Started | None = None  # of this worker process; handlers are found by name


def run_job(job: Job, context: JobContext) -> JobResult:
    """Say that the job began, and answer."""
    del context
    assert _started is not None
    _started(int(job.mention.text))
    receipt = Receipt(model="bench", offline=True, prompt_version="bench@0")
    return JobResult(outcome="answered", answer="done", receipt=receipt, reply=Reply(text="done"))


class Ledger(Contender):
    """Steward's: accepted in one commit, rung, claimed, finished in one commit."""

    def open(self) -> None:
        """Open the ledger and the doorbell."""
        settings = self.addresses.settings()
        self._engine = open_engine(settings.database)
        migrate(self._engine)
        self._jobs = JobStore(self._engine, settings)
        self._doorbell = CeleryDoorbell(make_celery(settings.broker_url)) if settings.broker_url else None

    def put(self, number: int) -> None:
        """Accept a question and ring."""
        person = f"p{number % PEOPLE}"
        key = ConversationKey(platform=Platform.CONSOLE, tenant="T", channel="C", thread=person)
        mention = Mention(event_key=uuid4().hex, conversation=key, asker=Person(id=person), text=str(number))
        accepted = self._jobs.accept(mention, POLICY_SEARCH, PLACEHOLDER)
        if self._doorbell is not None and accepted.wants_ring:
            self._doorbell.ring(POLICY_SEARCH.lane, accepted.job_id)

    def serve(self, started: Started) -> None:
        """Run the real worker."""
        global _started
        _started = started
        run_worker(
            self.addresses.settings(),
            owner="bench",
            lanes=(POLICY_SEARCH.lane,),
            slots=SLOTS,
            handlers={POLICY_SEARCH.name: "bench.queue_contenders:run_job"},
            services=SERVICES,
        )

    def close(self) -> None:
        """Send the last rings."""
        if self._doorbell is not None:
            self._doorbell.close()
        self._engine.dispose()


class BareCelery(Contender):
    """Celery with the settings that Steward gives it, and nothing else."""

    _QUEUE = "bare.policy"

    def open(self) -> None:
        """Make the application; Celery connects when it first sends."""
        self._app = make_celery(self.addresses.broker_url, prefix="bare")

    def put(self, number: int) -> None:
        """Send the task."""
        self._app.send_task("bench.job", args=(number,), queue=self._QUEUE, retry=False, ignore_result=True)

    def serve(self, started: Started) -> None:
        """Run Celery's worker on its threads pool."""
        app = make_celery(self.addresses.broker_url, prefix="bare")
        app.task(name="bench.job", ignore_result=True, shared=False)(started)
        setup_worker_optimizations(app, "bare@bench")
        app.WorkController(
            hostname="bare@bench",
            pool_cls="threads",
            consumer_cls=WithoutDelays,
            concurrency=SLOTS,
            queues=[self._QUEUE],
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        ).start()

    def close(self) -> None:
        """Close the pool of connections."""
        self._app.close()


class Dramatiq(Contender):
    """dramatiq as its guide sets it up."""

    def open(self) -> None:
        """Declare the actor on the broker."""
        self._broker, self._actor = self._declare(lambda _number: None)

    def put(self, number: int) -> None:
        """Send the message."""
        self._actor.send(number)

    def serve(self, started: Started) -> None:
        """Run dramatiq's worker threads."""
        import dramatiq

        broker, _actor = self._declare(started)
        dramatiq.Worker(broker, worker_threads=SLOTS).start()
        while True:
            time.sleep(3600)

    def close(self) -> None:
        """Disconnect."""
        self._broker.close()

    def _declare(self, job: Started) -> tuple[Any, Any]:
        import dramatiq

        broker: Any
        if self.addresses.broker_url.startswith("redis"):
            from dramatiq.brokers.redis import RedisBroker

            make: Any = RedisBroker  # untyped
            broker = make(url=self.addresses.broker_url)
        else:
            from dramatiq.brokers.rabbitmq import RabbitmqBroker

            broker = RabbitmqBroker(url=self.addresses.broker_url)
        return broker, dramatiq.actor(broker=broker, actor_name="job", queue_name="bench")(job)


class Procrastinate(Contender):
    """procrastinate on the same PostgreSQL as the ledger."""

    def open(self) -> None:
        """Create its tables, and connect."""
        import procrastinate

        self._app = procrastinate.App(
            connector=procrastinate.SyncPsycopgConnector(conninfo=self.addresses.database_url)
        )
        self._app.open()
        self._app.schema_manager.apply_schema()
        self._task = self._app.task(name="job")(lambda number: None)

    def put(self, number: int) -> None:
        """Defer the task."""
        self._task.defer(number=number)

    def serve(self, started: Started) -> None:
        """Run its worker."""
        asyncio.run(self._serve(started))

    async def _serve(self, started: Started) -> None:
        import procrastinate

        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=self.addresses.database_url, max_size=SLOTS)
        )
        app.task(name="job")(lambda number: started(number))
        async with app.open_async():
            await app.run_worker_async(concurrency=SLOTS, install_signal_handlers=False)

    def close(self) -> None:
        """Disconnect."""
        self._app.close()


CONTENDERS: dict[str, type[Contender]] = {
    "ledger": Ledger,
    "celery": BareCelery,
    "dramatiq": Dramatiq,
    "procrastinate": Procrastinate,
}


def brief(addresses: Addresses) -> bytes:
    """Return what a worker process reads from its standard input."""
    return json.dumps(asdict(addresses)).encode() + b"\n"
