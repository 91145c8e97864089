"""Many questions on end: does memory grow, do tables, does latency?

    steward bench soak [--jobs 100000] [--rounds 20] [--database sqlite|postgresql]

Time is compressed: a round of questions stands for the retention period. Each goes the whole way: a signed Slack
event to a real bot, a job in a real worker (which does nothing in no time), the answer by update to the stand-in for
Slack. After each round everything older than the last two is made to be past its retention and deleted the way
the sweeper does. Then memory of both processes, rows of all tables, and latency are noted. The first half warms up:
what a process keeps fills in it; the last quarter is judged against the second. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from assistant import exit_codes
from assistant.settings import Settings, child_environment, load_settings, plain_settings
from assistant.storage.database import open_engine
from assistant.storage.job_repair import CLAIM_DAYS, JobRepair
from assistant.storage.migrate import migrate
from assistant.storage.tables import metadata
from assistant.storage.tables.conversations import conversations, event_claims
from assistant.storage.tables.ledger import jobs, outbox
from bench.chaos import Child
from bench.chaos_services import PrivatePostgres, free_port
from bench.platform_chaos import BotChild
from bench.process_cost import resident_mb
from tests.peers.serving import Running
from tests.peers.slack_events import SECRET, payload, signed
from tests.peers.slack_peer import TOKEN, SlackPeer

PEOPLE, CHANNELS, AT_ONCE = 60, 9, 16
TRIES = 3
ROUND_SECONDS = 900.0  # a round that takes longer has lost something
KEPT_ROUNDS = 2
UNLIMITED = 1_000_000
MEMORY_GROWTH, MEMORY_SLACK_MB = 1.05, 8.0
ROWS_GROWTH, LATENCY_GROWTH = 1.1, 1.5
LATENCY_SLACK_MS = 20.0


@dataclass(frozen=True, slots=True)
class Round:
    """What stood at the end of one round."""

    bot_mb: float  # resident
    worker_mb: float
    rows: dict[str, int]  # by table, after retention
    answer_p50_ms: float  # from the event's commit to the stored answer
    answer_p95_ms: float
    acknowledge_p50_ms: float
    failed: int  # events never acknowledged, jobs not succeeded


def main(argv: list[str]) -> int:
    """Run `steward bench soak`; 1 when something grows or was lost."""
    parser = argparse.ArgumentParser(prog="steward bench soak", description="Does anything grow over many jobs?")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    arguments = parser.parse_args(argv)
    if arguments.rounds < 8:
        parser.error("growth can't be told from fewer than 8 rounds")
    peer = SlackPeer()
    with (
        Running(peer.app()) as server,
        tempfile.TemporaryDirectory(prefix="steward-soak-", ignore_cleanup_errors=True) as name,
    ):
        peer.url = server.url
        database = PrivatePostgres(Path(name)) if arguments.database == "postgresql" else None
        if database is not None:
            database.start()
        try:
            settings = load_settings(
                {},
                steward_data=Path(name) / "data",
                database_url=database.url if database else None,
                per_person_running=AT_ONCE,
            )
            rounds = asyncio.run(Soak(settings, peer).run(arguments.jobs, arguments.rounds))
        finally:
            if database is not None:
                database.stop()
    grown = growth(rounds)
    print(json.dumps({"database": arguments.database, "jobs": arguments.jobs, **grown, "last": asdict(rounds[-1])}))
    return exit_codes.SUCCESS if grown["steady"] else exit_codes.FAILURE


def growth(rounds: Sequence[Round]) -> dict[str, Any]:
    """Return each figure in the second and in the last quarter of the rounds, what grew, and if all is steady."""
    quarter = len(rounds) // 4
    early, late = rounds[quarter : 2 * quarter], rounds[-quarter:]
    memory = {name: (_median(early, name), _median(late, name)) for name in ("bot_mb", "worker_mb")}
    latency = {  # of the best round: what else the machine does only ever adds
        name: (min(getattr(one, name) for one in early), min(getattr(one, name) for one in late))
        for name in ("answer_p50_ms", "acknowledge_p50_ms")
    }
    rows = {
        table: (max(one.rows[table] for one in early), max(one.rows[table] for one in late)) for table in late[0].rows
    }
    failed = sum(one.failed for one in rounds)
    grew = [name for name, (before, after) in memory.items() if after > before * MEMORY_GROWTH + MEMORY_SLACK_MB]
    grew += [name for name, (before, after) in latency.items() if after > before * LATENCY_GROWTH + LATENCY_SLACK_MS]
    grew += [f"rows of {table}" for table, (before, after) in rows.items() if after > before * ROWS_GROWTH + 10]
    return {"steady": not grew and not failed, "grew": grew, "failed": failed, **memory, **latency}


def _median(rounds: Sequence[Round], name: str) -> float:
    values: list[float] = [getattr(one, name) for one in rounds]
    return round(statistics.median(values), 1)


class Soak:
    """One bot, one worker, and questions for both."""

    def __init__(self, settings: Settings, peer: SlackPeer) -> None:
        self._settings = settings
        self._peer = peer
        self._engine = open_engine(settings.database)
        migrate(self._engine)
        self._repair = JobRepair(self._engine)
        environment = child_environment(
            STEWARD_DATA=str(settings.steward_data),
            DATABASE_URL=settings.database_url or "",
            SLACK_API_URL=f"{peer.url}/api",
            SLACK_BOT_TOKEN=TOKEN,
            SLACK_SIGNING_SECRET=SECRET,
            LOG_LEVEL="error",
            PER_PERSON_PER_MINUTE=str(UNLIMITED),
            PER_TENANT_PER_MINUTE=str(UNLIMITED),
            PER_PERSON_RUNNING=str(AT_ONCE),
        )
        self._bot = BotChild(free_port(), environment)
        self._worker = Child("worker", "soak", {"settings": plain_settings(settings)})
        self._began: list[datetime] = []

    async def run(self, count: int, rounds: int) -> list[Round]:
        """Ask `count` questions in so many rounds and return what stood after each."""
        self._bot.keep_up()
        self._worker.keep_up()
        found = []
        try:
            async with httpx.AsyncClient(base_url=self._bot.url, timeout=30) as client:
                await _until_up(client)
                for number in range(rounds):
                    found.append(await self._round(client, number, max(1, count // rounds)))
                    shown = {**asdict(found[-1]), "rows": sum(found[-1].rows.values())}
                    print(f"round {number + 1:>3}  " + "  ".join(f"{name} {value}" for name, value in shown.items()))
        finally:
            self._bot.kill()
            self._worker.kill()
            self._engine.dispose()
        return found

    async def _round(self, client: httpx.AsyncClient, number: int, count: int) -> Round:
        began = datetime.now(UTC)
        self._began.append(began)
        free = asyncio.Semaphore(AT_ONCE)
        waits_ms = await asyncio.gather(*(_ask(client, free, number, one) for one in range(count)))
        await self._settled()
        answers_ms, unanswered = await asyncio.to_thread(self._answers, began)
        await asyncio.to_thread(self._forget)
        self._peer.calls.clear()
        self._peer.messages.clear()
        acknowledged = [one for one in waits_ms if one is not None]
        return Round(
            bot_mb=resident_mb(self._bot.pid),
            worker_mb=resident_mb(self._worker.process.pid if self._worker.process else 0),
            rows=await asyncio.to_thread(self._rows),
            answer_p50_ms=_quantile(answers_ms, 50),
            answer_p95_ms=_quantile(answers_ms, 95),
            acknowledge_p50_ms=_quantile(acknowledged, 50),
            failed=count - len(acknowledged) + unanswered,
        )

    async def _settled(self) -> None:
        """Wait until no job is open and every answer is delivered."""
        undone = sa.select(
            sa.exists().where(jobs.c.state.in_(("queued", "running")))
            | sa.exists().where(outbox.c.sent_revision < outbox.c.revision)
        )
        until = time.monotonic() + ROUND_SECONDS
        while await asyncio.to_thread(self._scalar, undone):
            if time.monotonic() > until:
                raise RuntimeError(f"a round was not answered within {ROUND_SECONDS:.0f} s")
            await asyncio.sleep(0.1)

    def _answers(self, since: datetime) -> tuple[list[float], int]:
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(jobs.c.created_at, jobs.c.finished_at, jobs.c.state).where(jobs.c.created_at >= since)
            ).all()
        waits = [(row.finished_at - row.created_at).total_seconds() * 1000 for row in rows if row.finished_at]
        return waits, sum(row.state != "succeeded" for row in rows)

    def _forget(self) -> None:
        """Make what is older than the last rounds old enough, and delete it as the sweeper does."""
        if len(self._began) < KEPT_ROUNDS:
            return
        since = self._began[-KEPT_ROUNDS]
        long_ago = since - timedelta(days=max(self._settings.retention_days, CLAIM_DAYS) + 1)
        with self._engine.begin() as connection:
            for table, column in ((conversations, "updated_at"), (event_claims, "claimed_at")):
                connection.execute(sa.update(table).where(table.c[column] < since).values({column: long_ago}))
        while self._repair.forget_old(self._settings.retention_days):
            pass
        self._repair.forget_old(self._settings.retention_days)  # claims whose jobs went just now

    def _rows(self) -> dict[str, int]:
        with self._engine.connect() as connection:
            return {
                table.name: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
                for table in metadata.sorted_tables
            }

    def _scalar(self, query: sa.Select[Any]) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()


async def _until_up(client: httpx.AsyncClient) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(0.1)


async def _ask(client: httpx.AsyncClient, free: asyncio.Semaphore, of_round: int, number: int) -> float | None:
    """Send one question; return the milliseconds to its acknowledgement, None when there was none at all."""
    words = json.dumps({"question": f"q{number}", "seconds": 0})
    ts = f"17{of_round:03d}{number:05d}.000200"
    event = payload(
        "app_mention",
        ts=ts,
        channel=f"C{number % CHANNELS}",
        user=f"U{number % PEOPLE:03d}",
        text=f"<@U0STEWARD> {words}",
        outer={"event_id": f"Ev{ts}"},
    )
    async with free:
        began = time.perf_counter()
        for _ in range(TRIES):  # an event that is answered 503 comes again, as from Slack
            with contextlib.suppress(httpx.HTTPError):
                response = await client.post("/slack/events", **signed(json.dumps(event).encode()))
                if response.status_code == 200:
                    return (time.perf_counter() - began) * 1000
            await asyncio.sleep(0.3)
        return None


def _quantile(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:
        return round(values[0], 1) if values else 0.0
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
