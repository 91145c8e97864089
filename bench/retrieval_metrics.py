"""Figures of a ranking, as the literature defines them; each function is one of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

CUTOFF = 10  # of MRR and nDCG


def hit_at(ranked: Sequence[str], gold: Collection[str], cutoff: int) -> float:
    """Return 1 if any right document is among the first `cutoff`, else 0 (recall@k where one document answers)."""
    return float(any(document in gold for document in ranked[:cutoff]))


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str]) -> float:
    """Return 1 / the place of the first right document among the first ten, else 0."""
    for place, document in enumerate(ranked[:CUTOFF], start=1):
        if document in gold:
            return 1 / place
    return 0.0


def ndcg(ranked: Sequence[str], gold: Collection[str]) -> float:
    """Return the discounted gain of the first ten, as a share of what the best order would gain."""
    gained = sum(1 / math.log2(place + 1) for place, doc in enumerate(ranked[:CUTOFF], start=1) if doc in gold)
    best = sum(1 / math.log2(place + 1) for place in range(1, min(len(gold), CUTOFF) + 1))
    return gained / best if best else 0.0


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """Return the chance that a positive scores above a negative, ties half; None without both.

    0.5 is chance, 1 separates them perfectly.
    """
    if not positives or not negatives:
        return None
    scored = sorted([(score, True) for score in positives] + [(score, False) for score in negatives])
    rank_sum, at = 0.0, 0
    while at < len(scored):
        end = at
        while end < len(scored) and scored[end][0] == scored[at][0]:
            end += 1
        middle_rank = (at + 1 + end) / 2
        rank_sum += middle_rank * sum(positive for _score, positive in scored[at:end])
        at = end
    wins = rank_sum - len(positives) * (len(positives) + 1) / 2
    return wins / (len(positives) * len(negatives))
