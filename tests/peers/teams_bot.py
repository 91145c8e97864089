"""Steward's bot with Teams switched on, facing the peer: in process, but for the peer's own loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa
from fastapi import FastAPI

from assistant.jobs import Job, JobResult
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from bot.dependencies import BotDependencies
from bot.main import make_app
from bot.platforms import PlatformEntry
from bot.platforms.teams.app import build as build_teams
from bot.platforms.teams.platform import TeamsPlatform
from tests.factories import make_result
from tests.peers.teams_peer import APP_ID, SECRET, TENANT, TeamsPeer

PAYLOADS = Path(__file__).parent.parent / "payloads" / "teams"
CLOCKS: list[Clock] = []  # the one of the bot that is built next
BUILT: list[TeamsPlatform] = []  # the one of the bot that was built last
SDK: dict[str, Any] = {}  # another SDK than the product's, where tests/peers/teams_bridge.py put one
ENTRY = PlatformEntry("teams", f"{__name__}:build", lambda settings: settings.has_teams)
ANN = "0a0a0a0a-0000-4000-8000-00000000000a"
ANN_ON_TEAMS = "29:1ann-ids-of-teams-are-long"
PERSONAL = "a:1personal-chat-of-ann-and-the-bot"
CHANNEL = "19:b1c2d3@thread.tacv2"
THREAD = f"{CHANNEL};messageid=1764000000001"
GROUP = "19:meeting_abc@thread.v2"
LANES = ("policy", "summary", "email", "logs")


class Clock:
    """The platform's clock, turned by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0.02)


def build(app: FastAPI, dependencies: BotDependencies) -> TeamsPlatform:
    """Build the platform as the product does, but for its clock: a second of waiting takes no time."""
    clock = CLOCKS[-1]
    BUILT[:] = [build_teams(app, dependencies, clock=clock, sleep=clock.sleep, **SDK)]
    return BUILT[0]


def payload(name: str, /, **changes: Any) -> dict[str, Any]:
    """Return a recorded activity; changes replace its fields (`from_` stands for `from`)."""
    data: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return {**data, **{key.rstrip("_"): value for key, value in changes.items()}}


def teams_settings(base: Settings, peer: TeamsPeer, **fields: Any) -> Settings:
    values: dict[str, Any] = {
        "app_id": APP_ID,
        "app_password": SECRET,
        "app_tenantid": TENANT,
        "teams_login_url": f"{peer.url}/login",
        "teams_openid_metadata_url": f"{peer.url}/openid",
        "teams_graph_url": f"{peer.url}/graph",
        "teams_file_hosts": "127.0.0.1",
        "public_url": "https://steward.example.com",
        **fields,
    }
    return load_settings({}, steward_data=base.steward_data, database_url=base.database_url, **values)


@dataclass
class TeamsBot:
    """One running bot and the stores behind it."""

    app: FastAPI
    http: httpx.AsyncClient
    peer: TeamsPeer
    settings: Settings
    engine: sa.Engine
    jobs: JobStore
    people: PeopleStore
    clock: Clock
    platform: TeamsPlatform

    async def send(self, activity: dict[str, Any], *, path: str = "/teams/messages", **claims: Any) -> httpx.Response:
        """Send an activity as the connector does: signed, from the peer's address."""
        signed = {**activity, "serviceUrl": self.peer.url}
        return await self.http.post(path, json=signed, headers=self.peer.headers(**claims))

    def job_ids(self) -> list[UUID]:
        with self.engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT id FROM jobs ORDER BY created_at, id")).scalars().all()
        return [UUID(str(row)) for row in rows]

    def behind(self) -> int:
        """Return how many messages do not say yet what they should."""
        with self.engine.connect() as connection:
            return int(
                connection.execute(sa.text("SELECT count(*) FROM outbox WHERE sent_revision < revision")).scalar_one()
            )

    def work(self, answer: Callable[[Job], JobResult] | str = "Twenty-five days.") -> Job:
        """Run the next job as a worker would: claim it, answer it, keep the answer."""
        job = self.jobs.claim(LANES, owner="w1")
        assert job is not None
        self.jobs.finish(job, make_result(answer) if isinstance(answer, str) else answer(job))
        return job

    async def until(self, is_so: Callable[[], object], seconds: float = 30.0) -> None:
        for _ in range(int(seconds / 0.02)):
            if is_so():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("it did not come to that")


@contextlib.asynccontextmanager
async def running_bot(base: Settings, peer: TeamsPeer, **fields: Any) -> AsyncIterator[TeamsBot]:
    settings = teams_settings(base, peer, **fields)
    clock = Clock()
    CLOCKS[:] = [clock]
    app = make_app(settings, (ENTRY,))
    engine = open_engine(settings.database)
    people = PeopleStore(engine)
    people.upsert_all(TENANT, [PersonProfile(id=ANN, name="Ann", email="ann@example.com", groups=("staff",))])
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield TeamsBot(app, http, peer, settings, engine, JobStore(engine, settings), people, clock, BUILT[0])
    engine.dispose()
