"""Build a document's body: readable Markdown text, and the sections that cut it by heading and page."""

from __future__ import annotations

from ingest.parsed import Section


def tidy(text: str) -> str:
    """Return the text on one line, runs of white space as one blank."""
    return " ".join(text.split())


def table_markdown(rows: list[list[str]]) -> str:
    """Return rows as a Markdown table, the first as its header; cells on one line, bars escaped, none lost.

    Rows shorter than the longest are filled with empty cells. No rows, no text.
    """
    rows = [[tidy(cell).replace("|", "\\|") for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        return ""
    width = max(map(len, rows))
    lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


class BodyBuilder:
    """Takes headings, blocks and page breaks in reading order; gives the body and its sections.

    Blocks stand between blank lines. A new section begins at every heading and on every page; headings are
    written into the body as Markdown but belong to no section.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[tuple[int, str]] = []
        self._page: int | None = None
        self._start: int | None = None
        self._end = 0
        self._sections: list[Section] = []

    def heading(self, level: int, text: str) -> None:
        """Begin a heading of level 1 (highest) to 6; an empty one is left out."""
        text = tidy(text)
        if not text:
            return
        self._close_section()
        self._headings = [(other, name) for other, name in self._headings if other < level]
        self._headings.append((level, text))
        self._write(f"{'#' * min(max(level, 1), 6)} {text}")

    def block(self, text: str) -> None:
        """Add a paragraph, list or table as it should read; an empty one is left out."""
        text = text.strip("\n").rstrip()
        if not text.strip():
            return
        start = self._write(text)
        if self._start is None:
            self._start = start
        self._end = start + len(text)

    def page(self, number: int) -> None:
        """Turn to the page, counted from 1."""
        if number != self._page:
            self._close_section()
            self._page = number

    def finish(self) -> tuple[str, tuple[Section, ...]]:
        """Return the body and its sections, in order."""
        self._close_section()
        return "".join(self._parts).rstrip("\n") + ("\n" if self._parts else ""), tuple(self._sections)

    def _write(self, text: str) -> int:
        start = self._length
        self._parts.append(text + "\n\n")
        self._length += len(text) + 2
        return start

    def _close_section(self) -> None:
        if self._start is not None:
            path = tuple(name for _, name in self._headings)
            self._sections.append(Section(path, self._start, self._end, self._page))
        self._start = None


def drop_title(path: tuple[str, ...], title: str) -> tuple[str, ...]:
    """Return the heading path without the document's own title at its head: every chunk names the title anyway."""
    if path and tidy(path[0]).casefold() == tidy(title).casefold():
        return path[1:]
    return path
