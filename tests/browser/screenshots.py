"""Take the pictures of docs/screenshots from a running demo: `python -m tests.browser.screenshots`.

It starts `steward demo` on a folder of its own, asks as its people do, and writes PNG files under 200 kB each.
"""

from __future__ import annotations

import io
import signal
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.running import ROOT, start_demo
from tests.browser.visits import CHROMIUM, FLAGS, Visits, ready

FOLDER = ROOT / "docs" / "screenshots"
MAX_BYTES = 200_000
COLOURS = 256  # text on plain grounds needs no more, and the files shrink to a third
ANSWER_MS = 120_000
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
EXPENSES = "How long do I have to hand in my travel expenses?"
BANDS = "What is the salary band for L3 in Lisbon?"


def take_all(visits: Visits) -> None:
    """Take every picture, after a first question that loads the index: the figures shown are those of every day."""
    ask(visits.sign_in("Jonas Weber"), "How do I report a lost laptop?")
    chat_pictures(visits.sign_in("Mara Lindqvist", color_scheme="light"))
    dark_picture(visits.sign_in("Tiago Ferreira", color_scheme="dark"))
    phone_picture(visits.sign_in("Mara Lindqvist", **PHONE))
    operations_picture(visits.sign_in("Priya Raman"), visits.steward.url)


def chat_pictures(page: Page) -> None:
    """A new conversation, a cited answer with its passage open, and its receipt."""
    take(page, "welcome")
    ask(page, EXPENSES)
    page.locator(".prose .cite").first.click()
    expect(page.locator("#reader mark").first).to_be_in_viewport()
    take(page, "answer")
    page.keyboard.press("Escape")
    page.locator(".receipt > summary").click()
    expect(page.locator(".receipt-body")).to_be_in_viewport()
    take(page, "receipt")


def dark_picture(page: Page) -> None:
    """A document that only HR may read, in dark."""
    ask(page, BANDS)
    page.locator(".prose .cite").first.click()
    expect(page.locator("#reader mark").first).to_be_in_viewport()
    take(page, "dark")


def phone_picture(page: Page) -> None:
    """The same conversation on a phone."""
    ask(page, EXPENSES)
    take(page, "phone")


def operations_picture(page: Page, url: str) -> None:
    """The operations overview, with a refusal and a thumb in it."""
    ask(page, "How many moons does Jupiter have?")
    page.get_by_role("button", name="Good answer").click()
    expect(page.locator(".thanks")).to_be_visible()
    page.goto(f"{url}/admin")
    take(page, "operations")


def ask(page: Page, question: str) -> None:
    """Ask, and wait for the answer."""
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("article.turn .toolbar").last).to_be_visible(timeout=ANSWER_MS)


def take(page: Page, name: str) -> None:
    """Write one picture; it must stay small enough for a repository."""
    ready(page)
    page.wait_for_timeout(500)  # smooth scrolling has no event at its end
    save(page.screenshot(animations="disabled", caret="hide"), name)


def save(screenshot: bytes, name: str, colours: int = COLOURS) -> None:
    """Write a picture with few colours.

    Raises:
        ValueError: it would be too large for a repository.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    picture.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size} bytes, over {MAX_BYTES}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        running = start_demo(Path(folder))
        browser: Any = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            visits = Visits(browser, running)
            take_all(visits)
            visits.close()
        finally:
            browser.close()
            running.stop(signal.SIGINT)


if __name__ == "__main__":
    main()
