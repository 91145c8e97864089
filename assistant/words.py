"""Words and their stems: what lines of minutes are compared by, and what kept minutes are found by."""

from __future__ import annotations

import re
from functools import lru_cache

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

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
