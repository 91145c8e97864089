"""The suspect lane: what saw its worker die is run again alone, in a process of its own.

A document that crashes the parser takes only this child with it, never the jobs beside it. The parent (any
worker) starts the child when the lane has work, declares it dead the moment it is, and the ledger counts the
deaths. The child lives on while there is work, so that innocents who were merely nearby cost one start together.

    python -m workers.suspects OWNER < settings.json      (what the parent runs; nobody else does)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any

import structlog
from pydantic import SecretStr

from assistant.job_kinds import SUSPECT_LANE
from assistant.observability import configure_logging
from assistant.settings import Settings, load_settings
from assistant.storage.job_repair import JobRepair
from assistant.storage.job_store import JobStore

log = structlog.get_logger()

IDLE_SECONDS = 15.0  # the child ends after so long without work
LOOK_SECONDS = 0.1
CHILDREN = 2  # of one worker; each costs the memory of a worker while it lives
CLOSE_SECONDS = 10.0


class SuspectWard:
    """The parent's side: at most CHILDREN at a time, each running one job at a time."""

    def __init__(
        self,
        settings: Settings,
        jobs: JobStore,
        repair: JobRepair,
        *,
        owner: str,
        handlers: Mapping[str, str],
        services: str,
    ) -> None:
        self.owners = tuple(f"{owner}/suspect-{number}" for number in range(1, CHILDREN + 1))
        self._settings = settings
        self._jobs = jobs
        self._repair = repair
        self._handlers = handlers
        self._services = services
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def tend(self) -> None:
        """Bury children that died, start one where there is work for it; the sweeper calls this every second."""
        for owner, child in list(self._children.items()):
            if child.poll() is None:
                continue
            del self._children[owner]
            if child.returncode != 0:
                held = self._repair.bury(owner)
                log.warning("suspect.died", exit_code=child.returncode, jobs_held=held)
        if len(self._children) < CHILDREN and self._jobs.has_queued((SUSPECT_LANE,)):
            owner = next(name for name in self.owners if name not in self._children)
            self._children[owner] = self._start(owner)

    def close(self) -> None:
        """End the children: each hands its job back when its standard input closes."""
        for child in self._children.values():
            if child.stdin:
                child.stdin.close()
        for child in self._children.values():
            try:
                child.wait(timeout=CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()

    def _start(self, owner: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            [sys.executable, "-m", "workers.suspects", owner],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        assert child.stdin is not None
        brief = {
            "settings": plain_settings(self._settings),
            "handlers": dict(self._handlers),
            "services": self._services,
        }
        try:
            child.stdin.write(json.dumps(brief).encode() + b"\n")
            child.stdin.flush()
        except BrokenPipeError:
            log.warning("suspect.unstartable")
        log.info("suspect.started", pid=child.pid)
        return child


def plain_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain JSON values, secrets included: for the pipe to a child and nowhere else."""
    values = settings.model_dump(mode="python", exclude_defaults=True)
    return {
        name: value.get_secret_value()
        if isinstance(value, SecretStr)
        else value
        if isinstance(value, int | float | bool | str)
        else str(value)
        for name, value in values.items()
        if value is not None
    }


def main(argv: list[str]) -> int:
    """Run suspects one at a time until the lane has been empty for a while or the parent is gone."""
    from workers.app import Worker

    brief = json.loads(sys.stdin.readline())
    settings = load_settings({}, **brief["settings"])
    configure_logging(settings.log_level, settings.log_format)
    worker = Worker(
        settings,
        owner=argv[0],
        lanes=(SUSPECT_LANE,),
        slots=1,
        handlers=brief["handlers"],
        services=brief["services"],
    )
    worker.held.start()
    gone = threading.Event()
    threading.Thread(target=_watch, args=(sys.stdin, gone, worker), name="parent", daemon=True).start()
    idle = 0.0
    while idle < IDLE_SECONDS and not gone.is_set():
        idle = 0.0 if worker.runner.drain() else idle + LOOK_SECONDS
        gone.wait(LOOK_SECONDS)
    return 0


def _watch(stdin: IO[str], gone: threading.Event, worker: Any) -> None:
    stdin.read()  # returns when the parent closes the pipe, or dies
    gone.set()
    worker.runner.stop()
    worker.runner.wait_idle(5.0)
    worker.runner.hand_back()
    os._exit(0)  # a stuck job's thread would keep the process for ever


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
