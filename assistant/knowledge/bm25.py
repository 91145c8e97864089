"""Turn texts into sparse vectors whose dot product, weighted by rarity in the index, is their BM25 score.

The stemming, stop words and term weights are Qdrant's own, computed here, so that the embedded index and a server
rank alike. How rare a word is (IDF) is counted by the index.
"""

from __future__ import annotations

from dataclasses import dataclass

import qdrant_edge

# Raise it when anything below changes: indexes filled under another version are filled anew.
BM25_VERSION = 1
AVERAGE_WORDS = 128.0  # words left of a chunk of 256 tokens after stop words; the usual 256 is for whole pages


@dataclass(frozen=True, slots=True)
class SparseTerms:
    """Term numbers and their weights, side by side."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


class Bm25Encoder:
    """Encodes English text. Other languages are matched by their words as written, without stemming."""

    def __init__(self) -> None:
        self._bm25 = qdrant_edge.Bm25(qdrant_edge.Bm25Config(avg_len=AVERAGE_WORDS, language="english"))

    def encode_passage(self, text: str) -> SparseTerms:
        """Return the terms of a stored text with their saturated frequencies."""
        return _terms(self._bm25.embed_document(text))

    def encode_question(self, text: str) -> SparseTerms:
        """Return the distinct terms of a question, each with weight 1; none if it is all stop words."""
        return _terms(self._bm25.embed_query(text))


def _terms(vector: qdrant_edge.SparseVector) -> SparseTerms:
    return SparseTerms(tuple(vector.indices), tuple(vector.values))
