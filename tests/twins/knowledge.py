"""An in-memory twin of the knowledge base: documents split at headings, ranked by BM25, filtered by group.

It has no dense search (`cosine` is None), so tests with it also cover what an unreachable embedder leaves.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import NAMESPACE_URL, uuid5

from assistant.knowledge.chunks import Chunk, ScoredChunk, SearchQuery

_HEADING = re.compile(r"^(#{1,4})\s+(.*)$", re.M)
_WORD = re.compile(r"[a-z0-9]+")
LONGEST_CHUNK_CHARS = 1100


@dataclass(frozen=True)
class TwinDocument:
    path: str
    title: str
    body: str
    allow: tuple[str, ...] = ("everyone",)
    status: str = "current"
    version_label: str | None = "1"
    effective_from: date | None = date(2026, 1, 1)
    owner: str | None = None
    regions: tuple[str, ...] = ()
    space: str = "company"


class KnowledgeTwin:
    """Implements workers.context.Knowledge over documents given once."""

    def __init__(self, documents: Sequence[TwinDocument]) -> None:
        self.chunks = [chunk for document in documents for chunk in split(document)]
        self.searches: list[SearchQuery] = []
        self._words = [Counter(_words(chunk.embedded_text)) for chunk in self.chunks]
        self._lengths = [sum(words.values()) for words in self._words]
        self._held = Counter(word for words in self._words for word in words)

    def search(self, query: SearchQuery) -> list[ScoredChunk]:
        self.searches.append(query)
        scores = self._scores(query.text)
        if query.previous_text:
            joined = self._scores(f"{query.previous_text} {query.text}")
            scores = [one + other for one, other in zip(scores, joined, strict=True)]
        hits = [
            ScoredChunk(chunk=chunk, score=score, bm25=score)
            for chunk, score in zip(self.chunks, scores, strict=True)
            if score > 0
            and _may_read(chunk, query.groups)
            and (not query.spaces or chunk.space in query.spaces)
            and (query.include_superseded or chunk.status == "current")
        ]
        return sorted(hits, key=lambda hit: -hit.score)[: query.limit]

    def read(
        self, document_id: str, *, groups: tuple[str, ...], around_chunk: str | None = None, limit: int = 12
    ) -> list[Chunk]:
        chunks = [one for one in self.chunks if str(one.document_id) == document_id and _may_read(one, groups)]
        if around_chunk is not None:
            at = next((index for index, one in enumerate(chunks) if str(one.id) == around_chunk), 0)
            start = max(0, at - limit // 2)
            return chunks[start : start + limit]
        return chunks[:limit]

    def closeness(self, question: str, texts: Sequence[str]) -> list[float] | None:
        return None

    def _scores(self, text: str) -> list[float]:
        wanted, count = set(_words(text)), len(self.chunks)
        mean = sum(self._lengths) / max(1, count)
        return [
            sum(
                math.log(1 + (count - self._held[word] + 0.5) / (self._held[word] + 0.5))
                * words[word]
                * 2.2
                / (words[word] + 1.2 * (0.25 + 0.75 * length / mean))
                for word in wanted
                if words[word]
            )
            for words, length in zip(self._words, self._lengths, strict=True)
        ]


def split(document: TwinDocument) -> list[Chunk]:
    """One chunk a section, longer sections cut at paragraphs; the offsets are true."""
    chunks: list[Chunk] = []
    for headings, start, end in _sections(document.body):
        for begin, finish in _pieces(document.body, start, end):
            chunks.append(
                Chunk(
                    id=uuid5(NAMESPACE_URL, f"{document.path}#{len(chunks)}"),
                    document_id=uuid5(NAMESPACE_URL, document.path),
                    version_id=uuid5(NAMESPACE_URL, f"{document.path}@{document.version_label}"),
                    space=document.space,
                    path=document.path,
                    title=document.title,
                    heading_path=headings,
                    start_char=begin,
                    end_char=finish,
                    text=document.body[begin:finish],
                    ordinal=len(chunks),
                    owner=document.owner,
                    regions=document.regions,
                    status=document.status,
                    version_label=document.version_label,
                    effective_from=document.effective_from,
                    allow=document.allow,
                )
            )
    return chunks


def _sections(body: str) -> list[tuple[tuple[str, ...], int, int]]:
    marks = list(_HEADING.finditer(body))
    found = [((), 0, marks[0].start() if marks else len(body))]
    path: list[str] = []
    for index, mark in enumerate(marks):
        path = [*path[: len(mark.group(1)) - 1], mark.group(2).strip()]
        end = marks[index + 1].start() if index + 1 < len(marks) else len(body)
        found.append((tuple(path), mark.end(), end))
    return [(headings, start, end) for headings, start, end in found if body[start:end].strip()]


def _pieces(body: str, start: int, end: int) -> list[tuple[int, int]]:
    while start < end and body[start].isspace():
        start += 1
    while end > start and body[end - 1].isspace():
        end -= 1
    pieces = []
    while end - start > LONGEST_CHUNK_CHARS:
        cut = body.rfind("\n\n", start, start + LONGEST_CHUNK_CHARS)
        if cut <= start:
            break
        pieces.append((start, cut))
        start = cut + 2
    return [*pieces, (start, end)]


def _may_read(chunk: Chunk, groups: Sequence[str]) -> bool:
    return bool(set(chunk.allow) & set(groups))


def _words(text: str) -> list[str]:
    return [re.sub(r"(?:ing|ed|es|s)$", "", word) if len(word) > 4 else word for word in _WORD.findall(text.lower())]
