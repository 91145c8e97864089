"""Stop, pressed in chat, reaches a running job, whatever the job is doing, on every doorbell.

How soon, is measured by `steward bench ledger` and follows from the heartbeat's steps (test_held_jobs.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID, uuid4

import pytest

from assistant.jobs import JobStatus
from assistant.queue import CeleryDoorbell, make_celery, queue_name
from assistant.settings import Settings
from assistant.storage.job_store import JobStore, JobView
from tests.peers.openai_peer import Silent, Trickles, openai_peer
from tests.unit.workers import handlers
from tests.unit.workers.test_run_job import ask, wait_until
from workers.app import Worker
from workers.consumer import RingConsumer

GIVEN_UP_SECONDS = 15.0  # handlers go on for twenty: a job that ends sooner was stopped
Run = Callable[..., AbstractContextManager[tuple[Worker, JobStore, UUID]]]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    handlers.started.clear()
    handlers.release.clear()
    yield
    handlers.release.set()


@pytest.fixture(params=["embedded", "redis", "rabbitmq"])
def run(request: pytest.FixtureRequest, embedded_settings: Settings) -> Run:
    """Return what runs one job of a handler: polled, or rung through Celery by the broker alone."""
    url = None if request.param == "embedded" else str(request.getfixturevalue(f"{request.param}_url"))

    @contextmanager
    def running(handler: object, services: object = handlers.no_services, **changes: object) -> Iterator[object]:
        settings = embedded_settings.model_copy(update=changes)
        worker = Worker(
            settings,
            owner="w1",
            lanes=("policy",),
            slots=2,
            handlers={"policy_search": handlers.name(handler)},
            services=handlers.name(services),
        )
        worker.held.start()
        with _polled(worker) if url is None else _rung(worker, url):
            job_id = ask(worker.jobs)
            worker.doorbell.ring("policy", job_id)
            wait_until(lambda: worker.jobs.view(job_id).status is JobStatus.RUNNING, seconds=20)
            yield worker, worker.jobs, job_id
            handlers.release.set()
        worker.held.end()
        worker.runner.stop()
        worker.runner.wait_idle(5)
        worker.engine.dispose()

    return running


@contextmanager
def _polled(worker: Worker) -> Iterator[None]:
    worker.poller.start()
    yield
    worker.poller.end()


@contextmanager
def _rung(worker: Worker, url: str) -> Iterator[None]:
    prefix = f"test-{uuid4().hex[:8]}"
    app = make_celery(url, prefix=prefix)
    bell = CeleryDoorbell(app, prefix=prefix)
    worker.doorbell = bell
    consumer = RingConsumer(app, worker.runner, slots=2, prefix=prefix)
    consumer.start()
    yield
    consumer.end()
    bell.close()
    with app.connection_for_write() as connection:
        connection.default_channel.queue_delete(queue_name("policy", prefix))
    app.close()


def stop(jobs: JobStore, job_id: UUID) -> JobView:
    jobs.cancel(job_id, by="ann")
    wait_until(lambda: jobs.view(job_id).status.is_final, seconds=GIVEN_UP_SECONDS)
    return jobs.view(job_id)


def check_stopped(view: JobView) -> None:
    assert view.status is JobStatus.CANCELLED
    assert view.reply is not None
    assert view.reply.text == "Stopped, as you asked."


@pytest.mark.parametrize("handler", [handlers.until_stopped, handlers.deaf, handlers.compute])
def test_a_job_that_looks_one_that_waits_and_one_that_computes(run: Run, handler: object) -> None:
    with run(handler) as (_worker, jobs, job_id):
        view = stop(jobs, job_id)

    check_stopped(view)


def test_a_model_in_the_middle_of_its_answer_is_hung_up_on(run: Run) -> None:
    with openai_peer([Trickles()]) as peer:
        model = {"openai_base_url": peer.base_url, "steward_model": "openai:m", "steward_model_fallbacks": "openai:m"}
        with run(handlers.ask_model, handlers.model_services, **model) as (worker, jobs, job_id):
            wait_until(lambda: peer.calls == 1, seconds=20)
            view = stop(jobs, job_id)
            assert worker.runner.wait_idle(GIVEN_UP_SECONDS)
        assert peer.hung_up.wait(5)

    check_stopped(view)


def test_a_model_that_says_nothing_is_not_waited_for(run: Run) -> None:
    with openai_peer([Silent()]) as peer:
        model = {"openai_base_url": peer.base_url, "steward_model": "openai:m", "steward_model_fallbacks": "openai:m"}
        with run(handlers.ask_model, handlers.model_services, **model) as (_worker, jobs, job_id):
            wait_until(lambda: peer.calls == 1, seconds=20)
            view = stop(jobs, job_id)

    check_stopped(view)


def test_in_a_lane_with_processes_of_its_own_the_computing_ends_too(embedded_settings: Settings) -> None:
    settings = embedded_settings.model_copy(update={"worker_process_lanes": "policy"})
    worker = Worker(
        settings,
        owner="w1",
        lanes=("policy", "email"),
        handlers={"policy_search": handlers.name(handlers.compute)},
        services=handlers.name(handlers.no_services),
    )
    worker.start()
    first = ask(worker.jobs)
    wait_until(lambda: worker.jobs.view(first).status is JobStatus.RUNNING, seconds=90)
    view = stop(worker.jobs, first)
    second = ask(worker.jobs)  # of one process: it starts only once the first one's is gone
    wait_until(lambda: worker.jobs.view(second).status is JobStatus.RUNNING, seconds=90)
    worker.stop(grace_seconds=0.1)

    check_stopped(view)
    assert worker.apart.lanes == {"policy": 1}
