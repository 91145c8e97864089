"""Find tasks by their wording: someone takes one on, is told to, or says yes when asked.

"I'll ask Priscilla", "Helen, will you tell Grace? – Yes", "You'll have it by the first of December". Owner and
due day are given only when said; a line that points ("I'll find out") is shown with the question it answers.
What the fitted model finds beyond this wording is in extract_items.py.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.words import STOPWORDS, content_stems
from workers.jobs.meeting_summary.extract_owners import called, named_for
from workers.jobs.meeting_summary.extract_present import present_task
from workers.jobs.meeting_summary.extract_units import Unit
from workers.validation.due_days import due_phrase

REPLY_UNITS = 3  # sentences in which an answer to a request is looked for
DUE_UNITS = 8  # sentences in which the owner may still say or change the day
CONTEXT_UNITS = 8  # sentences back to what "it" may mean
ALIKE_SHARE = 0.6  # of the smaller task's content stems in the other: one task said twice
LEAST_REQUEST_WORDS = 4

# Verbs whose object outlives the meeting: "I'll show you" and "I'll start" are done on the spot.
_DELIVERS = (
    r"(?:send|write|ask|tell|file|release|bring|enter|prepare|find out|check|set up|book|invite|talk to|speak to"
    r"|speak with"
    r"|call|mail|e-?mail|draft|update|circulate|share|schedule|put together|look into|follow up|come back to"
    r"|get back to"
    r"|report|arrange|order|collect|organi[sz]e|submit|upload|contact|fix|review|deliver|switch off|switch on"
    r"|turn off"
    r"|make (?:a|the|an|my) \w+|get (?:the|a|an|you) \w+|take (?:it|that|this) to|pass on|register|publish"
    r"|document|escalate)"
)
_DOES = (
    rf"(?:{_DELIVERS}|have|get|make|take|put|do|give|finish|complete|move|test|limit|show|present|create|add"
    rf"|change|close|remove|clean)"
)
_I_WILL = r"\b(?:i'll|i will|i'm going to|i am going to)(?: also| then| gladly| try to| personally)*"
_TAKES_ON = re.compile(rf"{_I_WILL} {_DELIVERS}\b|\blet me (?:find out|check with|look into|get back|come back)\b")
_TAKES_ON_BY = re.compile(rf"{_I_WILL} {_DOES}\b|\byou(?:'ll| will) (?:have|get|receive) (?:it|that|this|them|the|a|my|our)\b")  # fmt: skip  # noqa: E501
_ON_THE_SPOT = re.compile(
    r"\b(?:tell|ask|show|give|call) you\b(?! (?:the|a|my|our) )|\bwrite (?:it|that|this|them|these) (?:down|up|on)\b"
    r"|\bif (?:there|you|we|i|it|they|the|he|she)\b|\bmake sure\b|\bbring (?:up|us)\b|\bmove on\b|\bon the board\b"
    r"|\bcheck if you\b"
    r"|\bi(?:'ll| will) just\b|\bshare with you\b|\bmake an? (?:\w+ )?(?:note|point|remark|suggestion|guess)\b"
    r"|\bup and running\b"
    r"|\bask (?:(?:\w+ ){0,4}question|again|the (?:prime )?minister|why|what|how)\b|\bcall (?:that|it|this|him|her"
    r"|a)\b"
    r"|\btell (?:him|her|them)\b.{0,12}\bthat\b|\b(?:a|one|another|the next) (?:minute|moment|second|question"
    r"|slide)\b"
)
_ASKS = re.compile(rf"\b(?:can|could|would|will) you (?:please |just |maybe |also )*{_DELIVERS}\b|\bplease (?:do|{_DELIVERS}"  # noqa: E501
    rf"|write)\b")  # fmt: skip
_TELLS_BY = re.compile(rf"^\W*(?:(?:and|so|then|just|please|okay)[ ,]+)*{_DOES}\b")
_ASKS_HERE = re.compile(r"\b(?:tell|show|give) (?:me|us)\b|\bplease do\b|\b(?:say|repeat) (?:that|it)\b")
_WHO = re.compile(
    r"^\W*(?:(?:and|so|then|okay|but)[ ,]+)*who(?:'s going to| is going to| will|'ll| can| could)? (?:does|do"
    r"|asks?|takes?|sends?|writes?|tells?|brings?|makes?|checks?|books?|limits?|fixes|calls?|prepares?|talks?)\b"
)
_ACCEPTS = re.compile(
    r"^\W*(?:yes|yep|yeah|sure|of course|will do|okay|ok|no problem|gladly|i will|i'll|i can|i do"
    r"|in the \w+, yes)\b|\bi'll\b|\bwill do\b|\bi can do\b"
)
_TAKES_IT = re.compile(r"^\W*(?:(?:yes|okay|well)[ ,]+)*(?:i'll|i will|i can|i do\b|me\b|we do\b|we'll)")
_REFUSES = re.compile(r"\b(?:can't|cannot|won't|not able|no time|unfortunately)\b")
_WHEN = re.compile(r"^\W*(?:and |so |by |until )*when\b.{0,20}\?\s*$")
_WISH = re.compile(r"\bi'd (?:like|want|need|love)\b|\bi (?:want|need)\b|\b(?:can|could|would) you\b")
_NAMED_DOES = re.compile(
    rf"^\W*(?:(?:and|so|then|okay|but|yes)[ ,]+)*(?P<name>[A-ZÄÖÜ][\w'’-]+)(?P<verb>(?: will|'ll"
    rf"| is going to) {_DELIVERS}\b"
    r"| (?:makes?|sends|writes|switches|books|prepares|asks|tells|checks|takes|brings|files|calls|updates|gets"
    r"|delivers|sets up|fixes) )"
)
_ROLE_DOES = re.compile(
    r"^\W*(?:(?:and|so|then|okay|but|yes)[ ,]+)*the (?P<role>clerk|secretary|treasurer|chair|chairman|chairwoman"
    r"|director|manager"
    rf"|coordinator|officer|minister)(?: will|'ll| is going to| is to) {_DELIVERS}\b",
    re.IGNORECASE,
)
_GETS_OTHER = re.compile(rf"{_I_WILL} (?:get|ask|have) (?P<name>[A-ZÄÖÜ][\w'’-]+) to\b", re.IGNORECASE)
_GOES_ON = re.compile(r"^\W*(?:he|she|they|a draft|the draft|by|until|this week|it)\b")
_POINTS = frozenset(["it", "that", "this", "them", "him", "her", "there"])


@dataclass(frozen=True)
class Commitment:
    """One task: the sentences its line is made of, all that prove it, who took it on and until when."""

    line: tuple[int, ...]  # indices into the sentences, in spoken order
    proof: tuple[int, ...]
    owner: str | None
    due: str | None
    stated: bool  # in so many words by or to the owner


def find_commitments(sentences: Sequence[Unit], participants: Sequence[str]) -> list[Commitment]:
    """Return the tasks whose wording leaves no doubt, each once, in spoken order."""
    lowered = [unit.raw.lower().replace("’", "'") for unit in sentences]
    reader = _Reader(sentences, lowered, participants)
    found: list[Commitment] = []
    used: set[int] = set()
    for number in range(len(sentences)):
        if number in used or (commitment := reader.at(number)) is None:
            continue
        used.update(commitment.proof)
        found.append(commitment)
    return _once(found, sentences)


@dataclass(frozen=True)
class _Reader:
    sentences: Sequence[Unit]
    lowered: Sequence[str]
    participants: Sequence[str]

    def at(self, number: int) -> Commitment | None:
        """Return the task that sentence `number` speaks of, None when it speaks of none."""
        return (
            self._asked(number)
            or self._who(number)
            or self._named(number)
            or self._by_role(number)
            or self._taken_on(number)
            or self._in_the_present(number)
        )

    def _asked(self, number: int) -> Commitment | None:
        text = self.lowered[number]
        due = due_phrase(self.sentences[number].raw)
        told = _TELLS_BY.search(text) is not None and due is not None and not self.sentences[number].is_question
        if not (_ASKS.search(text) or told) or (_ASKS_HERE.search(text) and due is None):
            return None
        replies = self._replies(number)
        if not replies or not _ACCEPTS.search(self.lowered[replies[0]]) or _REFUSES.search(self.lowered[replies[0]]):
            return None
        if due is None and len(text.split()) < LEAST_REQUEST_WORDS:
            return None
        taker = self.sentences[replies[0]].speaker
        named = named_for(self.sentences[number].raw, self.participants, self.sentences[number].speaker)
        if named is not None and named != taker:
            return None
        taken = tuple(n for n in replies if self.sentences[n].speaker == taker and _ACCEPTS.search(self.lowered[n]))
        points = due is None and bool(_POINTS & set(re.findall(r"\w+", text)))
        line = (number, replies[0]) if points else (number,)
        return self._made(line, (number, *taken), taker, stated=True)

    def _who(self, number: int) -> Commitment | None:
        if not _WHO.search(self.lowered[number]) or not self.sentences[number].is_question:
            return None
        replies = self._replies(number)
        if not replies:
            return None
        if not _TAKES_IT.search(self.lowered[replies[0]]):
            return self._who_by(number, replies[0])
        line = (*self._with_subject(number), replies[0])
        mine = "we" not in self.lowered[replies[0]].split()[:2]
        return self._made(line, line, self.sentences[replies[0]].speaker, stated=mine)

    def _who_by(self, number: int, reply: int) -> Commitment | None:
        """Return a task given to nobody in the room, when a day for it was named: "Platform. – I'd say Friday."."""
        for later in range(reply + 1, min(len(self.sentences), reply + 1 + DUE_UNITS)):
            due = due_phrase(self.sentences[later].raw)
            if due is not None and re.search(r"\b(?:i'd say|let's say|by)\b", self.lowered[later]):
                line = (number, reply, later)
                return Commitment(line, line, None, due, stated=False)
        return None

    def _named(self, number: int) -> Commitment | None:
        raw = self.sentences[number].raw
        found = _NAMED_DOES.search(raw.replace("’", "'")) or _GETS_OTHER.search(raw.replace("’", "'"))
        due = due_phrase(raw)
        on_the_spot = due is None and _ON_THE_SPOT.search(self.lowered[number]) is not None
        if found is None or self.sentences[number].is_question or on_the_spot:
            return None
        by_habit = "verb" in found.groupdict() and not re.match(r" will|'ll| is going", found["verb"])
        if by_habit and due is None:
            return None
        name = found["name"]
        people = [person for person in self.participants if name in called(person, self.participants)]
        shared = [person for person in self.participants if person.split()[:1] == [name]]
        if not people and (shared or not self._is_name(name)):
            return None
        return self._made((number,), (number,), people[0] if people else name, stated=True)

    def _by_role(self, number: int) -> Commitment | None:
        """Return a task given to an office ("The clerk will write"); the one who holds it is its owner."""
        found = _ROLE_DOES.search(self.sentences[number].raw.replace("’", "'"))
        if found is None or self.sentences[number].is_question:
            return None
        holders = [one for one in self.participants if found["role"].lower() in one.lower().split()]
        owner = holders[0] if len(holders) == 1 else None
        return self._made((number,), (number,), owner, stated=True)

    def _is_name(self, word: str) -> bool:
        """Is this capitalised word nowhere written small in the meeting?"""
        bare = word.lower()
        small = re.compile(rf"\b{re.escape(bare)}\b")
        return (
            word[0].isupper()
            and bare not in STOPWORDS
            and bare.partition("'")[0] not in STOPWORDS
            and not any(small.search(unit.raw) for unit in self.sentences)
        )

    def _taken_on(self, number: int) -> Commitment | None:
        unit, text = self.sentences[number], self.lowered[number]
        if unit.is_question or _ON_THE_SPOT.search(text):
            return None
        due = due_phrase(unit.raw)
        by_a_day = due is not None and (found := _TAKES_ON_BY.search(text)) and due.lower() in text[found.end() :]
        if not _TAKES_ON.search(text) and not by_a_day:
            return None
        if not self._points(number, due):
            return self._made((number,), (number,), unit.speaker, stated=True)
        context = self._context(number)
        if context is None and due is None:
            return None
        line = (*self._with_subject(context), number) if context is not None else (number,)
        return self._made(line, line, unit.speaker, stated=True)

    def _in_the_present(self, number: int) -> Commitment | None:
        unit = self.sentences[number]
        found = present_task(unit.raw, unit.speaker, self.participants)
        if found is None or _ON_THE_SPOT.search(self.lowered[number]):
            return None
        return Commitment((number,), (number,), found.owner, found.due, stated=found.owner is not None)

    def _points(self, number: int, due: str | None) -> bool:
        """Does the sentence leave to others what is to be done: "I'll bring it to them"?"""
        text = self.lowered[number].replace(due.lower(), " ") if due else self.lowered[number]
        verbs = re.search(rf"{_I_WILL} (?P<verb>{_DOES})|let me (?P<let>\w+ ?\w*)", text)
        own = set(content_stems(text)) - set(content_stems(verbs[0] if verbs else ""))
        return len(own - {"find"}) == 0

    def _context(self, number: int) -> int | None:
        """Return the nearest question or wish of another before the sentence."""
        for earlier in range(number - 1, max(-1, number - 1 - CONTEXT_UNITS), -1):
            unit, text = self.sentences[earlier], self.lowered[earlier]
            asks = unit.is_question and len(text.split()) >= 3 and not _WHEN.search(text) and "when" not in text[:8]
            if unit.speaker != self.sentences[number].speaker and (
                asks or (_WISH.search(text) and len(text.split()) > 4)
            ):
                return earlier
        return None

    def _with_subject(self, number: int) -> tuple[int, ...]:
        """Return a sentence with the one before it when it points there: "… by mail. Is that possible?"."""
        own = content_stems(self.sentences[number].text)
        before = number - 1
        points = len(own) <= 1 and bool(_POINTS & set(re.findall(r"\w+", self.lowered[number])))
        if points and before >= 0 and self.sentences[before].speaker == self.sentences[number].speaker:
            return (before, number)
        return (number,)

    def _replies(self, number: int) -> list[int]:
        asker = self.sentences[number].speaker
        following = range(number + 1, min(len(self.sentences), number + 1 + REPLY_UNITS))
        return [n for n in following if self.sentences[n].speaker not in (asker, None)]

    def _made(self, line: tuple[int, ...], proof: tuple[int, ...], owner: str | None, *, stated: bool) -> Commitment:
        due, said_in = self._due(line, proof, owner)
        places = sorted({*proof, *((said_in,) if said_in is not None else ())})
        return Commitment(tuple(sorted(set(line))), tuple(places), owner, due, stated and owner is not None)

    def _due(self, line: tuple[int, ...], proof: tuple[int, ...], owner: str | None) -> tuple[str | None, int | None]:
        """Return the due words and the sentence they were said in; what the owner says last counts."""
        due, place = None, None
        for number in proof:
            if (number == proof[-1] or len(line) == 1) and (phrase := due_phrase(self.sentences[number].raw)):
                due, place = phrase, number
        last = proof[-1]
        stems = {stem for number in line for stem in content_stems(self.sentences[number].text)}
        asked_when = False
        for number in range(last + 1, min(len(self.sentences), last + 1 + DUE_UNITS)):
            unit, text = self.sentences[number], self.lowered[number]
            asked_when = asked_when or (_WHEN.search(text) is not None and number - last <= 2)
            phrase = due_phrase(unit.raw)
            near = number - last <= 2 and unit.speaker == self.sentences[last].speaker and _GOES_ON.search(text)
            again = unit.speaker == owner and stems & set(content_stems(text)) and not _TAKES_ON_BY.search(text)
            answer = asked_when and unit.speaker in (owner, self.sentences[last].speaker)
            narrowed = answer and place is not None and last < place >= number - 2  # "This week. Say Thursday."
            if phrase is not None and (
                (due is None and (near or answer)) or narrowed or (again and "by " in phrase.lower())
            ):
                due, place = phrase, number
        return due, place


def _once(found: Sequence[Commitment], sentences: Sequence[Unit]) -> list[Commitment]:
    """Drop a task said twice: the later saying counts when it has a day, since people mend days."""
    kept: list[Commitment] = []
    for commitment in found:
        twin = next((n for n, other in enumerate(kept) if _same_task(commitment, other, sentences)), None)
        if twin is None:
            kept.append(commitment)
        elif commitment.due is not None or kept[twin].due is None:
            kept[twin] = commitment
    return kept


def _same_task(left: Commitment, right: Commitment, sentences: Sequence[Unit]) -> bool:
    mine, theirs = (
        {stem for number in task.line for stem in content_stems(_without_due(sentences[number].text))}
        for task in (left, right)
    )
    if left.owner != right.owner or not mine or not theirs:
        return False
    return len(mine & theirs) >= ALIKE_SHARE * min(len(mine), len(theirs))


def _without_due(text: str) -> str:
    due = due_phrase(text)
    return text.replace(due, " ") if due else text
