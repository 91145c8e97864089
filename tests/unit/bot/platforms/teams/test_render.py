"""What people see in Teams, and that Teams takes it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
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
from bot.platforms.teams.render import MESSAGE_BYTES, activity_bytes, render, without_card
from bot.platforms.teams.text import safe_markdown, size_of, split_text
from tests.peers.teams_peer import judge

KEY = "11111111-1111-4111-8111-111111111111"


def citation(number: int = 1, **fields: Any) -> Citation:
    values = {"chunk_id": f"c{number}", "document_id": "d", "document": "hr/leave.md", "title": "Leave policy"}
    return Citation(**{"number": number, "quote": "Staff may carry over five days.", **values, **fields})


def reply(*blocks: Any, **fields: Any) -> Reply:
    return Reply(text="In short.", blocks=blocks, **fields)


def cards(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [attachment["content"] for attachment in message.get("attachments", [])]


def elements(message: dict[str, Any]) -> list[str]:
    return [element["type"] for card in cards(message) for element in card["body"]]


def test_an_answer_is_labelled_cited_and_asks_for_thumbs() -> None:
    answer = reply(Paragraph(markdown="Five days. [1]"), Citations(items=(citation(),)), wants_feedback=True)
    [message] = render(answer, KEY)
    [entity] = message["entities"]

    assert message["text"] == "Five days. [1]"
    assert entity["additionalType"] == ["AIGeneratedContent"]
    assert [claim["position"] for claim in entity["citation"]] == [1]
    assert entity["citation"][0]["appearance"]["abstract"] == "Staff may carry over five days."
    assert message["channelData"] == {"feedbackLoop": {"type": "default"}}
    assert judge(message) is None


def test_lengths_of_a_citation_are_cut_as_the_schema_says() -> None:
    long = citation(
        title="T" * 200, quote="Q" * 900, section="S" * 90, page=7, version="V" * 40, effective_from="2026"
    )
    [message] = render(reply(Paragraph(markdown="So. [1]"), Citations(items=(long,))), KEY)
    shown = message["entities"][0]["citation"][0]["appearance"]

    assert (len(shown["name"]), len(shown["abstract"]), len(shown["keywords"])) == (80, 160, 3)
    assert judge(message) is None


def test_the_eleventh_source_and_unnamed_ones_are_listed_in_words() -> None:
    items = tuple(citation(n, title=f"Policy {n}") for n in range(1, 14))
    named = " ".join(f"[{n}]" for n in range(1, 13))
    [message] = render(reply(Paragraph(markdown=named), Citations(items=items)), KEY)

    assert len(message["entities"][0]["citation"]) == 10
    assert all(f"Policy {n}:" in message["text"] for n in (11, 12, 13))
    assert judge(message) is None


def test_only_web_addresses_become_links_of_a_citation() -> None:
    bad = citation(url="javascript:alert(1)")
    [message] = render(reply(Paragraph(markdown="So. [1]"), Citations(items=(bad,))), KEY)

    assert "url" not in message["entities"][0]["citation"][0]["appearance"]


def test_a_placeholder_has_its_stop_button_and_no_label() -> None:
    stop = Actions(items=(Action(name="stop", label="Stop"),))
    [message] = render(Reply(text="Working on it …", blocks=(stop,), final=False), KEY)
    [action] = cards(message)[0]["actions"]

    assert cards(message)[0]["body"][0]["text"] == "Working on it …"
    assert message["summary"] == "Working on it …"
    assert "entities" not in message
    assert (action["type"], action["verb"]) == ("Action.Execute", "stop")
    assert action["data"] == {"steward": "stop", "job_id": KEY}
    assert action["fallback"]["type"] == "Action.Submit"


def test_a_table_becomes_a_card_that_says_what_it_leaves_out() -> None:
    table = Table(title="Owners", columns=("Who", "What"), rows=tuple((f"p{n}", "x") for n in range(50)))
    said, message = render(reply(Paragraph(markdown="Here."), table), KEY)
    body = cards(message)[0]["body"]

    assert said["text"] == "Here."

    assert elements(message) == ["TextBlock", "Table", "TextBlock"]
    assert len(body[1]["rows"]) == 31
    assert "20 more rows" in body[2]["text"]
    assert judge(message) is None


def test_a_chart_keeps_its_words_where_it_cannot_be_drawn() -> None:
    chart = Chart(
        title="Errors",
        alt="Errors rose at noon from 2 to 90 a minute.",
        x=("11:00", "12:00"),
        series=(Series(name="errors", values=(2.0, 90.0)),),
        unit="per minute",
        marks=(("12:00", "deploy"),),
    )
    _, message = render(reply(Paragraph(markdown="Look."), chart), KEY)
    body = cards(message)[0]["body"]

    assert body[1]["fallback"] == "drop"
    assert any("rose at noon" in element.get("text", "") for element in body)
    assert any("deploy" in element.get("text", "") for element in body)
    assert judge(message) is None


def test_every_block_says_something() -> None:
    everything = reply(
        Notice(level="warning", text="Extractive, no language model"),
        Paragraph(markdown="**Yes.** [1]"),
        Checklist(title="Actions", items=("Bo writes the notes",)),
        Excerpt(title="Log", lines=("ERROR `x`", "```", "at <init>")),
        Draft(
            draft_id="d", revision=1, to=("bo@example.com",), subject="Hi", body="Hello <Bo>", placeholders=("date",)
        ),
        FileOffer(name="minutes.docx", media_type="application/x", blob="ab" * 32, size_bytes=1200),
        Citations(items=(citation(),)),
    )
    [message] = render(everything, KEY, base_url="https://steward.example.com")
    text = message["text"]

    for said in (
        "no language model",
        "**Yes.**",
        "☐ Bo writes",
        "at <init>",
        "bo@example.com",
        "Hello &lt;Bo>",
        "date",
    ):
        assert said in text
    assert f"https://steward.example.com/files/{KEY}/{'ab' * 32}" in text
    assert judge(message) is None


def test_a_long_answer_is_split_where_a_reader_would_and_keeps_everything() -> None:
    paragraphs = [f"Paragraph {n} says something of some length. [1] " + "word " * 80 for n in range(120)]
    answer = reply(Paragraph(markdown="\n\n".join(paragraphs)), Citations(items=(citation(),)), wants_feedback=True)
    messages = render(answer, KEY)
    said = " ".join(message["text"] for message in messages)

    assert len(messages) > 2
    assert all(activity_bytes(message) <= MESSAGE_BYTES and judge(message) is None for message in messages)
    assert all(f"Paragraph {n} says" in said for n in range(120))
    assert [("channelData" in message) for message in messages] == [False] * (len(messages) - 1) + [True]


def test_an_answer_beyond_reason_points_to_the_page() -> None:
    messages = render(reply(Paragraph(markdown="word " * 80_000)), KEY, base_url="https://steward.example.com")

    assert len(messages) == 8
    assert "https://steward.example.com" in messages[-1]["text"]


def test_a_table_that_is_too_large_for_a_card_says_what_it_leaves_out() -> None:
    table = Table(columns=("A", "B"), rows=tuple(("a" * 150, "b" * 100) for _ in range(25)))
    messages = render(reply(Paragraph(markdown="word " * 1_700), table), KEY)

    assert [("text" in message, "attachments" in message) for message in messages] == [(True, False), (False, True)]
    assert "more rows" in cards(messages[1])[0]["body"][-1]["text"]
    assert all(judge(message) is None for message in messages)


def test_a_fixed_sentence_is_not_labelled_as_made_by_a_machine() -> None:
    [stopped] = render(Reply(text="Stopped, as you asked."), KEY)
    [refused] = render(reply(Notice(level="refusal", text="I found nothing.")), KEY)

    assert "entities" not in stopped
    assert "entities" not in refused


def test_an_apology_and_its_button_are_one_message() -> None:
    retry = Actions(items=(Action(name="retry", label="Try again"),))
    [message] = render(reply(Notice(level="error", text="That failed."), retry), KEY)

    assert cards(message)[0]["body"][0]["text"] == "❗ That failed."
    assert [action["verb"] for action in cards(message)[0]["actions"]] == ["retry"]
    assert "text" not in message


def test_a_card_that_teams_refuses_is_said_in_words() -> None:
    stop = Actions(items=(Action(name="stop", label="Stop"),))
    [message] = render(Reply(text="Working on it …", blocks=(stop,), final=False), KEY)

    assert without_card(message)["text"] == "Working on it …"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a <script>b</script>", "a &lt;script>b&lt;/script>"),
        ("see [the policy](https://evil.example.com/x?d=1)", "see the policy"),
        ("![secret](https://evil.example.com/leak.png)", "secret"),
        ("<https://evil.example.com>", ""),
        ("`<b>` and [1]", "`<b>` and [1]"),
        ("```\n[a](b)\n```", "```\n[a](b)\n```"),
    ],
)
def test_markdown_carries_no_html_pictures_or_links(said: str, shown: str) -> None:
    assert safe_markdown(said) == shown


def test_a_cell_of_a_table_is_not_a_link() -> None:
    table = Table(columns=("A",), rows=(("[click](https://evil.example.com)",),))
    _, message = render(reply(Paragraph(markdown="Here."), table), KEY)

    assert "](" not in str(cards(message)[0]["body"][0])


@given(st.text(min_size=1, max_size=3_000), st.integers(200, 2_000))
def test_pieces_fit_and_lose_nothing_but_white_space(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    kept = "".join("".join(pieces).replace("```", "").split())

    assert all(size_of(piece) <= limit for piece in pieces)
    assert kept == "".join(text.replace("```", "").split())


@given(st.lists(st.text(max_size=300), max_size=6), st.text(max_size=200))
def test_whatever_is_said_teams_takes_it(lines: list[str], text: str) -> None:
    answer = Reply(
        text=text or "…",
        blocks=(
            Paragraph(markdown=text),
            Excerpt(lines=tuple(lines)),
            Table(columns=("A",), rows=tuple((line,) for line in lines)),
            Actions(items=(Action(name="retry", label=text or "x"),)),
        ),
    )

    assert all(judge(message) is None for message in render(answer, KEY))


def test_the_sources_of_a_task_are_pressed_like_those_of_an_answer() -> None:
    source = Citation(
        number=3, chunk_id="u1", document_id="d", document="d", title="Round", section="Bo", quote="I do"
    )
    blocks = (Checklist(title="Tasks", items=("Write [the] *notes* [3]",)), Citations(items=(source,)))
    (message,) = render(Reply(text="Tasks", blocks=blocks), "k")

    assert "☐ Write \\[the\\] \\*notes\\* [3]" in message["text"]
    assert message["entities"][0]["citation"][0]["position"] == 3
