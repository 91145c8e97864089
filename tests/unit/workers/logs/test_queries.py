"""Follow-up questions to an index."""

from datetime import timedelta

import pytest

from tests.unit.workers.logs.log_writing import NOW, TEN, as_upload, repeated, steady
from workers.logs import queries
from workers.logs.index import LogIndex, Window, build_index
from workers.logs.reading import ReadingOptions


@pytest.fixture(scope="module")
def index() -> LogIndex:
    lines = steady() + repeated(TEN, "pay", "ERROR", "lock wait timeout on order {n}", lines=50, every_seconds=10)
    return build_index([as_upload(lines)], ReadingOptions(now=NOW))


def test_the_overview_counts_every_line_by_service(index: LogIndex) -> None:
    seen = queries.overview(index)

    by_service = {service.service: (service.lines, service.errors) for service in seen.services}
    assert by_service == {"shop": (1464, 24), "pay": (1490, 50), "store": (1440, 0)}
    assert seen.lines == 4394


def test_templates_can_be_limited_to_errors(index: LogIndex) -> None:
    errors = queries.templates(index, min_level=17)

    assert [(template.text, template.lines) for template in errors] == [
        ("lock wait timeout on order <*>", 50),
        ("form <*> has no postcode", 24),
    ]


def test_a_diff_ranks_what_is_new(index: LogIndex) -> None:
    hour = timedelta(hours=1)

    changes = queries.diff(index, Window(TEN, TEN + hour), Window(TEN - hour, TEN))

    assert (changes[0].text, changes[0].kind, changes[0].lines_before) == (
        "lock wait timeout on order <*>",
        "new",
        0,
    )


@pytest.mark.parametrize("by", ["service", "level", "template"])
def test_a_timeline_adds_up_to_all_lines(index: LogIndex, by: str) -> None:
    rates = queries.timeline(index, by=by)

    assert rates is not None
    assert sum(sum(counts) for counts in rates.counts.values()) == 4394


def test_search_ignores_case_and_says_how_many_matched(index: LogIndex) -> None:
    found = queries.search(index, "LOCK WAIT", limit=3)

    assert (len(found.lines), found.matched, found.is_sampled) == (3, 50, False)
    assert found.lines[0].service == "pay"


def test_search_takes_patterns_and_refuses_what_is_none(index: LogIndex) -> None:
    assert queries.search(index, r"order 4[0-9]$", is_pattern=True, service="pay").matched == 10
    with pytest.raises(ValueError, match="not a pattern"):
        queries.search(index, "(", is_pattern=True)
    with pytest.raises(ValueError, match="at most"):
        queries.search(index, "x" * 500)


def test_around_a_moment_lines_come_in_order(index: LogIndex) -> None:
    near = queries.around(index, TEN, seconds=6)

    times = [line.at for line in near.lines if line.at]
    assert times == sorted(times)
    assert any("order 0" in line.line for line in near.lines)


def test_a_trace_crosses_services(index: LogIndex) -> None:
    found = queries.trace(index, f"{7:012x}")

    assert [line.service for line in found.lines] == ["shop", "pay", "store"]


def test_a_sample_is_spread_over_time(index: LogIndex) -> None:
    template = queries.templates(index, min_level=17)[0]

    found = queries.sample(index, template.template_id, limit=5)

    assert len(found.lines) == 5
    assert found.lines[-1].line.endswith("order 40")


def test_context_is_of_the_same_file(index: LogIndex) -> None:
    found = queries.context(index, "all.log", 10, lines=2)

    assert [line.line_number for line in found.lines] == [8, 9, 10, 11, 12]
    assert queries.context(index, "other.log", 10).lines == ()


def test_a_timeline_of_something_else_is_refused(index: LogIndex) -> None:
    with pytest.raises(ValueError, match="by service"):
        queries.timeline(index, by="colour")
