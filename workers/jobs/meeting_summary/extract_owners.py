"""Say who took on a task and by when, only when it was said.

"I'll send it" makes the speaker the owner; "Ben, can you send it?" makes Ben; "can you send it?" makes
nobody, unless the next one to speak takes it on in so many words. A guess is worse than a gap here: people
complain most about tasks they never accepted.
"""

import re
from collections.abc import Sequence

from workers.jobs.meeting_summary.extract_cues import ACCEPTANCE, CUES
from workers.jobs.meeting_summary.extract_units import Unit
from workers.transcripts.speakers import is_generic_label
from workers.validation.due_days import due_phrase

ANSWER_UNITS = 3

_ASKED = re.compile(
    r"\b(?:can|could|would|will) you\b|\byou(?:'ll| will|'re (?:going to|gonna)| are (?:going to|gonna)| have to"
    r"| need to| should| can| could)\b"
    r"|\b(?:like|need|want) you\b|\bplease\b|\b(?:kannst|könntest) du\b|\bkönnen sie\b",
    re.IGNORECASE,
)
_OTHER_DOES = (
    r"(?:'ll| will| is (?:going to|gonna)|'s (?:going to|gonna)| has to| needs to| should| gets| takes| to)\b"
)


def owner_of(number: int, sentences: Sequence[Unit], participants: Sequence[str]) -> tuple[str | None, bool]:
    """Return (owner, stated) of the task in sentence `number`; (None, False) when nobody was named.

    `stated` is true when the owner took it on, or was told to, in so many words.
    """
    unit = sentences[number]
    raw = unit.raw.replace("’", "'")
    if CUES["i_will"].search(raw.lower()) is not None and not raw.rstrip().endswith("?"):
        return unit.speaker, unit.speaker is not None
    named = named_for(raw, participants, unit.speaker)
    if named is not None:
        return named, True
    if _ASKED.search(raw):
        for answer in sentences[number + 1 : number + 1 + ANSWER_UNITS]:
            if answer.speaker != unit.speaker:
                taken = answer.speaker is not None and ACCEPTANCE.search(answer.raw) is not None
                return (answer.speaker, True) if taken else (None, False)
    return None, False


def due_of(number: int, sentences: Sequence[Unit], owner: str | None) -> str | None:
    """Return the words that say when the task is due: in the sentence, or in the owner's answer right after it."""
    own = due_phrase(sentences[number].raw)
    if own is not None or owner is None:
        return own
    for answer in sentences[number + 1 : number + 1 + ANSWER_UNITS]:
        if answer.speaker == owner and ACCEPTANCE.search(answer.raw):
            return due_phrase(answer.raw)
    return None


def named_for(raw: str, participants: Sequence[str], speaker: str | None) -> str | None:
    """Return the one participant the sentence gives the task to, None when it names none or several."""
    hit = [
        person
        for person in participants
        if not is_generic_label(person) and any(_gives_task(raw, name) for name in called(person, participants))
    ]
    return hit[0] if len(hit) == 1 else None


def called(person: str, participants: Sequence[str]) -> list[str]:
    """Return the names a participant may be called by: the whole name, and the first name if nobody shares it."""
    bare = re.sub(r"\s*[(\[].*", "", person).strip()
    first = bare.split()[0] if bare else ""
    shared = sum(other.split()[:1] == [first] for other in participants) > 1
    return [bare] if shared or len(first) < 2 else list(dict.fromkeys([bare, first]))


def _gives_task(raw: str, name: str) -> bool:
    called = re.escape(name)
    if re.search(rf"(?<!\w)(?:the )?{called}{_OTHER_DOES}", raw):
        return True
    addressed = re.search(
        rf"(?:^|[.,;:!?]\s*|\b(?:so|and|okay|well|then|um|uh|hey)[ ,]+)@?{called}\s*,", raw, re.IGNORECASE
    )
    trailing = re.search(rf",\s*@?{called}\s*[.?!]", raw, re.IGNORECASE)
    mention = re.search(rf"@{called}(?!\w)", raw)
    return (addressed or trailing or mention) is not None and _ASKED.search(raw) is not None
