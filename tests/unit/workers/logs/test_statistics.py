"""Statistics: what changed, by how much and when, and nothing where nothing did."""

from datetime import timedelta

import pytest

from tests.unit.workers.logs.log_writing import NOW, TEN, as_upload, repeated, steady
from workers.logs.index import LogIndex, Window, build_index
from workers.logs.reading import ReadingOptions
from workers.logs.statistics import (
    MAX_BINS,
    bin_seconds_for,
    changes_between,
    log_likelihood_ratio,
    signals_of,
    timeline_of,
)


def index_of(*extra: object) -> LogIndex:
    lines = steady()
    for more in extra:
        lines += more  # type: ignore[operator]
    return build_index([as_upload(lines)], ReadingOptions(now=NOW))


def test_equal_rates_score_nothing_and_higher_ones_score_positive() -> None:
    assert log_likelihood_ratio(10, 10, 60, 60) == pytest.approx(0)
    assert log_likelihood_ratio(30, 10, 60, 60) > 9
    assert log_likelihood_ratio(10, 30, 60, 60) < -9
    assert log_likelihood_ratio(5, 0, 0, 60) == 0


def test_the_burst_is_found_with_its_first_moment() -> None:
    index = index_of(repeated(TEN, "pay", "ERROR", "tunnel {n} broke", lines=60, every_seconds=4))
    span = index.span
    assert span is not None

    burst = signals_of(index, timeline_of(index, span), span)[0]

    assert index.templates[burst.template].text == "tunnel <*> broke"
    assert (burst.start_at, burst.burst_lines, burst.is_new) == (TEN, 60, True)


def test_steady_messages_have_no_burst_worth_a_look() -> None:
    index = index_of()
    span = index.span
    assert span is not None

    signals = signals_of(index, timeline_of(index, span), span)

    assert max(signal.score for signal in signals) < 20


def test_new_gone_and_rarer_messages_are_told_apart() -> None:
    hour = timedelta(hours=1)
    index = index_of(
        repeated(TEN, "pay", "INFO", "fresh thing {n}", lines=30, every_seconds=20),
        repeated(TEN - hour, "pay", "INFO", "old thing {n}", lines=30, every_seconds=20),
        repeated(TEN - hour, "pay", "INFO", "fading thing {n}", lines=61, every_seconds=60),
    )

    changes = changes_between(index, Window(TEN, TEN + hour), Window(TEN - hour, TEN))

    kinds = {index.templates[change.template].text: change.kind for change in changes}
    assert kinds["fresh thing <*>"] == "new"
    assert kinds["old thing <*>"] == "gone"
    assert kinds["fading thing <*>"] == "dropped"


def test_steps_of_time_stay_below_the_limit() -> None:
    for days in (1, 7, 30):
        window = Window(TEN, TEN + timedelta(days=days))
        assert window.seconds / bin_seconds_for(window) <= MAX_BINS


def test_noise_at_its_own_pace_is_no_burst_where_traffic_is_low() -> None:
    start = TEN - timedelta(minutes=60)
    lines = repeated(start, "store", "WARN", "replica lag is {n} s", lines=720, every_seconds=10)
    for minute in range(120):
        calls = 2 if minute < 60 else 40
        at = start + timedelta(minutes=minute)
        lines += repeated(at, "shop", "INFO", "page {n} served", lines=calls, every_seconds=60 / calls)
    index = build_index([as_upload(lines)], ReadingOptions(now=NOW))
    assert index.span is not None

    signals = signals_of(index, timeline_of(index, index.span), index.span)

    noise = next(signal for signal in signals if signal.service == "store")
    assert noise.ratio < 1.2
