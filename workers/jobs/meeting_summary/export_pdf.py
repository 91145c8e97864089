"""Minutes as PDF, in fonts that hold their letters; without such fonts there is none, rather than one of "?".

Western text takes the fonts every PDF reader has. All other letters need TrueType files, which are looked for where
STEWARD_PDF_FONTS and Debian's font packages put them; nothing is downloaded.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from assistant.minutes.schema import Minutes
from workers.jobs.meeting_summary.layout import Layout, printable, sections_of

# Debian: fonts-dejavu-core (Latin, Greek, Cyrillic, Hebrew …), fonts-noto-core, fonts-droid-fallback (Chinese,
# Japanese, Korean), fonts-ipafont-gothic.
USUAL_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf",
)
_JOINERS = frozenset("\u200d\u20e3\ufe0e\ufe0f")  # of pictures: they have no shape of their own
SHOWN_LETTERS = 8  # of the missing ones, in messages
_PLAIN_SIGNS = {"–": "-", "—": "-", "“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "…": "...", "•": "-"}
# Arabic, the scripts of India, Burmese and Khmer join and reorder their letters, which fpdf2 can't without a shaper.
_JOINING_SCRIPTS = ((0x0600, 0x08FF), (0x0900, 0x0DFF), (0x1000, 0x109F), (0x1780, 0x17FF))


class LettersMissing(Exception):
    """No font here holds some of the letters, which `letters` names."""

    def __init__(self, letters: str) -> None:
        super().__init__(f"no font for {letters}")
        self.letters = letters


@dataclass(frozen=True)
class Text:
    """One paragraph: its words and size in points."""

    words: str
    size: float


def font_paths(setting: str) -> tuple[Path, ...]:
    """Return the font files to try, in order: those of the setting, else the usual ones that exist."""
    named = [part.strip() for part in setting.split(",") if part.strip()]
    return tuple(path for path in map(Path, named or USUAL_FONTS) if path.is_file())


def to_pdf(minutes: Minutes, layout: Layout, *, fonts: Sequence[Path] = ()) -> bytes:
    """Return the minutes as PDF.

    Pictures that no font holds are left out (`undrawn_signs`): they decorate, letters don't.

    Raises:
        LettersMissing: the text has letters beyond Western Europe's that none of the fonts holds.
    """
    undrawn = set(undrawn_signs(minutes, layout, fonts=fonts))
    texts = [Text(_without(text.words, undrawn), text.size) for text in _texts(minutes, layout)]
    everything = "".join(text.words for text in texts)
    chosen = () if _is_western(everything) else _covering(everything, fonts)
    page = FPDF()
    page.set_auto_page_break(auto=True, margin=18)
    page.set_title(_without(layout.title(minutes), undrawn))
    page.add_page()
    for number, path in enumerate(chosen):
        page.add_font(f"minutes{number}", fname=str(path))
    if chosen:
        page.set_fallback_fonts([f"minutes{number}" for number in range(1, len(chosen))])
    for text in texts:
        page.set_font("minutes0" if chosen else "Helvetica", size=text.size)
        words = text.words if chosen else _western(text.words)
        page.multi_cell(0, text.size * 0.5, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    return bytes(page.output())


def undrawn_signs(minutes: Minutes, layout: Layout, *, fonts: Sequence[Path] = ()) -> str:
    """Return the pictures among the letters (emoji, arrows) that no font holds: the PDF goes without them."""
    signs = {sign for text in _texts(minutes, layout) for sign in printable(text.words)}
    pictures = {sign for sign in signs if _is_picture(sign)}
    held = {sign for path in fonts for sign in pictures if ord(sign) in _letters(path, path.stat().st_mtime)}
    return "".join(sorted(sign for sign in pictures - held if ord(sign) >= 0x100))


def _is_picture(sign: str) -> bool:
    """Return whether a sign is a picture or what changes one: skin tones, joiners, variation selectors."""
    return unicodedata.category(sign) in ("So", "Sk", "Cn") or sign in _JOINERS


def _without(text: str, signs: Collection[str]) -> str:
    return "".join(sign for sign in printable(text) if sign not in signs)


def _texts(minutes: Minutes, layout: Layout) -> Iterator[Text]:
    yield Text(layout.title(minutes), 18)
    for name, value in layout.header(minutes):
        yield Text(f"{name}: {value}", 10)
    for section in sections_of(minutes, layout):
        yield Text(f"\n{section.title}", 13)
        if section.note and section.lines:
            yield Text(section.note, 9)
        for text, place in section.placed_lines():
            yield Text(f"- {text}" + (f"  ({place})" if place else ""), 10)
        if not section.lines:
            yield Text(layout.wording["none_found"], 10)


def _is_western(text: str) -> bool:
    return all(ord(sign) < 0x100 or sign in _PLAIN_SIGNS for sign in text)


def _western(text: str) -> str:
    return "".join(_PLAIN_SIGNS.get(sign, sign) for sign in text)


def _covering(text: str, paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return fonts that together hold all letters: one if one will do, the first that helps else."""
    wanted = {sign for sign in text if not sign.isspace()}
    joining = {sign for sign in wanted if any(low <= ord(sign) <= high for low, high in _JOINING_SCRIPTS)}
    if joining:
        raise LettersMissing("".join(sorted(joining))[:SHOWN_LETTERS])
    held = {path: {sign for sign in wanted if ord(sign) in _letters(path, path.stat().st_mtime)} for path in paths}
    whole = next((path for path in paths if held[path] == wanted), None)
    if whole is not None:
        return (whole,)
    chosen: list[Path] = []
    left = set(wanted)
    for path in paths:
        if held[path] & left:
            chosen.append(path)
            left -= held[path]
    if left:
        raise LettersMissing("".join(sorted(left))[:SHOWN_LETTERS])
    return tuple(chosen)


@lru_cache(maxsize=16)
def _letters(path: Path, _changed_at: float) -> frozenset[int]:
    """Return the code points a TrueType file can draw; none for one that fpdf2 can't embed."""
    try:
        with TTFont(os.fspath(path), fontNumber=0, lazy=True) as font:
            return frozenset(font.getBestCmap() or {}) if "glyf" in font else frozenset()
    except (TTLibError, OSError):
        return frozenset()
