"""Notice days that need a person: sources that disagree, a weekday that doesn't fit, words that move with the clock.

Only reports; which sentence is then left out, and how it is said, is decided in run.py and offline.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from workers.jobs.email_draft.extracts import sentences_of
from workers.jobs.email_draft.facts import MONTH, Day, facts_in, without_placeholders
from workers.jobs.email_draft.material import Source
from workers.validation.citations import stems

MOST_MENTIONS = 150  # days compared with each other; a longer list is a calendar rather than a thread
_EVENTS = (
    "deadline launch release golive kickoff delivery due workshop offsite hands conference webinar migration "
    "cutover appointment interview audit demo training start closing submission meeting call termin frist "
    "abgabe lieferung besprechung"
)
_SINGULAR = frozenset(stems("deadline launch release kickoff delivery migration cutover audit frist abgabe offsite"))
_WEEKDAY_NAMES = (
    "monday montag lundi lunes",
    "tuesday dienstag mardi martes",
    "wednesday mittwoch mercredi miércoles",
    "thursday donnerstag jeudi jueves",
    "friday freitag vendredi viernes",
    "saturday samstag samedi sábado",
    "sunday sonntag dimanche domingo",
)
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}
_WEEKDAY = "(?:" + "|".join(_WEEKDAYS) + ")"
_WITH_WEEKDAY = re.compile(rf"\b({_WEEKDAY}),?\s+(?:the\s+|den\s+|le\s+)?(?=\d|[A-Z])", re.IGNORECASE)
_RANGE = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th|\.)?\s*(?:-|–|to|until|bis|and)\s*(?:{_WEEKDAY}\s+)?(\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{MONTH}(?:\s+(\d{{4}}))?",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    rf"\b(?:(?:next|this|last|coming|following|nächste[nrs]?|kommende[nrs]?|diese[nrs]?|letzte[nrs]?)\s+(?:{_WEEKDAY}|week|month|quarter|year|weekend|woche|monat|quartal|jahr|wochenende)|"
    rf"{_WEEKDAY}(?: (?:next week|morning|afternoon|evening|noon|night))?|tomorrow(?: (?:morning|afternoon"
    rf"|evening))?|yesterday|today|tonight|day after tomorrow|"
    r"in (?:\d+|an?|one|two|three|four|five|six|a few|a couple of) (?:hours?|days?|weeks?|months?)|(?:by "
    r"|at )?(?:the )?end of (?:the |this |next )?(?:day|week|month|quarter|year)|"
    r"heute|morgen(?! früh)|übermorgen|gestern|in (?:\d+|ein\w*|zwei|drei) (?:tag|woche|monat)\w*|ende (?:der"
    r"|dieser|nächster|des) (?:woche|monats?|jahres|quartals)|"
    r"demain|aujourd'hui|hier|la semaine prochaine|(?:lundi|mardi|jeudi|vendredi) prochain|mañana|hoy"
    r"|la próxima semana|el próximo \w+|amanhã|hoje|na próxima \w+)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Days for the same thing that differ, as written, with where they stand."""

    days: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def said(self) -> str:
        """The contradiction in one sentence."""
        pairs = (f"“{day}” ({place})" for day, place in zip(self.days, self.places, strict=True))
        return f"The dates contradict each other: {' and '.join(pairs)}."


def contradictions(sources: Sequence[Source]) -> list[Contradiction]:
    """Return what the sources (the asker's words among them) disagree on."""
    found: list[Contradiction] = []
    ranges = [(match, source) for source in sources for match in _RANGE.finditer(source.text)][:MOST_MENTIONS]
    for number, (first, where) in enumerate(ranges):
        for second, there in ranges[number + 1 :]:
            if _overlap(first, second):
                found.append(
                    Contradiction(
                        (" ".join(first[0].split()), " ".join(second[0].split())), (where.title, there.title)
                    )
                )
    mentions = [
        (sentence, day, source)
        for source in sources
        for sentence in sentences_of(source)
        if not _RANGE.search(sentence)
        for day in facts_in(sentence).days[:1]
    ][:MOST_MENTIONS]
    for number, (sentence, day, source) in enumerate(mentions):
        for other_sentence, other_day, other in mentions[number + 1 :]:
            if not day.agrees(other_day) and _same_event(sentence, other_sentence, day, other_day):
                found.append(Contradiction((day.shown.strip(), other_day.shown.strip()), (source.title, other.title)))
    unique: dict[frozenset[tuple[int, int]], Contradiction] = {}
    for one in found:
        days = frozenset((day.month, day.day) for text in one.days for day in facts_in(text).days)
        unique.setdefault(days, one)
    return list(unique.values())[:4]


def wrong_weekdays(text: str, today: date) -> list[str]:
    """Return sentences about days whose weekday doesn't fit; a day without a year is its next one."""
    said = []
    for match in _WITH_WEEKDAY.finditer(text):
        rest = text[match.end() : match.end() + 40]
        days = [day for day in facts_in(rest).days if rest.lower().lstrip().startswith(day.shown.lower().strip()[:3])]
        real = _calendar(days[0], today) if days else None
        if real is not None and real.weekday() != _WEEKDAYS[match[1].lower()]:
            said.append(f"{days[0].shown.strip()} is a {real:%A} in {real.year}, not a {match[1]}.")
    return list(dict.fromkeys(said))


def relative_days(text: str) -> list[str]:
    """Return words that mean another day tomorrow ("next Friday"), verbatim; a weekday beside its date is none."""
    plain = without_placeholders(text)
    found = []
    for match in _RELATIVE.finditer(plain):
        after = plain[match.end() : match.end() + 30]
        before = plain[max(0, match.start() - 25) : match.start()]
        if re.match(
            rf",?\s*(?:the |den |le )?(?:\d{{1,2}}(?:st|nd|rd|th|\.)?(?:\s|$)|{MONTH}|\d{{4}}-)", after, re.IGNORECASE
        ):
            continue
        if re.search(r"\d{4}-\d\d-\d\d \(?$|\(\s*$", before) and match[0].lower() in _WEEKDAYS:
            continue
        bare = match[0].lower() in _WEEKDAYS
        if bare and not re.search(
            r"\b(?:on|by|until|till|before|after|since|from|for|am|bis|vor|ab|le|avant|el|hasta)\s+(?:den |zum )?$",
            before,
            re.I,
        ):
            continue
        found.append(" ".join(match[0].split()))
    return list(dict.fromkeys(found))


def _overlap(one: re.Match[str], other: re.Match[str]) -> bool:
    first, second = facts_in(one[0]).days, facts_in(other[0]).days
    if len(first) < 2 or len(second) < 2 or first[0].month != second[0].month:
        return False
    if first[0].year and second[0].year and first[0].year != second[0].year:
        return False
    spans = ((first[0].day, first[1].day), (second[0].day, second[1].day))
    return spans[0] != spans[1] and max(spans[0][0], spans[1][0]) <= min(spans[0][1], spans[1][1])


def _same_event(one: str, other: str, day: Day, other_day: Day) -> bool:
    """Whether two sentences with one day each are about the same appointment: by its noun, and more than that."""
    if day.year and other_day.year and day.year != other_day.year:
        return False
    events = stems(_EVENTS)
    shared = stems(one) & stems(other)
    named = shared & events
    return bool(named & _SINGULAR) or (bool(named) and len(shared - events) >= 1)


def _calendar(day: Day, today: date) -> date | None:
    try:
        if day.year is not None:
            return date(day.year, day.month, day.day)
        found = date(today.year, day.month, day.day)
        return found if (today - found).days < 60 else date(today.year + 1, day.month, day.day)
    except ValueError:
        return None
