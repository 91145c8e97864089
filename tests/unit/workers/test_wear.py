"""A worker that has had enough is replaced, and what it held goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from assistant import exit_codes
from assistant.job_kinds import POLICY_SEARCH
from assistant.replies import Reply
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.worker_store import WorkerStore
from tests.factories import make_mention
from tests.unit.workers import handlers
from tests.unit.workers.test_run_job import SERVICES, ask, wait_until, worker_for
from workers.wear import Wear, resident_bytes

WORKER = """
import sys
from assistant.settings import load_settings
from workers.app import run_worker
limits = {"worker_memory_mb": int(sys.argv[2]), "worker_max_jobs": int(sys.argv[3])}
settings = load_settings({}, steward_data=sys.argv[1], **limits)
run_worker(settings, slots=2, handlers={"policy_search": sys.argv[4]}, services=sys.argv[5])
"""


@pytest.mark.parametrize(
    ("limits", "jobs_run", "memory_mb", "reason"),
    [
        ({"worker_memory_mb": 500}, 3, 600, "memory"),
        ({"worker_memory_mb": 500}, 3, 400, None),
        ({"worker_memory_mb": 500}, 0, 600, None),  # a ceiling below an idle worker's needs: no endless restarts
        ({"worker_max_jobs": 3}, 3, 600, "jobs"),
        ({"worker_max_jobs": 3}, 2, 600, None),
        ({}, 10_000, 60_000, None),
    ],
)
def test_the_limits_of_the_settings(
    limits: dict[str, int], jobs_run: int, memory_mb: int, reason: str | None
) -> None:
    wear = Wear(load_settings({}, **limits), measure=lambda: memory_mb * 1_000_000)

    assert wear.reason(jobs_run=jobs_run) == reason


def test_memory_is_measured_in_bytes_and_falls_when_it_is_given_back() -> None:
    before = resident_bytes()
    block = bytearray(80_000_000)
    during = resident_bytes()
    del block

    assert 10_000_000 < before < 4_000_000_000
    assert during - before > 60_000_000


def test_a_worn_out_worker_takes_no_further_job_and_says_so(settings: Settings) -> None:
    worker = worker_for(settings.model_copy(update={"worker_max_jobs": 1}), handlers.answer)
    jobs = worker.jobs
    first = ask(jobs)
    worker.runner.drain()
    condition = worker.look_after_itself()
    worker.sweeper.sweep()
    second = ask(jobs)
    worker.runner.drain()

    assert jobs.view(first).status.is_final
    assert not jobs.view(second).status.is_final
    assert condition.wears_out == "jobs"
    [seen] = WorkerStore(worker.engine).alive()
    assert (seen.condition.wears_out, seen.condition.memory_bytes > 0) == ("jobs", True)
    assert WorkerStore(worker.engine).recycled() == 1
    worker.engine.dispose()


def start(data: Path, memory_mb: int, max_jobs: int, handler: object) -> subprocess.Popen[bytes]:
    name = handlers.name(handler)
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(data), str(memory_mb), str(max_jobs), name, SERVICES],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def ask_many(jobs: JobStore, count: int) -> list[UUID]:
    return [
        jobs.accept(make_mention(event_key=f"e{uuid4()}"), POLICY_SEARCH, Reply(text="…", final=False)).job_id
        for _ in range(count)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("memory_mb", "max_jobs"), [(260, 0), (0, 4)])
def test_processes_that_wear_out_and_are_started_again_lose_nothing(
    embedded_settings: Settings, memory_mb: int, max_jobs: int
) -> None:
    jobs = JobStore(open_engine(embedded_settings.database), embedded_settings)
    ids = ask_many(jobs, 8)
    statuses: list[int] = []

    def all_done() -> bool:
        if not all(view.status.is_final for view in jobs.views(ids)):
            return False
        if exit_codes.RECYCLED in statuses:
            return True
        ids.extend(ask_many(jobs, 4))  # a worker looks at itself once a second, and may be done before it does
        return False

    while not all_done():
        worker = start(embedded_settings.steward_data, memory_mb, max_jobs, handlers.grow)
        wait_until(lambda worker=worker: worker.poll() is not None or all_done(), seconds=90)  # type: ignore[misc]
        if worker.poll() is None:
            worker.terminate()
        statuses.append(worker.wait(timeout=40))
    views = jobs.views(ids)
    jobs.engine.dispose()

    assert exit_codes.RECYCLED in statuses
    assert {view.status.value for view in views} == {"succeeded"}
    assert {view.worker_deaths for view in views} == {0}
