"""Which sources and services the asker's words mean, among those that they, and whoever reads along, may query.

"Inspect the logs of payments" is about payments alone. "Why is checkout failing?" is about whatever makes it fail, so
every source is read and checkout only named. A service that nobody declared is asked back about, with near names.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from assistant.access import groups_of
from assistant.errors import NotPermitted, RequestInvalid
from assistant.log_sources import AnySource, LogSources
from assistant.mentions import Mention

SHOWN_SERVICES = 20
NEAR = 0.72  # difflib's ratio; "paymnets" and "payment-api" are near payments, "payroll" is not
_LOGS_OF = re.compile(r"\blogs?\s+(?:of|from|for)\s+(?:the\s+)?[`'\"]?([A-Za-z][\w.-]*[\w])[`'\"]?", re.IGNORECASE)
_ONLY = re.compile(
    r"\b(?:only|just)\s+(?:the\s+)?(?:logs?\s+(?:of|from|for)\s+)?[`'\"]?([A-Za-z][\w.-]*\w)", re.IGNORECASE
)
_NOT_NAMES = frozenset(
    [
        "last",
        "past",
        "previous",
        "today",
        "yesterday",
        "this",
        "that",
        "these",
        "those",
        "all",
        "every",
        "errors",
        "error",
        "the",
        "a",
        "an",
        "our",
        "my",
        "one",
        "each",
        "any",
        "production",
        "prod",
        "staging",
        "services",
        "service",
        "incident",
        "outage",
        "problem",
        "problems",
    ]
)  # what may follow "the logs of" and names no service


@dataclass(frozen=True, slots=True)
class Choice:
    """What will be read."""

    sources: tuple[AnySource, ...]
    services: tuple[str, ...]  # read only these; empty: all
    named: tuple[str, ...]  # the declared services the question names
    notes: tuple[str, ...] = ()


def choose(mention: Mention, declared: LogSources, *, services: tuple[str, ...] = ()) -> Choice:
    """Return the sources and services that the question is about; `services` are those of a form or an alert.

    Raises:
        RequestInvalid: nothing is declared, or a service is asked for that is not; the reply says what there is.
        NotPermitted: it is declared, and the asker or the readers of the channel may not see it.
    """
    if not declared.sources:
        raise RequestInvalid(
            "no log sources are declared",
            reply="Attach the log files to your question, or have an operator declare log sources "
            "(STEWARD_LOG_SOURCES, or STEWARD_LOG_FOLDERS for folders).",
        )
    readable = declared.for_readers(mention)
    names = readable.names
    limited, unknown = _asked(mention.text, names, services)
    if unknown:
        _refuse_unknown(unknown, mention, declared, readable)
    if not readable.sources:
        raise _not_permitted("", mention, declared)
    hidden = sorted(set(_named_in(mention.text, declared.names)) - set(_named_in(mention.text, names)))
    notes = [f"You asked about {name}, whose logs are not shown here." for name in hidden]
    if left_out := len(declared.for_asker(mention).sources) - len(readable.sources):
        notes.append(
            f"{left_out} of your log sources {'is' if left_out == 1 else 'are'} left out, as not everyone in this "
            "channel may see them. In a direct message I can use them."
        )
    sources = tuple(
        one for one in readable.sources if not limited or not one.services or set(limited) & set(one.services)
    )
    return Choice(sources, limited, _named_in(mention.text, names), tuple(notes))


def _asked(text: str, names: dict[str, str], given: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Return the services that reading is limited to, and a name that is none of them, if there is one."""
    said = list(given) or [match[1] for pattern in (_LOGS_OF, _ONLY) for match in pattern.finditer(text)]
    meant: list[str] = []
    for word in said:
        service = _meant(word, names)
        if service is not None:
            meant.append(service)
        elif word.lower() not in _NOT_NAMES:
            return (), word
    if meant and not given:
        meant += [service for service in _named_in(text, names) if f"and {service}" in text.lower()]
    return tuple(dict.fromkeys(meant)), ""


def _meant(word: str, names: dict[str, str]) -> str | None:
    lowered = word.lower().strip(".")
    for spelled in (lowered, lowered.removesuffix("-service"), lowered.removesuffix("'s"), f"{lowered}-service"):
        if spelled in names:
            return names[spelled]
    return None


def _named_in(text: str, names: dict[str, str]) -> tuple[str, ...]:
    lowered = text.lower()
    found = {
        service for name, service in names.items() if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", lowered)
    }
    return tuple(sorted(found))


def _refuse_unknown(word: str, mention: Mention, declared: LogSources, readable: LogSources) -> None:
    """Refuse a service that no readable source holds. Sources that are not sorted by service may hold anything."""
    if _meant(word, declared.names) is not None:
        raise _not_permitted(word, mention, declared)
    if any(not one.services for one in readable.sources) or not readable.sources:
        return
    names = readable.names
    near = difflib.get_close_matches(word.lower(), names, n=3, cutoff=NEAR)
    meant = tuple(dict.fromkeys(names[name] for name in near))
    question = f"Did you mean {' or '.join(meant)}? " if meant else ""
    listed = ", ".join(readable.services[:SHOWN_SERVICES])
    raise RequestInvalid(
        f"no declared service is called {word!r}",
        reply=f"I know no service called {word}. {question}I can look into: {listed}.",
    )


def _not_permitted(word: str, mention: Mention, declared: LogSources) -> NotPermitted:
    logs = f"the logs of {word}" if word else "any of the log sources"
    own = declared.for_asker(mention).sources
    may_ask = any(not word or _meant(word, LogSources(sources=(one,)).names) for one in own)
    if may_ask:
        return NotPermitted(
            f"the channel's readers may not see {logs}",
            reply=f"You may query {logs}, but not everyone in this channel may see them. Ask me in a direct message.",
        )
    return NotPermitted(
        f"groups {', '.join(groups_of(mention.asker))} may not query {logs}",
        reply=f"You may not query {logs}. Your administrator can tell you who may.",
    )
