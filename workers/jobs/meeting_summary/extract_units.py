"""Cut a transcript into units: cleaned sentences that could stand in minutes, each knowing where it was said.

What speech adds is taken out (clean_speech.py) and no word is put in, so that a line stays in the speaker's own
words. The raw text is kept in the transcript, and quotes come from there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from assistant.words import words_of
from workers.jobs.meeting_summary.clean_speech import clean_speech
from workers.transcripts.transcript import Transcript, Utterance

MIN_UNIT_WORDS = 8  # shorter sentences say little without what was said before
MAX_UNIT_WORDS = 30  # longer ones are several thoughts run together
ENOUGH_UNITS = 12  # well-formed ones; with fewer, fragments are admitted
MAX_JOINED_WORDS = 45  # a sentence longer than this is cut at a clause border
CLAUSE_WORDS = 14  # the least words of a cut-off clause
UNPUNCTUATED_WORDS = 60  # fewer than one full stop in so many words: the recogniser writes none
BACKCHANNEL_WORDS = 3  # "mm-hmm", "yeah okay": another's sounds do not end a sentence

_SENTENCE_END = re.compile(r"(?<=[.?!…])[\"')\]]*\s+")
_ABBREVIATION = re.compile(r"(?:\b(?:Dr|Mr|Mrs|Ms|St|Prof|No|vs|e\.g|i\.e|etc|approx|ca|Nr|bzw|z\.B|Hon)|\b[A-Z])\.$")
_ENDS = re.compile(r"[.?!…][\"')\]]*\s*$")
_CLAUSE_WORDS = frozenset(
    ["and", "but", "so", "because", "which", "und", "aber", "denn", "weil", "et", "mais", "car"]
)
# "We don't We're still": a restart inside a sentence, seen by a capital pronoun without a stop before it.
_INNER_START = re.compile(r"(?<=[a-z] )(?:We|It|They|You|So|And|But|The|That|This|Yeah|Okay|Well)(?=[ '’])")
VERBS = frozenset(
    [
        "am", "is", "are", "was", "were", "be", "been", "being", "have", "has", "had", "do", "does", "did",
        "will", "would", "can", "could", "shall", "should", "may", "might", "must", "need", "needs", "want",
        "wants", "think", "thinks", "know", "make", "makes", "made", "use", "uses", "used", "get", "gets",
        "got", "go", "goes", "went", "take", "takes", "took", "give", "gives", "gave", "work", "works",
        "worked", "say", "says", "said", "see", "sees", "saw", "look", "looks", "looked", "put", "puts", "find",
        "finds", "found", "decide", "decides", "agree", "agrees", "keep", "keeps", "kept", "start", "starts",
        "run", "runs", "ran", "come", "comes", "came", "seem", "seems", "mean", "means", "meant", "show",
        "shows", "cost", "costs", "sell", "sells", "sold", "buy", "buys", "change", "changes", "include",
        "includes", "require", "requires", "support", "supports", "suggest", "suggests", "propose", "expect",
        "plan", "plans", "send", "sends", "write", "writes", "like", "likes", "cannot", "let", "gonna", "wanna",
        "gotta", "ist", "sind", "war", "waren", "haben", "hat", "hatte", "wird", "werden", "kann", "können",
        "muss", "müssen", "soll", "sollen", "brauchen", "machen", "gibt", "est", "sont", "était", "ont",
        "avons", "avez", "fait", "faut", "doit", "peut", "es", "son", "fue", "tiene",
    ]
)  # fmt: skip
_LOOSE_ENDS = frozenset(
    [
        "the", "a", "an", "and", "or", "but", "of", "to", "in", "on", "at", "for", "with", "from", "by", "as",
        "is", "are", "was", "were", "be", "that", "which", "who", "if", "so", "because", "than", "into",
        "about", "my", "your", "our", "their", "his", "its", "these", "those", "i", "we", "you", "he", "she",
        "they", "it's", "i'm", "very", "more", "not", "can", "could", "will", "would", "should", "und", "oder",
        "der", "die", "das", "ein", "eine", "zu", "mit", "et", "ou", "le", "la", "les", "un", "une", "de", "à",
    ]
)  # fmt: skip
_LOOSE_STARTS = frozenset(["which", "whose", "than", "of", "to", "that", "because", "whereas", "whether", "who"])
# "Is the time to work for the people": what stood before was lost.
_SUBJECTLESS = frozenset(
    ["is", "are", "was", "were", "has", "had", "does", "did", "am", "been", "ist", "sind", "est"]
)


@dataclass(frozen=True)
class Unit:
    """One sentence as it would stand in minutes."""

    text: str  # cleaned
    raw: str
    speaker: str | None
    parts: tuple[tuple[int, str], ...]  # (index of the utterance, its words that belong to the unit), verbatim
    start: float | None  # seconds
    is_question: bool
    position: float  # 0 at the first word of the meeting, 1 at the last

    @property
    def words(self) -> int:
        """Words of the cleaned text."""
        return len(self.text.split())

    @property
    def first(self) -> int:
        """Index of the first utterance it was said in."""
        return self.parts[0][0]


def split_sentences(text: str) -> list[str]:
    """Return the sentences of `text`; "Dr. Ruiz" and "e.g. this" are not ends."""
    sentences: list[str] = []
    began = 0
    for end in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text[began : end.start()]):
            sentences.append(text[began : end.end()].strip())
            began = end.end()
    sentences.append(text[began:].strip())
    return [sentence for sentence in sentences if sentence]


def all_sentences(transcript: Transcript) -> list[Unit]:
    """Return every sentence of the meeting as a unit, in order, whatever its length.

    A sentence may run over several utterances of its speaker, as long as others only make short sounds
    meanwhile.
    """
    utterances = transcript.utterances
    counts = [len(u.text.split()) for u in utterances]
    starts = [0, *accumulate(counts)]
    total = max(1, starts[-1])
    ends_everywhere = sum(u.text.count(".") + u.text.count("?") for u in utterances) * UNPUNCTUATED_WORDS < total
    open_parts: dict[str | None, list[tuple[int, str]]] = {}
    units: list[Unit] = []

    def close(speaker: str | None) -> None:
        parts = open_parts.pop(speaker, [])
        if parts:
            units.append(_unit(parts, utterances, starts[parts[0][0]] / total))

    for index, utterance in enumerate(utterances):
        speaker = utterance.speaker
        if counts[index] > BACKCHANNEL_WORDS:
            for other in [name for name in open_parts if name != speaker]:
                close(other)
        for sentence in split_sentences(utterance.text):
            for part in _bounded(sentence):
                parts = open_parts.setdefault(speaker, [])
                parts.append((index, part))
                long = sum(len(text.split()) for _, text in parts) >= MAX_UNIT_WORDS
                if long or _ENDS.search(part) or part != sentence:
                    close(speaker)
        if ends_everywhere:
            close(speaker)
    for speaker in list(open_parts):
        close(speaker)
    return sorted(units, key=lambda unit: unit.first)


def summary_units(sentences: Sequence[Unit]) -> list[Unit]:
    """Return the units fit for a summary: statements of a readable length, well-formed ones when there are
    enough.

    Rapid talk can be all fragments; rather than an empty summary it gets the best of those.
    """
    statements = [u for u in sentences if MIN_UNIT_WORDS <= u.words <= MAX_UNIT_WORDS and not u.is_question]
    well_formed = [u for u in statements if is_well_formed(u)]
    return well_formed if len(well_formed) >= ENOUGH_UNITS else statements or [u for u in sentences if u.text]


def is_well_formed(unit: Unit) -> bool:
    """Does the unit read as a sentence: an end, a verb, no loose beginning or tail, no splinters of words?"""
    words = words_of(unit.text)
    if not words or not _ENDS.search(unit.raw) or words[-1] in _LOOSE_ENDS or words[0] in _LOOSE_STARTS:
        return False
    if words[0] in _SUBJECTLESS and not unit.is_question:
        return False
    if any(len(word) == 1 and word not in "ai" and not word.isdigit() for word in words):
        return False
    if len(_INNER_START.findall(unit.text)) > 0:
        return False
    return any(is_verb(word) for word in words)


def is_verb(word: str) -> bool:
    """Is this lower-case English word likely a verb form? Contractions and regular pasts count."""
    return (
        word in VERBS
        or word.endswith(("'s", "'re", "'ve", "'ll", "'d", "'m", "n't"))
        or (len(word) > 4 and word.endswith("ed"))
    )


def _bounded(sentence: str) -> list[str]:
    """Cut a sentence that is too long to read at a clause border, if it has one."""
    words = sentence.split()
    if len(words) <= MAX_JOINED_WORDS:
        return [sentence]
    parts: list[str] = []
    current: list[str] = []
    for word in words:
        at_border = current and (current[-1].endswith((",", ";", "-")) or word.lower() in _CLAUSE_WORDS)
        if at_border and len(current) >= CLAUSE_WORDS:
            parts.append(" ".join(current))
            current = []
        current.append(word)
    return [*parts, " ".join(current)]


def _unit(parts: Sequence[tuple[int, str]], utterances: Sequence[Utterance], position: float) -> Unit:
    raw = " ".join(text for _, text in parts)
    first = parts[0][0]
    together: dict[int, str] = {}
    for index, text in parts:
        together[index] = f"{together[index]} {text}" if index in together else text
    return Unit(
        text=clean_speech(raw),
        raw=raw,
        speaker=utterances[first].speaker,
        parts=tuple(together.items()),
        start=utterances[first].start,
        is_question=raw.rstrip(" \"')]").endswith("?"),
        position=position,
    )
