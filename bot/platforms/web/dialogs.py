"""The page's dialogs as HTML: why an answer is wrong, another title, who speaks, and deleting a conversation.

Native `<dialog>` elements: the browser keeps the focus inside, closes them with Esc and gives the focus back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, get_args

from markupsafe import Markup

from assistant.mail.draft import LANGUAGES, LENGTHS, Tone
from assistant.mail.own_edits import MAX_BODY_CHARS
from assistant.minutes.edits import HINTS, HOW_TO, TITLES
from bot.email_requests import MAX_REQUEST_CHARS
from bot.platforms.web.markup import Child, element, join
from bot.platforms.web.page_events import FeedbackReason
from bot.speaker_names import SUBMIT, TITLE

MAX_CORRECTION_CHARS: Final = 4_000
MAX_LINE_CHARS: Final = 5_000
REASON_WORDS: Final[dict[str, str]] = {
    "wrong": "It is wrong",
    "outdated": "It is out of date",
    "missing_source": "A source is missing",
    "not_allowed": "It shows what it shouldn't",
    "too_long": "It is too long",
    "other": "Something else",
}


def render_dialogs() -> Markup:
    """Return all dialogs, closed."""
    return join([_feedback(), _rename(), _speakers(), _delete(), _draft(), _draft_change(), _email(), _minutes()])


def _feedback() -> Markup:
    reasons = [
        element(
            "label",
            element("input", type="radio", name="reason", value=reason, required=True),
            element("span", REASON_WORDS[reason]),
        )
        for reason in get_args(FeedbackReason)
    ]
    legend = element("legend", "What is wrong with this answer?")
    correction = element(
        "label",
        element("span", "What would have been right? (optional)"),
        element("textarea", name="text", rows=3, maxlength=MAX_CORRECTION_CHARS),
        class_="field",
    )
    return _dialog(
        "feedback-dialog", "Thank you for telling me", element("fieldset", legend, reasons), correction, submit="Send"
    )


def _rename() -> Markup:
    field = element(
        "label",
        element("span", "Title"),
        element("input", type="text", name="text", required=True, maxlength=120),
        class_="field",
    )
    return _dialog("rename-dialog", "Rename the conversation", field, submit="Rename")


def _speakers() -> Markup:
    field = element(
        "label",
        element("span", "One speaker a line; empty ones stay as they are"),
        element("textarea", name="text", rows=6, required=True, maxlength=MAX_CORRECTION_CHARS),
        class_="field",
    )
    return _dialog("speakers-dialog", TITLE, field, submit=SUBMIT)


def names_of(text: str) -> dict[str, str]:
    """Return the names given in the speakers' dialog, by label: lines of "Speaker 1 = Anna Berg"."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {label.strip(): name.strip() for label, _, name in pairs if label.strip() and name.strip()}


def _delete() -> Markup:
    words = element(
        "p", "Its questions, answers and receipts are removed for good. A question that is still running is stopped."
    )
    return _dialog("delete-dialog", "Delete this conversation?", words, submit="Delete", style="danger")


def _draft() -> Markup:
    body = element("textarea", name="body", rows=14, maxlength=MAX_BODY_CHARS)
    fields = [_line("to", "To"), _line("cc", "Cc"), _line("bcc", "Bcc"), _line("subject", "Subject")]
    fields.append(element("label", element("span", "Text"), body, class_="field"))
    notes = element("p", class_="fact-notes", id="draft-facts")
    fields.append(element("details", element("summary", "Where the facts come from"), notes))
    return _dialog("draft-dialog", "Edit the draft", fields, submit="Keep")


def _draft_change() -> Markup:
    return _dialog("draft-change-dialog", "Write it anew", _style(), submit="Write")


def _email() -> Markup:
    about = element("p", class_="about", id="email-about")
    hint = "Anna Costa, info@shop.example"
    fields = [
        _line("to", "To (names or addresses)", placeholder=hint),
        _line("cc", "Cc"),
        element(
            "label",
            element("span", "What should it say besides the answer? (optional)"),
            element("textarea", name="request", rows=4, maxlength=MAX_REQUEST_CHARS),
            class_="field",
        ),
        element("div", _style(unchosen=("", "As usual")), class_="field-row"),
    ]
    return _dialog("email-dialog", "Draft an e-mail about this", about, fields, submit="Draft")


def _style(unchosen: tuple[str, str] | None = None) -> list[Markup]:
    """Return the choices of tone, length and language; `unchosen` stands before them where none has to be made."""
    before = [unchosen] if unchosen else []

    def choice(name: str, label: str, options: Iterable[tuple[str, str]]) -> Markup:
        entries = [element("option", words, value=value) for value, words in (*before, *options)]
        return element("label", element("span", label), element("select", entries, name=name), class_="field")

    tones = [(tone, tone.capitalize()) for tone in get_args(Tone)]
    lengths = [(length, length.capitalize()) for length in LENGTHS]
    return [choice("tone", "Tone", tones), choice("length", "Length", lengths),
            choice("language", "Language", LANGUAGES.items())]  # fmt: skip


def _line(name: str, label: str, *, placeholder: str | None = None) -> Markup:
    entry = element(
        "input", type="text", name=name, autocomplete="off", maxlength=MAX_LINE_CHARS, placeholder=placeholder
    )
    return element("label", element("span", label), entry, class_="field")


def _minutes() -> Markup:
    fields: list[Child] = [element("p", HOW_TO)]
    for section, title in TITLES.items():
        label = element("span", title, element("small", f" {HINTS[section]}"))
        entry = element("textarea", name=section, rows=5, maxlength=MAX_BODY_CHARS)
        fields.append(element("label", label, entry, class_="field"))
    return _dialog("minutes-dialog", "Correct the minutes", fields, submit="Keep")


def _dialog(name: str, title: str, *content: Child, submit: str, style: str = "primary") -> Markup:
    buttons = element(
        "div",
        element("button", "Cancel", type="button", class_="quiet", data_act="close-dialog"),
        element("button", submit, type="submit", class_=style),
        class_="dialog-buttons",
    )
    form = element("form", element("h2", title, id=f"{name}-title"), content, buttons, method="dialog")
    return element("dialog", form, id=name, aria_labelledby=f"{name}-title")
