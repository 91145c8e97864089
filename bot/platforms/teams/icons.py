"""The app's two icons, drawn by code: Teams wants a coloured one of 192 pixels and a white outline of 32.

A speech bubble with a tick in it. No picture files to keep, and no picture library to draw them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache

Point = tuple[float, float]
Inside = Callable[[float, float], bool]

ACCENT = (0x1F, 0x5E, 0x5B)
ACCENT_HEX = "#1F5E5B"
SAMPLES = 4  # a pixel's edge is the mean of so many points in each direction


@cache
def color_icon() -> bytes:
    """Return the PNG of 192 × 192: white bubble, tick in the accent colour, full background."""
    return _png(192, [(_everything, (*ACCENT, 255)), (_bubble, (255, 255, 255, 255)), (_tick, (*ACCENT, 255))])


@cache
def outline_icon() -> bytes:
    """Return the PNG of 32 × 32: white lines on nothing."""
    return _png(32, [(lambda x, y: _rim(x, y) or _tick(x, y), (255, 255, 255, 255))])


def _everything(x: float, y: float) -> bool:
    return True


def _bubble(x: float, y: float) -> bool:
    """A rounded box with a tail at the lower left; coordinates run from 0 to 1."""
    return _box(x, y, 0.0) or _in_triangle(x, y, (0.30, 0.66), (0.30, 0.86), (0.50, 0.66))


def _rim(x: float, y: float) -> bool:
    return _bubble(x, y) and not _box(x, y, 0.07)


def _box(x: float, y: float, inset: float) -> bool:
    left, top, right, bottom, radius = 0.18 + inset, 0.20 + inset, 0.82 - inset, 0.68 - inset, 0.12 - inset / 2
    if not (left <= x <= right and top <= y <= bottom):
        return False
    dx = max(left + radius - x, 0.0, x - (right - radius))
    dy = max(top + radius - y, 0.0, y - (bottom - radius))
    return dx * dx + dy * dy <= radius * radius


def _tick(x: float, y: float) -> bool:
    return _near(x, y, (0.37, 0.45), (0.46, 0.54)) or _near(x, y, (0.46, 0.54), (0.63, 0.34))


def _near(x: float, y: float, start: Point, end: Point, width: float = 0.035) -> bool:
    (ax, ay), (bx, by) = start, end
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
    along = min(1.0, max(0.0, along))
    return (x - ax - along * (bx - ax)) ** 2 + (y - ay - along * (by - ay)) ** 2 <= width**2


def _in_triangle(x: float, y: float, a: Point, b: Point, c: Point) -> bool:
    def side(p: Point, q: Point) -> float:
        return (x - q[0]) * (p[1] - q[1]) - (p[0] - q[0]) * (y - q[1])

    signs = [side(a, b) < 0, side(b, c) < 0, side(c, a) < 0]
    return all(signs) or not any(signs)


def _png(size: int, layers: list[tuple[Inside, tuple[int, int, int, int]]]) -> bytes:
    rows = b"".join(b"\0" + b"".join(_pixel(x, y, size, layers) for x in range(size)) for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _pixel(column: int, row: int, size: int, layers: list[tuple[Inside, tuple[int, int, int, int]]]) -> bytes:
    red = green = blue = alpha = 0.0
    points = [(i + 0.5) / SAMPLES for i in range(SAMPLES)]
    for inside, (r, g, b, a) in layers:
        hits = sum(inside((column + dx) / size, (row + dy) / size) for dx in points for dy in points)
        share = hits / SAMPLES**2 * a / 255
        if share:
            total = share + alpha * (1 - share)
            red, green, blue = (
                (new * share + old * alpha * (1 - share)) / total for new, old in ((r, red), (g, green), (b, blue))
            )
            alpha = total
    return bytes((round(red), round(green), round(blue), round(alpha * 255)))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
