"""Live progress: heard at once over Redis, and nobody waits for it when Redis is not well."""

from __future__ import annotations

import asyncio
import queue
import socket
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from assistant.jobs import JobStatus
from assistant.live_progress import NoTeller, ProgressListener, RedisTeller, open_teller
from assistant.settings import Settings, load_settings
from assistant.storage.job_store import JobStore
from tests.unit.workers import handlers
from tests.unit.workers.test_run_job import ask, wait_until, worker_for

HEARD_SECONDS = 30.0


@pytest.fixture
def channel() -> str:
    return f"test-{uuid4().hex}"


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.fixture(params=["hung", "refusing"])
def broken_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("silent_url")) if request.param == "hung" else "redis://127.0.0.1:9/0"


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a silent server waits for longer than any test may take."""
    monkeypatch.setattr("assistant.live_progress.SOCKET_SECONDS", 3600.0)


@pytest.mark.services
def test_what_is_told_is_heard_and_what_is_no_job_id_is_not(redis_url: str, channel: str) -> None:
    heard: queue.Queue[UUID] = queue.Queue()
    listener = ProgressListener(redis_url, heard.put, channel=channel)
    listener.start()
    assert listener.is_listening.wait(HEARD_SECONDS)
    teller = RedisTeller(redis_url, channel=channel)
    job_ids = [uuid4() for _ in range(5)]
    teller._redis.publish(channel, b"\xff not a job")
    for job_id in job_ids:
        teller.tell(job_id)
    found = [heard.get(timeout=HEARD_SECONDS) for _ in job_ids]
    teller.close()
    listener.end()

    assert found == job_ids


@pytest.mark.services
def test_a_worker_tells_of_steps_and_of_the_end(
    redis_url: str, embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.model_validate({**embedded_settings.model_dump(), "redis_url": redis_url})
    heard: queue.Queue[UUID] = queue.Queue()
    listener = ProgressListener(redis_url, heard.put)
    listener.start()
    assert listener.is_listening.wait(HEARD_SECONDS)
    worker = worker_for(settings, handlers.answer)
    jobs = JobStore(worker.engine, settings)
    job_id = ask(jobs)
    worker.runner.drain()
    words = 0
    while words < 3:  # a step, a part of the answer, the end
        words += heard.get(timeout=HEARD_SECONDS) == job_id
    listener.end()
    worker.engine.dispose()

    assert jobs.view(job_id).status is JobStatus.SUCCEEDED


@pytest.mark.usefixtures("endless")
def test_telling_never_waits_for_redis(broken_url: str, dialling: list[str]) -> None:
    teller = RedisTeller(broken_url)
    for _ in range(50):
        teller.tell(uuid4())
    wait_until(lambda: dialling != [])
    teller.close()

    assert set(dialling) == {"progress-teller"}


def test_a_closed_teller_ends_its_thread_with_redis_away(broken_url: str, dialling: list[str]) -> None:
    teller = RedisTeller(broken_url)
    teller.tell(uuid4())
    wait_until(lambda: dialling != [])
    teller.close()

    assert teller._thread is not None
    teller._thread.join(HEARD_SECONDS)
    assert not teller._thread.is_alive()


@pytest.mark.usefixtures("endless")
def test_a_job_ends_the_same_with_redis_away(
    broken_url: str, embedded_settings: Settings, dialling: list[str]
) -> None:
    settings = Settings.model_validate({**embedded_settings.model_dump(), "redis_url": broken_url})
    worker = worker_for(settings, handlers.answer)
    jobs = JobStore(worker.engine, settings)
    job_id = ask(jobs)
    worker.runner.drain()
    status = jobs.view(job_id).status
    wait_until(lambda: dialling != [])
    worker.engine.dispose()

    assert status is JobStatus.SUCCEEDED
    assert set(dialling) == {"progress-teller"}


@pytest.mark.usefixtures("endless")
async def test_the_bot_starts_and_stops_with_redis_away(
    broken_url: str, embedded_settings: Settings, dialling: list[str]
) -> None:
    from bot.main import make_app

    app = make_app(Settings.model_validate({**embedded_settings.model_dump(), "redis_url": broken_url}), ())
    async with app.router.lifespan_context(app):
        pass
    wait_until(lambda: dialling != [])

    assert set(dialling) == {"progress-listener"}


@pytest.mark.services
async def test_a_bot_passes_on_what_it_hears_to_its_platforms(redis_url: str, embedded_settings: Settings) -> None:
    from bot.main import make_app
    from bot.platforms import PlatformEntry

    nudged.clear()
    settings = Settings.model_validate({**embedded_settings.model_dump(), "redis_url": redis_url})
    app = make_app(settings, [PlatformEntry("slack", f"{__name__}:build", lambda settings: True)])
    teller, job_id = RedisTeller(redis_url), uuid4()
    async with asyncio.timeout(HEARD_SECONDS), app.router.lifespan_context(app):
        while job_id not in nudged:  # the first words may come before it listens
            teller.tell(job_id)
            await asyncio.sleep(0.02)
    teller.close()

    assert job_id in nudged


def test_without_an_address_nobody_is_told() -> None:
    assert isinstance(open_teller(load_settings({})), NoTeller)


nudged: list[UUID] = []


class Nudged:
    name = "slack"

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def post(self, target: object, reply: object, key: str) -> dict[str, str]:
        return {"key": key}

    async def update(self, handle: object, reply: object) -> None: ...

    async def find(self, target: object, key: str) -> None: ...

    def nudge(self, job_id: UUID) -> None:
        nudged.append(job_id)


def build(app: object, dependencies: object) -> Nudged:
    return Nudged()
