"""A running Steward, Debian's Chromium, and a check that no page ever asks another host for anything."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from assistant.storage.database import open_engine

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


@dataclass(frozen=True)
class Running:
    """One Steward under test: its address, its data, and its database for looking at what was kept."""

    url: str
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


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data: Path) -> Running:
    """Start the stand-in on the data folder and wait until it answers."""
    port = free_port()
    program = str(Path(__file__).with_name("stand_in.py"))
    command = [sys.executable, program, "--data", str(data), "--port", str(port)]
    log = (data / "stand_in.log").open("wb")
    process = subprocess.Popen(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, stdout=log, stderr=log
    )
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{url}/sign-in", timeout=2).close()
            break
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"the stand-in did not start: {(data / 'stand_in.log').read_text()[-2000:]}")
            time.sleep(0.1)
    return Running(url, open_engine(f"sqlite:///{data / 'steward.db'}"), process)


@pytest.fixture(scope="session")
def steward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One Steward for all tests that don't break it."""
    running = start(tmp_path_factory.mktemp("steward"))
    yield running
    running.engine.dispose()
    running.process.terminate()
    running.process.wait(timeout=10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, headless=True)
        yield browser
        browser.close()


@dataclass
class Visits:
    """Opens pages as somebody, and remembers every request that they make."""

    browser: Browser
    steward: Running
    contexts: list[BrowserContext] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def page(self, **context: object) -> Page:
        """Return a page of a new browser context, nobody signed in."""
        opened = self.browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **context})  # type: ignore[arg-type]
        opened.set_default_timeout(10_000)
        self.contexts.append(opened)
        page = opened.new_page()
        page.on("request", self._note_request)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def sign_in(self, name: str, path: str = "/", **context: object) -> Page:
        """Return a page with this person signed in, ready to be used."""
        page = self.page(**context)
        page.goto(self.steward.url + path)
        page.get_by_role("button", name=re.compile(name)).click()
        ready(page)
        return page

    def _note_request(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        host = urlsplit(url).netloc
        if url.startswith(("http", "ws")) and host != urlsplit(self.steward.url).netloc:
            self.foreign.append(url)


@pytest.fixture
def visits(browser: Browser, steward: Running) -> Iterator[Visits]:
    """Pages of one test. Afterwards: no request left this machine, and no script failed."""
    visits = Visits(browser, steward)
    yield visits
    for context in visits.contexts:
        context.close()
    assert visits.foreign == []
    assert visits.errors == []


@pytest.fixture
def ines(visits: Visits) -> Page:
    """An employee's new conversation."""
    return visits.sign_in("Ines Moreau")


@pytest.fixture
def ask() -> Callable[[Page, str], None]:
    """Type a question and press Enter."""

    def ask(page: Page, question: str) -> None:
        page.get_by_role("textbox", name="Your question").fill(question)
        page.keyboard.press("Enter")

    return ask


def ready(page: Page) -> None:
    """Wait until the page's script has taken over."""
    page.wait_for_selector("html[data-ready]", state="attached")
