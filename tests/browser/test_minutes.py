"""Minutes on the page, over the real demo: a transcript with unnamed speakers is uploaded, and they are named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import Running
from tests.browser.visits import Visits
from tests.unit.workers.jobs.meeting_summary.demo_meetings import UNNAMED

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def page(browser: Browser, demo: Running) -> Iterator[Page]:
    visits = Visits(browser, demo)
    page = visits.sign_in("Mara")
    yield page
    visits.close()


def test_speakers_are_named_in_a_dialog_and_the_minutes_written_again(page: Page) -> None:
    page.set_input_files("#files", [{"name": "weekly.txt", "mimeType": "text/plain", "buffer": UNNAMED.encode()}])
    page.get_by_role("textbox", name="Your question").fill("minutes")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Name the speakers").click(timeout=60_000)

    dialog = page.get_by_role("dialog", name="Who are the speakers?")
    labels = dialog.get_by_role("textbox")
    expect(labels).to_have_value("Speaker 1 = \nSpeaker 2 = \nSpeaker 3 = ")
    labels.fill("Speaker 1 = Anna Schmidt\nSpeaker 2 = Ben Okafor\nSpeaker 3 = Chloé Martin")
    dialog.get_by_role("button", name="Write the minutes again").click()

    again = page.locator("article.turn").last
    expect(again).to_contain_text("Ben Okafor", timeout=60_000)
    expect(again).not_to_contain_text("Speaker 2")
    expect(again.get_by_role("button", name="Name the speakers")).to_have_count(0)


def test_names_are_put_into_corrected_minutes_and_the_corrections_stay(page: Page) -> None:
    page.get_by_role("button", name="New").click()
    page.set_input_files("#files", [{"name": "monthly.txt", "mimeType": "text/plain", "buffer": UNNAMED.encode()}])
    page.get_by_role("textbox", name="Your question").fill("minutes")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Edit", exact=True).click(timeout=60_000)
    dialog = page.get_by_role("dialog", name="Correct the minutes")
    dialog.locator("textarea[name=open_questions]").fill("Who waters the plants? | Speaker 2")
    dialog.get_by_role("button", name="Keep").click()
    turn = page.locator("article.turn").last
    expect(turn).to_contain_text("Who waters the plants?", timeout=30_000)
    turn.get_by_role("button", name="Name the speakers").click()
    names = page.get_by_role("dialog", name="Who are the speakers?")
    names.get_by_role("textbox").fill("Speaker 1 = Anna Schmidt\nSpeaker 2 = Ben Okafor\nSpeaker 3 = Chloé Martin")
    names.get_by_role("button", name="Write the minutes again").click()

    expect(turn).to_contain_text("Who waters the plants? (Ben Okafor)", timeout=30_000)
    expect(turn).not_to_contain_text("Speaker 2")
    expect(page.locator("article.turn")).to_have_count(1)
