"""Find candidates for tasks, decisions and open questions, and leave a section empty when nothing speaks
for it.

A sentence is a candidate when the fitted model finds it likely or its wording is explicit ("we decided",
"action item", "I'll send it by Friday"). Neighbouring sentences about one thing become one item. Without a
language model these stay candidates; the reader sees quote and time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assistant.minutes.schema import DecisionStatus
from assistant.words import content_stems
from workers.jobs.meeting_summary.extract_cues import (
    ASSENT,
    CUES,
    DECIDED,
    FIRM_ASSENT,
    NO_TASK,
    TAG_QUESTION,
)
from workers.jobs.meeting_summary.extract_importance import Weights, load_weights
from workers.jobs.meeting_summary.extract_item_features import ITEM_FEATURES, item_features
from workers.jobs.meeting_summary.extract_settled import marker_of
from workers.jobs.meeting_summary.extract_units import Unit
from workers.validation.text_support import says_the_same

ItemKind = Literal["actions", "decisions", "questions"]

# Log-odds above which the model alone makes a candidate: near the best item F1 on AMI and ICSI development meetings,
# held out by meeting series. Lower ones list more, at less precision.
MODEL_THRESHOLDS: dict[ItemKind, float] = {"actions": -0.25, "decisions": -1.9, "questions": -1.7}
# Added to the log-odds when the wording is explicit. Questions get nothing: held-out by meeting series, an unanswered
# question was no better a candidate than its features say (AMI item F1 31 without, 31 with; ICSI 21 and 11).
EXPLICIT_WORTH: dict[ItemKind, float] = {"actions": 3.0, "decisions": 3.0, "questions": 0.0}
SURE_ALONE = -1.0  # a single guess less likely than this is none: where something was settled, more is found
MAX_ITEMS = 8
WORDS_PER_EXTRA_ITEM = 2_500  # beyond WORDS_OF_USUAL_MEETING, so that a long meeting may list more
WORDS_OF_USUAL_MEETING = 12_000
MERGE_UNITS = 2  # sentences this near by one speaker are one item
APART_UNITS = 6  # of one kind, at least this far apart, unless the wording is explicit
UNANSWERED_UNITS = 12
LEAST_WORDS = 4
# What is to be, as against what is told or counted: "Three thousand one hundred, I looked on Monday" settles nothing.
WORDS_OF_DECISIONS = (
    "decided", "go_with", "lets", "will_be", "we_have", "we_must", "proposal", "firm", "needs_doing", "rejecting",
)  # fmt: skip
LEAST_QUESTION_WORDS = 6


@dataclass(frozen=True)
class Candidate:
    """One item: the sentence that says it best, the sentences that belong to it, and how likely it is."""

    best: int  # index into the sentences
    members: tuple[int, ...]
    log_odds: float


def find_candidates(
    sentences: Sequence[Unit], expected: Mapping[str, float], *, weights: Weights | None = None
) -> dict[ItemKind, list[Candidate]]:
    """Return the candidates of each kind in the meeting's order, none when nothing reaches the threshold."""
    scores = item_scores(sentences, expected, weights=weights)
    return {kind: _chosen(kind, scores[kind], sentences) for kind in MODEL_THRESHOLDS}


def _chosen(kind: ItemKind, scores: Sequence[float], sentences: Sequence[Unit]) -> list[Candidate]:
    threshold = MODEL_THRESHOLDS[kind]
    worthy = [
        number
        for number, score in enumerate(scores)
        if score > threshold
        and len(sentences[number].text.split()) >= LEAST_WORDS
        and _may_be(kind, sentences[number])
    ]
    groups: list[list[int]] = []
    for number in worthy:
        if (
            groups
            and number - groups[-1][-1] <= MERGE_UNITS
            and _same_thing(sentences[groups[-1][-1]], sentences[number], kind)
        ):
            groups[-1].append(number)
        else:
            groups.append([number])
    found = [_candidate(kind, group, scores, sentences) for group in groups]
    candidates = [candidate for candidate in found if candidate is not None]
    words = sum(unit.words for unit in sentences)
    limit = MAX_ITEMS + max(0, words - WORDS_OF_USUAL_MEETING) // WORDS_PER_EXTRA_ITEM
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (-c.log_odds, c.best)):
        if len(kept) < limit and not any(_repeats(candidate, other, sentences, kind) for other in kept):
            kept.append(candidate)
    if kind != "actions" and len(kept) == 1 and kept[0].log_odds < SURE_ALONE:
        return []
    return sorted(kept, key=lambda c: c.best)


def _candidate(
    kind: ItemKind, group: Sequence[int], scores: Sequence[float], sentences: Sequence[Unit]
) -> Candidate | None:
    """Return the candidate that neighbouring sentences make, None for a decision nobody put into words.

    The figures know the stretch in which a matter was settled better than the sentence that settled it, which
    may stand beside the likeliest one.
    """
    best = max(group, key=lambda number: scores[number])
    members = tuple(group)
    if kind == "decisions" and not _words_a_decision(sentences[best]):
        beside = [n for n in (best - 1, best + 1) if 0 <= n < len(sentences) and _words_a_decision(sentences[n])]
        if not beside:
            return None
        best = max(beside, key=lambda number: scores[number])
        members = (best,)
    return Candidate(best, members, max(scores[number] for number in group))


def _words_a_decision(unit: Unit) -> bool:
    text = unit.raw.lower().replace("’", "'")
    worded = any(CUES[name].search(text) for name in WORDS_OF_DECISIONS)
    return worded and unit.words > LEAST_WORDS and not unit.is_question


def item_scores(
    sentences: Sequence[Unit], expected: Mapping[str, float], *, weights: Weights | None = None
) -> dict[ItemKind, list[float]]:
    """Return the log-odds of each sentence for each kind, explicit wording included."""
    weights = weights or load_weights()
    features = item_features(sentences, expected)
    scores: dict[ItemKind, list[float]] = {}
    for kind in MODEL_THRESHOLDS:
        row = [weights.items[kind].get(name, 0.0) for name in ITEM_FEATURES]
        model: Sequence[float] = (features @ np.array(row)).tolist()
        scores[kind] = [
            float(value) + EXPLICIT_WORTH[kind] * is_explicit(kind, number, sentences)
            for number, value in enumerate(model)
        ]
    return scores


def is_explicit(kind: ItemKind, number: int, sentences: Sequence[Unit]) -> bool:
    """Does the wording itself say task, decision or open question, whatever the kind of meeting?"""
    unit = sentences[number]
    text = unit.raw.lower().replace("’", "'")

    def has(*names: str) -> bool:
        return any(CUES[name].search(text) for name in names)

    if kind == "actions":
        given = has("i_will", "will_you") or (has("they_will", "want_you", "you_will") and not NO_TASK.search(text))
        return given and has("when_due", "task_word")
    if kind == "decisions":
        return DECIDED.search(text) is not None and not has("unsure", "asks") and " if " not in text
    if "open question" in text or "to be decided" in text:
        return True
    return unit.is_question and len(unit.text.split()) >= LEAST_QUESTION_WORDS and is_unanswered(number, sentences)


def is_unanswered(number: int, sentences: Sequence[Unit]) -> bool:
    """Is this a real question that nobody's next sentences take up?

    A statement by another that shares a content word, or a yes or no, counts as an answer, except "I don't
    know".
    """
    unit = sentences[number]
    own = set(content_stems(unit.text))
    if len(own) < 2 or TAG_QUESTION.search(unit.raw):
        return False
    following = sentences[number + 1 : number + 1 + UNANSWERED_UNITS]
    for distance, other in enumerate(following):
        if other.is_question or other.speaker == unit.speaker:
            continue
        if CUES["unsure"].search(other.raw.lower()):
            return True
        if distance < 3 and (ASSENT.match(other.raw) or other.raw.lower().startswith(("no", "yes"))):
            return False
        if len(own & set(content_stems(other.text))) >= 1 and other.words >= LEAST_WORDS:
            return False
        if distance < 2 and other.words >= 6:
            return False
    return True


def status_of(number: int, sentences: Sequence[Unit]) -> DecisionStatus:
    """Return whether what the sentence settles was agreed, proposed or turned down.

    "Agreed" needs words that say so, by the speaker for the group or by another right after; all else is
    proposed.
    """
    unit = sentences[number]
    if (said := marker_of(unit)) is not None:
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


def is_task(unit: Unit) -> bool:
    """Is the sentence somebody's task ("I'll set it up") rather than something settled?"""
    return CUES["i_will"].search(unit.raw.lower().replace("’", "'")) is not None


def _may_be(kind: ItemKind, unit: Unit) -> bool:
    return not (kind == "decisions" and unit.is_question)


def _same_thing(before: Unit, after: Unit, kind: ItemKind) -> bool:
    if before.speaker != after.speaker:
        return False
    # Two people given work in two sentences are two tasks.
    return kind != "actions" or bool(set(content_stems(before.text)) & set(content_stems(after.text)))


def _repeats(candidate: Candidate, other: Candidate, sentences: Sequence[Unit], kind: ItemKind) -> bool:
    mine, theirs = (
        set(content_stems(sentences[candidate.best].text)),
        set(content_stems(sentences[other.best].text)),
    )
    if says_the_same(sentences[candidate.best].text, sentences[other.best].text):
        return True
    if mine and len(mine & theirs) >= 0.6 * min(len(mine), max(1, len(theirs))):
        return True
    return kind != "actions" and abs(candidate.best - other.best) < APART_UNITS
