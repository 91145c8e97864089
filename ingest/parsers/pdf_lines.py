"""Read a PDF's characters into lines: their text cut at wide gaps, their type size, weight and place."""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingest.parsers.body import tidy

MIN_CHARS_A_PAGE = 20  # less is a scan: it needs OCR, and must not be indexed as if it were empty
CELL_GAP_EMS = 0.9  # white space this wide inside a line parts two columns; a word space is about 0.25 em
_BOLD_WEIGHT = 600
_SOFT_HYPHEN = 0xFFFE  # what pdfium gives for a hyphen that only breaks a word


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page; `cells` has more than one part where wide gaps cut it. Places are in points."""

    page: int
    cells: tuple[str, ...]  # the line's text, cut at wide gaps
    size: float
    bold: bool
    top: float
    bottom: float
    left: float
    right: float

    @property
    def text(self) -> str:
        """The whole line."""
        return " ".join(self.cells)


def read_pages(document: pdfium.PdfDocument) -> tuple[list[Line], list[int]]:
    """Return all lines in reading order, and the numbers (from 1) of pages that hold no text."""
    lines: list[Line] = []
    empty: list[int] = []
    for index in range(len(document)):
        page = document[index]
        text_page = page.get_textpage()
        try:
            found = list(_lines(text_page, index + 1))
        finally:
            text_page.close()
            page.close()
        if sum(len(line.text) for line in found) < MIN_CHARS_A_PAGE:
            empty.append(index + 1)
        lines.extend(found)
    return lines, empty


def _lines(text_page: pdfium.PdfTextPage, page: int) -> Iterator[Line]:
    raw = text_page.raw
    count = text_page.count_chars()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    characters: list[_Character] = []
    for index in range(count):
        code = pdfium_c.FPDFText_GetUnicode(raw, index)
        if code in (0x0A, 0x0D):
            yield from _line(characters, page)
            characters = []
            continue
        if code in (0, _SOFT_HYPHEN, 0xFFFF):  # what pdfium gives for a soft hyphen and for unmapped glyphs
            if code == _SOFT_HYPHEN and characters:
                characters.append(replace(characters[-1], text="\u00ad"))
            continue
        if pdfium_c.FPDFText_IsGenerated(raw, index) == 1 and code != 0x20:
            continue
        pdfium_c.FPDFText_GetCharBox(raw, index, left, right, bottom, top)
        characters.append(
            _Character(
                chr(code),
                left.value,
                right.value,
                bottom.value,
                top.value,
                pdfium_c.FPDFText_GetFontSize(raw, index),
                pdfium_c.FPDFText_GetFontWeight(raw, index),
            )
        )
    yield from _line(characters, page)


@dataclass(frozen=True, slots=True)
class _Character:
    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    weight: int


def _line(characters: list[_Character], page: int) -> Iterator[Line]:
    visible = [c for c in characters if not c.text.isspace()]
    if not visible:
        return
    size = Counter(round(c.size, 1) for c in visible).most_common(1)[0][0]
    cells: list[str] = []
    current: list[str] = []
    previous: _Character | None = None
    for character in characters:
        if character.text.isspace():
            current.append(" ")
            continue
        if previous is not None and character.left - previous.right > CELL_GAP_EMS * max(size, 1.0):
            cells.append(tidy("".join(current)))
            current = []
        current.append(character.text)
        previous = character
    cells.append(tidy("".join(current)))
    yield Line(
        page=page,
        cells=tuple(cell for cell in cells if cell),
        size=size,
        bold=sum(c.weight >= _BOLD_WEIGHT for c in visible) > len(visible) / 2,
        top=max(c.top for c in visible),
        bottom=min(c.bottom for c in visible),
        left=min(c.left for c in visible),
        right=max(c.right for c in visible),
    )
