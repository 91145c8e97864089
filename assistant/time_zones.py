"""Where people's clocks stand: a zone by its name, by a city or an abbreviation, and by what the directory says.

Days ("yesterday", "due tomorrow") begin at midnight where the asker is; where nothing is known of them, in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

ZONES: Final = {
    "berlin": "Europe/Berlin", "cet": "Europe/Berlin", "cest": "Europe/Berlin", "paris": "Europe/Paris",
    "lisbon": "Europe/Lisbon", "london": "Europe/London", "chicago": "America/Chicago", "central": "America/Chicago",
    "new york": "America/New_York", "eastern": "America/New_York", "pacific": "America/Los_Angeles",
    "san francisco": "America/Los_Angeles", "tokyo": "Asia/Tokyo", "utc": "UTC", "gmt": "UTC",
}  # fmt: skip


def zone_named(name: str | None) -> tzinfo | None:
    """Return the zone of an IANA name ("Europe/Berlin"); None for none, and for what is no zone."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # no such zone, a path that leads elsewhere, or the name of a folder
        return None


def zone_of_profile(profile: Mapping[str, Any]) -> tzinfo:
    """Return the zone a person's clock shows: the one their profile names, else their office's, else UTC."""
    office = str(profile.get("office") or "").lower()
    by_office = next((zone for city, zone in ZONES.items() if city in office), None)
    return zone_named(str(profile.get("time_zone") or "")) or zone_named(by_office) or UTC
