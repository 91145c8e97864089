"""Tell questions that stay open from those that were answered, asked for form's sake, or no questions at all.

A question is open when the first real reply is that nobody knows, or when someone says that it stays open.
Silence is no proof: most unanswered questions of a meeting were answered with a nod.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.words import content_stems
from workers.jobs.meeting_summary.extract_cues import TAG_QUESTION
from workers.jobs.meeting_summary.extract_units import Unit

REPLY_UTTERANCES = 20  # an answer given so much later still closes a question
FIRST_REPLIES = 4  # sentences of others that can say "I don't know"
BACK_UNITS = 8  # sentences before "I'll leave that open" that may hold the question
LEAST_ANSWER_WORDS = 4
LEAST_WORDS = 5  # "Silence or fix?" says nothing by itself
ANSWER_STEMS = 2  # content stems an answer shares with the question after "I don't know"

_UNKNOWN = re.compile(
    r"\b(?:i don't know|we don't know|don't know yet|no idea|not sure|dunno|unclear|nobody (?:\w+ ){0,3}(?:knows"
    r"|could tell)|have to (?:ask|check|find out)"
    r"|can't (?:say|tell) (?:yet|now)|let me find out|i'll find out|that depends|depends on|(?:isn't"
    r"|not) (?:yet )?clear|can't promise|remains to be seen|weiß (?:ich )?nicht"
    r"|keine ahnung|unklar|je ne sais pas|aucune idée)\b"
)
_STAYS_OPEN = re.compile(
    r"\b(?:an? open question|open question is|(?:that|this|it|one|question|matter|point"
    r"|issue)(?: \w+){0,2} (?:stays?|remains?|is still) open\b|leave (?:it|that|this) open|to be decided"
    r"|still (?:need|have) to decide"
    r"|bleibt offen|offene frage|reste ouvert)"
)
_FOR_FORM = re.compile(
    r"\b(?:can|may|could) i (?:\w+ )?(?:ask|tell|say|go|add|share|just)\b|\bshall (?:we|i)\b|\banything (?:else"
    r"|to add)\b|\bany (?:other )?questions\b"
    r"|\b(?:can|do) you (?:all )?(?:hear|see)\b|\bdo we have time\b|\bdoes (?:every|any)(?:body|one) agree\b"
    r"|\bis that (?:okay|ok|better|fine|clear)\b"
    r"|\bhow are you\b|\bwho(?:'s| is) next\b|\byou know what\b|\bwhy not\b|\bdoes that (?:make sense|work)\b"
)
# "Fine, then we leave that open until tomorrow" names no matter.
_LEFT_OPEN_STEMS = frozenset(["leav", "stay", "question", "open", "fine", "today", "tomorrow", "later", "next", "week", "meet", "time", "moment"])  # fmt: skip  # noqa: E501
_POINTS = frozenset(["it", "that", "this", "them", "what's", "there"])


@dataclass(frozen=True)
class OpenMatter:
    """One open question: the sentences that word it and all that prove it stayed open."""

    line: tuple[int, ...]  # indices into the sentences
    proof: tuple[int, ...]


def find_open(sentences: Sequence[Unit]) -> list[OpenMatter]:
    """Return the questions nobody could answer and the matters left open, each once, in spoken order."""
    found: list[OpenMatter] = []
    for number, unit in enumerate(sentences):
        if _STAYS_OPEN.search(_lowered(unit)):
            matter = _left_open(number, sentences, found)
        else:
            matter = _asked(number, sentences)
        if matter is None:
            continue
        twin = next((n for n, other in enumerate(found) if _one_matter(matter, other, sentences)), None)
        if twin is None:
            found.append(matter)
        else:
            known = found[twin]
            found[twin] = OpenMatter(known.line, tuple(sorted({*known.proof, *matter.proof})))
    return found


def is_question_to_answer(unit: Unit) -> bool:
    """Is this a question meant to be answered, not a tag, a courtesy or one quoted from someone else?"""
    text = _lowered(unit)
    quoted = re.search(r"[\"“”»]\W*$", unit.raw.rstrip()) is not None
    return (
        unit.is_question and not quoted and TAG_QUESTION.search(unit.raw) is None and _FOR_FORM.search(text) is None
    )


def _asked(number: int, sentences: Sequence[Unit]) -> OpenMatter | None:
    unit = sentences[number]
    line = _with_subject(number, sentences)
    stems = {stem for part in line for stem in content_stems(sentences[part].text)}
    too_short = sum(sentences[part].words for part in line) < LEAST_WORDS
    if not is_question_to_answer(unit) or len(stems) < ANSWER_STEMS or too_short:
        return None
    if (unknown := _unknown_reply(number, sentences)) is None:
        return None
    return None if _answered_later(unknown, stems, sentences) else OpenMatter(line, (*line, unknown))


def _unknown_reply(number: int, sentences: Sequence[Unit]) -> int | None:
    """Return the reply that nobody knows, when no answer comes before it."""
    asker = sentences[number].speaker
    replies = 0
    for following in range(number + 1, len(sentences)):
        unit = sentences[following]
        if unit.speaker == asker:
            if replies:
                return None  # the asker took up the reply
            continue
        if _UNKNOWN.search(_lowered(unit)):
            return following
        replies += 1
        if unit.words >= LEAST_ANSWER_WORDS or replies == FIRST_REPLIES or unit.first - sentences[number].first > 6:
            return None
    return None


def _answered_later(unknown: int, stems: set[str], sentences: Sequence[Unit]) -> bool:
    until = sentences[unknown].first + REPLY_UTTERANCES
    for unit in sentences[unknown + 1 :]:
        if unit.first > until:
            return False
        text = _lowered(unit)
        answers = not unit.is_question and unit.words >= LEAST_ANSWER_WORDS and not _STAYS_OPEN.search(text)
        if answers and not _UNKNOWN.search(text) and len(stems & set(content_stems(unit.text))) >= ANSWER_STEMS:
            return True
    return False


def _left_open(number: int, sentences: Sequence[Unit], found: Sequence[OpenMatter]) -> OpenMatter | None:
    """Return the matter of "I'll leave that open": in the sentence, right behind it, or before it."""
    unit = sentences[number]
    rest = set(content_stems(_STAYS_OPEN.sub(" ", _lowered(unit)))) - _LEFT_OPEN_STEMS
    if len(rest) >= ANSWER_STEMS:
        return OpenMatter((number,), (number,))
    if found and number - found[-1].proof[-1] <= FIRST_REPLIES:
        return OpenMatter(found[-1].line, (*found[-1].proof, number))
    following = number + 1
    if "question" in _lowered(unit) and following < len(sentences):
        after = sentences[following]
        if after.speaker == unit.speaker and after.raw.lower().startswith(("what", "how", "who", "whether", "can", "do", "may", "when")):  # fmt: skip  # noqa: E501
            before = _earlier_question(number, sentences)
            line = (following,) if before is None else (before, following)
            return OpenMatter(line, (*line[:-1], number, following))
    subject = _earlier_question(number, sentences)
    if subject is None:
        subject = next(
            (
                n
                for n in range(number - 1, max(-1, number - 1 - BACK_UNITS), -1)
                if sentences[n].speaker == unit.speaker and sentences[n].words >= 8
            ),
            None,
        )
    return None if subject is None else OpenMatter((subject, number), (subject, number))


def _earlier_question(number: int, sentences: Sequence[Unit]) -> int | None:
    for earlier in range(number - 1, max(-1, number - 1 - BACK_UNITS), -1):
        unit = sentences[earlier]
        if is_question_to_answer(unit) and len(set(content_stems(unit.text))) >= ANSWER_STEMS:
            return earlier
    return None


def _with_subject(number: int, sentences: Sequence[Unit]) -> tuple[int, ...]:
    unit = sentences[number]
    if len(content_stems(unit.text)) > ANSWER_STEMS or not _POINTS & set(_lowered(unit).replace("?", " ").split()):
        return (number,)
    for earlier in range(number - 1, max(-1, number - 1 - BACK_UNITS), -1):
        before = sentences[earlier]
        leans = _lowered(before).startswith(("it", "that", "this", "they", "i don't"))
        if before.speaker == unit.speaker and len(content_stems(before.text)) > ANSWER_STEMS and not leans:
            return (earlier, number)
    return (number,)


def _one_matter(left: OpenMatter, right: OpenMatter, sentences: Sequence[Unit]) -> bool:
    if set(left.proof) & set(right.proof):
        return True
    mine, theirs = (
        {stem for n in matter.line for stem in content_stems(sentences[n].text)} for matter in (left, right)
    )
    return bool(mine) and len(mine & theirs) >= 0.6 * min(len(mine), max(1, len(theirs)))


def _lowered(unit: Unit) -> str:
    return unit.raw.lower().replace("’", "'")
