"""One browser, one stand-in of Steward and one demo for all tests that don't break them."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.running import Running, start_demo, start_stand_in
from tests.browser.visits import CHROMIUM, FLAGS, Visits

expect.set_options(timeout=30_000)  # milliseconds; what is there ends the wait, on a loaded machine as well


@pytest.fixture(scope="session")
def steward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The stand-in: the real page, intake and ledger, with one worker that answers by rote."""
    running = start_stand_in(tmp_path_factory.mktemp("steward"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def _fresh_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    running = start_demo(tmp_path_factory.mktemp("demo"))
    company = tmp_path_factory.mktemp("company") / "steward.db"
    with closing(sqlite3.connect(running.data / "steward.db")) as source, closing(sqlite3.connect(company)) as copy:
        source.backup(copy)
    yield running, company
    running.stop(signal.SIGINT)


@pytest.fixture(scope="session")
def demo(_fresh_demo: tuple[Running, Path]) -> Running:
    """`steward demo` as a newcomer has it, with its own processes, company, index and answers."""
    return _fresh_demo[0]


@pytest.fixture(scope="session")
def company(_fresh_demo: tuple[Running, Path]) -> Path:
    """The demo's database as it was before anybody asked, for demos with settings of their own."""
    return _fresh_demo[1]


@pytest.fixture(scope="module")  # not longer: Playwright keeps an event loop in this thread while it runs
def browser(missing: Callable[[str, object], None]) -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    if not CHROMIUM.exists():
        missing("Chromium", "install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, headless=True)
        yield browser
        browser.close()


@pytest.fixture
def visits(browser: Browser, steward: Running) -> Iterator[Visits]:
    """Pages of one test, checked at its end."""
    visits = Visits(browser, steward)
    yield visits
    visits.close()


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
