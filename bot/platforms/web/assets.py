"""The page's own style sheet and script, and what every page puts in its head."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from markupsafe import Markup

from bot.platforms.web.markup import element, join

FOLDER: Final = Path(__file__).parent / "static"
ADDRESS: Final = "/static"
THEME_COOKIE: Final = "steward_theme"
THEMES: Final = ("auto", "light", "dark")


def _address(name: str) -> str:
    """Return the file's address with a hash of its content, so that browsers keep it until it changes."""
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"{ADDRESS}/{name}?{digest}"


HEAD: Final[Markup] = join(
    [
        element("link", rel="icon", href=_address("icon.svg"), type="image/svg+xml"),
        element("link", rel="stylesheet", href=_address("steward.css")),
        element("script", src=_address("steward.js"), defer=True),
    ]
)


def theme_class(theme: str | None) -> str:
    """Return the body's class for a theme cookie; anything unknown follows the system."""
    return f"theme-{theme}" if theme in THEMES else "theme-auto"
