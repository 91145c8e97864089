"""The application as a whole: health, metrics, body limits, platforms by table."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from assistant.job_kinds import POLICY_SEARCH
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.job_store import JobStore
from bot.dependencies import BotDependencies
from bot.main import make_app
from bot.platforms import PlatformEntry
from tests.factories import make_mention, make_result
from tests.unit.bot.test_delivery import Chat

chat = Chat()


def build(app: FastAPI, dependencies: BotDependencies) -> Chat:
    chat.messages.clear()

    @app.post("/slack/events")
    async def events(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    return chat


ENTRIES = (
    PlatformEntry("slack", f"{__name__}:build", lambda settings: True),
    PlatformEntry("teams", "no.such.module:build", lambda settings: settings.has_teams),
)


@pytest.fixture
async def client(embedded_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = make_app(embedded_settings, ENTRIES)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
            yield client


async def test_it_is_alive_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200


async def test_it_is_not_ready_when_the_database_takes_no_writes(
    client: httpx.AsyncClient, embedded_settings: Settings
) -> None:
    (embedded_settings.steward_data / "steward.db").write_bytes(b"not a database any more" * 4096)
    response = await client.get("/readyz")

    assert response.status_code == 503


async def test_metrics_tell_of_the_queue(client: httpx.AsyncClient, embedded_settings: Settings) -> None:
    from assistant.storage.database import open_engine

    engine = open_engine(embedded_settings.database)
    jobs = JobStore(engine, embedded_settings)
    jobs.accept(make_mention(), POLICY_SEARCH, Reply(text="…", final=False))
    job = jobs.claim(("policy",), owner="w1")
    assert job is not None
    jobs.fail(job, ValueError("a bug"), Reply(text="Sorry."))
    jobs.accept(make_mention(), POLICY_SEARCH, Reply(text="…", final=False))
    text = (await client.get("/metrics")).text
    engine.dispose()

    assert 'steward_queue_jobs{lane="policy",state="queued"} 1.0' in text
    assert "steward_dead_jobs 1.0" in text
    assert 'steward_recent_jobs{outcome="internal"} 1.0' in text
    assert "steward_database_up 1.0" in text


async def test_metrics_say_when_the_database_could_not_be_read(
    client: httpx.AsyncClient, embedded_settings: Settings
) -> None:
    (embedded_settings.steward_data / "steward.db").write_bytes(b"not a database any more" * 4096)

    assert "steward_database_up 0.0" in (await client.get("/metrics")).text


@pytest.mark.parametrize("says_its_length", [True, False])
async def test_a_body_past_the_limit_is_refused(client: httpx.AsyncClient, says_its_length: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 500_000

    body = b"x" * 1_500_000 if says_its_length else pieces()

    assert (await client.post("/slack/events", content=body)).status_code == 413


async def test_a_body_within_the_limit_is_read(client: httpx.AsyncClient) -> None:
    response = await client.post("/slack/events", content=b"x" * 900_000)

    assert response.json() == {"bytes": 900_000}


async def test_the_delivery_loop_brings_answers_to_the_platform(
    client: httpx.AsyncClient, embedded_settings: Settings
) -> None:
    import asyncio

    from assistant.storage.database import open_engine

    engine = open_engine(embedded_settings.database)
    jobs = JobStore(engine, embedded_settings)
    job_id = jobs.accept(make_mention(), POLICY_SEARCH, Reply(text="…", final=False)).job_id
    job = jobs.claim(("policy",), owner="w1")
    assert job is not None
    jobs.finish(job, make_result("Twenty-five."))
    async with asyncio.timeout(30):
        while chat.said(job_id) != ["Twenty-five."]:
            await asyncio.sleep(0.01)
    engine.dispose()

    assert len(chat.messages) == 1
