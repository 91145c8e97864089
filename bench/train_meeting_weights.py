"""Fit the figures in workers/jobs/meeting_summary/extract_weights.json to meetings with reference summaries.

Run by hand: `python -m bench.train_meeting_weights --data DIR`, where DIR holds qmsum_train*.jsonl (QMSum's
fields). Only files with "train" in their name are read, so that what measures the engine never shapes it. A
logistic model says which content words a summary uses; function words get their mean count per summary.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.words import STOPWORDS, content_stems, words_of
from bench.meeting_data import LabelledMeeting, QmsumMeeting, read_labelled, read_qmsum
from workers.jobs.meeting_summary.extract_importance import (
    FEATURES,
    REFERENCE_WORDS,
    expected_counts,
    load_weights,
    word_features,
)
from workers.jobs.meeting_summary.extract_item_features import ITEM_FEATURES, Floats, item_features
from workers.jobs.meeting_summary.extract_items import TASKS
from workers.jobs.meeting_summary.extract_units import all_sentences, summary_units

RIDGE = 1.0  # on standardised features
TASK_RIDGE = 100.0  # best item F1 held out by meeting series
LEAST_COUNT = 0.03  # mean uses per summary below which a function word is left out
NOTHING_LEARNED = -20.0  # log-odds: where no meeting taught anything, nothing is guessed
TARGET = Path("workers/jobs/meeting_summary/extract_weights.json")


def fit(meetings: Sequence[QmsumMeeting]) -> dict[str, dict[str, float]]:
    """Return the weights fitted to the first general summary of each meeting."""
    rows: list[tuple[float, ...]] = []
    used: list[float] = []
    function_words: Counter[str] = Counter()
    for meeting in meetings:
        sentences = all_sentences(meeting.transcript)
        reference = set(content_stems(meeting.references[0]))
        for word, features in word_features(sentences, summary_units(sentences)).items():
            rows.append(features)
            used.append(float(word in reference))
        function_words.update(word for word in words_of(meeting.references[0]) if word in STOPWORDS)
    weights = _logistic(np.array(rows), np.array(used))
    return {
        "words": {name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)},
        "function_words": {
            word: round(count / len(meetings), 3)
            for word, count in sorted(function_words.items(), key=lambda pair: (-pair[1], pair[0]))
            if count / len(meetings) >= LEAST_COUNT
        },
    }


@dataclass(frozen=True)
class TaskRows:
    """The sentences of one meeting by their figures, and which of them say a task (1) or not (0)."""

    features: Floats
    said: list[float]


def task_rows(meeting: LabelledMeeting) -> TaskRows | None:
    """Return what a meeting with linked minutes teaches; None when they don't know tasks, which is not "none"."""
    if TASKS not in meeting.items:
        return None
    sentences = all_sentences(meeting.transcript)
    expected = expected_counts(sentences, summary_units(sentences), words=REFERENCE_WORDS)
    linked = {key for item in meeting.items[TASKS] for key in item.evidence}
    places = {number for number, one in enumerate(meeting.transcript.utterances) if one.id in linked}
    said = [float(any(number in places for number, _ in unit.parts)) for unit in sentences]
    return TaskRows(item_features(sentences, expected), said)


def fit_tasks(meetings: Sequence[TaskRows | None]) -> dict[str, dict[str, float]]:
    """Return the weights that tell sentences with tasks from the rest, under TASKS."""
    known = [meeting for meeting in meetings if meeting is not None]
    if not known:
        return {TASKS: {"bias": NOTHING_LEARNED}}
    rows = np.concatenate([meeting.features for meeting in known])
    weights = _logistic(rows, np.array([one for meeting in known for one in meeting.said]), TASK_RIDGE)
    return {TASKS: {name: round(float(weight), 4) for name, weight in zip(ITEM_FEATURES, weights, strict=True)}}


def _logistic(rows: Floats, used: Floats, ridge: float = RIDGE) -> Floats:
    """Fit by Newton's method on standardised features and return weights for the raw ones; column 0 is the bias."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    mean[0], spread[0] = 0.0, 1.0
    scaled = (rows - mean) / spread
    penalty = np.eye(rows.shape[1]) * ridge
    penalty[0, 0] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-np.clip(scaled @ weights, -30, 30)))
        slope = scaled.T @ (used - chance) - penalty @ weights
        curve = (scaled * (chance * (1 - chance))[:, None]).T @ scaled + penalty
        weights += np.linalg.solve(curve, slope)
    raw = weights / spread
    raw[0] = weights[0] - (weights[1:] * mean[1:] / spread[1:]).sum()
    return np.asarray(raw)


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and write the weights; return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args(argv)
    meetings = [m for path in sorted(arguments.data.glob("qmsum*train*.jsonl")) for m in read_qmsum(path)]
    meetings = [meeting for meeting in meetings if meeting.references]
    weights: dict[str, object] = {**fit(meetings)}
    TARGET.write_text(json.dumps(weights), encoding="utf-8")  # the items' features lean on the words' weights
    load_weights.cache_clear()
    labelled = [
        m
        for pattern in ("ami*.jsonl", "icsi*.jsonl")
        for path in sorted(arguments.data.glob(pattern))
        for m in read_labelled(path)
    ]
    held_out = {
        name for path in arguments.data.glob("qmsum_val*.jsonl") for name in (m.name for m in read_qmsum(path))
    }
    weights["items"] = fit_tasks([task_rows(meeting) for meeting in labelled if meeting.name not in held_out])
    TARGET.write_text(json.dumps(weights, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"fitted to {len(meetings)} meetings: {TARGET}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
