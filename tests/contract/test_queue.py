"""The doorbell's contract, over every broker: rings wake workers, and no broker holds up who rings."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
from celery import Celery

from assistant.job_kinds import LANES, POLICY_SEARCH
from assistant.jobs import JobStatus
from assistant.queue import CeleryDoorbell, EventDoorbell, NoDoorbell, make_celery, open_doorbell, queue_name
from assistant.replies import Reply
from assistant.settings import Settings, load_settings
from assistant.storage.job_store import JobStore
from tests.factories import make_mention
from tests.unit.workers import handlers
from tests.unit.workers.test_run_job import wait_until, worker_for
from workers.consumer import RingConsumer


@pytest.fixture(
    params=[pytest.param("redis", marks=pytest.mark.services), pytest.param("rabbitmq", marks=pytest.mark.services)]
)
def broker_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid4().hex[:8]}"


@pytest.fixture
def app(broker_url: str, prefix: str) -> Iterator[Celery]:
    app = make_celery(broker_url, prefix=prefix)
    yield app
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        for lane in LANES:
            channel.queue_delete(queue_name(lane, prefix))
    app.close()


def test_a_ring_wakes_a_worker_that_runs_the_job_through_the_celery_task(
    app: Celery, prefix: str, embedded_settings: Settings
) -> None:
    worker = worker_for(embedded_settings, handlers.answer, lanes=("policy",))
    consumer = RingConsumer(app, worker.runner, slots=2, prefix=prefix)
    doorbell = CeleryDoorbell(app, prefix=prefix)
    consumer.start()  # and no poller: only a ring can wake this worker
    jobs = JobStore(worker.engine, embedded_settings)
    ids = [
        jobs.accept(make_mention(person=f"p{number}"), POLICY_SEARCH, Reply(text="…", final=False)).job_id
        for number in range(5)
    ]
    doorbell.ring("policy", ids[0])
    wait_until(lambda: all(jobs.view(job_id).status is JobStatus.SUCCEEDED for job_id in ids), seconds=20)
    consumer.end()
    doorbell.close()
    worker.engine.dispose()

    assert len(handlers.started) >= 5


def test_rings_of_one_lane_do_not_reach_another(app: Celery, prefix: str) -> None:
    doorbell = CeleryDoorbell(app, prefix=prefix)
    doorbell.ring("summary")
    doorbell.close(5)
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        heard = {}
        for lane in ("summary", "policy"):
            queue = next(queue for queue in app.conf.task_queues if queue.name == queue_name(lane, prefix))
            bound = queue(channel)
            bound.declare()
            heard[lane] = bound.get(no_ack=True) is not None

    assert heard == {"summary": True, "policy": False}


def test_a_message_carries_the_jobs_id_and_nothing_else(app: Celery, prefix: str) -> None:
    doorbell = CeleryDoorbell(app, prefix=prefix)
    job_id = uuid4()
    doorbell.ring("policy", job_id)
    doorbell.close(5)
    with app.connection_for_read() as connection:
        queue = next(queue for queue in app.conf.task_queues if queue.name == queue_name("policy", prefix))
        message = queue(connection.default_channel).get(no_ack=True)

    assert message is not None
    assert message.decode()[:2] == [[str(job_id)], {}]
    assert message.content_type == "application/json"


@pytest.fixture
def hung_port() -> Iterator[int]:
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
@pytest.mark.parametrize("broker", ["hung", "closed"])
def test_a_broker_that_hangs_or_refuses_holds_up_no_acknowledgement(
    request: pytest.FixtureRequest, scheme: str, broker: str, dialling: list[str]
) -> None:
    doorbell = CeleryDoorbell(make_celery(f"{scheme}://127.0.0.1:{request.getfixturevalue(f'{broker}_port')}/"))
    for _ in range(50):
        doorbell.ring("policy", uuid4())
    wait_until(lambda: dialling != [])

    assert set(dialling) == {"doorbell"}  # and waiting for it, 3 s a ring, would take longer than a test may


def test_an_event_doorbell_wakes_its_own_process() -> None:
    doorbell = EventDoorbell()
    woken = threading.Event()
    waiter = threading.Thread(target=lambda: doorbell.rung.wait(30) and woken.set())
    waiter.start()
    doorbell.ring("policy")
    waiter.join(30)

    assert woken.is_set()


def test_the_settings_choose_the_doorbell() -> None:
    assert isinstance(open_doorbell(load_settings({})), NoDoorbell)
    assert isinstance(open_doorbell(load_settings({}, broker_url="redis://127.0.0.1:1/0")), CeleryDoorbell)


def test_rabbitmqs_queues_are_quorum_queues() -> None:
    queues = make_celery("amqp://127.0.0.1//").conf.task_queues

    assert {queue.queue_arguments["x-queue-type"] for queue in queues} == {"quorum"}
