from __future__ import annotations

import pytest

from assistant.knowledge.answerability import SIGNALS, answerability, signals, trained_weights
from assistant.knowledge.chunks import ScoredChunk
from tests.factories import make_chunk


def hit(text: str, cosine: float, bm25: float) -> ScoredChunk:
    return ScoredChunk(chunk=make_chunk(text=text), score=cosine, cosine=cosine, bm25=bm25)


CLEAR = [hit("Staff may carry over five days of leave.", 0.8, 30.0)] + [
    hit(f"Another matter, number {number}.", 0.2, 2.0) for number in range(11)
]
VAGUE = [hit(f"Another matter, number {number}.", 0.2, 2.0) for number in range(12)]
QUESTION = "How many days of leave may I carry over?"


def test_a_clear_hit_is_likelier_to_answer_than_many_vague_ones() -> None:
    assert 0 <= answerability(QUESTION, VAGUE) < 0.5 < answerability(QUESTION, CLEAR) <= 1


def test_nothing_found_answers_nothing() -> None:
    assert answerability(QUESTION, []) == 0.0


def test_the_signals_can_be_checked_by_eye() -> None:
    named = dict(zip(SIGNALS, signals(QUESTION, CLEAR), strict=True))

    assert named["first_cosine"] == 0.8
    assert named["cosine_margin"] == pytest.approx(0.6)
    assert named["first_bm25"] == 30.0
    assert named["coverage"] == 0.8  # of many, days, leave, carry and over, all but the first
    assert named["agreement"] == 1.0


def test_one_hit_without_scores_is_judged_too() -> None:
    lone = ScoredChunk(chunk=make_chunk(text="Five days."), score=1.0)

    assert 0 < answerability("of the", [lone]) < 1


def test_the_weights_that_came_along_separate_better_than_the_best_cosine_alone() -> None:
    assert trained_weights().auroc > 0.81  # the best cosine alone, on the same questions
    assert all(spread > 0 for spread in trained_weights().spreads)
