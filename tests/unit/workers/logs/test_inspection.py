"""Inspection: the cause, its time and its lines where there is one; none invented where there is not."""

from datetime import timedelta

import pytest

from bench.logs_guard import noisy_incident
from tests.unit.workers.logs.log_writing import NOW, TEN, as_upload, repeated, steady
from workers.logs.index import Window, build_index
from workers.logs.inspection import inspect, inspect_index
from workers.logs.inspection_report import Inspection
from workers.logs.reading import ReadingCancelled, ReadingOptions
from workers.logs.reading_files import LogBytes

POOL = "connection pool exhausted, {n} waiting"


def pool_incident() -> LogBytes:
    lines = steady()
    lines.append((TEN - timedelta(seconds=40), "pay", "INFO", "deployed pay version 4.2.0"))
    lines += repeated(TEN, "pay", "ERROR", POOL, lines=80, every_seconds=9)
    lines += repeated(
        TEN + timedelta(seconds=2),
        "shop",
        "ERROR",
        "call to pay failed: timeout {n}",
        lines=80,
        every_seconds=9,
    )
    return as_upload(lines)


def test_the_cause_its_service_and_its_first_moment_are_found() -> None:
    report = inspect([pool_incident()], now=NOW)

    assert report.verdict == "cause_found"
    assert report.root_cause_service == "pay"
    assert report.first_bad is not None
    assert abs((report.first_bad - TEN).total_seconds()) <= 5
    assert "pool exhausted" in report.cause
    assert report.cause.endswith("a deployment was logged right before")
    assert any("deployed pay version 4.2.0" in line for line in report.evidence)


def test_evidence_stands_verbatim_in_the_logs_at_the_place_it_names() -> None:
    source = pool_incident()
    lines = source.content.decode().split("\n")

    report = inspect([source], now=NOW)

    assert len(report.evidence) >= 3
    for line in report.evidence_lines:
        assert lines[line.line_number - 1] == line.line


def test_the_telling_message_is_among_the_first_five_changes() -> None:
    report = inspect([pool_incident()], now=NOW)

    first_five = [change.text for change in report.what_changed[:5]]
    assert any("connection pool exhausted" in text for text in first_five)


def test_hypotheses_say_what_speaks_against_them() -> None:
    report = inspect([pool_incident()], now=NOW)

    assert report.hypotheses[0].service == "pay"
    assert all(hypothesis.evidence_for and hypothesis.check_next for hypothesis in report.hypotheses)
    assert any("more speaks for pay" in against for against in report.hypotheses[1].evidence_against)


def test_healthy_logs_with_steady_errors_have_no_cause() -> None:
    report = inspect([as_upload(steady())], now=NOW)

    assert (report.verdict, report.root_cause_service, report.first_bad) == ("no_log_evidence", None, None)
    assert report.hypotheses == ()
    assert "look at metrics" in report.text


def test_a_release_without_trouble_is_no_cause() -> None:
    lines = steady()
    lines += [(TEN, "pay", "INFO", "deployed pay version 4.2.0"), (TEN, "pay", "INFO", "graceful shutdown")]

    assert inspect([as_upload(lines)], now=NOW).root_cause_service is None


def test_trouble_that_began_before_the_asked_window_is_dated_to_its_beginning() -> None:
    lines = steady() + repeated(
        TEN - timedelta(minutes=20),
        "store",
        "ERROR",
        "no space left on device, block {n}",
        lines=400,
        every_seconds=6,
    )
    asked = Window(TEN, TEN + timedelta(minutes=15))

    report = inspect([as_upload(lines)], window=asked, now=NOW)

    assert report.root_cause_service == "store"
    assert report.first_bad is not None
    assert abs((report.first_bad - (TEN - timedelta(minutes=20))).total_seconds()) <= 60


def test_the_asked_window_decides_between_two_troubles() -> None:
    early, late = TEN - timedelta(minutes=50), TEN + timedelta(minutes=30)
    lines = steady()
    lines += repeated(early, "shop", "ERROR", "picture {n} cannot be decoded", lines=60, every_seconds=2)
    lines += repeated(late, "store", "ERROR", "deadlock detected on row {n}", lines=40, every_seconds=3)

    report = inspect(
        [as_upload(lines)], window=Window(late - timedelta(minutes=5), late + timedelta(minutes=10)), now=NOW
    )

    assert report.root_cause_service == "store"


def test_services_limit_the_judgement() -> None:
    report = inspect([pool_incident()], services=["store"], now=NOW)

    assert report.root_cause_service is None


def test_nothing_found_is_not_could_not_read() -> None:
    nothing = inspect([LogBytes("empty.log", b"")], now=NOW)
    unreadable = inspect([LogBytes("core", bytes(range(256)) * 9)], now=NOW)

    assert nothing.verdict == "nothing_found"
    assert unreadable.verdict == "could_not_read"
    assert "is binary" in unreadable.text


def test_the_report_is_json_with_the_fields_scripts_read() -> None:
    report = inspect([pool_incident()], now=NOW)

    fields = report.model_dump(mode="json")
    assert list(fields)[:7] == [
        "root_cause_service", "first_bad", "cause", "what_changed", "evidence", "hypotheses", "text",
    ]  # fmt: skip
    assert Inspection.model_validate_json(report.model_dump_json()) == report


def test_the_chart_holds_every_line_once() -> None:
    source = pool_incident()

    report = inspect([source], now=NOW)

    assert report.chart is not None
    everything = next(series for series in report.chart.series if series.name == "all lines")
    assert sum(everything.counts) == source.content.count(b"\n") + 1
    assert report.chart.marks[0][1] == "first bad"


def test_an_inspection_can_be_cancelled() -> None:
    with pytest.raises(ReadingCancelled):
        inspect([pool_incident()], now=NOW, is_cancelled=lambda: True)


def test_limits_and_odd_clocks_are_told() -> None:
    text = as_upload(steady()).content.replace(b"Z ", b" ")

    report = inspect([LogBytes("x.log", text)], now=NOW, max_bytes=20_000)

    assert any("the limit" in note for note in report.coverage.notes)
    assert any("UTC is assumed" in note for note in report.coverage.notes)


def test_a_callee_with_a_cause_of_its_own_is_blamed_in_whatever_words_its_caller_names_it() -> None:
    lines = steady()
    lines += repeated(TEN, "store", "ERROR", "no space left on device, block {n}", lines=60, every_seconds=9)
    lines += repeated(
        TEN, "shop", "ERROR", "gave up on page {n}: store would have none of it", lines=400, every_seconds=1
    )

    report = inspect([as_upload(lines)], now=NOW)

    assert report.root_cause_service == "store"


@pytest.mark.parametrize("vocabulary", [None, 8_000])
def test_words_that_no_mask_knows_neither_multiply_templates_nor_hide_the_cause(vocabulary: int | None) -> None:
    index = build_index([noisy_incident(60_000, vocabulary)], ReadingOptions(now=NOW))
    report = inspect_index(index)

    assert index.guarded_lines > 0
    assert len(index.templates) < 100
    assert report.root_cause_service == "pay"
    assert any("connection pool exhausted" in change.text for change in report.what_changed[:5])


def test_what_is_never_good_news_is_trouble_even_where_no_level_is_written() -> None:
    lines = steady()
    lines += repeated(TEN, "store", "INFO", "nf_conntrack: table full, packet {n}", lines=90, every_seconds=8)

    report = inspect([as_upload(lines)], now=NOW)

    assert report.root_cause_service == "store"
    assert report.cause.startswith("Connection tracking table full in store")
