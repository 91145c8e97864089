"""What the acknowledgement benchmark makes of its measurements."""

from __future__ import annotations

import pytest

from bench.acknowledge import Answer, figures_of, goals_met, main, outage_of

QUICK = [Answer(200, 20.0)] * 100


def test_our_own_share_is_what_an_empty_request_does_not_take() -> None:
    figures = figures_of(QUICK, [5.0] * 100)

    assert (figures.p50, figures.own_p50) == (20.0, 15.0)
    assert goals_met([figures])


def test_a_slow_tail_or_a_refusal_misses_the_goal() -> None:
    slow = figures_of([*QUICK[:98], Answer(200, 400.0), Answer(200, 500.0)], [5.0] * 100)
    refused = figures_of([*QUICK, Answer(503, 1.0)], [5.0] * 100)

    assert not goals_met([slow])
    assert refused.refused == 1
    assert not goals_met([refused])


@pytest.mark.parametrize(
    ("during", "afterwards", "met"),
    [
        (Answer(503, 2_600.0), Answer(200, 9.0), True),
        (Answer(200, 2_000.0), Answer(200, 9.0), True),
        (Answer(200, 3_100.0), Answer(200, 9.0), False),
        (Answer(503, 3_100.0), Answer(200, 9.0), False),
        (Answer(0, 10.0), Answer(200, 9.0), False),
        (Answer(503, 2_600.0), Answer(503, 9.0), False),
    ],
)
def test_an_outage_may_refuse_in_time_and_nothing_else(during: Answer, afterwards: Answer, met: bool) -> None:
    assert goals_met([outage_of([during], [afterwards])]) is met


def test_nothing_measured_meets_no_goal() -> None:
    assert not goals_met([])


def test_what_it_does_not_know_is_wrong_usage() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--only", "carrier-pigeons"])

    assert caught.value.code == 2
