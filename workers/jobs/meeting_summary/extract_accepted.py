"""Find what somebody put to the group and others accepted: "Let's set it to eighty percent. – Yes, that makes sense."

Half of a decision is its wording, the other half is the answer: a plan that nobody takes up, a hedge, a question and
talk about the meeting itself are none. What is called a decision in so many words is in extract_settled.py.
"""

import re
from collections.abc import Sequence

from assistant.minutes.schema import DecisionStatus
from assistant.words import content_stems
from workers.jobs.meeting_summary.extract_cues import ASSENT, CUES, DECIDED, FIRM_ASSENT
from workers.jobs.meeting_summary.extract_motions import outcome_of
from workers.jobs.meeting_summary.extract_settled import Settled, marker_of
from workers.jobs.meeting_summary.extract_units import Unit, is_well_formed

ANSWER_UNITS = 4  # sentences that follow and can accept or doubt
APART_UNITS = 6  # two accepted proposals are at least this far apart, else they are one matter
LEAST_WORDS, MOST_WORDS = 5, 30
LEAST_STEMS = 3  # "Let's do that" says nothing by itself

# Each of these was right in a third or more of its uses where others accepted it; "we will have", "we need" and "it
# will be" were not in one of six, and are left out.
_PUTS = re.compile(
    r"\bwe(?:'ve| have|'d|'re)?(?: (?:all|now|just|already|pretty much|more or less))* (?:decided|agreed|settled"
    r"|resolved|concluded)\b"
    r"|\bwe agree\b(?! with)|\b(?:we|let's|i say|i'd say)\b.{0,25}\b(?:go|going|stick|sticking|stay"
    r"|staying) (?:with|for)\b(?! (?:this|that|it|them)\b)"
    r"|\blet's (?:(?:just|not) )?(?!see\b|say\b|go\b|be\b|move\b|look\b|think\b|come\b|get (?:on|back|into|to"
    r"|started)\b|take a\b|hope\b|hear\b|turn\b|continue\b"
    r"|wait a\b|do (?:it|that|this)\b|try (?:and|to)\b|pretend\b|assume\b|imagine\b|face\b|stop\b|leave (?:it|that"
    r"|this)\b|give\b|ask\b|call\b)[a-z]+\b"
    r"|\bwe (?:don't|won't|do not|will not|are not going to|aren't going to|'re not going to) (?:need|want|go|use"
    r"|do|buy|include)\b"
    r"|\bwe should (?:definitely |just |probably |also |not |really |only )*(?:have|use|go|make|keep|put|include"
    r"|focus|target|do|get|set|send|take|avoid|try)\b"
    r"|(?:^|\bthen |\bokay,? (?:so )?)(?:so |then )?we (?:do|keep|take|use|stay|leave|drop|move|go) (?!you\b|it\b"
    r"|that\b|from\b|on\b|through\b|back\b)"
)
_OPEN = re.compile(
    r"\b(?:maybe|perhaps|might|if|could|would|possibly|whether|i guess|not sure|when|because|what|how|which|who"
    r"|i don't know"
    r"|dunno|in case|not saying|don't think|do you think|either|hope|currently|that we don't)\b"
)
_PROCEDURE = re.compile(
    r"\b(?:meeting|minutes?|slides?|presentations?|present|agenda|move on|discuss\w*|talk\w*|look at|start\w*"
    r"|begin|finish\w*"
    r"|whiteboard|draw\w*|questionnaire|wrap|break|lunch|question|schedule|leave (?:it|that|this) open)\b"
)
_HEARD = re.compile(r"^\W*(?:mm+[- ]?hmm+|uh[- ]?huh|mm+|hm+)\W*$", re.IGNORECASE)  # heard, not accepted
_TOLD = re.compile(r"\b(?:last (?:week|month|year|time)|ago|yesterday|back then|in the past|already)\b")


def find_accepted(sentences: Sequence[Unit]) -> list[Settled]:
    """Return the proposals that somebody else accepted, in spoken order."""
    found: list[Settled] = []
    for number in range(len(sentences)):
        if found and number - found[-1].best <= APART_UNITS:
            continue
        if _puts(sentences[number]) and (answer := _acceptance(number, sentences)) is not None:
            found.append(Settled(number, (number, answer), status_of(number, sentences)))
    return found


def status_of(number: int, sentences: Sequence[Unit]) -> DecisionStatus:
    """Return whether what the sentence settles was agreed, proposed or turned down.

    "Agreed" needs words that say so, by the speaker for the group or by another right after; all else is
    proposed.
    """
    unit = sentences[number]
    if (said := outcome_of(unit) or marker_of(unit)) is not None:
        return said
    text = unit.raw.lower().replace("’", "'")
    hedged = CUES["hedged"].search(text) or unit.is_question
    following = [u for u in sentences[number + 1 : number + 4] if u.speaker != unit.speaker]
    agreed = (DECIDED.search(text) is not None and not hedged) or any(
        FIRM_ASSENT.search(u.raw) and not CUES["but"].search(u.raw.lower()) for u in following
    )
    if not agreed or CUES["unsure"].search(text):
        return "proposed"
    turned_down = CUES["rejecting"].search(text) is not None and CUES["lets"].search(text) is None
    return "rejected" if turned_down else "agreed"


def _puts(unit: Unit) -> bool:
    text = unit.raw.lower().replace("’", "'")
    return (
        _PUTS.search(text) is not None
        and not unit.is_question
        and LEAST_WORDS <= unit.words <= MOST_WORDS
        and is_well_formed(unit)
        and len(set(content_stems(unit.text))) >= LEAST_STEMS
        and not any(pattern.search(text) for pattern in (_OPEN, _PROCEDURE, _TOLD, CUES["i_will"]))
    )


def _acceptance(number: int, sentences: Sequence[Unit]) -> int | None:
    """Return the sentence in which another accepts, None where nobody does or the first answer is a doubt."""
    for following in range(number + 1, min(len(sentences), number + 1 + ANSWER_UNITS)):
        unit = sentences[following]
        if unit.speaker == sentences[number].speaker:
            continue
        if _HEARD.search(unit.raw):
            continue
        if ASSENT.match(unit.raw) or FIRM_ASSENT.search(unit.raw):
            return None if unit.is_question or CUES["but"].search(unit.raw.lower()) else following
    return None
