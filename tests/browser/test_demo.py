"""The demo as a newcomer has it: `steward demo` with its own processes, company, index and answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.running import Running
from tests.browser.visits import Visits

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def visits(browser: Browser, demo: Running) -> Iterator[Visits]:
    visits = Visits(browser, demo)
    yield visits
    visits.close()


def test_a_newcomer_gets_a_cited_answer_opens_it_and_says_what_is_wrong(visits: Visits, demo: Running) -> None:
    page = visits.sign_in("Mara Lindqvist")
    page.locator(".suggestion", has_text="travel expenses").click()
    expect(page.locator(".sources .number").first).to_be_visible(timeout=60_000)
    expect(page.locator(".notice", has_text="no language model").first).to_be_visible()
    page.locator(".prose .cite").first.click()
    expect(page.locator("#reader mark").first).to_be_in_viewport()

    page.get_by_role("button", name="Something is wrong with it").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("A source is missing").check()
    dialog.get_by_label("What would have been right?").fill("The expense guide.")
    dialog.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("feedback is kept")

    rows = demo.rows("SELECT person_id, verdict, reason, correction FROM feedback")
    assert [tuple(row) for row in rows] == [("mara.lindqvist", "down", "missing_source", "The expense guide.")]


def test_hr_reads_what_an_employee_does_not(visits: Visits) -> None:
    question = "What is the salary band for L3 in Lisbon?"
    titles = {}
    for name in ("Tiago Ferreira", "Mara Lindqvist"):
        page = visits.sign_in(name)
        page.get_by_role("textbox", name="Your question").fill(question)
        page.keyboard.press("Enter")
        expect(page.locator(".toolbar")).to_be_visible(timeout=60_000)
        titles[name] = page.locator(".source-title").all_inner_texts()

    assert "Salary Bands 2026" in titles["Tiago Ferreira"]
    assert "Salary Bands 2026" not in titles["Mara Lindqvist"]


def test_the_whole_start_needs_nothing_but_this_machine(demo: Running) -> None:
    log = Path(demo.data / "demo.log").read_text()

    assert "documents are in place" in log
    assert "Traceback" not in log
