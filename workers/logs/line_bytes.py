"""Look at a block of lines as bytes: where its lines, words and values stand.

What every line of a big log needs is found in whole blocks, as arrays: a few passes over bytes
cost a tenth of what cutting a block into texts and asking a regular expression does.

A gap is a byte that is no part of a word: white space, punctuation but for _ @ / + -, the ends
of lines. Lines that are alike but for their values have the same gaps, so a place in them is
said by gaps.
"""

import re
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

_WORD, _NUMBER = 1, 2
_KINDS = bytes(
    _NUMBER
    if chr(byte) in "0123456789"
    else _WORD
    if byte < 128 and (chr(byte).isalpha() or chr(byte) in "_@/+-")
    else 0
    for byte in range(256)
)
_GAP = b"\0"
WORD_BYTES = 8
MANY_LINES_SHARE = 0.4  # of a block: as many are cut out sooner by cutting all
FEW_TEXTS = 5_000  # made one by one sooner than split
_NEWLINE = 10
_DIGIT = re.compile(rb"[0-9]")

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]  # 64 marks each
Positions = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


class Place(NamedTuple):
    """Where something begins in all lines that have the same gaps."""

    gap: int  # counted from 1; 0 is the end of the line before
    after: int  # bytes between the gap and it

    @classmethod
    def of(cls, line: bytes, position: int) -> "Place":
        """Return the place of a position in a line (bytes)."""
        before = line[:position].translate(_KINDS)
        return cls(before.count(_GAP), position - before.rfind(_GAP) - 1)


class LineBytes:
    """A block of whole lines; the text ends with a newline."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.bytes: Bytes = np.frombuffer(text, np.uint8)

    @cached_property
    def line_starts(self) -> Positions:
        """Where each line begins, and the end; whoever has found that otherwise may set it."""
        starts: Positions = self._gaps[self._first] + 1
        return starts

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.line_starts) - 1

    def with_gaps(self, rows: Positions) -> "tuple[LineBytes, Positions]":
        """Return a block in which looking for the gaps of these rows pays, and their rows there."""
        if "_gaps" in self.__dict__ or len(rows) >= MANY_LINES_SHARE * self.count:
            return self, rows
        starts, ends = self.line_spans(rows)
        lines = [self.text[start : end + 1] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        return LineBytes(b"".join(lines)), np.arange(len(rows))

    def starts(self, rows: Positions, place: Place) -> Positions:
        """Return the position in the block at which the place is in each of the rows."""
        return self._gap(rows, place.gap) + 1 + place.after

    def gap_positions(self, rows: Positions, gap: int | Positions) -> Positions:
        """Return where the gap of this number, or of one for each of the rows, is in the rows."""
        return self._gap(rows, gap)

    def columns(self, starts: Positions, width: int) -> Bytes:
        """Return the bytes from each start on, a row each; beyond the block's end the last byte again."""
        return self.bytes.take(starts[:, None] + np.arange(width), mode="clip")

    def words_at(self, positions: Positions) -> Words:
        """Return the eight bytes from each position on, the first in the lowest bits; at an end the last ones."""
        return self._words[np.clip(positions, 0, len(self._words) - 1)]

    def line(self, row: int) -> bytes:
        """Return one line."""
        return self.text[self.line_starts[row] : self.line_starts[row + 1] - 1]

    def line_spans(self, rows: Positions) -> tuple[Positions, Positions]:
        """Return where the rows begin and end."""
        return self.line_starts[rows], self.line_starts[rows + 1] - 1

    def slices(self, starts: Positions, ends: Positions) -> pl.Series:
        """Return the texts from each start to its end; an end of line in one is read as a space."""
        text = self.text
        pieces = [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        if len(pieces) <= FEW_TEXTS:
            texts = [piece.decode(errors="replace").replace("\n", " ") for piece in pieces]
            return pl.Series(texts, dtype=pl.String)
        joined = b"\n".join([*pieces, b""])
        if joined.count(b"\n") != len(pieces):
            joined = b"\n".join([*(piece.replace(b"\n", b" ") for piece in pieces), b""])
        return split_lines(joined)

    def lines(self, rows: Positions) -> pl.Series:
        """Return some lines."""
        if len(rows) < MANY_LINES_SHARE * self.count:
            return self.slices(*self.line_spans(rows))
        return split_lines(self.text).gather(rows)

    def wording(self) -> bytes:
        """Return the text without the values."""
        # Polars takes bytes out by marks in a fifth of the time that numpy does.
        kept: Bytes = pl.Series(self.bytes).filter(pl.Series(~values_in(self._kinds))).to_numpy()
        return kept.tobytes()

    @cached_property
    def _words(self) -> Words:
        text = self.text.ljust(WORD_BYTES, b"\n")
        return np.ndarray(len(text) - WORD_BYTES + 1, "<u8", text, strides=(1,))

    @cached_property
    def _kinds(self) -> Bytes:
        return kinds_of(self.text)

    @cached_property
    def _gaps(self) -> Positions:
        return np.concatenate(([-1], np.flatnonzero(self._kinds == 0)))

    @cached_property
    def _first(self) -> Positions:
        # For each line the number of the gap before it, and one more for the end.
        ends = np.flatnonzero(self.bytes.take(self._gaps[1:]) == _NEWLINE)
        return np.concatenate(([0], ends + 1))

    def _gap(self, rows: Positions, gap: int | Positions) -> Positions:
        # A place learned from other lines may not be in these: what is read there is checked, not trusted.
        return self._gaps.take(self._first[rows] + gap, mode="clip")


def split_lines(text: bytes) -> pl.Series:
    """Return the lines of a text that ends with a newline; it must hold no byte 1."""
    if not text:
        return pl.Series([], dtype=pl.String)
    # read_csv with a separator that no text log holds splits lines eight times faster than str.split.
    table = pl.read_csv(
        text,
        has_header=False,
        separator="\x01",
        quote_char=None,
        new_columns=["line"],
        schema={"line": pl.String},
        truncate_ragged_lines=True,
    )
    return table["line"].fill_null("")


def gaps_in(text: bytes) -> int:
    """Return how many gaps there are in a part of a line."""
    return text.translate(_KINDS).count(_GAP)


def is_gap(line: bytes, position: int) -> bool:
    """Return whether a gap is at a position of a line, or its end."""
    return line[position : position + 1].translate(_KINDS) in (_GAP, b"")


def has_digit(line: bytes, start: int, end: int) -> bool:
    """Return whether a digit stands in a part of a line."""
    return bool(_DIGIT.search(line, start, end))


def kinds_of(text: bytes) -> Bytes:
    """Return for each byte whether it is a digit (2), another part of a word (1) or a gap (0)."""
    return np.frombuffer(text.translate(_KINDS), np.uint8)


def kinds_of_bytes() -> Bytes:
    """Return that for each of the 256 bytes there are."""
    return np.frombuffer(_KINDS, np.uint8)


def values_in(kinds: Bytes) -> Marks:
    """Return which bytes belong to a value: digits, and of their words up to six bytes to each side.

    Hexadecimal ids hold longer runs of letters rarely. Marks are looked at by 64: those of a
    reach of six are those of one, then two, then three more.
    """
    word, marked = _packed(kinds != 0), _packed(kinds == _NUMBER)
    for shifted in (_later, _earlier):
        within_two = word & shifted(word, 1)
        within_three = within_two & shifted(word, 2)
        for reach, within in ((1, word), (2, within_two), (3, within_three)):
            marked |= shifted(marked, reach) & within
    return np.unpackbits(marked.view(np.uint8), count=len(kinds), bitorder="little").view(np.bool_)


def runs_of(table: npt.NDArray[Any]) -> Positions:
    """Return where a row differs from the one before, the first row included."""
    if not len(table):
        return np.zeros(0, np.int64)
    changes = table[1:] != table[:-1]
    return np.concatenate(([0], np.flatnonzero(changes.any(axis=1) if table.ndim > 1 else changes) + 1))


def _packed(marks: Marks) -> Words:
    packed = np.packbits(marks, bitorder="little")
    return np.pad(packed, (0, -len(packed) % 8)).view(np.uint64)


def _later(marks: Words, bits: int) -> Words:
    moved = marks << np.uint64(bits)
    moved[1:] |= marks[:-1] >> np.uint64(64 - bits)
    return moved


def _earlier(marks: Words, bits: int) -> Words:
    moved = marks >> np.uint64(bits)
    moved[:-1] |= marks[1:] << np.uint64(64 - bits)
    return moved
