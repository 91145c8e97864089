"""Turn candidates with two kinds of score into one order.

Dense and word scores live on different scales, so each is stretched to 0..1 over the candidates (min-max) before
they are added. Ranks alone (RRF) and Qdrant's own default measured worse on every set; so did any other weight
(docs/decisions/0003-where-retrieval-runs.md). The best hit of every question therefore scores near 1: scores
order one list and mean nothing across questions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import mean
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from assistant.knowledge.chunk_index import Candidate

DENSE_WEIGHT = 0.6  # chosen by leave-one-set-out over six sets of questions: every time .6
DOCUMENT_WEIGHT = 0.3  # how much a document's best passages lift its other ones
DOCUMENT_PASSAGES = 3
SUBJECT_WEIGHT = 0.2  # how much a document about the question's subject lifts its passages

Scores = NDArray[np.float64]


def fused_scores(candidates: Sequence[Candidate]) -> Scores:
    """Return one score a candidate: the mean over the probes of the weighted sum of both stretched scores."""
    cosines = np.array([candidate.cosines for candidate in candidates], float)
    bm25s = np.array([candidate.bm25s for candidate in candidates], float)
    by_probe = DENSE_WEIGHT * _stretched(cosines) + (1 - DENSE_WEIGHT) * _stretched(bm25s)
    scores: Scores = by_probe.mean(axis=1)
    return scores


def with_document_support(scores: Scores, document_ids: Sequence[UUID]) -> Scores:
    """Return the scores, raised by the mean of each document's three best: several good passages are a sign."""
    by_document: defaultdict[UUID, list[float]] = defaultdict(list)
    for score, document_id in zip(scores, document_ids, strict=True):
        by_document[document_id].append(float(score))
    support = {
        document_id: mean(sorted(own, reverse=True)[:DOCUMENT_PASSAGES]) for document_id, own in by_document.items()
    }
    return scores + DOCUMENT_WEIGHT * np.array([support[document_id] for document_id in document_ids])


def subject_scores(cosines: Sequence[Sequence[float]]) -> Scores:
    """Return what to add for the documents' subjects, given each candidate's document's cosine to every probe."""
    return np.asarray(SUBJECT_WEIGHT * _stretched(np.array(cosines, float)).mean(axis=1))


def _stretched(scores: Scores) -> Scores:
    """Map each column to 0..1; a column of equal scores tells nothing and becomes 0."""
    least, most = scores.min(axis=0), scores.max(axis=0)
    spread = np.where(most > least, most - least, 1.0)
    stretched: Scores = (scores - least) / spread
    return stretched
