"""Questions that a request wants answered ("Answer Rui: how much does he get back?"): read, restate, answer them.

A mail that answers must not ask. A question becomes sentences that the sources already hold, or a placeholder under
its restated form; where the grammar can't be turned safely, the question stands inside the placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from workers.jobs.email_draft.extracts import Found, has_facts, sentences_of
from workers.jobs.email_draft.facts import facts_in
from workers.jobs.email_draft.material import PASTED, Source
from workers.validation.citations import stems

MIN_WORDS = 3  # "and when?" is a part of the question before it, not one of its own
MOST_SENTENCES = 2  # quoted for one question
MIN_SHARED = 2  # words in common where the kind of question says nothing
LEAST_SHARED_BARE = 0.75  # of the content words, there
LEAST_SHARED = 0.5  # of the question's content words in a sentence of the thread or a file
_WH = (
    r"(?:how(?: (?:long|often|far|soon))?|how (?:much|many)(?: [a-z]+){0,2}?|when|where|why|who|whom"
    r"|which(?: [a-z]+)?|what(?: [a-z]+)?|wie ?viele?|wie lange|wann|wohin|wo|warum|wer|welche\w*|was|wie)"
)
_AUXILIARY = r"(?:do|does|did|is|are|was|were|has|have|had|will|would|can|could|shall|should|may|must)"
_ASKED = re.compile(rf"^(?:{_WH} (?:{_AUXILIARY}|\w+ (?:er|sie|wir|ich))\b|how (?:much|many|long)\b)", re.IGNORECASE)
_ENDING_IN_MARK = re.compile(rf"^(?:{_WH}|{_AUXILIARY}|\w+ (?:er|sie|wir|ich|der|die|das))\b.*\?$", re.IGNORECASE)
_JOINT = re.compile(
    rf"\?\s+(?:and\s+|und\s+)?|[,;]?\s+(?:and|und)\s+(?={_WH}\b)|[,;]\s+(?:and\s+)?(?={_AUXILIARY} )|;\s+",
    re.IGNORECASE,
)
_ANSWERS = re.compile(
    r"^\W*(?:(?:please|kindly|bitte)\s+)?(?:answer|reply|respond|write back|get back|antworte\w*|beantworte\w*"
    r"|(?:write|draft|send|compose|prepare|schreibe?)\b[^.:?]{0,40}\b(?:answer|reply|response|antwort))\b",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"\b(?:be)?(?:answer|antwort)", re.IGNORECASE)
_TO_THEM = re.compile(r"\b(?:you|your|Sie|Ihr\w*)\b")  # "Reply to Nora: could you …?" is what the mail shall ask
_ASKS = re.compile(
    r"(?:^|\b(?:and|then|also|but|und|please)\s+|[:;,]\s+)(?:ask|find out|inquire|check with|frage?)\b.*$",
    re.IGNORECASE,
)
_WHERE = re.compile(
    r"\b(?:address|office|room|hall|floor|building|street|label|warehouse|desk|counter|reception|entrance|depot|adresse|büro|raum|lager|straße)\b|https?://|@",
    re.IGNORECASE,
)
_TERM = re.compile(
    r"\b(?:within|in|binnen|innerhalb von) \d+ (?:\w+ )?(?:hour|day|week|month|stunde|tag|woche|monat)", re.I
)
_PLACE = re.compile(r"(?:where|wo|wohin)\b", re.IGNORECASE)
_LIGHT = stems("much many long often far get gets got go goes come comes need needs want wants happen viel lange")
_PERSON = r"(?:I|you|he|she|it|we|they)"
_WITH_DO = re.compile(rf"^(?P<wh>{_WH} )?(?P<do>do|does) (?P<subject>{_PERSON}\b|\S.*?)(?P<rest> .+)$", re.IGNORECASE)
_INVERTED = re.compile(
    rf"^(?P<wh>{_WH} )?(?P<verb>is|are|was|were|has|have|will|would|can|could|shall|should|may"
    rf"|must) (?P<subject>{_PERSON})\b(?P<rest>.*)$",
    re.IGNORECASE,
)
_BE_AT_END = re.compile(rf"^(?P<wh>{_WH}) (?P<verb>is|are|was|were) (?P<subject>(?:the|our|my|your) \w+)$", re.I)
_FOR_YOU = {"is": "are", "has": "have", "was": "were"}


def wants_answers(words: str) -> bool:
    """Return whether a request is to answer something."""
    return bool(_ANSWERS.search(words))


def without_asking(sentence: str) -> tuple[str, str]:
    """Return what stands before an order to ask ("… and ask him when he paid"), and the order."""
    found = _ASKS.search(sentence)
    return (sentence[: found.start()], found[0]) if found else (sentence, "")


def questions_of(sentence: str, *, request: str) -> list[str]:
    """Return the questions of one sentence, without their marks; none where it is no question.

    What addresses somebody before a colon ("Answer Rui: …") is not part of them.
    """
    _, colon, after = sentence.partition(": ")
    text = (after if colon and _ANSWERS.search(sentence) else sentence).strip()
    if not (_ENDING_IN_MARK.search(text) or _ASKED.search(text)):
        return []
    if _TO_THEM.search(text) and not _ANSWER.search(request):
        return []
    found: list[str] = []
    for part in _JOINT.split(text):
        plain = part.strip(" ,;.?")
        if found and len(plain.split()) < MIN_WORDS:
            found[-1] += f" and {plain}" if plain else ""
        elif plain:
            found.append(plain)
    return found


def restated(question: str, *, is_to_one: bool) -> str | None:
    """Return the question as a topic ("how much you get back"), or None where its grammar can't be turned safely.

    `is_to_one`: "he" and "she" can only mean the one recipient.
    """
    if re.search(r",|\band (?:when|where|why|how|who|what)$", question):
        return None
    if found := _WITH_DO.match(question):
        subject = _subject(found["subject"], is_to_one=is_to_one)
        is_second = subject == "you" or found["do"].lower() == "do"
        if subject is None or not is_second:  # "does the printer go" needs its verb inflected
            return None
        return f"{(found['wh'] or 'whether ').lower()}{subject}{found['rest']}"
    if found := _INVERTED.match(question):
        subject = _subject(found["subject"], is_to_one=is_to_one)
        if subject is None:
            return None
        verb = found["verb"].lower()
        verb = _FOR_YOU.get(verb, verb) if subject == "you" else verb
        return f"{(found['wh'] or 'whether ').lower()}{subject} {verb}{found['rest']}"
    if found := _BE_AT_END.match(question):
        return f"{found['wh'].lower()} {found['subject']} {found['verb'].lower()}"
    return None


def _subject(written: str, *, is_to_one: bool) -> str | None:
    if written.lower() in ("he", "she"):
        return "you" if is_to_one else None
    return written


def answers_among(question: str, sources: Sequence[Source], *, outsiders: Collection[str]) -> list[Found]:
    """Return the sentences that answer a question, of the latest source that has any; none where none surely does.

    Files count, and messages of colleagues: what an outsider (`outsiders`: addresses) wrote is a claim, no answer;
    and so is a text pasted into the request, whose author nobody knows.
    """
    wanted = own_stems(question)
    if not wanted:
        return []
    for source in reversed(sources):
        if (
            source.kind == "history"
            or source.title == PASTED
            or (source.message and source.message.sender.address in outsiders)
        ):
            continue
        found = [Found(source, one) for one in sentences_of(source) if answers(question, one, within=one)]
        if found:
            return found[:MOST_SENTENCES]
    return []


def own_stems(question: str) -> frozenset[str]:
    """Return the stems that say what a question is about."""
    topic = re.sub(rf"^{_WH}\b", " ", question, flags=re.IGNORECASE)
    return frozenset(stems(topic) - _LIGHT)


def asks_for_figure(question: str) -> bool:
    """Return whether only an amount, a number or a day can answer."""
    return bool(
        re.match(r"(?:how (?:much|many|long|often|far|soon)|wie ?viel|wie lange|when|wann)\b", question, re.I)
    )


def fits(question: str, sentence: str) -> bool:
    """Return whether a sentence can answer a question of this kind: a figure, a day, a place; never a question."""
    if sentence.endswith("?"):
        return False
    if re.match(r"(?:when|wann|how soon)\b", question, re.IGNORECASE):
        return bool(facts_in(sentence).days or _TERM.search(sentence))
    if asks_for_figure(question):
        return has_facts(sentence)
    if _PLACE.match(question):
        return bool(_WHERE.search(sentence))
    return True


def answers(question: str, sentence: str, *, within: str) -> bool:
    """Return whether a sentence is of the question's kind and about its subject.

    A place may be named beside its subject ("The address is …"): it counts when the passage `within` has the words.
    Where the kind says nothing (why, who, whether), one shared word says too little.
    """
    wanted = own_stems(question)
    is_place = bool(_PLACE.match(question))
    shared = len(wanted & stems(within if is_place else sentence))
    has_kind = is_place or asks_for_figure(question)
    least, share = (1, LEAST_SHARED) if has_kind else (MIN_SHARED, LEAST_SHARED_BARE)
    return shared >= max(least, share * len(wanted)) and fits(question, sentence)
