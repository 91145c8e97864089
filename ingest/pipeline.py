"""From files to searchable passages: parse, split, embed, store; then remove what vanished.

Each document is one transaction, so a crash loses at most the one in hand and half of nothing. A file whose
bytes are known costs a hash; one whose text is known costs no embedding; one that can't be read keeps its last
good version.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import structlog

from assistant.errors import DocumentUnreadable, RequestInvalid
from assistant.knowledge.embeddings import Embedder
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.document_records import DocumentFacts, KnownDocument, NewChunk, NewVersion
from ingest.parsed import ParsedDocument
from ingest.parsers import media_type_of
from ingest.parsing_process import ParsingProcess
from ingest.sources.files import FoundFile
from ingest.split import Passage, split_document

log = structlog.get_logger()

# More than this share vanishing at once looks like a broken listing rather than a tidy-up.
MOST_VANISHING_SHARE = 0.3
FEW_DOCUMENTS = 5  # below this, deleting all of them is believable
EMBED_SLICE = 16  # passages a thread embeds before it takes the next


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document: added, updated, facts_updated, unchanged, skipped, failed or removed."""

    path: str
    outcome: str
    chunks: int = 0
    warnings: tuple[str, ...] = ()
    error: str | None = None  # a sentence for whoever gave us the file


@dataclass(frozen=True, slots=True)
class IngestOrder:
    """What one run is to do."""

    space: str
    allow: tuple[str, ...]
    by: str | None = None
    prune: bool = True
    force: bool = False  # parse all again, and remove whatever vanished
    max_bytes: int = 50_000_000


class Pipeline:
    """One ingest run; made per run, from the parts that are handed in."""

    def __init__(
        self, ledger: DocumentLedger, embedder: Embedder, parsing: ParsingProcess, order: IngestOrder
    ) -> None:
        self._ledger = ledger
        self._embedder = embedder
        self._parsing = parsing
        self._order = order
        self._known = ledger.known(order.space)
        self._threads = ThreadPoolExecutor(
            max_workers=max(1, min(os.cpu_count() or 1, 4)), thread_name_prefix="embed"
        )

    def run(self, files: Sequence[FoundFile], on_outcome: Callable[[Outcome], None]) -> list[Outcome]:
        """Ingest the files in order; return every outcome, those removed last.

        Raises:
            StorageFull, DependencyUnavailable: the run ends here; what was stored before stays.
            RequestInvalid: so much would vanish that it looks like a mistake; the files given were ingested.
        """
        outcomes: list[Outcome] = []

        def told(outcome: Outcome) -> None:
            outcomes.append(outcome)
            log.info("document.ingested", outcome=outcome.outcome, chunks=outcome.chunks, space=self._order.space)
            on_outcome(outcome)

        with self._threads:
            for file in files:
                told(self._one(file))
        if self._order.prune:
            for outcome in self._remove_vanished(files):
                told(outcome)
        return outcomes

    def _one(self, file: FoundFile) -> Outcome:
        try:
            return self._document(file)
        except DocumentUnreadable as error:
            log.warning("document.unreadable", reason=str(error)[:300])
            return Outcome(file.path, "failed", error=error.reply)
        except OSError as error:
            return Outcome(file.path, "failed", error=f"“{file.path}” can't be read: {error.strerror or error}.")

    def _document(self, file: FoundFile) -> Outcome:
        data = _read(file.file, self._order.max_bytes)
        raw_sha256 = hashlib.sha256(data).hexdigest()
        known = self._known.get(file.path)
        if known is not None and self._is_same(known, file, raw_sha256):
            return Outcome(file.path, "unchanged", warnings=known.facts.warnings)
        try:
            media_type_of(data, file.path)
        except DocumentUnreadable as error:
            if file.named:
                raise
            return Outcome(file.path, "skipped", error=error.reply)
        parsed = self._parsing.parse(data, file.path.rsplit("/", 1)[-1])
        facts = self._facts(parsed, file)
        text_sha256 = _sha256(parsed.body)
        if known is not None and self._has_same_text(known, parsed, text_sha256):
            self._ledger.update_facts(known, facts, raw_sha256=raw_sha256)
            return Outcome(file.path, "facts_updated", warnings=parsed.warnings)
        passages = split_document(parsed, self._embedder)
        version = NewVersion(
            raw_sha256=raw_sha256,
            text_sha256=text_sha256,
            parser=parsed.parser,
            embedder_id=self._embedder.embedder_id,
            body=parsed.body,
            chunks=tuple(self._chunks(passages)),
        )
        self._ledger.store(self._order.space, file.path, facts, version, today=_today(), by=self._order.by)
        done = "added" if known is None else "updated"
        return Outcome(file.path, done, chunks=len(passages), warnings=parsed.warnings)

    def _is_same(self, known: KnownDocument, file: FoundFile, raw_sha256: str) -> bool:
        as_before = (known.raw_sha256, known.embedder_id or self._embedder.embedder_id) == (
            raw_sha256,
            self._embedder.embedder_id,
        )
        if not as_before or self._order.force:
            return False
        facts = replace(known.facts, allow=self._order.allow, source=file.source)
        if facts != known.facts:
            self._ledger.update_facts(known, facts, raw_sha256=raw_sha256)
        return True

    def _has_same_text(self, known: KnownDocument, parsed: ParsedDocument, text_sha256: str) -> bool:
        same = (known.text_sha256, known.parser, known.embedder_id, known.facts.title)
        return same == (text_sha256, parsed.parser, self._embedder.embedder_id, parsed.title)

    def _facts(self, parsed: ParsedDocument, file: FoundFile) -> DocumentFacts:
        return DocumentFacts(
            title=parsed.title,
            allow=self._order.allow,
            source=file.source,
            url=parsed.url,
            owner=parsed.owner,
            regions=parsed.regions,
            status=parsed.status,
            version_label=parsed.version_label,
            effective_from=parsed.effective_from,
            effective_to=parsed.effective_to,
            warnings=parsed.warnings,
        )

    def _chunks(self, passages: Sequence[Passage]) -> Iterator[NewChunk]:
        hashes = [_sha256(passage.embedded_text) for passage in passages]
        vectors = self._ledger.vectors(hashes, self._embedder.embedder_id)
        missing = {
            sha256: passage.embedded_text
            for sha256, passage in zip(hashes, passages, strict=True)
            if sha256 not in vectors
        }
        vectors.update(self._embedded(missing))
        for sha256, passage in zip(hashes, passages, strict=True):
            yield NewChunk(
                heading_path=passage.heading_path,
                page=passage.page,
                start_char=passage.start_char,
                end_char=passage.end_char,
                text=passage.text,
                embedded_sha256=sha256,
                vector=vectors[sha256],
            )

    def _embedded(self, texts: dict[str, str]) -> dict[str, bytes]:
        names, values = list(texts), list(texts.values())
        slices = [values[start : start + EMBED_SLICE] for start in range(0, len(values), EMBED_SLICE)]
        vectors = [row for part in self._threads.map(self._embedder.embed_passages, slices) for row in part]
        return {name: vector.astype("<f4").tobytes() for name, vector in zip(names, vectors, strict=True)}

    def _remove_vanished(self, files: Sequence[FoundFile]) -> Iterator[Outcome]:
        sources, seen = {file.source for file in files}, {file.path for file in files}
        of_sources = [known for known in self._known.values() if known.facts.source in sources]
        vanished = [known for known in of_sources if known.path not in seen]
        too_many = len(vanished) > MOST_VANISHING_SHARE * len(of_sources) and len(vanished) > FEW_DOCUMENTS
        if too_many and not self._order.force:
            raise RequestInvalid(
                f"{len(vanished)} of {len(of_sources)} documents of this source are gone, which looks like a broken "
                "listing; none was removed. If they really are gone, run it again with --force."
            )
        if vanished:
            self._ledger.hide([known.id for known in vanished])
        yield from (Outcome(known.path, "removed") for known in sorted(vanished, key=lambda known: known.path))


def _read(file: Path, max_bytes: int) -> bytes:
    size = file.stat().st_size
    if size > max_bytes:
        raise DocumentUnreadable(
            f"{file.name}: {size} bytes",
            reply=f"“{file.name}” is larger than {max_bytes // 1_000_000} MB. Split it and try again.",
        )
    return file.read_bytes()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _today() -> date:
    return datetime.now(UTC).date()
