"""Ask Slack a thousand questions while bots and workers are killed, and count what was lost or said twice.

    python -m bench.slack_chaos [--n 1000] [--rate 15] [--seed N] [--database-url URL]

Two real bots and two real workers; the chat service is the strict stand-in of the tests, with cut connections, 500s
and 429s. Each mention comes as app_mention and as message, one in five is sent again although it was acknowledged,
and what was not is sent again as Slack does, ten times faster. A question is lost when its thread has no final
answer, doubled when it has more than one message of the bot's.
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
from pathlib import Path
from typing import Any

import httpx

from assistant.settings import child_environment, load_settings, plain_settings
from assistant.storage.database import open_engine
from assistant.storage.migrate import migrate
from bench.chaos import Child
from bench.chaos_services import free_port
from tests.peers.slack_events import SECRET, payload, signed
from tests.peers.slack_peer import TOKEN, Fault, Running, SlackPeer

RESEND_SECONDS = (0.3, 6.0, 30.0)
REDELIVERED, FAULTY = 0.2, 0.06  # shares of questions, and of the bot's writes
KILL_WORKER_SECONDS, KILL_BOT_SECONDS = 8.0, 15.0
DRAIN_SECONDS = 300.0
PEOPLE, CHANNELS = 60, 9


class FaultyPeer(SlackPeer):
    """Breaks a share of the writes, at random but the same for the same seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._rng = random.Random(seed)
        self.counts: dict[str, int] = {}

    def _fault(self, method: str) -> Fault | None:
        if method not in ("chat.postMessage", "chat.update") or self._rng.random() >= FAULTY:
            return None
        kind = self._rng.choice(["429", "500", "cut_before", "cut_after"])
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return Fault(method, kind, retry_after=1)


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


def main(argv: list[str] | None = None) -> int:
    """Run, print the verdict as JSON; 0 when nothing was lost and nothing said twice."""
    parser = argparse.ArgumentParser(prog="bench.slack_chaos")
    parser.add_argument("--n", type=int, default=1000, help="questions")
    parser.add_argument("--rate", type=float, default=15.0, help="questions a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url", default=None, help="PostgreSQL; without it SQLite in a new folder")
    arguments = parser.parse_args(argv)
    peer = FaultyPeer(arguments.seed)
    with Running(peer.app()) as server, tempfile.TemporaryDirectory() as folder:
        peer.url = server.url
        verdict = asyncio.run(_run(arguments, peer, Path(folder)))
    print(json.dumps(verdict))
    return 1 if verdict["lost"] or verdict["doubled"] else 0


async def _run(arguments: argparse.Namespace, peer: FaultyPeer, folder: Path) -> dict[str, Any]:
    rng = random.Random(arguments.seed)
    values: dict[str, Any] = {"steward_data": folder, "slack_api_url": f"{peer.url}/api", "worker_slots": 12}
    if arguments.database_url:
        values["database_url"] = arguments.database_url
    settings = load_settings({}, **values)
    engine = open_engine(settings.database)
    migrate(engine)
    engine.dispose()
    environment = child_environment(
        STEWARD_DATA=str(folder),
        SLACK_API_URL=f"{peer.url}/api",
        SLACK_BOT_TOKEN=TOKEN,
        SLACK_SIGNING_SECRET=SECRET,
        LOG_LEVEL="error",
        PER_PERSON_PER_MINUTE="100000",
        PER_TENANT_PER_MINUTE="100000",
        **({"DATABASE_URL": arguments.database_url} if arguments.database_url else {}),
    )
    bots = [BotChild(free_port(), environment) for _ in range(2)]
    brief = {"settings": plain_settings(settings)}
    workers = [Child("worker", f"worker{number}", brief) for number in range(2)]
    children: list[BotChild | Child] = [*bots, *workers]
    kills = {"bot": 0, "worker": 0}
    try:
        for child in children:
            child.keep_up()
        await _ready(bots)
        breaking = asyncio.create_task(_break(bots, workers, kills, rng))
        began = time.monotonic()
        await _ask_all(arguments, [bot.url for bot in bots], rng)
        breaking.cancel()
        await _drain(children, peer, arguments.n)
        return {**_verdict(peer, arguments.n), "seconds": round(time.monotonic() - began), "kills": kills}
    finally:
        for child in children:
            child.kill()


async def _ready(bots: list[BotChild]) -> None:
    async with httpx.AsyncClient(timeout=2) as client:
        for bot in bots:
            for _ in range(600):
                try:
                    if (await client.get(f"{bot.url}/healthz")).status_code == 200:
                        break
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)


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
                every = KILL_BOT_SECONDS if what == "bot" else KILL_WORKER_SECONDS
                due[what] += every * rng.uniform(0.7, 1.3)
                await asyncio.to_thread(rng.choice(children).kill)
                kills[what] += 1


async def _ask_all(arguments: argparse.Namespace, urls: list[str], rng: random.Random) -> None:
    tasks = []
    async with httpx.AsyncClient(timeout=3.0, limits=httpx.Limits(max_connections=200)) as client:
        for number in range(arguments.n):
            tasks.append(asyncio.create_task(_ask(client, urls, number, random.Random(rng.random()))))
            await asyncio.sleep(rng.expovariate(arguments.rate))
        await asyncio.gather(*tasks)


async def _ask(client: httpx.AsyncClient, urls: list[str], number: int, rng: random.Random) -> None:
    words = json.dumps({"question": f"q{number}", "seconds": round(rng.uniform(0.05, 0.6), 2)})
    event = {
        "ts": _thread(number),
        "channel": f"C{number % CHANNELS}",
        "user": f"U{number % PEOPLE:03d}",
        "text": f"<@U0STEWARD> {words}",
    }
    bodies = [
        payload("app_mention", **event, outer={"event_id": f"Ea{number}"}),
        payload("message_channels", **event, outer={"event_id": f"Em{number}"}),
    ]
    rng.shuffle(bodies)
    await asyncio.gather(*(_deliver(client, urls, body, rng) for body in bodies))


async def _deliver(client: httpx.AsyncClient, urls: list[str], body: dict[str, Any], rng: random.Random) -> None:
    for wait in (*RESEND_SECONDS, None):
        if await _send(client, urls, body, rng):
            break
        if wait is None:
            return
        await asyncio.sleep(wait)
    if rng.random() < REDELIVERED:
        await asyncio.sleep(rng.uniform(0.0, 3.0))
        await _send(client, urls, body, rng)


async def _send(client: httpx.AsyncClient, urls: list[str], body: dict[str, Any], rng: random.Random) -> bool:
    for url in rng.sample(urls, len(urls)):  # a load balancer tries the next when one is down
        try:
            request = signed(json.dumps(body).encode())
            return (await client.post(f"{url}/slack/events", **request)).status_code == 200
        except httpx.ConnectError:
            continue
        except httpx.HTTPError:
            return False
    return False


def _thread(number: int) -> str:
    return f"17900{number:05d}.000200"


def _messages(peer: SlackPeer, number: int) -> list[dict[str, Any]]:
    return peer.said(f"C{number % CHANNELS}", _thread(number))


async def _drain(children: list[BotChild | Child], peer: SlackPeer, count: int) -> None:
    until = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < until:
        for child in children:
            child.keep_up()
        if all(any(one["text"].startswith("ANSWER") for one in _messages(peer, number)) for number in range(count)):
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(2.0)  # whatever would still be said twice has the time to be


def _verdict(peer: FaultyPeer, count: int) -> dict[str, Any]:
    lost, doubled = [], []
    for number in range(count):
        messages = _messages(peer, number)
        if [one["text"] for one in messages if one["text"].startswith("ANSWER")][:1] != [f"ANSWER q{number}"]:
            lost.append(number)
        if len(messages) > 1:
            doubled.append(number)
    if lost or doubled:
        print(f"lost: {lost[:20]}; doubled: {doubled[:20]}", file=sys.stderr)
    return {"n": count, "lost": len(lost), "doubled": len(doubled), "faults": peer.counts}


if __name__ == "__main__":
    raise SystemExit(main())
