"""The left rail as HTML: conversations by day, search, who is signed in, and the theme."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from markupsafe import Markup

from assistant.mentions import Person
from bot.platforms.web.icons import LOGO, icon
from bot.platforms.web.markup import element
from bot.platforms.web.turns import avatar


class Listed(Protocol):
    """A conversation as the rail shows it; assistant.storage.conversation_store.Conversation is one."""

    @property
    def id(self) -> UUID: ...  # noqa: D102
    @property
    def title(self) -> str | None: ...  # noqa: D102
    @property
    def updated_at(self) -> datetime: ...  # noqa: D102


def render_brand() -> Markup:
    """Return the rail's head: name, new conversation, close (on small screens)."""
    name = element(
        "a", LOGO, element("span", "Steward"), href="/", class_="brand", aria_label="Steward, new conversation"
    )
    new = element("button", icon("plus"), "New", type="button", class_="primary small", data_act="new")
    close = element(
        "button",
        icon("close"),
        type="button",
        class_="tool rail-close",
        data_act="close-rail",
        aria_label="Close the list",
    )
    return element("div", name, new, close, class_="rail-head")


def render_search() -> Markup:
    """Return the field that narrows the list; steward.js does it, in the browser."""
    field = element(
        "input",
        type="search",
        id="rail-search",
        placeholder="Search conversations",
        aria_label="Search conversations",
        autocomplete="off",
    )
    return element("div", icon("search"), field, class_="rail-search")


def render_places() -> Markup:
    """Return the ways to pages that are no conversation."""
    library = element("a", icon("minutes"), element("span", "Minutes of meetings"), href="/minutes", class_="place")
    return element("div", library, class_="rail-places")


def render_conversations(conversations: Sequence[Listed], current: UUID | None, *, today: date) -> Markup:
    """Return the conversations under the day they were last used, newest first."""
    if not conversations:
        return element("p", "Your conversations will stand here.", class_="rail-empty")
    groups: dict[str, list[Markup]] = {}
    for item in conversations:
        groups.setdefault(day_words(item.updated_at.date(), today), []).append(_conversation(item, current))
    lists = [element("section", element("h3", day), element("ul", items)) for day, items in groups.items()]
    return element("div", lists, element("p", "Nothing found.", class_="rail-empty", id="rail-nothing", hidden=True))


def day_words(day: date, today: date) -> str:
    """Return a day as people say it."""
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day > today - timedelta(days=7):
        return "This week"
    return f"{day:%B %Y}"


def render_person(person: Person, office: str | None, *, is_admin: bool, may_switch: bool) -> Markup:
    """Return who is signed in, with their role and office, and the ways out."""
    details = " · ".join(part for part in (role_words(person.role), office) if part)
    words = element(
        "span", element("strong", person.name or person.id), element("small", details), class_="person-words"
    )
    admin = _link("/admin", "gauge", "Operations") if is_admin else None
    switch = None
    if may_switch:
        button = element(
            "button",
            icon("out"),
            type="submit",
            class_="tool",
            aria_label="Sign out or switch person",
            title="Sign out or switch person",
        )
        switch = element("form", button, method="post", action="/sign-out")
    settings = _link("/settings", "sliders", "Your settings")
    theme = element(
        "button",
        icon("auto"),
        type="button",
        class_="tool",
        id="theme",
        data_act="theme",
        aria_label="Theme: as the system",
        title="Theme",
    )
    return element(
        "div",
        avatar(person),
        words,
        element("span", admin, settings, theme, switch, class_="person-tools"),
        class_="person",
    )


def role_words(role: str) -> str:
    """Return a role as people say it."""
    return {"hr": "HR", "admin": "Administrator"}.get(role, role.capitalize())


def _conversation(item: Listed, current: UUID | None) -> Markup:
    title = item.title or "New conversation"
    chosen = item.id == current
    link = element(
        "a",
        title,
        href=f"/c/{item.id}",
        class_="conversation",
        data_act="open",
        data_conversation=str(item.id),
        aria_current="page" if chosen else None,
        title=title,
    )
    return element("li", link)


def _link(address: str, icon_name: str, label: str) -> Markup:
    return element("a", icon(icon_name), href=address, class_="tool", aria_label=label, title=label)
