"""Text that tries to give orders: strip what the eye cannot see, and know an order when one stands in a document.

Detection here decides only what is *quoted to people*; it is no security boundary (that is the tool gate), since
patterns catch a small part of what attackers write.
"""

from __future__ import annotations

import re
import secrets

# Zero-width, bidirectional, invisible operators, byte-order mark, variation selectors, private use, tag characters:
# used to hide text from the reader or to forge markers.
_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\ue000-\uf8ff\U000e0000-\U000e01ef"
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)

# Written against ordinary policy language: "never reveal your password", "AI tools must not be used to send …" and
# "if asked by a journalist, reply …" are rules for people and must pass.
_ORDERS = re.compile(
    r"""
    \b(?:ignore|disregard|forget|override)\b[^.]{0,30}\b(?:previous|prior|above|earlier|preceding|system|your)\b
        [^.]{0,30}\b(?:instruction|prompt|rule|message|direction|context|guideline)s?\b
    | \bignore\s+(?:all|everything)\b[^.]{0,20}\b(?:instructions?|above|before)\b
    | \b(?:you\s+are\s+now\s+(?:an?|the|in)\b|from\s+now\s+on,?\s+you\s+(?:are|will|must)\b)
    | \b(?:act|behave)\s+as\s+(?:an?|the)\s+(?:\w+\s+)?(?:ai|language\s+model|chat\s?bot)\b
    | \b(?:system\s+prompt|developer\s+message|jailbreak|do\s+anything\s+now)\b
    | \b(?:dear|attention|note\s+(?:to|for)|message\s+(?:to|for)|instructions?\s+(?:for|to))\s+
        (?:the\s+|any\s+|all\s+|our\s+)?(?:ai|a\.i\.|language\s+models?|llms?|chat\s?bots?|copilot|steward)
        (?:\s+(?:assistants?|agents?|models?|systems?))?\s*[:,.!]
    | \b(?:ai|llm|language\s+model|chat\s?bot)s?(?:\s+(?:assistants?|agents?|models?))?\s+
        (?:reading|processing|summari[sz]ing|answering|that\s+reads?)\b
    | \b(?:reveal|print|output|repeat|leak)\b[^.]{0,30}\b(?:your|the|its)\s+(?:\w+\s+)?(?:prompt|instructions)\b
    | \b(?:when|if)\s+(?:you\s+)?(?:summari[sz]e|summari[sz]ing|read\s+this)\b[^.]{0,60}\b(?:say|reply|respond|
        answer|include|send|tell)\b
    | <\s*/?\s*(?:system|assistant|instructions?|material|im_start|im_end)\b | \[/?INST\] | <\|im_(?:start|end)\|>
    """,
    re.IGNORECASE | re.VERBOSE,
)


def strip_invisible(text: str) -> str:
    """Return the text without characters that a reader cannot see; tabs and line ends stay."""
    return _INVISIBLE.sub("", text)


def fenced(text: str) -> str:
    """Return text that is material, between marks it can't forge and without its invisible characters."""
    mark = secrets.token_hex(4)
    return f"<material {mark}>\n{strip_invisible(text)}\n</material {mark}>"


def is_order(sentence: str) -> bool:
    """Return whether a sentence of a document addresses an assistant rather than the company's people."""
    return bool(_ORDERS.search(strip_invisible(sentence)))
