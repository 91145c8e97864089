"""Ask a chat service's users' thousand questions while bots and workers are killed: what was lost, what said twice?

Two real bots and two real workers; the chat service is the strict stand-in of the tests, with cut connections, 500s
and 429s (bench/slack_chaos.py, bench/teams_chaos.py). One event in five is sent again although it was acknowledged,
and what was not is sent again as the services do, ten times faster. A question is lost when its thread has no final
answer, doubled when more than one answer, or anything beside the answer, is left for people to see. A bot is killed
only while the other one is up: both down for a minute is an outage, which no service's redelivery outlasts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from assistant.settings import child_environment, load_settings, plain_settings
from assistant.storage.database import open_engine
from assistant.storage.migrate import migrate
from bench.chaos import Child
from bench.chaos_services import free_port

RESEND_SECONDS = (0.3, 6.0, 30.0)
REDELIVERED, FAULTY = 0.2, 0.06  # shares of questions, and of the bot's writes
FAULTS = ("429", "500", "cut_before", "cut_after")
KILL_WORKER_SECONDS, KILL_BOT_SECONDS = 8.0, 15.0
DRAIN_SECONDS = 300.0
PEOPLE, CHANNELS = 60, 9


@dataclass(frozen=True)
class Event:
    """One event as the service sends it: the same body each time, signed anew."""

    path: str
    body: dict[str, Any]


class Service(Protocol):
    """A chat service and its people."""

    name: str
    work_seconds: tuple[float, float]  # how long a question's work takes, at least and at most
    faults: dict[str, int]  # how often each was done to the bot

    def environment(self) -> dict[str, str]:
        """Return what connects a bot to the service."""
        ...

    def events(self, number: int, words: str) -> Sequence[Event]:
        """Return the events of one question."""
        ...

    def request(self, event: Event) -> dict[str, Any]:
        """Return the event as httpx arguments, signed now."""
        ...

    def said(self, number: int) -> list[str]:
        """Return what people see of the bot under the question, a text each message."""
        ...

    def looks(self) -> Sequence[Event]:
        """Return what the people's clients send when they show everything once more."""
        ...

    def seen(self) -> dict[str, Any]:
        """Return what else there was to count, by name."""
        ...


class FaultDice:
    """Which fault the next write meets: a share of them, at random but the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self.counts: dict[str, int] = {}

    def throw(self) -> str:
        """Return the fault, "" for none."""
        if self._rng.random() >= FAULTY:
            return ""
        kind = self._rng.choice(FAULTS)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return kind


class BotChild:
    """One `steward bot`, started again whenever it is down."""

    def __init__(self, port: int, environment: dict[str, str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "assistant.commands", "bot", "--port", str(port)]
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def keep_up(self) -> None:
        """Start it if it is not running."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=subprocess.DEVNULL)

    @property
    def pid(self) -> int:
        """The process's number, 0 while there is none."""
        return self._process.pid if self._process else 0

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def make_parser(program: str) -> argparse.ArgumentParser:
    """Return the options that every service's run has."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--n", type=int, default=1000, help="questions")
    parser.add_argument("--rate", type=float, default=15.0, help="questions a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url", default=None, help="PostgreSQL; without it SQLite in a new folder")
    return parser


def run(service: Service, arguments: argparse.Namespace) -> int:
    """Run, print the verdict as JSON; 0 when nothing was lost and nothing said twice."""
    with tempfile.TemporaryDirectory() as folder:
        verdict = asyncio.run(_run(arguments, service, Path(folder)))
    print(json.dumps({**verdict, **service.seen()}))
    return 1 if verdict["lost"] or verdict["doubled"] else 0


async def _run(arguments: argparse.Namespace, service: Service, folder: Path) -> dict[str, Any]:
    rng = random.Random(arguments.seed)
    values: dict[str, Any] = {"steward_data": folder, "worker_slots": 12}
    if arguments.database_url:
        values["database_url"] = arguments.database_url
    settings = load_settings({}, **values)
    engine = open_engine(settings.database)
    migrate(engine)
    engine.dispose()
    environment = child_environment(
        STEWARD_DATA=str(folder),
        LOG_LEVEL="error",
        PER_PERSON_PER_MINUTE="100000",
        PER_TENANT_PER_MINUTE="100000",
        **service.environment(),
        **({"DATABASE_URL": arguments.database_url} if arguments.database_url else {}),
    )
    bots = [BotChild(free_port(), environment) for _ in range(2)]
    brief = {"settings": plain_settings(settings)}
    workers = [Child("worker", f"worker{number}", brief) for number in range(2)]
    children: list[BotChild | Child] = [*bots, *workers]
    kills = {"bot": 0, "worker": 0}
    people = _People(service, [bot.url for bot in bots])
    try:
        for child in children:
            child.keep_up()
        await _ready(bots)
        breaking = asyncio.create_task(_break(bots, workers, kills, rng))
        began = time.monotonic()
        async with people:
            await people.ask_all(arguments.n, arguments.rate, rng)
            breaking.cancel()
            await _drain(children, service, arguments.n)
            await people.look()
        return {**_verdict(service, arguments.n), "seconds": round(time.monotonic() - began), "kills": kills}
    finally:
        for child in children:
            child.kill()


async def _ready(bots: list[BotChild]) -> None:
    for _ in range(600):
        if await _are_up(bots):
            return
        await asyncio.sleep(0.1)


async def _are_up(bots: list[BotChild]) -> bool:
    async with httpx.AsyncClient(timeout=2) as client:
        try:
            return all([(await client.get(f"{bot.url}/healthz")).is_success for bot in bots])
        except httpx.HTTPError:
            return False


async def _break(bots: list[BotChild], workers: list[Child], kills: dict[str, int], rng: random.Random) -> None:
    due = {"bot": KILL_BOT_SECONDS, "worker": KILL_WORKER_SECONDS}
    began = time.monotonic()
    groups: dict[str, list[BotChild | Child]] = {"bot": [*bots], "worker": [*workers]}
    while True:
        await asyncio.sleep(0.2)
        for what, children in groups.items():
            for child in children:  # as a supervisor would
                child.keep_up()
            if time.monotonic() - began >= due[what]:
                if what == "bot" and not await _are_up(bots):
                    continue  # a slow machine would have none up for longer than any service sends again
                every = KILL_BOT_SECONDS if what == "bot" else KILL_WORKER_SECONDS
                due[what] = time.monotonic() - began + every * rng.uniform(0.7, 1.3)
                await asyncio.to_thread(rng.choice(children).kill)
                kills[what] += 1


class _People:
    """Ask, and look; the service brings their events to whichever bot answers."""

    def __init__(self, service: Service, urls: list[str]) -> None:
        self._service = service
        self._urls = urls
        self._client = httpx.AsyncClient(timeout=3.0, limits=httpx.Limits(max_connections=200))

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ask_all(self, count: int, rate: float, rng: random.Random) -> None:
        tasks = []
        for number in range(count):
            tasks.append(asyncio.create_task(self._ask(number, random.Random(rng.random()))))
            await asyncio.sleep(rng.expovariate(rate))
        await asyncio.gather(*tasks)

    async def look(self) -> None:
        """Have every client show everything once more, and what comes of that settle."""
        for event in self._service.looks():
            await self._send(event, random.Random(0))
        await asyncio.sleep(1.0)

    async def _ask(self, number: int, rng: random.Random) -> None:
        shortest, longest = self._service.work_seconds
        brief = {"question": f"q{number}", "seconds": round(rng.uniform(shortest, longest), 2), "tells": longest > 1}
        words = json.dumps(brief)
        events = list(self._service.events(number, words))
        rng.shuffle(events)
        await asyncio.gather(*(self._deliver(event, rng) for event in events))

    async def _deliver(self, event: Event, rng: random.Random) -> None:
        for wait in (*RESEND_SECONDS, None):
            if await self._send(event, rng):
                break
            if wait is None:
                return
            await asyncio.sleep(wait)
        if rng.random() < REDELIVERED:
            await asyncio.sleep(rng.uniform(0.0, 3.0))
            await self._send(event, rng)

    async def _send(self, event: Event, rng: random.Random) -> bool:
        for url in rng.sample(self._urls, len(self._urls)):  # a load balancer tries the next when one is down
            try:
                response = await self._client.post(f"{url}{event.path}", **self._service.request(event))
                return response.is_success
            except httpx.ConnectError:
                continue
            except httpx.HTTPError:
                return False
        return False


async def _drain(children: list[BotChild | Child], service: Service, count: int) -> None:
    until = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < until:
        for child in children:
            child.keep_up()
        if all(_answers(service.said(number)) for number in range(count)):
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(2.0)  # whatever would still be said twice has the time to be


def _answers(said: list[str]) -> list[str]:
    return [text for text in said if text.startswith("ANSWER")]


def _verdict(service: Service, count: int) -> dict[str, Any]:
    seen = {number: service.said(number) for number in range(count)}
    lost = [number for number, said in seen.items() if _answers(said)[:1] != [f"ANSWER q{number}"]]
    doubled = [number for number, said in seen.items() if len(said) > 1]
    if lost or doubled:
        print(f"lost: {lost[:20]}; doubled: {[(number, seen[number]) for number in doubled[:20]]}", file=sys.stderr)
    return {"n": count, "lost": len(lost), "doubled": len(doubled), "faults": dict(service.faults)}
