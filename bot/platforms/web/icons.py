"""The page's icons, drawn here as strokes on a 24 by 24 grid, so that nothing is fetched from elsewhere."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

_PATHS: Final[dict[str, str]] = {
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "close": '<path d="M6 6l12 12M18 6L6 18"/>',
    "send": '<path d="M12 19V5M6 11l6-6 6 6"/>',
    "stop": '<rect x="7" y="7" width="10" height="10" rx="1.5"/>',
    "clip": (
        '<path d="M20 11.5l-8.2 8.2a5 5 0 01-7.1-7.1L13 4.3a3.4 3.4 0 014.8 4.8l-8.3'
        ' 8.3a1.7 1.7 0 01-2.4-2.4l7.6-7.6"/>'
    ),
    "up": ('<path d="M7 11l4-8a2.4 2.4 0 012.4 2.6L13 9h5.3a2 2 0 012 2.4l-1.3 7a2 2 0 01-2 1.6H7zM7 11H4v9h3"/>'),
    "down": (
        '<path d="M17 13l-4 8a2.4 2.4 0 01-2.4-2.6L11 15H5.7a2 2 0 01-2-2.4l1.3-7A2 2 0 017 4h10zM17 13h3V4h-3"/>'
    ),
    "retry": ('<path d="M4 12a8 8 0 0113.7-5.6L20 8.7M20 4v4.7h-4.7M20 12a8 8 0 01-13.7 5.6L4 15.3M4 20v-4.7h4.7"/>'),
    "copy": (
        '<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M15 9V6a2 2 0'
        ' 00-2-2H6a2 2 0 00-2 2v7a2 2 0 002 2h3"/>'
    ),
    "pencil": '<path d="M4 20l1-4.5L16.5 4a2 2 0 012.8 0l.7.7a2 2 0 010 2.8L8.5 19z"/>',
    "trash": '<path d="M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5"/>',
    "search": '<circle cx="11" cy="11" r="6"/><path d="M20 20l-4.6-4.6"/>',
    "sun": (
        '<circle cx="12" cy="12" r="4"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6'
        ' 5.6L7 7M17 17l1.4 1.4M5.6 18.4L7 17M17 7l1.4-1.4"/>'
    ),
    "moon": '<path d="M19.5 14.5A8 8 0 019.5 4.5a8 8 0 1010 10z"/>',
    "auto": '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 010 16z" fill="currentColor"/>',
    "out": '<path d="M14 5H6v14h8M10 12h10M17 9l3 3-3 3"/>',
    "gauge": '<path d="M4 17a8.5 8.5 0 1116 0M12 17l4-6"/>',
    "sliders": '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
    "file": '<path d="M7 3h7l5 5v13H7zM14 3v5h5"/>',
    "download": '<path d="M12 4v11M7 11l5 5 5-5M5 20h14"/>',
    "check": '<path d="M5 12.5l4.5 4.5L19 7"/>',
    "box": '<rect x="5" y="5" width="14" height="14" rx="2"/>',
    "cross": '<path d="M7 7l10 10M17 7L7 17"/>',
    "left": '<path d="M14.5 5l-7 7 7 7"/>',
    "right": '<path d="M9.5 5l7 7-7 7"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 8v.1"/>',
    "warning": '<path d="M12 4l9 16H3zM12 10v4.5M12 17.3v.1"/>',
    "mail": '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="M3.5 7l8.5 6 8.5-6"/>',
    "minutes": '<rect x="5" y="3" width="14" height="18" rx="2"/><path d="M9 8h6M9 12h6M9 16h3"/>',
    "receipt": '<path d="M6 3h12v18l-3-2-3 2-3-2-3 2zM9.5 8h5M9.5 12h5"/>',
    "quote": '<path d="M9 7H5v6h4v-6zM9 13c0 2.5-1.2 4-3 4.5M19 7h-4v6h4v-6zM19 13c0 2.5-1.2 4-3 4.5"/>',
}
_SHAPE = (
    '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"'
    ' stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
)
# A bell: the steward is called, and comes.
LOGO = Markup(
    '<svg class="logo" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">'
    '<rect width="32" height="32" rx="9" fill="var(--accent)"/><g fill="none" stroke="var(--on-accent)"'
    ' stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"><path d="M8 20.5a8 8 0 0116 0z"/>'
    '<path d="M6.5 24h19M16 12.500V9.500M13.800 9h4.400"/></g></svg>'
)


def icon(name: str) -> Markup:
    """Return the icon as inline SVG, hidden from screen readers: the button around it carries the words."""
    return Markup(_SHAPE + _PATHS[name] + "</svg>")  # noqa: S704  drawn above
