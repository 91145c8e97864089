"""What operators and their tools ask the bot: is it alive, can it take questions, how full are the queues."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, Response
from prometheus_client import Gauge, generate_latest

from assistant.errors import StewardError
from assistant.job_kinds import LANES
from assistant.observability import METRICS, QUEUE_JOBS, QUEUE_OLDEST_SECONDS
from assistant.storage.health import Health
from assistant.storage.job_repair import JobRepair

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
EXPIRED_LEASES = Gauge("steward_expired_leases", "Running jobs whose worker has fallen silent.", registry=METRICS)


def build_routes(health: Health, repair: JobRepair) -> APIRouter:
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
            await asyncio.to_thread(measure, health, repair)
        except StewardError as error:  # the counters of this process are still worth reading
            DATABASE_UP.set(0)
            log.warning("metrics.incomplete", code=error.code)
        else:
            DATABASE_UP.set(1)
        return Response(generate_latest(METRICS), media_type="text/plain; version=0.0.4")

    return router


def measure(health: Health, repair: JobRepair) -> None:
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
    RECENT_JOBS.clear()
    for outcome, jobs in health.recent().items():
        RECENT_JOBS.labels(outcome).set(jobs)
