"""Is a rule with a limit ("up to EUR 75,000", "more than 10 days") the one for the amount that was asked about?

Rows of one table often differ in nothing but their limits; words can't choose between them, arithmetic can.
"""

from __future__ import annotations

import re

_AMOUNT = r"(?P<before>eur|usd|gbp|chf|€|\$|£)?\s*(?P<number>\d[\d.,']*)\s*(?P<after>%|[a-zäöü€$£]+)?"
_ASKED = re.compile(_AMOUNT, re.I)
_UP_TO = re.compile(
    rf"\b(?:up to|at most|no more than|below|under|less than|max(?:imum|\.)?|bis zu|bis)\b:?\s*{_AMOUNT}", re.I
)
_ABOVE = re.compile(rf"\b(?:more than|above|over|exceeding|from|at least|ab|über|mehr als)\b:?\s*{_AMOUNT}", re.I)
_SAME_UNIT = {"€": "eur", "euro": "eur", "euros": "eur", "$": "usd", "dollars": "usd", "£": "gbp", "percent": "%"}
_DIMENSIONS = {
    **dict.fromkeys(("eur", "usd", "gbp", "chf"), "money"),
    **dict.fromkeys(("minute", "hour", "day", "night", "week", "month", "quarter", "year"), "time"),
    **dict.fromkeys(("minuten", "stunden", "tag", "tage", "tagen", "woche", "wochen", "monat", "monate"), "time"),
}
FITS = 0.3  # for the tightest limit; wider ones get their share
DOES_NOT_FIT = -0.4


def fit_of_bounds(question: str, text: str) -> float:
    """Return what to add to a text's score: positive when its limit holds the amount asked about, negative when not.

    0.0 when the question names no amount, or the text no limit in the same unit.
    """
    asked = [amount for match in _ASKED.finditer(question) if (amount := _read(match))]
    for number, unit in asked:
        for pattern, is_upper in ((_UP_TO, True), (_ABOVE, False)):
            for match in pattern.finditer(text):
                limit = _read(match)
                if limit is None or limit[1] != unit or not limit[0] or not number:
                    continue
                holds = number <= limit[0] if is_upper else number > limit[0]
                tightness = min(number, limit[0]) / max(number, limit[0])
                return FITS * tightness if holds else DOES_NOT_FIT
    return 0.0


def amounts_in(text: str) -> dict[str, set[float]]:
    """Return the amounts of a text by unit: {"eur": {180.0}, "night": …}; numbers without a unit are left out."""
    found: dict[str, set[float]] = {}
    for match in _ASKED.finditer(text):
        amount = _read(match)
        if amount:
            found.setdefault(amount[1], set()).add(amount[0])
    return found


def dimensions_in(text: str) -> set[str]:
    """Return what a text gives figures of: money, time, %, or another unit by its own word."""
    return {_DIMENSIONS.get(unit, unit) for unit in amounts_in(text)}


def _read(match: re.Match[str]) -> tuple[float, str] | None:
    unit = (match["before"] or match["after"] or "").lower()
    unit = _SAME_UNIT.get(unit, unit.removesuffix("s"))
    if not unit:
        return None
    digits = re.sub(r"[,'](?=\d{3}\b)", "", match["number"].strip(".,'")).replace(",", ".")
    try:
        return float(digits), unit
    except ValueError:  # a date or a version: 1.2.2026
        return None
