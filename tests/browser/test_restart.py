"""The page's own process may go down and come back: open tabs find their way, and no word is lost."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.running import start_stand_in
from tests.browser.visits import Visits

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_after_a_restart_the_tab_comes_back_with_its_conversation_and_its_draft(
    browser: Browser, tmp_path: Path
) -> None:
    first = start_stand_in(tmp_path)
    visits = Visits(browser, first)
    page = visits.sign_in("Ines Moreau")
    question = page.get_by_role("textbox", name="Your question")
    question.fill("How many days of leave can I carry over?")
    page.keyboard.press("Enter")
    expect(page.locator(".sources")).to_be_visible()
    question.fill("Half a thou")
    first.stop()

    page.keyboard.press("Enter")
    expect(page.locator("#composer-error")).to_contain_text("The connection is lost")
    expect(question).to_have_value("Half a thou")
    second = start_stand_in(tmp_path, port=urlsplit(first.url).port)

    try:
        expect(page.locator("#composer-error")).to_be_empty(timeout=60_000)  # the tab has loaded itself again
        expect(page.locator(".sources")).to_be_visible()
        expect(question).to_have_value("Half a thou")
        visits.close()
    finally:
        second.stop()
