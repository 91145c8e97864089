"""Spoil good minutes in the ways a careless writer or model does, one fault at a time.

Each spoiling returns the changed minutes, or None where they offer nothing to spoil in that way. The
validator's measure is how many are caught, and that the untouched minutes raise nothing.
"""

import datetime
import random
import re
from collections.abc import Callable, Mapping

from assistant.minutes.schema import Decision, Evidence, Minutes, SummaryLine
from assistant.words import words_of
from workers.transcripts.transcript import Transcript

Spoiling = Callable[[Minutes, Transcript, random.Random], Minutes | None]

FOREIGN_NAMES = ("Zorbulak", "Quintessa", "Wimbrook", "Thaddius", "Ysolde")
_NUMBER = re.compile(r"\d+|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)\b", re.IGNORECASE)  # fmt: skip  # noqa: E501
_WORDS = [
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "eleven",
    "twelve",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
]


def _line(minutes: Minutes, index: int, line: SummaryLine) -> Minutes:
    return minutes.model_copy(update={"summary": (*minutes.summary[:index], line, *minutes.summary[index + 1 :])})


def _some_line(minutes: Minutes, rng: random.Random) -> int | None:
    return rng.randrange(len(minutes.summary)) if minutes.summary else None


def changed_number(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Change one number in a summary line to one that was not said nearby."""
    lines = [(i, found) for i, line in enumerate(minutes.summary) for found in _NUMBER.finditer(line.text)]
    if not lines:
        return None
    index, found = rng.choice(lines)
    line = minutes.summary[index]
    spoken = set(words_of(" ".join(u.text for u in transcript.utterances)))
    if found.group().isdigit():
        new = str(int(found.group()) + rng.choice([1, 7, 13]))
        while new in spoken:
            new = str(int(new) + 11)
    else:
        unused = [word for word in _WORDS if word not in spoken]
        new = rng.choice(unused) if unused else str(rng.randrange(200, 999))
    return _line(
        minutes,
        index,
        line.model_copy(update={"text": line.text[: found.start()] + new + line.text[found.end() :]}),
    )


def unknown_name(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Bring a name into a line that nobody in the meeting has or said."""
    if (index := _some_line(minutes, rng)) is None:
        return None
    line = minutes.summary[index]
    words = line.text.split()
    place = rng.randrange(1, len(words) + 1)
    text = " ".join([*words[:place], rng.choice(["for", "with", "and"]), rng.choice(FOREIGN_NAMES), *words[place:]])
    return _line(minutes, index, line.model_copy(update={"text": text}))


def fabricated_quote(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Cite a real utterance with words that were not said in it."""
    if (index := _some_line(minutes, rng)) is None or not minutes.summary[index].evidence:
        return None
    line = minutes.summary[index]
    false = line.evidence[0].model_copy(
        update={"quote": "We all agreed to double the price and move to another city."}
    )
    return _line(minutes, index, line.model_copy(update={"evidence": (false, *line.evidence[1:])}))


def altered_quote(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Put one other word into a true quote."""
    if (index := _some_line(minutes, rng)) is None or not minutes.summary[index].evidence:
        return None
    line = minutes.summary[index]
    words = line.evidence[0].quote.split()
    words[len(words) // 2] = "cancelled"
    false = line.evidence[0].model_copy(update={"quote": " ".join(words)})
    return _line(minutes, index, line.model_copy(update={"evidence": (false, *line.evidence[1:])}))


def no_citation(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Take a line's evidence away."""
    if (index := _some_line(minutes, rng)) is None:
        return None
    return _line(minutes, index, minutes.summary[index].model_copy(update={"evidence": ()}))


def missing_id(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Cite an utterance that does not exist."""
    if (index := _some_line(minutes, rng)) is None or not minutes.summary[index].evidence:
        return None
    line = minutes.summary[index]
    false = line.evidence[0].model_copy(update={"id": "u999999"})
    return _line(minutes, index, line.model_copy(update={"evidence": (false, *line.evidence[1:])}))


def wrong_id(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Cite another utterance than the one quoted, far from it."""
    if (index := _some_line(minutes, rng)) is None or len(transcript.utterances) < 60:
        return None
    line = minutes.summary[index]
    if not line.evidence or len(line.evidence[0].quote.split()) < 5:
        return None
    place = next(i for i, u in enumerate(transcript.utterances) if u.id == line.evidence[0].id)
    other = transcript.utterances[(place + len(transcript.utterances) // 2) % len(transcript.utterances)]
    false = line.evidence[0].model_copy(update={"id": other.id, "speaker": other.speaker})
    return _line(minutes, index, line.model_copy(update={"evidence": (false, *line.evidence[1:])}))


def unknown_owner(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Give a task to someone who was not there."""
    return _action(minutes, rng, {"owner": rng.choice(FOREIGN_NAMES)})


def invented_due(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Give a task a due day nobody said."""
    return _action(minutes, rng, {"due": "by the 29th of February 2028", "due_date": datetime.date(2028, 2, 29)})


def wrong_due_date(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Give a calendar day where the words give none or another."""
    return _action(minutes, rng, {"due_date": datetime.date(2031, 1, 13)})


def _action(minutes: Minutes, rng: random.Random, update: Mapping[str, object]) -> Minutes | None:
    if not minutes.action_items:
        return None
    index = rng.randrange(len(minutes.action_items))
    action = minutes.action_items[index].model_copy(update=dict(update))
    return minutes.model_copy(
        update={"action_items": (*minutes.action_items[:index], action, *minutes.action_items[index + 1 :])}
    )


def duplicate_line(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Say a line twice."""
    if (index := _some_line(minutes, rng)) is None:
        return None
    return minutes.model_copy(update={"summary": (*minutes.summary, minutes.summary[index])})


def flipped_negation(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Turn a line into its opposite: take its negation out, or put one in behind its first auxiliary."""
    auxiliaries = re.compile(r"\b(is|are|was|were|will|can|could|should|would|have|has|had|must|do|does|did)\b(?!n't)", re.IGNORECASE)  # fmt: skip  # noqa: E501
    spoiled = []
    for index, line in enumerate(minutes.summary):
        negated = [word for word in words_of(line.text) if word == "not" or word.endswith("n't")]
        if len(negated) == 1:
            text = re.sub(r"n['’]t\b", "", re.sub(r"\bnot ", "", line.text, count=1), count=1)
            text = re.sub(r"\b(ca|wo)\b", lambda m: {"ca": "can", "wo": "will"}[m[1]], text)
            spoiled.append((index, text))
        elif not negated and auxiliaries.search(line.text):
            spoiled.append((index, auxiliaries.sub(r"\1 not", line.text, count=1)))
    if not spoiled:
        return None
    index, text = rng.choice(spoiled)
    return _line(minutes, index, minutes.summary[index].model_copy(update={"text": text}))


def proposed_made_agreed(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Call a proposal agreed."""
    proposed = [index for index, decision in enumerate(minutes.decisions) if decision.status == "proposed"]
    if not proposed:
        return None
    index = rng.choice(proposed)
    agreed = minutes.decisions[index].model_copy(update={"status": "agreed"})
    return minutes.model_copy(
        update={"decisions": (*minutes.decisions[:index], agreed, *minutes.decisions[index + 1 :])}
    )


def invented_decision(minutes: Minutes, transcript: Transcript, rng: random.Random) -> Minutes | None:
    """Add a decision with a quote nobody said."""
    place = rng.randrange(len(transcript.utterances))
    evidence = Evidence(id=transcript.utterances[place].id, quote="We hereby decided to relocate the headquarters.")
    made_up = Decision(text="The headquarters will be relocated.", status="agreed", evidence=(evidence,))
    return minutes.model_copy(update={"decisions": (*minutes.decisions, made_up)})


SPOILINGS: dict[str, Spoiling] = {
    function.__name__: function
    for function in (
        changed_number, unknown_name, fabricated_quote, altered_quote, no_citation, missing_id, wrong_id, unknown_owner,  # noqa: E501
        invented_due, wrong_due_date, duplicate_line, invented_decision,
    )
}  # fmt: skip
MEANING_SPOILINGS: dict[str, Spoiling] = {
    function.__name__: function for function in (flipped_negation, proposed_made_agreed)
}  # reported apart: counting words can't catch all of them
