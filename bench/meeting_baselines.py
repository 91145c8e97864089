"""The summarisers that the extractive engine is held against, each given the same cleaned units and the same budget."""  # noqa: E501

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.words import content_stems
from workers.jobs.meeting_summary.extract_units import Unit

Baseline = Callable[[Sequence[Unit], int], list[Unit]]
Floats = NDArray[np.float64]

OVERSHOOT_WORDS = 12  # as the engine's own
DAMPING = 0.85  # of PageRank, as in both papers
LIKE_ENOUGH = 0.1  # LexRank's threshold (Erkan and Radev 2004)
MMR_LAMBDA = 0.7


def _fill(units: Sequence[Unit], order: Sequence[int], budget: int) -> list[Unit]:
    chosen: list[int] = []
    used = 0
    for number in order:
        if used >= budget:
            break
        if used + units[number].words <= budget + OVERSHOOT_WORDS:
            chosen.append(number)
            used += units[number].words
    return [units[number] for number in sorted(chosen)]


def _best_first(scores: Floats) -> list[int]:
    return [int(number) for number in np.argsort(-scores, kind="stable")]


def lead(units: Sequence[Unit], budget: int) -> list[Unit]:
    """The first units."""
    return _fill(units, range(len(units)), budget)


def longest(units: Sequence[Unit], budget: int) -> list[Unit]:
    """The longest units."""
    return _fill(units, sorted(range(len(units)), key=lambda number: -units[number].words), budget)


def _rank(weights: Floats) -> Floats:
    """PageRank over a weighted graph."""
    count = len(weights)
    steps = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    rank = np.full(count, 1 / count)
    for _ in range(40):
        rank = (1 - DAMPING) / count + DAMPING * rank @ steps
    return np.asarray(rank)


def _tf_idf(units: Sequence[Unit]) -> Floats:
    stems = [Counter(content_stems(unit.text)) for unit in units]
    spread: Counter[str] = Counter()
    for words in stems:
        spread.update(words.keys())
    column = {word: number for number, word in enumerate(spread)}
    rows = np.zeros((len(units), max(1, len(column))))
    for number, words in enumerate(stems):
        for word, count in words.items():
            rows[number, column[word]] = (1 + math.log(count)) * math.log(
                (1 + len(units)) / (1 + spread[word]) + 1e-9
            )
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def text_rank(units: Sequence[Unit], budget: int) -> list[Unit]:
    """TextRank (Mihalcea and Tarau 2004): shared words over log lengths."""
    stems = [set(content_stems(unit.text)) for unit in units]
    weights = np.zeros((len(units), len(units)))
    for row, first in enumerate(stems):
        for column in range(row):
            second = stems[column]
            shared = len(first & second)
            if shared:
                weights[row, column] = weights[column, row] = shared / (
                    math.log(len(first) + 1) + math.log(len(second) + 1)
                )
    return _fill(units, _best_first(_rank(weights)), budget)


def lex_rank(units: Sequence[Unit], budget: int) -> list[Unit]:
    """LexRank (Erkan and Radev 2004): cosine above a threshold."""
    rows = _tf_idf(units)
    return _fill(units, _best_first(_rank((rows @ rows.T > LIKE_ENOUGH).astype(float))), budget)


def tf_idf_mmr(units: Sequence[Unit], budget: int) -> list[Unit]:
    """TF-IDF centroid with maximal marginal relevance."""
    rows = _tf_idf(units)
    centre = rows.mean(axis=0)
    closeness = rows @ (centre / max(1e-9, float(np.linalg.norm(centre))))
    nearest = np.zeros(len(units))
    order: list[int] = []
    while len(order) < len(units) and sum(units[number].words for number in order) < budget:
        gains = MMR_LAMBDA * closeness - (1 - MMR_LAMBDA) * nearest
        gains[order] = -np.inf
        order.append(int(np.argmax(gains)))
        nearest = np.maximum(nearest, rows @ rows[order[-1]])
    return _fill(units, order, budget)


def eighths(units: Sequence[Unit], budget: int) -> list[Unit]:
    """The longest unit of each eighth: the floor for topic coverage."""
    best: dict[int, int] = {}
    for number, unit in enumerate(units):
        part = int(unit.position * 8)
        if part not in best or unit.words > units[best[part]].words:
            best[part] = number
    return [units[number] for number in sorted(best.values())]


BASELINES: dict[str, Baseline] = {
    "lead": lead, "longest": longest, "textrank": text_rank, "lexrank": lex_rank, "tfidf_mmr": tf_idf_mmr,
}  # fmt: skip
