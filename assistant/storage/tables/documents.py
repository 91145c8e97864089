"""Documents with their versions and chunks, and the files people sent."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.storage.database import UtcDateTime
from assistant.storage.tables.schema import Json, metadata, required

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    required("space", sa.Text),
    required("path", sa.Text),  # within the space, "/" between folders
    required("title", sa.Text),
    required("source", sa.Text, server_default=""),  # the folder it came from; only that folder may remove it
    sa.Column("url", sa.Text),
    sa.Column("owner", sa.Text),
    required("regions", Json),
    required("status", sa.Text, server_default="current"),  # current, superseded, draft
    required("allow", Json),  # groups that may read it
    sa.Column("version_id", sa.Uuid),  # the version that is searched
    required("created_at", UtcDateTime),
    required("updated_at", UtcDateTime),
    sa.Column("deleted_at", UtcDateTime),  # hidden at once, purged later
    sa.UniqueConstraint("space", "path"),
)
document_versions = sa.Table(
    "document_versions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    required("document_id", sa.Uuid, sa.ForeignKey("documents.id", ondelete="CASCADE")),
    required("number", sa.Integer),  # counted by us from 1
    sa.Column("label", sa.Text),  # what the document calls its version
    required("raw_sha256", sa.Text),
    required("text_sha256", sa.Text),
    required("parser", sa.Text),
    required("body", sa.Text),  # the parsed text, Markdown; chunks are offsets into it
    sa.Column("effective_from", sa.Date),
    sa.Column("effective_to", sa.Date),
    required("warnings", Json),
    required("ingested_at", UtcDateTime),
    sa.Column("ingested_by", sa.Text),
    sa.UniqueConstraint("document_id", "number"),
)
chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    required("document_id", sa.Uuid, sa.ForeignKey("documents.id", ondelete="CASCADE")),
    required("version_id", sa.Uuid, sa.ForeignKey("document_versions.id", ondelete="CASCADE")),
    required("ordinal", sa.Integer),
    required("heading_path", Json),
    sa.Column("page", sa.Integer),
    required("start_char", sa.Integer),
    required("end_char", sa.Integer),
    required("text", sa.Text),
    required("embedded_sha256", sa.Text),  # hash of what was embedded: title, headings and text
    required("embedder_id", sa.Text),
    required("vector", sa.LargeBinary),  # float32, little endian, unit length
    required("sequence", sa.BigInteger),  # rises with every change; an index catches up from its own
    required("live", sa.Boolean, server_default=sa.true()),  # False: remove it from the indexes
    sa.UniqueConstraint("version_id", "ordinal"),
    sa.Index("ix_chunks_sequence", "sequence"),
    sa.Index("ix_chunks_document_id", "document_id"),
    sa.Index("ix_chunks_embedded_sha256", "embedded_sha256"),
)
counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    required("value", sa.BigInteger),
)
blobs = sa.Table(
    "blobs",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    required("size_bytes", sa.BigInteger),
    required("created_at", UtcDateTime),
)
blob_parts = sa.Table(
    "blob_parts",
    metadata,
    sa.Column("sha256", sa.Text, sa.ForeignKey("blobs.sha256", ondelete="CASCADE"), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    required("data", sa.LargeBinary),
)
