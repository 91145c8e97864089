from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.jobs.policy_search.bounds import dimensions_in, fit_of_bounds

QUESTION = "Who approves a purchase of EUR 40,000?"


def test_the_tightest_limit_that_holds_the_amount_fits_best() -> None:
    rows = ["Up to: EUR 15,000", "Up to: EUR 75,000", "Up to: EUR 500,000"]

    assert max(rows, key=lambda row: fit_of_bounds(QUESTION, row)) == "Up to: EUR 75,000"


@pytest.mark.parametrize("text", ["up to 15,000 EUR", "more than € 50,000", "under 39,999 euros"])
def test_a_limit_that_leaves_the_amount_out_counts_against(text: str) -> None:
    assert fit_of_bounds(QUESTION, text) < 0


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who approves a purchase?", "up to EUR 15,000"),
        (QUESTION, "up to 15 days"),
        (QUESTION, "Purchases are approved by the CFO."),
        ("What changed on 1.2.2026?", "up to 1.2.2027 EUR"),
    ],
)
def test_without_an_amount_in_the_same_unit_nothing_is_said(question: str, text: str) -> None:
    assert fit_of_bounds(question, text) == 0


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_read(question: str, text: str) -> None:
    assert -0.5 < fit_of_bounds(question, text) < 0.5


@pytest.mark.parametrize(
    ("text", "dimensions"),
    [
        ("within 45 days of the end of the trip", {"time"}),
        ("trips shorter than 5 nights, up to USD 150 a day", {"time", "money"}),
        ("30 % of the monthly pay", {"%"}),
        ("three weeks", set()),
    ],
)
def test_figures_are_of_the_sort_that_their_unit_says(text: str, dimensions: set[str]) -> None:
    assert dimensions_in(text) == dimensions
