"""Find matters that a meeting went back and forth about without settling them.

"Do we need a display?", then hedges, objections and other proposals by several people, and nobody who says what
was decided. Where questions are put and answered, or only told about, nothing is listed.
"""

import re
from collections.abc import Sequence

from assistant.words import content_stems
from workers.jobs.meeting_summary.extract_cues import CUES
from workers.jobs.meeting_summary.extract_open import is_question_to_answer
from workers.jobs.meeting_summary.extract_settled import marker_of
from workers.jobs.meeting_summary.extract_units import Unit, is_well_formed

DEBATE_UNITS = 15  # sentences that follow
# Of those that hedge, object or propose. With 4, two of five lines are right on AMI development meetings, with 5
# half are.
LEAST_CONTRARY = 5
LEAST_OTHERS = 2  # people besides the one who asks who take part
LEAST_OWN_WORDS = 4  # of a sentence with which somebody takes part
LEAST_WORDS, MOST_WORDS = 5, 30
LEAST_STEMS = 2
APART_UNITS = 8  # two matters are at least this far apart
MAX_MATTERS = 4

_CHOICE = re.compile(
    r"\b(?:do|should|shall|can|could|would|will|are|did|must) we\b.*\?|\bwhat if\b|\b(?:what|how) about\b"
    r"|\bthe (?:main |big |real |only |other )?(?:question|issue|problem|trouble|difficulty|concern) (?:is|was"
    r"|with|about)\b(?! (?:from|to|for)\b)"
    r"|\bthe thing is\b"
    r"|\b(?:not sure|don't know|i wonder|wondering|dunno|unclear|no idea) (?:whether|if|how|what|about|that)\b"
)
# "The first question is from Michelle", "Can we check that translation is back on?": the chair at work.
_PROCEDURE = re.compile(
    r"\b(?:translation|microphones?|mute|muted|slides?|agenda|screen|(?:first|next|final|last) question|move on"
    r"|start|begin|time"
    r"|questions? (?:is|comes?|are) from|repeat (?:the|your|her|his))\b"
)
_CONTRARY = ("hedged", "but", "proposal")


def find_debated(sentences: Sequence[Unit]) -> list[int]:
    """Return the sentences that raise such matters, the most debated ones when there are many, in spoken order."""
    contrary = [_is_contrary(unit) for unit in sentences]
    found = [
        (sum(contrary[number + 1 : number + 1 + DEBATE_UNITS]), number)
        for number, unit in enumerate(sentences)
        if _raises(unit) and _is_debated(number, sentences)
    ]
    kept: list[int] = []
    for strength, number in sorted(found, key=lambda pair: (-pair[0], pair[1])):
        near = any(abs(number - other) <= APART_UNITS for other in kept)
        if strength >= LEAST_CONTRARY and len(kept) < MAX_MATTERS and not near:
            kept.append(number)
    return sorted(kept)


def _raises(unit: Unit) -> bool:
    text = unit.raw.lower().replace("’", "'")
    return (
        _CHOICE.search(text) is not None
        and _PROCEDURE.search(text) is None
        and LEAST_WORDS <= unit.words <= MOST_WORDS
        and is_well_formed(unit)
        and len(set(content_stems(unit.text))) >= LEAST_STEMS
        and (not unit.is_question or is_question_to_answer(unit))
    )


def _is_debated(number: int, sentences: Sequence[Unit]) -> bool:
    following = sentences[number + 1 : number + 1 + DEBATE_UNITS]
    asker = sentences[number].speaker
    others = {unit.speaker for unit in following if unit.speaker != asker and unit.words >= LEAST_OWN_WORDS}
    return len(others) >= LEAST_OTHERS and not any(marker_of(unit) == "agreed" for unit in following)


def _is_contrary(unit: Unit) -> bool:
    text = unit.raw.lower()
    return any(CUES[name].search(text) for name in _CONTRARY)
