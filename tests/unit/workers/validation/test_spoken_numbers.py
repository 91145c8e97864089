"""Numbers match however they are said, and a changed number never does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.validation.spoken_numbers import possible_numbers, unsupported_numbers


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("12.50 euros", "twelve fifty euros"),
        ("1,250 euros", "twelve fifty euros"),
        ("25 euros", "twenty five euros"),
        ("110,000 seconds", "a hundred and ten thousand seconds"),
        ("50 million", "fifty million"),
        ("3.5 percent", "three point five percent"),
        ("in 2026", "in twenty twenty six"),
        ("140 percent", "one hundred and forty percent"),
        ("12.500 Euro", "12,500 euros"),
        ("am 05.03.2026", "on 2026-03-05"),
        ("zwölf Geräte", "12 Geräte"),
        ("one of them", "some of them"),
    ],
)
def test_a_number_said_another_way_is_supported(line: str, source: str) -> None:
    assert unsupported_numbers(line, source) == []


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("26 euros", "twenty five euros"),
        ("13 people", "twelve people"),
        ("60 million", "fifty million"),
        ("42", "nothing"),
    ],
)
def test_a_changed_number_is_not(line: str, source: str) -> None:
    assert unsupported_numbers(line, source) != []


@given(st.integers(2, 9_999_999))
def test_a_written_number_supports_itself_with_and_without_separators(number: int) -> None:
    assert unsupported_numbers(f"{number:,} items", f"there are {number} items") == []
    assert unsupported_numbers(f"{number} items", f"there are {number:,} items") == []


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    assert 1.0 in possible_numbers(text)
