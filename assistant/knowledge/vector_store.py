"""The same search on a Qdrant server, shared by all processes and machines: the only user of qdrant_client.

Whoever searches or ingests next brings the collection up to date from the document ledger; a lease in the database
lets one process write at a time, the others search what is there meanwhile. How far the collection has come is kept
in it, as a point without vectors, so that position and content can't part. The collection's name holds the embedder
and the database, so vectors of two embedders never meet, and neither do two installations on one server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID, uuid4

import httpx
import numpy as np
import structlog
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException

from assistant.errors import DependencyUnavailable
from assistant.knowledge.bm25 import BM25_VERSION, Bm25Encoder, SparseTerms
from assistant.knowledge.chunk_index import (
    CATCH_UP_CHUNKS,
    DAYS,
    INDEX_VERSION,
    KEYWORDS,
    Candidate,
    Probe,
    Readable,
    payload_of,
    slug,
)
from assistant.knowledge.chunks import embedded_text

if TYPE_CHECKING:
    from assistant.knowledge.embeddings import Embedder
    from assistant.storage.document_ledger import DocumentLedger
    from assistant.storage.document_records import ChunkChange

log = structlog.get_logger()

POSITION_POINT = str(UUID(int=0))
LEASE_SECONDS = 60.0  # a writer silent for so long is dead; one batch takes about a second
TIMEOUT_SECONDS = 10
TRIES = 3
FIRST_WAIT_SECONDS = 0.2
Result = TypeVar("Result")


class Lease(Protocol):
    """Lets one holder lead at a time; `assistant.storage.worker_store.WorkerStore` does it."""

    def lead(self, name: str, holder: str, *, seconds: float) -> bool:
        """Take or keep the lead; False: another holds it."""
        ...

    def resign(self, name: str, holder: str) -> None:
        """Give the lead back, if it is ours."""
        ...


class QdrantIndex:
    """The port ChunkIndex on a Qdrant server. Connects at the first use."""

    def __init__(
        self,
        client: QdrantClient,
        ledger: DocumentLedger,
        embedder: Embedder,
        lease: Lease,
        *,
        prefix: str = "steward",
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._embedder_id = embedder.embedder_id
        self._dimension = embedder.dimension
        self._lease = lease
        self._prefix = prefix
        self._wait = wait
        self._bm25 = Bm25Encoder()
        self._me = uuid4().hex
        self._collection: str | None = None
        self._position = 0

    def catch_up(self) -> None:
        """Follow the ledger to its newest change, unless another process is just doing so."""
        newest = self._ledger.last_sequence()
        if self._position == newest and self._collection is not None:
            return
        collection = self._named()
        self._position = self._read_position(collection)
        if self._position == newest and newest > 0:
            return
        if not self._lease.lead(collection, self._me, seconds=LEASE_SECONDS):
            return
        try:
            self._follow(collection, newest)
        finally:
            self._lease.resign(collection, self._me)

    def candidates(self, probes: Sequence[Probe], readable: Readable, *, limit: int) -> list[Candidate]:
        """Return the union of the probes' nearest chunks, each scored by every probe."""
        if not readable.groups or not probes:
            return []
        collection = self._named()
        scores = self._ask(collection, probes, _filter(readable), limit)
        found = sorted({point_id for part in scores for point_id in part})
        if not found:
            return []
        # Asked again about exactly these, so that each candidate has both scores of every probe.
        among = models.Filter(must=[models.HasIdCondition(has_id=list(found))])
        scores = self._ask(collection, probes, among, len(found))
        return [
            Candidate(
                chunk_id=UUID(point_id),
                cosines=tuple(dense.get(point_id, 0.0) for dense in scores[::2]),
                bm25s=tuple(words.get(point_id, 0.0) for words in scores[1::2]),
            )
            for point_id in found
        ]

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    # ---------------------------------------------------------------- following the ledger
    def _follow(self, collection: str, newest: int) -> None:
        self._ensure_collection(collection)
        # Read again under the lease: the one who had it before us may have written meanwhile.
        self._position = self._read_position(collection)
        # Ahead: the database was restored from an older copy. Too far behind: what was deleted is told no more.
        if self._position > newest or 0 < self._position < self._ledger.purged_sequence():
            self._called(lambda: self._client.delete_collection(collection))
            self._ensure_collection(collection)
            self._position = 0
        while changes := self._ledger.changes_since(
            self._position, embedder_id=self._embedder_id, limit=CATCH_UP_CHUNKS
        ):
            self._apply(collection, changes)
            if not self._lease.lead(collection, self._me, seconds=LEASE_SECONDS):
                log.warning("index.lease_lost", collection=collection)
                return

    def _apply(self, collection: str, changes: Sequence[ChunkChange]) -> None:
        points = [self._point(change) for change in changes if change.live]
        gone: list[Any] = [str(change.chunk_id) for change in changes if not change.live]
        if points:
            self._called(lambda: self._client.upsert(collection, points, wait=True))
        if gone:
            selector = models.PointIdsList(points=gone)
            self._called(lambda: self._client.delete(collection, selector, wait=True))
        # Last: a crash before it repeats changes, which does no harm, and skips none.
        sequence = changes[-1].sequence
        position = models.PointStruct(id=POSITION_POINT, vector={}, payload={"sequence": sequence})
        self._called(lambda: self._client.upsert(collection, [position], wait=True))
        self._position = sequence

    def _point(self, change: ChunkChange) -> models.PointStruct:
        terms = self._bm25.encode_passage(embedded_text(change.title, change.heading_path, change.text))
        vectors: dict[str, Any] = {"dense": np.frombuffer(change.vector, "<f4").tolist()}
        if terms.indices:
            vectors["words"] = _sparse(terms)
        return models.PointStruct(id=str(change.chunk_id), vector=vectors, payload=payload_of(change))

    # ---------------------------------------------------------------- searching
    def _ask(
        self, collection: str, probes: Sequence[Probe], which: models.Filter, limit: int
    ) -> list[dict[str, float]]:
        """Return two mappings a probe, chunk id to score: by meaning, by words."""
        requests: list[models.QueryRequest | None] = []
        for probe in probes:
            terms = self._bm25.encode_question(probe.text)
            requests.append(_request(probe.vector.tolist(), "dense", which, limit))
            requests.append(_request(_sparse(terms), "words", which, limit) if terms.indices else None)
        asked = [request for request in requests if request is not None]
        answers = iter(self._called(lambda: self._client.query_batch_points(collection, asked)))
        return [
            {} if request is None else {str(point.id): point.score for point in next(answers).points}
            for request in requests
        ]

    # ---------------------------------------------------------------- the collection
    def _named(self) -> str:
        if self._collection is None:
            versions = f"v{INDEX_VERSION}.{BM25_VERSION}"
            name = f"{self._prefix}-{slug(self._embedder_id)}-{self._ledger.identity():x}-{versions}"
            if not self._called(lambda: self._client.collection_exists(name)):
                self._create(name)
            self._collection = name
        return self._collection

    def _ensure_collection(self, name: str) -> None:
        if not self._called(lambda: self._client.collection_exists(name)):
            self._create(name)

    def _create(self, name: str) -> None:
        dense = models.VectorParams(size=self._dimension, distance=models.Distance.COSINE)
        words = models.SparseVectorParams(modifier=models.Modifier.IDF)
        try:
            self._client.create_collection(
                name, vectors_config={"dense": dense}, sparse_vectors_config={"words": words}
            )
        except (ApiException, ValueError) as error:
            if not self._called(lambda: self._client.collection_exists(name)):  # else another process was faster
                raise _unavailable(error) from error
        for field in KEYWORDS:
            self._index_field(name, field, models.PayloadSchemaType.KEYWORD)
        for field in DAYS:
            self._index_field(name, field, models.PayloadSchemaType.INTEGER)

    def _index_field(self, name: str, field: str, schema: models.PayloadSchemaType) -> None:
        self._called(lambda: self._client.create_payload_index(name, field, field_schema=schema, wait=True))

    def _read_position(self, collection: str) -> int:
        found = self._called(lambda: self._client.retrieve(collection, [POSITION_POINT], with_payload=True))
        return int((found[0].payload or {}).get("sequence", 0)) if found else 0

    def _called(self, call: Callable[[], Result]) -> Result:
        """Call the server, again after a moment when it does not answer; all calls here may be repeated.

        Raises:
            DependencyUnavailable: it did not answer, or refused.
        """
        for attempt in range(TRIES):
            try:
                return call()
            except (ApiException, httpx.HTTPError, OSError) as error:
                if attempt == TRIES - 1 or _is_refusal(error):
                    # Perhaps somebody dropped the collection: the next call looks, and fills it anew.
                    self._collection, self._position = None, 0
                    raise _unavailable(error) from error
                self._wait(FIRST_WAIT_SECONDS * 4**attempt)
        raise AssertionError("the loop returns or raises")


def connect(url: str, api_key: str | None = None) -> QdrantClient:
    """Return a client for the server; nothing is sent yet."""
    return QdrantClient(url=url, api_key=api_key, timeout=TIMEOUT_SECONDS, check_compatibility=False)


def _request(query: Any, using: str, which: models.Filter, limit: int) -> models.QueryRequest:
    return models.QueryRequest(query=query, using=using, filter=which, limit=limit)


def _sparse(terms: SparseTerms) -> models.SparseVector:
    return models.SparseVector(indices=list(terms.indices), values=list(terms.values))


def _filter(readable: Readable) -> models.Filter:
    must: list[Any] = [
        models.FieldCondition(key="allow", match=models.MatchAny(any=list(readable.groups))),
        models.FieldCondition(key="status", match=models.MatchAny(any=list(readable.statuses))),
    ]
    if readable.spaces:
        must.append(models.FieldCondition(key="space", match=models.MatchAny(any=list(readable.spaces))))
    if readable.on is not None:
        day = readable.on.toordinal()
        must.append(models.FieldCondition(key="first_day", range=models.Range(lte=day)))
        must.append(models.FieldCondition(key="last_day", range=models.Range(gte=day)))
    return models.Filter(must=must)


def _is_refusal(error: Exception) -> bool:
    """Return whether asking again is useless: the server answered, and it was a client error other than "later"."""
    status = getattr(error, "status_code", None)
    return isinstance(status, int) and 400 <= status < 500 and status not in (408, 429)


def _unavailable(error: Exception) -> DependencyUnavailable:
    return DependencyUnavailable(f"Qdrant: {str(error).strip() or type(error).__name__}"[:300], retry_after_seconds=5)
