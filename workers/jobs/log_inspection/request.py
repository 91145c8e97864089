"""Read from a request which services and which time it is about.

Times are taken from the asker's words: "since 10:40", "between 9:15 and 9:45", "in the last 2 hours", ISO times,
each with an optional zone ("Berlin time", "UTC", "+02:00"); without one they are the asker's. A time of day belongs
to the last day of the logs at hand, and "the last hour" ends now, or where the logs end if that is long ago.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from assistant.time_zones import ZONES
from workers.logs.index import Window

STALE = timedelta(hours=6)  # logs that ended earlier than this are looked at from their own end
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LAST = re.compile(
    r"\b(?:last|past|previous)\s+(?:(\d+(?:\.\d+)?|an?|one|two|three|couple of|few)\s+)?"
    r"(minute|min|hour|hr|day|week)s?\b",
    re.IGNORECASE,
)
_WORDS = {"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "couple of": 2.0, "few": 3.0}
_CLOCK = r"(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2})?\s*(am|pm)?"
_BETWEEN = re.compile(rf"\b(?:between|from)\s+{_CLOCK}\s+(?:and|to|until|till|-|–)\s+{_CLOCK}\b", re.IGNORECASE)
_SINCE = re.compile(rf"\b(?:since|after|from)\s+(?:about\s+|around\s+)?{_CLOCK}\b", re.IGNORECASE)
_AROUND = re.compile(rf"\b(?:at|around|about)\s+{_CLOCK}\b", re.IGNORECASE)
_ISO = re.compile(r"\b(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?")
_ALERT_BEGAN = re.compile(r"\bstart(?:s|ed)?[ _]?at\b|\b(?:triggered|firing|alerting)\b", re.IGNORECASE)
_ZONE = re.compile(r"\b(" + "|".join(ZONES) + r")\b", re.IGNORECASE)
AROUND = timedelta(minutes=15)


class AlertOrigin(BaseModel):
    """The alert that an inspection began with, in its own system."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(max_length=500)
    url: str = Field(default="", pattern=r"^(https?://[^\s<>|]+)?$", max_length=2_000)
    runbook_url: str = Field(default="", pattern=r"^(https?://[^\s<>|]+)?$", max_length=2_000)


class InspectionOptions(BaseModel):
    """What a modal, a script or another program may say instead of words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    services: tuple[str, ...] = Field(default=(), description="Judge only these services.")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    watch_id: str = Field(default="", description="Set by the watch that asks again.")
    alert: AlertOrigin | None = Field(default=None, description="Set by the alert that started it.")
    is_last_look: bool = Field(default=False, description="Set by a watch that ends with this look.")
    is_over: bool = Field(default=False, description="Set by a watch whose owner may not inspect logs any more.")


@dataclass(frozen=True, slots=True)
class _Clock:
    hour: int
    minute: int


def window_of(
    text: str, options: InspectionOptions, *, span: Window | None, now: datetime, zone: tzinfo = UTC
) -> Window | None:
    """Return the asked window, or None when the request names no time.

    `span` is where the logs at hand lie, `now` is aware, `zone` is that of times that name none.
    """
    end = span.end_at if span is not None and now - span.end_at > STALE else now
    if options.since or options.until:
        start = options.since or (span.start_at if span else now - timedelta(hours=1))
        return _window(start, options.until or end)
    zone = _zone(text) or zone
    if times := [_iso(match, zone) for match in _ISO.finditer(text)]:
        return _window(times[0], times[1]) if len(times) > 1 else _since_or_around(text, times[0], end)
    if match := _LAST.search(text):
        amount = _WORDS.get((match[1] or "one").lower()) or float(match[1])
        return _window(end - timedelta(seconds=amount * _UNITS[match[2][0].lower()]), end)
    return _by_clock(text, end, zone)


def moment_of(text: str, window: Window | None) -> datetime | None:
    """Return the moment that "around 10:05" asks about; None where a range of time is asked about, or none."""
    if window is None or window.end_at - window.start_at != 2 * AROUND or _LAST.search(text):
        return None
    return window.start_at + AROUND


def _by_clock(text: str, end: datetime, zone: tzinfo) -> Window | None:
    if match := _BETWEEN.search(text):
        first, second = _clock(match.groups()[:3]), _clock(match.groups()[3:])
        if first and second:
            stop = _latest(second, end, zone)
            return _window(_latest(first, stop, zone), stop)
    if (match := _SINCE.search(text)) and (clock := _clock(match.groups())):
        return _window(_latest(clock, end, zone), end)
    if (match := _AROUND.search(text)) and (clock := _clock(match.groups())):
        at = _latest(clock, end, zone)
        return _window(at - AROUND, at + AROUND)
    return None


def _since_or_around(text: str, at: datetime, end: datetime) -> Window | None:
    if re.search(r"\b(?:since|after|from)\b", text, re.IGNORECASE):
        return _window(at, end)
    if _ALERT_BEGAN.search(text):  # it fires after its condition held for a while
        return _window(at - AROUND, end)
    return _window(at - AROUND, at + AROUND)


def _window(start: datetime, end: datetime) -> Window | None:
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    return Window(start, end) if start < end else None


def _clock(groups: tuple[str | None, ...]) -> _Clock | None:
    hour, minute, half = int(groups[0] or 0), int(groups[1] or 0), (groups[2] or "").lower()
    if groups[1] is None and not half:
        return None  # a bare number is more often an amount than a time
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return _Clock(hour, minute) if hour < 24 and minute < 60 else None


def _latest(clock: _Clock, before: datetime, zone: tzinfo) -> datetime:
    """Return the last time the clock showed this, not after `before`."""
    local = before.astimezone(zone)
    at = local.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return at if at <= local else at - timedelta(days=1)


def _iso(match: re.Match[str], zone: tzinfo) -> datetime:
    at = datetime.fromisoformat(f"{match[1]}T{match[2]}{(match[3] or '')}")
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _zone(text: str) -> tzinfo | None:
    match = _ZONE.search(text)
    return ZoneInfo(ZONES[match[1].lower()]) if match else None
