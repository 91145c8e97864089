"""How fast Slack's events are acknowledged, whatever broker and database do.

    steward bench acknowledge [--only NAME,NAME] [--events N] [--rate N]

The real bot runs in a process of its own; its Slack is the stand-in of tests/peers/slack_peer.py in this one. The
broker is healthy, hung (a socket that never answers), refusing (nobody listens) or absent (none configured); the
database is a locked SQLite file, and a private PostgreSQL that is killed and started again. While the database is
away an answer must be 5xx, and come before Slack's 3 s are over; once it is back, every event that Slack sends
again must be taken.

Beside each event the same client asks for /healthz. Its time is what machine, client and server take for nothing;
`own` is what is left of the acknowledgement's percentiles. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from assistant import exit_codes
from assistant.settings import child_environment
from bench.chaos_services import PrivatePostgres, PrivateRedis, free_port
from tests.peers.serving import Running
from tests.peers.slack_events import SECRET, payload, signed
from tests.peers.slack_peer import TOKEN, SlackPeer

GOAL_P99_MS = 50.0
SLACK_WAITS_MS = 3_000.0  # Slack sends an event again that is not acknowledged by then (its Events API page)
AWAY_SECONDS = 5.0
PEOPLE = 40
READY_SECONDS = 60.0
BROKERS = ("absent", "healthy", "hung", "refusing")
DATABASES = ("sqlite-locked", "postgres-restarted")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one event was answered, and after how long."""

    status: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Acknowledgements while all is well with the database, in milliseconds."""

    events: int
    refused: int  # not answered 200
    p50: float
    p95: float
    p99: float
    own_p50: float
    own_p95: float
    own_p99: float


@dataclass(frozen=True, slots=True)
class Outage:
    """Acknowledgements while the database is away."""

    events: int
    refused: int  # 5xx, in time
    taken: int  # 200, in time: committed before, or between two failures
    late: int  # answered after Slack's 3 s, or not at all
    late_taken: int  # answered 200 after Slack's 3 s
    slowest_ms: float
    lost: int  # not taken though it was sent again once the database was back


def main(argv: list[str]) -> int:
    """Run `steward bench acknowledge`; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(
        prog="steward bench acknowledge", description="How fast Slack's events are acknowledged."
    )
    parser.add_argument("--only", default=",".join((*BROKERS, *DATABASES)), help="what to measure; default: all")
    parser.add_argument("--events", type=int, default=200, help="events a measurement")
    parser.add_argument("--rate", type=float, default=20.0, help="events a second")
    arguments = parser.parse_args(argv)
    wanted = [name.strip() for name in arguments.only.split(",") if name.strip()]
    unknown = set(wanted) - {*BROKERS, *DATABASES}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join((*BROKERS, *DATABASES))}")
    found: dict[str, Figures | Outage] = {}
    peer = SlackPeer()
    with Running(peer.app()) as server:
        peer.url = server.url
        for name in wanted:
            if (missing := _missing(name)) is not None:
                print(f"{name:<20} not measured: {missing} is not installed")
                continue
            with tempfile.TemporaryDirectory(prefix="steward-acknowledge-", ignore_cleanup_errors=True) as folder:
                found[name] = _measure(name, Path(folder), peer.url, arguments.events, arguments.rate)
            print(f"{name:<20} " + "  ".join(f"{key} {value}" for key, value in asdict(found[name]).items()))
    met = goals_met(list(found.values()))
    print(json.dumps({**{name: asdict(figures) for name, figures in found.items()}, "goals_met": met}))
    return exit_codes.SUCCESS if met else exit_codes.FAILURE


def goals_met(found: Sequence[Figures | Outage]) -> bool:
    """Return whether own p99 is within the goal, and an outage neither loses nor keeps Slack waiting."""
    for one in found:
        if isinstance(one, Figures) and (one.refused or one.own_p99 > GOAL_P99_MS):
            return False
        if isinstance(one, Outage) and (one.late or one.late_taken or one.lost):
            return False
    return bool(found)


def figures_of(answers: Sequence[Answer], idle_ms: Sequence[float]) -> Figures:
    """Return the percentiles of the acknowledgements, and what is left of them without /healthz's own."""
    taken = [one.milliseconds for one in answers if one.status == 200]
    whole, idle = percentiles(taken), percentiles(idle_ms)
    own = [round(max(0.0, ours - theirs), 1) for ours, theirs in zip(whole, idle, strict=True)]
    return Figures(len(answers), len(answers) - len(taken), *whole, *own)


def outage_of(during: Sequence[Answer], afterwards: Sequence[Answer]) -> Outage:
    """Return what happened while the database was away, and when the same events came again."""
    late = [one for one in during if one.milliseconds > SLACK_WAITS_MS or one.status == 0]
    in_time = [one for one in during if one not in late]
    return Outage(
        events=len(during),
        refused=sum(one.status >= 500 for one in in_time),
        taken=sum(one.status == 200 for one in in_time),
        late=len(late),
        late_taken=sum(one.status == 200 for one in late),
        slowest_ms=round(max((one.milliseconds for one in during), default=0.0), 1),
        lost=sum(one.status != 200 for one in afterwards),
    )


def percentiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99, in the values' unit."""
    if len(values) < 2:
        return (round(values[0], 1),) * 3 if values else (0.0,) * 3
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return round(cuts[49], 1), round(cuts[94], 1), round(cuts[98], 1)


# ------------------------------------------------------------------ one measurement
def _missing(name: str) -> str | None:
    """Return the name of the program that this measurement lacks."""
    if name == "healthy" and shutil.which("redis-server") is None:
        return "redis-server"
    if name == "postgres-restarted" and not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return "PostgreSQL"
    return None


def _measure(name: str, folder: Path, peer_url: str, events: int, rate: float) -> Figures | Outage:
    settings = {"BROKER_URL": "", "DATABASE_URL": "", "STEWARD_DATA": str(folder / "data")}
    with contextlib.ExitStack() as stack:
        postgres = None
        if name == "postgres-restarted":
            postgres = PrivatePostgres(folder)
            postgres.start()
            stack.callback(postgres.stop)
            settings["DATABASE_URL"] = postgres.url
        elif name in BROKERS:
            settings["BROKER_URL"] = stack.enter_context(_broker(name, folder))
        url = stack.enter_context(_bot(peer_url, settings))
        if name in BROKERS:
            return asyncio.run(_acknowledge(url, events, rate))
        database = folder / "data" / "steward.db"
        return asyncio.run(_through_outage(url, rate, postgres or database))


@contextlib.contextmanager
def _broker(name: str, folder: Path) -> Iterator[str]:
    if name == "healthy":
        server = PrivateRedis(folder)
        server.start()
        yield server.url
        server.stop()
    elif name == "hung":
        with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:  # connects, and never says a word
            yield f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
    else:
        yield f"redis://127.0.0.1:{free_port()}/0" if name == "refusing" else ""


@contextlib.contextmanager
def _bot(peer_url: str, settings: dict[str, str]) -> Iterator[str]:
    port = free_port()
    environment = child_environment(
        **settings,
        SLACK_BOT_TOKEN=TOKEN,
        SLACK_SIGNING_SECRET=SECRET,
        SLACK_API_URL=f"{peer_url}/api/",
        PORT=str(port),
        LOG_LEVEL="error",
        PER_PERSON_QUEUED="100000",  # nobody answers here
        PER_PERSON_PER_MINUTE="100000",
        PER_TENANT_PER_MINUTE="100000",
    )
    command = [sys.executable, "-m", "assistant.commands", "bot"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _acknowledge(url: str, events: int, rate: float) -> Figures:
    async with _client(url) as client:
        await _ready(client)
        began = time.perf_counter()
        answers, idle_ms = [], []
        for number in range(events):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            answers.append(await _send(client, f"1.{number}", number))
            before = time.perf_counter()
            await client.get("/healthz")
            idle_ms.append((time.perf_counter() - before) * 1000)
    return figures_of(answers, idle_ms)


async def _through_outage(url: str, rate: float, database: PrivatePostgres | Path) -> Outage:
    async with _client(url) as client:
        await _ready(client)
        names = [f"2.{number}" for number in range(int(rate * AWAY_SECONDS))]
        lock = sqlite3.connect(database, isolation_level=None) if isinstance(database, Path) else None
        if lock is not None:
            lock.execute("BEGIN IMMEDIATE")
        elif isinstance(database, PrivatePostgres):
            await asyncio.to_thread(database.kill)
        began = time.perf_counter()
        sent = []
        for number, name in enumerate(names):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            sent.append(asyncio.create_task(_send(client, name, number)))
        if lock is not None:
            lock.rollback()
            lock.close()
        elif isinstance(database, PrivatePostgres):
            await asyncio.to_thread(database.start)
        during = await asyncio.gather(*sent)
        await asyncio.sleep(2.0)  # Slack's first redelivery is immediate, its second comes after a minute
        afterwards = [await _send(client, name, number) for number, name in enumerate(names)]
    return outage_of(during, afterwards)


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=30, limits=httpx.Limits(max_connections=500))


async def _ready(client: httpx.AsyncClient) -> None:
    """Wait until the bot answers, then let everybody ask once, so that who they are is known."""
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            if (await client.get("/readyz")).status_code == 200:
                break
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(0.1)
    for number in range(PEOPLE):
        await _send(client, f"0.{number}", number)


async def _send(client: httpx.AsyncClient, ts: str, number: int) -> Answer:
    event: dict[str, Any] = payload(
        "app_mention", ts=ts, user=f"U{number % PEOPLE:04d}", outer={"event_id": f"Ev{ts}"}
    )
    request = signed(json.dumps(event).encode())
    began = time.perf_counter()
    try:
        status = (await client.post("/slack/events", **request)).status_code
    except httpx.HTTPError:
        status = 0
    return Answer(status, (time.perf_counter() - began) * 1000)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
