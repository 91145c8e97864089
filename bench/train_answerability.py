"""Train the weights of assistant/knowledge/answerability.py on folders of questions, some without an answer.

    python -m bench.train_answerability --data FOLDER [--data FOLDER …] --out assistant/knowledge/answerability.json

Folders are those of `bench retrieval`. Five signals and a ridge: too little to learn questions by heart. The figure
that counts is cross-validated, each fold judged by weights that never saw it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.knowledge.answerability import Weights, signals
from bench.retrieval import opened_knowledge, read_questions
from bench.retrieval_metrics import auroc

RIDGE = 0.01
FOLDS = 5
NEWTON_STEPS = 25

Floats = NDArray[np.float64]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="train_answerability", description=__doc__)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--keep", type=Path, help="keep databases here, one a folder, and reuse them")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="steward-bench-") as scratch:
        rows = [_examples(folder, (arguments.keep or Path(scratch)) / folder.name) for folder in arguments.data]
    features = np.concatenate([features for features, _answers in rows])
    answers = np.concatenate([answers for _features, answers in rows])
    trained = _fitted(features, answers, ", ".join(folder.name for folder in arguments.data))
    arguments.out.write_text(trained.model_dump_json(indent=2) + "\n", encoding="utf-8")
    print(f"{len(answers)} questions, AUROC {trained.auroc} cross-validated; wrote {arguments.out}")
    return 0


def _examples(folder: Path, data: Path) -> tuple[Floats, Floats]:
    features: list[tuple[float, ...]] = []
    answers: list[float] = []
    with opened_knowledge(folder, data) as (knowledge, _paths):
        for question in read_questions(folder / "questions.jsonl"):
            if hits := knowledge.search(question.query):
                features.append(signals(question.query.text, hits))
                answers.append(float(question.answerable))
    return np.array(features), np.array(answers)


def _fitted(features: Floats, answers: Floats, trained_on: str) -> Weights:
    order = np.random.default_rng(0).permutation(len(answers))
    judged = np.zeros(len(answers))
    for fold in range(FOLDS):
        held_out = order[fold::FOLDS]
        kept = np.setdiff1d(order, held_out)
        means, spreads = _scale(features[kept])
        weights = _logistic((features[kept] - means) / spreads, answers[kept])
        judged[held_out] = weights[0] + (features[held_out] - means) / spreads @ weights[1:]
    validated = auroc(judged[answers == 1].tolist(), judged[answers == 0].tolist())
    if validated is None:
        raise SystemExit("the questions must be of both sorts, with an answer and without")
    means, spreads = _scale(features)
    weights = _logistic((features - means) / spreads, answers)
    return Weights(
        intercept=round(float(weights[0]), 4),
        means=_rounded(means),
        spreads=_rounded(spreads),
        weights=_rounded(weights[1:]),
        trained_on=f"{trained_on}: {int(answers.sum())} with an answer, {int((1 - answers).sum())} without",
        auroc=round(validated, 4),
    )


def _scale(features: Floats) -> tuple[Floats, Floats]:
    return features.mean(axis=0), features.std(axis=0) + 1e-9


def _logistic(features: Floats, answers: Floats) -> Floats:
    """Return intercept and weights of the ridge logistic regression, by Newton's method."""
    inputs = np.hstack([np.ones((len(features), 1)), features])
    penalty = RIDGE * len(answers) * np.diag([0.0] + [1.0] * features.shape[1])
    weights = np.zeros(inputs.shape[1])
    for _step in range(NEWTON_STEPS):
        chances = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (chances - answers) + penalty @ weights
        curvature = (inputs * (chances * (1 - chances))[:, None]).T @ inputs + penalty
        weights = weights - np.linalg.solve(curvature, gradient)
    return np.asarray(weights)


def _rounded(numbers: Floats) -> tuple[float, ...]:
    return tuple(round(float(number), 4) for number in numbers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
