"""Lanes whose jobs run in processes of their own, one job at a time in each.

Two sorts of lane want that. The suspect lane: what saw its worker die is run again alone, so that a document that
crashes the parser takes only its own process along, never the jobs beside it. And lanes that compute more than they
wait (WORKER_PROCESS_LANES): in threads, one of their jobs would slow down every answer of the process.

The parent (any worker) starts a child when a lane has work, declares it dead the moment it is, and the ledger counts
the deaths. A child lives on while there is work, so that several jobs cost one start together.
This is the parent's side; the child's is lane_child.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping

import structlog

from assistant.errors import StewardError
from assistant.job_kinds import LANES, SUSPECT_LANE
from assistant.settings import Settings, plain_settings
from assistant.storage.job_repair import JobRepair
from assistant.storage.job_store import JobStore

log = structlog.get_logger()

TEND_SECONDS = 0.25  # how soon a child is started for a job that waits, and a dead one noticed
SUSPECT_PROCESSES = 2  # of one worker; each costs the memory of a worker while it lives
PROCESSES = 1  # of any other lane, unless WORKER_LANE_SLOTS says more
CLOSE_SECONDS = 10.0


def lanes_apart(settings: Settings, lanes: tuple[str, ...]) -> dict[str, int]:
    """Return which of a worker's lanes run in processes of their own, with how many at once."""
    wanted = {lane: settings.lane_slots.get(lane, PROCESSES) for lane in settings.process_lanes}
    wanted[SUSPECT_LANE] = settings.lane_slots.get(SUSPECT_LANE, SUSPECT_PROCESSES)
    return {lane: number for lane, number in wanted.items() if lane in lanes}


class LaneProcesses:
    """The parent's side."""

    def __init__(
        self,
        settings: Settings,
        jobs: JobStore,
        repair: JobRepair,
        *,
        owner: str,
        lanes: Mapping[str, int],
        handlers: Mapping[str, str],
        services: str,
    ) -> None:
        self.lanes = dict(lanes)
        self._owner = owner
        self._settings = settings
        self._jobs = jobs
        self._repair = repair
        self._handlers = handlers
        self._services = services
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def bury_predecessors(self) -> int:
        """End the leases of the children that a dead worker of this name had; returns how many jobs they held."""
        # Of all lanes: those it ran apart may have been others.
        numbers = range(1, max(self.lanes.values(), default=0) + SUSPECT_PROCESSES + 1)
        return sum(self._repair.bury(self._name(lane, number)) for lane in LANES for number in numbers)

    def start(self) -> None:
        """Begin to tend the lanes; once."""
        if self.lanes:
            self._thread = threading.Thread(target=self._run, name="lane-processes", daemon=True)
            self._thread.start()

    def tend(self) -> None:
        """Bury children that died, start one where there is work for it."""
        for owner, child in list(self._children.items()):
            if child.poll() is None:
                continue
            del self._children[owner]
            if child.returncode != 0:
                held = self._repair.bury(owner)
                log.warning("lane_process.died", owner=owner, exit_code=child.returncode, jobs_held=held)
        for lane, number in self.lanes.items():
            free = [name for name in self._names(lane, number) if name not in self._children]
            if free and self._jobs.has_queued((lane,)):
                self._children[free[0]] = self._start(lane, free[0])

    def say_stop(self) -> None:
        """Start no more children, and have those that run take no further jobs; returns at once."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        for child in self._children.values():
            if child.stdin:
                child.stdin.close()

    def close(self) -> None:
        """End the children: each hands its job back when its standard input closes."""
        self.say_stop()
        for child in self._children.values():
            try:
                child.wait(timeout=CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()

    def _name(self, lane: str, number: int) -> str:
        return f"{self._owner}/{lane}-{number}"

    def _names(self, lane: str, number: int) -> list[str]:
        return [self._name(lane, one) for one in range(1, number + 1)]

    def _run(self) -> None:
        while not self._ended.wait(TEND_SECONDS):
            try:
                self.tend()
            except StewardError as error:  # the database is away
                log.warning("lane_processes.not_tended", code=error.code)
                self._ended.wait(1.0)

    def _start(self, lane: str, owner: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            [sys.executable, "-m", "workers.lane_child", lane, owner],
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
            log.warning("lane_process.unstartable", lane=lane)
        log.info("lane_process.started", lane=lane, pid=child.pid)
        return child
