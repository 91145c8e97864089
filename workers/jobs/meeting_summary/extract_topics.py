"""Cut a meeting into stretches about one thing each, and name what each is about in the meeting's own words.

Borders lie where the words before and after differ most (block comparison after TextTiling, Hearst 1997). A
topic is named by phrases that were used as nouns in the stretch; nothing is said about what was thought of
them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np

from assistant.words import STOPWORDS, WORD, content_stems, stem
from workers.jobs.meeting_summary.extract_units import VERBS, Unit

WORDS_PER_TOPIC = 6_000  # a stretch of about 40 minutes in a long meeting
MIN_TOPICS, MAX_TOPICS = 4, 10
MIN_WORDS = 400  # a shorter meeting is one topic
BLOCK_SHARE = 0.06  # of the meeting, compared on either side of a border
LEAST_SHARE = 0.6  # of an even cut: no stretch is shorter
PHRASES = 3
MAX_COLUMNS = 1_500  # words compared; bounds the memory of a long meeting to about 40 MB
LEAST_NOUN_USES = 2
NOUN_SHARE = 0.3  # of a phrase's uses that look like a noun's

_ARTICLES = frozenset(["the", "these", "those", "our", "your", "their", "my", "his", "her", "its"])
_BEFORE_NOUNS = _ARTICLES | frozenset(
    [
        "a", "an", "some", "any", "no", "each", "every", "another", "of", "for", "in", "on", "with", "about",
        "from", "by", "into", "at",
    ]
)  # fmt: skip
_VAGUE = frozenset(
    [
        "thing", "things", "way", "ways", "point", "points", "time", "times", "day", "days", "week", "weeks",
        "year", "years", "lot", "lots", "bit", "kind", "kinds", "sort", "sorts", "stuff", "idea", "ideas",
        "question", "questions", "problem", "problems", "example", "examples", "part", "parts", "side", "sides",
        "case", "cases", "fact", "facts", "place", "number", "numbers", "people", "guy", "guys", "person",
        "minute", "minutes", "moment", "moments", "today", "tomorrow", "yesterday", "anything", "something",
        "everything", "nothing", "good", "great", "nice", "big", "small", "little", "new", "old", "different",
        "important", "possible", "sure", "interesting", "better", "best", "bad", "easy", "hard", "whole",
        "first", "second", "third", "last", "next", "couple", "actually", "basically", "course", "alright",
        "slide", "slides", "page", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
        "ten", "twenty", "thirty", "forty", "fifty", "hundred", "thousand", "million", "percent", "half",
        "hello", "hi", "bye", "morning", "afternoon", "thanks", "thank", "please", "welcome", "chair",
        "meeting", "using", "making", "making", "need", "working", "talking", "looking", "thinking", "trying",
        "coming", "going", "saying", "doing", "getting", "able", "mean", "difficult", "young", "enough", "open",
        "many", "group", "ones", "own", "pretty", "wait", "ask", "eat", "draw", "save", "combine", "improve",
        "help", "least", "particular", "interested", "understand", "original", "front", "save", "real",
        "current", "mind", "sense", "order", "top", "bottom", "middle", "line", "rest", "everybody", "everyone",
        "anybody", "somebody", "whether", "across", "terms", "term", "regard", "regards", "respect", "basis", "mr", "mrs",  # noqa: E501
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "month", "months",
        "quarter", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
        "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",
        "thirtieth", "ms", "area", "areas", "answer", "answers", "members", "member", "honourable", "hon", "hour", "hours", "end", "start",  # noqa: E501
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Stretch:
    """One topic: sentences[first:last] of the meeting and the phrases that name it."""

    first: int
    last: int
    phrases: tuple[str, ...]


def find_stretches(sentences: Sequence[Unit], expected: Mapping[str, float]) -> list[Stretch]:
    """Return the topics of a meeting in order; those that no phrase names are left out."""
    if not sentences:
        return []
    words = sum(unit.words for unit in sentences)
    wanted = 1 if words < MIN_WORDS else max(MIN_TOPICS, min(MAX_TOPICS, round(words / WORDS_PER_TOPIC)))
    borders = _borders(sentences, wanted)
    found = [_phrases(sentences[first:last]) for first, last in pairwise(borders)]
    everywhere: Counter[tuple[str, ...]] = Counter()
    for phrases in found:
        everywhere.update({key: phrase.count for key, phrase in phrases.items()})
    used: set[str] = set()
    stretches = []
    for (first, last), phrases in zip(pairwise(borders), found, strict=True):
        names = _best_phrases(phrases, everywhere, expected, used)
        if names:
            stretches.append(Stretch(first, last, names))
    return stretches


def topic_sentence(phrases: Sequence[str], number: int, of: int) -> str:
    """Return the sentence that heads topic `number` (from 0) of `of`."""
    names = listed(phrases)
    if of == 1:
        return f"The meeting was about {names}."
    if number == 0:
        return f"The meeting began with {names}."
    if number == of - 1:
        return f"The meeting ended with {names}."
    return f"Then the group discussed {names}." if number == 1 else f"After that they discussed {names}."


def listed(phrases: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return phrases[0] if len(phrases) == 1 else ", ".join(phrases[:-1]) + " and " + phrases[-1]


def _borders(sentences: Sequence[Unit], wanted: int) -> list[int]:
    """Return the indices where topics begin, with 0 and the end."""
    count = len(sentences)
    stems = [Counter(content_stems(unit.text)) for unit in sentences]
    spread: Counter[str] = Counter()
    for words in stems:
        spread.update(words.keys())
    shared = [word for word, times in spread.most_common(MAX_COLUMNS) if times > 1]
    column = {word: number for number, word in enumerate(shared)}
    if wanted == 1 or not column:
        return [0, count]
    totals = np.zeros((count + 1, len(column)), dtype=np.float32)
    for row, words in enumerate(stems, 1):
        for word, times in words.items():
            if word in column:
                totals[row, column[word]] = times * np.log(count / spread[word])
    np.cumsum(totals, axis=0, out=totals)
    position = np.array([unit.position for unit in sentences])
    likeness = np.ones(count)
    for index in range(1, count):
        left = int(np.searchsorted(position, position[index] - BLOCK_SHARE))
        right = int(np.searchsorted(position, position[index] + BLOCK_SHARE))
        before, after = totals[index] - totals[left], totals[right] - totals[index]
        likeness[index] = before @ after / (np.linalg.norm(before) * np.linalg.norm(after) + 1e-9)
    least = LEAST_SHARE / wanted
    borders: list[int] = []
    for index in np.argsort(likeness, kind="stable"):
        place = position[index]
        if min(place, 1 - place) < least * 0.7 or any(abs(place - position[known]) < least for known in borders):
            continue
        borders.append(int(index))
        if len(borders) == wanted - 1:
            break
    return [0, *sorted(borders), count]


@dataclass
class _Found:
    """How a phrase was used in one stretch."""

    count: int = 0
    as_noun: int = 0
    with_article: int = 0
    spellings: Counter[str] = field(default_factory=Counter)


def _phrases(sentences: Sequence[Unit]) -> dict[tuple[str, ...], _Found]:
    found: dict[tuple[str, ...], _Found] = defaultdict(_Found)
    for unit in sentences:
        for run in re.split(r"[^\w\s'’-]+", unit.text):
            _add_run(run.split(), found)
    return found


def _add_run(words: list[str], found: dict[tuple[str, ...], _Found]) -> None:
    lowered = [word.lower().replace("’", "'") for word in words]
    naming = [_may_name(word) for word in lowered]
    stems = [stem(word) for word in lowered]
    for length in (1, 2, 3):
        for start in range(len(words) - length + 1):
            end = start + length
            if not all(naming[start:end]) or len(set(stems[start:end])) < length:
                continue
            entry = found[tuple(stems[start:end])]
            before = lowered[start - 1] if start else ""
            after_is_free = end == len(words) or lowered[end] in STOPWORDS or lowered[end] in VERBS
            entry.count += 1
            entry.as_noun += before in _BEFORE_NOUNS and after_is_free
            entry.with_article += before in _ARTICLES
            entry.spellings[" ".join(words[start:end])] += 1


@lru_cache(maxsize=20_000)
def _may_name(word: str) -> bool:
    bare = word.split("'")[0]
    return (
        len(word) > 2
        and WORD.fullmatch(word) is not None
        and not {word, bare} & STOPWORDS
        and word not in _VAGUE
        and word not in VERBS
        and not word.endswith(("ly", "'s"))
        and not any(ch.isdigit() for ch in word)
    )


def _best_phrases(
    phrases: Mapping[tuple[str, ...], _Found],
    everywhere: Mapping[tuple[str, ...], int],
    expected: Mapping[str, float],
    used: set[str],
) -> tuple[str, ...]:
    """Return up to PHRASES names that share no word, and add their words to `used`."""
    scored = []
    for key, phrase in phrases.items():
        if phrase.count < 2 or phrase.as_noun < max(LEAST_NOUN_USES, NOUN_SHARE * phrase.count):
            continue
        worth = sum(expected.get(word, 0.01) for word in key) / len(key) ** 0.5
        own = phrase.count / everywhere[key]  # how much of its use falls into this stretch
        scored.append((np.log1p(phrase.count) * worth * own**0.5 * (1.3 if len(key) > 1 else 1.0), key))
    chosen: list[str] = []
    for _, key in sorted(scored, key=lambda pair: (-pair[0], pair[1])):
        if not used & set(key):
            used.update(key)
            chosen.append(_shown(phrases[key]))
        if len(chosen) == PHRASES:
            break
    return tuple(chosen)


def _shown(phrase: _Found) -> str:
    """Return the phrase as it is mostly written, with "the" where speakers gave it an article."""
    spelling = phrase.spellings.most_common(1)[0][0]
    words = spelling.split()
    capital = all(word[0].isupper() for word in words)
    article = (
        "the " if phrase.with_article * 3 >= phrase.count and not capital and not words[-1].endswith("ing") else ""
    )
    return article + " ".join(words)
