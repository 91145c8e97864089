"""The forms: ask for one kind of job, say what was wrong with an answer. Views only, no deeds.

The forms for settings are in settings_forms.py, made of the same parts.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, get_args

from assistant.job_kinds import POLICY_SEARCH, JobKind
from assistant.mail.draft import LANGUAGES, LENGTHS, Tone
from bot.platforms.slack.text import shorten

View = dict[str, Any]

OPTIONS, OPTION_GROUPS = 100, 100  # of a list, and of one of its groups
MAX_QUESTION_CHARS = 3_000  # what a plain_text_input takes
DRAFT_EDIT, DRAFT_CHANGE = "steward:draft_edit", "steward:draft_change"  # callback ids
_DRAFT_LINES = (("to", "To"), ("cc", "Cc"), ("bcc", "Bcc"), ("subject", "Subject"))
MOST_FILES = 10  # of a file_input
REASONS = {
    "wrong": "It is wrong",
    "outdated": "It is outdated",
    "missing_source": "A source is missing",
    "not_allowed": "I should not have seen this",
    "too_long": "It is too long",
    "other": "Something else",
}


def ask(kind: JobKind, place: Mapping[str, Any], *, text: str = "") -> View:
    """Return the form for one kind of job; `place` is where it was opened and travels back."""
    answer_here = {"text": plain("Show the answer in this channel"), "value": "here"}
    takes_files = kind is not POLICY_SEARCH
    label = "What is it about?" if takes_files else "What would you like to know?"
    blocks: list[View] = [
        {"type": "section", "text": plain(kind.help_line)},
        field("question", label, {**text_input(text), "multiline": True}, takes_files),
    ]
    if takes_files:
        files = {"type": "file_input", "action_id": "value", "max_files": MOST_FILES}
        blocks.append(field("files", "Files", files, True))
    if place.get("channel"):
        box = {"type": "checkboxes", "action_id": "value", "options": [answer_here]}
        blocks.append(field("where", "Who sees the answer", box, optional=True))
    return modal(f"steward:ask:{kind.name}", kind.title, blocks, place)


def feedback(place: Mapping[str, Any]) -> View:
    """Return the form that asks what was wrong."""
    options = [{"text": plain(label), "value": value} for value, label in REASONS.items()]
    reason = {"type": "static_select", "action_id": "value", "options": options}
    correction = {**text_input(""), "multiline": True}
    blocks = [
        field("reason", "What is wrong with the answer?", reason),
        field("correction", "What would be right?", correction, optional=True),
    ]
    return modal("steward:feedback", "Your feedback", blocks, place)


def draft_edit(values: Mapping[str, str], place: Mapping[str, Any]) -> View:
    """Return the form that edits a draft."""
    blocks = [field(name, label, text_input(values[name]), optional=True) for name, label in _DRAFT_LINES]
    blocks.append(field("body", "Text", {**text_input(values["body"]), "multiline": True}))
    if notes := values.get("facts"):
        said = f"Where the facts come from:\n{shorten(notes, MAX_QUESTION_CHARS - 100)}"
        blocks.append({"type": "section", "text": plain(said)})
    return modal(DRAFT_EDIT, "Edit the draft", blocks, place, submit="Keep")


def draft_change(values: Mapping[str, str], place: Mapping[str, Any]) -> View:
    """Return the form that asks for another tone, length and language."""
    tones = {tone: tone.capitalize() for tone in get_args(Tone)}
    lengths = {length: length.capitalize() for length in LENGTHS}
    choices = (("tone", "Tone", tones), ("length", "Length", lengths), ("language", "Language", LANGUAGES))
    blocks = [field(name, label, choice(options, values[name])) for name, label, options in choices]
    return modal(DRAFT_CHANGE, "Write it anew", blocks, place, submit="Write")


def read_values(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was filled in, by block id: text, a choice's value, a list of values, users or files."""
    found: dict[str, Any] = {}
    for name, elements in (view.get("state") or {}).get("values", {}).items():
        for element in elements.values():
            found[name] = _value(element)
    return found


def read_place(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the form was opened."""
    place = json.loads(view.get("private_metadata") or "{}")
    if not isinstance(place, dict):
        raise ValueError("private_metadata is no object")
    return place


def _value(element: Mapping[str, Any]) -> Any:
    if "selected_options" in element:
        return [one["value"] for one in element["selected_options"]]
    if "selected_users" in element:
        return list(element["selected_users"])
    if "files" in element:
        return list(element["files"] or ())
    if "selected_option" in element:
        return (element["selected_option"] or {}).get("value")
    return element.get("value")


def modal(
    callback_id: str, title: str, blocks: list[View], place: Mapping[str, Any], *, submit: str = "Send"
) -> View:
    """Return a form; `place` travels with it and comes back."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(shorten(title, 24)),
        "submit": plain(submit),
        "close": plain("Cancel"),
        "private_metadata": json.dumps(dict(place), separators=(",", ":"), default=str)[:3_000],
        "blocks": blocks,
    }


def field(name: str, label: str, element: View, optional: bool = False, *, hint: str = "") -> View:
    """Return one question of a form; what was filled in comes back under `name`."""
    block = {"type": "input", "block_id": name, "label": plain(label), "element": element, "optional": optional}
    return {**block, "hint": plain(hint)} if hint else block


def choice(options: Mapping[Any, str], chosen: str | None) -> View:
    """Return a list to choose one of: labels by value; None: nothing is chosen yet."""
    found = {value: {"text": plain(label), "value": value} for value, label in options.items()}
    element: View = {"type": "static_select", "action_id": "value", "options": list(found.values())}
    return element if chosen is None else {**element, "initial_option": found[chosen]}


def boxes(options: Mapping[str, str], chosen: Collection[str]) -> View:
    """Return boxes to tick: labels by value."""
    found = {value: {"text": plain(shorten(label, 75)), "value": value} for value, label in options.items()}
    element: View = {"type": "checkboxes", "action_id": "value", "options": list(found.values())}
    ticked = [found[value] for value in options if value in chosen]
    return {**element, "initial_options": ticked} if ticked else element


def long_list(names: Sequence[str], chosen: Collection[str]) -> View:
    """Return a list to choose several of, in groups where Slack's hundred options are not enough."""
    found = {name: {"text": plain(shorten(name, 75)), "value": name} for name in names}
    pages = [names[at : at + OPTIONS] for at in range(0, len(names), OPTIONS)][:OPTION_GROUPS]
    element: View = {"type": "multi_static_select", "action_id": "value"}
    if len(pages) == 1:
        element["options"] = list(found.values())
    else:
        element["option_groups"] = [
            {"label": plain(f"{shorten(page[0], 35)} – {shorten(page[-1], 35)}"), "options": [found[n] for n in page]}
            for page in pages
        ]
    ticked = [found[name] for page in pages for name in page if name in chosen]
    return {**element, "initial_options": ticked} if ticked else element


def text_input(text: str, *, most_chars: int = MAX_QUESTION_CHARS) -> View:
    """Return a line to type in."""
    element: View = {"type": "plain_text_input", "action_id": "value", "max_length": most_chars}
    return {**element, "initial_value": text[:most_chars]} if text else element


def plain(text: str) -> View:
    """Return a text that means nothing to Slack."""
    return {"type": "plain_text", "text": text}
