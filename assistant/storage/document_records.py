"""What the document ledger takes and gives: plain frozen records between our own functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewChunk:
    """One passage to store; `vector` is float32, little endian, of unit length."""

    heading_path: tuple[str, ...]
    page: int | None
    start_char: int
    end_char: int
    text: str
    embedded_sha256: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What is said about a document beside its text; changing it embeds nothing."""

    title: str
    allow: tuple[str, ...]  # groups that may read it
    source: str = ""  # the folder it came from
    url: str | None = None
    owner: str | None = None
    regions: tuple[str, ...] = ()
    status: str = "current"
    version_label: str | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewVersion:
    """The text of a document as parsed now, with the hashes that tell whether it has changed."""

    raw_sha256: str
    text_sha256: str
    parser: str
    embedder_id: str
    body: str
    chunks: tuple[NewChunk, ...]


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """What the record holds of a document: enough to decide whether anything has to be done."""

    id: UUID
    path: str
    version_id: UUID
    raw_sha256: str
    text_sha256: str
    parser: str
    embedder_id: str | None  # None: it has no chunks
    facts: DocumentFacts


@dataclass(frozen=True, slots=True)
class ChunkChange:
    """One change that an index has to follow: put the chunk (with its access rights), or take it out."""

    sequence: int
    chunk_id: UUID
    live: bool
    document_id: UUID
    space: str = ""
    allow: tuple[str, ...] = ()
    status: str = "current"
    effective_from: date | None = None
    effective_to: date | None = None
    title: str = ""
    heading_path: tuple[str, ...] = ()
    text: str = ""
    vector: bytes = b""
