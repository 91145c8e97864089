"""`steward demo`: the whole product on embedded parts, with an invented company to ask about.

It prepares the database, then keeps three kinds of child process: the bot (page and webhooks), the worker, and
for a while the ingest of the demo company. A child that dies is started again; Ctrl-C stops all of them. What
was asked and not answered is in the ledger, and the next start goes on with it.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from assistant import exit_codes
from assistant.errors import DependencyUnavailable, SettingsInvalid, StorageFull
from assistant.mentions import LOCAL_TENANT
from assistant.observability import configure_logging
from assistant.people_file import read_people
from assistant.settings import Settings, child_environment, has_screen, load_settings
from assistant.storage.database import open_engine
from assistant.storage.migrate import migrate
from assistant.storage.people_store import PeopleStore

DEMO = Path(__file__).resolve().parents[1] / "deploy" / "demo"
LOGS = "logs"  # within the data folder: two hours of the demo company's services, with an incident in them
LOG_MINUTES = 120
LOG_SOURCES = "log-sources.yaml"
STOP_SECONDS = 10.0  # a child that hasn't stopped by then is killed; the ledger survives that
START_SECONDS = 60.0
LEAST_FREE_BYTES = 200_000_000  # the demo's database and index take about 60 MB


def main(argv: list[str]) -> int:
    """Run until Ctrl-C or SIGTERM; return 0 after a clean stop, 1 when it could not start."""
    parser = argparse.ArgumentParser(prog="steward demo", description="The whole product, with a demo company.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded parts")
    parser.add_argument("--port", type=int, help="port of the page (PORT, else 8080)")
    parser.add_argument("--no-open", action="store_true", help="print the address only, open no browser")
    parser.add_argument("--no-company", action="store_true", help="leave the demo company's documents out")
    arguments = parser.parse_args(argv)
    settings = load_settings(
        steward_data=arguments.data.resolve() if arguments.data else None,
        port=arguments.port,
        steward_sign_in="demo",
    )
    configure_logging(settings.log_level, settings.log_format)
    with _only_one(settings.steward_data), _stop_requested() as stop:
        _check_room(settings.steward_data)
        _check_port(settings)
        _prepare_database(settings)
        _prepare_logs(settings.steward_data / LOGS)
        _declare_logs(settings.steward_data)
        children = Children(settings)
        try:
            return _run(settings, children, stop, arguments)
        finally:
            children.stop()
            _say("Stopped. Everything is kept; the next start goes on where this one was.")


def _run(settings: Settings, children: Children, stop: threading.Event, arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    _say("Starting Steward …")
    children.start("bot", ["bot"])
    children.start("worker", ["worker"])
    if not arguments.no_company:
        children.start_once("ingest", _ingest_commands(settings))
    if not _wait_until_ready(settings, children, stop):
        return exit_codes.SUCCESS if stop.is_set() else exit_codes.FAILURE
    _say(f"Ready after {time.monotonic() - started:.1f} s:  {settings.base_url}/")
    _say("Sign in as one of the demo's people. Ctrl-C stops everything.")
    if not arguments.no_open and has_screen():
        # A browser's own chatter, or its absence on a server, must not disturb this terminal.
        threading.Thread(target=lambda: webbrowser.open(f"{settings.base_url}/"), daemon=True).start()
    while not stop.wait(0.5):
        children.revive()
    return exit_codes.SUCCESS


@dataclass
class _Child:
    arguments: list[str]
    process: subprocess.Popen[bytes]
    deaths: list[float] = field(default_factory=list)


class Children:
    """The child processes, each `python -m assistant.commands …` with the demo's settings in its environment."""

    def __init__(self, settings: Settings) -> None:
        self._environment = child_environment(
            STEWARD_DATA=str(settings.steward_data),
            PORT=str(settings.port),
            STEWARD_SIGN_IN="demo",
            STEWARD_LOG_SOURCES=str(settings.steward_log_sources or settings.steward_data / LOG_SOURCES),
        )
        self._children: dict[str, _Child] = {}
        self._once: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self, name: str, arguments: list[str]) -> None:
        """Start a child that is kept alive."""
        self._children[name] = _Child(arguments, self._spawn(arguments))

    def start_once(self, name: str, commands: list[list[str]]) -> None:
        """Run commands one after the other beside the others; a failure is said, and stops nothing."""

        def run_all() -> None:
            for arguments in commands:
                if self._stopping.is_set():
                    return
                process = self._spawn(arguments, stdout=subprocess.DEVNULL)
                self._children[name] = _Child(arguments, process)
                status = process.wait()
                self._children.pop(name, None)
                if status not in (exit_codes.SUCCESS, -signal.SIGTERM) and not self._stopping.is_set():
                    _say(f"{name}: `steward {' '.join(arguments)}` ended with status {status}; see the lines above.")
            if not self._stopping.is_set():
                _say("The demo company's documents are in place.")

        self._once = threading.Thread(target=run_all, name=name, daemon=True)
        self._once.start()

    def revive(self) -> None:
        """Start again what died, with a growing pause when it keeps dying."""
        now = time.monotonic()
        for name, child in list(self._children.items()):
            if name == "ingest" or child.process.poll() is None:
                continue
            if child.process.returncode == exit_codes.RECYCLED:
                _say(f"{name} had taken its fill of memory or jobs and is replaced.")
                child.process = self._spawn(child.arguments)
                continue
            recent = [death for death in child.deaths if now - death < 60]
            if recent and now - recent[-1] < min(2.0 ** len(recent), 30.0):
                continue
            child.deaths = [*recent, now]
            _say(f"{name} stopped with status {child.process.returncode}; starting it again.")
            child.process = self._spawn(child.arguments)

    def failed(self) -> str | None:
        """Return the name of a kept child that is not running, if there is one."""
        for name, child in list(self._children.items()):
            if name != "ingest" and child.process.poll() is not None:
                return name
        return None

    def stop(self) -> None:
        """End all children: politely, then firmly."""
        self._stopping.set()
        running = [child.process for child in list(self._children.values()) if child.process.poll() is None]
        for process in running:
            process.terminate()
        give_up_at = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(timeout=max(0.1, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._once is not None:
            self._once.join(timeout=2)

    def _spawn(self, arguments: list[str], stdout: int | None = None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "assistant.commands", *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            start_new_session=True,  # Ctrl-C reaches this process alone, which then stops them in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )


def _die_with_parent() -> None:
    """Ask Linux to end this child when the demo itself is killed, so that no orphan keeps the port."""
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _ingest_commands(settings: Settings) -> list[list[str]]:
    with (DEMO / "spaces.toml").open("rb") as file:
        spaces: list[dict[str, Any]] = tomllib.load(file)["spaces"]
    return [
        ["ingest", str(DEMO / space["path"]), "--space", space["name"], "--allow", ",".join(space["allow"])]
        for space in spaces
    ]


def _prepare_database(settings: Settings) -> None:
    engine = open_engine(settings.database)
    try:
        migrate(engine)
        PeopleStore(engine).upsert_all(LOCAL_TENANT, read_people(DEMO / "people.toml"))
    finally:
        engine.dispose()


def _prepare_logs(folder: Path) -> None:
    if folder.exists():
        return
    start = datetime.now(UTC) - timedelta(minutes=LOG_MINUTES)
    generator = [
        sys.executable,
        str(DEMO / "generate_logs.py"),
        str(folder),
        "--start",
        start.isoformat("T", "seconds"),
    ]
    done = subprocess.run([*generator, "--minutes", str(LOG_MINUTES)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        _say(f"The demo's logs could not be written: {(done.stderr or 'no reason given').splitlines()[-1]}")


def _declare_logs(folder: Path) -> None:
    """Declare the demo company's logs as an operator would, with the folder where they lie here."""
    text = (DEMO / LOG_SOURCES).read_text(encoding="utf-8")
    (folder / LOG_SOURCES).write_text(text.replace("LOGS_FOLDER", json.dumps(str(folder / LOGS))), encoding="utf-8")


def _wait_until_ready(settings: Settings, children: Children, stop: threading.Event) -> bool:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        if stop.wait(0.1):
            return False
        if (name := children.failed()) is not None:
            _say(f"{name} could not start; its last lines above say why. `steward doctor` checks the settings.")
            return False
        with contextlib.suppress(urllib.error.URLError, OSError):
            address = f"http://{settings.host}:{settings.port}/readyz"
            with urllib.request.urlopen(address, timeout=2) as response:
                if response.status == 200:
                    return True
    _say(f"The page did not answer within {START_SECONDS:g} s; the lines above say what it waits for.")
    return False


def _check_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise StorageFull(
            f"{folder} has {free // 1_000_000} MB left and the demo needs about {LEAST_FREE_BYTES // 1_000_000}. "
            "Make room, or give another folder with --data DIR."
        )


def _check_port(settings: Settings) -> None:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsInvalid(
                f"port {settings.port} on {settings.host} is taken ({error.strerror}). "
                f"Choose another: PORT={settings.port + 1} make demo."
            ) from error


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two demos never share one by mistake."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file: IO[str] = (folder / "demo.lock").open("a+")
    except OSError as error:
        raise SettingsInvalid(f"{folder} can't be used: {error.strerror}. Give another with --data DIR.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DependencyUnavailable(
                f"a demo is already running on {folder}. Stop it, or give another folder with --data DIR."
            ) from error
        yield


@contextlib.contextmanager
def _stop_requested() -> Iterator[threading.Event]:
    """Turn SIGINT and SIGTERM into an event, so that stopping happens in one place and in order."""
    stop = threading.Event()
    previous: dict[signal.Signals, Any] = {}
    handler: Callable[..., None] = lambda *_: stop.set()  # noqa: E731
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        previous[number] = signal.signal(number, handler)
    try:
        yield stop
    finally:
        for number, old in previous.items():
            signal.signal(number, old)


def _say(line: str) -> None:
    print(line, flush=True)
