"""The port between searching and whatever finds candidates: an embedded index, or a Qdrant server.

An index is a cache of the document ledger. It holds vectors and what access is decided by, no texts: those are
read from the record afterwards, which checks access a second time. Ranking is search.py's part.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from assistant.knowledge.embeddings import Vector
    from assistant.storage.document_records import ChunkChange

# Raise it when payload or vectors of a point change: indexes filled under another version are filled anew.
INDEX_VERSION = 1
CATCH_UP_CHUNKS = 512  # changes read and applied at a time
FOREVER = date.max.toordinal()
KEYWORDS = ("space", "allow", "status", "document_id")  # fields of a point's payload that are filtered by
DAYS = ("first_day", "last_day")  # in force from and to, as day numbers


@dataclass(frozen=True, slots=True)
class Probe:
    """One way of asking: the words, and their vector."""

    text: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Readable:
    """Which chunks may be found at all. `on` is the day on which they must be in force; None: any day."""

    groups: tuple[str, ...]
    spaces: tuple[str, ...] = ()  # empty: all
    statuses: tuple[str, ...] = ("current",)
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that at least one probe found, scored by all of them, in the probes' order."""

    chunk_id: UUID
    cosines: tuple[float, ...]
    bm25s: tuple[float, ...]  # 0: no word in common


class ChunkIndex(Protocol):
    """Finds candidates. Thread-safe."""

    def catch_up(self) -> None:
        """Follow the ledger to its newest change.

        Raises:
            DependencyUnavailable: the index or the database cannot be reached.
        """

    def candidates(self, probes: Sequence[Probe], readable: Readable, *, limit: int) -> list[Candidate]:
        """Return the union of each probe's nearest chunks in meaning and in words, `limit` of each, unordered.

        Raises:
            DependencyUnavailable: the index cannot be reached.
        """

    def close(self) -> None:
        """Let go of files and connections; closing twice is fine."""


def slug(embedder_id: str) -> str:
    """Return a name for folders and collections that tells embedders apart and can still be read."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", embedder_id).strip("-")[:40]
    return f"{readable}-{hashlib.sha256(embedder_id.encode()).hexdigest()[:8]}"


def payload_of(change: ChunkChange) -> dict[str, object]:
    """Return what a point carries beside its vectors: only what filters need."""
    first_day = change.effective_from.toordinal() if change.effective_from else 0
    last_day = change.effective_to.toordinal() if change.effective_to else FOREVER
    return {
        "document_id": str(change.document_id),
        "space": change.space,
        "allow": list(change.allow),
        "status": change.status,
        "first_day": first_day,
        "last_day": last_day,
    }
