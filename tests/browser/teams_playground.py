"""Microsoft's Agents Playground before a bot in local mode, with one worker that answers by rote."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvicorn

from assistant.errors import Cancelled
from assistant.jobs import Job, JobResult, Step
from assistant.replies import Citation, Citations, Paragraph, Reply, Table
from assistant.settings import Settings, child_environment, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.migrate import migrate
from bot.main import make_app
from bot.platforms import PlatformEntry
from tests.factories import make_result

ROOT = Path(__file__).parents[2]
PLAYGROUND = ROOT / "node_modules" / "@microsoft" / "m365agentsplayground"  # npm install …@0.2.28 puts it there
ENTRY = PlatformEntry("teams", "bot.platforms.teams.app:build", lambda settings: True)
LANES = ("policy", "summary", "email", "logs")
ANSWER = "You have **25 days** of annual leave. [1]"


@dataclass
class Playground:
    """Where the client is, and the ledger behind the bot."""

    url: str
    engine: sa.Engine
    jobs: JobStore


def why_missing() -> str | None:
    """Return what is not installed, or None."""
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if not (PLAYGROUND / "cli.js").exists():
        return "run `npm install --no-save @microsoft/m365agentsplayground@0.2.28`"
    return None


@contextlib.contextmanager
def playground(data: Path) -> Iterator[Playground]:
    """Run the client, the bot and the worker."""
    bot_port, port = _free_port(), _free_port()
    settings = load_settings({}, steward_data=data, teams_local_mode=True, port=bot_port)
    engine = open_engine(settings.database)
    migrate(engine)
    jobs = JobStore(engine, settings)
    stopping = threading.Event()
    worker = threading.Thread(target=_work, args=(jobs, stopping), daemon=True)
    worker.start()
    with _bot(settings), _client(f"http://127.0.0.1:{bot_port}/api/messages", port):
        yield Playground(f"http://127.0.0.1:{port}/", engine, jobs)
    stopping.set()
    worker.join(10)
    engine.dispose()


@contextlib.contextmanager
def _bot(settings: Settings) -> Iterator[None]:
    config = uvicorn.Config(make_app(settings, (ENTRY,)), host="127.0.0.1", port=settings.port, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _wait_for(f"http://127.0.0.1:{settings.port}/healthz")
    yield
    server.should_exit = True
    thread.join(15)


@contextlib.contextmanager
def _client(endpoint: str, port: int) -> Iterator[None]:
    command = ["node", "cli.js", "start", "-e", endpoint, "-c", "msteams", "-p", str(port), "--dt"]
    preload = f"--require {ROOT / 'tests' / 'peers' / 'loopback-only.cjs'}"
    environment = child_environment(TEAMSAPPTESTER_BROWSER="none", NODE_OPTIONS=preload)
    process = subprocess.Popen(
        command, cwd=PLAYGROUND, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_internal/v1/config")
        yield
    finally:
        process.terminate()
        process.wait(10)


def _work(jobs: JobStore, stopping: threading.Event) -> None:
    while not stopping.wait(0.1):
        job = jobs.claim(LANES, owner="w1")
        if job is None:
            continue
        jobs.report(job.id, Step(name="reading", text="reading 6 passages", at=datetime.now(UTC)))
        is_stopped = _write(jobs, job, stopping)
        if is_stopped:
            jobs.fail(job, Cancelled("stopped"), Reply(text=Cancelled.default_reply))
        else:
            jobs.finish(job, _answer())


def _write(jobs: JobStore, job: Job, stopping: threading.Event) -> bool:
    """Let the answer grow, word by word; a slow question takes long enough to be stopped."""
    words: list[Any] = ANSWER.split()
    pause = 30.0 if "slow" in job.mention.text else 0.4
    for count in range(1, len(words)):
        jobs.stream(job.id, " ".join(words[:count]))
        until = time.monotonic() + pause
        while time.monotonic() < until:
            if stopping.wait(0.1) or jobs.heartbeat([job.token], owner="w1").cancelled:
                return True
    return False


def _answer() -> JobResult:
    source = Citation(
        number=1,
        chunk_id="c1",
        document_id="d1",
        document="hr/leave.md",
        title="Annual leave policy",
        section="Entitlement",
        page=2,
        version="3",
        url="https://example.com/leave",
        quote="Every employee has 25 days of annual leave.",
    )
    table = Table(title="Leave", columns=("Kind", "Days"), rows=(("Annual", "25"), ("Study", "5")))
    blocks = (Paragraph(markdown=ANSWER), Citations(items=(source,)), table)
    return make_result(ANSWER, reply=Reply(text="You have 25 days.", blocks=blocks, wants_feedback=True))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).is_success:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} did not come up")
