"""The library's list as HTML: its filter, the meetings that fit with their lines, and the pages of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup

from assistant.mentions import Person
from assistant.minutes.kept import KeptMinutes
from bot.minutes_library import LibraryFilter, LibraryPage, Shelf, Understood
from bot.platforms.web.icons import icon
from bot.platforms.web.library_lines import (
    ADDRESS,
    address_of,
    day_of,
    render_evidence,
    render_line,
    title_of,
)
from bot.platforms.web.markup import Child, element
from bot.platforms.web.plain_page import wide_page
from bot.platforms.web.render import day_words

TITLE: Final = "Minutes of meetings"
_KIND_LABELS: Final = {
    "": "Any line",
    "decisions": "Decisions",
    "tasks": "Tasks",
    "open_tasks": "Tasks not done yet",
    "questions": "Open questions",
}
_WHERE_FROM: Final = (
    "You find here what you asked for yourself, on any of your accounts. Minutes that others had written in a "
    "channel are found by asking there, or in your own chat with me in Slack or Teams: this page can't know which "
    "channels you are in."
)


def list_page(person: Person, asked: LibraryFilter, page: LibraryPage) -> str:
    """Return the list."""
    if page.shelves:
        body: Child = [_notes(page), element("ol", [_shelf(one, asked) for one in page.shelves], class_="shelves")]
    else:
        body = _nothing(asked, page)
    return wide_page(TITLE, person, _filter(asked), _understood(page.understood), body, _pages(asked, page), _about())


def trouble_in_list(person: Person, asked: LibraryFilter, sentence: str) -> str:
    """Return the list's form as it was filled in, and what can't be read in it."""
    notice = element("p", icon("warning"), element("span", sentence), class_="notice error", role="alert")
    return wide_page(TITLE, person, _filter(asked), notice, _about())


def _filter(asked: LibraryFilter) -> Markup:
    options = [
        element("option", label, value=value, selected=value == asked.kind) for value, label in _KIND_LABELS.items()
    ]
    return element(
        "form",
        _field("Words, or a question", _input("words", asked.words, type="search", placeholder=_EXAMPLE), "wide"),
        _field("Kind of line", element("select", options, name="kind")),
        _field("Whose", _input("person", asked.person, type="text", placeholder="A name")),
        _field("From", _input("since", asked.since, type="date")),
        _field("To", _input("until", asked.until, type="date")),
        element("button", icon("search"), "Search", type="submit", class_="primary"),
        method="get",
        action=ADDRESS,
        role="search",
        class_="library-filter",
    )


_EXAMPLE: Final = "When did we decide to drop the vendor?"


def _input(name: str, value: str, *, type: str, placeholder: str = "") -> Markup:
    return element("input", name=name, value=value, type=type, placeholder=placeholder or None, maxlength=400)


def _field(label: str, control: Child, more: str = "") -> Markup:
    return element("label", element("span", label), control, class_=f"library-field {more}".strip())


def _understood(asked: Understood) -> Markup | None:
    """Return how the words were read, so that nobody wonders why something is missing."""
    wish = asked.wish
    kinds = {"decisions": "decisions", "action_items": "tasks", "open_questions": "open questions"}
    parts = [
        ("open " if wish.is_open else "") + kinds[wish.kind] if wish.kind else "any line",
        f"of {wish.person}" if wish.person else "",
        f"from {day_words(asked.since.isoformat())}" if asked.since else "",
        f"to {day_words(asked.until.isoformat())}" if asked.until else "",
    ]
    said = ", ".join(part for part in parts if part)
    is_plain = said == "any line" and not wish.stems
    words = f"Looked for: {said}{' with these words' if wish.stems else ''}."
    return None if is_plain else element("p", words, class_="about")


def _notes(page: LibraryPage) -> list[Markup]:
    notes = []
    if page.only_spoken:
        notes.append("No line of the minutes fits. In these meetings the words were said; open one to read where.")
    if page.is_cut:
        notes.append("More meetings fit than I looked through; narrower words or days show the others.")
    return [element("p", icon("info"), element("span", note), class_="notice info") for note in notes]


def _nothing(asked: LibraryFilter, page: LibraryPage) -> Markup:
    is_filtered = page.understood.is_about_lines or page.understood.since or page.understood.until
    if asked.page > 1:
        words = "This page is empty: the list ends before it."
    elif is_filtered:
        words = "Nothing in the minutes you may see fits. Try fewer words, or other days."
    else:
        words = (
            "No minutes are kept for you yet. Give me a meeting's transcript in a conversation, and its minutes will "
            "stand here."
        )
    start = element("p", element("a", "Start a conversation", href="/", class_="button"))
    return element("div", element("p", words), None if is_filtered else start, class_="library-empty")


def _shelf(shelf: Shelf, asked: LibraryFilter) -> Markup:
    kept = shelf.kept
    address = address_of(kept.id, words=asked.words)
    head = element("h2", element("a", title_of(kept), href=address))
    lines = [
        element("li", render_line(one.entry, kept), render_evidence(one.entry.evidence, kept, {}))
        for one in shelf.lines
    ]
    more = element("p", element("a", f"{shelf.left} more in this meeting", href=address)) if shelf.left else None
    found = element("ul", lines, class_="found-lines") if lines else None
    return element("li", head, element("p", _facts_line(kept), class_="about"), found, more, class_="shelf")


def _facts_line(kept: KeptMinutes) -> str:
    minutes = kept.minutes
    counts = [
        _count(sum(not one.is_unsure for one in minutes.decisions), "decision"),
        f"{unsure} perhaps" if (unsure := sum(one.is_unsure for one in minutes.decisions)) else "",
        _count(len(minutes.action_items), "task"),
        _count(len(minutes.open_questions), "open question"),
    ]
    people = minutes.meeting.participants
    shown = ", ".join(people[:4]) + (f" and {len(people) - 4} more" if len(people) > 4 else "")
    confirmed = f"confirmed by {minutes.confirmed_by}" if minutes.confirmed_by else ""
    counted = ", ".join(one for one in counts if one) or "no decisions, tasks or questions"
    parts = [day_of(kept), shown, counted, confirmed]
    return " · ".join(part for part in parts if part)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}" if number else ""


def _pages(asked: LibraryFilter, page: LibraryPage) -> Markup | None:
    if page.number == 1 and not page.has_more:
        return None
    before, after = _list_address(asked, page.number - 1), _list_address(asked, page.number + 1)
    return element(
        "nav",
        element("a", icon("left"), "Page before", href=before, rel="prev") if page.number > 1 else None,
        element("span", f"Page {page.number}", aria_current="page"),
        element("a", "Next page", icon("right"), href=after, rel="next") if page.has_more else None,
        class_="library-pages",
        aria_label="Pages",
    )


def _about() -> Markup:
    return element("p", _WHERE_FROM, class_="about library-about")


def _list_address(asked: LibraryFilter, page: int) -> str:
    fields = {name: value for name, value in {**asdict(asked), "page": page}.items() if value}
    return f"{ADDRESS}?{urlencode(fields)}"
