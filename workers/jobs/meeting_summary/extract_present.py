"""Find tasks that somebody takes on in the present tense, with a day: "I write the notes by tomorrow".

Without a day such words tell what people do anyway ("I write the newsletter"), and with "every" or "usually" too.
In "we ship Friday, Ben does the changelog" Ben's task has no day: Friday is the ship's. "We ship Friday" alone is a
plan, and nobody's task.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workers.jobs.meeting_summary.extract_owners import called
from workers.validation.due_days import due_phrase

# Verbs whose object outlives the meeting, and with an object those that say little by themselves.
_BASE = (
    r"(?:send|write|file|book|prepare|draft|update|circulate|share|schedule|order|organi[sz]e|submit|upload|fix|review"
    r"|deliver|publish|ship|release|finish|complete|call|e?-?mail|check|ask|register|document|test|translate|pay"
    r"|(?:do|make) (?:the|our|this|that|these|those|both)|take the (?:notes|minutes)|take care of|take over"
    r"|get back to|report back|look into|follow up|set up (?:the|a|an)|put together|hand (?:in|over)|rewrite|clean up"
    r"|wrap up)"
)
_THIRD = (
    r"(?:sends|writes|files|books|prepares|drafts|updates|circulates|shares|schedules|orders|organi[sz]es|submits"
    r"|uploads|fixes|reviews|delivers|publishes|ships|releases|finishes|completes|calls|mails|checks|asks|registers"
    r"|documents|tests|translates|pays|(?:does|makes) (?:the|our|this|that|these|those|both)"
    r"|takes the (?:notes|minutes)|takes care of|takes over|looks into|follows up|sets up|hands in|rewrites)"
)
_DOING = (
    r"(?:sending|writing|filing|booking|preparing|drafting|updating|circulating|sharing|scheduling|ordering"
    r"|organi[sz]ing|submitting|uploading|fixing|reviewing|delivering|publishing|shipping|releasing|finishing"
    r"|completing|calling|mailing|checking|asking|registering|documenting|testing|translating|paying"
    r"|(?:doing|making) (?:the|our|this|that|these|those|both)|taking the (?:notes|minutes)|taking care of"
    r"|taking over|looking into|setting up|putting together|handing in|rewriting)"
)
_GERMAN = (
    r"(?:schreibe|schicke|sende|erledige|bestelle|buche|prüfe|kläre|organisiere|erstelle|liefere|aktualisiere"
    r"|übernehme|besorge|mache|bringe|frage|rufe|kümmere mich)"
)
_FRENCH = r"(?:j'(?:envoie|écris|organise|appelle)|je (?:prépare|rédige|finis|termine|réserve|commande|vérifie|fais) (?:le|la|les))"  # noqa: E501
_DAY = r"(?:tomorrow|tonight|next week|(?:mon|tues|wednes|thurs|fri)day)"
_CLAUSE = rf"(?:^\W*|[,;:–]\s+|\b(?:and|so|then|but|okay|well|yes|{_DAY}|und|dann|et)\s+)"
_ADVERB = r"(?:also |then |just |gladly |quickly |personally |definitely )?"
_MINE = re.compile(
    rf"{_CLAUSE}(?:i {_ADVERB}{_BASE}\b|i(?:'m| am) {_ADVERB}{_DOING}\b|i {_ADVERB}(?:have|need) to {_BASE}\b"
    rf"|i(?:'ve| have) (?:the|our|my|a|an) (?:[\w-]+ ){{1,4}}(?:done|ready|finished|written|prepared) (?=by|on|before"
    rf"|until|tomorrow|next)|ich {_GERMAN}\b|{_GERMAN} ich\b|{_FRENCH}\b)"
)
_NOT_MINE = re.compile(
    r"\b(?:every|each|usually|always|often|normally|sometimes|generally|never|mostly|still|jeden|immer|meistens"
    r"|chaque|toujours|if|when|unless|whenever|because|why|how|who|wenn|falls|weil|si|quand|yesterday|last (?:week"
    r"|month|time|year|monday|tuesday|wednesday|thursday|friday)|ago|gestern|hier|don't|not|nicht|kein\w*|pas|wish"
    r"|used to|said|told|thought)\b"
)
_SPOKEN_FOR = re.compile(r"\b(?:call|ask|book|check|share|get|make|take|bring) (?:it|that|this) (?:a|an|as)\b")
_WEEKDAY = re.compile(
    r"\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b(?=\s*(?:$|[.,;!]|and\b|latest\b))",
    re.IGNORECASE,
)

_OPENS = re.compile(r"\W*(?:(?:and|so|then|okay|well|yes|but|also)\W+)*(?:on |by |until )?$")


@dataclass(frozen=True)
class PresentTask:
    """Whose task a sentence is, and until when; a day that belongs to something else is not given."""

    owner: str | None
    due: str | None


def present_task(raw: str, speaker: str | None, participants: Sequence[str]) -> PresentTask | None:
    """Return the task that a statement takes on or gives in the present tense, None when it does neither."""
    text = raw.replace("’", "'")
    lowered = text.lower()
    if raw.rstrip().endswith("?") or _NOT_MINE.search(lowered) or (due := _due(text)) is None:
        return None
    if (mine := _MINE.search(lowered)) is not None and not _SPOKEN_FOR.search(lowered):
        return PresentTask(speaker, due) if _is_near(mine, due, lowered) else None
    found = _theirs(text, participants)
    if found is None:
        return None
    name, place = found
    return PresentTask(name, due if _is_near(place, due, lowered) else None)


def _due(text: str) -> str | None:
    if (phrase := due_phrase(text)) is not None:
        return phrase
    found = _WEEKDAY.search(text)
    return found[0] if found else None


def _is_near(verb: re.Match[str], due: str, lowered: str) -> bool:
    """Does the day stand in the verb's own clause, or open the sentence ("Tomorrow I send …")?"""
    place = lowered.find(due.lower())
    if place < verb.start():
        return _OPENS.match(lowered[:place]) is not None and "," not in lowered[place + len(due) : verb.start()]
    return not re.search(r"[,;]\s+(?!by|on|until|before|and)", lowered[verb.end() : place])


def _theirs(text: str, participants: Sequence[str]) -> tuple[str, re.Match[str]] | None:
    """Return the one participant who is said to do something, and where."""
    hits = []
    for person in participants:
        for name in called(person, participants):
            pattern = rf"(?:^\W*|[,;:–]\s+|\b(?:and|so|then|but)\s+){re.escape(name)} (?:{_THIRD}|is {_DOING})\b"
            if (found := re.search(pattern, text)) is not None:
                hits.append((person, found))
    return hits[0] if len({person for person, _ in hits}) == 1 else None
