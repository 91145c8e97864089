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
from bot.platforms.web.markup import Child, element, join
from bot.platforms.web.page_events import FeedbackReason

MAX_CORRECTION_CHARS: Final = 4_000
NAME_SPEAKERS: Final = "name_speakers"  # the action of minutes whose transcript knows only "Speaker 1"
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
    return join([_feedback(), _rename(), _speakers(), _delete(), _draft(), _draft_change(), _minutes()])


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
    return _dialog("speakers-dialog", "Who are the speakers?", field, submit="Write the minutes again")


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
    def line(name: str, label: str) -> Markup:
        entry = element("input", type="text", name=name, autocomplete="off", maxlength=5_000)
        return element("label", element("span", label), entry, class_="field")

    body = element("textarea", name="body", rows=14, maxlength=MAX_BODY_CHARS)
    fields = [line("to", "To"), line("cc", "Cc"), line("bcc", "Bcc"), line("subject", "Subject")]
    fields.append(element("label", element("span", "Text"), body, class_="field"))
    return _dialog("draft-dialog", "Edit the draft", fields, submit="Keep")


def _draft_change() -> Markup:
    def choice(name: str, label: str, options: Iterable[tuple[str, str]]) -> Markup:
        entries = [element("option", words, value=value) for value, words in options]
        return element("label", element("span", label), element("select", entries, name=name), class_="field")

    tones = [(tone, tone.capitalize()) for tone in get_args(Tone)]
    lengths = [(length, length.capitalize()) for length in LENGTHS]
    fields = [choice("tone", "Tone", tones), choice("length", "Length", lengths)]
    fields.append(choice("language", "Language", LANGUAGES.items()))
    return _dialog("draft-change-dialog", "Write it anew", fields, submit="Write")


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
