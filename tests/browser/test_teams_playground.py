"""A person in Microsoft's own Teams client emulator: asks, reads, judges, stops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant.jobs import JobStatus
from assistant.storage.feedback_store import FeedbackStore
from tests.browser.teams_playground import Playground, playground, why_missing

pytestmark = [pytest.mark.playground, pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"
PATIENCE_MS = 45_000
ALEX = "00000000-0000-0000-0000-0000000000020"  # who the emulator signs in


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str, object], None]) -> Iterator[Playground]:
    why = why_missing()
    if why is not None:
        missing("the Agents Playground", why)
    with playground(tmp_path_factory.mktemp("teams")) as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser, teams: Playground) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    page.goto(teams.url, wait_until="domcontentloaded")
    expect(page.get_by_text("Hello, I'm Steward.")).to_be_visible(timeout=PATIENCE_MS)
    yield page
    page.close()


def say(page: Page, text: str) -> None:
    box = page.locator("[role=textbox][data-lexical-editor=true]").first
    box.click()
    box.type(text)
    page.keyboard.press("Enter")


def job_ids(teams: Playground) -> list[Any]:
    with teams.engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT id FROM jobs ORDER BY created_at").scalars())


def test_a_mention_gets_a_cited_and_labelled_answer_and_a_thumb_is_kept(page: Page, teams: Playground) -> None:
    say(page, "How many days of leave do I have?")
    expect(page.get_by_text("25 days").last).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("AI generated").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("Study").last).to_be_visible(timeout=PATIENCE_MS)
    page.screenshot(path=SCREENSHOTS / "teams.png")
    page.get_by_role("button", name="Dislike").last.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("textarea").first.fill("The figure is outdated")
    dialog.get_by_role("button", name="Submit").click()
    (job_id,) = job_ids(teams)
    store = FeedbackStore(teams.engine)
    wait_until(lambda: store.of(UUID(str(job_id)), ALEX) is not None)
    kept = store.of(UUID(str(job_id)), ALEX)
    dialog.get_by_role("button", name="Close").click()

    assert kept is not None
    assert (kept.verdict, kept.reason, kept.correction) == ("down", "outdated", "The figure is outdated")


def test_a_stopped_job_stops(page: Page, teams: Playground) -> None:
    say(page, "a slow question, please")
    wait_until(lambda: status(teams) is JobStatus.RUNNING)
    say(page, "stop")
    wait_until(lambda: status(teams) is JobStatus.CANCELLED)

    expect(page.get_by_text("Stopped, as you asked.").first).to_be_visible(timeout=PATIENCE_MS)


def status(teams: Playground) -> JobStatus:
    return teams.jobs.view(UUID(str(job_ids(teams)[-1]))).status


def wait_until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to that")
