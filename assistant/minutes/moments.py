"""When something was said, in words: from the beginning of a meeting, or by the clock where people wrote."""

from __future__ import annotations

from datetime import datetime, timedelta


def clock(seconds: float | None) -> str:
    """Return "1:02:03" or "2:03"; "" without a time."""
    if seconds is None:
        return ""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def moment(seconds: float | None, began_at: datetime | None) -> str:
    """Return when it was: "2:03" into a meeting, or "14:05" in a chat that `began_at` then; later days are named."""
    if began_at is None or seconds is None:
        return clock(seconds)
    at = began_at + timedelta(seconds=seconds)
    return f"{at:%H:%M}" if at.date() == began_at.date() else f"{at:%Y-%m-%d %H:%M}"


def days(began_at: datetime, duration_s: int) -> str:
    """Return the day of a chat, or its first and last."""
    first, last = began_at.date(), (began_at + timedelta(seconds=duration_s)).date()
    return first.isoformat() if first == last else f"{first} – {last}"
