"""Bring a benchmark's documents into the record through the product's own parsing, splitting and embedding."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from rich.progress import track

from assistant.errors import DocumentUnreadable
from assistant.knowledge.embeddings import Embedder
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.document_records import DocumentFacts, NewChunk, NewVersion
from ingest.parsed import ParsedDocument
from ingest.parsers import parse_document
from ingest.split import split_document

_MARKDOWN_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)
SPACE = "bench"
EVERYONE = ("everyone",)


def ingest_folder(folder: Path, ledger: DocumentLedger, embedder: Embedder) -> tuple[str, ...]:
    """Store the folder's documents, those already stored left alone; return their paths."""
    lines = folder / "corpus.jsonl"
    documents = list(_from_lines(lines) if lines.exists() else _from_files(folder / "docs"))
    known = ledger.known(SPACE)
    fresh = [
        (path, document)
        for path, document in documents
        if path not in known
        or known[path].text_sha256 != _sha256(document.body)
        or known[path].embedder_id not in (None, embedder.embedder_id)
    ]
    today = datetime.now(UTC).date()
    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:  # the encoder frees the interpreter
        versions = pool.map(lambda item: _version(item[1], embedder), fresh)
        for (path, document), version in zip(fresh, track(versions, "embedding", len(fresh)), strict=True):
            ledger.store(SPACE, path, _facts(document), version, today=today)
    return tuple(path for path, _document in documents)


def path_of(name: str, paths: Iterable[str]) -> str:
    """Return the path that a question means by a document's name: itself, or the one file of that name."""
    known = list(paths)
    if name in known:
        return name
    for part in ("name", "stem"):
        alike = [path for path in known if getattr(PurePosixPath(path), part) == getattr(PurePosixPath(name), part)]
        if len(alike) == 1:
            return alike[0]
    return name


def _from_lines(path: Path) -> Iterator[tuple[str, ParsedDocument]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                row = json.loads(line)
                yield str(row["id"]), _from_text(str(row["id"]), str(row.get("title") or ""), str(row["text"]))


def _from_text(name: str, title: str, text: str) -> ParsedDocument:
    """Return the text as a document: with its headings if it is Markdown, else as it stands."""
    if not _MARKDOWN_HEADING.search(text):
        return ParsedDocument(title, text, (), "corpus.jsonl/1", "text/plain")
    parsed = parse_document(text.encode("utf-8", "surrogatepass"), name, media_type="text/markdown")
    return replace(parsed, title=title or parsed.title)


def _from_files(folder: Path) -> Iterator[tuple[str, ParsedDocument]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                yield path.relative_to(folder).as_posix(), parse_document(path.read_bytes(), path.name)
            except DocumentUnreadable as error:
                print(f"left out: {error}")


def _facts(document: ParsedDocument) -> DocumentFacts:
    return DocumentFacts(title=document.title, allow=EVERYONE)


def _version(document: ParsedDocument, embedder: Embedder) -> NewVersion:
    passages = split_document(document, embedder)
    vectors = embedder.embed_passages([passage.embedded_text for passage in passages])
    chunks = tuple(
        NewChunk(
            heading_path=passage.heading_path,
            page=passage.page,
            start_char=passage.start_char,
            end_char=passage.end_char,
            text=passage.text,
            embedded_sha256=_sha256(passage.embedded_text),
            vector=vector.astype("<f4").tobytes(),
        )
        for passage, vector in zip(passages, vectors, strict=True)
    )
    digest = _sha256(document.body)
    return NewVersion(digest, digest, document.parser, embedder.embedder_id, document.body, chunks)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
