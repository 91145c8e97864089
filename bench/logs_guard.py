"""Measure the cardinality guard: a log whose lines are full of words that no mask takes for values.

Their number and places vary from line to line. Beside them three services do their work, and
one of them runs out of connections: the cause must still be found, in bounded memory.
"""

import random
import time
from datetime import UTC, datetime, timedelta

from workers.logs.index import build_index
from workers.logs.inspection import inspect_index
from workers.logs.reading import ReadingOptions
from workers.logs.reading_files import LogBytes
from workers.logs.templates import MAX_SHAPES

LINES = 200_000
VOCABULARIES = {"words_come_once": None, "words_come_again": 8_000}  # how many different words there are
BEGIN = datetime(2026, 3, 4, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SPAN_SECONDS = 7_200
KEY = "connection pool exhausted"


def measure(lines: int = LINES) -> dict[str, object]:
    """Return for each kind of words the templates kept, the cost, and whether the cause is found."""
    return {name: _measured(lines, vocabulary) for name, vocabulary in VOCABULARIES.items()}


def noisy_incident(lines: int, vocabulary: int | None, *, seed: int = 5) -> LogBytes:
    """Return the log; `vocabulary` is the number of different noise words, None for words that come once."""
    source = random.Random(seed)
    words = [_word(source) for _ in range(vocabulary or 0)]
    written = []
    for number in range(lines):
        noise = [source.choice(words) if words else _word(source) for _ in range(source.randint(2, 9))]
        noise.insert(source.randint(0, len(noise)), "handled")
        written.append((number * SPAN_SECONDS / lines, f"INFO search: {' '.join(noise)}"))
    for number in range(SPAN_SECONDS):
        written.append((number, f"INFO shop: page {number} served"))
        written.append((number + 0.2, f"INFO pay: order {number} charged"))
        written.append((number + 0.4, f"INFO store: row {number} written"))
    for number in range(100):
        written.append((SPAN_SECONDS / 2 + 9 * number, f"ERROR pay: {KEY}, {number} waiting"))
        written.append((SPAN_SECONDS / 2 + 9 * number + 1, f"ERROR shop: call to pay failed: timeout {number}"))
    text = "\n".join(
        f"{BEGIN + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ} {line}" for second, line in sorted(written)
    )
    return LogBytes("noisy.log", text.encode())


def _measured(lines: int, vocabulary: int | None) -> dict[str, object]:
    log = noisy_incident(lines, vocabulary)
    before = time.process_time()
    index = build_index([log], ReadingOptions(now=BEGIN + DAY))
    cpu_seconds = time.process_time() - before
    inspection = inspect_index(index)
    return {
        "lines": index.report.lines,
        "templates": len(index.templates),
        "limit": MAX_SHAPES,
        "guarded_lines": index.guarded_lines,
        "index_megabytes": round((index.rows.estimated_size() + index.counts.estimated_size()) / 1e6),
        "cpu_seconds": round(cpu_seconds, 2),
        "cause_found": inspection.root_cause_service == "pay",
        "key_in_first_five": any(KEY in change.text for change in inspection.what_changed[:5]),
    }


def _word(source: random.Random) -> str:
    return "".join(source.choices("bcdfghjklmnpqrstvwxz", k=8))
