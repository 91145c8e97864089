"""Write a demo document as a PDF in core fonts whose bytes are the same on each run."""

from __future__ import annotations

from collections.abc import Sequence

from document_source import Source, parse_markdown, plain_text, read_table
from fpdf import FPDF
from fpdf.fonts import FontFace
from markdown_it.token import Token

PDF_TABLE_WIDTH_MM = 170  # A4 less two margins of 20 mm


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
    pdf.set_keywords(f"version {source.field('version')}, {source.field('regions')}, {source.field('status')}")
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


def _write_pdf_line(pdf: HandbookPdf, text: str, *, size: int = 10, style: str = "", space_mm: float = 2.0) -> None:
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
