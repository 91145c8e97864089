"""Find, for millions of lines, which are alike but for their values: a few passes over bytes.

A signature is coarser than a line and finer than a shape (masking.py): digits go, and the
letters that stand close to them in the same word, as in ids and units. Lines of one signature
have the same words in the same order.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from workers.logs.line_bytes import LineBytes, Words, kinds_of, split_lines, values_in


def fingerprints(block: LineBytes) -> Words:
    """Return a number for each line's signature."""
    return split_lines(block.wording()).hash().to_numpy()


def with_other_values(
    lines: Sequence[str], kept_spans: Sequence[Sequence[tuple[int, int]]], *, step: int
) -> list[str]:
    """Return the lines with the values replaced by others, but for the spans (of characters) of each.

    Digits move on by `step`; letters by one, hexadecimal ones staying so.
    """
    text = "\n".join(lines).encode()
    is_value, moved, begin = values_in(kinds_of(text)), text.translate(_moved(step)), 0
    for line, spans in zip(lines, kept_spans, strict=True):
        is_ascii = line.isascii()
        for start, end in spans:
            if not is_ascii:
                start, end = len(line[:start].encode()), len(line[:end].encode())
            is_value[begin + start : begin + end] = False
        begin += (len(line) if is_ascii else len(line.encode())) + 1
    changed = np.where(is_value, np.frombuffer(moved, np.uint8), np.frombuffer(text, np.uint8))
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
