"""Start a Steward in processes of its own, for a browser to visit."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from assistant.storage.database import open_engine

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
INGEST_SECONDS = 180.0  # about 10 s on an idle machine


@dataclass(frozen=True)
class Running:
    """One Steward under test: its address, its data, and its database for looking at what was kept."""

    url: str
    data: Path
    engine: sa.Engine
    process: subprocess.Popen[bytes]

    def rows(self, sql: str, **values: object) -> list[sa.Row[tuple[object, ...]]]:
        """Return what the database holds."""
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(sql), values))

    def run(self, sql: str) -> None:
        """Change the database under Steward's feet."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(sql)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """End it, as a person or a system would."""
        self.engine.dispose()
        self.process.send_signal(sign)
        self.process.wait(timeout=30)


def start_stand_in(data: Path, *, port: int | None = None) -> Running:
    """Start the stand-in (stand_in.py) on the data folder and wait until it answers."""
    port = port or _free_port()
    program = str(Path(__file__).with_name("stand_in.py"))
    arguments = [program, "--data", str(data), "--port", str(port)]
    return _start(arguments, data, port, log_name="stand_in.log")


def start_demo(data: Path, *, company: Path | None = None, **settings: str) -> Running:
    """Start `steward demo` on the data folder and wait until its company's documents are searchable.

    With the database of a demo that has them already (`company`) they are not read and embedded again.
    """
    port = _free_port()
    arguments = ["-m", "assistant.commands", "demo", "--data", str(data), "--port", str(port), "--no-open"]
    if company is not None:
        shutil.copy(company, data / "steward.db")
        return _start([*arguments, "--no-company"], data, port, log_name="demo.log", settings=settings)
    running = _start(arguments, data, port, log_name="demo.log", settings=settings)
    log = data / "demo.log"
    _wait(lambda: "documents are in place" in log.read_text(), running.process, log, seconds=INGEST_SECONDS)
    return running


def _start(
    arguments: list[str], data: Path, port: int, *, log_name: str, settings: dict[str, str] | None = None
) -> Running:
    log = data / log_name
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(data), **(settings or {})}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    _wait(lambda: _answers(url), process, log, seconds=START_SECONDS)
    return Running(url, data, open_engine(f"sqlite:///{data / 'steward.db'}"), process)


def _wait(is_done: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_done():
        if process.poll() is not None or time.monotonic() > until:
            process.terminate()
            raise RuntimeError(f"it did not start: {log.read_text()[-3000:]}")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/sign-in", timeout=2).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
