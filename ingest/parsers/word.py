"""Parse Word documents (docx): headings, paragraphs, lists and tables in reading order."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from docx.text.paragraph import Paragraph

from assistant.errors import DocumentUnreadable
from ingest.parsed import ParsedDocument
from ingest.parsers.body import BodyBuilder, drop_title, table_markdown, tidy
from ingest.parsers.metadata import field_of, pairs_in_lines, read_metadata

PARSER = "docx/1"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_HEADING = re.compile(r"^(?:heading|überschrift|título|titre)\s*(\d)$", re.IGNORECASE)


def parse(data: bytes, name: str) -> ParsedDocument:
    """Return the document's content.

    Raises:
        DocumentUnreadable: it is damaged, locked by a password, or holds no text.
    """
    document = _open(data, name)
    pairs = _front(document)
    properties = document.core_properties
    pairs.setdefault("version", properties.version or "")
    pairs.setdefault("owner", properties.author if properties.author != "python-docx" else "")
    metadata = read_metadata(pairs)
    title = tidy(properties.title or "") or _first_title(document) or re.sub(r"\.\w+$", "", name)
    builder = BodyBuilder()
    _write(document, builder)
    body, sections = builder.finish()
    if not sections:
        raise DocumentUnreadable(f"{name}: the document holds no text", reply=f"“{name}” holds no text I can read.")
    return ParsedDocument(
        title=title,
        body=body,
        sections=tuple(
            replace(section, heading_path=drop_title(section.heading_path, title)) for section in sections
        ),
        parser=PARSER,
        media_type=MEDIA_TYPE,
        language=metadata.language or properties.language or None,
        **metadata.of_document(),
    )


def _open(data: bytes, name: str) -> Document:
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        # An OLE container where a zip should be: an encrypted docx, or a document of Word 97.
        raise DocumentUnreadable(
            f"{name}: OLE container",
            reply=f"“{name}” is locked by a password, or in Word's old .doc format. Save it as plain .docx.",
        )
    try:
        return docx.Document(io.BytesIO(data))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise DocumentUnreadable(
            f"{name}: not a readable docx ({error})",
            reply=f"“{name}” is damaged: Word's format can't be read from it. Open it in Word and save it again.",
        ) from error


def _front(document: Document) -> dict[str, object]:
    """Return label-value pairs of the first table (if it is one of metadata) and of the first paragraphs."""
    pairs: dict[str, object] = {}
    for table in document.tables[:1]:
        for row in table.rows:
            cells = [tidy(cell.text) for cell in row.cells]
            if len(cells) == 2 and field_of(cells[0]):
                pairs.setdefault(cells[0], cells[1])
    return {**pairs_in_lines(paragraph.text for paragraph in document.paragraphs[:12]), **pairs}


def _first_title(document: Document) -> str:
    for paragraph in document.paragraphs[:10]:
        style = _style(paragraph)
        if paragraph.text.strip() and (style == "Title" or _HEADING.match(style)):
            return tidy(paragraph.text)
    return ""


def _style(paragraph: Paragraph) -> str:
    return (paragraph.style.name if paragraph.style is not None else "") or ""


def _write(document: Document, builder: BodyBuilder) -> None:
    items: list[str] = []  # lines of the list being read
    for element in document.iter_inner_content():
        if isinstance(element, Paragraph) and (mark := _list_mark(element)) is not None:
            items.append(f"{mark} {tidy(element.text)}")
            continue
        builder.block("\n".join(items))
        items.clear()
        if isinstance(element, Table):
            builder.block(table_markdown(_rows(element)))
        else:
            _paragraph(element, builder)
    builder.block("\n".join(items))


def _paragraph(paragraph: Paragraph, builder: BodyBuilder) -> None:
    style = _style(paragraph)
    heading = _HEADING.match(style)
    if style == "Title":
        builder.heading(1, paragraph.text)
    elif heading:
        builder.heading(min(int(heading[1]) + 1, 6), paragraph.text)
    else:
        builder.block("\n".join(line.rstrip() for line in paragraph.text.split("\n")))


def _list_mark(paragraph: Paragraph) -> str | None:
    style = _style(paragraph)
    if not paragraph.text.strip():
        return None
    depth = style[-1] if style[-1:].isdigit() else "1"
    indent = "  " * (int(depth) - 1)
    if style.startswith("List Number"):
        return f"{indent}1."
    if style.startswith("List") or _has_numbering(paragraph):
        return f"{indent}-"
    return None


def _has_numbering(paragraph: Paragraph) -> bool:
    properties = paragraph._p.pPr
    return properties is not None and properties.numPr is not None and not _HEADING.match(_style(paragraph))


def _rows(table: Table) -> list[list[str]]:
    return [[tidy(cell.text) for cell in row.cells] for row in table.rows]
