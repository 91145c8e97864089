"""Read the demo documents' Markdown sources: front matter, metadata and block tokens.

Nothing here knows an output format; build_docx.py, build_pdf.py and build_documents.py do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

CLASSIFICATION_INTERNAL = "Internal"  # what a document without a mark is (data-classification.md)


@dataclass(frozen=True)
class Source:
    """One Markdown source: its front matter, and its body without it."""

    path: Path
    front: dict[str, object]
    body: str

    def field(self, name: str) -> str:
        """Return a front-matter value as text, lists joined by commas; empty when absent."""
        value = self.front.get(name, "")
        return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)

    @property
    def metadata(self) -> list[tuple[str, str]]:
        """Return the fields that every document shows, in display order, label first."""
        shown = [
            ("Version", self.field("version")),
            ("Effective from", self.field("effective_from")),
            ("Effective to", self.field("effective_to")),
            ("Owner", self.field("owner")),
            ("Owner e-mail", self.field("owner_email")),
            ("Regions", self.field("regions")),
            ("Status", self.field("status")),
            ("Classification", self.field("classification") or CLASSIFICATION_INTERNAL),
        ]
        return [(label, value) for label, value in shown if value]

    @property
    def moment(self) -> dt.datetime:
        """Return the fixed time to stamp on the built file: 09:00 UTC of the effective or meeting day."""
        day = dt.date.fromisoformat(self.field("effective_from") or self.field("date"))
        return dt.datetime.combine(day, dt.time(9), tzinfo=dt.UTC)


def read_source(path: Path) -> Source:
    """Return the source at `path`.

    Raises:
        ValueError: it doesn't begin with YAML front matter.
    """
    text = path.read_text(encoding="utf-8")
    if not text.startswith("---\n") or "\n---\n" not in text[4:]:
        raise ValueError(f"{path} has no front matter; begin it with '---', the fields, and '---'.")
    front, body = text[4:].split("\n---\n", 1)
    return Source(path=path, front=yaml.safe_load(front), body=body.strip() + "\n")


def parse_markdown(body: str) -> list[Token]:
    """Return the block tokens of a body; tables are understood."""
    return MarkdownIt("commonmark").enable("table").parse(body)


def plain_text(inline: Token) -> str:
    """Return the words of an inline token without its marks; line breaks become blanks."""
    children = inline.children or []
    return "".join(
        " " if child.type == "softbreak" else child.content
        for child in children
        if child.type in ("text", "code_inline", "softbreak")
    )


def read_table(tokens: Sequence[Token], start: int) -> tuple[list[list[Token]], int]:
    """Return the table's cells as rows of inline tokens, header first, and the index of its last token."""
    rows: list[list[Token]] = []
    position = start
    while tokens[position].type != "table_close":
        if tokens[position].type == "tr_open":
            rows.append([])
        elif tokens[position].type == "inline":
            rows[-1].append(tokens[position])
        position += 1
    return rows, position
