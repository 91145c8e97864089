"""The child's side of a lane's own process: run the lane's jobs one by one, and end with the parent.

python -m workers.lane_child LANE OWNER < brief.json      (what lane_processes.py runs; nobody else does)
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
from typing import IO

from assistant.job_kinds import SUSPECT_LANE
from assistant.observability import configure_logging
from assistant.settings import load_settings
from workers.app import Worker

SUSPECT_IDLE_SECONDS = 15.0  # a child ends after so long without work: suspects are rare
IDLE_SECONDS = 300.0  # of any other lane: a start costs more than a second of processor time
LOOK_SECONDS = 0.1
GRACE_SECONDS = 8.0  # a child that is told to stop finishes its job within this, or hands it back


def main(argv: list[str]) -> int:
    """Run a lane's jobs one by one until it is empty for a while, the process is worn out or the parent is gone."""
    lane, owner = argv
    brief = json.loads(sys.stdin.readline())
    settings = load_settings({}, **brief["settings"])
    configure_logging(settings.log_level, settings.log_format)
    worker = Worker(
        settings,
        owner=owner,
        lanes=(lane,),
        slots=1,
        apart={},
        handlers=brief["handlers"],
        services=brief["services"],
    )
    worker.held.start()
    gone = threading.Event()
    threading.Thread(target=_watch, args=(sys.stdin, gone, worker), name="parent", daemon=True).start()
    idle, idle_at_most = 0.0, SUSPECT_IDLE_SECONDS if lane == SUSPECT_LANE else IDLE_SECONDS
    while idle < idle_at_most and not gone.is_set() and not worker.worn_out.is_set():
        idle = 0.0 if worker.runner.drain() else idle + LOOK_SECONDS
        gone.wait(LOOK_SECONDS)
    return 0


def _watch(stdin: IO[str], gone: threading.Event, worker: Worker) -> None:
    while not select.select([stdin], [], [], 0.5)[0]:
        worker.look_after_itself()
        if worker.held.has_deaf:
            os._exit(0)  # its job was stopped and goes on computing: nothing else runs here that would be lost
    # The parent closed the pipe, or died.
    gone.set()
    worker.runner.stop()
    worker.runner.wait_idle(GRACE_SECONDS)
    worker.runner.hand_back()
    os._exit(0)  # a stuck job's thread would keep the process for ever


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
