"""The page's own style sheet and script, and what every page puts in its head."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from markupsafe import Markup

from bot.platforms.web.markup import element, join

FOLDER: Final = Path(__file__).parent / "static"
ADDRESS: Final = "/static"
# Before anything is drawn, so that nobody who chose dark sees a white flash. steward.js writes the cookie.
_THEME_SCRIPT: Final = Markup(
    "<script>document.documentElement.classList.add("
    '"theme-" + (/steward_theme=(auto|light|dark)/.exec(document.cookie) || ["", "auto"])[1])</script>'
)


def _address(name: str) -> str:
    """Return the file's address with a hash of its content, so that browsers keep it until it changes."""
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"{ADDRESS}/{name}?{digest}"


HEAD: Final[Markup] = join(
    [
        _THEME_SCRIPT,
        element("link", rel="icon", href=_address("icon.svg"), type="image/svg+xml"),
        element("link", rel="stylesheet", href=_address("steward.css")),
        element("script", src=_address("steward.js"), defer=True),
        element("script", src=_address("chart.js"), defer=True),
    ]
)
