"""Read a question to the library: which kind of line, whose, from which days, and about what.

English and German, by rules. What isn't understood is part of what the question is about.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from assistant.minutes.lines import LineKind
from assistant.words import content_stems

_KINDS: tuple[tuple[LineKind, re.Pattern[str]], ...] = (
    (
        "action_items",
        re.compile(r"\b(?:action items?|tasks?|to-?dos?|aufgaben?|has to do|have to do|supposed to do)\b", re.I),
    ),
    (
        "open_questions",
        re.compile(r"\b(?:open|unanswered|unresolved|offene[nr]?) (?:questions?|points?|fragen?)\b", re.I),
    ),
    (
        "decisions",
        re.compile(r"\b(?:decisions?|decided?|agreed?|resolved|settled|beschlossen|beschlüsse|entschieden)\b", re.I),
    ),
)
_OPEN = re.compile(r"\b(?:open|outstanding|unfinished|pending|left|offene[nrs]?)\b", re.IGNORECASE)
_MINE = re.compile(r"\b(?:my|mine|i|meine[nr]?|ich)\b", re.IGNORECASE)
# "of Anna", "for Ben Okafor", "Anna's", "does Anna have": a capital letter is what tells a name from a word.
_PERSON = re.compile(
    r"\b(?:of|for|by|from|does|did|has|von|für)\s+(?P<after>[A-ZÀ-Þ][\w'-]+(?:\s+[A-ZÀ-Þ][\w'-]+)?)"
    r"|\b(?P<before>[A-ZÀ-Þ][\w-]+(?:\s+[A-ZÀ-Þ][\w-]+)?)['’]s\b"
)
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name} | {
    name.lower(): number for number, name in enumerate(calendar.month_abbr) if name
}
_MONTHS |= {"januar": 1, "februar": 2, "märz": 3, "mai": 5, "juni": 6, "juli": 7, "oktober": 10, "dezember": 12}
_MONTH = re.compile(rf"\b(?:in|during|im|of)\s+(?P<month>{'|'.join(_MONTHS)})\b\.?(?:\s+(?P<year>\d{{4}}))?", re.I)
_YEAR = re.compile(r"\b(?:in|during|im jahr)\s+(\d{4})\b", re.IGNORECASE)
_QUARTER = re.compile(r"\b(?:in\s+)?q([1-4])(?:\s+(\d{4}))?\b", re.IGNORECASE)
_LAST = re.compile(r"\b(?:last|past|this|letzte[nrs]?|diese[nrs]?)\s+(week|month|year|woche|monat|jahr)\b", re.I)
_DAY = re.compile(r"\b(?P<how>since|after|before|until|on|seit|vor|am)\s+(?P<day>\d{4}-\d{2}-\d{2})\b", re.I)
_RELATIVE = re.compile(r"\b(yesterday|today|gestern|heute)\b", re.IGNORECASE)
_ASKING = frozenset(
    {"decid", "decision", "agre", "resolv", "settl", "action", "item", "task", "todo", "to-do", "open", "question"}
    | {"outstand", "meet", "minut", "discus", "talk", "mention", "last", "week", "month", "year", "show", "list"}
    | {"find", "library", "unanswer", "unresolv", "pend", "since", "point", "tell", "give", "happen", "conclusion"}
)


@dataclass(frozen=True, slots=True)
class LibraryQuestion:
    """A question as it was understood. Days are both included; None: no bound."""

    kind: LineKind | None  # None: any line, and what was said
    person: str | None  # as written; "" for whoever asks
    is_open: bool  # finished tasks don't count
    since: date | None
    until: date | None
    stems: tuple[str, ...]  # what it is about


def read_question(text: str, today: date) -> LibraryQuestion:
    """Return what the question asks for; never fails."""
    since, until, rest = _period(text, today)
    kind = next((name for name, pattern in _KINDS if pattern.search(rest)), None)
    person = _person(rest, kind)
    if person:
        rest = rest.replace(person, " ")
    stems = tuple(stem for stem in dict.fromkeys(content_stems(rest)) if stem not in _ASKING)
    is_open = kind == "action_items" and bool(_OPEN.search(text))
    return LibraryQuestion(kind, person, is_open, since, until, stems)


def _person(text: str, kind: LineKind | None) -> str | None:
    found = _PERSON.search(text)
    if found and (name := found["after"] or found["before"]).lower() not in _MONTHS:
        return name
    return "" if kind == "action_items" and _MINE.search(text) else None


def _period(text: str, today: date) -> tuple[date | None, date | None, str]:
    """Return the days the question names, and the question without them."""
    for pattern, days in (
        (_DAY, _of_day),
        (_QUARTER, _of_quarter),
        (_MONTH, _of_month),
        (_LAST, _of_last),
        (_RELATIVE, _of_relative),
        (_YEAR, _of_year),
    ):
        for found in _matches(pattern, text):
            since, until = days(found, today)
            return since, until, f"{text[: found.start()]} {text[found.end() :]}"
    return None, None, text


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the first match; "may" is a month only with a capital letter."""
    for found in pattern.finditer(text):
        if not (pattern is _MONTH and found["month"] == "may"):
            yield found
            return


def _of_day(found: re.Match[str], today: date) -> tuple[date | None, date | None]:
    try:
        day = date.fromisoformat(found["day"])
    except ValueError:  # the 31st of a short month
        return None, today
    how = found["how"].lower()
    if how in ("on", "am"):
        return day, day
    return (day, None) if how in ("since", "after", "seit") else (None, day)


def _of_month(found: re.Match[str], today: date) -> tuple[date, date]:
    """The month of the year named, else the latest that has begun."""
    month = _MONTHS[found["month"].lower()]
    year = int(found["year"]) if found["year"] else today.year - (month > today.month)
    return _months(year, month, month)


def _of_quarter(found: re.Match[str], today: date) -> tuple[date, date]:
    last = int(found[1]) * 3
    year = int(found[2]) if found[2] else today.year - (last - 2 > today.month)
    return _months(year, last - 2, last)


def _of_year(found: re.Match[str], today: date) -> tuple[date, date]:
    del today
    year = max(1, int(found[1]))
    return date(year, 1, 1), date(year, 12, 31)


def _of_last(found: re.Match[str], today: date) -> tuple[date, date]:
    """Last week is the seven days before this week's Monday; "this" runs until today."""
    is_this = found[0].lower().startswith(("this", "diese"))
    unit = found[1].lower()
    if unit in ("week", "woche"):
        monday = today - timedelta(days=today.weekday())
        return (monday, today) if is_this else (monday - timedelta(days=7), monday - timedelta(days=1))
    if unit in ("month", "monat"):
        first = today.replace(day=1)
        return (first, today) if is_this else ((first - timedelta(days=1)).replace(day=1), first - timedelta(days=1))
    year = today.year if is_this else today.year - 1
    return date(year, 1, 1), date(year, 12, 31)


def _of_relative(found: re.Match[str], today: date) -> tuple[date, date]:
    day = today - timedelta(days=found[1].lower() in ("yesterday", "gestern"))
    return day, day


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])
