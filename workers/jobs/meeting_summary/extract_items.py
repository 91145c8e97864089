"""Find what resembles a task where nobody worded one: sentences that the fitted model finds likely.

Decisions are guessed so too, but shown apart as unsure (extract_unsure.py). Open questions are found by wording alone
(extract_open.py, extract_debated.py): of guessed ones seven of ten were none (docs/benchmarks.md).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.words import content_stems
from workers.jobs.meeting_summary.extract_cues import CUES, NO_TASK
from workers.jobs.meeting_summary.extract_importance import Weights, load_weights
from workers.jobs.meeting_summary.extract_item_features import ITEM_FEATURES, Floats
from workers.jobs.meeting_summary.extract_units import Unit
from workers.validation.text_support import says_the_same

TASKS = "actions"  # the key of their weights in extract_weights.json
# Log-odds above which the model makes a candidate: near the best item F1 on AMI development meetings, held out by
# meeting series. Lower ones list more, at less precision.
LEAST_LOG_ODDS = -0.25
EXPLICIT_WORTH = 3.0  # added to the log-odds when the wording is explicit
MAX_ITEMS = 8
WORDS_PER_EXTRA_ITEM = 2_500  # beyond WORDS_OF_USUAL_MEETING, so that a long meeting may list more
WORDS_OF_USUAL_MEETING = 12_000
MERGE_UNITS = 2  # sentences this near by one speaker are one item
LEAST_WORDS = 4
GIVING = ("you_will", "will_you", "want_you", "you_get", "task_word", "meeting_end")  # names of CUES
ALIKE_SHARE = 0.6  # of the smaller item's content stems in the other: one item said twice
# Done as soon as said: "I will ask this question", "can you give me your opinion?".
_IN_THE_ROOM = re.compile(
    r"\bask\b.{0,40}\b(?:questions?|again)\b|\bcall (?:that|it|this)\b"
    r"|\b(?:can|could|would|will) you (?:\w+ )?(?:give|tell) (?:me|us)\b"
    r"|\bcan i (?:\w+ )?ask\b|^\W*(?:\w+ ){0,3}next meeting (?:\w+ ){1,6}(?:minutes|hour)\W*$"
)


@dataclass(frozen=True)
class Candidate:
    """One task: the sentence that says it best, the sentences that belong to it, and how likely it is."""

    best: int  # index into the sentences
    members: tuple[int, ...]
    log_odds: float


def find_task_candidates(
    sentences: Sequence[Unit], features: Floats, *, weights: Weights | None = None
) -> list[Candidate]:
    """Return the likely tasks in the meeting's order, none when nothing reaches the threshold.

    `features` are the sentences' rows of item_features().
    """
    scores = task_scores(sentences, features, weights=weights)
    groups: list[list[int]] = []
    for number, score in enumerate(scores):
        unit = sentences[number]
        if score <= LEAST_LOG_ODDS or unit.words < LEAST_WORDS or _IN_THE_ROOM.search(unit.raw.lower()):
            continue
        if groups and number - groups[-1][-1] <= MERGE_UNITS and _same_task(groups[-1][-1], number, sentences):
            groups[-1].append(number)
        else:
            groups.append([number])
    candidates = [_candidate(group, scores) for group in groups]
    words = sum(unit.words for unit in sentences)
    limit = MAX_ITEMS + max(0, words - WORDS_OF_USUAL_MEETING) // WORDS_PER_EXTRA_ITEM
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (-c.log_odds, c.best)):
        if len(kept) < limit and not any(_repeats(candidate, other, sentences) for other in kept):
            kept.append(candidate)
    return sorted(kept, key=lambda c: c.best)


def task_scores(sentences: Sequence[Unit], features: Floats, *, weights: Weights | None = None) -> list[float]:
    """Return the log-odds of each sentence, explicit wording included."""
    return [
        value + EXPLICIT_WORTH * is_explicit_task(unit)
        for value, unit in zip(item_scores(TASKS, features, weights=weights), sentences, strict=True)
    ]


def item_scores(kind: str, features: Floats, *, weights: Weights | None = None) -> list[float]:
    """Return the log-odds that the fitted weights of a kind give each row of features."""
    fitted = (weights or load_weights()).items[kind]
    scores: list[float] = (features @ np.array([fitted.get(name, 0.0) for name in ITEM_FEATURES])).tolist()
    return scores


def is_explicit_task(unit: Unit) -> bool:
    """Does the wording itself give somebody work, whatever the kind of meeting?"""
    text = unit.raw.lower().replace("’", "'")

    def has(*names: str) -> bool:
        return any(CUES[name].search(text) for name in names)

    given = has("i_will", "will_you") or (has("they_will", "want_you", "you_will") and not NO_TASK.search(text))
    return given and has("when_due", "task_word")


def gives_work(unit: Unit) -> bool:
    """Is somebody in the room spoken to, or the time after the meeting spoken of? Else nobody was given anything."""
    text = unit.raw.lower().replace("’", "'")
    others = (
        CUES["they_will"].search(text) is not None
        and re.search(r"\b(?:will|going to|gonna) (?:be|have)\b", text) is None
    )
    return not unit.is_question and (others or any(CUES[name].search(text) for name in GIVING))


def _candidate(group: Sequence[int], scores: Sequence[float]) -> Candidate:
    best = max(group, key=lambda number: scores[number])
    return Candidate(best, tuple(group), scores[best])


def _same_task(before: int, after: int, sentences: Sequence[Unit]) -> bool:
    """Is the later sentence about the earlier one's task? Two people given work in two sentences are two tasks."""
    left, right = sentences[before], sentences[after]
    return left.speaker == right.speaker and bool(set(content_stems(left.text)) & set(content_stems(right.text)))


def _repeats(candidate: Candidate, other: Candidate, sentences: Sequence[Unit]) -> bool:
    left, right = sentences[candidate.best].text, sentences[other.best].text
    mine, theirs = set(content_stems(left)), set(content_stems(right))
    return says_the_same(left, right) or (
        bool(mine) and len(mine & theirs) >= ALIKE_SHARE * min(len(mine), max(1, len(theirs)))
    )
