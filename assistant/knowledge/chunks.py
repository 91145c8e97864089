"""Chunk, the unit that is embedded, searched, quoted and cited: the contract between ingest and workers."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from assistant.frozen import Frozen

HEADING_SEPARATOR = " › "


def embedded_text(title: str, heading_path: tuple[str, ...], text: str) -> str:
    """Return what the embedder and BM25 see of a passage: title and headings on the first line, then its text.

    A first heading that repeats the title is said once.
    """
    path = heading_path[1:] if heading_path[:1] == (title,) else heading_path
    head = HEADING_SEPARATOR.join(part for part in (title, *path) if part)
    return f"{head}\n{text}" if head else text


class Chunk(Frozen):
    """One passage of one version of a document, with everything a citation of it needs.

    `text` is what is shown and quoted: a verbatim slice, `body[start_char:end_char]`, of the version's body.
    The title and heading path are prefixed only to what is embedded (`embedded_text`).
    """

    id: UUID
    document_id: UUID
    version_id: UUID
    space: str
    path: str  # of the document, within its space
    title: str
    heading_path: tuple[str, ...] = ()
    page: int | None = None  # counted from 1, where the format has pages
    start_char: int = Field(ge=0)
    end_char: int = Field(ge=0)
    text: str
    ordinal: int = Field(ge=0)  # position among the version's chunks
    url: str | None = None
    owner: str | None = None
    regions: tuple[str, ...] = ()
    status: str = "current"
    version_label: str | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    allow: tuple[str, ...] = ()  # groups that may read it

    @property
    def section(self) -> str:
        """The heading path as one line."""
        return HEADING_SEPARATOR.join(self.heading_path)

    @property
    def embedded_text(self) -> str:
        """What the embedder and BM25 see: title and headings first, since near-twin documents differ there."""
        return embedded_text(self.title, self.heading_path, self.text)


class SearchQuery(Frozen):
    """What is looked for, and on whose behalf. Groups come from the asker's record, never from the message."""

    text: str
    previous_text: str | None = None  # the asker's turn before, for a follow-up: its scores are added
    groups: tuple[str, ...]
    limit: int = Field(12, ge=1, le=200)
    spaces: tuple[str, ...] = ()  # empty: all
    as_of: date | None = None  # None: what is current today
    include_superseded: bool = False


class ScoredChunk(Frozen):
    """A hit. `score` is the fused score of this query alone (comparable within one result list, not across)."""

    chunk: Chunk
    score: float
    cosine: float | None = None  # to the question, where dense search ran
    bm25: float | None = None
