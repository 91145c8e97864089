"""Build HTML from values, with everything escaped that is not already markup.

The one place where the page's HTML is put together: a piece of HTML is a `Markup`, a plain `str` is text and
is escaped. Which Markdown is let through is decided in safe_markdown.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

Child = Markup | str | None | Iterable["Child"]
Attribute = str | int | float | bool | None

_VOID = frozenset({"input", "br", "hr", "img", "link", "meta"})


def element(tag: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """Return one element. `class_` and `for_` lose their underscore, other underscores become hyphens.

    An attribute that is None or False is left out; True stands without a value. `tag` comes from our own code,
    never from data.
    """
    opening = Markup("<") + tag + _attributes(attributes) + Markup(">")
    if tag in _VOID:
        return opening
    return opening + join(children) + Markup("</") + tag + Markup(">")


def join(children: Iterable[Child]) -> Markup:
    """Return the children one after another; None is nothing, text is escaped."""
    parts: list[str] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            parts.append(escape(child))
        else:
            parts.append(join(child))
    return Markup("").join(parts)


def _attributes(attributes: dict[str, Attribute]) -> Markup:
    text = Markup("")
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        text += Markup(" ") + name if value is True else Markup(' {}="{}"').format(Markup(name), str(value))  # noqa: S704  names are ours
    return text
