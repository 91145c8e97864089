"""Ask thousands of questions while everything is killed at random, and count what was lost or said twice.

    steward bench chaos [--n 2000] [--broker redis|rabbitmq|embedded] [--seconds S] [--seed N]

Two bots, two workers and their suspects' children are the real ones; the chat service is bench/chaos_chat.py, with
cut connections, 500s and 429s; broker and database are private servers, killed and flushed as well. Events are
sent again after a failure on a schedule ten times faster than Slack's (0.3, 6 and 30 s), and one in five although
it was acknowledged. A question is lost when its asker never gets a last word, doubled when two messages answer it.
The last line is JSON: lost, doubled, poison, poison_told, p50_s, p95_s (question to answer; the poison left out).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from assistant.settings import Settings, load_settings, plain_settings
from assistant.storage.database import open_engine
from assistant.storage.migrate import migrate
from bench.chaos_chat import ChaosChat
from bench.chaos_services import PrivatePostgres, PrivateRabbit, PrivateRedis, free_port

EVENTS_A_SECOND = 10.0
RESEND_SECONDS = (0.3, 6.0, 30.0)
REDELIVERED, FLAKY, POISON = 0.2, 0.03, 0.005  # shares of questions
JOB_SECONDS = (0.1, 1.0)
WORKERS, BOTS, SLOTS = 2, 2, 12
UNLIMITED = 1_000_000  # questions a minute: the flood is the point
KILL_WORKER_SECONDS, KILL_BOT_SECONDS, HIT_BROKER_SECONDS, HIT_DATABASE_SECONDS = 8.0, 30.0, 40.0, 60.0
STILL_SECONDS = 60.0  # after the last question: without a new last word for so long, the run is over
DRAIN_SECONDS = 600.0  # and after so long anyway
PEOPLE = 60


@dataclass
class Question:
    """One question, what it does to its worker, and when it was first sent and acknowledged."""

    number: int
    person: str
    text: str
    is_poison: bool
    sent_at: float = 0.0
    acknowledged_at: float | None = None

    @property
    def thread(self) -> str:
        """Names the question everywhere."""
        return f"q{self.number}"


@dataclass
class Kills:
    """How often each thing was hit."""

    counts: dict[str, int] = field(default_factory=dict)

    def note(self, what: str) -> None:
        """Count one."""
        self.counts[what] = self.counts.get(what, 0) + 1


class Child:
    """One process under test, started again whenever it is down."""

    def __init__(self, role: str, name: str, brief: dict[str, Any]) -> None:
        self.role = role
        self.name = name
        self.brief = brief
        self.process: subprocess.Popen[bytes] | None = None

    def keep_up(self) -> None:
        """Start it if it is not running."""
        if self.process is not None and self.process.poll() is None:
            return
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.chaos_child", self.role, self.name], stdin=subprocess.PIPE
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(self.brief).encode() + b"\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdin is not None:
                self.process.stdin.close()


def make_questions(count: int, rng: random.Random) -> list[Question]:
    """Return the questions, the same for the same seed; at least one is poison."""
    questions = []
    for number in range(count):
        poison = number == count // 3 or rng.random() < POISON
        brief = {"question": f"q{number}", "seconds": round(rng.uniform(*JOB_SECONDS), 2)}
        brief |= {"poison": True} if poison else {"flaky": True} if rng.random() < FLAKY else {}
        questions.append(Question(number, f"p{rng.randrange(PEOPLE)}", json.dumps(brief), poison))
    return questions


class Platform:
    """Sends events as a chat service does, to any bot that answers."""

    def __init__(self, bots: list[str], rng: random.Random) -> None:
        self._bots = bots
        self._rng = rng
        self._tasks: set[asyncio.Task[None]] = set()

    async def send_all(self, questions: list[Question], *, a_second: float) -> None:
        """Send all questions at this rate; returns when the last was acknowledged or given up."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3.0)) as session:
            for question in questions:
                self._spawn(self._send(session, question))
                await asyncio.sleep(self._rng.expovariate(a_second))
            while self._tasks:
                await asyncio.wait(set(self._tasks))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, session: aiohttp.ClientSession, question: Question) -> None:
        question.sent_at = time.time()
        for wait in (*RESEND_SECONDS, None):
            if await self._post(session, question):
                question.acknowledged_at = question.acknowledged_at or time.time()
                break
            if wait is None:
                return
            await asyncio.sleep(wait)
        if self._rng.random() < REDELIVERED:
            await asyncio.sleep(self._rng.uniform(0.0, 3.0))
            await self._post(session, question)

    async def _post(self, session: aiohttp.ClientSession, question: Question) -> bool:
        event = {
            "event_key": f"slack:T:C{question.number % 9}:{question.number}",
            "channel": f"C{question.number % 9}",
            "thread": question.thread,
            "person": question.person,
            "text": question.text,
        }
        for bot in self._rng.sample(self._bots, len(self._bots)):  # a load balancer tries the next when one is down
            try:
                async with session.post(f"{bot}/slack/events", json=event) as response:
                    return response.status == 200
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, TimeoutError):
                return False
        return False


class Chaos:
    """The run: starts everything, breaks it, and counts."""

    def __init__(self, arguments: argparse.Namespace, folder: Path) -> None:
        self._arguments = arguments
        self._folder = folder
        self._rng = random.Random(arguments.seed)
        self._chat = ChaosChat(arguments.seed)
        self._kills = Kills()
        self._broker: PrivateRedis | PrivateRabbit | None = None
        self._database: PrivatePostgres | None = None
        self._children: list[Child] = []

    async def run(self) -> dict[str, Any]:
        """Return the verdict."""
        questions = make_questions(self._arguments.n, self._rng)
        chat_port = free_port()
        runner = web.AppRunner(self._chat.app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", chat_port).start()
        settings = await asyncio.to_thread(self._start_services, f"http://127.0.0.1:{chat_port}")
        try:
            bots = self._start_children(settings)
            booting = time.monotonic()
            await _wait_until_ready(bots)
            boot_seconds = time.monotonic() - booting
            breaking = asyncio.create_task(self._break_things(boot_seconds))
            started = time.time()
            await Platform(bots, self._rng).send_all(questions, a_second=self._arguments.rate)
            breaking.cancel()
            await self._drain(questions)
            return self._verdict(questions, time.time() - started)
        finally:
            for child in self._children:
                child.kill()
            for service in (self._broker, self._database):
                if service is not None:
                    await asyncio.to_thread(service.stop)
            await runner.cleanup()

    def _start_services(self, chat: str) -> Settings:
        urls: dict[str, Any] = {}
        if self._arguments.broker != "embedded":
            self._broker = (PrivateRedis if self._arguments.broker == "redis" else PrivateRabbit)(self._folder)
            self._broker.start()
            self._database = PrivatePostgres(self._folder)
            self._database.start()
            urls = {"broker_url": self._broker.url, "database_url": self._database.url}
        settings = load_settings(
            {},
            steward_data=self._folder / "data",
            slack_api_url=chat,
            worker_slots=SLOTS,
            per_person_per_minute=UNLIMITED,
            per_tenant_per_minute=UNLIMITED,
            **urls,
        )
        engine = open_engine(settings.database)
        migrate(engine)
        engine.dispose()
        return settings

    def _start_children(self, settings: Settings) -> list[str]:
        brief = {"settings": plain_settings(settings)}
        ports = [free_port() for _ in range(BOTS)]
        self._children = [Child("bot", f"bot{number}", {**brief, "port": port}) for number, port in enumerate(ports)]
        self._children += [Child("worker", f"worker{number}", brief) for number in range(WORKERS)]
        for child in self._children:
            child.keep_up()
        return [f"http://127.0.0.1:{port}" for port in ports]

    async def _break_things(self, boot_seconds: float) -> None:
        due = {  # on a busy machine a worker is given the time to come up and do something before it is killed
            "worker": max(KILL_WORKER_SECONDS, 2.5 * boot_seconds),
            "bot": KILL_BOT_SECONDS,
            "broker": HIT_BROKER_SECONDS,
            "database": HIT_DATABASE_SECONDS,
        }
        started = time.monotonic()
        every = dict(due)
        while True:
            await asyncio.sleep(0.2)
            for child in self._children:  # as a supervisor would
                child.keep_up()
            for what, at in due.items():
                if time.monotonic() - started >= at * self._arguments.pace:
                    due[what] = at + every[what] * self._rng.uniform(0.7, 1.3)
                    await asyncio.to_thread(self._hit, what)

    def _hit(self, what: str) -> None:
        if what in ("worker", "bot"):
            self._rng.choice([child for child in self._children if child.role == what]).kill()
        elif what == "broker" and self._broker is not None:
            if self._rng.random() < 0.5:
                what = "broker flushed"
                self._broker.flush()
            else:
                self._broker.kill()
                time.sleep(2.0)
                self._broker.start()
        elif what == "database" and self._database is not None:
            self._database.kill()
            time.sleep(1.0)
            self._database.start()
        else:
            return
        self._kills.note(what)

    async def _drain(self, questions: list[Question]) -> None:
        give_up_at = time.monotonic() + DRAIN_SECONDS
        still_since, told = time.monotonic(), 0
        while time.monotonic() < min(give_up_at, still_since + STILL_SECONDS):
            for child in self._children:
                child.keep_up()
            threads = self._chat.answered()
            now_told = sum(any(m.final_at for m in threads.get(q.thread, [])) for q in questions)
            if now_told == len(questions):
                break
            if now_told != told:
                still_since, told = time.monotonic(), now_told
            await asyncio.sleep(0.2)
        await asyncio.sleep(2.0)  # whatever would still be said twice has the time to be

    def _verdict(self, questions: list[Question], seconds: float) -> dict[str, Any]:
        threads = self._chat.answered()
        waits, lost, doubled, poison_told = [], [], [], 0
        for question in questions:
            messages = threads.get(question.thread, [])
            last_words = [message for message in messages if message.final_at]
            if not last_words:
                lost.append(question.thread)
                continue
            if len(messages) > 1:
                doubled.append(question.thread)
            if question.is_poison:
                poison_told += "stopped my worker" in last_words[0].text
            elif last_words[0].text != f"ANSWER {question.thread}":
                lost.append(
                    question.thread
                )  # an apology is a last word, but not to a question that could be answered
            else:
                waits.append((last_words[0].final_at or 0.0) - question.sent_at)
        firsts = [self._chat.first_at[q.thread] - q.sent_at for q in questions if q.thread in self._chat.first_at]
        print(
            f"{len(questions)} questions in {seconds:.0f} s; "
            f"kills: {self._kills.counts}; faults: {dict(self._chat.faults)}"
        )
        print(f"never acknowledged: {sum(q.acknowledged_at is None for q in questions)}")
        print(f"first reaction: p50 {_quantile(firsts, 50):.3f} s, p95 {_quantile(firsts, 95):.3f} s")
        if lost or doubled:
            print(f"lost: {lost[:20]}; doubled: {doubled[:20]}")
        return {
            "n": len(questions),
            "broker": self._arguments.broker,
            "lost": len(lost),
            "doubled": len(doubled),
            "poison": sum(question.is_poison for question in questions),
            "poison_told": poison_told,
            "p50_s": round(_quantile(waits, 50), 3),
            "p95_s": round(_quantile(waits, 95), 3),
        }


def _quantile(values: list[float], percent: int) -> float:
    if len(values) < 2:
        return values[0] if values else float("nan")
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


async def _wait_until_ready(bots: list[str]) -> None:
    async with aiohttp.ClientSession() as session:
        for bot in bots:
            for _ in range(300):
                try:
                    async with session.get(f"{bot}/readyz") as response:
                        if response.status == 200:
                            break
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)


def main(argv: list[str]) -> int:
    """Run `steward bench chaos`; exit status 1 when anything was lost, doubled or left untold."""
    parser = argparse.ArgumentParser(prog="steward bench chaos", description="Kill everything, lose nothing.")
    parser.add_argument("--n", "--events", type=int, default=2000, dest="n", help="questions")
    parser.add_argument("--broker", choices=("redis", "rabbitmq", "embedded"), default="embedded")
    parser.add_argument("--rate", type=float, default=EVENTS_A_SECOND, help="questions a second")
    parser.add_argument("--pace", type=float, default=1.0, help="stretches (> 1) or shortens the time between kills")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="steward-chaos-", ignore_cleanup_errors=True) as folder:
        verdict = asyncio.run(Chaos(arguments, Path(folder)).run())
    print(json.dumps(verdict))
    is_whole = not verdict["lost"] and not verdict["doubled"] and verdict["poison"] == verdict["poison_told"]
    return 0 if is_whole else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
