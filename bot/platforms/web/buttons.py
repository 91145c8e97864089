"""The page's small round buttons: an icon to look at, words to hear, and the act that steward.js knows."""

from __future__ import annotations

from markupsafe import Markup

from bot.platforms.web.icons import icon
from bot.platforms.web.markup import Attribute, element


def tool(icon_name: str, label: str, act: str, /, **attributes: Attribute) -> Markup:
    """Return one button; further attributes go on it as `element` takes them."""
    classes = f"tool {attributes.pop('class_', '') or ''}".strip()
    return element(
        "button",
        icon(icon_name),
        type="button",
        class_=classes,
        data_act=act,
        aria_label=label,
        title=label,
        **attributes,
    )
