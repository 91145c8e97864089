"""Describe each sentence of a meeting by figures that tell tasks and decisions from talk.

Wording (extract_cues.py), place in the meeting, who speaks, what the neighbours say and how they answer; and the
same figures averaged over the sentences around, since people settle a matter in a stretch of talk and not in one
sentence. The weights stand in extract_weights.json, one set a kind.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.words import content_stems
from workers.jobs.meeting_summary.extract_cues import ASSENT, CUES, FIRM_ASSENT, cues_in
from workers.jobs.meeting_summary.extract_units import Unit, is_well_formed

Floats = NDArray[np.float64]

ANSWER_UNITS = 4  # sentences that follow and can assent or doubt
CONTEXT_UNITS = 4  # neighbours on either side
SHORT_WORDS, LONG_WORDS = 5, 25

TASK_CUES = (
    "i_will", "will_you", "want_you", "you_will", "you_get", "they_will", "task_phrase", "when_due", "meeting_end",
    "task_word",
)  # fmt: skip
DECISION_CUES = ("decided", "go_with", "lets", "will_be", "we_have", "firm")
QUESTION_CUES = ("asks", "unsure", "trouble", "hedged", "proposal", "or_choice")
OWN_FEATURES = (
    "bias", *CUES, "position", "position_squared", "last_tenth", "last_minutes", "opening", "log_words", "is_short",
    "is_long", "density", "importance", "importance_sum", "talks_most", "spoke_first", "share", "assents",
    "firm_assent", "doubt", "well_formed", "near_tasks", "near_decisions", "near_questions", "tasks", "decisions",
    "questions", "tasks_late", "near_tasks_late", "first_speaker_late",
)  # fmt: skip
ITEM_FEATURES = (*OWN_FEATURES, *(f"around_{name}" for name in OWN_FEATURES[1:]))


def item_features(sentences: Sequence[Unit], expected: Mapping[str, float]) -> Floats:
    """Return one row of ITEM_FEATURES for each sentence."""
    own = _own_features(sentences, expected)
    return np.hstack([own, _averaged(own[:, 1:])])


def _averaged(values: Floats) -> Floats:
    """Return for each row the mean of it and the CONTEXT_UNITS rows before and after it."""
    sums = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    places = np.arange(len(values))
    first, after = np.maximum(0, places - CONTEXT_UNITS), np.minimum(len(values), places + CONTEXT_UNITS + 1)
    return np.asarray((sums[after] - sums[first]) / (after - first)[:, None], dtype=float)


def _own_features(sentences: Sequence[Unit], expected: Mapping[str, float]) -> Floats:
    count = len(sentences)
    if not count:
        return np.zeros((0, len(OWN_FEATURES)))
    cues = np.array([list(cues_in(unit.raw).values()) for unit in sentences], dtype=float)
    names = list(CUES)
    sums = {
        key: cues[:, [names.index(cue) for cue in chosen]].sum(axis=1)
        for key, chosen in (("task", TASK_CUES), ("decision", DECISION_CUES), ("question", QUESTION_CUES))
    }
    near = {key: _neighbours(values) / 10 for key, values in sums.items()}
    words = np.array([len(unit.raw.split()) for unit in sentences], dtype=float)
    talk: Counter[str | None] = Counter()
    for unit, length in zip(sentences, words, strict=True):
        talk[unit.speaker] += int(length)
    most = talk.most_common(1)[0][0]
    rows = []
    for number, unit in enumerate(sentences):
        weights = [expected.get(word, 0.0) for word in content_stems(unit.text)]
        assents, firm, doubt = _answers(sentences, number)
        late = float(unit.position > 0.85)
        rows.append(
            [
                1.0,
                *cues[number],
                unit.position,
                unit.position**2,
                unit.position > 0.9,
                unit.position > 0.96,
                unit.position < 0.06,
                math.log1p(words[number]),
                words[number] < SHORT_WORDS,
                words[number] > LONG_WORDS,
                len(weights) / max(1.0, words[number]),
                sum(weights) / max(1, len(weights)),
                sum(weights),
                unit.speaker == most,
                unit.speaker == sentences[0].speaker,
                talk[unit.speaker] / max(1, talk.total()),
                assents,
                firm,
                doubt,
                is_well_formed(unit),
                near["task"][number],
                near["decision"][number],
                near["question"][number],
                sums["task"][number],
                sums["decision"][number],
                sums["question"][number],
                sums["task"][number] * late,
                near["task"][number] * late,
                (unit.speaker == sentences[0].speaker) * late,
            ]
        )
    return np.array(rows, dtype=float)


def _neighbours(values: Floats) -> Floats:
    """Return for each place the sum over CONTEXT_UNITS places before and after it, itself left out."""
    around = np.convolve(values, np.ones(2 * CONTEXT_UNITS + 1), mode="full")[CONTEXT_UNITS:][: len(values)]
    return np.asarray(around - values, dtype=float)


def _answers(sentences: Sequence[Unit], number: int) -> tuple[float, float, float]:
    """Return how far others assent (0 to 1), whether firmly, and whether they doubt, right after a sentence."""
    speaker = sentences[number].speaker
    following = [u for u in sentences[number + 1 : number + 1 + ANSWER_UNITS] if u.speaker != speaker]
    assents = sum(1 for unit in following if ASSENT.match(unit.raw))
    firm = any(FIRM_ASSENT.search(unit.raw) for unit in following)
    doubt = any(cues_in(unit.raw)["unsure"] for unit in following)
    return min(assents, 3) / 3, float(firm), float(doubt)
