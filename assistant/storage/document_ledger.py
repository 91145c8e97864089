"""The record of all documents: what was ingested, in which version, cut into which chunks, readable by whom.

Everything else that knows about documents (the embedded index, a Qdrant server) is a cache of this, filled by
reading the changes since a sequence number. One document changes in one transaction, so nothing is ever half
indexed; a change of access rights moves the sequence without embedding anything anew.

Old versions keep their text and their chunk rows (not live), so that a citation given last month still opens.
Reading documents for people is document_reader.py's part.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from assistant.storage.database import reading, utc_now, writing
from assistant.storage.document_records import ChunkChange, DocumentFacts, KnownDocument, NewVersion
from assistant.storage.tables.documents import chunks, counters, document_versions, documents

SEQUENCE = "chunks.sequence"
PURGED = "chunks.purged_sequence"
IDENTITY = "database.identity"
MAX_BOUND_IDS = 500  # ids in one statement; SQLite's own limit is 32,766 values


class DocumentLedger:
    """Writes documents and tells indexes what changed. Thread-safe; every method is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # ---------------------------------------------------------------- what is there
    def known(self, space: str) -> dict[str, KnownDocument]:
        """Return the space's documents by path, without the hidden ones."""
        embedder = (
            sa.select(sa.func.min(chunks.c.embedder_id))
            .where(chunks.c.version_id == documents.c.version_id)
            .scalar_subquery()
        )
        statement = (
            sa.select(documents, document_versions, embedder.label("embedder_id"))
            .join(document_versions, document_versions.c.id == documents.c.version_id)
            .where(documents.c.space == space, documents.c.deleted_at.is_(None))
            .set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(statement).mappings()
            return {row["documents_path"]: _known_document(row) for row in rows}

    def vectors(self, embedded_sha256s: Iterable[str], embedder_id: str) -> dict[str, bytes]:
        """Return the vectors that this embedder has made of these texts before, by the texts' hashes."""
        found: dict[str, bytes] = {}
        with reading(self._engine) as connection:
            for part in _parts(sorted(set(embedded_sha256s))):
                statement = sa.select(chunks.c.embedded_sha256, chunks.c.vector).where(
                    chunks.c.embedded_sha256.in_(part), chunks.c.embedder_id == embedder_id
                )
                found.update((row.embedded_sha256, row.vector) for row in connection.execute(statement))
        return found

    def passage_vectors(self, version_ids: Sequence[UUID], *, most: int) -> dict[UUID, list[bytes]]:
        """Return the vectors of the first `most` passages of each version."""
        found: dict[UUID, list[bytes]] = {}
        with reading(self._engine) as connection:
            for part in _parts(version_ids):
                statement = sa.select(chunks.c.version_id, chunks.c.vector).where(
                    chunks.c.version_id.in_(part), chunks.c.ordinal < most
                )
                for row in connection.execute(statement):
                    found.setdefault(row.version_id, []).append(row.vector)
        return found

    # ---------------------------------------------------------------- one document
    def store(
        self, space: str, path: str, facts: DocumentFacts, version: NewVersion, *, today: date, by: str | None = None
    ) -> UUID:
        """Keep a new version of the document (or the first) and make its chunks the ones that are searched.

        A version that takes effect only in future leaves the present one searchable until the day before.
        Returns the document's id.

        Raises:
            StorageFull, DependencyUnavailable: nothing of the document was kept.
        """
        with writing(self._engine) as connection:
            document_id, number = _claim_document(connection, space, path, facts)
            version_id = uuid4()
            connection.execute(
                document_versions.insert().values(
                    id=version_id,
                    document_id=document_id,
                    number=number,
                    label=facts.version_label,
                    raw_sha256=version.raw_sha256,
                    text_sha256=version.text_sha256,
                    parser=version.parser,
                    body=version.body,
                    effective_from=facts.effective_from,
                    effective_to=facts.effective_to,
                    warnings=list(facts.warnings),
                    ingested_at=utc_now(),
                    ingested_by=by,
                )
            )
            kept = _version_until(connection, document_id, version_id, facts.effective_from, today)
            _retire_chunks(connection, chunks.c.document_id == document_id, kept=kept)
            if kept is not None:
                _touch_chunks(connection, (chunks.c.version_id == kept) & chunks.c.live)
            _insert_chunks(connection, document_id, version_id, version)
            connection.execute(
                documents.update()
                .where(documents.c.id == document_id)
                .values(version_id=version_id, deleted_at=None, updated_at=utc_now())
            )
        return document_id

    def update_facts(self, known: KnownDocument, facts: DocumentFacts, *, raw_sha256: str) -> None:
        """Keep changed facts (title, access, dates …) of a document whose text stayed the same.

        Raises:
            StorageFull, DependencyUnavailable: nothing was kept.
        """
        with writing(self._engine) as connection:
            connection.execute(
                documents.update()
                .where(documents.c.id == known.id)
                .values(**_document_values(facts), updated_at=utc_now())
            )
            connection.execute(
                document_versions.update()
                .where(document_versions.c.id == known.version_id)
                .values(
                    raw_sha256=raw_sha256,
                    label=facts.version_label,
                    effective_from=facts.effective_from,
                    effective_to=facts.effective_to,
                    warnings=list(facts.warnings),
                )
            )
            _touch_chunks(connection, (chunks.c.document_id == known.id) & chunks.c.live)

    def hide(self, document_ids: Sequence[UUID]) -> None:
        """Take documents out of sight at once, all of them or none; purge them later."""
        with writing(self._engine) as connection:
            for part in _parts(document_ids):
                connection.execute(documents.update().where(documents.c.id.in_(part)).values(deleted_at=utc_now()))
                _retire_chunks(connection, chunks.c.document_id.in_(part))

    def purge(self, hidden_before: datetime) -> int:
        """Delete for good what was hidden before that moment; return how many documents that were."""
        old = documents.c.deleted_at < hidden_before
        newest = sa.select(sa.func.max(chunks.c.sequence)).join(documents, documents.c.id == chunks.c.document_id)
        with writing(self._engine) as connection:
            forgotten = int(connection.scalar(newest.where(old)) or 0)
            _ensure_counter(connection, PURGED, 0)
            connection.execute(
                counters.update()
                .where(counters.c.name == PURGED, counters.c.value < forgotten)
                .values(value=forgotten)
            )
            return int(connection.execute(documents.delete().where(old)).rowcount)

    # ---------------------------------------------------------------- for indexes
    def last_sequence(self) -> int:
        """Return the number of the newest change, 0 when there was none."""
        with reading(self._engine) as connection:
            return int(connection.scalar(sa.select(counters.c.value).where(counters.c.name == SEQUENCE)) or 0)

    def purged_sequence(self) -> int:
        """Return the newest change that is forgotten: an index that has not seen it must be filled anew."""
        with reading(self._engine) as connection:
            return int(connection.scalar(sa.select(counters.c.value).where(counters.c.name == PURGED)) or 0)

    def identity(self) -> int:
        """Return the number that tells this database from any other; it is made at the first call."""
        with reading(self._engine) as connection:
            known = connection.scalar(sa.select(counters.c.value).where(counters.c.name == IDENTITY))
        if known is None:
            with writing(self._engine) as connection:
                _ensure_counter(connection, IDENTITY, secrets.randbits(62))
                known = connection.scalar(sa.select(counters.c.value).where(counters.c.name == IDENTITY))
        assert known is not None
        return int(known)

    def changes_since(self, sequence: int, *, embedder_id: str, limit: int = 1000) -> list[ChunkChange]:
        """Return the changes after `sequence`, oldest first: at most `limit`, none when there are no more.

        Chunks of other embedders are told only as dead, so that an index never mixes two.
        """
        with reading(self._engine) as connection:
            rows = connection.execute(
                sa.select(
                    chunks,
                    documents.c.space,
                    documents.c.allow,
                    documents.c.status,
                    documents.c.title,
                    document_versions.c.effective_from,
                    document_versions.c.effective_to,
                )
                .join(documents, documents.c.id == chunks.c.document_id)
                .join(document_versions, document_versions.c.id == chunks.c.version_id)
                .where(chunks.c.sequence > sequence)
                .order_by(chunks.c.sequence)
                .limit(limit)
            )
            return [_change(row, embedder_id) for row in rows]


def _change(row: Any, embedder_id: str) -> ChunkChange:
    if not row.live or row.embedder_id != embedder_id:
        return ChunkChange(row.sequence, row.id, live=False, document_id=row.document_id)
    return ChunkChange(
        sequence=row.sequence,
        chunk_id=row.id,
        live=True,
        document_id=row.document_id,
        space=row.space,
        allow=tuple(row.allow),
        status=row.status,
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        title=row.title,
        heading_path=tuple(row.heading_path),
        text=row.text,
        vector=row.vector,
    )


def _known_document(row: Any) -> KnownDocument:
    facts = DocumentFacts(
        title=row["documents_title"],
        allow=tuple(row["documents_allow"]),
        source=row["documents_source"],
        url=row["documents_url"],
        owner=row["documents_owner"],
        regions=tuple(row["documents_regions"]),
        status=row["documents_status"],
        version_label=row["document_versions_label"],
        effective_from=row["document_versions_effective_from"],
        effective_to=row["document_versions_effective_to"],
        warnings=tuple(row["document_versions_warnings"]),
    )
    return KnownDocument(
        id=row["documents_id"],
        path=row["documents_path"],
        version_id=row["documents_version_id"],
        raw_sha256=row["document_versions_raw_sha256"],
        text_sha256=row["document_versions_text_sha256"],
        parser=row["document_versions_parser"],
        embedder_id=row["embedder_id"],
        facts=facts,
    )


def _document_values(facts: DocumentFacts) -> dict[str, Any]:
    return {
        "title": facts.title,
        "source": facts.source,
        "url": facts.url,
        "owner": facts.owner,
        "regions": list(facts.regions),
        "status": facts.status,
        "allow": list(facts.allow),
    }


def _claim_document(connection: sa.Connection, space: str, path: str, facts: DocumentFacts) -> tuple[UUID, int]:
    """Return the id of the document at this path, made if need be, and the number of its next version."""
    at_path = (documents.c.space == space) & (documents.c.path == path)
    document_id = connection.scalar(sa.select(documents.c.id).where(at_path).with_for_update())
    if document_id is None:
        document_id = uuid4()
        connection.execute(
            documents.insert().values(
                id=document_id,
                space=space,
                path=path,
                **_document_values(facts),
                created_at=utc_now(),
                updated_at=utc_now(),
            )
        )
        return document_id, 1
    connection.execute(documents.update().where(at_path).values(**_document_values(facts)))
    newest = connection.scalar(
        sa.select(sa.func.max(document_versions.c.number)).where(document_versions.c.document_id == document_id)
    )
    return document_id, int(newest or 0) + 1


def _version_until(
    connection: sa.Connection, document_id: UUID, version_id: UUID, effective_from: date | None, today: date
) -> UUID | None:
    """Return the earlier version that stays in force until the new one takes effect, ended the day before."""
    if effective_from is None or effective_from <= today:
        return None
    in_force = (
        sa.select(document_versions.c.id)
        .join(chunks, (chunks.c.version_id == document_versions.c.id) & chunks.c.live)
        .where(
            document_versions.c.document_id == document_id,
            document_versions.c.id != version_id,
            sa.func.coalesce(document_versions.c.effective_from, sa.literal(date.min)) <= today,
        )
        .order_by(document_versions.c.number.desc())
        .limit(1)
    )
    kept = connection.scalar(in_force)
    if kept is None:
        return None
    connection.execute(
        document_versions.update()
        .where(document_versions.c.id == kept)
        .values(effective_to=effective_from - timedelta(days=1))
    )
    return UUID(str(kept))


def _insert_chunks(connection: sa.Connection, document_id: UUID, version_id: UUID, version: NewVersion) -> None:
    first = _take_sequences(connection, len(version.chunks))
    rows = [
        {
            "id": uuid4(),
            "document_id": document_id,
            "version_id": version_id,
            "ordinal": ordinal,
            "heading_path": list(chunk.heading_path),
            "page": chunk.page,
            "start_char": chunk.start_char,
            "end_char": chunk.end_char,
            "text": chunk.text,
            "embedded_sha256": chunk.embedded_sha256,
            "embedder_id": version.embedder_id,
            "vector": chunk.vector,
            "sequence": first + ordinal,
            "live": True,
        }
        for ordinal, chunk in enumerate(version.chunks)
    ]
    if rows:
        connection.execute(chunks.insert(), rows)


def _retire_chunks(connection: sa.Connection, which: sa.ColumnElement[bool], *, kept: UUID | None = None) -> None:
    """Mark the live ones dead, with new sequence numbers so that indexes hear of it."""
    live = which & chunks.c.live
    _touch_chunks(connection, live if kept is None else live & (chunks.c.version_id != kept), live=False)


def _touch_chunks(connection: sa.Connection, which: sa.ColumnElement[bool], **values: Any) -> None:
    ids = connection.scalars(sa.select(chunks.c.id).where(which).order_by(chunks.c.sequence)).all()
    if not ids:
        return
    first = _take_sequences(connection, len(ids))
    connection.execute(
        chunks.update()
        .where(chunks.c.id == sa.bindparam("chunk_id"))
        .values(sequence=sa.bindparam("number"), **values),
        [{"chunk_id": chunk_id, "number": first + place} for place, chunk_id in enumerate(ids)],
    )


def _take_sequences(connection: sa.Connection, count: int) -> int:
    """Take `count` numbers and return the first.

    The counter's row stays locked until the transaction ends, so numbers become visible in the order they were
    taken: an index that has seen n never finds a smaller one later.
    """
    _ensure_counter(connection, SEQUENCE, 0)
    last = connection.scalar(
        counters.update()
        .where(counters.c.name == SEQUENCE)
        .values(value=counters.c.value + count)
        .returning(counters.c.value)
    )
    assert last is not None
    return int(last) - count + 1


def _ensure_counter(connection: sa.Connection, name: str, value: int) -> None:
    connection.execute(
        sa.text("INSERT INTO counters (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING"),
        {"name": name, "value": value},
    )


def _parts(ids: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (ids[start : start + MAX_BOUND_IDS] for start in range(0, len(ids), MAX_BOUND_IDS))
