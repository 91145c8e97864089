"""Narrow an index to what a question is only about: "only tenant acme", "what about payments?"

A service that is merely named ("why is checkout failing?") narrows nothing: its trouble may come from elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.logs.index import LogIndex
from workers.logs.queries import lines_of

_ABOUT = re.compile(
    r"\b(?:only|just|(?:what|how)\s+about)\s+(?:the\s+|those\s+of\s+|for\s+|of\s+|in\s+)?(?P<words>[^?!;,]{2,80})",
    re.IGNORECASE,
)
VALUE_KINDS = (
    "tenant", "customer", "client", "user", "account", "host", "node", "pod", "container", "region", "zone", "shard",
    "version", "route", "order", "session", "job", "queue", "topic", "shop", "store", "device", "request", "trace",
)  # fmt: skip
_NAMED_VALUE = re.compile(
    rf"\b(?P<name>{'|'.join(VALUE_KINDS)})\s*(?:id\s*)?[=:]?\s*[`'\"]?(?P<value>[\w.:/-]*[\w])[`'\"]?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Scope:
    """An index as far as the question goes, and what to tell about it."""

    index: LogIndex
    services: tuple[str, ...] = ()  # to judge; empty: all
    notes: tuple[str, ...] = ()


def scoped(index: LogIndex, question: str) -> Scope:
    """Return the index narrowed to the services or the value that the question is only about."""
    about = _ABOUT.search(question)
    if about is None:
        return Scope(index)
    words = about["words"]
    named = tuple(name for name in index.services if _holds(words, name))
    if named:
        return Scope(index, named, (f"Only {' and '.join(named)}, of {len(index.services)} services.",))
    value = _NAMED_VALUE.search(words)
    if value is None:
        return Scope(index, notes=(f"No service of these logs is called like “{words.strip()}”: all are shown.",))
    narrowed = lines_of(index, value["value"])
    if not narrowed.rows.height:
        return Scope(index, notes=(f"No line names {value[0].strip()}: all lines are shown.",))
    sampled = "" if index.kept_all else " of those kept to search"
    return Scope(narrowed, notes=(f"Only the {narrowed.rows.height:,} lines{sampled} that name {value[0].strip()}.",))


def value_wanted(question: str) -> str:
    """Return the value that the question is only about ("only tenant acme", "just trace 4bf92f"); "" for none."""
    about = _ABOUT.search(question)
    value = _NAMED_VALUE.search(about["words"]) if about else None
    return value["value"] if value else ""


def _holds(words: str, service: str) -> bool:
    return len(service) > 1 and bool(re.search(rf"(?<![\w-]){re.escape(service)}(?![\w-])", words, re.IGNORECASE))
