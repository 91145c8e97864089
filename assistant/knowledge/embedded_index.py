"""A search index in this process's own folder, for installations without a Qdrant server.

Nothing embedded can be opened by two processes, so each takes a slot of its own (`slot-0`, `slot-1` …) and fills
it from the document ledger; 10,000 chunks take a second. The folder is a cache: whatever looks wrong with it (another
embedder, another database, damage) it is deleted and filled anew.

Two hazards of qdrant-edge 0.9 shape this file. Loading a shard that another process holds damages it even though the
load is refused, so our own lock file is taken first. And `optimize()` holds the interpreter for minutes, so it is
never called: search stays exact, 16 ms at 100,000 chunks. See docs/decisions/0003-where-retrieval-runs.md.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import numpy as np
import structlog
from qdrant_edge import (
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    HasIdCondition,
    MatchAny,
    Modifier,
    PayloadSchemaType,
    Point,
    Query,
    QueryBatchRequest,
    QueryRequest,
    RangeFloat,
    SparseVector,
    UpdateOperation,
)

from assistant.errors import DependencyUnavailable, StewardError
from assistant.knowledge.bm25 import BM25_VERSION, Bm25Encoder
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

MAX_SLOTS = 64  # processes on one machine that search at the same time
Result = TypeVar("Result")


class EmbeddedIndex:
    """The port ChunkIndex on a private qdrant-edge shard. Opens its slot at the first use."""

    def __init__(self, folder: Path, ledger: DocumentLedger, embedder: Embedder) -> None:
        self._folder = folder / slug(embedder.embedder_id)
        self._ledger = ledger
        self._embedder_id = embedder.embedder_id
        self._dimension = embedder.dimension
        self._bm25 = Bm25Encoder()
        self._lock = threading.RLock()  # opening, filling and closing; searches run beside each other
        self._slot: Path | None = None
        self._slot_lock: int | None = None
        self._shard: EdgeShard | None = None
        self._position = 0

    def catch_up(self) -> None:
        """Follow the ledger to its newest change; a damaged folder is filled anew."""
        with self._lock:
            self._repaired(self._follow)

    def candidates(self, probes: Sequence[Probe], readable: Readable, *, limit: int) -> list[Candidate]:
        """Return the union of the probes' nearest chunks, each scored by every probe."""
        if not readable.groups or not probes:
            return []
        return self._repaired(lambda: self._search(probes, _filter(readable), limit))

    def close(self) -> None:
        """Write everything down and free the slot for the next process."""
        with self._lock:
            self._close_shard()
            if self._slot_lock is not None:
                os.close(self._slot_lock)
            self._slot = self._slot_lock = None

    # ---------------------------------------------------------------- following the ledger
    def _follow(self) -> None:
        shard = self._opened()
        newest = self._ledger.last_sequence()
        if self._position == newest:
            return
        # Ahead: the database was restored from an older copy. Too far behind: what was deleted is told no more.
        if self._position > newest or 0 < self._position < self._ledger.purged_sequence():
            shard = self._emptied()
        while changes := self._ledger.changes_since(
            self._position, embedder_id=self._embedder_id, limit=CATCH_UP_CHUNKS
        ):
            self._apply(shard, changes)
        shard.flush()
        self._write_state()

    def _apply(self, shard: EdgeShard, changes: Sequence[ChunkChange]) -> None:
        points: list[Point] = [self._point(change) for change in changes if change.live]
        gone: list[Any] = [change.chunk_id for change in changes if not change.live]
        if points:
            shard.update(UpdateOperation.upsert_points(points))
        if gone:
            shard.update(UpdateOperation.delete_points(gone))
        self._position = changes[-1].sequence

    def _point(self, change: ChunkChange) -> Point:
        terms = self._bm25.encode_passage(embedded_text(change.title, change.heading_path, change.text))
        vectors: dict[str, Any] = {"dense": np.frombuffer(change.vector, "<f4").tolist()}
        if terms.indices:
            vectors["words"] = SparseVector(list(terms.indices), list(terms.values))
        return Point(change.chunk_id, vectors, payload_of(change))

    # ---------------------------------------------------------------- searching
    def _search(self, probes: Sequence[Probe], readable: Filter, limit: int) -> list[Candidate]:
        shard = self._shard
        if shard is None:
            with self._lock:
                shard = self._opened()
        found = {point_id for scores in self._ask(shard, probes, readable, limit) for point_id in scores}
        if not found:
            return []
        # Asked again about exactly these, so that each candidate has both scores of every probe.
        among = Filter(must=[HasIdCondition(set(found))])
        scores = self._ask(shard, probes, among, len(found))
        return [
            Candidate(
                chunk_id=point_id,
                cosines=tuple(dense.get(point_id, 0.0) for dense in scores[::2]),
                bm25s=tuple(words.get(point_id, 0.0) for words in scores[1::2]),
            )
            for point_id in found
        ]

    def _ask(self, shard: EdgeShard, probes: Sequence[Probe], which: Filter, limit: int) -> list[dict[UUID, float]]:
        """Return two mappings a probe, chunk id to score: by meaning, by words."""
        answers: list[dict[UUID, float]] = []
        for probe in probes:
            by_meaning = Query.Nearest(probe.vector.tolist(), using="dense")
            requests = [QueryRequest(limit=limit, query=by_meaning, filter=which)]
            terms = self._bm25.encode_question(probe.text)
            if terms.indices:
                by_words = Query.Nearest(SparseVector(list(terms.indices), list(terms.values)), using="words")
                requests.append(QueryRequest(limit=limit, query=by_words, filter=which))
            results = shard.query_batch(QueryBatchRequest(requests))
            answers += [{_uuid(point.id): point.score for point in result} for result in results]
            answers += [{}] * (2 - len(results))
        return answers

    # ---------------------------------------------------------------- the slot and its files
    def _opened(self) -> EdgeShard:
        if self._shard is not None:
            return self._shard
        if self._slot is None:
            self._slot, self._slot_lock = _take_slot(self._folder)
        state = self._read_state()
        if state is None:
            return self._emptied()
        self._shard = EdgeShard.load(str(self._slot))
        self._position = state
        return self._shard

    def _emptied(self) -> EdgeShard:
        assert self._slot is not None
        self._close_shard()
        shutil.rmtree(self._slot, ignore_errors=True)
        self._slot.mkdir(parents=True)
        config = EdgeConfig(
            vectors={"dense": EdgeVectorParams(size=self._dimension, distance=Distance.Cosine)},
            sparse_vectors={"words": EdgeSparseVectorParams(modifier=Modifier.Idf)},
            wal_enabled=True,
        )
        shard = EdgeShard.create(str(self._slot), config)
        for field in KEYWORDS:
            shard.update(UpdateOperation.create_field_index(field, PayloadSchemaType.Keyword))
        for field in DAYS:
            shard.update(UpdateOperation.create_field_index(field, PayloadSchemaType.Integer))
        self._shard, self._position = shard, 0
        self._write_state()
        return shard

    def _close_shard(self) -> None:
        shard, self._shard = self._shard, None
        if shard is not None:
            shard.close()

    def _state_path(self) -> Path:
        assert self._slot is not None
        return self._slot.with_name(f"{self._slot.name}.json")

    def _identity(self) -> dict[str, Any]:
        return {
            "embedder_id": self._embedder_id,
            "database": self._ledger.identity(),
            "versions": [INDEX_VERSION, BM25_VERSION],
        }

    def _write_state(self) -> None:
        # Written after the flush: a crash in between repeats changes, which does no harm, and skips none.
        path = self._state_path()
        fresh = path.with_suffix(".tmp")
        fresh.write_text(json.dumps({**self._identity(), "sequence": self._position}), encoding="utf-8")
        fresh.replace(path)

    def _read_state(self) -> int | None:
        """Return the sequence number the folder has seen, or None when the folder is of no use to us."""
        try:
            state = json.loads(self._state_path().read_text(encoding="utf-8"))
            sequence = int(state.pop("sequence"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return sequence if state == self._identity() else None

    def _repaired(self, attempt: Callable[[], Result]) -> Result:
        """Do it; when the shard fails, fill the folder anew and try once more.

        qdrant-edge raises bare Exception for everything.
        """
        try:
            return attempt()
        except StewardError:
            raise
        except Exception as error:  # noqa: BLE001  see above; a failure twice is passed on
            log.warning("index.damaged", slot=str(self._slot), error=str(error)[:200])
        try:
            with self._lock:
                self._shard = None
                self._emptied()
                self._follow()
            return attempt()
        except StewardError:
            raise
        except Exception as error:
            raise DependencyUnavailable(f"embedded index in {self._folder}: {error}") from error


def _take_slot(folder: Path) -> tuple[Path, int]:
    """Return the first slot nobody holds, and the open file that holds it for us."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(MAX_SLOTS):
        lock = os.open(folder / f"slot-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        return folder / f"slot-{number}", lock
    raise DependencyUnavailable(f"all {MAX_SLOTS} slots of the embedded index in {folder} are taken")


def _filter(readable: Readable) -> Filter:
    must: list[Any] = [
        FieldCondition("allow", match=MatchAny(list(readable.groups))),
        FieldCondition("status", match=MatchAny(list(readable.statuses))),
    ]
    if readable.spaces:
        must.append(FieldCondition("space", match=MatchAny(list(readable.spaces))))
    if readable.on is not None:
        day = readable.on.toordinal()
        must.append(FieldCondition("first_day", range=RangeFloat(lte=day)))
        must.append(FieldCondition("last_day", range=RangeFloat(gte=day)))
    return Filter(must=must)


def _uuid(point_id: Any) -> UUID:
    return point_id if isinstance(point_id, UUID) else UUID(str(point_id))
