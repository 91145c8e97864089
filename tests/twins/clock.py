"""A clock that goes only when it is told to."""

from __future__ import annotations


class MovedClock:
    """Seconds, as time.monotonic() returns them; a test moves `now`."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now
