from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.validation.citations import find_quote, names_in, numbers_in, unsupported_parts

CHUNK = "Staff may carry over\nup to **five days** of leave.\n\n| City | Limit |\n| --- | --- |\n| Oslo | 1,900 NOK |"


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("carry over up to five days", "carry over\nup to **five days"),
        ("STAFF MAY CARRY OVER", "Staff may carry over"),
        ("up to five days of leave.", "up to **five days** of leave."),
        ("Oslo 1,900 NOK", "Oslo | 1,900 NOK"),
        ("| Oslo | 1,900 NOK |", "| Oslo | 1,900 NOK"),
        ("ten days of leave", None),
        ("", None),
        (" ... ", None),
    ],
)
def test_a_quote_is_found_whatever_its_case_line_ends_and_markup(quote: str, found: str | None) -> None:
    span = find_quote(CHUNK, quote)

    assert (CHUNK[span[0] : span[1]].strip("| ") if span else None) == (found.strip("| ") if found else None)


def test_typographic_marks_are_plain_ones() -> None:
    text = "The “core” hours don’t change – ever."

    assert find_quote(text, 'The "core" hours don\'t change - ever.') == (0, len(text))


@given(st.text(min_size=1, max_size=300), st.data())
def test_any_slice_of_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]

    span = find_quote(text, quote)

    if span is not None:
        assert 0 <= span[0] < span[1] <= len(text)
    else:
        assert not any(map(str.isalnum, quote))


@given(st.text(max_size=200), st.text(max_size=200))
def test_nothing_makes_the_checks_fail(claim: str, quote: str) -> None:
    unsupported_parts(claim, [quote])


QUOTE = "Hotel costs in Oslo are reimbursed up to 140 EUR per night. Alcohol is not reimbursed."


@pytest.mark.parametrize(
    "claim",
    [
        "Hotel costs are reimbursed up to 141 EUR per night.",
        "Hotel costs in Bergen are reimbursed up to 140 EUR per night.",
        "Hotel costs are not reimbursed up to 140 EUR per night, never.",
        "Alcohol is reimbursed.",
        "Managers may approve sabbaticals whenever teams agree.",
        "Hotel costs are reimbursed up to twenty EUR per night.",
    ],
)
def test_a_changed_number_name_or_negation_is_told(claim: str) -> None:
    quote = QUOTE if "Alcohol" in claim or "never" not in claim else QUOTE.split(".")[0] + "."

    assert unsupported_parts(claim, [quote])


@pytest.mark.parametrize(
    "claim",
    [
        "Hotel costs in Oslo are reimbursed up to 140 EUR per night.",
        "You get up to 140 EUR a night for a hotel in Oslo.",
        "Alcohol is not reimbursed.",
        "Alcohol isn't reimbursed.",
    ],
)
def test_a_faithful_claim_passes(claim: str) -> None:
    assert unsupported_parts(claim, [QUOTE]) == []


def test_headings_lend_names_but_never_numbers() -> None:
    quote = ["The limit is 190 EUR per night."]

    assert unsupported_parts("In Oslo the limit is 190 EUR per night.", quote, context="Hotels › Oslo") == []
    assert unsupported_parts("The limit is 190 EUR for 3 nights.", quote, context="Stays of 3 nights")


def test_a_translated_claim_is_held_to_its_figures_alone() -> None:
    quote = ["Employees may work from another EU country for up to 25 working days a year."]

    assert unsupported_parts("Man darf bis zu 25 Arbeitstage im Jahr aus dem EU-Ausland arbeiten.", quote) == []
    assert unsupported_parts("Man darf bis zu 30 Arbeitstage im Jahr aus dem EU-Ausland arbeiten.", quote)


def test_numbers_are_compared_by_value() -> None:
    assert numbers_in("1,000 EUR on 31 March for five people") == {"1000", "31", "5"}
    assert numbers_in("50% of 1'000") == {"50", "1000"}


def test_names_do_not_count_at_the_start_of_a_sentence() -> None:
    assert names_in("Your manager asks Grace. Then Legal decides.") == {"Grace", "Legal"}
