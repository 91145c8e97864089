"""Does a text go on about what its thread was about ("only tenant acme", "around 10:05?"), or ask something new?

Words alone decide, so that a thread can be left at any time: "How many days of leave do I have?" after an
inspection of logs is a question about leave.
"""

from __future__ import annotations

import re

MOST_WORDS = 14  # a longer text says itself what it is about
_NARROWS = re.compile(
    r"^\s*(?:ok(?:ay)?|and|but|now|so|then|thanks|please)?[\s,.!:]*(?:and\s+)?"
    r"(?:(?:show(?:\s+me)?|see|look\s+at|zoom\s+in(?:to)?)\s+)?"
    r"(?:only|just|(?:what|how)\s+about|around|without|except|not\s+counting|in\s+the\s+\w+\s+before|"
    r"(?:what\s+(?:happened|changed|was\s+there)\s+)?(?:around|at|since|between|before|after|from|until)\s+(?:about\s+)?"
    r"(?:\d+|midnight|noon|that|then))\b",
    re.IGNORECASE,
)


def reads_as_follow_up(text: str) -> bool:
    """Return whether the text narrows or moves what was asked before, rather than asking something new."""
    return len(text.split()) <= MOST_WORDS and bool(_NARROWS.match(text))
