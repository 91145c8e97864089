"""Find the facts of a text on the letter: days, amounts, other numbers, addresses and links.

Facts are compared, never shown: "3 March 2026", "March 3rd" and "3.3.2026" are days that agree, "$4,500" and
"USD 4500" the same amount. Whether a fact is supported is decided in checks.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.mail.draft import PLACEHOLDER
from workers.validation.citations import stems
from workers.validation.text_support import addresses

_MONTH_NAMES = (
    ("january", "jan", "januar", "janvier", "enero", "janeiro"),
    ("february", "feb", "februar", "février", "febrero", "fevereiro"),
    ("march", "mar", "märz", "mars", "marzo", "março"),
    ("april", "apr", "avril", "abril"),
    ("may", "mai", "mayo", "maio"),
    ("june", "jun", "juni", "juin", "junio", "junho"),
    ("july", "jul", "juli", "juillet", "julio", "julho"),
    ("august", "aug", "août", "agosto"),
    ("september", "sept", "sep", "septembre", "septiembre", "setembro"),
    ("october", "oct", "oktober", "okt", "octobre", "octubre", "outubro"),
    ("november", "nov", "novembre", "noviembre", "novembro"),
    ("december", "dec", "dezember", "dez", "décembre", "diciembre", "dezembro"),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names}
MONTH = "(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_ORDINAL = r"(?:st|nd|rd|th|\.|º)?"
_RANGE = rf"(\d{{1,2}}){_ORDINAL}\s*(?:-|–|to|bis|and|und|au|al|a)\s*(?:\w+day\s+)?"
_DAY_MONTH = re.compile(
    rf"\b(?:{_RANGE})?(\d{{1,2}}){_ORDINAL}\s+(?:of\s+|de\s+)?{MONTH}(?:,?\s+(?:de\s+)?(\d{{4}}))?", re.IGNORECASE
)
_MONTH_DAY = re.compile(
    rf"\b{MONTH}\s+(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?::|%))(?:,?\s+(\d{{4}}))?", re.IGNORECASE
)
_ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DOTTED_DAY = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})?(?!\d)")
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)|\b(\d{1,2})[:h](\d{2})\b", re.IGNORECASE)
_CURRENCY = {"$": "usd", "usd": "usd", "us$": "usd", "€": "eur", "eur": "eur", "euro": "eur", "euros": "eur",
             "£": "gbp", "gbp": "gbp", "chf": "chf", "dollars": "usd", "pounds": "gbp"}  # fmt: skip
_NUMBER = r"\d+(?:[.,'’]\d+)*"
_AMOUNT = re.compile(
    rf"(US\$|[$€£]|\b(?:USD|EUR|GBP|CHF)\b)\s?({_NUMBER})|({_NUMBER})\s?([€£$]|(?:EUR|USD|GBP|CHF|euros?|dollars|pounds)\b)",
    re.IGNORECASE,
)
_CODE = re.compile(r"\b(?=[\w/-]*\d)(?=[\w/-]*[A-Za-z])[A-Za-z0-9]+(?:[-/_][A-Za-z0-9]+)*\b")
_PLAIN = re.compile(rf"(?<![\w.,-]){_NUMBER}|(?<=\w){_NUMBER}|{_NUMBER}")
_WINDOW_CHARS = 60  # either side of a number: whose words it belongs to


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day as written; the year is None where the text leaves it out."""

    month: int
    day: int
    year: int | None
    shown: str
    near: frozenset[str] = frozenset()  # stems of the words around it
    span: tuple[int, int] | None = None  # first and last day, where it is the end of "11 to 13 May"

    def agrees(self, other: Day) -> bool:
        """Return whether the other may be the same day."""
        years = {year for year in (self.year, other.year) if year is not None}
        return (self.month, self.day) == (other.month, other.day) and len(years) <= 1


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount, a code or a number, with the words around it. `unit` is a currency, "clock", "code" or ""."""

    value: str  # normalised: "4500", "15:00", "pg-2271"
    unit: str
    shown: str
    near: frozenset[str]  # stems of the words around it


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of one text."""

    days: tuple[Day, ...]
    figures: tuple[Figure, ...]
    addresses: tuple[str, ...]


def without_placeholders(text: str) -> str:
    """Return the text with its `[[…]]` blanked."""
    return PLACEHOLDER.sub(" ", text)


def facts_in(text: str) -> Facts:
    """Return the facts of a text. What is read as one kind is not read again as another."""
    found = tuple(addresses(text))
    rest = text
    for address in found:
        rest = rest.replace(address, " " * len(address))
    days: list[Day] = []
    before = rest  # positions stay: what is taken is blanked

    def day(
        match: re.Match[str], month: int, number: int, year: int | None, span: tuple[int, int] | None = None
    ) -> None:
        days.append(Day(month, number, year, match[0].strip(), _near(before, match), span))

    def day_month(match: re.Match[str]) -> None:
        span = (int(match[1]), int(match[2])) if match[1] else None
        for number in span or (int(match[2]),):
            day(match, _MONTHS[match[3].lower()], number, _year(match[4]), span)

    rest = _take(rest, _ISO_DAY, lambda m: day(m, int(m[2]), int(m[3]), int(m[1])))
    rest = _take(rest, _DAY_MONTH, day_month)
    rest = _take(rest, _MONTH_DAY, lambda m: day(m, _MONTHS[m[1].lower()], int(m[2]), _year(m[3])))
    rest = _take(rest, _DOTTED_DAY, lambda m: day(m, int(m[2]), int(m[1]), _year(m[3])))
    figures: list[Figure] = []
    plain = rest

    def keep(match: re.Match[str], value: str, unit: str) -> None:
        figures.append(Figure(value, unit, match[0].strip(), _near(plain, match)))

    rest = _take(rest, _AMOUNT, lambda m: keep(m, normal(m[2] or m[3]), _CURRENCY[(m[1] or m[4]).lower()]))
    rest = _take(rest, _CLOCK, lambda m: keep(m, _clock(m), "clock"))
    rest = _take(rest, _CODE, lambda m: keep(m, m[0].lower(), "code"))
    _take(rest, _PLAIN, lambda m: keep(m, normal(m[0]), ""))
    return Facts(tuple(days), tuple(figures), found)


def units_agree(one: Figure, other: Figure) -> bool:
    """Return whether two figures may be of one unit: "15:00" is at times written as "15"."""
    return one.unit == other.unit or {one.unit, other.unit} == {"", "clock"}


def normal(number: str) -> str:
    """Return a written number without separators of thousands; a decimal comma becomes a point."""
    plain = re.sub(r"[,.'’](?=\d{3}(?!\d))", "", number)
    return plain.replace(",", ".").replace("'", "").replace("’", "")


def _take(text: str, pattern: re.Pattern[str], keep: object) -> str:
    assert callable(keep)

    def blank(match: re.Match[str]) -> str:
        keep(match)
        return " " * len(match[0])

    return pattern.sub(blank, text)


def _near(text: str, match: re.Match[str]) -> frozenset[str]:
    """Return the stems of the words around a match."""
    before = re.split(r"[.!?]\s|\n", text[max(0, match.start() - _WINDOW_CHARS) : match.start()])[-1]
    after = re.split(r"[.!?]\s|\n", text[match.end() : match.end() + _WINDOW_CHARS])[0]
    return stems(f"{before} {after}")


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) + (2000 if len(text) == 2 else 0)


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match[1] or match[4]), int(match[2] or match[5] or 0)
    if match[3]:
        hour = hour % 12 + (12 if match[3].lower().startswith("p") else 0)
    return f"{hour:02}:{minute:02}"
