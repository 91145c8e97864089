"""Take out of a sentence what speech adds to it: fillers, repetitions, broken words and false starts.

Nothing is ever put in, and what carries meaning stays: numbers, negations and names, and words that are fillers only
in some places ("what kind of battery", "do you know", "5 mm", plan B). The quote under a line is the raw text.
"""

import re
from itertools import zip_longest

from assistant.words import STOPWORDS

_MARKS = re.compile(r"\{[^{}]{0,30}\}|\[[^\[\]]{0,30}\]|<[^<>]{0,30}>|@ ?@")
# "um" and "er" are words in German and Portuguese.
_NOT_ENGLISH = re.compile(r"\b(?:und|ist|nicht|wir|ich|das|dass|ein|eine|auf|não|que|uma|para|é|os)\b", re.IGNORECASE)
_SOUNDS = re.compile(
    r"\b(?:uh+|u+mm+|a+h+|(?<!double )o+h+(?! (?:one|two|three|four|five|six|seven|eight|nine|oh|zero|\d))|h+m+"
    r"|erm+|(?<!\d )mm+(?:\s?-\s?hmm+)?|uh\s?-\s?huh|mhm+|ähm?|äh|öhm?|euh|hein|bah ouais)\b",
    re.IGNORECASE,
)
_ENGLISH_SOUNDS = re.compile(r"\b(?:um|er)\b(?!-)", re.IGNORECASE)
_ENDS_CLAUSE = r"(?=\s*[,.;:?!-]|\s*$)"
_PHRASES = re.compile(
    r"(?<!do )(?<!did )(?<!n't )(?<!’t )(?<!if )(?<!as )(?<!let )(?<!lets )(?<!how )(?<!what )(?<!that )(?<!would"
    r" )(?<!should )(?<!will )(?<!'ll )(?<!when )(?<!all )(?<!people )"
    r"\byou know\b(?! (?:how|who|why|where|whether|if|about|each|anyone|anybody|someone|them|him|her|better|more"
    r"|less)\b)(?: what i mean\b)?"
    r"|(?<!what )(?<!by that )(?<!if )(?<!do )(?<!did )\bi mean\b(?! (?:it|that|this)[.,!?])"
    r"|\blike i said\b"
    rf"|\bor something(?: like that)?\b{_ENDS_CLAUSE}|\bor whatever\b{_ENDS_CLAUSE}"
    rf"|\band stuff(?: like that)?\b{_ENDS_CLAUSE}"
    r"|(?<=, )like(?=,)",
    re.IGNORECASE,
)
# After these, "kind of" and "sort of" name a kind of thing: "what kind of battery", "a new sort of contract".
_KIND_OF = re.compile(r"(?P<before>\b[\w'’]+)(?P<said> (?:kind|sort) of)\b", re.IGNORECASE)
_OF_A_KIND = frozenset(
    [
        "what", "which", "any", "this", "that", "these", "those", "a", "the", "another", "every", "each", "one", "no",
        "new", "same", "other", "different", "certain", "similar", "some", "all", "particular", "first", "right", "best",  # noqa: E501
        "wrong", "special", "two", "three", "old", "only",
    ]
)  # fmt: skip
_BROKEN = re.compile(r"(?<![\w'’-])[^\W\d_]{1,4}-(?=[\s,.?!]|$)")
_LONE_LETTER = re.compile(r"(?P<before>[\w'’]+ )?(?<![\w'’.&/-])(?P<letter>[b-hj-zB-HJ-Z]) (?P<after>[^\W\d_]{2,})")
_LETTERED = frozenset(["plan", "option", "variant", "version", "type", "phase", "group", "team", "class", "point", "part", "item"])  # fmt: skip  # noqa: E501
# Beginnings of words that are no words; abbreviations ("tr", "pr") are left alone.
_SPLINTER = re.compile(r"(?<![\w'’.&/-])(?<!\d )(?:th|wh|str|thr|spr|gl|sm|sn|sw)(?= [^\W\d_])")
_REPEATED = re.compile(r"\b(\w[\w'’]*(?:[ ,]+\w[\w'’]*){0,4})(?:[ ,]+\1\b)+", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:(?:so|well|okay|ok|yeah|yes|yep|and|but|or|now|then|anyway|actually|basically|alright|all right"
    r"|because|'cause|cause|also|just|ja|gut|genau|und|aber|alors|donc|bon)\b[\s,.;:-]*|(?:no|right"
    r"|like)\b\s*[,.;:-][\s,.;:-]*|right (?=so\b)|like (?=(?:we|you|it|i|they|if|could|can|should|do|is|are|what"
    r"|how)\b)|(?:wait|hang on)\b\s*,[\s,]*)+",
    re.IGNORECASE,
)
_SPACE_BEFORE = re.compile(r"\s+([,.;:?!])")
_COMMAS = re.compile(r"(?:\s*,)+(?=\s*[,.;:?!])|^[\s,.;:?!-]+")
# What is left of "at, um, two hundred".
_LOOSE_COMMA = re.compile(r"\b(the|a|an|of|at|to|from|by|with|our|my|your|their),(?= [\w])", re.IGNORECASE)
_LONE_QUOTE = re.compile(r"^([^\"“”]*)[\"“”]([^\"“”]*)$", re.DOTALL)
# A word begun and begun again, which no sentence has on purpose: "a as a first shot", "the there can be".
_STUTTERS = {
    "a": frozenset(["also", "an", "and", "any", "are", "as", "at"]),
    "i": frozenset(["i'd", "i'll", "i'm", "i've", "if", "it", "it's"]),
    "the": frozenset(["them", "there", "there's", "these", "they", "they'll", "they're"]),
}
_ARTICLES = frozenset(["the", "a", "an", "we", "i", "it", "to", "of", "in", "you", "they", "our"])
_NUMBERS = frozenset(
    [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twenty", "thirty", "forty",
        "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million", "oh", "zero", "double",
    ]
)  # fmt: skip
_NEGATIONS = frozenset(["no", "non", "not", "nor", "none", "nie", "kein", "nein", "pas", "ne"])


def clean_speech(text: str) -> str:
    """Return `text` without fillers, repetitions, broken words and opening discourse markers."""
    text = _MARKS.sub(" ", text)
    text = _SPACE_BEFORE.sub(r"\1", re.sub(r"\s+(['’](?:s|re|ve|ll|d|m|t)\b)", r"\1", text))
    text = _SOUNDS.sub(" ", text)
    if not _NOT_ENGLISH.search(text):
        text = _ENGLISH_SOUNDS.sub(" ", text)
    text = _tidy(_PHRASES.sub(" ", _tidy(text)))
    text = _KIND_OF.sub(_without_loose_kind, text)
    text = _LONE_LETTER.sub(_without_lone_letter, _BROKEN.sub(" ", text))
    text = _COMMAS.sub("", _tidy(_SPLINTER.sub(" ", text)))
    text = _LOOSE_COMMA.sub(r"\1", text)
    for _ in range(2):
        text = _REPEATED.sub(_said_once, text)
    text = _LONE_QUOTE.sub(r"\1\2", _without_false_starts(text))
    text = _OPENING.sub("", text.strip())
    text = _COMMAS.sub("", " ".join(text.split())).strip()
    return text[:1].upper() + text[1:] if text else ""


def _tidy(text: str) -> str:
    return _SPACE_BEFORE.sub(r"\1", " ".join(text.split()))


def _without_loose_kind(found: re.Match[str]) -> str:
    return found[0] if found["before"].lower() in _OF_A_KIND else found["before"]


def _without_lone_letter(found: re.Match[str]) -> str:
    """Take out the "c" of "c could" and the "W" of "W we"; "plan B is" and "option c is" stay."""
    before, letter, after = found["before"] or "", found["letter"], found["after"]
    again = after.lower().startswith(letter.lower())
    stays = not again and (letter.isupper() or before.strip().lower() in _LETTERED)
    return found[0] if stays else f"{before}{after}"


def _said_once(found: re.Match[str]) -> str:
    """Return what was repeated, once; numbers stay, since "two two five" is no stutter."""
    words = re.findall(r"\w[\w'’]*", found[1])
    return found[0] if any(_counts(word) for word in words) else found[1]


def _counts(word: str) -> bool:
    return word.lower() in _NUMBERS or any(letter.isdigit() for letter in word)


def _without_false_starts(text: str) -> str:
    """Take out "cou" before "could", "tha" before "that's", "the com" before "the commitment"; "in into" stays."""
    words = text.split()
    kept: list[str] = []
    for number, (word, following) in enumerate(zip_longest(words, words[1:], fillvalue="")):
        may_be_name = word[0].isupper() and (number > 0 or following[:1].isupper())
        if may_be_name or not _is_false_start(word, following):
            kept.append(word)
    return " ".join(_without_restarts(kept))


def _is_false_start(word: str, following: str) -> bool:
    bare, again = word.strip(",.").lower(), following.strip(",.").lower()
    if again in _STUTTERS.get(bare, ()):
        return True
    return (
        0 < len(bare) <= 4
        and bare not in STOPWORDS
        and bare not in _NEGATIONS
        and bare.isalpha()
        and not _counts(bare)
        and len(following) > len(bare)
        and following.lower().startswith(bare)
    )


def _without_restarts(words: list[str]) -> list[str]:
    """Take out "the com" of "the com the commitment": a small word and a broken one, said again whole."""
    kept: list[str] = []
    place = 0
    while place < len(words):
        four = [word.lower() for word in words[place : place + 4]]
        again = (
            len(four) == 4
            and four[0] == four[2]
            and four[0] in _ARTICLES
            and four[1].isalpha()
            and four[3].startswith(four[1])
            and not _counts(four[1])
            and not words[place + 1][0].isupper()
        )
        place += 2 * again
        kept.append(words[place])
        place += 1
    return kept
