"""The atoms that checks of minutes and drafts share: words, stems, quotes, names, addresses.

Numbers are in spoken_numbers.py, days in due_days.py, languages in language.py. Everything is plain
comparison of text; what a mismatch means is decided by the validators.
"""

import re
from functools import lru_cache

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

ALIKE = 0.85  # share of content words in common above which two lines say the same

STOPWORDS = frozenset(
    [
        "a", "about", "above", "actually", "after", "again", "all", "also", "am", "an", "and", "any",
        "anything", "are", "aren't", "as", "at", "be", "because", "been", "before", "being", "below", "between",
        "both", "but", "by", "can", "can't", "cannot", "cause", "could", "couldn't", "did", "didn't", "do",
        "does", "doesn't", "doing", "don't", "done", "down", "during", "each", "else", "even", "ever", "every",
        "everything", "few", "for", "from", "further", "get", "gets", "getting", "go", "goes", "going", "gonna",
        "gone", "good", "got", "had", "hadn't", "has", "hasn't", "have", "haven't", "having", "he", "he'd",
        "he'll", "he's", "her", "here", "here's", "hers", "him", "his", "how", "how's", "however", "i", "i'd",
        "i'll", "i'm", "i've", "if", "in", "into", "is", "isn't", "it", "it'd", "it'll", "it's", "its",
        "itself", "just", "kind", "know", "let", "let's", "like", "lot", "made", "make", "makes", "many", "may",
        "maybe", "me", "mean", "might", "more", "most", "much", "must", "my", "need", "no", "nor", "not",
        "nothing", "now", "of", "off", "oh", "ok", "okay", "on", "once", "one", "only", "or", "other", "our",
        "ours", "out", "over", "own", "people", "perhaps", "put", "quite", "rather", "really", "right", "said",
        "same", "say", "says", "see", "seems", "she", "she'd", "she'll", "she's", "should", "shouldn't", "so",
        "some", "somebody", "something", "sort", "still", "stuff", "such", "sure", "take", "than", "thank",
        "thanks", "that", "that'd", "that'll", "that's", "the", "their", "theirs", "them", "then", "there",
        "there's", "these", "they", "they'd", "they'll", "they're", "they've", "thing", "things", "think",
        "this", "those", "though", "through", "to", "too", "two", "uh", "um", "under", "until", "up", "us",
        "very", "want", "was", "wasn't", "way", "we", "we'd", "we'll", "we're", "we've", "well", "were",
        "weren't", "what", "what's", "when", "where", "which", "while", "who", "who's", "whole", "whom", "why",
        "will", "with", "within", "won't", "would", "wouldn't", "yeah", "yep", "yes", "yet", "you", "you'd",
        "you'll", "you're", "you've", "your", "yours",
    ]
)  # fmt: skip


def words_of(text: str) -> list[str]:
    """Return the words of `text` in lower case, apostrophes made straight."""
    return [word.lower().replace("’", "'") for word in WORD.findall(text)]


@lru_cache(maxsize=20_000)  # a meeting says its words again and again
def stem(word: str) -> str:
    """Return a rough stem that puts "decide", "decides", "deciding" and "decided" together.

    English endings only, and on purpose a little greedy: it is used to compare, never to show.
    """
    word = word.lower().removesuffix("'s").removesuffix("’s")
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    for ending, rest, least in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            word = word[: -len(ending)] + rest
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word


_ENDINGS = (
    ("sses", "ss", 2), ("ies", "y", 2), ("ied", "y", 2), ("ations", "at", 3), ("ation", "at", 3), ("ments", "ment", 3),  # noqa: E501
    ("nesses", "", 3), ("ness", "", 3), ("ingly", "", 3), ("edly", "", 3), ("fully", "", 3), ("ings", "", 3), ("ing", "", 3),  # noqa: E501
    ("eed", "ee", 2), ("ed", "", 3), ("ely", "e", 3), ("ly", "", 3), ("ous", "ous", 2), ("ss", "ss", 1), ("us", "us", 1), ("is", "is", 1),  # noqa: E501
    ("ers", "er", 3), ("es", "e", 3), ("s", "", 3),
)  # fmt: skip


def content_stems(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, in order."""
    return [
        stem(word)
        for word in words_of(text)
        if len(word) > 1 and word not in STOPWORDS and word.partition("'")[0] not in STOPWORDS
    ]


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
_PERSON_FOLLOWS = re.compile(r"^(?:,| (?:will|said|says|asked|agreed|wants?|should|proposed|suggested|takes?|sends?|is going|has to|to|and [A-Z]|or [A-Z]|confirmed|decided|reported|disagreed|refused|promised|checks?|prepares?)\b)")  # fmt: skip  # noqa: E501
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
