"""The operations pages as HTML: figures in words that can't be misread, and people's text escaped."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from assistant.storage.quality_store import (
    DocumentLine,
    FeedbackLine,
    JobLine,
    LaneState,
    ModelCost,
    Overview,
    StageLatency,
    WorkerState,
)
from bot.admin.figures import (
    age,
    render_documents,
    render_feedback,
    render_jobs,
    render_overview,
    render_queue,
    share,
    shortened,
)
from tests.factories import NOON

EVIL = "<script>alert(1)</script>"


def make_overview(**fields: object) -> Overview:
    values: dict[str, object] = {
        **dict.fromkeys(("questions", "answered", "refused", "failed", "cancelled", "open"), 0),
        **dict.fromkeys(("thumbs_up", "thumbs_down", "answers_with_failed_checks"), 0),
        "latency": (),
        "models": (),
        "error_codes": {},
    }
    return Overview(**{**values, **fields})  # type: ignore[arg-type]


def test_an_empty_window_has_no_tables_and_no_division_by_nothing() -> None:
    page = render_overview(make_overview(), 1, (1, 7))

    assert "no questions yet" in page
    assert "<table" not in page


def test_figures_latency_models_and_errors_stand_in_the_overview() -> None:
    figures = make_overview(
        questions=8,
        answered=6,
        failed=2,
        latency=(StageLatency("model", 120, 900), StageLatency("total", 300, 1800)),
        models=(ModelCost("strong", 6, 1000, 100, 0.0, 6),),
        error_codes={EVIL: 2},
    )

    page = render_overview(figures, 7, (1, 7))

    for words in ("75 % of questions", "1.80 s", "width:50.0%", "unknown", "&lt;script&gt;"):
        assert words in page
    assert 'href="/admin?days=7" aria-current="page"' in page


def test_the_overview_tells_how_close_sent_mails_are_to_their_drafts() -> None:
    some = render_overview(make_overview(sent_drafts=4, sent_untouched=1, sent_similarity=0.875), 7, (1, 7))
    none = render_overview(make_overview(), 7, (1, 7))

    assert "88 % as drafted, 1 untouched" in some
    assert "none in this window" in none


def test_a_job_in_the_list_leads_to_its_story_and_keeps_its_text() -> None:
    line = JobLine(uuid4(), "policy_search", "failed", None, EVIL, EVIL * 20, NOON, None, None, "down", "internal")

    page = render_jobs([line], kind="", state="failed", words=EVIL)

    assert f'href="/admin/jobs/{line.id}"' in page
    assert "<script>" not in page
    assert "failed: internal" in page
    assert '<option value="failed" selected>' in page


def test_documents_stand_by_space() -> None:
    line = DocumentLine("hr", "a.md", "Leave", "3", NOON.date(), "People", "superseded", ("hr",), 4, 2, NOON)

    page = render_documents([line])

    for words in ("hr: 1 document", "24 November 2026", "superseded", "2 warnings"):
        assert words in page


def test_without_a_living_worker_the_queue_page_warns() -> None:
    worker = WorkerState("w1", ("policy",), 8, NOON, NOON, is_alive=False)
    lane = LaneState("policy", 3, 0, NOON - timedelta(minutes=4))

    page = render_queue([lane], [worker], NOON)

    assert "No worker is alive" in page
    assert "4 min" in page
    assert "No worker is alive" not in render_queue([lane], [WorkerState("w", (), 8, NOON, NOON, True)], NOON)


def test_feedback_shows_reason_and_correction() -> None:
    line = FeedbackLine(uuid4(), "Ann", "down", "missing_source", EVIL, "How many days?", NOON)

    page = render_feedback([line], "down")

    assert "missing source" in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (200_000, "2 d"), (-5, "0 s")]
)
def test_ages_are_in_the_largest_unit_that_fits(seconds: int, words: str) -> None:
    assert age(NOON - timedelta(seconds=seconds), NOON) == words


def test_shares_and_long_questions_are_short() -> None:
    assert share(1, 3) == "33 % of questions"
    assert shortened("a\n\n b") == "a b"
    assert len(shortened("x" * 500)) == 140
