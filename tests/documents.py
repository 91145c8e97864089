"""Documents as tests of the record and of search need them: split, embedded by the hashing twin, and stored."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from assistant.knowledge.chunks import embedded_text
from assistant.knowledge.embeddings import HashingEmbedder
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.document_records import DocumentFacts, NewChunk, NewVersion

TODAY = date(2026, 11, 24)
EMBEDDER = HashingEmbedder()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_facts(**fields: Any) -> DocumentFacts:
    return DocumentFacts(**{"title": "Leave", "allow": ("everyone",), **fields})


def make_version(body: str, *, title: str = "Leave", embedder_id: str = EMBEDDER.embedder_id) -> NewVersion:
    """A version whose chunks are the body's lines."""
    chunks = []
    start = 0
    for line in body.split("\n"):
        shown = embedded_text(title, (), line)
        vector = EMBEDDER.embed_query(shown).astype("<f4").tobytes()
        chunks.append(NewChunk((), None, start, start + len(line), line, sha256(shown), vector))
        start += len(line) + 1
    return NewVersion(sha256(f"raw {body}"), sha256(body), "test/1", embedder_id, body, tuple(chunks))


def store(engine: sa.Engine, path: str, body: str, *, space: str = "company", **facts: Any) -> UUID:
    """Store a document, or a new version of it; return its id."""
    stated = make_facts(**facts)
    version = make_version(body, title=stated.title)
    return DocumentLedger(engine).store(space, path, stated, version, today=TODAY)
