"""Recognise who speaks only once or twice among words that open a line just as rarely and are nobody's name.

"Tom: I'm new here." and "Lanyards: too few." look alike. A list of the world's names would not settle it, so the file
itself is asked: whether it names the person elsewhere, whether somebody is spoken to by that word, whether the words
behind it are those of someone who begins to speak, and whether the turn before goes on with its speaker's name.
In doubt the line stays speech of whoever spoke before: no word is lost either way.
"""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

LEAST_TURNS = 8  # fewer tell little about whether a file names one speaker twice in a row
_WORD = r"[\w'’-]"
# How a turn begins: in the first person, or as an answer, a greeting or thanks (English, German, French, Spanish).
_SPEAKS = re.compile(
    r"\W*(?:(?:and|but|so|well|und|aber|also|et|mais|y|pero),?\s+)?"
    r"(?:i|i['’](?:m|d|ll|ve)|my|me|let me|may i|can i|could i|yes|yeah|yep|no|nope|ok|okay|sure|right|exactly"
    r"|agreed|thanks|thank you|hello|hi|hey|welcome|good (?:morning|afternoon|evening)|sorry|please|excuse me|bye"
    r"|ich|mein\w*|mir|ja|nein|doch|genau|danke|hallo|guten (?:morgen|tag|abend)|entschuldigung|bitte|stimmt"
    r"|je|j['’]\w+|moi|mon|ma|oui|non|d['’]accord|merci|bonjour|pardon"
    r"|yo|mi|sí|gracias|hola|perdón|de acuerdo)(?!\w)(?!\s*[:：])",
    re.IGNORECASE,
)
_GREETING = r"(?:thanks|thank you|hi|hello|hey|welcome|sorry|bye|danke|hallo|merci|bonjour|gracias|hola)"


class Opened(NamedTuple):
    """A line as it stands: what is before its colon, and what behind."""

    name: str
    words: str


def one_time_speakers(
    opened: Sequence[Opened], doubtful: Collection[str], *, sure: Collection[str], listed: Collection[str]
) -> frozenset[str]:
    """Return those of the `doubtful` names that the file shows to be people.

    `opened` are all lines with a colon, in order; `sure` the speakers known by their looks, `listed` the attendees
    the file names.
    """
    named = {part.casefold() for name in (*sure, *listed) for part in re.findall(r"[^\W\d_]+", name) if len(part) > 1}
    return frozenset(
        name
        for name in doubtful
        if name.casefold() in named
        or _is_spoken_to(name, opened)
        or _breaks_a_turn(name, opened, sure)
        or (_speaks(name, opened) and not _is_a_common_word(name, opened))
    )


def _speaks(name: str, opened: Sequence[Opened]) -> bool:
    return any(line.name == name and _SPEAKS.match(line.words) for line in opened)


def _is_spoken_to(name: str, opened: Sequence[Opened]) -> bool:
    """Return whether somebody says "Tom, can you …", "what about you, Tom?" or "thanks Tom"."""
    word = re.escape(name)
    spoken_to = re.compile(
        rf"(?:^|[.!?]\s+){word},\s|,\s*{word}\s*[?!.]|\b{_GREETING},?\s+{word}\b(?!{_WORD})",
        re.MULTILINE | re.IGNORECASE if name.islower() else re.MULTILINE,
    )
    return any(line.name != name and spoken_to.search(line.words) for line in opened)


def _breaks_a_turn(name: str, opened: Sequence[Opened], sure: Collection[str]) -> bool:
    """Return whether the line stands between two of one speaker, in a file that never names one twice in a row."""
    turns = [line.name for line in opened if line.name in sure or line.name == name]
    others = [turn for turn in turns if turn != name]
    places = [n for n, turn in enumerate(turns) if turn == name and 0 < n < len(turns) - 1]
    between = sum(turns[n - 1] == turns[n + 1] for n in places)
    repeats = sum(left == right for left, right in pairwise(others))
    return between > 0 and len(others) >= LEAST_TURNS and repeats == between


def _is_a_common_word(name: str, opened: Sequence[Opened]) -> bool:
    """Return whether the word stands somewhere without a capital: then it is no name."""
    lowered = re.compile(rf"(?<!{_WORD}){re.escape(name.lower())}(?!{_WORD})")
    return name.lower() != name and any(lowered.search(line.words) for line in opened)
