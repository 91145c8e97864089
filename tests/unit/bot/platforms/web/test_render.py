"""Every block of a reply as HTML, with other people's text escaped in all of them."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from assistant.jobs import Check, LatencyMs
from assistant.replies import (
    Action,
    Actions,
    Block,
    Chart,
    Checklist,
    Citation,
    Citations,
    Draft,
    Excerpt,
    FileOffer,
    Notice,
    Paragraph,
    Reply,
    Series,
    Table,
)
from bot.platforms.web.chart import nice_ceiling, render_chart, short_label
from bot.platforms.web.receipt import cost, latency_bar, milliseconds, summary_line
from bot.platforms.web.render import day_words, render_partial, render_reply, size_words
from tests.factories import make_receipt

EVIL = '"><img src=x onerror=alert(1)>'
CITATION = Citation(number=1, chunk_id=EVIL, document_id=EVIL, document=EVIL, title=EVIL, section=EVIL, quote=EVIL)
LINE = Series(name=EVIL, values=(1.0,))
BLOCKS: list[Block] = [
    Paragraph(markdown=f"{EVIL} [1]"),
    Notice(text=EVIL, level="error"),
    Citations(items=(CITATION,)),
    Table(title=EVIL, columns=(EVIL,), rows=((EVIL,),)),
    Checklist(title=EVIL, items=(EVIL,)),
    Excerpt(title=EVIL, lines=(EVIL,)),
    Chart(title=EVIL, alt=EVIL, x=(EVIL,), series=(LINE,), unit=EVIL, marks=((EVIL, EVIL),)),
    Draft(draft_id=EVIL, revision=1, to=(EVIL,), cc=(EVIL,), subject=EVIL, body=EVIL, placeholders=(EVIL,)),
    FileOffer(name=EVIL, media_type=EVIL, blob="ab12", size_bytes=1),
    Actions(items=(Action(name="retry", label=EVIL),)),
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.type)
def test_text_in_a_block_stays_text(block: Block) -> None:
    page = render_reply(Reply(text=EVIL, blocks=(block, Citations(items=(CITATION,)))), uuid4())

    assert "<img" not in page
    assert 'onerror="' not in page
    assert "&lt;img" in page


def test_a_reply_without_blocks_shows_its_text() -> None:
    assert "Twenty-five days." in render_reply(Reply(text="Twenty-five days."), uuid4())


def test_a_file_is_downloaded_from_its_job() -> None:
    job_id = uuid4()
    offer = FileOffer(name="minutes.docx", media_type="text/plain", blob="ab12", size_bytes=2048)

    page = render_reply(Reply(text="", blocks=(offer,)), job_id)

    assert f'href="/files/{job_id}/ab12"' in page
    assert "2.05 kB" in page


def test_buttons_that_the_page_has_anyway_are_not_shown_twice() -> None:
    block = Actions(items=(Action(name="stop", label="Stop"), Action(name="export", label="Export", style="primary")))

    page = render_reply(Reply(text="", blocks=(block,)), uuid4())

    assert "Export" in page
    assert "Stop" not in page


def test_growing_text_closes_what_it_has_opened() -> None:
    assert "<strong>five</strong>" in render_partial("You have **five")


def test_a_chart_leaves_gaps_where_a_value_is_missing() -> None:
    chart = Chart(title="t", alt="a", x=("1", "2", "3"), series=(Series(name="s", values=(1.0, float("nan"), 3.0)),))

    assert render_chart(chart).count("M") == 2


def test_a_chart_without_values_is_its_words() -> None:
    page = render_chart(Chart(title="Errors", alt="No errors were logged.", x=(), series=()))

    assert "No errors were logged." in page
    assert "<svg" not in page


@pytest.mark.parametrize(("value", "ceiling"), [(0.0, 1.0), (3.0, 5.0), (21.0, 25.0), (96.0, 100.0), (100.0, 100.0)])
def test_axes_end_at_round_numbers(value: float, ceiling: float) -> None:
    assert nice_ceiling(value) == ceiling


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("2026-11-24T09:05:00+00:00", "09:05"),
        ("2026-11-24", "24 Nov"),
        ("Q3", "Q3"),
        ("a very long label", "a very long…"),
    ],
)
def test_labels_are_short(label: str, shown: str) -> None:
    assert short_label(label) == shown


@pytest.mark.parametrize(
    ("value", "words"), [(0.4, "0 ms"), (812.0, "812 ms"), (1340.0, "1.34 s"), (125_000.0, "2 min 5 s")]
)
def test_durations_are_readable(value: float, words: str) -> None:
    assert milliseconds(value) == words


def test_an_unknown_price_is_not_a_price_of_nothing() -> None:
    assert [cost(None), cost(None, offline=True), cost(0.0), cost(0.0123), cost(1234.5)] == [
        "cost unknown",
        "no cost",
        "no cost",
        "$0.0123",
        "$1,234.50",
    ]


def test_the_receipt_in_a_line_counts_the_checks_that_passed() -> None:
    checks = (Check(name="a", passed=True), Check(name="b", passed=False))
    receipt = make_receipt(checks=checks, latency_ms=LatencyMs(model=250, total=267))

    assert summary_line(receipt) == "267 ms · 1 of 2 checks passed · no cost"


def test_the_latency_bar_shows_each_stage_and_the_total() -> None:
    page = latency_bar(LatencyMs(queue=10, model=30, total=40))

    assert "width:25.00%" in page
    assert "width:75.00%" in page
    assert "40 ms" in page


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (999, "999 B"), (25_000_000, "25 MB"), (3_400_000_000, "3.4 GB")]
)
def test_sizes_are_readable(size: int, words: str) -> None:
    assert size_words(size) == words


def test_a_date_is_written_out_and_anything_else_left_alone() -> None:
    assert [day_words("2026-01-05"), day_words("spring")] == ["5 January 2026", "spring"]


def test_the_words_of_marks_that_stand_near_one_another_do_not_overlap() -> None:
    steps = tuple(f"2026-03-04T10:{minute:02d}:00+00:00" for minute in range(60))
    marks = ((steps[30], "first bad"), (steps[30], "change"), (steps[29], "deployment"), (steps[24], "deployment"))
    chart = Chart(title="t", alt="a", x=steps, series=(Series(name="pay", values=(1.0,) * 60),), marks=marks)

    drawn = re.findall(
        r'<text x="([\d.]+)" y="([-\d.]+)" text-anchor="(start|end)">(?:first|change|depl)', render_chart(chart)
    )

    rooms = [(y, float(x) - 130, float(x)) if a == "end" else (y, float(x), float(x) + 130) for x, y, a in drawn]
    assert len(rooms) == 4
    for number, (y, begin, end) in enumerate(rooms):
        assert not any(y == other[0] and begin < other[2] and other[1] < end for other in rooms[number + 1 :])
