"""Answer a question about a meeting with what was said: "what did Anna say about the budget?"

Sentences are ranked by BM25 of their own words and of the talk around them, more for speakers the question
names. Lines come back with evidence, in the order they were said; none when nothing in the meeting fits.
"""

import math
from collections import Counter
from collections.abc import Sequence

from assistant.minutes.schema import SummaryLine
from assistant.words import content_stems, words_of
from workers.jobs.meeting_summary.extract import evidence_of, spoken_line
from workers.jobs.meeting_summary.extract_summary import clarity
from workers.jobs.meeting_summary.extract_units import Unit, all_sentences
from workers.transcripts.transcript import Transcript

BUDGET_WORDS = 70
WINDOW_UNITS = 50
WINDOW_WORTH = 0.5
SPEAKER_WORTH = 1.0  # of the best score, for a sentence by someone the question names
LEAST_UNIT_WORDS = 5
LEAST_SHARE = 0.35  # of the best score; weaker sentences are left out
K1, B = 1.2, 0.75  # BM25's usual figures (Robertson and Zaragoza 2009)
_ASKING = frozenset(
    [
        "discuss", "summar", "opinion", "meet", "discussion", "talk", "mention", "say", "group", "team",
        "member", "conclusion", "think", "thought", "decid", "decision",
    ]
)  # fmt: skip


def answer_from_meeting(
    transcript: Transcript, question: str, *, budget_words: int = BUDGET_WORDS
) -> list[SummaryLine]:
    """Return the lines that answer `question` best, together about `budget_words` long, in spoken order."""
    sentences = all_sentences(transcript)
    asked_of = _named_speakers(question, transcript.speakers)
    names = {part for speaker in asked_of for part in content_stems(speaker)}
    query = [stem for stem in dict.fromkeys(content_stems(question)) if stem not in names and stem not in _ASKING]
    scores = _scores(sentences, query)
    if asked_of and not query:
        scores = [float(unit.words) if unit.speaker in asked_of else 0.0 for unit in sentences]
    top = max(scores, default=0.0)
    if top <= 0:
        return []
    ranked = []
    for number, unit in enumerate(sentences):
        if unit.words < LEAST_UNIT_WORDS or unit.is_question or scores[number] <= 0:
            continue
        score = (scores[number] + SPEAKER_WORTH * top * (unit.speaker in asked_of)) * clarity(unit)
        ranked.append((score, number))
    ranked.sort(key=lambda pair: (-pair[0], pair[1]))
    chosen: list[int] = []
    used = 0
    for score, number in ranked:
        if used >= budget_words or score < LEAST_SHARE * ranked[0][0]:
            break
        if not any(_alike(sentences[number], sentences[other]) for other in chosen):
            chosen.append(number)
            used += sentences[number].words
    return [
        SummaryLine(text=spoken_line(sentences[number]), evidence=evidence_of([sentences[number]], transcript))
        for number in sorted(chosen)
    ]


def _named_speakers(question: str, speakers: Sequence[str]) -> set[str]:
    """Return the speakers whose whole name, or unshared first name, is in the question."""
    asked = " " + " ".join(words_of(question)) + " "
    firsts = Counter(words_of(speaker)[0] for speaker in speakers if words_of(speaker))
    named = set()
    for speaker in speakers:
        words = words_of(speaker)
        if not words:
            continue
        if f" {' '.join(words)} " in asked or (
            firsts[words[0]] == 1 and len(words[0]) > 2 and f" {words[0]} " in asked
        ):
            named.add(speaker)
    return named


def _scores(sentences: Sequence[Unit], query: Sequence[str]) -> list[float]:
    stems = [Counter(content_stems(unit.text)) for unit in sentences]
    spread: Counter[str] = Counter()
    for words in stems:
        spread.update(words.keys())
    count = len(sentences)
    worth = {
        word: math.log(1 + (count - spread[word] + 0.5) / (spread[word] + 0.5)) for word in query if spread[word]
    }
    lengths = [words.total() for words in stems]
    mean = sum(lengths) / max(1, count)
    own = [
        sum(
            idf * words[word] * (K1 + 1) / (words[word] + K1 * (1 - B + B * length / max(1.0, mean)))
            for word, idf in worth.items()
            if words[word]
        )
        for words, length in zip(stems, lengths, strict=True)
    ]
    totals = [0.0]
    for value in own:
        totals.append(totals[-1] + value)
    half = min(WINDOW_UNITS, max(4, count // 8)) // 2  # a short meeting has no distant talk
    around = [
        (totals[min(count, number + half + 1)] - totals[max(0, number - half)]) / (2 * half + 1)
        for number in range(count)
    ]
    highest = max(around, default=0.0) or 1.0
    top = max(own, default=0.0)
    # The talk around lifts a sentence that answers without repeating the question's words.
    return [value + WINDOW_WORTH * top * near / highest * (near > 0) for value, near in zip(own, around, strict=True)]


def _alike(left: Unit, right: Unit) -> bool:
    first, second = set(content_stems(left.text)), set(content_stems(right.text))
    return bool(first) and len(first & second) >= 0.7 * min(len(first), max(1, len(second)))
