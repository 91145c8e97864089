"""Read Slack messages, as a thread fetched by the API or as an export, into speech.

People's posts are speech; joins, leaves, topic changes and bots' posts are not and are only counted. The
latest wording of an edited post counts, deleted posts are gone.
"""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from workers.transcripts.notes_page import is_notes_page, read_notes_page
from workers.transcripts.pieces import Draft, Piece

_SPOKEN_SUBTYPES = frozenset({"", "me_message", "thread_broadcast", "file_share", "reply_broadcast", "huddle_thread"})
MOST_OFFSET_SECONDS = 14 * 3600  # of a clock from UTC
_EMOJI = re.compile(r"(?<!\S):[a-z0-9_+'-]+(?:::skin-tone-\d)?:(?!\S)")  # ":fire:", by itself
_MARK = re.compile(r"<([^<>\n]+)>")
_SECONDS = re.compile(r"^\d{9,11}(?:\.\d{1,6})?$")


def is_slack(document: object) -> bool:
    """Does this JSON hold Slack messages (a list, or an object with `messages`)?"""
    return any(_SECONDS.match(str(message.get("ts", ""))) is not None for message in _messages(document))


def read_slack(document: object, *, people: Mapping[str, str]) -> Draft:
    """Return the draft of Slack messages in the order they were sent; times count from the first.

    `people` maps account ids to names and wins over the names inside the file.
    """
    messages = _messages(document)
    names = {**_names(document, messages), **people}
    draft = Draft(source="slack_thread" if isinstance(document, Mapping) else "slack_export")
    latest = _latest_wordings(messages)
    spoken = [message for message in latest if _is_spoken(message)]
    left_out = len(latest) - len(spoken)
    began = _seconds(spoken[0]) if spoken else 0.0
    for message in spoken:
        account = str(message.get("user") or "")
        name = names.get(account) or _own_name(message) or account or None
        if name == account and account:
            draft.warn("unknown_people", "Some people are known only by their Slack id.")
        said = Piece(
            _plain(_text_of(message), names),
            name,
            _seconds(message) - began,
            None,
            f"ts {message['ts']}",
            f"slack:{account}" if account else None,
            _permalink(message),
        )
        draft.pieces += _with_notes(said, draft)
    if isinstance(document, Mapping):
        _read_header(document, draft)
    if spoken:
        draft.began_at = datetime.fromtimestamp(began, _zone(document))
        draft.date = draft.began_at.date()
    if left_out:
        draft.warn("posts_left_out", f"{left_out} automatic or bot post(s) were left out.")
    return draft


def _with_notes(said: Piece, draft: Draft) -> list[Piece]:
    """Return a message's pieces: itself, or the notes (a huddle's canvas) that it carries, where they can be told."""
    lines = said.text.splitlines()
    if not is_notes_page(lines):
        return [said]
    notes = read_notes_page(lines)
    draft.attendees += notes.attendees
    return [replace(piece, start=said.start, end=None, ref=said.ref, url=said.url) for piece in notes.pieces]


def _zone(document: object) -> timezone:
    """Return the zone of whoever asked for the messages, where that is said: "tomorrow" is their tomorrow."""
    offset = document.get("utc_offset_seconds") if isinstance(document, Mapping) else None
    is_known = isinstance(offset, int) and abs(offset) <= MOST_OFFSET_SECONDS
    return timezone(timedelta(seconds=offset)) if is_known and isinstance(offset, int) else UTC


def _read_header(document: Mapping[str, Any], draft: Draft) -> None:
    """Take what whoever fetched the messages says of them: a title, and that there were more."""
    title, cut = document.get("title"), document.get("cut")
    if isinstance(title, str) and title.strip():
        draft.title = title.strip()
    if isinstance(cut, str) and cut.strip():
        draft.warn("cut", cut.strip())


def _permalink(message: Mapping[str, Any]) -> str | None:
    link = message.get("permalink")
    return link if isinstance(link, str) and link.startswith("https://") else None


def _messages(document: object) -> list[Mapping[str, Any]]:
    found = document.get("messages") if isinstance(document, Mapping) else document
    if not isinstance(found, list):
        return []
    return [message for message in found if isinstance(message, Mapping) and "ts" in message]


def _names(document: object, messages: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    names: dict[str, str] = {}
    users = document.get("users") or document.get("members") if isinstance(document, Mapping) else None
    if isinstance(users, Mapping):
        entries: list[tuple[str, object]] = [(str(key), value) for key, value in users.items()]
    else:
        entries = [(str(u.get("id")), u) for u in users if isinstance(u, Mapping)] if isinstance(users, list) else []
    for account, user in entries:
        if (name := user if isinstance(user, str) else _profile_name(user)) is not None:
            names[account] = name
    for message in messages:
        if (name := _profile_name(message.get("user_profile"))) is not None:
            names.setdefault(str(message.get("user")), name)
    return names


def _profile_name(user: object) -> str | None:
    if not isinstance(user, Mapping):
        return None
    found = user.get("profile")
    profile = found if isinstance(found, Mapping) else {}
    places = (user.get("real_name"), profile.get("real_name"), user.get("display_name"), profile.get("display_name"), user.get("name"))  # fmt: skip  # noqa: E501
    return next((place.strip() for place in places if isinstance(place, str) and place.strip()), None)


def _own_name(message: Mapping[str, Any]) -> str | None:
    name = message.get("username")
    return name if isinstance(name, str) and name.strip() else None


def _seconds(message: Mapping[str, Any]) -> float:
    stamp = str(message["ts"])
    return float(stamp) if _SECONDS.match(stamp) else 0.0


def _latest_wordings(messages: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the messages by time, edits put in place of what they changed, deleted ones taken out."""
    by_stamp: dict[str, Mapping[str, Any]] = {}
    gone: set[str] = set()
    for message in messages:
        if message.get("subtype") == "message_changed" and isinstance(message.get("message"), Mapping):
            edited = message["message"]
            by_stamp[str(edited.get("ts", message["ts"]))] = {"ts": message["ts"], **edited}
        elif message.get("subtype") == "message_deleted":
            gone.add(str(message.get("deleted_ts")))
        else:
            by_stamp.setdefault(str(message["ts"]), message)
    return sorted((m for stamp, m in by_stamp.items() if stamp not in gone), key=_seconds)


def _is_spoken(message: Mapping[str, Any]) -> bool:
    subtype = message.get("subtype") or ""
    return subtype in _SPOKEN_SUBTYPES and not message.get("bot_id") and bool(_text_of(message).strip())


def _text_of(message: Mapping[str, Any]) -> str:
    text = message.get("text")
    text = text if isinstance(text, str) else ""
    files = message.get("files")
    named = [f["name"] for f in files if isinstance(f, Mapping) and isinstance(f.get("name"), str)] if isinstance(files, list) else []  # fmt: skip  # noqa: E501
    return text if text.strip() or not named else "[file: " + ", ".join(named) + "]"


def _plain(text: str, names: Mapping[str, str]) -> str:
    """Return Slack's markup as people see it."""
    return html.unescape(_MARK.sub(lambda mark: _shown(mark[1], names), _EMOJI.sub("", text)))


def _shown(mark: str, names: Mapping[str, str]) -> str:
    target, _, label = mark.partition("|")
    if target.startswith("@"):
        return "@" + (names.get(target[1:]) or label or target[1:])
    if target.startswith("#"):
        return "#" + (label or target[1:])
    if target.startswith("!"):
        return label or "@" + target[1:].split("^")[0]
    return label or target.removeprefix("mailto:")
