"""Read the times and dates that transcripts write: 0:33, 01:02:03.400, 00:00:01,500, "5 March 2026".

Times come back in seconds from the start, dates as dates. What a date means for a task's due day is left to
workers/validation/text_support.py.
"""

import re
from datetime import date

TIME = r"\d{1,3}:\d{1,2}(?::\d{1,2})?(?:[.,]\d{1,6})?"
TIMING_LINE = re.compile(rf"^\s*(?P<start>{TIME})\s*--?>\s*(?P<end>{TIME})(?:\s.*)?$")
_TIME_PARTS = re.compile(r"^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,6}))?$")

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan januar janvier enero",
            "february feb februar février febrero",
            "march mar märz maerz mars marzo",
            "april apr avril abril",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio",
            "august aug août agosto",
            "september sep sept septembre septiembre",
            "october oct oktober okt octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember dez décembre diciembre",
        ],
        1,
    )
    for name in names.split()
}
_ISO = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
_DOTTED = re.compile(r"(?<![\d.])(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\d)")
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?([^\W\d_]{3,10})\.?,?\s+(?:de\s+)?(\d{4})(?!\d)"
)
_MONTH_FIRST = re.compile(r"\b([^\W\d_]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
_SPOKEN_LENGTH = re.compile(r"(?:(\d{1,3})\s*(?:h|hr|hrs|hours?|std\.?)\b)?\s*(?:(\d{1,3})\s*(?:m|min|mins|minutes?"
    r"|minuten)\b)?\s*(?:(\d{1,3})\s*(?:s|sec|secs|seconds?|sekunden)\b)?", re.IGNORECASE)  # fmt: skip


def seconds_of(stamp: str) -> float | None:
    """Return the seconds of "1:02:03.5" (hours first) or "2:03" (minutes first), None when it is no time."""
    match = _TIME_PARTS.match(stamp.strip())
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups()
    total = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return total + (float(f"0.{fraction}") if fraction else 0.0)


def length_of(text: str) -> float | None:
    """Return the seconds of "31m 20s", "1 hour 5 minutes" or "00:31:20", None when it is no length."""
    stamp = re.search(TIME, text)
    if stamp is not None and (seconds := seconds_of(stamp.group())) is not None:
        return seconds
    for match in _SPOKEN_LENGTH.finditer(text):
        if any(match.groups()):
            hours, minutes, seconds_part = (int(part or 0) for part in match.groups())
            return float(hours * 3600 + minutes * 60 + seconds_part)
    return None


def date_in(text: str) -> date | None:
    """Return the first whole date (with its year) written in `text`, None when there is none.

    03/04/2026 is not read: which of the two is the month depends on the country.
    """
    for pattern, order in ((_ISO, "ymd"), (_DOTTED, "dmy"), (_DAY_FIRST, "dmy"), (_MONTH_FIRST, "mdy")):
        for match in pattern.finditer(text):
            parts = dict(zip(order, match.groups(), strict=True))
            month = int(parts["m"]) if parts["m"].isdigit() else _MONTHS.get(parts["m"].lower())
            if month is None:
                continue
            try:
                return date(int(parts["y"]), month, int(parts["d"]))
            except ValueError:
                continue
    return None
