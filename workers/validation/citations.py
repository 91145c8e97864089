"""Is what an answer says really written in what was retrieved? Checked on the letter, without a language model.

`find_quote` places a quote in a chunk; `unsupported_parts` names what in a claim does not stand in its quotes:
numbers, names, a negation, or most of its words. This module reports; the job's run.py repairs, reduces or refuses.
It cannot judge whether a paraphrase means the same: that is why the quote is always shown beside the claim.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

LEAST_WORD_SHARE = 0.4  # of a claim's content words in its quotes, its passages' headings or the question

_TYPOGRAPHIC = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2033": '"', "\u00ab": '"', "\u00bb": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
    }
)  # fmt: skip
_MARKUP = set("*_`|#>\\")
_NUMBER = re.compile(r"\d+(?:[.,:/'-]\d+)*(?:\s?%)?|\b[A-Z]{2,}-\d+\b")
_NAME = re.compile(r"(?<![.!?:;]\s)(?<!^)(?<![\w'-])[A-Z][\w&'-]*[A-Za-z]\b")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|nothing|nobody|without|cannot|except|unless|forbidden|prohibited|"
    r"excluded|refused|denied)\b|n't\b",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[a-zäöüß]+")
_WORD = re.compile(r"[^\W\d_]{2,}", re.UNICODE)
_FIRST_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_FIRST_NUMBERS.split())} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "ninety": "90",
    "hundred": "100",
}
_NUMBER_WORDS |= {
    word: str(value)
    for value, word in enumerate("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split(), 2)  # noqa: SIM905
}
_UNCOUNTED = {"one", "zero"}  # "one of them" is no figure
_FUNCTION_WORDS = (
    "a an the and or but if then of in on at to for from by with as is are was were be been being it its this that "
    "these those you your yours we our us they their them he she his her i my me may can could will would shall "
    "should must do does did has have had not no any all each every some such than so up out about into over under "
    "per also only more most other which who whom whose what when where why how there here"
)
_STOP = frozenset(_FUNCTION_WORDS.split())


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """Return where the quote stands in the text (start, end), or None.

    Case, runs of white space, Markdown's marks and the shape of quotation marks and dashes are ignored, because
    the splitter re-wraps lines and models retype punctuation. `text[start:end]` is the passage's own wording.
    """
    plain, positions = _plain(text)
    wanted = _plain(quote)[0].strip(" .…")
    if not wanted:
        return None
    at = plain.find(wanted)
    if at < 0:
        return None
    start, end = positions[at], positions[at + len(wanted) - 1] + 1
    return start, end + 1 if text[end : end + 1] in (".", "!", "?") else end


def unsupported_parts(claim: str, quotes: Sequence[str], *, context: str = "", question: str = "") -> list[str]:
    """Return what in the claim its quotes do not carry, as short complaints; empty means supported.

    `context` holds titles and headings of the quoted passages: they may lend names and words, never numbers.
    The asker's own words (`question`) may lend words, never numbers or names.
    """
    said = " ".join(quotes)
    complaints = []
    numbers = sorted(numbers_in(claim) - numbers_in(said))
    if numbers:
        complaints.append(f"not in its quotes: {', '.join(numbers)}")
    known = fold(f"{said} {context}")
    names = sorted({name for name in names_in(claim) if fold(name) not in known})
    if names and _same_language(claim, said):
        complaints.append(f"names not in its quotes: {', '.join(names)}")
    if _same_language(claim, said):
        if not _negations_agree(claim, quotes):
            complaints.append("a negation differs from its quotes")
        if word_share(claim, f"{said} {context} {question}") < LEAST_WORD_SHARE:
            complaints.append("most of its words are not in its quotes")
    return complaints


def numbers_in(text: str) -> set[str]:
    """Return figures, dates, amounts and ticket ids, normalised: "1,000" and "1000" are one, "five" is "5"."""
    found = set()
    for match in _NUMBER.findall(text):
        number = match.replace(" ", "").strip(".,:/'-")
        number = re.sub(r"(?<=\d)[,'](?=\d{3}\b)", "", number)
        found.add(number.removesuffix("%").lower())
    for word in _LETTERS.findall(text.lower()):
        if word in _NUMBER_WORDS and word not in _UNCOUNTED:
            found.add(_NUMBER_WORDS[word])
    return found


def names_in(text: str) -> set[str]:
    """Return capitalised words that do not open a sentence."""
    return {name for name in _NAME.findall(text) if name.lower() not in _STOP}


def word_share(text: str, source: str) -> float:
    """Return which share of the text's content words (by stem) stands in the source; 1.0 when it has none."""
    wanted = stems(text)
    return len(wanted & stems(source)) / len(wanted) if wanted else 1.0


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """Return the content words of a text, cut to a crude stem."""
    return frozenset(stem(word) for word in _WORD.findall(fold(text)) if word not in _STOP)


def stem(word: str) -> str:
    """Return a word without its commonest English endings: enough to match "reimbursed" and "reimbursement"."""
    for ending in ("ations", "ation", "ements", "ement", "ments", "ment", "ingly", "ings", "ing", "ies", "ied", "ed",
                   "es", "ly", "s", "e", "y"):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)].rstrip("i") or word
    return word


def fold(text: str) -> str:
    """Return the text in lower case, with plain punctuation, without markup, on one line."""
    return _plain(text)[0]


def _negations_agree(claim: str, quotes: Sequence[str]) -> bool:
    denies = bool(_NEGATION.search(claim))
    sentences = [part for quote in quotes for part in re.split(r"(?<=[.!?;])\s+|\n+", quote) if part.strip()]
    if denies:
        return any(_NEGATION.search(sentence) for sentence in sentences)
    closest = max(sentences, key=lambda sentence: word_share(claim, sentence), default="")
    return not _NEGATION.search(closest) or any(
        not _NEGATION.search(one) and word_share(claim, one) >= 0.6 for one in sentences
    )


def _same_language(one: str, other: str) -> bool:
    """Whether both have English function words, or neither: a translated claim shares only figures with its quote."""
    return _is_english(one) == _is_english(other)


def _is_english(text: str) -> bool:
    words = re.findall(r"[a-zäöüßéèçñãõ]+", text.lower())
    return not words or sum(word in _STOP for word in words) / len(words) >= 0.12 or len(words) < 6


@lru_cache(maxsize=1024)
def _plain(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the folded text and, for each of its characters, the position in the original."""
    kept: list[str] = []
    positions: list[int] = []
    for position, character in enumerate(text.translate(_TYPOGRAPHIC)):
        if character in _MARKUP:
            continue
        if character.isspace():
            if kept and kept[-1] != " ":
                kept.append(" ")
                positions.append(position)
            continue
        folded = character.lower()
        kept.append(folded if len(folded) == 1 else character)
        positions.append(position)
    return "".join(kept), tuple(positions)
