"""Each format's content arrives as Markdown under its headings, and what can't be read says why."""

from __future__ import annotations

import io
from datetime import date
from email.message import EmailMessage

import docx
import openpyxl
import pptx
import pytest
from fpdf import FPDF

from assistant.errors import DocumentUnreadable
from ingest.parsed import ParsedDocument
from ingest.parsers import html, mail, pdf, plain, sheets, slides, word


def section_text(document: ParsedDocument, heading: str) -> str:
    found = [s for s in document.sections if s.heading_path and s.heading_path[-1] == heading]
    assert found, f"no section {heading!r} in {[s.heading_path for s in document.sections]}"
    return "\n".join(document.body[s.start_char : s.end_char] for s in found)


def make_pdf(*, pages: int = 1, password: str | None = None) -> bytes:
    file = FPDF()
    file.set_title("Bicycle Scheme")
    file.set_auto_page_break(False)
    for number in range(1, pages + 1):
        file.add_page()
        file.set_font("Helvetica", "B", 18)
        file.cell(text="Who may join" if number == 1 else f"Part {number}", new_x="LMARGIN", new_y="NEXT")
        file.set_font("Helvetica", size=11)
        file.multi_cell(
            0, 6, text=f"Everyone with a permanent contract may lease one bicycle. Page {number} says so."
        )
        file.ln(4)
        for row in (("City", "Monthly rate", "Helmet"), ("Berlin", "EUR 41", "yes"), ("Lisbon", "EUR 29", "no")):
            for cell in row:
                file.cell(w=60, text=cell)
            file.ln(7)
        file.set_y(-20)
        file.set_font("Helvetica", size=8)
        file.cell(text=f"Bicycle Scheme, page {number}")
    if password:
        file.set_encryption(owner_password="owner", user_password=password)
    return bytes(file.output())


def test_html_keeps_headings_tables_and_metadata_and_drops_what_every_page_repeats() -> None:
    page = b"""<html lang="en"><head><title>Parking</title><meta name="version" content="2.1">
    <meta name="effective_from" content="2026-03-01"><meta name="owner" content="Facilities"></head><body>
    <nav>Home / Policies</nav><main><h1>Parking</h1><p>Ask at <b>reception</b>.</p><h2>Rates</h2>
    <table><tr><th>Floor</th><th>Rate</th></tr><tr><td rowspan="2">B1</td><td>40</td></tr><tr><td>45</td></tr></table>
    <ul><li>No trailers<ul><li>nor boats</li></ul></li></ul><!-- secret --></main><script>track()</script></html>"""

    document = html.parse(page, "parking.html")

    assert (document.title, document.version_label, document.owner) == ("Parking", "2.1", "Facilities")
    assert document.effective_from == date(2026, 3, 1)
    assert section_text(document, "Rates").splitlines() == [
        "| Floor | Rate |", "|---|---|", "| B1 | 40 |", "| B1 | 45 |", "", "- No trailers", "  - nor boats",
    ]  # fmt: skip
    for noise in ("Home / Policies", "secret", "track()"):
        assert noise not in document.body


def test_word_keeps_headings_lists_and_tables_in_reading_order() -> None:
    file = docx.Document()
    file.core_properties.title = "Keys"
    table = file.add_table(rows=0, cols=2)
    for label, value in (("Version", "1.3"), ("Effective from", "1 March 2026"), ("Status", "Superseded")):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = label, value
    file.add_heading("Lost keys", level=1)
    file.add_paragraph("Report a lost key within 24 hours.")
    file.add_paragraph("to reception", style="List Bullet")
    file.add_paragraph("to your manager", style="List Bullet")
    data = io.BytesIO()
    file.save(data)

    document = word.parse(data.getvalue(), "keys.docx")

    assert (document.title, document.version_label, document.status) == ("Keys", "1.3", "superseded")
    assert document.effective_from == date(2026, 3, 1)
    assert section_text(document, "Lost keys") == (
        "Report a lost key within 24 hours.\n\n- to reception\n- to your manager"
    )


def test_pdf_tells_headings_by_size_tables_by_columns_and_drops_footers() -> None:
    document = pdf.parse(make_pdf(pages=4), "bicycles.pdf")

    assert document.title == "Bicycle Scheme"
    assert "| Berlin | EUR 41 | yes |" in section_text(document, "Who may join")
    assert [s.page for s in document.sections] == [1, 2, 3, 4]
    assert "Bicycle Scheme, page" not in document.body


def test_a_page_without_text_is_flagged_and_a_scan_is_refused() -> None:
    half = FPDF()
    half.add_page()
    half.set_font("Helvetica", size=12)
    half.cell(text="This page can be read by everyone who tries.")
    half.add_page()
    blank = FPDF()
    blank.add_page()

    assert "2" in pdf.parse(bytes(half.output()), "half.pdf").warnings[0]
    with pytest.raises(DocumentUnreadable) as raised:
        pdf.parse(bytes(blank.output()), "scan.pdf")
    assert "OCR" in raised.value.reply


@pytest.mark.parametrize(
    ("data", "words"),
    [(make_pdf(password="secret"), "password"), (make_pdf()[:300], "damaged"), (b"%PDF-1.7 nonsense", "damaged")],
)
def test_a_pdf_that_cannot_be_opened_says_why(data: bytes, words: str) -> None:
    with pytest.raises(DocumentUnreadable) as raised:
        pdf.parse(data, "report.pdf")

    assert words in raised.value.reply
    assert "report.pdf" in raised.value.reply


@pytest.mark.parametrize("parse", [word.parse, sheets.parse_xlsx, slides.parse])
def test_a_damaged_office_file_says_so(parse: object) -> None:
    with pytest.raises(DocumentUnreadable) as raised:
        parse(b"PK\x03\x04 but not a zip", "file.bin")  # type: ignore[operator]

    assert "damaged" in raised.value.reply


def test_a_spreadsheet_gives_a_table_a_sheet_with_whole_numbers_and_dates() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Rates"
    for row in (["Rates from January"], [], ["City", "Rate", "Since"], ["Berlin", 41.0, date(2026, 1, 1)]):
        sheet.append(row)
    data = io.BytesIO()
    book.save(data)

    document = sheets.parse_xlsx(data.getvalue(), "rates.xlsx")

    assert section_text(document, "Rates") == (
        "Rates from January\n\n| City | Rate | Since |\n|---|---|---|\n| Berlin | 41 | 2026-01-01 |"
    )


def test_a_csv_with_semicolons_is_one_table() -> None:
    document = sheets.parse_csv("Ort;Preis\nKöln;12,50\nBonn;11,00\n".encode("latin-1"), "preise.csv")

    assert document.body == "| Ort | Preis |\n|---|---|\n| Köln | 12,50 |\n| Bonn | 11,00 |\n"


def test_slides_are_sections_on_their_pages() -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Goals"
    slide.placeholders[1].text = "Fewer tickets\nHappier people"
    data = io.BytesIO()
    deck.save(data)

    document = slides.parse(data.getvalue(), "goals.pptx")

    assert section_text(document, "Goals") == "- Fewer tickets\n- Happier people"
    assert document.sections[0].page == 1


def test_a_mail_keeps_who_wrote_when_and_names_its_attachments() -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ana@x.test", "bo@x.test", "Kündigung"
    message.set_content("Hello Bo,\n\nthe contract ends in May.")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="contract.pdf")

    document = mail.parse(message.as_bytes(), "m.eml")

    assert document.title == "Kündigung"
    assert "From: ana@x.test" in document.body
    assert "the contract ends in May." in document.body
    assert "contract.pdf" in document.warnings[0]


def test_plain_text_is_decoded_whatever_its_encoding_and_binary_is_refused() -> None:
    text = "Grüße aus Köln. Die Größe zählt, und das Übrige auch.\n\nZweiter Absatz."

    assert plain.parse(text.encode("utf-16"), "a.txt").body == plain.parse(text.encode(), "a.txt").body
    with pytest.raises(DocumentUnreadable):
        plain.parse(bytes(range(256)) * 40, "photo.txt")
    with pytest.raises(DocumentUnreadable):
        plain.parse(b" \n ", "blank.txt")
