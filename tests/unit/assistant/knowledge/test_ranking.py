from __future__ import annotations

from uuid import uuid4

import numpy as np
import pytest

from assistant.knowledge.chunk_index import Candidate
from assistant.knowledge.ranking import fused_scores, subject_scores, with_document_support


def found(*scores: tuple[float, float]) -> Candidate:
    """A candidate with (cosine, BM25) of each probe."""
    return Candidate(uuid4(), tuple(cosine for cosine, _ in scores), tuple(bm25 for _, bm25 in scores))


def test_both_kinds_of_score_are_stretched_before_they_are_added() -> None:
    scores = fused_scores([found((0.8, 0.0)), found((0.3, 40.0)), found((0.3, 0.0))])

    assert scores == pytest.approx([0.6, 0.4, 0.0])


def test_a_follow_up_counts_both_ways_of_asking_alike() -> None:
    scores = fused_scores([found((0.9, 1), (0.1, 0)), found((0.1, 0), (0.9, 1))])

    assert scores == pytest.approx([0.5, 0.5])


def test_scores_that_are_all_equal_tell_nothing() -> None:
    assert fused_scores([found((0.5, 3.0)), found((0.5, 3.0))]) == pytest.approx([0.0, 0.0])


def test_good_passages_lift_their_document_and_a_single_one_is_not_punished() -> None:
    strong, weak, single = uuid4(), uuid4(), uuid4()
    scores = np.array([0.9, 0.9, 0.9, 0.3, 0.9])
    supported = with_document_support(scores, [strong, strong, weak, weak, single])

    assert supported == pytest.approx([1.17, 1.17, 1.08, 0.48, 1.17])


def test_only_the_three_best_passages_of_a_document_count() -> None:
    document = uuid4()
    supported = with_document_support(np.array([0.6, 0.6, 0.6, 0.0]), [document] * 4)

    assert supported == pytest.approx([0.78, 0.78, 0.78, 0.18])


def test_documents_on_the_subject_lift_their_passages_by_a_fifth_at_most() -> None:
    assert subject_scores([(0.5, 0.1), (0.3, 0.1), (0.1, 0.3)]) == pytest.approx([0.1, 0.05, 0.1])
