"""Find decisions by their wording: "Decided: nine positions", "Then that's rejected. We stay with ten thirty."

The sentence that settles often says nothing but that; its content then stands right behind or before it. Both
are cited. What is merely hoped, asked or counted is no decision.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant.minutes.schema import DecisionStatus
from assistant.words import content_stems
from workers.jobs.meeting_summary.extract_units import Unit

BACK_UNITS = 4  # sentences before a marker that may hold what it settles
QUESTION_UNITS = 12  # sentences back to the question that was turned down
LEAST_STEMS = 2
_TASK = re.compile(r"\b(?:i'll|i will|i’ll|i'm going to) ")
_WISH = re.compile(r"\bi(?:'|’)d (?:like|want|love|need)\b")
_DO_IT = re.compile(r"\blet(?:'|’)s do (?:it|that)\b")
_OPEN = r"^\W*(?:(?:okay|ok|so|good|then|well|alright|right|yes|yeah|perfect|and)[ ,.]+)*"

_AGREED = re.compile(
    rf"{_OPEN}(?:agreed|decided|settled|approved)(?: then)?(?=\s*[.:!]|\s*$)"
    r"|\b(?:that|this|it|which)(?:'s| is) (?:then )?(?:agreed|decided|settled|approved)\b"
    r"|\b(?:down|noted?|it|that) as (?:decided|agreed)\b"
    r"|\bwe(?:'ve| have|'re| are)? (?:all )?(?:now )?(?:decided|agreed|resolved|settled)\b|\bwe agree (?:that|to)\b"
    rf"|{_OPEN}let's do (?:it|that)\b|{_OPEN}let's (?:go|stay|stick) with\b|\bthe decision is\b"
    rf"|\bmotion (?:is )?carried\b"
    rf"|{_OPEN}yes, we \w+|\b(?:das ist|hiermit|wir haben) (?:\w+ ){{0,5}}(?:beschlossen|entschieden)\b"
    rf"|\bbeschlossen\b"
    r"|\b(?:c'est|nous avons|on a) (?:décidé|convenu)\b"
)
_REJECTED = re.compile(
    rf"\b(?:that|this|it)(?:'s| is) (?:then )?(?:rejected|turned down|off the table)\b|\bas rejected\b|\bit's a no\b"
    rf"|{_OPEN}(?:rejected)\s*[.:!]|\babgelehnt\b|\bc'est (?:rejeté|refusé)\b"
)
_PROPOSED = re.compile(
    r"\bproposed, not decided\b|\b(?:not|isn't|nothing is) (?:yet )?decided\b|\bi(?:'d| would)? (?:propose"
    r"|suggest) (?:that (?:we|the|our|it|they|you)|we|to)\b"
    r"|\bwe reserve\b|\bich schlage vor\b|\bje propose\b"
)
_DENIED = re.compile(r"\b(?:not|n't|never|nothing)\b(?:\s\w+){0,3}\s(?:agreed|decided|settled|approved|decide|agree)\b|\bif\b"  # noqa: E501
    r"|\bwhether\b")  # fmt: skip
_PROCEDURE = re.compile(
    r"\b(?:suggest|propose) (?:that )?(?:you\b|we (?:move|go|start|begin|stop|run|continue|skip|come|proceed|look"
    r"|have a (?:look|break))\b)"
    r"|\bnot (?:yet )?decided (?:if|whether|what|how)\b"
)
_WE_DID = re.compile(r"\bwe(?:'ve| have|'re| are)? (?:\w+ )?(?:decided|agreed|resolved|settled|agree)\b")
_AGENDA = re.compile(r"^\W*(?:(?:next|and|then|okay)[ ,]+)*(?:agenda )?(?:item|point|topic)\b")
_OTHERS_DECIDE = re.compile(r"\b(?:being|be|get|gets|been) (?:decided|agreed|approved|settled)\b")
_IN_PASSING = re.compile(r"\b(?:i'll|i'm|let me|i am) (?:\w+ ){0,3}(?:writ|note|put|list)")
_RECALLS = re.compile(r"\bas (?:we|you)(?:'ve| have| had)? (?:already |all )?(?:agreed|decided|said)\b|\bat that point\b"  # noqa: E501
    r"|\b(?:agreed|decided|settled)\b.{0,40}\b(?:last|ago|yesterday)\b|\b(?:last|ago|back then|yesterday"
    r"|in (?:march|january|february|april|may|june|july|august|september|october|november|december) (?:we"
    r"|it))\b.*\b(?:decided|agreed)\b")  # fmt: skip


@dataclass(frozen=True)
class Settled:
    """One decision: the sentence that holds it, all that prove it, and how far it went."""

    best: int  # index into the sentences
    proof: tuple[int, ...]
    status: DecisionStatus
    asked: int | None = None  # the question it answers, when the sentence says too little without it
    then: int | None = None  # what was declared of it later: "The motion is carried."

    @property
    def line(self) -> tuple[int, ...]:
        """The sentences a reader is shown, in spoken order."""
        return tuple(number for number in (self.asked, self.best, self.then) if number is not None)


def marker_of(unit: Unit) -> DecisionStatus | None:
    """Return what a sentence says, in so many words, was done with a matter; None when it says nothing."""
    text = _lowered(unit)
    if unit.is_question or _RECALLS.search(text):
        return None
    if _REJECTED.search(text):
        return "rejected"
    if _PROPOSED.search(text):
        return None if _PROCEDURE.search(text) else "proposed"
    if _AGREED.search(text) and not _DENIED.search(text) and not _OTHERS_DECIDE.search(text):
        return "agreed"
    return None


def find_settled(sentences: Sequence[Unit], *, votes: Collection[int] = ()) -> list[Settled]:
    """Return the decisions that someone called so, each once, in spoken order.

    `votes` are the sentences that declare the outcome of a motion; extract_motions.py reads those.
    """
    found: list[Settled] = []
    for number, unit in enumerate(sentences):
        status = marker_of(unit)
        if status is None or number in votes:
            continue
        if status == "proposed" and not _says_what(unit) and found and number - found[-1].proof[-1] <= BACK_UNITS:
            continue  # "Proposed, not decided", said of what was proposed just before
        if (best := _content(number, status, sentences)) is None:
            continue
        asked = _question_before(best, sentences) if status == "rejected" or _leans(sentences[best]) else None
        if status == "rejected" and asked is None and not _says_what(unit):
            continue  # what is left of "We stay with ten" alone would read as turned down
        proof = tuple(range(min(number, best), max(number, best) + 1)) if abs(best - number) <= 2 else (best, number)
        proof = tuple(sorted({*proof, *((asked,) if asked is not None else ())}))
        entry = Settled(best, proof, status, asked)
        twin = next((n for n, other in enumerate(found) if _one_matter(entry, other, sentences)), None)
        if twin is None:
            found.append(entry)
        else:
            found[twin] = _stronger(found[twin], entry)
    return sorted(found, key=lambda entry: entry.best)


def _content(number: int, status: DecisionStatus, sentences: Sequence[Unit]) -> int | None:
    """Return the sentence that says what was settled: the marker itself, the speaker's next, or one before."""
    if _says_what(sentences[number]):
        return number
    speaker = sentences[number].speaker
    if _WE_DID.search(_lowered(sentences[number])):
        return None  # "We decided on that": what stands beside it is as often something else
    passing = _IN_PASSING.search(_lowered(sentences[number])) is not None
    for following in range(number + 1, min(len(sentences), number + 3)):
        if passing or sentences[following].speaker != speaker:
            break
        if marker_of(sentences[following]) in (None, status) and _is_matter(sentences[following]):
            return following
    if status == "rejected":
        before = number - 1
        own = before >= 0 and sentences[before].speaker == speaker and _is_matter(sentences[before])
        return before if own else number
    if _DO_IT.search(sentences[number].raw.lower()):
        return None  # what "it" is may lie far back
    for earlier in range(number - 1, max(-1, number - 1 - BACK_UNITS), -1):
        if _is_matter(sentences[earlier]) and not _WISH.search(sentences[earlier].raw.lower()):
            return earlier
    return None


def _leans(unit: Unit) -> bool:
    return re.search(r"\bdo (?:it|that)\b", unit.raw.lower()) is not None


def _question_before(number: int, sentences: Sequence[Unit]) -> int | None:
    for earlier in range(number - 1, max(-1, number - 1 - QUESTION_UNITS), -1):
        if sentences[earlier].is_question and len(set(content_stems(sentences[earlier].text))) > LEAST_STEMS:
            return earlier
    return None


def _says_what(unit: Unit) -> bool:
    text = _lowered(unit)
    if _IN_PASSING.search(text):
        return False
    for pattern in (_REJECTED, _PROPOSED, _AGREED):
        text = pattern.sub(" ", text)
    return len(set(content_stems(text)) - {"decid", "agre", "today", "propos"}) >= LEAST_STEMS


def _is_matter(unit: Unit) -> bool:
    return (
        not unit.is_question
        and _AGENDA.search(unit.raw.lower()) is None
        and _TASK.search(unit.raw.lower()) is None
        and len(set(content_stems(unit.text))) >= LEAST_STEMS
        and unit.words >= 4
    )


def _one_matter(left: Settled, right: Settled, sentences: Sequence[Unit]) -> bool:
    if set(left.proof) & set(right.proof) or left.best == right.best:
        return True
    mine, theirs = (set(content_stems(sentences[entry.best].text)) for entry in (left, right))
    return bool(mine) and len(mine & theirs) >= 0.6 * min(len(mine), max(1, len(theirs)))


def _stronger(left: Settled, right: Settled) -> Settled:
    """Return one entry of two about a matter: settled beats proposed, and what came first words it."""
    proof = tuple(sorted({*left.proof, *right.proof}))
    if left.status == "proposed" != right.status:
        return right
    return Settled(left.best, proof, left.status, left.asked, left.then)


def _lowered(unit: Unit) -> str:
    return unit.raw.lower().replace("’", "'")
