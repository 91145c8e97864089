"""What people say to have something watched: "watch this every 15 minutes for 2 hours", "stop watching".

Shared: routing must know such a sentence for work on logs, and the job must read how often and how long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

# A button says what one could type.
WATCH_BUTTONS = {"watch": "watch this", "watch_on": "go on watching this", "stop_watch": "stop watching"}
DEFAULT_EVERY = timedelta(minutes=10)
SHORTEST_EVERY, LONGEST_EVERY = timedelta(minutes=5), timedelta(hours=24)
DEFAULT_FOR = timedelta(hours=4)
LONGEST_FOR = timedelta(days=7)
_START = re.compile(
    r"^\s*(?:please\s+)?(?P<on>(?:keep(?:\s+on)?|go\s+on|continue)\s+)?"
    r"(?:watch(?:ing)?|keep an eye on)\s+(?:this|it|that)\b",
    re.IGNORECASE,
)
_STOP = re.compile(r"^\s*(?:please\s+)?(?:stop\s+watching|unwatch)\b", re.IGNORECASE)
_EVERY = re.compile(r"\bevery\s+(?:(\d+)\s*)?(min(?:ute)?|hour|hr|h|m)s?\b", re.IGNORECASE)
_FOR = re.compile(r"\bfor\s+(?:(\d+)|an?|the next)\s*(min(?:ute)?|hour|hr|day|h|d|m)s?\b", re.IGNORECASE)
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class WatchWords:
    """What was asked for, within the limits."""

    stop: bool
    every: timedelta = DEFAULT_EVERY
    lasts: timedelta = DEFAULT_FOR
    goes_on: bool = False  # as often and as long as before, where it was watched before


def read_watch_words(text: str) -> WatchWords | None:
    """Return what a sentence asks to be watched or to be watched no more; None for every other sentence."""
    if _STOP.match(text):
        return WatchWords(stop=True)
    start = _START.match(text)
    if not start:
        return None
    often, long = _EVERY.search(text), _FOR.search(text)
    every = min(max(_span(often, DEFAULT_EVERY), SHORTEST_EVERY), LONGEST_EVERY)
    goes_on = start["on"] is not None and often is None and long is None
    return WatchWords(False, every, min(max(_span(long, DEFAULT_FOR), every), LONGEST_FOR), goes_on)


def _span(match: re.Match[str] | None, otherwise: timedelta) -> timedelta:
    if match is None:
        return otherwise
    amount = min(int(match[1] or 1), 100_000)
    return timedelta(seconds=amount * _SECONDS[match[2][0].lower()])
