"""The passages one job has retrieved, under short handles (P1, P2 …) that a model can repeat without error."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.replies import Citation

if TYPE_CHECKING:
    from assistant.knowledge.chunks import Chunk, ScoredChunk

QUOTE_CHARS = 1200  # what a Citation holds


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved chunk. `score` orders one result list; `cosine` is to the query it was first found by."""

    handle: str
    chunk: Chunk
    score: float
    cosine: float | None = None
    bm25: float | None = None

    @property
    def label(self) -> str:
        """Title and section on one line, as people cite it."""
        headings = self.chunk.heading_path
        repeated = headings[:1] == (self.chunk.title,)
        return " › ".join(part for part in (self.chunk.title, *headings[repeated:]) if part)


class Evidence:
    """Grows while tools run (possibly side by side); a chunk keeps the handle it got first."""

    def __init__(self) -> None:
        self._passages: dict[str, Passage] = {}  # by chunk id, in the order found
        self._by_handle: dict[str, Passage] = {}
        self._lock = threading.Lock()

    def add(self, hits: Iterable[ScoredChunk]) -> list[Passage]:
        """Keep the hits; return them as passages, in the order given."""
        with self._lock:
            return [self._keep(hit) for hit in hits]

    def add_read(self, chunks: Iterable[Chunk]) -> list[Passage]:
        """Keep chunks that were read, not found by search: their score is 0."""
        with self._lock:
            return [self._keep_chunk(chunk, 0.0, None, None) for chunk in chunks]

    def get(self, handle: str) -> Passage | None:
        """Return the passage of a handle; brackets and case around it do not matter."""
        return self._by_handle.get(handle.strip().strip("[]()").upper())

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All passages, in the order found."""
        return tuple(self._passages.values())

    @property
    def best_cosine(self) -> float | None:
        """The highest cosine of any passage; None where no dense search ran."""
        return max((one.cosine for one in self._passages.values() if one.cosine is not None), default=None)

    def _keep(self, hit: ScoredChunk) -> Passage:
        return self._keep_chunk(hit.chunk, hit.score, hit.cosine, hit.bm25)

    def _keep_chunk(self, chunk: Chunk, score: float, cosine: float | None, bm25: float | None) -> Passage:
        key = str(chunk.id)
        if key not in self._passages:
            passage = Passage(f"P{len(self._passages) + 1}", chunk, score, cosine, bm25)
            self._passages[key] = self._by_handle[passage.handle] = passage
        return self._passages[key]


def cite(chunk: Chunk, quote: str, *, number: int) -> Citation:
    """Return the citation of a quote from this chunk."""
    return Citation(
        number=number,
        chunk_id=str(chunk.id),
        document_id=str(chunk.document_id),
        document=chunk.path,
        title=chunk.title,
        section=chunk.section,
        page=chunk.page,
        version=chunk.version_label,
        effective_from=chunk.effective_from.isoformat() if chunk.effective_from else None,
        url=chunk.url,
        quote=quote[:QUOTE_CHARS],
    )
