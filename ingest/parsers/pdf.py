"""Parse PDF: text by page, headings by their type size, tables by their columns.

pdfium gives characters with their size and place; what is a heading or a table has to be told from those. A
page without text is flagged ("needs OCR") and never indexed as if it were empty.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import pypdfium2 as pdfium

from assistant.errors import DocumentUnreadable
from ingest.parsed import ParsedDocument, Section
from ingest.parsers.body import BodyBuilder, drop_title, table_markdown, tidy
from ingest.parsers.metadata import pairs_in_lines, read_metadata
from ingest.parsers.pdf_lines import Line, read_pages

PARSER = "pdf/1"
HEADING_SIZE_RATIO = 1.08  # a heading's type against the body's
MAX_HEADING_CHARS = 120
PARAGRAPH_GAP_RATIO = 1.35  # line distance against the usual one: more begins a new paragraph
MIN_PAGES_FOR_RUNNING_LINES = 3
_NUMBERED = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[A-Z]\.|§\s?\d+|Article \d+|Section \d+)\s+\S")
_BULLET = re.compile(r"^\s*[•◦▪‣·\-–*]\s+")


def parse(data: bytes, name: str) -> ParsedDocument:
    """Return the document's content, section by section and page by page.

    Raises:
        DocumentUnreadable: it is damaged, locked by a password, or has no text on any page.
    """
    document = _open(data, name)
    try:
        info = {str(key).lower(): value for key, value in document.get_metadata_dict().items()}
        lines, empty_pages = read_pages(document)
        page_count = len(document)
    finally:
        document.close()
    if not lines:
        raise DocumentUnreadable(
            f"{name}: {page_count} pages, no text",
            reply=f"“{name}” holds only pictures of text (a scan). Run it through OCR and upload it again.",
        )
    lines = _without_running_lines(lines, page_count)
    subject = re.split(r"\s*;\s*", str(info.get("subject") or ""))
    pairs = pairs_in_lines([*subject, *(line.text for line in _joined_head(lines))])
    pairs.setdefault("owner", info.get("author") or "")
    metadata = read_metadata(pairs)
    title = metadata.title or tidy(str(info.get("title") or "")) or _largest(lines) or re.sub(r"\.\w+$", "", name)
    body, sections = _write(lines)
    notes = metadata.warnings
    if empty_pages:
        shown = ", ".join(map(str, empty_pages[:10]))
        notes = (
            *notes,
            f"pages without text (a scan? they need OCR): {shown}{' …' if len(empty_pages) > 10 else ''}",
        )
    return ParsedDocument(
        title=title,
        body=body,
        sections=tuple(replace(s, heading_path=drop_title(s.heading_path, title)) for s in sections),
        parser=PARSER,
        media_type="application/pdf",
        language=metadata.language,
        **{**metadata.of_document(), "warnings": notes},
    )


def _open(data: bytes, name: str) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise DocumentUnreadable(
                f"{name}: password-protected PDF",
                reply=f"“{name}” is locked by a password. Remove the password and upload it again.",
            ) from error
        raise DocumentUnreadable(
            f"{name}: {error}", reply=f"“{name}” is damaged: no PDF reader can open it. Export it again."
        ) from error


def _without_running_lines(lines: list[Line], page_count: int) -> list[Line]:
    """Drop headers and footers: lines at a page's edge that recur, but for their numbers, on most pages."""
    edges: Counter[str] = Counter()
    at_edge: set[int] = set()
    position = 0
    for _, group in groupby(lines, key=lambda line: line.page):
        size = len(list(group))
        for offset in {0, 1, size - 2, size - 1} & set(range(size)):
            at_edge.add(position + offset)
        position += size
    keys = {index: re.sub(r"\d+", "#", lines[index].text) for index in at_edge}
    edges.update(keys.values())
    needed = max(2, page_count // 2 + 1) if page_count >= MIN_PAGES_FOR_RUNNING_LINES else page_count + 1
    usual_size = Counter(line.size for line in lines).most_common(1)[0][0]
    page_number = re.compile(r"^(?:page |seite )?#(?: (?:of|von|/) #)?$", re.IGNORECASE)
    return [
        line
        for index, line in enumerate(lines)
        if index not in keys
        or not (
            edges[keys[index]] >= needed
            or page_number.match(keys[index])
            or (line.size < usual_size and line.text.endswith(f" {line.page}"))  # small print and its page's number
        )
    ] or lines


def _joined_head(lines: list[Line]) -> list[Line]:
    """Return the first lines, a line that ends in an open label (`Owner e-mail:`) joined with the next."""
    head: list[Line] = []
    for line in lines[:14]:
        if head and head[-1].text.rstrip().endswith((":", "|")):
            head[-1] = replace(head[-1], cells=(f"{head[-1].text} {line.text}",))
        else:
            head.append(line)
    return head


def _largest(lines: list[Line]) -> str:
    first_page = [line for line in lines if line.page == lines[0].page]
    top_size = max(line.size for line in first_page)
    return tidy(" ".join(line.text for line in first_page if line.size == top_size))[:200]


def _write(lines: list[Line]) -> tuple[str, tuple[Section, ...]]:
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    body_size = weights.most_common(1)[0][0]
    levels = sorted({line.size for line in lines if line.size > body_size * HEADING_SIZE_RATIO}, reverse=True)
    builder = BodyBuilder()
    for page, group in groupby(lines, key=lambda line: line.page):
        builder.page(page)
        for block in _blocks(list(group), body_size):
            if isinstance(block, _Heading):
                builder.heading(_level(block, levels), block.text)
            else:
                builder.block(block)
    return builder.finish()


@dataclass(frozen=True, slots=True)
class _Heading:
    text: str
    size: float
    larger: bool


def _level(heading: _Heading, sizes: list[float]) -> int:
    if heading.larger:
        return min(sizes.index(heading.size) + 1, 5)
    dots = re.match(r"[\d.]*", heading.text)
    depth = dots[0].strip(".").count(".") if dots else 0
    return min(len(sizes) + 1 + depth, 6)


def _blocks(lines: list[Line], body_size: float) -> Iterator[str | _Heading]:
    step = _usual_step(lines)
    paragraph: list[Line] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        table = _table_at(lines, position)
        heading = _heading_at(lines, position, body_size) if not table else None
        if table or heading or (paragraph and _begins(line, paragraph[-1], step)):
            yield _flow(paragraph)
            paragraph = []
        if table:
            yield table_markdown([list(row.cells) for row in lines[position : position + table]])
            position += table
        elif heading:
            text, used = heading
            yield _Heading(text, line.size, line.size > body_size * HEADING_SIZE_RATIO)
            position += used
        else:
            paragraph.append(line)
            position += 1
    yield _flow(paragraph)


def _usual_step(lines: list[Line]) -> float:
    steps = Counter(round(above.top - below.top, 0) for above, below in pairwise(lines) if above.top > below.top)
    return steps.most_common(1)[0][0] if steps else 0.0


def _table_at(lines: list[Line], position: int) -> int:
    """Return how many lines from here are rows of one table (0: none): the same number of cells, two or more."""
    width = len(lines[position].cells)
    if width < 2:
        return 0
    end = position
    while end < len(lines) and len(lines[end].cells) == width:
        end += 1
    return end - position if end - position >= 2 else 0


def _heading_at(lines: list[Line], position: int, body_size: float) -> tuple[str, int] | None:
    """Return the heading that begins here and how many lines it takes, or None."""
    line = lines[position]
    text = line.text
    if len(text) > MAX_HEADING_CHARS or (text.endswith((".", ",", ";", ":")) and not _NUMBERED.match(text)):
        return None
    if not re.search(r"[^\W\d_]{2}", text) or _BULLET.match(text):
        return None
    larger = line.size > body_size * HEADING_SIZE_RATIO
    if not larger and not (line.bold and line.size >= body_size * 0.98 and not text.endswith(".")):
        return None
    used = 1
    while position + used < len(lines):
        following = lines[position + used]
        same = (
            following.size == line.size and following.bold == line.bold and line.top - following.top < 2 * line.size
        )
        if not (larger and same and len(text) + len(following.text) < MAX_HEADING_CHARS):
            break
        text += " " + following.text
        used += 1
    return tidy(text), used


def _begins(line: Line, previous: Line, step: float) -> bool:
    if _BULLET.match(line.text) or re.match(r"^\(?(?:\d{1,2}|[a-z])[.)]\s", line.text):
        return True
    return bool(step) and previous.top - line.top > step * PARAGRAPH_GAP_RATIO


def _flow(lines: list[Line]) -> str:
    """Join the lines of a paragraph; a word cut at the line's end is put together again."""
    text = lines[0].text if lines else ""
    for line in lines[1:]:
        if text.endswith("\u00ad") or (re.search(r"[a-zà-ÿ]-$", text) and re.match(r"[a-zà-ÿ]", line.text)):
            text = text[:-1] + line.text
        else:
            text += " " + line.text
    return _BULLET.sub("- ", text.replace("\u00ad", ""))
