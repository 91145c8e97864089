"""Pages of Debian's Chromium, with a check that none ever asks another host for anything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.running import Running

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


@dataclass
class Visits:
    """Opens pages as somebody, and remembers every request and every failed script."""

    browser: Browser
    steward: Running
    contexts: list[BrowserContext] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def page(self, **context: Any) -> Page:
        """Return a page of a new browser context, nobody signed in."""
        opened = self.browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **context})
        opened.set_default_timeout(30_000)
        self.contexts.append(opened)
        page = opened.new_page()
        page.on("request", lambda request: self._note(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def sign_in(self, name: str, path: str = "/", **context: Any) -> Page:
        """Return a page with this person signed in, ready to be used."""
        page = self.page(**context)
        page.goto(self.steward.url + path)
        page.get_by_role("button", name=re.compile(name)).click()
        ready(page)
        return page

    def close(self) -> None:
        """Close all pages: no request has left this machine, and no script has failed."""
        for context in self.contexts:
            context.close()
        assert self.foreign == []
        assert self.errors == []

    def _note(self, url: str) -> None:
        if url.startswith(("http", "ws")) and urlsplit(url).netloc != urlsplit(self.steward.url).netloc:
            self.foreign.append(url)


def ready(page: Page) -> None:
    """Wait until the page's script has taken over."""
    page.wait_for_selector("html[data-ready]", state="attached")
