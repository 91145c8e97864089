"""Judge from the scores of a search whether its passages are likely to answer the question: a hint, no verdict.

Off-topic questions are told apart well, questions about a near miss badly: no threshold on retrieval alone may refuse
an answer that quotes its passages (docs/decisions/0003-where-retrieval-runs.md). The hint decides how careful to be,
and what to say when nothing was quoted.

Five signals go through one logistic function. Its weights are in answerability.json, made by
`python -m bench.train_answerability`; nothing is learned at run time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from pydantic import Field

from assistant.frozen import Frozen
from assistant.knowledge.chunks import ScoredChunk

SIGNALS = ("first_cosine", "cosine_margin", "first_bm25", "agreement", "coverage")
MARGIN_PLACE = 10  # the best cosine is compared with the tenth
AGREEMENT_PLACES = 5
STEM_CHARS = 5  # of a word are compared: policies and policy are one word here

_WORD = re.compile(r"\w{2,}")
_STOP_WORDS = frozenset(
    _WORD.findall(
        "an the of to in on for and or is are was were be been do does did you he she it we they my your his her its "
        "our their this that these those what which who whom how when where why can could should would will may "
        "might must shall there here with without from by at as about into if then than so not no yes me us them "
        "have has had any some all more most just also get got"
    )
)


class Weights(Frozen):
    """The trained function: a signal's mean and spread in training, and what it adds once brought to that scale."""

    intercept: float
    means: tuple[float, ...] = Field(min_length=len(SIGNALS), max_length=len(SIGNALS))
    spreads: tuple[float, ...] = Field(min_length=len(SIGNALS), max_length=len(SIGNALS))
    weights: tuple[float, ...] = Field(min_length=len(SIGNALS), max_length=len(SIGNALS))
    trained_on: str
    auroc: float  # cross-validated


def answerability(question: str, hits: Sequence[ScoredChunk]) -> float:
    """Return how likely these hits, best first, answer the question: 0 to 1, and 0 without hits.

    About 12 hits are expected; the figure means "as likely as in training", where three in four had an answer.
    """
    if not hits:
        return 0.0
    trained = trained_weights()
    logit = trained.intercept + sum(
        weight * (signal - mean) / spread
        for weight, signal, mean, spread in zip(
            trained.weights, signals(question, hits), trained.means, trained.spreads, strict=True
        )
    )
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def signals(question: str, hits: Sequence[ScoredChunk]) -> tuple[float, ...]:
    """Return the figures named in SIGNALS for at least one hit, best first."""
    cosines = [hit.cosine or 0.0 for hit in hits]
    bm25s = [hit.bm25 or 0.0 for hit in hits]
    tenth = sorted(cosines, reverse=True)[:MARGIN_PLACE][-1]
    return (
        cosines[0],
        max(cosines) - tenth,
        bm25s[0],
        len(_best_places(cosines) & _best_places(bm25s)) / AGREEMENT_PLACES,
        _coverage(question, hits),
    )


@cache
def trained_weights() -> Weights:
    """Return the weights that came with this version."""
    return Weights.model_validate_json(
        files("assistant.knowledge").joinpath("answerability.json").read_text(encoding="utf-8")
    )


def _best_places(scores: Sequence[float]) -> set[int]:
    return set(sorted(range(len(scores)), key=lambda place: -scores[place])[:AGREEMENT_PLACES])


def _coverage(question: str, hits: Sequence[ScoredChunk]) -> float:
    """Return the share of the question's content words that the best of the first hits contains."""
    asked = _stems(question)
    if not asked:
        return 0.0
    return max(len(asked & _stems(hit.chunk.embedded_text)) / len(asked) for hit in hits[:AGREEMENT_PLACES])


def _stems(text: str) -> set[str]:
    return {word[:STEM_CHARS] for word in _WORD.findall(text.casefold()) if word not in _STOP_WORDS}
