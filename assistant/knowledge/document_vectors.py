"""What a whole document is about, as one vector: the direction its passages have in common.

Passages of a document on the subject of a question deserve more trust than a stray one elsewhere. The vectors are
read from the record once a version and kept; versions never change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

if TYPE_CHECKING:
    from assistant.knowledge.embeddings import Vector
    from assistant.storage.document_ledger import DocumentLedger

VERSIONS_KEPT = 20_000  # 1.5 kB each with MiniLM
PASSAGES_READ = 400  # of a version; more would not turn its direction


class DocumentVectors:
    """Vectors of document versions, of unit length. Thread-safe."""

    def __init__(self, ledger: DocumentLedger) -> None:
        self._ledger = ledger
        self._kept: OrderedDict[UUID, Vector] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, version_ids: Iterable[UUID]) -> dict[UUID, Vector]:
        """Return the vector of each version that has passages."""
        wanted = set(version_ids)
        with self._lock:
            found = {version_id: self._kept[version_id] for version_id in wanted if version_id in self._kept}
        missing = wanted - found.keys()
        if missing:
            read = self._ledger.passage_vectors(sorted(missing), most=PASSAGES_READ)
            fresh = {version_id: _direction(passages) for version_id, passages in read.items()}
            found.update(fresh)
            self._keep(fresh)
        return found

    def _keep(self, fresh: dict[UUID, Vector]) -> None:
        with self._lock:
            self._kept.update(fresh)
            while len(self._kept) > VERSIONS_KEPT:
                self._kept.popitem(last=False)


def _direction(passages: list[bytes]) -> Vector:
    total: Vector = np.mean([np.frombuffer(passage, "<f4") for passage in passages], axis=0, dtype=np.float32)
    return total / np.float32(np.linalg.norm(total) or 1.0)
