"""Bring a benchmark's documents into the record through the product's own parsing, splitting and embedding."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.progress import Progress, track

from assistant.knowledge.embeddings import Embedder
from assistant.settings import Settings
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.document_records import DocumentFacts, NewChunk, NewVersion
from ingest.parsed import ParsedDocument
from ingest.parsers import parse_document
from ingest.parsing_process import ParsingProcess
from ingest.pipeline import IngestOrder, Pipeline
from ingest.sources.files import list_files
from ingest.split import split_document

_MARKDOWN_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)
SPACE = "bench"
EVERYONE = ("everyone",)


def ingest_folder(folder: Path, ledger: DocumentLedger, embedder: Embedder, settings: Settings) -> tuple[str, ...]:
    """Store the folder's documents, those already stored left alone; return their paths."""
    lines = folder / "corpus.jsonl"
    if lines.exists():
        return _store_lines(lines, ledger, embedder)
    files = list_files([folder / "docs"])
    order = IngestOrder(SPACE, EVERYONE, prune=False, max_bytes=settings.max_document_bytes)
    with (
        ParsingProcess(seconds=settings.parse_seconds, memory_bytes=settings.parse_memory_bytes) as parsing,
        Progress(console=Console(stderr=True)) as progress,
    ):
        bar = progress.add_task("embedding", total=len(files))
        outcomes = Pipeline(ledger, embedder, parsing, order).run(files, lambda _outcome: progress.advance(bar))
    for outcome in outcomes:
        if outcome.error:
            print(f"{outcome.outcome}: {outcome.error}", file=sys.stderr)
    return tuple(outcome.path for outcome in outcomes if outcome.error is None)


def _store_lines(path: Path, ledger: DocumentLedger, embedder: Embedder) -> tuple[str, ...]:
    documents = list(_from_lines(path))
    known = ledger.known(SPACE)
    fresh = [
        (name, document)
        for name, document in documents
        if name not in known
        or known[name].text_sha256 != _sha256(document.body)
        or known[name].embedder_id not in (None, embedder.embedder_id)
    ]
    today = datetime.now(UTC).date()
    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:  # the encoder frees the interpreter
        versions = pool.map(lambda item: _version(item[1], embedder), fresh)
        shown = track(versions, "embedding", len(fresh), console=Console(stderr=True))
        for (name, document), version in zip(fresh, shown, strict=True):
            ledger.store(SPACE, name, DocumentFacts(document.title, EVERYONE), version, today=today)
    return tuple(name for name, _document in documents)


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
