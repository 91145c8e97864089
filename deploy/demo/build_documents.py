"""Build the demo company's HTML, docx and PDF documents from their Markdown sources.

`sources/company/travel/x.pdf.md` becomes `policies/company/travel/x.pdf`, and a source under
`sources/meetings/` becomes `meetings/`. The outputs are committed, so nobody needs this script to run the
demo; it is run after a source was edited. Dates are fixed and archives are written in order: the same
sources and library versions give the same bytes, and any versions give the same text.

    python deploy/demo/build_documents.py [--out DIR]
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import yaml
from docx import Document
from docx.document import Document as DocxDocument
from docx.shared import Pt
from docx.text.paragraph import Paragraph
from fpdf import FPDF
from fpdf.fonts import FontFace
from markdown_it import MarkdownIt
from markdown_it.token import Token

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest moment a zip entry can carry
PDF_TABLE_WIDTH_MM = 170  # A4 less two margins of 20 mm
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


# --- HTML ---------------------------------------------------------------------------------------

HTML_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
{meta}
<style>
body {{ font-family: sans-serif; max-width: 46rem; margin: 2rem auto; line-height: 1.5; }}
table {{ border-collapse: collapse; }}
td, th {{ border: 1px solid #bbb; padding: .25rem .6rem; text-align: left; }}
</style>
</head>
<body>
<nav><a href="/handbook">Handbook</a> / <a href="/handbook/{section}">{section}</a></nav>
<main>
{content}</main>
<footer>Version {version}, in force since {effective_from}. Owner: {owner} ({owner_email}).</footer>
</body>
</html>
"""


def render_html(source: Source) -> bytes:
    """Return an intranet page: metadata as `<meta>` tags, navigation above, the owner in the footer."""
    names = ("version", "effective_from", "effective_to", "owner", "owner_email", "regions", "status")
    fields = {name: source.field(name) for name in (*names, "classification")}
    meta = [f'<meta name="{name}" content="{escape(text)}">' for name, text in fields.items() if text]
    content = MarkdownIt("commonmark").enable("table").render(source.body)
    page = HTML_PAGE.format(
        language=source.field("language") or "en",
        title=escape(source.field("title")),
        meta="\n".join(meta),
        section=source.path.parent.name,
        content=content,
        version=escape(fields["version"]),
        effective_from=fields["effective_from"],
        owner=escape(fields["owner"]),
        owner_email=fields["owner_email"],
    )
    return page.encode("utf-8")


# --- docx ---------------------------------------------------------------------------------------


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


def render_transcript_docx(source: Source) -> bytes:
    """Return a transcript as Teams downloads one: title, date, duration, then speaker and time over text.

    Body lines read `[m:ss] Name: text`, one utterance a line.
    """
    document = Document()
    _set_core_properties(document, source)
    document.add_paragraph(source.field("title"))
    document.add_paragraph(source.field("shown_date"))
    document.add_paragraph(source.field("duration"))
    for line in filter(None, source.body.splitlines()):
        time, rest = line[1:].split("] ", 1)
        name, spoken = rest.split(": ", 1)
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{name}   {time}").bold = True
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


# --- PDF ----------------------------------------------------------------------------------------


class HandbookPdf(FPDF):
    """A4 pages in core fonts, numbered at the foot."""

    def __init__(self, footer_text: str) -> None:
        super().__init__(format="A4")
        self.footer_text = footer_text
        self.set_margin(20)
        self.set_auto_page_break(auto=True, margin=20)

    def footer(self) -> None:
        """Print the document's name and the page number."""
        self.set_y(-14)
        self.set_font("Helvetica", size=8)
        self.cell(0, 5, f"{self.footer_text}   {self.page_no()}", align="R")


def render_pdf(source: Source) -> bytes:
    """Return a PDF: document information, a header line with the metadata, then the body.

    Raises:
        fpdf.errors.FPDFUnicodeEncodingException: a character is outside Latin-1, which core fonts need.
    """
    title = source.field("title")
    pdf = HandbookPdf(f"Ottervale: {title}")
    pdf.set_title(title)
    pdf.set_author(source.field("owner"))
    pdf.set_subject("; ".join(f"{label}: {value}" for label, value in source.metadata))
    pdf.set_keywords(
        f"version {source.field('version')}, {source.field('regions')}, {source.field('status')}"
    )
    pdf.set_creator("Ottervale handbook")
    pdf.set_producer("Ottervale handbook")
    pdf.set_creation_date(source.moment)
    pdf.add_page()
    tokens = parse_markdown(source.body)
    start = 3 if tokens[0].tag == "h1" else 0
    _write_pdf_line(pdf, title, size=18, style="B", space_mm=2)
    header = " | ".join(f"{label}: {value}" for label, value in source.metadata)
    _write_pdf_line(pdf, header, size=8, style="I", space_mm=4)
    _add_pdf_blocks(pdf, tokens[start:])
    return bytes(pdf.output())


def _add_pdf_blocks(pdf: HandbookPdf, tokens: Sequence[Token]) -> None:
    counters: list[int | None] = []  # None for a bullet list, else the last number given
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "heading_open":
            size = {"h2": 13, "h3": 11}.get(token.tag, 16)
            pdf.ln(2)
            _write_pdf_line(pdf, plain_text(tokens[position + 1]), size=size, style="B", space_mm=1.5)
            position += 2
        elif token.type == "table_open":
            rows, position = read_table(tokens, position)
            _add_pdf_table(pdf, [[plain_text(cell) for cell in row] for row in rows])
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            counters.append(0 if token.type.startswith("ordered") else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            counters.pop()
            pdf.ln(1)
        elif token.type == "inline":
            _write_pdf_line(pdf, _list_mark(counters) + plain_text(token), space_mm=0.8 if counters else 2.2)
        position += 1


def _list_mark(counters: list[int | None]) -> str:
    if not counters:
        return ""
    last = counters[-1]
    if last is None:
        return "-  "
    counters[-1] = last + 1
    return f"{last + 1}.  "


def _write_pdf_line(
    pdf: HandbookPdf, text: str, *, size: int = 10, style: str = "", space_mm: float = 2.0
) -> None:
    pdf.set_font("Helvetica", style=style, size=size)
    pdf.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.ln(space_mm)


def _add_pdf_table(pdf: HandbookPdf, rows: Sequence[Sequence[str]]) -> None:
    pdf.set_font("Helvetica", size=9)
    widest = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    widths = tuple(min(max(chars, 10), 40) for chars in widest)
    with pdf.table(
        width=PDF_TABLE_WIDTH_MM,
        col_widths=widths,
        line_height=5,
        text_align="LEFT",
        headings_style=FontFace(emphasis="BOLD"),
    ) as table:
        for values in rows:
            row = table.row()
            for value in values:
                row.cell(value)
    pdf.ln(3)


# --- tokens -------------------------------------------------------------------------------------


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


# --- the run ------------------------------------------------------------------------------------

RENDERERS: dict[str, Callable[[Source], bytes]] = {
    ".html": render_html,
    ".docx": render_docx,
    ".pdf": render_pdf,
}


def output_path(source_path: Path, out_dir: Path) -> Path:
    """Return where the document of a source goes under `out_dir`."""
    relative = source_path.relative_to(SOURCES).with_suffix("")
    folder = out_dir if relative.parts[0] == "meetings" else out_dir / "policies"
    return folder / relative


def build_all(out_dir: Path) -> list[Path]:
    """Write every document under `out_dir` and return the paths, in source order.

    Raises:
        ValueError: a source has no front matter, or the suffix before `.md` isn't one we build.
    """
    written = []
    for path in sorted(SOURCES.rglob("*.md")):
        target = output_path(path, out_dir)
        is_transcript = target.is_relative_to(out_dir / "meetings")
        render = render_transcript_docx if is_transcript else RENDERERS.get(target.suffix)
        if render is None:
            raise ValueError(f"{path} asks for {target.suffix!r}; we build {', '.join(RENDERERS)}.")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(render(read_source(path)))
        written.append(target)
    return written


def main() -> None:
    """Build into this folder, or into `--out`."""
    parser = argparse.ArgumentParser(description="Build the demo company's HTML, docx and PDF documents.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder that receives policies/ and meetings/")
    for path in build_all(parser.parse_args().out):
        print(path)


if __name__ == "__main__":
    main()
