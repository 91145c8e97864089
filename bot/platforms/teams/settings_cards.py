"""The forms of settings in Teams as cards: what they show, and what is read from what they bring back.

They show what has an effect in Teams. What a channel's readers may all read comes from its roster (people.py), so
groups are not asked for; what a form does not show stays as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from pydantic import ValidationError

from assistant.errors import RequestInvalid
from assistant.job_kinds import JOB_KINDS
from assistant.mail.draft import LANGUAGES as LANGUAGES_OF_MAIL
from assistant.mail.style import BETWEEN, MAX_STYLE_CHARS
from assistant.manner import LANGUAGES, NAME, TONES
from assistant.preferences import CHANNEL_FIELDS, MAX_SIGNATURE_CHARS, ChannelSettings, PersonSettings
from assistant.storage.preference_store import SettingsChange
from bot.platforms.teams import cards
from bot.platforms.teams.text import plain, shorten

OPEN = "settings_open"
CHANNEL_SAVED = "settings_channel"
PERSON_SAVED = "settings_person"
NAMES = (OPEN, CHANNEL_SAVED, PERSON_SAVED)
MAX_SPACES = 100  # options of a list
MAX_OWNERS = 50
MAX_LINE_CHARS = 300  # of who changed what
MAX_OWNER_CHARS = 240  # an account's id, as in wire.py
AS_ASKED = "-"  # the choice that leaves the language to the question
MEMBERS = "graph.microsoft.com/users?scope=currentContext"  # Teams' own list of who is in the conversation
Json = dict[str, Any]


def invitation() -> Json:
    """Return the card that everybody in a channel sees: the form itself is shown to who presses, and may."""
    words = cards.text_block("How I behave here is set by the owners that my settings name, and by administrators.")
    return {
        "type": "message",
        "summary": "Settings",
        "attachments": [cards.card([words], [cards.button(OPEN, "Change settings", {}, "primary")])],
    }


def channel_card(
    settings: ChannelSettings,
    *,
    spaces: Collection[str],
    names: Mapping[str, str],
    changes: Sequence[SettingsChange] = (),
) -> Json:
    """Return the form of a channel, filled in; `names` has those of its owners and of who changed it, by id."""
    titles = {kind.name: kind.title for kind in JOB_KINDS.values()}
    body = [_several("kinds", "What may be asked here", titles, settings.kinds)]
    others = sorted({*spaces} - {*settings.spaces})  # behind those chosen: a list that is cut must not lose them
    offered = {name: name for name in [*settings.spaces, *others][:MAX_SPACES]}
    if offered:
        label = "Documents that answers come from (none ticked: from all that the readers may read)"
        body.append(_several("spaces", label, offered, settings.spaces))
    body += _manner("Tone of answers", "Language of answers", settings.tone, settings.language)
    picker = _several(
        "owners",
        "Who may change this (nobody: administrators)",
        {one: names.get(one, one) for one in settings.owners},
        settings.owners,
    )
    body.append({**picker, "style": "compact", "choices.data": {"type": "Data.Query", "dataset": MEMBERS}})
    body += [cards.text_block(_in_words(one, names), isSubtle=True, size="Small") for one in changes]
    return cards.card(body, [cards.button(CHANNEL_SAVED, "Save", {}, "primary")])


def person_card(settings: PersonSettings) -> Json:
    """Return the form of somebody's own settings, filled in."""
    body = _manner("Tone in this chat", "Language in this chat", settings.tone, settings.language)
    signature = {"value": settings.signature, "maxLength": MAX_SIGNATURE_CHARS}
    body += [
        {
            "type": "Input.Text",
            "id": "signature",
            "label": "Name under my e-mail drafts (empty: my name)",
            **signature,
        },
        {
            "type": "Input.Toggle",
            "id": "learns_mail_style",
            "label": "My e-mails",
            "title": "Learn how I begin and end e-mails from drafts I save or send (off: forget what was learned)",
            "value": _truth(settings.learns_mail_style),
            "wrap": True,
        },
    ]
    body += [
        {
            "type": "Input.Text",
            "id": f"style_{language}",
            "label": f"My e-mails in {LANGUAGES_OF_MAIL[language]}: greeting with {NAME} for the name, {BETWEEN} for "
            "the text, sign-off, signature (empty: forget it)",
            "value": text,
            "isMultiline": True,
            "maxLength": MAX_STYLE_CHARS,
        }
        for language, text in settings.styles_to_edit.items()
    ]
    return cards.card(body, [cards.button(PERSON_SAVED, "Save", {}, "primary")])


def read_channel(data: Mapping[str, Any], before: ChannelSettings, *, spaces: Collection[str]) -> ChannelSettings:
    """Return the settings of a channel's form; what it does not show stays as it was `before`.

    Raises:
        RequestInvalid: a value is none of those offered.
    """
    kinds, chosen, owners = (_chosen(data, name) for name in ("kinds", "spaces", "owners"))
    is_offered = set(kinds) <= {*JOB_KINDS, *before.kinds} and set(chosen) <= {*spaces, *before.spaces}
    if not is_offered or len(owners) > MAX_OWNERS or any(len(owner) > MAX_OWNER_CHARS for owner in owners):
        raise _not_offered()
    values = {"kinds": kinds, "spaces": chosen, "owners": owners, **_read_manner(data)}
    try:
        return ChannelSettings.model_validate({**before.model_dump(), **values})
    except ValidationError as error:
        raise _not_offered() from error


def read_person(data: Mapping[str, Any], before: PersonSettings, *, now: datetime) -> PersonSettings:
    """Return the settings of somebody's own form; what it does not show stays as it was `before`.

    Raises:
        RequestInvalid: a value is none of those offered, or what stands for how they write can't be read.
    """
    values = {"signature": " ".join(str(data.get("signature") or "").split()), **_read_manner(data)}
    try:
        settings = PersonSettings.model_validate({**before.model_dump(), **values})
    except ValidationError as error:
        raise _not_offered() from error
    written = {one: str(data[f"style_{one}"] or "") for one in LANGUAGES_OF_MAIL if f"style_{one}" in data}
    return settings.with_style_form(data.get("learns_mail_style") == _truth(True), written, now=now)


def _in_words(change: SettingsChange, names: Mapping[str, str]) -> str:
    who = plain(names.get(change.changed_by, change.changed_by))
    what = ", ".join(CHANNEL_FIELDS.get(name, name) for name in change.changes)
    return shorten(f"{change.at:%Y-%m-%d %H:%M} UTC · {who} changed {what}", MAX_LINE_CHARS)


def _manner(tone_label: str, language_label: str, tone: str, language: str | None) -> list[Json]:
    hint = "Tone and language count where a language model writes. Quotes stay as the documents have them."
    return [
        _one("tone", tone_label, TONES, tone),
        _one("language", language_label, {AS_ASKED: "As the question", **LANGUAGES}, language or AS_ASKED),
        cards.text_block(hint, isSubtle=True, size="Small"),
    ]


def _read_manner(data: Mapping[str, Any]) -> Json:
    language = data.get("language") or AS_ASKED
    return {"tone": data.get("tone") or "neutral", "language": None if language == AS_ASKED else language}


def _one(name: str, label: str, options: Mapping[str, str], value: str) -> Json:
    choices = [{"title": words, "value": key} for key, words in options.items()]
    return {"type": "Input.ChoiceSet", "id": name, "label": label, "choices": choices, "value": value}


def _several(name: str, label: str, options: Mapping[str, str], chosen: Collection[str]) -> Json:
    """Return a list of which several may be chosen: they come back with commas between, hence the quoting."""
    choices = [{"title": words, "value": quote(key, safe="")} for key, words in options.items()]
    value = ",".join(quote(key, safe="") for key in chosen)
    fields = {"label": label, "isMultiSelect": True, "wrap": True, "choices": choices, "value": value}
    return {"type": "Input.ChoiceSet", "id": name, "style": "expanded", **fields}


def _chosen(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    parts = (unquote(part.strip()) for part in str(data.get(name) or "").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _truth(is_so: bool) -> str:
    return "true" if is_so else "false"  # what a toggle brings back


def _not_offered() -> RequestInvalid:
    return RequestInvalid(
        "settings with a value that is not offered", reply="That can't be kept: a value is not offered."
    )
