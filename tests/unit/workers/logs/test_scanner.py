"""The compiled loops find in a block what arrays find in it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.logs import familiar
from workers.logs.index import build_index
from workers.logs.learned import UNKNOWN, Learned
from workers.logs.line_bytes import LineBytes, Words
from workers.logs.reading import ReadingOptions
from workers.logs.reading_files import LogBytes
from workers.logs.scanner import Scanner
from workers.logs.signatures import fingerprints
from workers.logs.timestamps import Clock

BEGIN = datetime(2026, 3, 4, 10, tzinfo=UTC)
CLOCK = Clock(now=BEGIN)
# Long words with and without digits, so that values reach into words of 64 marks from both sides.
PARTS = st.sampled_from(["a", "abcdefgh", "7", "f00", "é", " ", ".", "-", "/", "took", "_", "0123456789", "x" * 60])
LINES = st.lists(st.lists(PARTS, max_size=40).map("".join), min_size=1, max_size=30)


def _scanner(learned: Learned | None = None) -> Scanner:
    return Scanner(learned or Learned())


def _groups(signatures: Words) -> list[int]:
    """Return for each line the first line that is alike."""
    _, first, of_line = np.unique(signatures, return_index=True, return_inverse=True)
    return [int(number) for number in first[of_line]]


@settings(deadline=None)  # the first call compiles
@given(LINES)
def test_the_same_lines_are_alike_whatever_their_values(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines).encode()
    looked = _scanner().look(block := LineBytes(text), CLOCK)

    assert _groups(looked.signatures) == _groups(fingerprints(LineBytes(text)))
    assert block.line_starts.tolist() == LineBytes(text).line_starts.tolist()
    assert (looked.codes == UNKNOWN).all()


def test_a_block_of_very_short_lines_has_room() -> None:
    looked = _scanner().look(block := LineBytes(b"\n" * 5_000), CLOCK)

    assert block.count == 5_000
    assert len(set(looked.signatures.tolist())) == 1


def test_what_was_learned_after_a_look_is_known_at_the_next() -> None:
    learned = Learned()
    scanner = _scanner(learned)
    block = LineBytes(b"alpha\nbeta\ngamma\n")
    signatures = scanner.look(block, CLOCK).signatures
    learned.remember(signatures[:2], np.array([-2, -3], np.int32))

    assert scanner.look(block, CLOCK).codes.tolist() == [-2, -3, UNKNOWN]


def _index(lines: list[str], *, way: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    monkeypatch.setattr("workers.logs.reading_files.FIRST_BLOCK_BYTES", 16 << 10)
    monkeypatch.setattr(familiar, "WORTH_COMPILING_BYTES", 0 if way == "compiled" else 1 << 60)
    monkeypatch.setattr(familiar, "PATIENCE_BLOCKS", 0 if way == "full" else 4)
    index = build_index([LogBytes("log.txt", "\n".join(lines).encode())], ReadingOptions(now=BEGIN))
    return sorted(index.counts.select("template", "level", "minute", "lines").iter_rows(), key=str)


def test_more_days_than_there_is_room_for_are_read_by_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        f"{BEGIN - timedelta(days=number % 1500):%Y-%m-%dT%H:%M:%S}.{number % 1000:03d}Z INFO cart stored {number}"
        for number in range(4_000)
    ]
    monkeypatch.setattr("workers.logs.scanner.MOST_NEW_DAYS", 16)

    counts = _index(lines, way="compiled", monkeypatch=monkeypatch)

    assert counts == _index(lines, way="full", monkeypatch=monkeypatch)


def test_times_without_a_year_and_wrong_times_are_left_to_full_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    months = ["Mar", "Feb", "Apr", "Foo"]  # the third is of last year, the fourth of none
    lines = []
    for number in range(3_000):
        month = months[number % 4 if number > 1_000 else 0]
        lines.append(f"{month}  3 {number % 25:02d}:{number % 60:02d}:07 web1 cart: stored {number}")

    counts = _index(lines, way="compiled", monkeypatch=monkeypatch)

    assert counts == _index(lines, way="full", monkeypatch=monkeypatch)
    assert counts == _index(lines, way="arrays", monkeypatch=monkeypatch)


def test_without_numba_logs_of_any_size_are_read_by_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    shortcut = familiar.Shortcut(lambda events: np.zeros(0, np.uint64), lambda keys: None, lambda shown: None)
    shortcut.expect(1 << 40)

    assert not shortcut.is_compiled
