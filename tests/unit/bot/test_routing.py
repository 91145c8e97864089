"""Which kind a text asks for: examples a person would type, and where the rules are easily fooled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import RequestInvalid
from assistant.mentions import Attachment
from bot.routing import is_stop_word, route
from tests.factories import make_mention


def file(name: str) -> Attachment:
    return Attachment(name=name, size_bytes=1, location="blob:00")


@pytest.mark.parametrize(
    ("text", "kind", "rest"),
    [
        ("How many days of leave do I have?", "policy_search", None),
        ("policy: pets in the office", "policy_search", "pets in the office"),
        ("/policy pets", "policy_search", "pets"),
        ("Policy on pets?", "policy_search", None),
        ("summarise the meeting of Monday", "meeting_summary", "summarise the meeting of Monday"),
        ("minutes", "meeting_summary", ""),
        ("/minutes", "meeting_summary", ""),
        ("draft an e-mail to Ines about the chairs", "email_draft", "draft an e-mail to Ines about the chairs"),
        ("Please draft an email to Ines", "email_draft", None),
        ("Can you write an email to Ines?", "email_draft", None),
        ("logs checkout since 09:00", "log_inspection", "logs checkout since 09:00"),
        ("What caused the outage of checkout?", "log_inspection", None),
        ("Email retention: how long do we keep mail?", "policy_search", None),
        ("Who may see meeting transcripts?", "policy_search", None),
        ("May I recap a meeting for a client?", "policy_search", None),
    ],
)
def test_a_text_is_routed_as_a_colleague_would(text: str, kind: str, rest: str | None) -> None:
    chosen = route(make_mention(text))

    assert chosen.kind.name == kind
    assert chosen.text == (text if rest is None else rest)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("call.vtt", "", "meeting_summary"),
        ("call.vtt", "please draft an e-mail to the client from this", "email_draft"),
        ("checkout.log", "what is wrong here?", "log_inspection"),
        ("order.eml", "answer this", "email_draft"),
        ("notes.pdf", "what does this say about leave?", "policy_search"),
        ("notes.docx", "minutes please", "meeting_summary"),
    ],
)
def test_a_file_tells_what_is_wanted(name: str, text: str, kind: str) -> None:
    assert route(make_mention(text, attachments=(file(name),))).kind.name == kind


@pytest.mark.parametrize(
    "text",
    ["Protokoll auf Deutsch", "Bitte eine Zusammenfassung", "Le compte rendu, s'il te plaît", "El acta, por favor",
     "Il verbale", "A ata em português", "Notulen graag", "Protokół po polsku", "Mötesprotokoll, tack",
     "Et referat, tak", "Протокол українською", "議事録を日本語で"],
)  # fmt: skip
def test_minutes_are_asked_for_in_every_language_they_are_written_in(text: str) -> None:
    assert route(make_mention(text, attachments=(file("weekly.txt"),))).kind.name == "meeting_summary"
    assert route(make_mention(text)).kind.name == "policy_search"  # of nothing


def test_a_question_about_minutes_with_a_file_stays_a_question() -> None:
    mention = make_mention("Wer schreibt das Protokoll?", attachments=(file("rules.txt"),))

    assert route(mention).kind.name == "policy_search"


def test_a_named_kind_wins_over_the_text() -> None:
    assert route(make_mention("logs of checkout", kind="policy_search")).kind.name == "policy_search"


@pytest.mark.parametrize("fields", [{"text": "/teleport me"}, {"text": "hello", "kind": "teleport"}])
def test_an_unknown_command_is_answered_with_what_there_is(fields: dict[str, str]) -> None:
    with pytest.raises(RequestInvalid) as caught:
        route(make_mention(**fields))

    assert "teleport" in caught.value.reply
    assert "Policy answer" in caught.value.reply


@given(st.text(max_size=300))
def test_any_text_is_routed_or_refused_with_a_sentence(text: str) -> None:
    try:
        assert route(make_mention(text)).kind is not None
    except RequestInvalid as error:
        assert error.reply  # noqa: PT017  either outcome is right, neither may be silent


@pytest.mark.parametrize(
    "text",
    [
        "[FIRING:1] HighErrorRate checkout (critical)\nLabels: service = checkout",
        "**Firing**\n\nValue: A=12\nLabels:\n - alertname = HighErrorRate",
        "Triggered: incident #4 Checkout errors above 5%",
    ],
)
def test_a_pasted_alert_is_work_for_the_log_inspector(text: str) -> None:
    assert route(make_mention(text=text)).kind.name == "log_inspection"


@pytest.mark.parametrize("text", ["watch this", "stop watching", "keep watching this every 15 minutes"])
def test_a_watch_is_for_the_log_inspector(text: str) -> None:
    assert route(make_mention(text=text)).kind.name == "log_inspection"


def test_a_policy_on_firing_is_no_alert() -> None:
    assert route(make_mention(text="What is the notice period when firing somebody?")).kind.name == "policy_search"


@pytest.mark.parametrize(
    ("text", "is_one"), [("Stop!", True), (" cancel. ", True), ("stop watching", False), ("", False)]
)
def test_a_wish_to_stop_is_nothing_but_its_word(text: str, is_one: bool) -> None:
    assert is_stop_word(text) is is_one
