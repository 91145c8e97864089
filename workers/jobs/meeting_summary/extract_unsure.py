"""Guess decisions that nobody worded as one: sentences that the fitted model finds likely, to be shown as unsure.

Teams settle most things in passing ("the buttons will be rubber"), which no list of wordings catches. The model knows
the stretch in which a matter was settled; the sentence that words it may stand beside the likeliest one. Of six such
lines about one is a decision that people wrote down (docs/benchmarks.md), so they are few, come after what was found
by wording, are marked, and never count as agreed.
"""

import re
from collections.abc import Sequence

from assistant.words import content_stems
from workers.jobs.meeting_summary.extract_cues import CUES
from workers.jobs.meeting_summary.extract_importance import Weights
from workers.jobs.meeting_summary.extract_item_features import Floats
from workers.jobs.meeting_summary.extract_items import Candidate, item_scores
from workers.jobs.meeting_summary.extract_settled import Settled
from workers.jobs.meeting_summary.extract_units import Unit
from workers.validation.text_support import says_the_same

DECISIONS = "decisions"  # the key of their weights in extract_weights.json
# Log-odds above which a sentence is a guess, and how many are shown: best item F1 on AMI and ICSI development
# meetings, held out by meeting series.
LEAST_LOG_ODDS = -2.1
MOST_UNSURE = 8
SURE_ALONE = -1.0  # a single guess less likely than this is none: where something was settled, more is found
ENOUGH_SURE = 2  # where people word their decisions so often, what they don't word is none
LEAST_WORDS_OF_TALK = 1_500  # a short talk says what it settles
LEAST_WORDS = 5
MERGE_UNITS = 2  # sentences this near by one speaker are one matter
APART_UNITS = 6  # two guesses, or a guess and what is sure, are at least this far apart
ALIKE_SHARE = 0.6  # of the smaller one's content stems in the other: one matter said twice
# What is to be, as against what is told or counted: "Three thousand one hundred, I looked on Monday" settles nothing.
_WORDED = (
    "decided", "go_with", "lets", "will_be", "we_have", "we_must", "proposal", "firm", "needs_doing", "rejecting",
)  # fmt: skip
_CONDITION = re.compile(r"\W*(?:if|as we)\b", re.IGNORECASE)


def find_unsure(
    sentences: Sequence[Unit], features: Floats, sure: Sequence[Settled], *, weights: Weights | None = None
) -> list[Settled]:
    """Return what may have been settled besides `sure`, in spoken order, each as proposed.

    None in a short talk, and where enough is sure. `features` are the sentences' rows of item_features().
    """
    if len(sure) >= ENOUGH_SURE or sum(unit.words for unit in sentences) < LEAST_WORDS_OF_TALK:
        return []
    scores = item_scores(DECISIONS, features, weights=weights)
    guesses = [guess for group in _groups(sentences, scores) if (guess := _guess(group, sentences, scores))]
    known = [Candidate(entry.best, entry.proof, 0.0) for entry in sure]
    kept: list[Candidate] = []
    for guess in sorted(guesses, key=lambda one: (-one.log_odds, one.best)):
        if len(kept) < MOST_UNSURE and not any(_is_one_matter(guess, one, sentences) for one in (*known, *kept)):
            kept.append(guess)
    if len(kept) == 1 and kept[0].log_odds < SURE_ALONE:
        return []
    return [Settled(one.best, one.members, "proposed") for one in sorted(kept, key=lambda one: one.best)]


def _groups(sentences: Sequence[Unit], scores: Sequence[float]) -> list[list[int]]:
    """Return the likely sentences, those of one speaker that stand together as one group."""
    groups: list[list[int]] = []
    for number, score in enumerate(scores):
        if score <= LEAST_LOG_ODDS or sentences[number].words < LEAST_WORDS - 1 or sentences[number].is_question:
            continue
        before = groups[-1][-1] if groups else None
        if (
            before is not None
            and number - before <= MERGE_UNITS
            and sentences[before].speaker == sentences[number].speaker
        ):
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def _guess(group: Sequence[int], sentences: Sequence[Unit], scores: Sequence[float]) -> Candidate | None:
    """Return the guess that a group makes; None where no sentence there words anything."""
    best = max(group, key=lambda number: scores[number])
    members = tuple(group)
    if not _words_a_decision(sentences[best]):
        beside = [n for n in (best - 1, best + 1) if 0 <= n < len(sentences) and _words_a_decision(sentences[n])]
        if not beside:
            return None
        best = max(beside, key=lambda number: scores[number])
        members = (best,)
    return Candidate(best, members, max(scores[number] for number in group))


def _words_a_decision(unit: Unit) -> bool:
    text = unit.raw.lower().replace("’", "'")
    return (
        any(CUES[name].search(text) for name in _WORDED)
        and unit.words >= LEAST_WORDS
        and not unit.is_question
        and CUES["i_will"].search(text) is None
        and _CONDITION.match(unit.text) is None
    )


def _is_one_matter(guess: Candidate, other: Candidate, sentences: Sequence[Unit]) -> bool:
    if abs(guess.best - other.best) < APART_UNITS or {*guess.members} & {*other.members}:
        return True
    left, right = sentences[guess.best].text, sentences[other.best].text
    mine, theirs = set(content_stems(left)), set(content_stems(right))
    return says_the_same(left, right) or (
        bool(mine) and len(mine & theirs) >= ALIKE_SHARE * min(len(mine), max(1, len(theirs)))
    )
