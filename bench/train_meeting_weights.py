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
from workers.jobs.meeting_summary.extract_item_features import ITEM_FEATURES, OWN_FEATURES, Floats, item_features
from workers.jobs.meeting_summary.extract_items import TASKS
from workers.jobs.meeting_summary.extract_units import Unit, all_sentences, summary_units
from workers.jobs.meeting_summary.extract_unsure import DECISIONS

RIDGE = 1.0  # on standardised features
LEAST_COUNT = 0.03  # mean uses per summary below which a function word is left out
NOTHING_LEARNED = -20.0  # log-odds: where no meeting taught anything, nothing is guessed
TARGET = Path("workers/jobs/meeting_summary/extract_weights.json")


@dataclass(frozen=True)
class ItemFit:
    """How one kind of item is fitted; chosen by item F1 held out by meeting series."""

    ridge: float
    features: tuple[str, ...]
    near_utterances: int  # a sentence so near to a linked utterance counts as one that says the item


# Decisions gain from neighbours in features and labels: item F1 21 to 24 on AMI and 14 to 18 on ICSI.
ITEM_FITS = {
    TASKS: ItemFit(100.0, OWN_FEATURES, 0),
    DECISIONS: ItemFit(1000.0, ITEM_FEATURES, 3),
}  # by the name of the kind in the corpora's minutes


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
class ItemRows:
    """The sentences of one meeting by their figures, and by kind which of them say an item (1) or not (0).

    A kind that the meeting's minutes don't know is absent: ICSI's have no tasks, which is not "none".
    """

    features: Floats
    said: dict[str, list[float]]


def item_rows(meeting: LabelledMeeting) -> ItemRows:
    """Return what a meeting with linked minutes teaches."""
    sentences = all_sentences(meeting.transcript)
    expected = expected_counts(sentences, summary_units(sentences), words=REFERENCE_WORDS)
    said = {
        kind: _said(meeting, kind, sentences, how.near_utterances)
        for kind, how in ITEM_FITS.items()
        if kind in meeting.items
    }
    return ItemRows(item_features(sentences, expected), said)


def fit_items(meetings: Sequence[ItemRows]) -> dict[str, dict[str, float]]:
    """Return the weights that tell sentences with tasks and decisions from the rest, by kind."""
    weights: dict[str, dict[str, float]] = {}
    for kind, how in ITEM_FITS.items():
        known = [meeting for meeting in meetings if kind in meeting.said]
        if not known:
            weights[kind] = {"bias": NOTHING_LEARNED}
            continue
        columns = [ITEM_FEATURES.index(name) for name in how.features]
        rows = np.concatenate([meeting.features[:, columns] for meeting in known])
        said = np.array([one for meeting in known for one in meeting.said[kind]])
        fitted = _logistic(rows, said, how.ridge)
        weights[kind] = {name: round(float(weight), 4) for name, weight in zip(how.features, fitted, strict=True)}
    return weights


def _said(meeting: LabelledMeeting, kind: str, sentences: Sequence[Unit], near: int) -> list[float]:
    """Return 1 for each sentence within `near` utterances of one that says an item, else 0."""
    linked = {key for item in meeting.items[kind] for key in item.evidence}
    places = {number for number, one in enumerate(meeting.transcript.utterances) if one.id in linked}
    around = {number + step for number in places for step in range(-near, near + 1)}
    return [float(any(number in around for number, _ in unit.parts)) for unit in sentences]


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
    weights["items"] = fit_items([item_rows(meeting) for meeting in labelled if meeting.name not in held_out])
    TARGET.write_text(json.dumps(weights, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"fitted to {len(meetings)} meetings: {TARGET}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
