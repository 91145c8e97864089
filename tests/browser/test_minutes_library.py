"""Minutes on the page, over the real demo: corrected, confirmed, pushed as tickets, asked, forgotten."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import Running, start_demo
from tests.browser.visits import Visits

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

MEETING = Path(__file__).parents[2] / "deploy" / "demo" / "meetings" / "2026-11-10-budget-round.teams.vtt"


class TicketServer(ThreadingHTTPServer):
    """Makes one ticket an Idempotency-Key."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.made: dict[str, Any] = {}


class _Handler(BaseHTTPRequestHandler):
    server: TicketServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        made = self.server.made
        made.setdefault(self.headers["idempotency-key"], body)
        number = [*made].index(self.headers["idempotency-key"]) + 1
        answer = {"name": f"OPS-{number}", "url": f"http://127.0.0.1:{self.server.server_port}/{number}"}
        self.send_response(201)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def tickets() -> Iterator[TicketServer]:
    server = TicketServer()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, company: Path, tickets: TicketServer) -> Iterator[Running]:
    address = f"http://127.0.0.1:{tickets.server_port}/"
    running = start_demo(tmp_path_factory.mktemp("demo"), company=company, TICKETS_URL=address)
    yield running
    running.stop()


@pytest.fixture
def page(browser: Browser, demo: Running) -> Iterator[Page]:
    visits = Visits(browser, demo)
    page = visits.sign_in("Mara")
    page.set_input_files("input[type=file]", MEETING)
    expect(page.locator(".chip", has_text=f"{MEETING.name} · 30.9 kB")).to_be_visible()  # sent, and no more "sending"
    ask(page, "Minutes, please")
    expect(page.get_by_role("button", name="Confirm")).to_be_visible(timeout=60_000)
    yield page
    visits.close()


def ask(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="Your question").fill(words)
    page.keyboard.press("Enter")


def test_from_a_correction_to_tickets_and_a_question(page: Page, tickets: TicketServer) -> None:
    page.get_by_role("button", name="Edit", exact=True).click()
    lines = page.get_by_role("dialog", name="Correct the minutes").locator("textarea[name=action_items]")
    tasks = lines.input_value().splitlines()
    lines.fill("\n".join([*tasks[1:], "Book the hall | Mara Lindqvist | 2026-12-01"]))
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text(re.compile(r"Book the hall .*edited by")).first).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Confirmed by").first).to_be_visible(timeout=30_000)
    page.get_by_role("button", name=re.compile("Create .* tickets")).click()
    expect(page.get_by_role("link", name="OPS-1", exact=True)).to_be_visible(timeout=30_000)
    ask(page, "What did they say about the travel budget?")
    expect(page.get_by_text("chosen by rules: no language model").last).to_be_visible(timeout=30_000)

    assert len(tickets.made) == len(tasks)


def test_found_from_another_conversation_until_forgotten(page: Page) -> None:
    page.get_by_role("button", name="New").click()
    ask(page, "When did we decide about the learning budget?")
    expect(page.get_by_text("2026-11-10, Budget round").first).to_be_visible(timeout=30_000)
    page.get_by_role("link", name=re.compile("budget-round")).first.click()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_role("button", name="Forget")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_text("These minutes were forgotten on request.").first).to_be_visible(timeout=30_000)


def test_the_library_page_finds_opens_and_forgets(page: Page) -> None:
    page.get_by_role("link", name="Minutes of meetings").click()
    page.get_by_label("Words, or a question").fill("What did we decide about the learning budget?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Looked for: decisions with these words.")).to_be_visible()
    page.get_by_role("link", name="Budget round").first.click()
    page.locator("#d1 summary").click()
    expect(page.locator("#d1 blockquote").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Markdown").click()
    page.set_viewport_size({"width": 390, "height": 844})
    is_narrow = page.evaluate("document.documentElement.scrollWidth <= 390")
    page.get_by_label("Forget these minutes").check()
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_text("These minutes, every revision of them and what was said are deleted.")).to_be_visible()

    assert is_narrow
    assert download.value.suggested_filename.endswith("-minutes.md")


def test_a_conversation_is_recapped_and_what_can_t_be_is_told(page: Page) -> None:
    ask(page, "Recap this conversation since yesterday")
    expect(page.get_by_text("Recap of 2026-11-10-budget-round").first).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="New").click()
    ask(page, "recap since yesterday")
    expect(page.get_by_role("alert").get_by_text("I can't read channels or threads")).to_be_visible()
