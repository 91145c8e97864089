"""The forms: ask for one kind of job, say what was wrong with an answer, set a channel up. Views only, no deeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from assistant.job_kinds import JOB_KINDS, JobKind
from assistant.mail.draft import LANGUAGES, LENGTHS, Tone
from assistant.storage.slack_store import ChannelSettings
from bot.platforms.slack.text import shorten

View = dict[str, Any]

MAX_QUESTION_CHARS = 3_000  # what a plain_text_input takes
DRAFT_EDIT, DRAFT_CHANGE = "steward:draft_edit", "steward:draft_change"  # callback ids
_DRAFT_LINES = (("to", "To"), ("cc", "Cc"), ("bcc", "Bcc"), ("subject", "Subject"))
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
    answer_here = {"text": _plain("Show the answer in this channel"), "value": "here"}
    blocks: list[View] = [
        {"type": "section", "text": _plain(kind.help_line)},
        _input("question", "What is it about?", {**_text_input(text), "multiline": True}),
    ]
    if place.get("channel"):
        box = {"type": "checkboxes", "action_id": "value", "options": [answer_here]}
        blocks.append(_input("where", "Who sees the answer", box, optional=True))
    return _modal(f"steward:ask:{kind.name}", kind.title, blocks, place)


def feedback(place: Mapping[str, Any]) -> View:
    """Return the form that asks what was wrong."""
    options = [{"text": _plain(label), "value": value} for value, label in REASONS.items()]
    reason = {"type": "static_select", "action_id": "value", "options": options}
    correction = {**_text_input(""), "multiline": True}
    blocks = [
        _input("reason", "What is wrong with the answer?", reason),
        _input("correction", "What would be right?", correction, optional=True),
    ]
    return _modal("steward:feedback", "Your feedback", blocks, place)


def channel(settings: ChannelSettings, place: Mapping[str, Any]) -> View:
    """Return the form of a channel's settings."""
    kinds = {kind.name: {"text": _plain(kind.title), "value": kind.name} for kind in JOB_KINDS.values()}
    chosen = [kinds[name] for name in settings.kinds if name in kinds]
    boxes: View = {"type": "checkboxes", "action_id": "value", "options": list(kinds.values())}
    without = {"text": _plain("Answer questions that don't mention me"), "value": "on"}
    mention: View = {"type": "checkboxes", "action_id": "value", "options": [without]}
    if settings.answers_without_mention:
        mention["initial_options"] = [without]
    if chosen:
        boxes["initial_options"] = chosen
    owners: View = {"type": "multi_users_select", "action_id": "value"}
    if settings.owners:
        owners["initial_users"] = list(settings.owners)
    blocks = [
        _input("kinds", "What may be asked here", boxes, optional=True),
        _input("mention", "When I answer", mention, optional=True),
        _input(
            "groups", "Groups that everybody in this channel is in", _text_input(", ".join(settings.groups)), True
        ),
        _input(
            "handoff", "Whom “Ask a human” calls (user or user group id)", _text_input(settings.handoff or ""), True
        ),
        _input("owners", "Who may change this (empty: workspace admins)", owners, optional=True),
    ]
    return _modal("steward:channel", "Steward here", blocks, place)


def draft_edit(values: Mapping[str, str], place: Mapping[str, Any]) -> View:
    """Return the form that edits a draft."""
    blocks = [_input(name, label, _text_input(values[name]), optional=True) for name, label in _DRAFT_LINES]
    blocks.append(_input("body", "Text", {**_text_input(values["body"]), "multiline": True}))
    return _modal(DRAFT_EDIT, "Edit the draft", blocks, place, submit="Keep")


def draft_change(values: Mapping[str, str], place: Mapping[str, Any]) -> View:
    """Return the form that asks for another tone, length and language."""
    tones = {tone: tone.capitalize() for tone in get_args(Tone)}
    lengths = {length: length.capitalize() for length in LENGTHS}
    choices = (("tone", "Tone", tones), ("length", "Length", lengths), ("language", "Language", LANGUAGES))
    blocks = [_input(name, label, _choice(options, values[name])) for name, label, options in choices]
    return _modal(DRAFT_CHANGE, "Write it anew", blocks, place, submit="Write")


def read_values(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was filled in, by block id: text, a choice's value, a list of values or users."""
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
    if "selected_option" in element:
        return (element["selected_option"] or {}).get("value")
    return element.get("value")


def _choice(options: Mapping[Any, str], chosen: str) -> View:
    shown = [{"text": _plain(words), "value": value} for value, words in options.items()]
    initial = next(one for one in shown if one["value"] == chosen)
    return {"type": "static_select", "action_id": "value", "options": shown, "initial_option": initial}


def _modal(
    callback_id: str, title: str, blocks: list[View], place: Mapping[str, Any], *, submit: str = "Send"
) -> View:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": _plain(shorten(title, 24)),
        "submit": _plain(submit),
        "close": _plain("Cancel"),
        "private_metadata": json.dumps(dict(place), separators=(",", ":"), default=str)[:3_000],
        "blocks": blocks,
    }


def _input(name: str, label: str, element: View, optional: bool = False) -> View:
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element, "optional": optional}


def _text_input(text: str) -> View:
    element: View = {"type": "plain_text_input", "action_id": "value", "max_length": MAX_QUESTION_CHARS}
    return {**element, "initial_value": text[:MAX_QUESTION_CHARS]} if text else element


def _plain(text: str) -> View:
    return {"type": "plain_text", "text": text}
