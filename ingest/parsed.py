"""What every parser returns: one document as Markdown text, cut into sections, with its metadata."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the body under one heading path (and on one page, where there are pages).

    `start_char` and `end_char` are offsets into the document's body; headings themselves are outside.
    """

    heading_path: tuple[str, ...]
    start_char: int
    end_char: int
    page: int | None = None  # counted from 1


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """One document as parsed. `body` is readable Markdown (tables as Markdown tables); nothing is invented."""

    title: str
    body: str
    sections: tuple[Section, ...]
    parser: str  # name and version of the parser, so that a better one re-parses
    media_type: str
    version_label: str | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    owner: str | None = None
    regions: tuple[str, ...] = ()
    status: str = "current"  # current, superseded, draft
    language: str | None = None
    url: str | None = None
    warnings: tuple[str, ...] = field(default=())
