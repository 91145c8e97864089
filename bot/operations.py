"""What operators and their tools ask the bot: is it alive, can it take questions, how full are the queues."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, Response
from prometheus_client import Gauge, generate_latest

from assistant.errors import StewardError
from assistant.job_kinds import LANES
from assistant.observability import METRICS, QUEUE_JOBS, QUEUE_OLDEST_SECONDS
from assistant.storage.health import Health
from assistant.storage.job_repair import JobRepair
from assistant.storage.worker_store import WorkerStore

log = structlog.get_logger()

READY_SECONDS = 1.0  # a database that takes longer to write is not ready to take questions

UNDELIVERED_SECONDS = Gauge(
    "steward_outbox_oldest_seconds", "Age of the oldest reply that is not delivered yet.", registry=METRICS
)
DEAD_JOBS = Gauge("steward_dead_jobs", "Jobs given up for a reason of ours and not replayed.", registry=METRICS)
LIVE_WORKERS = Gauge("steward_live_workers", "Workers seen in the last seconds.", registry=METRICS)
RECENT_JOBS = Gauge(
    "steward_recent_jobs",
    "Jobs that ended in the last five minutes, by `succeeded` or the code of what went wrong; `internal` is a bug.",
    ["outcome"],
    registry=METRICS,
)
DATABASE_UP = Gauge(
    "steward_database_up", "1 when the figures from the database are of now, 0 when they are old.", registry=METRICS
)
MODEL_PROVIDER_AWAY = Gauge(
    "steward_model_provider_away",
    "Workers that leave this model provider alone at present, because it does not answer.",
    ["provider"],
    registry=METRICS,
)
WORKER_MEMORY_BYTES = Gauge(
    "steward_worker_memory_bytes", "Memory of each live worker process.", ["worker"], registry=METRICS
)
WORKERS_WORN_OUT = Gauge(
    "steward_workers_worn_out", "Live workers that take no further jobs and will be replaced.", registry=METRICS
)
WORKERS_RECYCLED = Gauge(
    "steward_workers_recycled", "Workers replaced so far because they wore out.", registry=METRICS
)
EXPIRED_LEASES = Gauge("steward_expired_leases", "Running jobs whose worker has fallen silent.", registry=METRICS)


def build_routes(health: Health, repair: JobRepair, workers: WorkerStore) -> APIRouter:
    """Return /healthz (the process answers), /readyz (the database can be written) and /metrics (Prometheus)."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> Response:
        return Response("ok\n", media_type="text/plain")

    @router.get("/readyz")
    async def readyz() -> Response:
        try:
            async with asyncio.timeout(READY_SECONDS):
                await asyncio.to_thread(health.write)
        except (TimeoutError, StewardError) as error:
            log.warning("bot.not_ready", error=type(error).__name__)
            return Response("the database can't be written\n", status_code=503, media_type="text/plain")
        return Response("ok\n", media_type="text/plain")

    @router.get("/metrics")
    async def metrics() -> Response:
        try:
            await asyncio.to_thread(measure, health, repair, workers)
        except StewardError as error:  # the counters of this process are still worth reading
            DATABASE_UP.set(0)
            log.warning("metrics.incomplete", code=error.code)
        else:
            DATABASE_UP.set(1)
        return Response(generate_latest(METRICS), media_type="text/plain; version=0.0.4")

    return router


def measure(health: Health, repair: JobRepair, workers: WorkerStore) -> None:
    """Set the gauges that are read from the database."""
    now = datetime.now(UTC)
    loads = {(load.lane, load.state): load for load in repair.loads()}
    for lane in LANES:
        for state in ("queued", "running"):
            load = loads.get((lane, state))
            QUEUE_JOBS.labels(lane, state).set(load.jobs if load else 0)
            if state == "queued":
                QUEUE_OLDEST_SECONDS.labels(lane).set((now - load.oldest_at).total_seconds() if load else 0)
    pulse = health.pulse()
    UNDELIVERED_SECONDS.set(pulse.undelivered_seconds)
    DEAD_JOBS.set(pulse.dead_jobs)
    LIVE_WORKERS.set(pulse.live_workers)
    EXPIRED_LEASES.set(pulse.expired_leases)
    _measure_workers(workers)
    RECENT_JOBS.clear()
    for outcome, jobs in health.recent().items():
        RECENT_JOBS.labels(outcome).set(jobs)


def _measure_workers(workers: WorkerStore) -> None:
    alive = workers.alive()
    WORKERS_RECYCLED.set(workers.recycled())
    WORKERS_WORN_OUT.set(sum(bool(worker.condition.wears_out) for worker in alive))
    WORKER_MEMORY_BYTES.clear()  # those that are gone must not stay at their last figure
    MODEL_PROVIDER_AWAY.clear()
    for worker in alive:
        WORKER_MEMORY_BYTES.labels(worker.id).set(worker.condition.memory_bytes)
    for provider, count in Counter(name for worker in alive for name in worker.condition.providers_away).items():
        MODEL_PROVIDER_AWAY.labels(provider.strip()).set(count)
