"""Find in the sources the sentence that holds a wanted value, or that is about a topic; whole and verbatim."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from workers.jobs.email_draft.facts import facts_in
from workers.jobs.email_draft.material import Source
from workers.validation.citations import stems

MAX_QUOTE_CHARS = 400
MIN_WORDS = {
    "file": 3,
    "minutes": 3,
}  # of a quotable line, by kind of source; signatures are shorter than OTHER_WORDS
OTHER_WORDS = 6
MOST_LINES = 8
_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\b\d\.)\s+(?!(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b)(?=[A-ZÀ-Ž\d\"“(])|\n+"
)
_SALUTATION = re.compile(
    r"^(?:hi|hello|dear|hallo|liebe\w*|guten tag|sehr geehrte\w*|best|kind|regards|thanks|cheers|viele grüße"
    r"|mit freundlichen)\b[^.?!]{0,60}$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A quote and where it stands."""

    source: Source
    quote: str


def sentences_of(source: Source) -> list[str]:
    """Return the source's sentences, list items and lines, without greetings."""
    parts = (part.strip(" \t-*•>|") for part in _SENTENCE.split(source.text) if part)
    return [
        " ".join(part.split())
        for part in parts
        if part and not _SALUTATION.match(part) and len(part) <= MAX_QUOTE_CHARS
    ]


def find_value(name: str, sources: Sequence[Source], doubtful: Sequence[str]) -> Found | None:
    """Return the sentence that says what `name` ("contract number") is: it has all its words and a fact.

    Later sources win, as threads correct themselves. A sentence with a day that the sources disagree on never does.
    """
    wanted = stems(re.sub(r"\b(?:of|for|from|in|on|to|with)\b.*$", "", name) or name) or stems(name)
    if not wanted:
        return None
    best: Found | None = None
    for source in sources:
        for sentence in sentences_of(source):
            if wanted <= stems(sentence) and has_facts(sentence) and not _is_doubtful(sentence, doubtful):
                best = Found(source, sentence)
    return best


def quotes_about(
    topic: str, sources: Sequence[Source], *, most: int, excluded: Sequence[str], doubtful: Sequence[str]
) -> list[tuple[Source, list[str]]]:
    """Return the sentences nearest to the topic by their words, grouped by source, in reading order."""
    wanted = stems(topic)
    units = [
        (source, sentence) for source in sources if source.kind != "history" for sentence in sentences_of(source)
    ]
    spread = Counter(stem for _, sentence in units for stem in stems(sentence))
    hidden = [stems(text) for text in excluded]

    def score(source: Source, sentence: str) -> float:
        words = stems(sentence)
        titled = 0.8 if wanted & stems(source.title) and has_facts(sentence) else 0.0
        shared = sum(log(1 + len(units) / spread[stem]) for stem in wanted & words)
        found = facts_in(sentence)
        return titled + shared + (0.5 if shared and (found.days or found.figures) else 0.0)

    usable = [
        (score(source, sentence), place, source, sentence)
        for place, (source, sentence) in enumerate(units)
        if len(sentence.split()) >= MIN_WORDS.get(source.kind, OTHER_WORDS)
        and not _is_doubtful(sentence, doubtful)
        and not any(words and words & stems(sentence) for words in hidden)
    ]
    best = sorted((one for one in usable if one[0] > 0), key=lambda one: (-one[0], one[1]))[:most]
    if not best:  # a topic without words ("this thread"): what has figures and days says most
        best = [one for one in usable if has_facts(one[3])][-most:] or usable[:most]
    grouped: dict[str, tuple[Source, list[str]]] = {}
    for _, _, source, sentence in sorted(best, key=lambda one: one[1]):
        grouped.setdefault(source.ref, (source, []))[1].append(sentence)
    return list(grouped.values())


def section_of(name: str, sources: Sequence[Source]) -> list[Found]:
    """Return the list under the heading of this name ("Decisions") in the sources, item by item."""
    heading = re.compile(
        rf"^[#*\s]*{re.escape(name)}\b[^\n]*\n(?:\s*\n)?((?:\s*(?:[-*•]|\d+[.)])\s*\S.*\n?)+)", re.I | re.M
    )
    found = [(source, match[1]) for source in sources for match in heading.finditer(source.text)]
    return [
        Found(source, re.sub(r"^\s*(?:[-*•]|\d+[.)])\s*", "", line).strip())
        for source, text in found
        for line in text.splitlines()
        if line.strip()
    ]


def lines_with_facts(sources: Sequence[Source]) -> list[Found]:
    """Return the first lines of files that hold a figure or a day: what "the figures" of a brief are."""
    lines = [
        Found(one, text) for one in sources if one.kind == "file" for text in sentences_of(one) if has_facts(text)
    ]
    return lines[:MOST_LINES]


def has_facts(text: str) -> bool:
    """Return whether a text holds a day, a figure or an address."""
    found = facts_in(text)
    return bool(found.days or found.figures or found.addresses)


def _is_doubtful(sentence: str, doubtful: Sequence[str]) -> bool:
    return any(day in sentence for day in doubtful)
