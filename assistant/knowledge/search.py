"""Find the passages that answer a question, among those the asker may read.

Always both ways at once: by meaning (MiniLM or another embedder) and by words (BM25), because which of the two
wins flips from one set of documents to the next. A follow-up is asked twice, alone and with the turn before it.
What a passage says is read from the document ledger, which also checks access a second time.

Whether what was found is an answer is decided elsewhere: answerability.py gives a hint, the checks of the job the
verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from assistant.errors import NothingFound
from assistant.knowledge.chunk_index import Candidate, ChunkIndex, Probe, Readable
from assistant.knowledge.chunks import Chunk, ScoredChunk, SearchQuery
from assistant.knowledge.document_vectors import DocumentVectors
from assistant.knowledge.embeddings import ApiEmbedder, Embedder, build_embedder
from assistant.knowledge.ranking import fused_scores, subject_scores, with_document_support
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.document_reader import DocumentReader, DocumentView
from assistant.storage.worker_store import WorkerStore

if TYPE_CHECKING:
    import sqlalchemy as sa

    from assistant.knowledge.vector_store import Lease
    from assistant.settings import Settings

CANDIDATES_EACH_WAY = 100  # asked of the index by meaning and by words, for each probe
SENTENCES_KEPT = 4096  # vectors of 1.5 kB; the same passages come up again and again
SUPERSEDED = ("current", "superseded")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that the asker may read, and how it scored."""

    chunk: Chunk
    scores: Candidate
    subject_cosines: tuple[float, ...]  # of the whole document, to every probe


class KnowledgeBase:
    """The company's documents, as jobs and the reader pane see them. Thread-safe."""

    def __init__(
        self,
        ledger: DocumentLedger,
        reader: DocumentReader,
        index: ChunkIndex,
        embedder: Embedder,
        *,
        today: Callable[[], date],
    ) -> None:
        self.ledger = ledger
        self._reader = reader
        self._subjects = DocumentVectors(ledger)
        self._index = index
        self.embedder = embedder
        self._today = today
        self._sentence_vector = lru_cache(maxsize=SENTENCES_KEPT)(embedder.embed_query)

    def search(self, query: SearchQuery) -> list[ScoredChunk]:
        """Return the best passages the groups may read, best first, at most `query.limit`.

        The same text found twice is returned once, in its best place.

        Raises:
            DependencyUnavailable: the index, the embedder or the database cannot be reached.
        """
        return distinct(self.rank(query), limit=query.limit)

    def rank(self, query: SearchQuery) -> list[ScoredChunk]:
        """Return all candidates in order, repeated texts included: what documents are ranked by."""
        found = self.found(query)
        if not found:
            return []
        scores = with_document_support(
            fused_scores([hit.scores for hit in found]), [hit.chunk.document_id for hit in found]
        ) + subject_scores([hit.subject_cosines for hit in found])
        ranking = [
            ScoredChunk(
                chunk=hit.chunk, score=float(score), cosine=max(hit.scores.cosines), bm25=max(hit.scores.bm25s)
            )
            for hit, score in zip(found, scores, strict=True)
        ]
        return sorted(ranking, key=lambda hit: (-hit.score, hit.chunk.path, hit.chunk.ordinal))

    def found(self, query: SearchQuery) -> list[Found]:
        """Return the candidates with both scores of every probe, in no order: what ranking starts from."""
        probes = self._probes(query)
        if not probes or not query.groups:
            return []
        self._index.catch_up()
        candidates = self._index.candidates(probes, _readable(query, self._today()), limit=CANDIDATES_EACH_WAY)
        by_id = {candidate.chunk_id: candidate for candidate in candidates}
        chunks = self._reader.chunks(list(by_id), groups=query.groups)
        subjects = self._subjects.of(chunk.version_id for chunk in chunks)
        return [
            Found(
                chunk,
                by_id[chunk.id],
                tuple(float(subjects[chunk.version_id] @ probe.vector) for probe in probes),
            )
            for chunk in chunks
            if chunk.version_id in subjects  # else it was purged while we looked
        ]

    def read(
        self, document_id: str, *, groups: tuple[str, ...], around_chunk: str | None = None, limit: int = 12
    ) -> list[Chunk]:
        """Return a document's passages in reading order: the first `limit`, or those around one passage.

        None when the document is unknown or not for these groups.
        """
        chunks = self._reader.chunks_of(UUID(document_id), groups=groups)
        if around_chunk is None:
            return chunks[:limit]
        places = [place for place, chunk in enumerate(chunks) if chunk.id == UUID(around_chunk)]
        first = max(0, min(places[0] - limit // 2, len(chunks) - limit)) if places else 0
        return chunks[first : first + limit]

    def document(self, document_id: UUID, groups: tuple[str, ...], *, version_id: UUID | None = None) -> DocumentView:
        """Return the document for the reader pane: its latest version, or the one a citation names.

        Raises:
            NothingFound: it is unknown, or not for these groups.
        """
        return self._reader.document(document_id, groups=groups, version_id=version_id)

    def chunk(self, chunk_id: UUID, groups: tuple[str, ...]) -> Chunk:
        """Return one passage, of an earlier version too.

        Raises:
            NothingFound: it is unknown, or not for these groups.
        """
        found = self._reader.chunks([chunk_id], groups=groups, live=False)
        if not found:
            raise NothingFound(f"chunk {chunk_id} is unknown, hidden or not for the asker")
        return found[0]

    def closeness(self, question: str, texts: Sequence[str]) -> list[float] | None:
        """Return the cosine of each text to the question; None where the embedder is an API.

        Sentences of an answer are compared here by the dozen: cheap with a model in this process, and a bill and
        a delay with any other.
        """
        if isinstance(self.embedder, ApiEmbedder):
            return None
        asked = self.embedder.embed_query(question)
        return [float(asked @ self._sentence_vector(text)) for text in texts]

    def close(self) -> None:
        """Let go of the index."""
        self._index.close()

    def _probes(self, query: SearchQuery) -> list[Probe]:
        texts = [query.text.strip()]
        if query.previous_text and query.previous_text.strip():
            texts.append(f"{query.previous_text.strip()}\n{texts[0]}")
        return [Probe(text, self.embedder.embed_query(text)) for text in texts if text]


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document and its best passage."""

    best: ScoredChunk
    passages: int  # how many of its passages were candidates


def documents_of(ranking: Sequence[ScoredChunk]) -> list[FoundDocument]:
    """Return the documents of a ranking, each placed by its best passage."""
    best: dict[UUID, ScoredChunk] = {}
    passages: dict[UUID, int] = {}
    for hit in ranking:
        best.setdefault(hit.chunk.document_id, hit)
        passages[hit.chunk.document_id] = passages.get(hit.chunk.document_id, 0) + 1
    return [FoundDocument(hit, passages[document_id]) for document_id, hit in best.items()]


def distinct(ranking: Sequence[ScoredChunk], *, limit: int | None = None) -> list[ScoredChunk]:
    """Return the ranking, or its first `limit`, without passages whose words have been said by a better one.

    Case, punctuation and white space don't count. Passages that differ in a single figure are both kept: near-twin
    plans differ in just that.
    """
    return list(islice(_said_first(ranking), limit))


def _said_first(ranking: Sequence[ScoredChunk]) -> Iterator[ScoredChunk]:
    seen: set[str] = set()
    for hit in ranking:
        words = " ".join(_WORD.findall(hit.chunk.text.casefold()))
        if words not in seen:
            seen.add(words)
            yield hit


def open_knowledge(settings: Settings, engine: sa.Engine) -> KnowledgeBase:
    """Return the knowledge base the settings describe: a Qdrant server by URL, else an embedded index.

    Opens nothing but the embedder; index and server are reached at the first search.

    Raises:
        SettingsInvalid: EMBEDDER names nothing known.
    """
    embedder = open_embedder(settings)
    ledger = DocumentLedger(engine)
    return KnowledgeBase(
        ledger,
        DocumentReader(engine),
        open_index(settings, ledger, embedder, WorkerStore(engine)),
        embedder,
        today=lambda: datetime.now(UTC).date(),
    )


def open_embedder(settings: Settings) -> Embedder:
    """Return the embedder the settings name.

    Raises:
        SettingsInvalid: it names nothing known, or what it needs is not installed.
    """
    return build_embedder(settings.steward_embedder, settings)


def open_index(settings: Settings, ledger: DocumentLedger, embedder: Embedder, lease: Lease) -> ChunkIndex:
    """Return the index the settings describe; nothing is opened or reached yet."""
    if settings.qdrant_url:
        from assistant.knowledge.vector_store import QdrantIndex, connect

        api_key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
        client = connect(settings.qdrant_url, api_key)
        return QdrantIndex(client, ledger, embedder, lease, prefix=settings.qdrant_collection)
    from assistant.knowledge.embedded_index import EmbeddedIndex

    return EmbeddedIndex(settings.steward_data / "index", ledger, embedder)


def _readable(query: SearchQuery, today: date) -> Readable:
    if query.include_superseded:
        return Readable(query.groups, query.spaces, SUPERSEDED)
    if query.as_of is not None:
        return Readable(query.groups, query.spaces, SUPERSEDED, on=query.as_of)
    return Readable(query.groups, query.spaces, on=today)
