"""Find, for millions of lines, which are alike but for their values: a few passes over bytes.

A signature is coarser than a line and finer than a shape (masking.py): digits go, and the
letters that stand close to them in the same word, as in ids and units. Lines of one signature
have the same words in the same order. Whole blocks are looked at as arrays of bytes, which
costs a third of what one regular expression does.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

REACH = 6  # letters of a word that a digit takes with it, to each side: hexadecimal ids hold longer runs rarely

_WORD, _NUMBER = 1, 2
_KINDS = bytes(
    _NUMBER
    if chr(byte) in "0123456789"
    else _WORD
    if byte < 128 and (chr(byte).isalpha() or chr(byte) in "_@/+-")
    else 0
    for byte in range(256)
)

Bytes = npt.NDArray[np.uint8]


def fingerprints(text: bytes) -> pl.Series:
    """Return a number for each line's signature (UInt64). The text must end with a newline."""
    kept = np.frombuffer(text, np.uint8)[values_in(text) == 0]
    lines = pl.read_csv(
        kept.tobytes(),
        has_header=False,
        separator="\x01",
        quote_char=None,
        schema={"line": pl.String},
        truncate_ragged_lines=True,
    )
    return lines["line"].fill_null("").hash()


def values_in(text: bytes) -> Bytes:
    """Return 1 for each byte that belongs to a value, 0 for wording."""
    kinds = np.frombuffer(text.translate(_KINDS), np.uint8)
    in_word = (kinds != 0).view(np.uint8)
    marked: Bytes = (kinds == _NUMBER).view(np.uint8).copy()
    for _ in range(REACH):
        marked[1:] |= marked[:-1]
        marked &= in_word
    for _ in range(REACH):
        marked[:-1] |= marked[1:]
        marked &= in_word
    return marked


def with_other_values(
    lines: Sequence[str], kept_spans: Sequence[Sequence[tuple[int, int]]], *, step: int
) -> list[str]:
    """Return the lines with the values replaced by others, but for the spans (of characters) of each.

    Digits move on by `step`; letters by one, hexadecimal ones staying so.
    """
    text = "\n".join(lines).encode()
    is_value, moved, begin = values_in(text), text.translate(_moved(step)), 0
    for line, spans in zip(lines, kept_spans, strict=True):
        for start, end in spans:
            is_value[begin + len(line[:start].encode()) : begin + len(line[:end].encode())] = 0
        begin += len(line.encode()) + 1
    changed = np.where(is_value == 1, np.frombuffer(moved, np.uint8), np.frombuffer(text, np.uint8))
    return changed.tobytes().decode(errors="replace").split("\n")


@cache
def _moved(step: int) -> bytes:
    table = bytearray(range(256))
    for digit in range(10):
        table[ord("0") + digit] = ord("0") + (digit + step) % 10
    for first, last in ("af", "gz", "AF", "GZ"):
        span = ord(last) - ord(first) + 1
        for offset in range(span):
            table[ord(first) + offset] = ord(first) + (offset + 1) % span
    return bytes(table)
