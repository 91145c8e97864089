"""Every neutral block as Block Kit that slack_sdk's models and Slack's limits take, and text without power."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from assistant.replies import (
    Action,
    Actions,
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
from bot.platforms.slack.render import MESSAGE_CHARS, render
from bot.platforms.slack.text import escape, link, safe_markdown, split_markdown
from tests.peers.slack_judge import judge_blocks

CITATION = Citation(
    number=1,
    chunk_id="c1",
    document_id="d1",
    document="hr/leave.md",
    title="Leave <policy> | EMEA",
    section="Leave › Carrying over",
    page=3,
    version="2.1",
    effective_from="2026-01-01",
    url="https://docs.example.test/leave?a=1&b=<2>|x",
    quote="Staff may carry over\nfive days & no more.",
)
EVERYTHING = Reply(
    text="Five days. <!channel>",
    blocks=(
        Paragraph(markdown="**Five** days [1].\n\n- one\n- two\n\n> quoted"),
        Notice(level="info", text="Extractive answer, no language model."),
        Notice(level="refusal", text="I won't guess."),
        Citations(items=(CITATION,)),
        Table(title="Rates", columns=("City", "EUR"), rows=(("Berlin", "40"), ("", "50"))),
        Table(title="More", columns=("City",), rows=(("Lisbon",),)),
        Checklist(title="Actions", items=("Ann: send it by Friday",)),
        Excerpt(title="Log", lines=("12:00 ERROR <!here> & more", "12:01 ok")),
        Chart(
            title="Errors",
            alt="Errors rose at 12.",
            x=("11:00", "12:00"),
            series=(Series(name="5xx", values=(1, 9)),),
        ),
        Draft(
            draft_id="x", revision=1, to=("a@b.test",), subject="Hello", body="Dear Ann,\n…", placeholders=("date",)
        ),
        FileOffer(name="minutes.docx", media_type="application/x", blob="0", size_bytes=12_345),
        Actions(items=(Action(name="retry", label="Try again", value={"x": 1}), Action(name="retry", label="Again"))),
    ),
    wants_feedback=True,
)


def shown(reply: Reply) -> list[dict[str, Any]]:
    return [block for message in render(reply, "job-1") for block in message.blocks]


def test_every_block_is_one_that_slack_takes() -> None:
    for message in render(EVERYTHING, "job-1"):
        judge_blocks(list(message.blocks), most=50)

    kinds = [block["type"] for block in shown(EVERYTHING)]
    assert len(render(EVERYTHING, "job-1")) == 2  # two tables
    assert kinds[-2:] == ["actions", "context_actions"]


def test_a_source_is_a_link_with_section_page_version_date_and_quote() -> None:
    _, source = shown(Reply(text="x", blocks=(Citations(items=(CITATION,)),)))

    assert source["text"]["text"] == (
        "[1] <https://docs.example.test/leave?a=1&amp;b=%3C2%3E%7Cx|Leave &lt;policy&gt; ¦ EMEA>"
        " · Leave › Carrying over · page 3 · version 2.1 · in force from 2026-01-01\n"
        ">Staff may carry over five days &amp; no more."
    )


def test_a_source_without_a_safe_address_is_no_link() -> None:
    assert link("javascript:alert(1)", "Leave") == "*Leave*"
    assert link(None, "Leave") == "*Leave*"


def test_the_jobs_id_travels_in_buttons_and_thumbs() -> None:
    actions, thumbs = shown(EVERYTHING)[-2:]
    element = thumbs["elements"][0]

    assert [json.loads(one["value"]) for one in actions["elements"]] == [{"job": "job-1", "x": 1}, {"job": "job-1"}]
    assert json.loads(element["negative_button"]["value"]) == {"job": "job-1", "verdict": "down"}


def test_nobody_is_pinged_and_nothing_is_linked_by_a_text() -> None:
    text = "<!channel> <@U1> <#C1> <https://evil.test|our wiki> [our wiki](https://evil.test) @here"
    reply = Reply(
        text=text,
        blocks=(
            Paragraph(markdown=text),
            Notice(level="warning", text=text),
            Checklist(title=text, items=(text,)),
            Citations(items=(CITATION.model_copy(update={"quote": text, "title": text, "section": text}),)),
            Draft(draft_id="x", revision=1, to=(text,), subject=text, body="x"),
        ),
    )
    for message in render(reply, "k"):
        spoken = [message.text] + [_mrkdwn(block) for block in message.blocks if block["type"] != "rich_text"]
        for words in spoken:
            without_sources = words.replace("<https://docs.example.test/", "")
            assert "<!" not in words
            assert "<@" not in words
            assert "<#" not in words
            assert "<https://evil" not in without_sources
        assert all("](" not in block["text"] for block in message.blocks if block["type"] == "markdown")


def _mrkdwn(block: dict[str, Any]) -> str:
    if block["type"] == "context":
        return " ".join(str(one["text"]) for one in block["elements"])
    text = block.get("text", "")
    return str(text["text"]) if isinstance(text, dict) else str(text)


def test_a_reply_of_a_line_and_a_button_shows_the_line() -> None:
    blocks = shown(Reply(text="Working on it …", blocks=(Actions(items=(Action(name="stop", label="Stop"),)),)))

    assert [block["type"] for block in blocks] == ["markdown", "actions"]
    assert blocks[0]["text"] == "Working on it …"


def test_a_long_table_says_how_much_is_missing() -> None:
    table = Table(columns=("n",), rows=tuple((str(number),) for number in range(250)))
    found = shown(Reply(text="x", blocks=(table,)))

    assert len(found[0]["rows"]) == 100
    assert found[1]["elements"][0]["text"] == "151 more rows"


def test_a_code_fence_that_is_cut_is_closed_and_opened_again() -> None:
    text = "Look:\n```\n" + "\n".join(f"line {number}" for number in range(200)) + "\n```\nDone."
    pieces = split_markdown(text, 400)

    assert len(pieces) > 3
    assert all(piece.count("```") % 2 == 0 and len(piece) <= 400 for piece in pieces)


def test_text_is_cut_between_paragraphs_where_it_can_be() -> None:
    text = "\n\n".join([" ".join(["word"] * 40)] * 10)

    assert all(piece.startswith("word") and piece.endswith("word") for piece in split_markdown(text, 500))


@given(st.text(max_size=3_000), st.integers(60, 500))
def test_no_piece_is_too_long_and_no_word_is_lost(text: str, limit: int) -> None:
    pieces = split_markdown(escape(text).replace("`", "'"), limit)

    assert all(len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(escape(text).replace("`", "'").split())


texts = st.text(max_size=200) | st.text(alphabet="ab <>&*_`|\n#-", max_size=200)
blocks = st.one_of(
    st.builds(Paragraph, markdown=st.text(max_size=200) | st.just("long words " * 3_000)),
    st.builds(Notice, level=st.sampled_from(["info", "warning", "refusal", "error"]), text=texts),
    st.builds(Checklist, title=texts, items=st.lists(texts, max_size=4).map(tuple)),
    st.builds(Excerpt, title=texts, lines=st.lists(texts | st.just("x" * 9_000), max_size=5).map(tuple)),
    st.builds(
        Citations,
        items=st.lists(
            st.builds(lambda t, q: CITATION.model_copy(update={"title": t, "quote": q}), texts, texts)
        ).map(tuple),
    ),
    st.builds(
        lambda columns, rows: Table(columns=columns, rows=(columns,) * rows),
        st.lists(texts, min_size=1, max_size=25).map(tuple),
        st.integers(0, 120),
    ),
    st.builds(Draft, draft_id=st.just("d"), revision=st.just(1), to=st.just(("a",)), subject=texts, body=texts),
    st.builds(
        Chart,
        title=texts,
        alt=texts,
        x=st.just(("a", "b")),
        series=st.lists(
            st.builds(Series, name=texts, values=st.lists(st.floats(-1e9, 1e9), max_size=200).map(tuple)), max_size=3
        ).map(tuple),
    ),
)


def shown_chars(part: Any) -> int:
    """Count the characters of all texts in a block; what JSON adds around and inside them is Slack's affair."""
    if isinstance(part, dict):
        return sum(
            len(value) if key == "text" and isinstance(value, str) else shown_chars(value)
            for key, value in part.items()
        )
    return sum(map(shown_chars, part)) if isinstance(part, list | tuple) else 0


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(blocks, max_size=12).map(tuple), texts, st.booleans())
def test_any_reply_fits(found: tuple[Any, ...], text: str, wants_feedback: bool) -> None:
    messages = render(Reply(text=text, blocks=found, wants_feedback=wants_feedback), "k")

    assert messages
    for message in messages:
        judge_blocks(list(message.blocks), most=50)
        assert message.text
        assert sum(shown_chars(block) for block in message.blocks) <= 2 * MESSAGE_CHARS


def test_a_quotation_stays_a_quotation() -> None:
    assert safe_markdown("> a > b\nc > d") == "> a &gt; b\nc &gt; d"


def test_a_title_stands_on_the_page_of_its_table() -> None:
    table = Table(title="Second", columns=("a",), rows=(("1",),))
    first, second = render(Reply(text="-", blocks=(table.model_copy(update={"title": "First"}), table)), "k1")

    assert [block["type"] for block in first.blocks] == ["section", "table"]
    assert [block["type"] for block in second.blocks] == ["section", "table"]
    assert "Second" in second.blocks[0]["text"]["text"]


def test_many_sources_are_named_and_not_quoted() -> None:
    items = tuple(CITATION.model_copy(update={"number": number}) for number in range(1, 31))
    (message,) = render(Reply(text="-", blocks=(Citations(items=items),)), "k1")
    named = " ".join(block["elements"][0]["text"] for block in message.blocks[1:])

    assert [f"[{number}]" in named for number in range(1, 31)] == [True] * 30
    assert CITATION.quote[:20] not in named
