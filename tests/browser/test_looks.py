"""Keyboard, small screens, dark mode and contrast: that everybody can use the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

CARRY = "How many days of leave can I carry over?"
Ask = Callable[[Page, str], None]
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}

CONTRAST = Path(__file__).with_name("contrast.js").read_text()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.className"))


def test_everything_can_be_done_with_the_keyboard_alone(visits, ask: Ask) -> None:
    page = visits.page()
    page.goto(visits.steward.url)
    page.keyboard.press("Tab")
    assert "Ines" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.wait_for_selector("html[data-ready]", state="attached")
    assert focused(page) == "question"
    page.keyboard.type("How many days")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("can I carry over?")
    page.keyboard.press("Enter")
    expect(page.locator(".sources")).to_be_visible()
    expect(page.locator(".said p")).to_have_text("How many days\ncan I carry over?")

    for _ in range(20):
        if focused(page) == "cite":
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#reader mark").first).to_be_in_viewport()
    assert focused(page) == "reader-title"
    page.keyboard.press("Escape")

    expect(page.locator("#reader")).to_be_hidden()
    assert focused(page).startswith("cite")
    page.keyboard.press("/")
    assert focused(page) == "question"


def test_arrow_keys_move_through_the_conversations(ines: Page, ask: Ask) -> None:
    ask(ines, "First about leave")
    expect(ines.locator(".sources")).to_be_visible()
    ines.get_by_role("button", name="New").click()
    ask(ines, "Second about leave")
    expect(ines.locator(".conversation").first).to_have_text("Second about leave")
    ines.locator("#rail-search").focus()

    ines.keyboard.press("ArrowDown")
    ines.keyboard.press("ArrowDown")
    ines.keyboard.press("Enter")

    expect(ines.get_by_role("heading", level=1)).to_have_text("First about leave")
    ines.go_back()
    expect(ines.get_by_role("heading", level=1)).to_have_text("Second about leave")


def test_steps_and_answers_are_announced(ines: Page, ask: Ask) -> None:
    status = ines.get_by_role("status")
    heard: list[str] = []
    ines.expose_function("hear", lambda words: heard.append(words))
    status.evaluate(
        "node => new MutationObserver(() => hear(node.textContent)).observe(node, {childList: true, subtree: true})"
    )
    ask(ines, CARRY)

    expect(status).to_contain_text("The answer is there from 1 document")
    assert "Reading 6 passages" in heard


def test_every_control_has_a_name(ines: Page, ask: Ask) -> None:
    ask(ines, CARRY)
    ines.locator(".source-words").first.click()
    expect(ines.locator("#reader mark").first).to_be_visible()

    nameless = ines.evaluate(
        """() => [...document.querySelectorAll("button, a, input:not([hidden]), select, textarea")]
        .filter((node) => !(node.getAttribute("aria-label") || node.textContent.trim() || node.labels?.length))
        .map((node) => node.outerHTML)"""
    )

    assert nameless == []
    assert ines.evaluate("document.documentElement.lang") == "en-US"


def test_on_a_phone_the_rail_is_a_drawer_and_the_document_a_sheet(visits, ask: Ask) -> None:
    page = visits.sign_in("Tomas Berg", **PHONE)
    ask(page, CARRY)
    expect(page.locator(".sources")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator("#rail")).not_to_be_in_viewport()

    page.get_by_role("button", name="Conversations").click()
    expect(page.locator(".conversation").first).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#rail")).to_be_hidden()
    page.locator(".prose .cite").first.click()

    expect(page.locator("#reader mark").first).to_be_in_viewport()
    box = page.locator("#reader").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 780)


def test_the_sign_in_page_fits_a_phone(visits) -> None:
    page = visits.page(**PHONE)
    page.goto(visits.steward.url)

    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_dark_follows_the_system_and_the_button_wins_and_lasts(visits) -> None:
    page = visits.sign_in("Ines Moreau", color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(20, 23, 22)"

    page.get_by_role("button", name=re.compile("Theme")).click()  # as the system → light

    expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    assert page.evaluate(ground) == "rgb(246, 245, 241)"
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate(ground) == "rgb(246, 245, 241)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(visits, ask: Ask, scheme: str) -> None:
    page = visits.sign_in("Ruth Okafor", color_scheme=scheme, reduced_motion="reduce")
    assert page.evaluate(CONTRAST) == []
    for question, wait in (
        ("Show me everything", ".chart"),
        ("Please break", ".notice.error"),
        ("The weather?", ".notice.refusal"),
        (CARRY, ".sources"),
    ):
        ask(page, question)
        expect(page.locator(wait).last).to_be_visible()
    page.locator(".receipt > summary").last.click()
    page.locator(".source-words").first.click()
    expect(page.locator("#reader mark").first).to_be_visible()
    assert page.evaluate(CONTRAST) == []

    page.goto(f"{visits.steward.url}/admin")
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate(CONTRAST) == []
