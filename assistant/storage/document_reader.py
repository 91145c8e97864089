"""Read documents on somebody's behalf: the chunks behind search hits, and the page that a citation opens.

Every method asks for the reader's groups and checks them against the record itself, so neither an index that
lags behind nor a guessed id shows what was taken away. Who belongs to which group is assistant/access.py's part.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from assistant.errors import NothingFound
from assistant.frozen import Frozen
from assistant.knowledge.chunks import Chunk
from assistant.storage.database import reading
from assistant.storage.document_ledger import MAX_BOUND_IDS
from assistant.storage.tables.documents import chunks, document_versions, documents


class DocumentView(Frozen):
    """One version of a document as the reader pane shows it. Chunks are offsets into `body`."""

    id: UUID
    version_id: UUID
    space: str
    path: str
    title: str
    body: str  # Markdown
    url: str | None = None
    owner: str | None = None
    regions: tuple[str, ...] = ()
    status: str = "current"
    version_label: str | None = None
    version_number: int = 1  # counted by us
    is_latest: bool = True  # False: a newer version has been ingested since
    effective_from: date | None = None
    effective_to: date | None = None
    warnings: tuple[str, ...] = ()


class DocumentReader:
    """Reads chunks and documents that somebody may see. Thread-safe."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def chunks(self, chunk_ids: Sequence[UUID], *, groups: Collection[str], live: bool = True) -> list[Chunk]:
        """Return the chunks in the order of the ids, without those that are gone or not for these groups.

        With `live=False`, chunks of earlier versions are returned too: old citations name them.
        """
        found: dict[UUID, Chunk] = {}
        for start in range(0, len(chunk_ids), MAX_BOUND_IDS):
            which = chunks.c.id.in_(chunk_ids[start : start + MAX_BOUND_IDS])
            found.update(
                (chunk.id, chunk) for chunk in self._select(which & chunks.c.live if live else which, groups)
            )
        return [found[chunk_id] for chunk_id in chunk_ids if chunk_id in found]

    def chunks_of(self, document_id: UUID, *, groups: Collection[str]) -> list[Chunk]:
        """Return the document's searched chunks in reading order; none if it is gone or not for these groups."""
        return self._select((chunks.c.document_id == document_id) & chunks.c.live, groups)

    def document(self, document_id: UUID, *, groups: Collection[str], version_id: UUID | None = None) -> DocumentView:
        """Return the document's latest version, or the one that an old citation names.

        Raises:
            NothingFound: there is no such document, or these groups may not read it (which must look the same).
        """
        statement = (
            sa.select(documents, *_version_columns())
            .join(document_versions, document_versions.c.document_id == documents.c.id)
            .where(
                documents.c.id == document_id,
                documents.c.deleted_at.is_(None),
                document_versions.c.id == (documents.c.version_id if version_id is None else version_id),
            )
        )
        with reading(self._engine) as connection:
            row = connection.execute(statement).one_or_none()
        if row is None or not _may_read(row, groups):
            raise NothingFound(f"document {document_id} is unknown, hidden or not for the asker")
        return DocumentView(
            id=row.id,
            version_id=row.this_version,
            space=row.space,
            path=row.path,
            title=row.title,
            body=row.body,
            url=row.url,
            owner=row.owner,
            regions=tuple(row.regions),
            status=row.status,
            version_label=row.label,
            version_number=row.number,
            is_latest=row.version_id == row.this_version,
            effective_from=row.effective_from,
            effective_to=row.effective_to,
            warnings=tuple(row.warnings),
        )

    def spaces(self) -> dict[str, int]:
        """Return how many documents each space holds, hidden ones left out."""
        statement = (
            sa.select(documents.c.space, sa.func.count())
            .where(documents.c.deleted_at.is_(None))
            .group_by(documents.c.space)
        )
        with reading(self._engine) as connection:
            return {space: int(count) for space, count in connection.execute(statement)}

    def _select(self, which: sa.ColumnElement[bool], groups: Collection[str]) -> list[Chunk]:
        columns = [column for column in chunks.c if column.name not in ("vector", "embedded_sha256")]
        statement = (
            sa.select(*columns, *_document_columns(), document_versions.c.label, *_dates())
            .join(documents, documents.c.id == chunks.c.document_id)
            .join(document_versions, document_versions.c.id == chunks.c.version_id)
            .where(which, documents.c.deleted_at.is_(None))
            .order_by(chunks.c.document_id, document_versions.c.number, chunks.c.ordinal)
        )
        with reading(self._engine) as connection:
            return [_chunk(row) for row in connection.execute(statement) if _may_read(row, groups)]


def _dates() -> tuple[sa.Column[Any], ...]:
    return (document_versions.c.effective_from, document_versions.c.effective_to)


def _document_columns() -> list[sa.Column[Any]]:
    return [documents.c[name] for name in ("space", "path", "title", "url", "owner", "regions", "status", "allow")]


def _version_columns() -> list[sa.ColumnElement[Any]]:
    names = ("number", "label", "body", "effective_from", "effective_to", "warnings")
    return [document_versions.c.id.label("this_version"), *(document_versions.c[name] for name in names)]


def _may_read(row: Any, groups: Collection[str]) -> bool:
    return any(group in groups for group in row.allow)


def _chunk(row: Any) -> Chunk:
    return Chunk(
        id=row.id,
        document_id=row.document_id,
        version_id=row.version_id,
        space=row.space,
        path=row.path,
        title=row.title,
        heading_path=tuple(row.heading_path),
        page=row.page,
        start_char=row.start_char,
        end_char=row.end_char,
        text=row.text,
        ordinal=row.ordinal,
        url=row.url,
        owner=row.owner,
        regions=tuple(row.regions),
        status=row.status,
        version_label=row.label,
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        allow=tuple(row.allow),
    )
