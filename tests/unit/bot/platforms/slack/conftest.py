"""A bot on Slack in one process: the application, its ledger, and the stand-in it talks to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from assistant.job_kinds import JOB_KINDS
from assistant.jobs import JobResult
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore, JobView
from assistant.storage.outbox_store import OutboxStore
from bot.delivery import Delivery
from bot.dependencies import BotDependencies
from bot.main import make_app
from bot.platforms import PlatformEntry
from bot.platforms.slack import app as slack_app
from bot.platforms.slack.app import SlackPlatform
from tests.peers import emulate_peer
from tests.peers.emulate_peer import EmulatePeer
from tests.peers.serving import Running
from tests.peers.slack_events import SECRET, send
from tests.peers.slack_peer import TOKEN, SlackPeer
from tests.unit.workers import handlers
from workers.app import Worker

built: list[SlackPlatform] = []


def build(app: FastAPI, dependencies: BotDependencies) -> SlackPlatform:
    built.append(slack_app.build(app, dependencies))
    return built[-1]


ENTRIES = (PlatformEntry("slack", f"{__name__}:build", lambda settings: True),)


@pytest.fixture(scope="session")
def emulate_address(request: pytest.FixtureRequest, missing: Callable[[str, object], None]) -> Iterator[str | None]:
    """Where emulate listens, when the tests are run with --emulate."""
    if not request.config.getoption("--emulate"):
        yield None
        return
    why = emulate_peer.why_missing()
    if why is not None:
        missing("emulate", why)
    with emulate_peer.emulate() as address:
        yield address


@pytest.fixture
def peer(emulate_address: str | None) -> Iterator[SlackPeer]:
    peer = EmulatePeer(emulate_address) if emulate_address else SlackPeer()
    with Running(peer.app()) as server:
        peer.url = server.url
        yield peer
    if isinstance(peer, EmulatePeer):
        peer.close()


@pytest.fixture
def slack_settings(embedded_settings: Settings, peer: SlackPeer) -> Settings:
    """One workspace by bot token, over HTTP; the base address without its last slash, as people write it."""
    values = {
        "slack_bot_token": TOKEN,
        "slack_signing_secret": SECRET,
        "slack_api_url": f"{peer.url}/api",
    }
    return Settings.model_validate({**embedded_settings.model_dump(), **values})


@dataclass
class Bot:
    """The whole, and what tests ask of it."""

    client: httpx.AsyncClient
    settings: Settings
    peer: SlackPeer
    platform: SlackPlatform
    engine: sa.Engine
    jobs: JobStore
    delivery: Delivery

    async def send(self, body: dict[str, Any], *, retry: int = 0) -> int:
        """Send an event, wait for what follows beside the acknowledgement, and return the status."""
        response = await send(self.client, body, retry=retry)
        await self.platform.desk.settled()
        return response.status_code

    async def deliver(self) -> None:
        """Deliver all that is due."""
        await self.delivery.deliver_due()

    def work(self, handler: Callable[..., JobResult] = handlers.answer) -> None:
        """Let a worker do all queued jobs with this handler."""
        kinds = dict.fromkeys(JOB_KINDS, f"{handler.__module__}:{handler.__name__}")
        worker = Worker(
            self.settings,
            handlers=kinds,
            services=handlers.name(handlers.no_services),
            owner="w1",
            lanes=("policy", "summary", "email", "logs", "suspect"),
            slots=4,
        )
        worker.runner.drain()
        worker.engine.dispose()

    def job_ids(self) -> list[UUID]:
        """Return all jobs, oldest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT id FROM jobs ORDER BY created_at, id")).scalars().all()
        return [UUID(str(one)) for one in rows]

    def views(self) -> list[JobView]:
        """Return all jobs as they stand, oldest first."""
        return self.jobs.views(self.job_ids())


@pytest.fixture
async def bot(slack_settings: Settings, peer: SlackPeer) -> AsyncIterator[Bot]:
    async for one in running(slack_settings, peer):
        yield one


@pytest.fixture
async def bot_without_moments(slack_settings: Settings, peer: SlackPeer) -> AsyncIterator[Bot]:
    """A bot that streams the first step at once, where an answer within a moment would just be posted."""
    async for one in running(slack_settings, peer):
        one.platform.progress.moment_seconds = 0.0
        yield one


async def running(settings: Settings, peer: SlackPeer) -> AsyncIterator[Bot]:
    """Run the application with Slack alone; its own delivery loop sleeps, so that tests say when."""
    app = make_app(settings, ENTRIES)
    engine = open_engine(settings.database)
    platform = built.pop()
    await platform.start()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield Bot(
            client,
            settings,
            peer,
            platform,
            engine,
            JobStore(engine, settings),
            Delivery(OutboxStore(engine), {"slack": platform}),
        )
    await platform.stop()
    engine.dispose()
