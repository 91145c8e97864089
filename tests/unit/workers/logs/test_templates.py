"""Templates: values out, wording kept, the same whatever the order, and never too many."""

import random
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.logs.masking import readable, tokens_of
from workers.logs.templates import MAX_SHAPES, UNSORTED_SHAPE, TemplateMiner, mine


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("user 17 logged in from 10.0.0.1:80", "user 9 logged in from 10.9.8.7:4431"),
        ("read /srv/data/a.bin in 3 ms", "read /srv/data/b/c.bin in 1,204 ms"),
        ("job 9f86d081884c7d65 done", "job 60303ae22b998861 done"),
        ("lifetime <1 sec of the tunnel", "lifetime 00:42 of the tunnel"),
        ("connect to api.example.org:443 failed", "connect to db-1.internal:5432 failed"),
        ("peers 10.0.0.1, 10.0.0.2, 10.0.0.3 are down", "peers 10.0.0.9 are down"),
        ('tag="view lock" held', 'tag="x" held'),
    ],
)
def test_messages_that_differ_in_values_have_one_template(first: str, second: str) -> None:
    templates = mine([first, second])

    assert templates[0] == templates[1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("connection opened by peer", "connection closed by peer"),
        ("failed with java.io.FileNotFoundException now", "failed with java.net.SocketTimeoutException now"),
        ("state changed to READY after boot", "state changed to FAILED after boot"),
    ],
)
def test_messages_that_differ_in_wording_keep_their_own(first: str, second: str) -> None:
    templates = mine([first, second])

    assert templates[0].id != templates[1].id


def test_a_place_with_many_different_words_is_a_value() -> None:
    names = ["anna", "ben", "carla", "dirk", "emma", "fritz"]

    templates = {template.text for template in mine([f"greeting sent to {name} today" for name in names])}

    assert templates == {"greeting sent to <*> today"}


def test_the_order_of_the_lines_does_not_matter() -> None:
    lines = [f"worker {name} took job {n} from queue {name}" for n in range(40) for name in ("a", "b", "mail")]
    shuffled = lines[:]
    random.Random(7).shuffle(shuffled)

    in_order = {line: template.id for line, template in zip(lines, mine(lines), strict=True)}
    out_of_order = {line: template.id for line, template in zip(shuffled, mine(shuffled), strict=True)}

    assert in_order == out_of_order


def test_a_miner_that_goes_on_keeps_its_ids() -> None:
    first = TemplateMiner()
    first.add(pl.Series(["disk sda1 is at 91 percent", "greeting sent to anna today"]))
    earlier = {template.text: template.id for template in first.templates}
    second = TemplateMiner(state=first.state())

    names = ("anna", "ben", "carla", "dirk", "emma")
    second.add(pl.Series([f"greeting sent to {name} today" for name in names]))

    later = {template.text: template.id for template in second.templates}
    assert later["greeting sent to <*> today"] == earlier["greeting sent to anna today"]


def test_unmasked_unique_words_do_not_make_endless_templates() -> None:
    source = random.Random(3)
    lines = [f"lookup of {''.join(source.choices('bcdfgh', k=9))} gave nothing" for _ in range(3_000)]
    miner = TemplateMiner(max_shapes=500)

    for start in range(0, 3_000, 1_000):
        miner.add(pl.Series(lines[start : start + 1_000]))

    assert len(miner.examples) <= 500
    assert miner.guarded_lines > 0


def test_when_nothing_helps_lines_are_counted_as_unsorted() -> None:
    miner = TemplateMiner(max_shapes=10)

    shapes = miner.add(pl.Series([f"{a}{b}{a} {b}{a}x" for a in "abcdefghij" for b in "klmnopqrst"] * 3))

    assert shapes.len() == 300
    assert len(miner.examples) <= 10 < MAX_SHAPES
    assert any(template.text == UNSORTED_SHAPE for template in miner.templates) or len(miner.examples) < 10


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=20))
def test_any_text_can_be_mined(messages: list[str]) -> None:
    templates = mine(messages)

    assert len(templates) == len(messages)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_tokens_never_hold_two_wildcards_in_a_row(message: str) -> None:
    tokens = tokens_of(message)

    assert ("<*>", "<*>") not in set(pairwise(tokens))
    assert isinstance(readable(tokens), str)
