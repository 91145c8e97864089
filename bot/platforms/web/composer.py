"""The composer as HTML: the field, the files that go along, the kind of job, and what can go wrong with it.

steward.js makes it work (Enter sends, files by button, drag and paste); nothing here is re-rendered while
somebody writes, so no word is ever lost to an update.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from assistant.job_kinds import JobKind
from assistant.mentions import Person
from bot.platforms.web.icons import LOGO, icon
from bot.platforms.web.markup import element
from bot.platforms.web.render import size_words
from bot.platforms.web.suggestions import Suggestion

MAX_FILES = 5  # with one question; more than that is a folder, which ingest is for


def render_composer(kinds: Sequence[JobKind], *, max_file_bytes: int) -> Markup:
    """Return the form; `kinds` are those that the person may run."""
    field = element(
        "textarea",
        id="question",
        name="question",
        rows=1,
        aria_label="Your question",
        aria_describedby="composer-hint composer-error",
        placeholder="Ask a question…",
    )
    limit = f"Up to {MAX_FILES} files of {size_words(max_file_bytes)} each"
    picker = element("input", type="file", id="files", multiple=True, hidden=True, tabindex=-1, aria_hidden="true")
    attach = element(
        "button",
        icon("clip"),
        type="button",
        class_="tool",
        data_act="attach",
        aria_label=f"Attach files. {limit}",
        title=limit,
    )
    send = element("button", icon("send"), type="submit", class_="send", aria_label="Send", title="Send (Enter)")
    row = element("div", attach, _kind_choice(kinds), element("span", class_="spring"), send, class_="composer-row")
    chips = element("ul", id="chips", class_="chips", aria_label="Attached files")
    error = element("p", id="composer-error", class_="composer-error", role="alert")
    hint = element(
        "p",
        element("kbd", "Enter"),
        " sends, ",
        element("kbd", "Shift"),
        "+",
        element("kbd", "Enter"),
        f" makes a new line. {limit}.",
        id="composer-hint",
        class_="composer-hint",
    )
    return element(
        "form",
        error,
        element("div", chips, field, picker, row, class_="composer-box"),
        hint,
        id="composer",
        data_max_bytes=max_file_bytes,
        data_max_files=MAX_FILES,
    )


def render_welcome(person: Person, suggestions: Sequence[Suggestion], kinds: Sequence[JobKind]) -> Markup:
    """Return what an empty conversation shows: a greeting and questions to begin with."""
    first_name = (person.name or "").split(" ")[0]
    greeting = element(
        "h2", f"What can I find out for you, {first_name}?" if first_name else "What can I find out for you?"
    )
    promise = element(
        "p", "I answer from what you are allowed to read, quote the passage I rely on, and say so when I don't know."
    )
    buttons = [_suggestion(item, place) for place, item in enumerate(suggestions, start=1)]
    abilities = [element("li", element("strong", kind.title), element("span", kind.help_line)) for kind in kinds]
    return element(
        "div",
        element("div", LOGO, class_="welcome-logo"),
        greeting,
        promise,
        element("div", buttons, class_="suggestions", role="group", aria_label="Suggested questions")
        if buttons
        else None,
        element("ul", abilities, class_="abilities") if not buttons else None,
        class_="welcome",
    )


def _suggestion(item: Suggestion, place: int) -> Markup:
    files = element("small", icon("file"), ", ".join(path.name for path in item.files)) if item.files else None
    note = element("small", item.note) if item.note else None
    return element(
        "button",
        element("span", item.text),
        note,
        files,
        type="button",
        class_="suggestion",
        data_act="suggest",
        data_n=place,
    )


def _kind_choice(kinds: Sequence[JobKind]) -> Markup:
    options = [element("option", "Any kind of job", value="")]
    options += [element("option", kind.title, value=kind.name, title=kind.help_line) for kind in kinds]
    return element("select", options, id="kind", class_="kind", aria_label="Kind of job")
