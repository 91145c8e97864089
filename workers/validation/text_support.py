"""The atoms that checks of minutes and drafts share: quotes, names, addresses, and whether two lines say the same.

Words and their stems are in assistant/words.py, numbers in spoken_numbers.py, days in due_days.py, languages in
language.py. Everything is plain comparison of text; what a mismatch means is decided by the validators.
"""

import re
from functools import lru_cache

from assistant.words import STOPWORDS, content_stems, words_of

ALIKE = 0.85  # share of content words in common above which two lines say the same


@lru_cache(maxsize=4_096)  # choosing the lines of a long meeting compares the same few thousand again and again
def _stem_set(text: str) -> frozenset[str]:
    return frozenset(content_stems(text))


def says_the_same(left: str, right: str) -> bool:
    """Do two lines share nearly all (ALIKE) of their content words, or all their words where they have no content?"""
    first, second = _stem_set(left), _stem_set(right)
    if not first or not second:
        return words_of(left) == words_of(right)
    return len(first & second) >= ALIKE * len(first | second)


def comparable(text: str) -> str:
    """Return `text` as words with single blanks between and at both ends: for asking whether one is in the other."""
    return " " + " ".join(words_of(text)) + " "


_NAME = re.compile(r"(?<!\w)[^\W\d_][\w'’-]*")
_PERSON_FOLLOWS = re.compile(r"^(?:,| (?:will|said|says|asked|agreed|wants?|should|proposed|suggested|takes?|sends?|is going|has to|to"  # noqa: E501
    r"|and [A-Z]|or [A-Z]|confirmed|decided|reported|disagreed|refused|promised|checks?|prepares?)\b)")  # fmt: skip
_ADDRESS = re.compile(r"https?://[^\s<>()]+|\bwww\.[^\s<>()]+|[\w.+-]+@[\w-]+\.[\w.]+")


def proper_names(text: str) -> list[str]:
    """Return the words of `text` that its capitals mark as names, in order.

    A sentence's first word counts only before words that follow a person ("Zora will"), since every
    sentence begins with a capital. German nouns are capital as well: callers compare with the source, where
    those nouns stand too.
    """
    names = []
    for match in _NAME.finditer(text):
        word = match.group()
        if not word[0].isupper() or word.lower().split("'")[0] in STOPWORDS:
            continue
        opening = re.search(r"(?:^|[.?!:;…\"“(\n])\s*$", text[: match.start()]) is not None
        if not opening or _PERSON_FOLLOWS.match(text[match.end() :]):
            names.append(word)
    return names


def addresses(text: str) -> list[str]:
    """Return the links and e-mail addresses in `text`, without trailing punctuation."""
    return [found.rstrip(".,;:!?)") for found in _ADDRESS.findall(text)]
