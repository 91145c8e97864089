"""Write small logs for the tests: a steady background, and what a test adds to it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from workers.logs.reading_files import LogBytes

TEN = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 5, tzinfo=UTC)
Line = tuple[datetime, str, str, str]  # when, service, level, text


def steady(*, minutes: int = 120, every_seconds: int = 5) -> list[Line]:
    """Return two hours around ten of three services that do their work, with errors that are always there."""
    lines: list[Line] = []
    start = TEN - timedelta(minutes=minutes / 2)
    for number in range(minutes * 60 // every_seconds):
        at = start + timedelta(seconds=number * every_seconds)
        trace = f"trace_id={number:012x}"
        lines.append((at, "shop", "INFO", f"page {number} served {trace}"))
        lines.append((at + timedelta(milliseconds=5), "pay", "INFO", f"order {number} charged {trace}"))
        lines.append((at + timedelta(milliseconds=9), "store", "INFO", f"row {number} written {trace}"))
        if number % 60 == 0:
            lines.append((at, "shop", "ERROR", f"form {number} has no postcode"))
    return lines


def repeated(start: datetime, service: str, level: str, text: str, *, lines: int, every_seconds: float) -> list[Line]:
    """Return one message over and over; {n} is the number of the line."""
    return [
        (start + timedelta(seconds=every_seconds * n), service, level, text.replace("{n}", str(n)))
        for n in range(lines)
    ]


def as_upload(lines: Iterable[Line], name: str = "all.log") -> LogBytes:
    """Return the lines in order of time as one uploaded file."""
    text = "\n".join(f"{_stamp(at)} {level} {service}: {text}" for at, service, level, text in sorted(lines))
    return LogBytes(name, text.encode())


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
