"""The ledger beside bare Celery, dramatiq and procrastinate: one run, the same servers, the same job.

    steward bench queues [--broker redis|rabbitmq] [--jobs N] [--rounds N] [--only NAME,NAME] [--placeholder-rate N]

Every contender has one worker process of 8 threads and the same private PostgreSQL and broker. Measured of each:
milliseconds from the call that asks to the start of the job, one at a time, and the processor time of that; then a
burst, asked for by 4 threads: jobs a second until the last began, and processor time a job of who asks, of the
worker, and of the servers. Then what of a Slack mention's way to its placeholder is ours (bench/slack.py).
Milliseconds depend on what else the machine does: compare rows of one run, and trust processor time. The last line
is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import slack
from bench.chaos_services import PrivatePostgres, PrivateRabbit, PrivateRedis
from bench.process_cost import cpu_seconds, machine
from bench.queue_contenders import CONTENDERS, Addresses, Contender, brief

PUTTING_THREADS = 4
FIRST_SECONDS, EACH_SECONDS, BURST_SECONDS = 60.0, 10.0, 300.0  # how long a start is waited for
SETTLE_SECONDS = 1.5  # after the last start: results are still being written
PLACEHOLDER_GOAL_MS = {"p50": 30.0, "p95": 150.0}
LEDGER_JOBS_PER_CORE_SECOND = 200


@dataclass(frozen=True, slots=True)
class Row:
    """What one contender took."""

    start_p50_ms: float
    start_p95_ms: float
    start_p99_ms: float
    single_cpu_ms: float  # a job, of who asks and of the worker, when jobs come one at a time
    jobs_per_second: float
    put_cpu_ms: float  # a job of the burst, of the process that asks
    work_cpu_ms: float  # a job, of the worker
    server_cpu_ms: float  # a job, of database and broker together

    @property
    def own_cpu_ms(self) -> float:
        """Return the processor time of our side of the connections."""
        return self.put_cpu_ms + self.work_cpu_ms


def main(argv: list[str]) -> int:
    """Run `steward bench queues`."""
    parser = argparse.ArgumentParser(prog="steward bench queues", description="The ledger beside other queues.")
    parser.add_argument("--broker", choices=("redis", "rabbitmq"), default="redis")
    parser.add_argument("--jobs", type=int, default=1000, help="jobs in the burst")
    parser.add_argument("--rounds", type=int, default=200, help="jobs one at a time")
    parser.add_argument("--only", default=",".join(CONTENDERS), help="which contenders; default: all")
    parser.add_argument("--placeholder-rate", type=float, default=10.0, help="mentions a second; 0: leave it out")
    arguments = parser.parse_args(argv)
    wanted = [name.strip() for name in arguments.only.split(",") if name.strip()]
    if unknown := set(wanted) - set(CONTENDERS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(CONTENDERS)}")
    found: dict[str, Row] = {}
    with _servers(arguments.broker) as (addresses, pids):
        for name in wanted:
            found[name] = Race(name, addresses, pids).run(arguments.rounds, arguments.jobs)
            print(f"{name:<14} " + "  ".join(f"{key} {value}" for key, value in asdict(found[name]).items()))
        placeholder = {}
        if arguments.placeholder_rate:
            settings = {"DATABASE_URL": addresses.database_url, "BROKER_URL": addresses.broker_url}
            placeholder = own_share(arguments.placeholder_rate, settings)
            print("placeholder    " + "  ".join(f"{key} {value}" for key, value in placeholder.items()))
    print(json.dumps({"broker": arguments.broker, "jobs": arguments.jobs, **summary(found, placeholder)}))
    return 0


def summary(found: dict[str, Row], placeholder: dict[str, Any]) -> dict[str, Any]:
    """Return all figures, the ledger's beside each other's, and which goals they meet."""
    told: dict[str, Any] = {"rows": {name: asdict(row) for name, row in found.items()}, "machine": machine()}
    if (ledger := found.get("ledger")) is not None:
        told["ledger_to_others"] = {
            name: {
                "start_p50": round(ledger.start_p50_ms / row.start_p50_ms, 2),
                "own_cpu": round(ledger.own_cpu_ms / row.own_cpu_ms, 2),
            }
            for name, row in found.items()
            if row is not ledger
        }
        per_second = 1000 / ledger.own_cpu_ms
        told["ledger_jobs_per_core_second"] = round(per_second)
        told["ledger_goal_met"] = per_second >= LEDGER_JOBS_PER_CORE_SECOND
    if placeholder:
        told["placeholder"] = placeholder
        told["placeholder_goal_met"] = all(
            placeholder[f"{name}_ms"] <= goal for name, goal in PLACEHOLDER_GOAL_MS.items()
        )
    return told


def own_share(rate: float, settings: dict[str, str], *, seconds: float = 10.0) -> dict[str, float]:
    """Return milliseconds from a mention's sending to the stand-in's having the placeholder, and bare Bolt's.

    The client's and the stand-in's own time is in both, so this is more than our share.
    """
    runs = slack.measure([rate], seconds, settings)
    ours, bare = (next(iter(runs[name].values())) for name in ("steward", "bare"))
    shown = {f"{name}_ms": ours["placeholder_ms"][name] for name in ("p50", "p95", "p99")}
    return {**shown, **{f"bare_bolt_{name}_ms": bare["placeholder_ms"][name] for name in ("p50", "p95")}}


@contextlib.contextmanager
def _servers(broker: str) -> Iterator[tuple[Addresses, list[int]]]:
    with tempfile.TemporaryDirectory(prefix="steward-queues-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        postgres = PrivatePostgres(folder)
        ringing = (PrivateRedis if broker == "redis" else PrivateRabbit)(folder)
        with contextlib.ExitStack() as stack:
            for server in (postgres, ringing):
                server.start()
                stack.callback(server.stop)
            yield Addresses(postgres.url, ringing.url, str(folder / "data")), [postgres.pid, ringing.pid]


class Race:
    """One contender's turn: a worker process, and this process asking it."""

    def __init__(self, name: str, addresses: Addresses, server_pids: Sequence[int]) -> None:
        self._name = name
        self._addresses = addresses
        self._contender: Contender = CONTENDERS[name](addresses)
        self._server_pids = server_pids
        self._unread = b""

    def run(self, rounds: int, jobs: int) -> Row:
        """Measure it."""
        self._contender.open()
        self._reading, writing = os.pipe()
        worker = subprocess.Popen(
            [sys.executable, "-m", "bench.queue_child", self._name, str(writing)],
            stdin=subprocess.PIPE,
            pass_fds=[writing],
        )
        os.close(writing)
        assert worker.stdin is not None
        try:
            worker.stdin.write(brief(self._addresses))
            worker.stdin.close()
            self._contender.put(0)
            self._started(1, FIRST_SECONDS)
            before = self._spent(worker.pid)
            waits_ms = [self._one(number) for number in range(1, rounds + 1)]
            time.sleep(SETTLE_SECONDS)
            spent = [after - first for after, first in zip(self._spent(worker.pid), before, strict=True)]
            single_cpu_ms = round(sum(spent[:2]) * 1000 / rounds, 2)
            return self._burst(worker.pid, jobs, waits_ms[rounds // 10 :], single_cpu_ms)  # the first warm up
        finally:
            worker.kill()
            worker.wait()
            os.close(self._reading)
            self._contender.close()

    def _one(self, number: int) -> float:
        time.sleep(0.01)  # until who worked has come to rest
        asked_at = time.monotonic()  # the machine's: the same in all processes
        self._contender.put(number)
        return (self._started(1, EACH_SECONDS)[number] - asked_at) * 1000

    def _burst(self, worker_pid: int, jobs: int, waits_ms: Sequence[float], single_cpu_ms: float) -> Row:
        numbers = range(1_000_000, 1_000_000 + jobs)
        before = self._spent(worker_pid)
        asked_at = time.monotonic()
        with ThreadPoolExecutor(PUTTING_THREADS) as pool:
            list(pool.map(self._contender.put, numbers))
        last = max(self._started(jobs, BURST_SECONDS).values())
        time.sleep(SETTLE_SECONDS)
        put, work, server = (
            round((after - first) * 1000 / jobs, 2)
            for after, first in zip(self._spent(worker_pid), before, strict=True)
        )
        shares = statistics.quantiles(waits_ms, n=100, method="inclusive")
        p50, p95, p99 = (round(shares[percent - 1], 1) for percent in (50, 95, 99))
        return Row(p50, p95, p99, single_cpu_ms, round(jobs / (last - asked_at), 1), put, work, server)

    def _spent(self, worker_pid: int) -> tuple[float, float, float]:
        servers = sum(cpu_seconds(pid) for pid in self._server_pids)
        return time.process_time(), cpu_seconds(worker_pid), servers

    def _started(self, count: int, seconds: float) -> dict[int, float]:
        """Wait until so many more jobs have begun; return when each did."""
        found: dict[int, float] = {}
        until = time.monotonic() + seconds
        while len(found) < count:
            if not select.select([self._reading], [], [], max(0.0, until - time.monotonic()))[0]:
                raise RuntimeError(f"{self._name}: {len(found)} of {count} jobs began within {seconds:.0f} s")
            *lines, self._unread = (self._unread + os.read(self._reading, 65536)).split(b"\n")
            found |= {int(number): float(at) for number, at in (line.split() for line in lines)}
        return found


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
