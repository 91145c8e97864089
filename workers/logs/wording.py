"""Say spans and counts of logs as people do: "5 minutes" for 300 seconds, "1 error" and "2 errors"."""

from datetime import datetime

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def step_in_words(seconds: int) -> str:
    """Return a whole number of seconds as what stands behind "every": "minute", "5 minutes", "12 hours"."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return unit if seconds == size else f"{seconds // size} {unit}s"


def counted(count: int, noun: str) -> str:
    """Return a number and its noun, in the plural where it is one."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def until_in_words(start: datetime, end: datetime) -> str:
    """Return an end to stand behind its start: without its day where that is the same."""
    return f"{end:%H:%M}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
