"""What is known of a signature is found again, and a head is one whatever its message says."""

import numpy as np
import polars as pl

from workers.logs.heads import heads_of
from workers.logs.learned import UNKNOWN, Learned
from workers.logs.line_bytes import LineBytes

LINE = "10:00:07 INFO cart [a1b2] "


def test_signatures_that_share_a_slot_are_all_found() -> None:
    learned = Learned()
    alike = (np.arange(1, 6, dtype=np.uint64) << np.uint64(40)) + np.uint64(5)  # the same last bits
    learned.remember(alike[:3], np.array([0, 1, 2], np.int32))
    learned.remember(alike[2:4], np.array([9, 3], np.int32))

    _, codes = learned.codes_of(LineBytes(b"a\nb\nc\nd\ne\n"), alike)

    assert codes.tolist() == [0, 1, 2, 3, UNKNOWN]


def _read(messages: list[str], **fields: object) -> pl.DataFrame:
    same = {"format": "iso:level", "level": 9, "service": "cart", "status": None, "host": None, "trace": None}
    return pl.DataFrame([{"message": message, **same, **fields} for message in messages], infer_schema_length=None)


def test_lines_with_other_messages_and_values_have_the_same_head() -> None:
    messages = ["order 7 stored", "session closed by user12"]
    lines = [LINE + messages[0], LINE.replace("07", "59").replace("a1b2", "77f0") + messages[1]]

    first, second = heads_of(lines, _read(messages), [None, None])

    assert first is not None
    assert first == second
    assert first != heads_of(lines, _read(messages, level=17), [None, None])[0]


def test_a_message_that_may_have_a_say_in_how_its_line_is_read_has_no_head() -> None:
    lines = [LINE + "7 orders stored", LINE + "order stored", "x" + LINE + "order stored"]

    by_value = heads_of(lines[:1], _read(["7 orders stored"]), [None])
    by_decisive_value = heads_of(lines[1:2], _read(["order stored"]), [(len(LINE) + 2, len(LINE) + 4)])
    with_its_trace = heads_of(lines[1:2], _read(["order stored"], trace="stored"), [None])
    within_a_word = heads_of(lines[2:], _read(["rder stored"]), [None])

    assert by_value == by_decisive_value == with_its_trace == within_a_word == [None]
