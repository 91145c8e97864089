"""Find what a document says of itself: version, dates in force, owner, regions, status.

Formats differ in where it stands (front matter, `<meta>`, document properties, a table or a line under the
title); the words for it are the same everywhere, and this module knows them. A value that can't be read is a
warning, never a guess.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dateutil import parser as dates

_LABELS: dict[str, tuple[str, ...]] = {
    "title": ("title", "document title", "titel"),
    "version": ("version", "document version", "revision", "rev"),
    "effective_from": (
        "effective from", "effective date", "effective", "valid from", "in force since", "in force from",
        "applies from", "gültig ab", "gueltig ab", "vigente desde", "em vigor desde",
    ),
    "effective_to": ("effective to", "effective until", "valid to", "valid until", "expires", "gültig bis"),
    "owner": ("owner", "document owner", "policy owner", "responsible", "verantwortlich", "author", "contact"),
    "owner_email": ("owner email", "owner e mail", "contact email"),
    "regions": ("regions", "region", "applies in", "countries", "country", "geltungsbereich"),
    "status": ("status", "state"),
    "language": ("language", "lang", "sprache"),
    "url": ("url", "link", "source", "canonical"),
}  # fmt: skip
_FIELD_OF = {label: field for field, labels in _LABELS.items() for label in labels}
_STATUSES = {
    "current": "current", "active": "current", "approved": "current", "published": "current", "final": "current",
    "in force": "current", "superseded": "superseded", "replaced": "superseded", "archived": "superseded",
    "obsolete": "superseded", "withdrawn": "superseded", "deprecated": "superseded", "expired": "superseded",
    "draft": "draft", "proposed": "draft", "in review": "draft",
}  # fmt: skip
_PAIR = re.compile(r"^\s*\**([A-Za-zÀ-ÿ][\w \-/À-ÿ]{2,30}?)\**\s*[:：]\s*\**\s*(\S.*?)\s*\**\s*$")
_MONTHS = {
    "januar": "january", "februar": "february", "märz": "march", "mai": "may", "juni": "june", "juli": "july",
    "oktober": "october", "dezember": "december",
}  # fmt: skip
_AMBIGUOUS = re.compile(r"^\s*(\d{1,2})[./](\d{1,2})[./]\d{2,4}\s*$")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What was found; None or empty where the document says nothing."""

    title: str | None = None
    version_label: str | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    owner: str | None = None
    regions: tuple[str, ...] = ()
    status: str = "current"
    language: str | None = None
    url: str | None = None
    warnings: tuple[str, ...] = ()

    def of_document(self) -> dict[str, Any]:
        """Return the fields that a ParsedDocument takes as they are (all but title and language)."""
        names = ("version_label", "effective_from", "effective_to", "owner", "regions", "status", "url", "warnings")
        return {name: getattr(self, name) for name in names}


def read_metadata(pairs: Mapping[str, object]) -> Metadata:
    """Return the metadata in label-value pairs, whatever the labels' case, blanks and language."""
    found: dict[str, object] = {}
    for label, value in pairs.items():
        field = field_of(label)
        if field and value not in (None, "", []) and field not in found:
            found[field] = value
    warnings: list[str] = []
    owner, email = _text(found.get("owner")), _text(found.get("owner_email"))
    return Metadata(
        title=_text(found.get("title")),
        version_label=_text(found.get("version")),
        effective_from=_date(found.get("effective_from"), "effective from", warnings),
        effective_to=_date(found.get("effective_to"), "effective to", warnings),
        owner=f"{owner} ({email})" if owner and email and email not in owner else owner or email,
        regions=_list(found.get("regions")),
        status=_status(found.get("status"), warnings),
        language=_text(found.get("language")),
        url=_url(found.get("url")),
        warnings=tuple(warnings),
    )


def field_of(label: str) -> str | None:
    """Return which field a label names, or None for any other words."""
    return _FIELD_OF.get(" ".join(re.sub(r"[_\-:]+", " ", label).lower().split()))


def pairs_in_lines(lines: Iterable[str]) -> dict[str, object]:
    """Return the label-value pairs of lines like `Version: 2.1 | Owner: HR`; only labels known here count."""
    pairs: dict[str, object] = {}
    for line in lines:
        for part in re.split(r"\s+[|•·;]\s+|\t+", line):
            match = _PAIR.match(part)
            if match and field_of(match[1]):
                pairs.setdefault(match[1], match[2])
    return pairs


def _text(value: object) -> str | None:
    return " ".join(str(value).split()) or None if value is not None else None


def _list(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list | tuple) else re.split(r"[,;/]| and ", str(value or ""))
    return tuple(text for part in parts if (text := str(part).strip()))


def _status(value: object, warnings: list[str]) -> str:
    text = (_text(value) or "current").lower()
    if text not in _STATUSES:
        warnings.append(f"its status {text!r} isn't one I know; it is taken as current")
    return _STATUSES.get(text, "current")


def _url(value: object) -> str | None:
    text = _text(value)
    return text if text and re.match(r"https?://\S+$", text) else None


def _date(value: object, label: str, warnings: list[str]) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if isinstance(value, datetime):
        return value.date()
    text = str(value).strip()
    parsed = _parse_date(text)
    if parsed is None:
        warnings.append(f"its date {label!r}, {text[:40]!r}, can't be read; write it as 2026-03-31")
    return parsed


def _parse_date(text: str) -> date | None:
    ambiguous = _AMBIGUOUS.match(text)
    if ambiguous and "/" in text and int(ambiguous[1]) <= 12 and int(ambiguous[2]) <= 12:
        return None  # 03/04/2026 is March in Chicago and April in Lisbon
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text).date()
    english = re.sub(r"[^\W\d_]+", lambda word: _MONTHS.get(word[0].lower(), word[0]), text)
    try:
        # Two defaults: a part that the text doesn't give would differ between them.
        first, second = (
            dates.parse(english, dayfirst=True, default=default)
            for default in (datetime(2000, 1, 1), datetime(2001, 2, 2))
        )
    except (ValueError, OverflowError):
        return None
    return first.date() if first.date() == second.date() else None
