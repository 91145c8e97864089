"""Find in a request the words that name somebody: names, addresses, "my manager", "all attendees".

The pattern knows the directory's and the thread's names, so that "email jonas" works in lower case as well; other
names need their capital letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from assistant.mail.draft import ADDRESS

ROLES = (
    r"(?i:my (?:manager|boss|team)|meine[mnr]? (?:chefin|chef|vorgesetzten?|managerin|manager)|"
    r"(?:all |the )?(?:attendees|participants)|alle[n]? teilnehmer\w*|everyone|everybody|all staff"
    r"|the whole company|alle)\b"
)
_NOT_NAMES = (
    r"(?!(?i:(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|"
    r"october|november|december|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|januar|februar|märz|mai|juni|"
    r"juli|oktober|dezember|i|we|the|a|an|it|he|she|they|that|this|please|our|my|your|eine?|den|dem|der|die|das|dass|wir|"
    r"ich|er|sie|es|reply|re|subject|cc|bcc|e-?mail|english|german|french|spanish|portuguese|if|when|what|to|for|about|"
    r"how|why|whether|termin|for|thank|ask|tell|dank|vielen|bitte|bescheid)\b)"
)
_CAPITAL = rf"{_NOT_NAMES}[A-ZÀ-ÖØ-Ž][\w'’-]*"
_LATER = (
    rf"(?:{_NOT_NAMES}[A-ZÀ-ÖØ-Ž][\w'’-]*[^\W\dA-Z_](?![\w@])|[A-Z]\.(?=\W|$))"  # not "ISO": that begins what is said
)
_CAPITALISED = rf"{_CAPITAL}(?: {_LATER}){{0,2}}"
_QUALIFIER = r"(?: (?:in|from|of|at|aus|von|de) (?:the |der |dem )?[A-ZÀ-Ž]\w+(?: team)?(?![\w@])| \([^)\n]{2,40}\))?"


class NamePattern:
    """Regular expressions, as text, for one name and for a list of names; made for the names that are known."""

    def __init__(self, known: Iterable[str]) -> None:
        names = sorted({name for name in known if len(name) > 1}, key=len, reverse=True)
        listed = rf"(?i:{'|'.join(map(re.escape, names))})(?![\w@-])(?! {_LATER})|" if names else ""
        one = rf"(?:{ADDRESS}|{listed}{ROLES}|{_CAPITALISED})(?:(?<!')'s?|’s?)?{_QUALIFIER}"
        self.one = rf"(?:{one})(?:\s+<{ADDRESS}>|\s+\({ADDRESS}\))?"
        self.many = rf"{self.one}(?:(?:\s*,\s*(?:and |und )?|\s+(?:and|und|et|y|e|&)\s+){self.one}){{0,12}}"

    def split(self, many: str) -> list[str]:
        """Return the single names of a list."""
        return [found[0].strip() for found in _compiled(self.one).finditer(many)]


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
