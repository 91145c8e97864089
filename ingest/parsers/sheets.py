"""Parse spreadsheets (xlsx) and CSV: each sheet a section, each table a Markdown table with its header row."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from datetime import date, datetime

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from assistant.errors import DocumentUnreadable
from ingest.parsed import ParsedDocument
from ingest.parsers.body import BodyBuilder, table_markdown
from ingest.parsers.plain import decode

XLSX_PARSER, CSV_PARSER = "xlsx/1", "csv/1"
XLSX_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 50_000  # of one sheet; the rest is left out and said


def parse_xlsx(data: bytes, name: str) -> ParsedDocument:
    """Return every sheet that holds something, with the values as last calculated.

    Raises:
        DocumentUnreadable: it is damaged, locked by a password, or empty.
    """
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise DocumentUnreadable(
            f"{name}: not a readable xlsx ({error})",
            reply=f"“{name}” is damaged or locked by a password. Save it again as a plain .xlsx.",
        ) from error
    builder, warnings = BodyBuilder(), []
    for sheet in book.worksheets:
        rows = []
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            if number > MAX_ROWS:
                warnings.append(f"sheet {sheet.title!r} has more than {MAX_ROWS:,} rows; the rest is left out")
                break
            rows.append([_cell(value) for value in row])
        if any(any(row) for row in rows):
            builder.heading(2, sheet.title)
            _write_tables(rows, builder)
    title = (book.properties.title or "").strip()
    book.close()
    return _document(builder, name, title, XLSX_PARSER, XLSX_MEDIA_TYPE, tuple(warnings))


def parse_csv(data: bytes, name: str) -> ParsedDocument:
    """Return the file as one table; its delimiter is found from its first lines.

    Raises:
        DocumentUnreadable: it is no text, or empty.
    """
    text = decode(data, name)
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    builder = BodyBuilder()
    warnings: tuple[str, ...] = ()
    csv.field_size_limit(10_000_000)
    rows = [list(row) for _, row in zip(range(MAX_ROWS + 1), csv.reader(io.StringIO(text), dialect), strict=False)]
    if len(rows) > MAX_ROWS:
        rows, warnings = rows[:MAX_ROWS], (f"it has more than {MAX_ROWS:,} rows; the rest is left out",)
    _write_tables(rows, builder)
    return _document(builder, name, "", CSV_PARSER, "text/csv", warnings)


def _write_tables(rows: Iterable[list[str]], builder: BodyBuilder) -> None:
    """Write runs of filled rows as tables; an empty row ends one; a lone cell is a caption."""
    table: list[list[str]] = []
    for row in [*rows, []]:
        filled = [cell for cell in row if cell.strip()]
        if filled and not (len(filled) == 1 and not table):
            table.append(_trimmed(row))
            continue
        builder.block(table_markdown(table))
        table = []
        if filled:
            builder.block(filled[0])


def _trimmed(row: list[str]) -> list[str]:
    end = max(index for index, cell in enumerate(row) if cell.strip()) + 1
    return row[:end]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _document(
    builder: BodyBuilder, name: str, title: str, parser: str, media_type: str, warnings: tuple[str, ...]
) -> ParsedDocument:
    body, sections = builder.finish()
    if not sections:
        raise DocumentUnreadable(f"{name}: no cells", reply=f"“{name}” is empty.")
    return ParsedDocument(
        title=title or re.sub(r"\.\w+$", "", name),
        body=body,
        sections=sections,
        parser=parser,
        media_type=media_type,
        warnings=warnings,
    )
