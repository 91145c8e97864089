"""How well one extract answers a question, without a language model: shared words, their rarity, where they stand.

Words match by stem and by a small table of what employees say and policies write. Scores are for ordering and for
the threshold in offline.py; they are not probabilities.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from workers.jobs.policy_search.bounds import fit_of_bounds
from workers.jobs.policy_search.extracts import Extract
from workers.jobs.policy_search.language import function_words, language_of
from workers.validation.citations import numbers_in, stem, stems

# One line a meaning: what people ask on the left, what policies say on the right. Stems are taken, so one form of
# a word is enough.
_SAME_MEANING = """
holiday vacation leave pto annual
sick ill illness sickness unwell
doctor medical physician certificate note
pay salary wage compensation remuneration paid earn
raise increase rise
money amount sum eur euro dollar usd cost budget allowance
reimburse refund repay expense claim reimbursement
boss manager supervisor lead superior
staff employee colleague worker personnel
fire dismiss terminate termination dismissal sack
quit resign resignation
baby parental maternity paternity birth born child newborn
mother father parent
partner spouse husband wife
home remote telework homeoffice hybrid
abroad foreign overseas international country
laptop computer device notebook hardware machine
phone mobile smartphone device
password passphrase credential passcode
lost stolen stole theft missing steal swipe thief rob
buy purchase order procure procurement
supplier vendor contractor
gift present hospitality
hotel accommodation lodging
flight fly air plane airline
train rail railway
commute transport transit ticket bus metro tram subway
car vehicle drive driving mileage
park parking garage
meal food lunch dinner breakfast diem
taxi cab ride
trip travel journey
training course learning education conference certification
exam study degree
approve approval approver sign authorise authorize permission allow allowed permit permitted
report notify tell inform contact
forbid prohibit forbidden banned prohibited ban
delete erase destroy dispose deletion destruction
keep retain store retention kept
share disclose publish send disclosure
mail email sent send
customer client shopper
breach incident leak
hour schedule timekeeping
weekend saturday sunday
overtime extra
deadline due latest within
begin start commence
end finish expire expiry
minimum least
maximum most limit cap ceiling
frequency every rotate
bonus award reward
recommend refer referral
side second secondary outside job employment
promotion promote career level grade band
review appraisal feedback evaluation performance
move relocation relocate
pet dog animal
visitor guest
marriage wedding marry
funeral bereavement death died
complain complaint grievance concern
harass harassment bullying discrimination
carry rollover transfer unused
encrypt encryption
office building site
bike bicycle cycle
kid child children
police authority detective court subpoena enforcement prosecutor warrant
chair desk monitor screen furniture equipment
badge card key access entry door
install installation software app application program
update patch upgrade
invoice bill
contract agreement
probation probationary
pension retirement
insurance health cover
volunteer volunteering charity donation
intern trainee apprentice student
emergency evacuation alarm
injury accident injured hurt
smoke smoking vape
alcohol beer wine drink
journalist press media reporter
ai chatbot assistant
multi factor mfa authentication authenticator
phishing scam suspicious
urlaub ferien
krank krankheit
"""
_WEAK = stems(
    "company policy policies rule rules employee employees staff allow allowed need want get take use please tell "
    "know happen process question people someone person anyone everything thing way much many long"
) | frozenset({"polici", "employe", "compan"})
# Everyday words: they help when they match, and mean little when they don't ("hand in", "look after", "today").
_EVERYDAY = stems(
    "able about actually add advance after announce "
    "again ago ahead almost already always another around ask away back bad become been "
    "before beforehand begin believe best better big bit bring buy call came care change check choose clear come "
    "concern consider correct could count cover date day deal decide depend different do done early else end enough "
    "even ever exactly expect explain extra face far fast feel few fill find fine first follow forget full general "
    "give go going good got great guess hand hard hear help hi hello here high hold hope idea important instead job "
    "just keep kind know large last late later least left less let like line list little live long look lot low main "
    "make many matter maybe mean meet mention middle mind miss moment more most move name near new next nice normal "
    "now number often okay old once open own part particular pick place plan point possible prefer put quick quickly "
    "quite rather read ready real really reason receive regard remain remember right run said same say see seem send "
    "set several short show side simple since small somebody someone something sometimes somewhere soon sort sound "
    "specific spend stand start stay still stop suppose sure talk team thank thing think third thought time today "
    "together tomorrow tonight too total toward try turn type under understand unless until up usual usually various "
    "very view wait wanna wish without wonder word worry worth would write wrong year yesterday yet early fast"
)
_QUESTION_WORD = re.compile(
    r"\b(?:how|what|which|who|whom|whose|when|where|why|is|are|do|does|can|may|must|should)\b", re.I
)
_COUNT = re.compile(
    r"\bhow (?:many|much|long|often|far|big|large|old|soon|late|early|quickly|fast|high)\b|"
    r"\bwhat (?:is|are|was|were) the (?:\w+ ){0,2}(?:limits?|maximum|minimum|amount|rates?|allowance|budget|deadline|"
    r"period|number|caps?|threshold|length|percentage|price|cost|fee)\b|\bwie (?:viele?|hoch|lange|oft)\b",
    re.I,
)
_WHEN = re.compile(r"\bwhen\b|\bby what date\b|\bwhat (?:day|date|time)\b|\bhow soon\b|\bdeadline\b|\bwann\b", re.I)
_WHO = re.compile(r"\b(?:who|whom|whose|wer|wem)\b|\bwhich (?:team|person|department|role)\b", re.I)
_YES_NO = re.compile(
    r"^\W*(?:(?:so|and|but|ok|okay|hi|hello|hey)\b[ ,]*)*(?:can|could|may|might|do|does|did|is|are|am|was|will|would|"
    r"must|should|shall|has|have|darf|kann|muss)\b",
    re.I,
)
_TIME_WORDS = re.compile(
    r"\b(?:day|week|month|year|hour|minute|january|february|march|april|may|june|july|august|september|october|november|"
    r"december|monday|tuesday|wednesday|thursday|friday|immediately|before|after|within|until|by the)\w*\b",
    re.I,
)
_ROLE_WORDS = re.compile(
    r"\b(?:manager|team|officer|department|head|director|lead|board|committee|hr|people|finance|legal|security|desk|"
    r"owner|council|representative|ceo|cfo|cto|dpo|person|contact|controller|counsel)\w*\b|@",
    re.I,
)
_MODAL = re.compile(
    r"\b(?:may|can|must|not|allowed|permitted|prohibited|forbidden|only|required|need|never|always)\b", re.I
)
# Function words that tell two otherwise equal rows or sentences apart.
_CONTRAST = re.compile(
    r"\b(?:our|their|before|after|without|outside|inside|within|above|below|under|over|first|second|third|last|next|"
    r"new|old|minimum|maximum|not)\b"
)
_HOW_TO = re.compile(
    r"\bwhat (?:do|should|must|can|shall) (?:i|we) do\b|\bwhat now\b|\bhow (?:do|can|should|must) (?:i|we)\b", re.I
)
_IMPERATIVE = re.compile(
    r"^\W*(?:please\s+)?(?:report|call|tell|ask|send|submit|file|book|contact|write|use|open|fill|change|lock|inform|"
    r"notify|register|enter|press|go|request|talk|sign|upload|hand|keep|choose|stop|disconnect|forward|mark|apply)\b",
    re.I,
)
_NONE_OR_ANY = re.compile(
    r"\b(?:no|not|none|never|unlimited|any|all|once|twice|half|full|daily|weekly|monthly|quarterly|yearly|annually|every|"
    r"immediately|at once|keine?|nicht|eine?[nmr]?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn)\b",
    re.I,
)
_OPENS_LIKE_FOLLOW_UP = re.compile(
    r"^\W*(?:and|but|what about|how about|what if|also|or|then|so|same|why|is that|does that|even)\b", re.I
)
_PRONOUN = re.compile(r"\b(?:it|that|this|they|them|those|these|there|one|ones|same|instead|then)\b", re.I)

HEAD_SHARE = 0.65  # what a word in the title, heading or lead-in counts beside one in the extract itself
AROUND_SHARE = 0.35  # in another sentence of the same passage
SYNONYM_SHARE = 0.75
WEAK_WEIGHT = 0.25
EARLIER_SHARE = 0.45  # what a word of the turn before counts beside one of the question
ABOUT_SHARE = 0.75  # of the question's subject words
HEAVIEST = 2.0  # a word that no passage holds may be a gap, or only the asker's way of putting it
UNMATCHED_EVERYDAY = 0.2  # of their weight, when coverage is reckoned


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, read: its weighty words, and which sort of answer would satisfy it."""

    text: str
    terms: frozenset[str]
    earlier: frozenset[str]  # of the turn before, for a follow-up that leans on it
    wants_count: bool
    wants_time: bool
    wants_person: bool
    is_yes_no: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """An extract with its score. `coverage` (0 to 1): which share of the question's weight it or its head holds."""

    extract: Extract
    score: float
    coverage: float
    matched: frozenset[str]
    closeness: float | None = None  # cosine to the question, where an embedder compared them


def read_question(text: str, previous: str | None = None) -> Asked:
    """Return the question's words and kind; `previous` lends words when the question can't stand alone."""
    idle = function_words(language_of(text))
    terms = stems(text) - idle
    earlier = stems(previous) - terms - idle if previous and leans_on_previous(text) else frozenset()
    return Asked(
        text=text,
        terms=terms,
        earlier=earlier,
        wants_count=bool(_COUNT.search(text)),
        wants_time=bool(_WHEN.search(text)),
        wants_person=bool(_WHO.search(text)),
        is_yes_no=bool(_YES_NO.match(text)),
    )


def leans_on_previous(text: str) -> bool:
    """Return whether a question reads like a follow-up: short, or opening with "and", or full of pronouns."""
    strong = stems(text) - _WEAK
    if _OPENS_LIKE_FOLLOW_UP.match(text) or len(strong) <= 2:
        return True
    return bool(_PRONOUN.search(text)) and len(strong) <= 5


def score_extracts(asked: Asked, extracts: Sequence[Extract]) -> list[Scored]:
    """Return the extracts with scores, best first; equal scores keep the order of retrieval."""
    if not extracts:
        return []
    weights = _weights(asked, extracts)
    total = sum(weights.values()) or 1.0
    priors = _priors(extracts)
    scored = [_score(asked, one, weights, total, priors[one.passage.handle]) for one in extracts]
    return sorted(scored, key=lambda one: -one.score)


def is_about(asked: Asked, text: str) -> bool:
    """Return whether a text with its title and headings names nearly all that the question is about."""
    subject = {term for term in asked.terms if term not in _WEAK and term not in _EVERYDAY}
    words = stems(text)
    return bool(subject) and sum(_match(term, words) > 0 for term in subject) >= ABOUT_SHARE * len(subject)


def counts_something(text: str) -> bool:
    """Return whether a text can answer "how many": a figure, or that there is none or no limit."""
    return bool(numbers_in(text) or _NONE_OR_ANY.search(text))


def reworded(text: str) -> str:
    """Return the question in policy words: its content words and what policies call them."""
    words = [word for word in re.findall(r"[^\W_]+", text.lower()) if not _QUESTION_WORD.fullmatch(word)]
    added = [other for word in words for other in _synonyms().get(stem(word), frozenset()) if other not in words]
    return " ".join([*words, *sorted(set(added))])


def _score(asked: Asked, one: Extract, weights: dict[str, float], total: float, prior: float) -> Scored:
    own, head, around = stems(one.text), _head_stems(one), stems(one.passage.chunk.text)
    gained, matched = 0.0, set()
    for term, weight in weights.items():
        share = max(_match(term, own), HEAD_SHARE * _match(term, head), AROUND_SHARE * (term in around))
        gained += weight * share
        if share:
            matched.add(term)
    coverage = gained / (
        total
        - (1 - UNMATCHED_EVERYDAY)
        * sum(weight for term, weight in weights.items() if term in _EVERYDAY and term not in matched)
    )
    in_text = sum(weight * _match(term, own) for term, weight in weights.items()) / total
    length = len(one.text.split())
    score = coverage + 0.35 * in_text + 0.35 * prior + _kind_bonus(asked, one) - 0.004 * max(0, length - 30)
    if length < 4 and one.kind == "sentence":
        score -= 0.5  # a heading or a fragment
    if one.text.rstrip().endswith((":", "?")):
        score -= 0.25  # leads to an answer, or asks; seldom one itself
    return Scored(one, score, coverage, frozenset(matched))


def _kind_bonus(asked: Asked, one: Extract) -> float:
    bonus = 0.0
    has_number = bool(numbers_in(one.text))
    if asked.wants_count:
        bonus += 0.22 if has_number else -0.1
    if asked.wants_time:
        bonus += 0.18 if has_number or _TIME_WORDS.search(one.text) else -0.05
    if asked.wants_person:
        bonus += 0.15 if _ROLE_WORDS.search(one.text) else -0.1
    if asked.is_yes_no and _MODAL.search(one.text):
        bonus += 0.1
    if _HOW_TO.search(asked.text) and _IMPERATIVE.match(one.text):
        bonus += 0.12
    bonus += fit_of_bounds(asked.text, one.shown)
    contrasts = set(_CONTRAST.findall(asked.text.lower()))
    if contrasts:
        bonus += 0.08 * len(contrasts & set(_CONTRAST.findall(one.text.lower())))
    return bonus


def _weights(asked: Asked, extracts: Sequence[Extract]) -> dict[str, float]:
    """Return each word's weight: rare among the retrieved passages is heavy, on every page is light."""
    by_passage: dict[str, set[str]] = {}
    for one in extracts:
        by_passage.setdefault(one.passage.handle, set()).update(stems(one.text), _head_stems(one))
    count = len(by_passage)
    held: Counter[str] = Counter()
    for words in by_passage.values():
        held.update(term for term in asked.terms | asked.earlier if _match(term, words))
    weights = {}
    for term in asked.terms | asked.earlier:
        rarity = math.log(1 + (count + 1) / (held[term] + 0.5))
        weight = min(HEAVIEST, rarity) * (WEAK_WEIGHT if term in _WEAK else 1.0)
        weights[term] = weight if term in asked.terms else EARLIER_SHARE * weight
    return weights


def _priors(extracts: Sequence[Extract]) -> dict[str, float]:
    """Return for each passage a number from 0 to 1: its retrieval score within this result list."""
    scores = {one.passage.handle: one.passage.score for one in extracts}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {handle: (score - low) / (high - low) for handle, score in scores.items()}


def _match(term: str, words: Iterable[str]) -> float:
    words = words if isinstance(words, (set, frozenset)) else set(words)
    if term in words:
        return 1.0
    if _synonyms().get(term, frozenset()) & words:
        return SYNONYM_SHARE
    if len(term) >= 5 and any(word.startswith(term[:5]) and abs(len(word) - len(term)) <= 4 for word in words):
        return SYNONYM_SHARE  # "encrypt" and "encryption", "probation" and "probationary"
    return 0.0


def _head_stems(one: Extract) -> frozenset[str]:
    return stems(f"{one.passage.label} {one.heading} {one.head}")


@cache
def _synonyms() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for line in _SAME_MEANING.strip().splitlines():
        group = {stem(word) for word in line.split()}
        for word in group:
            table.setdefault(word, set()).update(group - {word})
    return {word: frozenset(others) for word, others in table.items()}
