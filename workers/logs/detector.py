"""What a detector is: a signature in log messages that explains itself.

Causes are conditions that start trouble, symptoms are how trouble elsewhere shows, markers are changes people made.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["cause", "symptom", "marker"]


@dataclass(frozen=True)
class Detector:
    """One signature. `weight` is how strongly it speaks for the service that wrote it, 0 to 1."""

    name: str
    kind: Kind
    title: str  # what happened, to stand before "in SERVICE"
    pattern: re.Pattern[str]
    check_next: str
    weight: float = 0.7


def detector(name: str, kind: Kind, title: str, pattern: str, check_next: str, weight: float = 0.7) -> Detector:
    """Return a detector whose pattern ignores case."""
    return Detector(name, kind, title, re.compile(pattern, re.I), check_next, weight)
