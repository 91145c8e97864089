"""Read until when something is due, as people say it, and which calendar day that means.

Only what was said: no phrase, no day; a phrase that depends on plans ("by the next meeting") has no day.
"""

import re
from datetime import date, timedelta

LATELY_DAYS = 90  # a day and month passed less than this ago is not taken for next year's

_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        ["monday mon montag lundi", "tuesday tue dienstag mardi", "wednesday wed mittwoch mercredi",
         "thursday thu donnerstag jeudi", "friday fri freitag vendredi", "saturday sat samstag samedi",
         "sunday sun sonntag dimanche"]
    )
    for name in names.split()
}  # fmt: skip
_MONTHS = {
    name: number
    for number, names in enumerate(
        ["january jan januar janvier", "february feb februar février", "march mar märz mars", "april apr avril",
         "may mai", "june jun juni juin", "july jul juli juillet", "august aug août", "september sep sept septembre",
         "october oct oktober octobre", "november nov novembre", "december dec dezember décembre"], 1)
    for name in names.split()
}  # fmt: skip
_ORDINALS = {
    word: number
    for number, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
         "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
         "twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth",
         "twenty-sixth", "twenty-seventh", "twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first"], 1)
}  # fmt: skip
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "couple of": 2, "ein": 1, "einer": 1, "zwei": 2, "drei": 3}  # fmt: skip  # noqa: E501
_FULL_WEEKDAY = "(?:" + "|".join(name for name in _WEEKDAYS if len(name) > 3) + ")"
_FULL_MONTH = (
    "(?:"
    + "|".join(sorted((name for name in _MONTHS if len(name) > 3 or name == "mai"), key=len, reverse=True))
    + "|may)"
)
_COUNT = r"(?:\d{1,2}|a couple of|an?|one|two|three|four|five|six|ten|eine?[rnm]?|zwei|drei)"
_SPOKEN = "(?:" + "|".join(sorted((word.replace("-", "[- ]") for word in _ORDINALS), key=len, reverse=True)) + ")"
_NTH = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{_SPOKEN})\b"
_DAY_MONTH = (
    rf"(?:(?:the )?(?:\d{{1,2}}(?:st|nd|rd|th|\.)?|{_SPOKEN}) (?:of )?{_FULL_MONTH}(?:,? \d{{4}})?"
    rf"|{_FULL_MONTH} (?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)?|{_SPOKEN})(?:,? \d{{4}})?)\b"
)
# "the first" is a day only where the thought ends: "by the first release" and "the second one" are not.
_THOUGHT_ENDS = (
    r"(?=\s*(?:$|[.,;:!?)…]|(?:and|so|please|then|if|because|or|at|we|i|you|works|would|is|instead|latest"
    r"|morning|afternoon|evening)\b))"
)
_NTH_ALONE = (
    rf"(?:the )?\d{{1,2}}(?:st|nd|rd|th)\b(?! (?:floor|page|time|point|item|version))|the {_SPOKEN}\b{_THOUGHT_ENDS}"
)
_BESIDE = rf"(?:,? ?(?:so |that's |which is )?(?:on )?(?:{_DAY_MONTH}|the {_NTH}))"  # "Friday, the twentieth of May"
_WHOLE_DATES = rf"{_FULL_WEEKDAY}{_BESIDE}|{_DAY_MONTH}"
_DAY_WORDS = (
    rf"(?:(?:next|this|coming|nächsten|kommenden) )?{_FULL_WEEKDAY}(?:{_BESIDE})?(?: (?:next week|morning"
    rf"|afternoon|evening|noon))?"
    rf"|(?:the )?day after tomorrow|tomorrow(?: (?:morning|afternoon|evening))?(?:{_BESIDE})?|tonight"
    rf"|today|übermorgen|heute|demain|aujourd'hui"
    r"|(?:the )?end of (?:the |this |next )?(?:day|week|month|quarter|year)|ende (?:der|dieser|nächster) woche"
    r"|ende des monats"
    rf"|(?:the )?(?:end|middle|beginning|start|first week|second week|last week) of {_FULL_MONTH}"
    rf"|(?:the )?week of the {_NTH}|mid[- ]{_FULL_MONTH}"
    r"|next (?:week|month|meeting|time|sprint|quarter|year)|this (?:week|month|afternoon|evening)"
    r"|(?:the )?next meeting|nächste[nr]? (?:woche|monat|sitzung)|la semaine prochaine"
    rf"|(?:with)?in {_COUNT} (?:days?|weeks?|months?|tagen?|wochen?)"
    rf"|\d{{4}}-\d{{2}}-\d{{2}}|{_DAY_MONTH}|{_NTH_ALONE}|christmas|easter|the new year"
)
_FILLER = r"(?:,? ?(?:let's say|i'd say|say|um+|uh+|er+|you know)\b,?)"
_DUE = re.compile(
    rf"\b(?:(?:no later than|not later than|by|until|till|before|on|due|bis|spätestens|avant|d'ici"
    rf"|am){_FILLER}*\s+(?:the\s+|zum\s+|zur\s+|le\s+)?(?:{_DAY_WORDS})|(?:with)?in {_COUNT} (?:days?"
    rf"|weeks?|months?|tagen|wochen)|{_WHOLE_DATES}|tomorrow(?: (?:morning|afternoon"
    rf"|evening))?(?:{_BESIDE})?|later today|(?<!for )today{_THOUGHT_ENDS}(?! is)|tonight"
    rf"|for {_FULL_WEEKDAY}|next week|this week{_THOUGHT_ENDS}|(?:next|this) {_FULL_WEEKDAY}"
    rf"|{_FULL_WEEKDAY}(?= (?:morning|afternoon|at the latest))|(?:at )?(?:the )?end of (?:the|this"
    rf"|next) (?:week|month|quarter)|as soon as possible|asap|übermorgen|nächste woche|bis morgen|demain"
    rf"|la semaine prochaine)(?!\w)",
    re.IGNORECASE,
)
_MENDING = (
    r"(?:\b(?:no|sorry|wait|i mean|i meant|or rather|actually|correction|scratch that|make (?:it|that)|nein"
    r"|pardon)\b[\s,.;:–-]*)+"
)
# "By the 13th, no, sorry, the 14th": the later day counts.
_CORRECTED = re.compile(
    rf"{_MENDING}(?:(?:then|it's|that's|that would be|rather|on|by|until|before)\s+)*(?P<day>{_DAY_WORDS})(?!\w)",
    re.IGNORECASE,
)
_CORRECTION_REACH = 60  # characters between the first day and the words that mend it


def calendar_word(word: str) -> str:
    """Return a lower-case word itself, or one key for a weekday or month in whichever language it is named."""
    if word in _WEEKDAYS:
        return f"weekday {_WEEKDAYS[word]}"
    return f"month {_MONTHS[word]}" if word in _MONTHS else word


def due_phrase(text: str) -> str | None:
    """Return the words that say until when, verbatim ("by Friday", "in two weeks"), None when nothing is said.

    A day the speaker corrects ("by the 13th, no, sorry, the 14th") gives way to the later one; the whole
    stretch is kept when only the first figure had its month.
    """
    straight = text.replace("’", "'")
    found = _DUE.search(straight)
    if found is None:
        return None
    start, end = found.span()
    for mended in _CORRECTED.finditer(straight, end):
        if mended.start() - end > _CORRECTION_REACH:
            break
        needs_month = re.fullmatch(rf"(?:{_NTH_ALONE})", mended["day"], re.IGNORECASE) is not None
        lends_month = re.search(_FULL_MONTH, straight[start:end], re.IGNORECASE) is not None
        start = start if needs_month and lends_month else mended.start("day")
        end = mended.end("day")
    return " ".join(text[start:end].split())


def resolve_day(phrase: str, said_on: date | None) -> date | None:
    """Return the calendar day a due phrase means when it was said on `said_on`, None when it stays open.

    A bare weekday is the next one after that day; "next Friday" is the Friday of the coming week; a day and
    month without a year is the next such day. "Next meeting" and "soon" resolve to nothing, nor does a weekday
    that the date beside it is not.
    """
    text = _with_figures(phrase.lower().replace("’", "'"))
    if (mended := re.split(_MENDING, text))[1:]:
        month = re.search(_FULL_MONTH, mended[0])
        later = mended[-1].strip()
        text = later if re.search(_FULL_MONTH, later) or month is None else f"{later} {month[0]}"
    if (iso := re.search(r"\b(\d{4})-(\d{2})-(\d{2})\b", text)) is not None:
        return _day(int(iso[1]), int(iso[2]), int(iso[3]))
    if re.search(rf"\b(?:middle|beginning|start|week) of\b|\bmid[- ]{_FULL_MONTH}", text):
        return None
    if said_on is not None and (month_end := _end_of_month_named(text, said_on)) is not None:
        return month_end
    relative = None if said_on is None else _relative_day(text, said_on)
    if re.search(r"\d{1,2}(?:st|nd|rd|th|\.)?\b", text) and not re.search(r"\bin \d", text):
        written = _written_day(text, said_on)
        return written if written is None or _agrees(written, text, relative) else None
    return relative


def _with_figures(text: str) -> str:
    """Return `text` with "twenty-first" as "21st", so that spoken and written days are read alike."""
    return re.sub(
        rf"\b{_SPOKEN}\b", lambda found: f"{_ORDINALS[found[0].replace(' ', '-')]}th", text
    )  # "1th" is only read by us


def _agrees(day: date, text: str, relative: date | None) -> bool:
    """Does a written day fit the weekday or the "tomorrow" said with it?"""
    if (weekday := _weekday_in(text)) is not None:
        return day.weekday() == weekday
    return relative is None or day == relative


def _weekday_in(text: str) -> int | None:
    return next((number for name, number in _WEEKDAYS.items() if re.search(rf"\b{name}\b", text)), None)


def _relative_day(text: str, said_on: date) -> date | None:
    """Return the day of words that count from the day they are said on."""
    if "day after tomorrow" in text or "übermorgen" in text:
        return said_on + timedelta(days=2)
    if re.search(r"\b(?:tomorrow|demain|bis morgen)\b", text):
        return said_on + timedelta(days=1)
    if re.search(
        r"\b(?:today|tonight|end of (?:the |this )?day|this (?:afternoon|evening)|heute|aujourd'hui)\b", text
    ):
        return said_on
    if (ahead := re.search(rf"\bin ({_COUNT}) (day|week|month|tag|woche)", text)) is not None:
        return _ahead(said_on, ahead[1], ahead[2])
    if (weekday := _weekday_in(text)) is not None:
        if re.search(r"\b(?:next|nächsten)\b", text):
            return said_on + timedelta(days=7 - said_on.weekday() + weekday)
        return said_on + timedelta(days=(weekday - said_on.weekday() - 1) % 7 + 1)
    return _end_of_period(text, said_on)


def _end_of_month_named(text: str, said_on: date) -> date | None:
    """Return the last day of "the end of January", the next one to come."""
    found = re.search(rf"\bend of ({_FULL_MONTH})", text)
    if found is None:
        return None
    month = _MONTHS[found[1]]
    year = said_on.year + (month < said_on.month)
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _written_day(text: str, said_on: date | None) -> date | None:
    match = re.search(r"(\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of )?([^\W\d_]{3,10})(?:\s+(\d{4}))?", text)
    day, month, year = (match[1], match[2], match[3]) if match and match[2] in _MONTHS else (None, "", None)
    if day is None and (
        match := re.search(r"([^\W\d_]{3,10}) (?:the )?(\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?\b", text)
    ):
        day, month, year = (match[2], match[1], match[3]) if match[1] in _MONTHS else (None, "", None)
    if day is not None:
        if year is None and said_on is None:
            return None
        found = _day(int(year) if year else said_on.year if said_on else 1, _MONTHS[month], int(day))
        passed = found is not None and year is None and said_on is not None and found < said_on
        if passed and found is not None and said_on is not None and (said_on - found).days < LATELY_DAYS:
            return None  # "by 3 March", said on the 5th: a slip of the tongue rather than next year
        return _day(found.year + 1, found.month, found.day) if passed and found is not None else found
    ordinal = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)\b", text)
    if ordinal is None or said_on is None:
        return None
    found = _day(said_on.year, said_on.month, int(ordinal[1]))
    if found is None or found >= said_on:
        return found
    return _day(said_on.year + said_on.month // 12, said_on.month % 12 + 1, int(ordinal[1]))


def _ahead(said_on: date, count: str, unit: str) -> date | None:
    number = int(count) if count.isdigit() else _COUNTS.get(count.removeprefix("a ") if count != "a" else "a", 1)
    if unit == "month":
        months = said_on.month - 1 + number
        return _day(said_on.year + months // 12, months % 12 + 1, min(said_on.day, 28))
    return said_on + timedelta(days=number * (7 if unit in ("week", "woche") else 1))


def _end_of_period(text: str, said_on: date) -> date | None:
    """Return the last working day of "end of the week", the last day of "end of the month", else None."""
    if re.search(r"\bend of (?:the |this )?week\b|\bthis week\b|ende (?:der|dieser) woche", text):
        return said_on + timedelta(days=max(0, 4 - said_on.weekday()))
    if re.search(r"\bend of next week\b|ende nächster woche", text):
        return said_on + timedelta(days=11 - said_on.weekday())
    if re.search(r"\bend of (?:the |this )?month\b|\bthis month\b|ende des monats", text):
        return date(said_on.year + said_on.month // 12, said_on.month % 12 + 1, 1) - timedelta(days=1)
    return None
