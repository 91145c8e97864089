"""Whoever wrote the text, what reaches the browser is text, and the passage that was quoted is what is marked."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.web.safe_markdown import quote_span, render_answer, render_highlighted, render_markdown

ALLOWED = {
    *("p", "br", "hr", "strong", "em", "s", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "mark"),
}
markdown_texts = st.text(st.sampled_from("ab <>[]()!`*_#|-:/\"'&\n\\\t.1httpsjavcript\ue000\ue001"), max_size=200)
plain_words = st.text(st.sampled_from("abc .,"), min_size=1, max_size=12).filter(str.strip)


def tags(page: str) -> set[str]:
    return {name.lower() for name in re.findall(r"<\s*/?\s*([^\s>/]+)", page)}


@given(markdown_texts)
def test_no_text_makes_a_tag_that_markdown_does_not_have(text: str) -> None:
    page = render_markdown(text)

    assert tags(page) <= ALLOWED
    assert not re.search(r"<[^>]*\b(href|src|on\w+)\s*=", page)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[press here](https://evil.example/?q=secret)",
        "![](https://evil.example/pixel.png)",
        "<https://evil.example>",
        "[a]: https://evil.example\n\n[a]",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_links_images_and_html_stay_the_text_they_were_written_in(text: str) -> None:
    page = render_markdown(text)

    assert tags(page) <= {"p"}
    assert "evil.example" in page or "alert(1)" in page


def test_references_become_buttons_where_there_is_such_a_source() -> None:
    page = render_answer("Five days [1], not six [7] and not `a[1]`.", {1}, label=lambda n: f"Source {n}")

    assert page.count("<button") == 1
    assert 'data-n="1"' in page
    assert 'aria-label="Source 1"' in page
    assert "[7]" in page
    assert "a[1]" in page


def test_a_label_cannot_break_out_of_its_attribute() -> None:
    page = render_answer("See [1].", {1}, label=lambda n: '"><script>alert(1)</script>')

    assert "<script>" not in page


def test_the_passage_is_marked_and_the_first_mark_can_be_scrolled_to() -> None:
    body = "# Leave\n\nUp to five days may be carried over.\n\nThey lapse in March."
    start = body.index("five days")

    page = render_highlighted(body, (start, start + len("five days")))

    assert '<mark id="passage">five days</mark>' in page
    assert page.count("<mark") == 1


def test_a_passage_over_several_blocks_keeps_the_blocks() -> None:
    body = "Before.\n\n- one **bold** item\n- another item\n\nAfter."
    start, end = body.index("- one"), body.index("\n\nAfter")

    page = render_highlighted(body, (start, end))

    assert page.count("<li>") == 2
    assert "<mark>bold</mark>" in page
    assert "<mark>another item</mark>" in page
    assert "<mark>After" not in page


def test_a_row_of_a_table_is_marked_cell_by_cell() -> None:
    body = "| Reason | Days |\n| --- | --- |\n| illness | all |\n| none | 5 |\n"
    start = body.index("| illness")

    page = render_highlighted(body, (start, start + len("| illness | all |")))

    assert re.findall(r"<mark[^>]*>([^<]*)</mark>", page) == ["illness", "all"]
    assert page.count("<td>") == 4


@given(markdown_texts, st.integers(0, 200), st.integers(0, 200))
def test_marking_adds_nothing_but_marks(text: str, start: int, end: int) -> None:
    page = render_highlighted(text, (min(start, end), max(start, end)))

    assert tags(page) <= ALLOWED
    assert page.count("<mark") == page.count("</mark>")
    assert not {"\ue000", "\ue001"} & set(page)


@given(st.lists(plain_words, min_size=1, max_size=6))
def test_what_is_marked_in_plain_text_is_the_quote(words: list[str]) -> None:
    quote = " ".join(" ".join(words).split())
    body = f"Before it.\n\nHere: {quote}\n\nAfter it."
    span = quote_span(body, quote, None)
    assert span is not None

    page = render_highlighted(body, (body.index(quote), body.index(quote) + len(quote)))

    assert html.unescape("".join(re.findall(r"<mark[^>]*>([^<]*)</mark>", page))) == quote


def test_a_quote_is_found_over_line_breaks_and_in_any_case() -> None:
    body = "Staff may carry over\n  five days of leave."

    assert quote_span(body, "MAY carry over five days", None) == (6, 32)


def test_a_quote_that_stands_twice_is_the_one_in_its_chunk() -> None:
    body = "five days. Something else. five days."

    assert quote_span(body, "five days", (20, len(body))) == (27, 36)


def test_a_quote_that_is_nowhere_marks_its_chunk_or_nothing() -> None:
    assert quote_span("Other words.", "five days", (0, 5)) == (0, 5)
    assert quote_span("Other words.", "five days", None) is None
