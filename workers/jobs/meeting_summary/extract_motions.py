"""Find what a formal meeting voted on: the motion in the words it was moved in, with the outcome the chair declared.

"I move that the council accept the offer." … "Those in favour? Five. The motion is carried." are one decision, said
ten sentences apart. A motion without an outcome settles nothing, an outcome without its motion is shown only where it
says itself what was decided.
"""

import re
from collections.abc import Sequence

from assistant.minutes.schema import DecisionStatus
from assistant.words import content_stems
from workers.jobs.meeting_summary.extract_settled import Settled
from workers.jobs.meeting_summary.extract_units import Unit

DEBATE_UNITS = 150  # sentences between a motion and its vote: a long debate
LEAST_STEMS = 2

_MOVED = re.compile(
    r"\bi (?:would like to |wish to |want to |hereby |beg to |so |therefore )*(?:move|propose|table)\b(?! (?:on"
    r"|to the next))"
    r"|\b(?:the|this|that) (?:next )?(?:motion|amendment|resolution|question)(?: before (?:us|you|the \w+))?(?: is"
    r"| reads| calls|,) (?:on|that|to|for|\w+ing)\b"
    r"|\b(?:there is|we have|i have) (?:a|an|the) (?:motion|amendment|resolution)\b|\bit is moved\b|\b(?:a"
    r"|the) motion (?:that|to|under|for)\b"
)
_THING = r"(?:motion|amendment|resolution|question|clause|item|report|proposal|budget|nomination)s?"
_CARRIED = re.compile(
    rf"\b{_THING}(?: (?:\w+ ){{0,3}}?(?:is|are|was|has been))?(?: therefore| hereby| now)? (?:carried"
    rf"|agreed(?: to| on)?|adopted|approved|passed|accepted)\b"
    rf"|\bdeclare the {_THING} (?:carried|agreed(?: to)?|adopted|passed)\b|^\W*(?:carried|so ordered"
    rf"|motion carried)\W*$"
    r"|\bminutes (?:of [\w ,]+ )?(?:is|are) (?:hereby )?(?:approved|agreed|adopted|confirmed)\b"
    r"|\bthe ayes have it\b|\bunanimously (?:agreed|carried|approved)\b"
)
_LOST = re.compile(
    rf"\b{_THING}(?: (?:is|are|was|has been))?(?: therefore| hereby)? (?:lost|defeated|negatived|rejected"
    rf"|withdrawn|falls|fails|fell|failed|not agreed)\b"
    rf"|\bdeclare the {_THING} (?:lost|defeated|negatived|rejected)\b|\bthe noes have it\b"
)
_NO_OUTCOME = re.compile(r"\b(?:if|when|once|whether|unless|until|would|should|could|may|might|hope|not yet)\b")
_RECALLED = re.compile(r"\b(?:last|ago|previous|earlier|back in|in (?:19|20)\d\d|yesterday)\b")
_FORMAL = frozenset(["motion", "amend", "amendment", "resolution", "question", "carri", "carry", "agre", "adopt", "approv", "pass", "defeat", "reject", "lost", "fall", "declar", "chair", "mov", "move", "propos", "item", "unanimously", "unanimous", "oppos", "favour"])  # fmt: skip  # noqa: E501


def find_motions(sentences: Sequence[Unit]) -> list[Settled]:
    """Return what was voted on, in spoken order; nothing where nobody moved or declared anything."""
    found: list[Settled] = []
    after = 0  # a motion is voted on once
    for number, unit in enumerate(sentences):
        outcome = outcome_of(unit)
        if outcome is None:
            continue
        moved = _motion_before(number, after, sentences)
        if moved is not None:
            found.append(Settled(moved, (moved, number), outcome, then=number))
        elif _says_what(unit):
            found.append(Settled(number, (number,), outcome))
        after = number + 1
    return found


def outcome_of(unit: Unit) -> DecisionStatus | None:
    """Return what the sentence declares of a motion: "agreed", "rejected", or None when it declares nothing."""
    text = unit.raw.lower().replace("’", "'")
    if unit.is_question or _NO_OUTCOME.search(text) or _RECALLED.search(_MINUTES.sub(" ", text)):
        return None
    if _LOST.search(text):
        return "rejected"
    return "agreed" if _CARRIED.search(text) else None


_MINUTES = re.compile(r"\bminutes of the (?:last|previous) \w+\b")


def _motion_before(number: int, after: int, sentences: Sequence[Unit]) -> int | None:
    """Return the latest motion that says what it wants, moved since the last vote."""
    for earlier in range(number, max(after, number - DEBATE_UNITS) - 1, -1):
        unit = sentences[earlier]
        moved = not unit.is_question and _MOVED.search(unit.raw.lower().replace("’", "'")) is not None
        if moved and _says_what(unit) and (earlier != number or outcome_of(unit) is None):
            return earlier
    return None


def _says_what(unit: Unit) -> bool:
    return len(set(content_stems(unit.text)) - _FORMAL) >= LEAST_STEMS
