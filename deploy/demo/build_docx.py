"""Write a demo document, or a transcript, as a Word file whose bytes are the same on each run."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from build_transcripts import Utterance, spoken_duration, teams_docx_lines
from document_source import Source, parse_markdown, plain_text, read_table
from docx import Document
from docx.document import Document as DocxDocument
from docx.shared import Pt
from docx.text.paragraph import Paragraph
from markdown_it.token import Token

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest moment a zip entry can carry


def render_docx(source: Source) -> bytes:
    """Return a Word file: core properties, a metadata table under the title, then the body."""
    document = Document()
    _set_core_properties(document, source)
    tokens = parse_markdown(source.body)
    start = 3 if tokens[0].type == "heading_open" and tokens[0].tag == "h1" else 0
    document.add_heading(source.field("title"), level=0)
    _add_docx_table(document, [["Field", "Value"], *([*row] for row in source.metadata)])
    _add_docx_blocks(document, tokens[start:])
    return _docx_bytes(document)


def render_transcript_docx(source: Source, utterances: list[Utterance]) -> bytes:
    """Return a transcript as Teams downloads one: title, date, duration, then speaker and time over text."""
    document = Document()
    _set_core_properties(document, source)
    for line in (source.field("title"), source.field("shown_date"), spoken_duration(utterances)):
        document.add_paragraph(line)
    for heading, spoken in teams_docx_lines(utterances):
        paragraph = document.add_paragraph()
        paragraph.add_run(heading).bold = True
        paragraph.add_run().add_break()
        paragraph.add_run(spoken)
    return _docx_bytes(document)


def _set_core_properties(document: DocxDocument, source: Source) -> None:
    properties = document.core_properties
    properties.title = source.field("title")
    properties.author = source.field("owner")
    properties.subject = source.field("status")
    properties.version = source.field("version")
    properties.keywords = source.field("regions")
    properties.language = source.field("language") or "en"
    properties.comments = ""
    properties.last_modified_by = source.field("owner")
    properties.created = properties.modified = source.moment.replace(tzinfo=None)


def _add_docx_blocks(document: DocxDocument, tokens: Sequence[Token]) -> None:
    styles: list[str] = []  # the list style in force, innermost last
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "heading_open":
            document.add_heading(plain_text(tokens[position + 1]), level=int(token.tag[1]) - 1 or 1)
            position += 2
        elif token.type == "table_open":
            rows, position = read_table(tokens, position)
            _add_docx_table(document, [[plain_text(cell) for cell in row] for row in rows])
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            styles.append("List Bullet" if token.type.startswith("bullet") else "List Number")
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            styles.pop()
        elif token.type == "inline":
            paragraph = document.add_paragraph(style=styles[-1] if styles else None)
            _add_docx_runs(paragraph, token)
        position += 1


def _add_docx_runs(paragraph: Paragraph, inline: Token) -> None:
    bold = italic = False
    for child in inline.children or []:
        if child.type in ("strong_open", "strong_close"):
            bold = child.type == "strong_open"
        elif child.type in ("em_open", "em_close"):
            italic = child.type == "em_open"
        elif child.type in ("text", "code_inline", "softbreak"):
            run = paragraph.add_run(child.content or " ")
            run.bold, run.italic = bold or None, italic or None


def _add_docx_table(document: DocxDocument, rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    for row, values in zip(table.rows, rows, strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            run = cell.paragraphs[0].add_run(value)
            run.font.size = Pt(9)
            run.bold = (values is rows[0]) or None
    document.add_paragraph()


def _docx_bytes(document: DocxDocument) -> bytes:
    """Return the file re-packed in name order with fixed times, so that equal content is equal bytes."""
    written = io.BytesIO()
    document.save(written)
    packed = io.BytesIO()
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(packed, "w") as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, old.read(name))
    return packed.getvalue()
