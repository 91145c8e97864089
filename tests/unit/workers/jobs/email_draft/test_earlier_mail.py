"""An answer to an e-mail that lies in the asker's mailbox: which is meant, taken, asked about, or not looked for."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from assistant.errors import DependencyUnavailable
from assistant.mail.port import MailQuery
from assistant.mail.twins import SearchTwin
from assistant.settings import Settings
from tests.unit.workers.jobs.email_draft.test_orders import PostOffice
from workers.jobs.email_draft.earlier_mail import query_of

INVOICE = (
    b"From: Ana Silva <ana@loja.example>\r\nTo: Ada Lund <ada@firm.test>\r\nSubject: Invoice 2031\r\n"
    b"Date: Thu, 12 Nov 2026 09:00:00 +0000\r\nMessage-ID: <inv@loja.example>\r\n\r\n"
    b"Dear Ada,\r\n\r\nthe invoice over EUR 640 is due on 30 November 2026. Can you confirm?\r\n\r\nAna\r\n"
)
OLDER = INVOICE.replace(b"12 Nov", b"02 Oct").replace(b"Invoice 2031", b"Invoice 1999").replace(b"<inv@", b"<old@")
REMINDER = (
    INVOICE.replace(b"12 Nov", b"16 Nov").replace(b"Invoice 2031", b"Re: Invoice 2031").replace(b"<inv", b"<rem")
)
REQUEST = "Reply to Ana's mail about the invoice that we will pay on time."


@pytest.mark.parametrize(
    ("words", "query"),
    [
        (REQUEST, MailQuery("Ana", ("invoice",))),
        ("Answer the e-mail from Ana Silva about the spring offer.", MailQuery("Ana Silva", ("spring", "offer"))),
        ("Reply to the last message from ana@loja.example and thank her", MailQuery("ana@loja.example")),
        ("Antworte auf die Mail von Ana wegen der Rechnung, dass wir zahlen.", MailQuery("Ana", ("Rechnung",))),
        ("Antworte auf Anas Mail zur Rechnung.", MailQuery("Ana", ("Rechnung",))),
        ("Write an e-mail to Ana about the invoice.", None),
        ("Reply to this mail that we accept.", None),
        ("Reply to her mail that we accept.", None),
    ],
)
def test_a_request_names_the_mail_that_it_answers(words: str, query: MailQuery | None) -> None:
    assert query_of(words) == query


@pytest.fixture
def office(engine: sa.Engine, settings: Settings) -> PostOffice:
    office = PostOffice(engine, settings)
    office.mail.mailbox = SearchTwin([OLDER, INVOICE, REMINDER])
    return office


def test_the_newest_of_one_conversation_is_taken_answered_and_named(office: PostOffice) -> None:
    office.mail.mailbox = SearchTwin([INVOICE, REMINDER])

    kept = office.ask(REQUEST)

    assert kept.draft.to == ("ana@loja.example",)
    assert kept.draft.in_reply_to == "<rem@loja.example>"
    assert "I took the e-mail “Re: Invoice 2031” by Ana Silva of 16 November 2026" in office.said(kept)


def test_when_several_conversations_fit_the_asker_is_asked_and_nothing_is_taken(office: PostOffice) -> None:
    kept = office.ask(REQUEST)

    assert kept.draft.question is not None
    assert "Which e-mail from Ana about invoice do you mean?" in kept.draft.question
    assert "Invoice 1999" in kept.draft.question
    assert kept.draft.asks_for == "message"
    assert kept.draft.in_reply_to is None


@pytest.mark.parametrize("answer", ["1999", "2 October"])
def test_the_answer_picks_one(office: PostOffice, answer: str) -> None:
    kept = office.ask(REQUEST, earlier=[answer])

    assert kept.draft.in_reply_to == "<old@loja.example>"


def test_what_is_not_found_is_said(office: PostOffice) -> None:
    office.mail.mailbox = SearchTwin([])

    assert "I found no e-mail from Ana about invoice in your mailbox." in office.said(office.ask(REQUEST))


def test_a_mailbox_that_is_away_is_said_and_the_draft_is_written_all_the_same(office: PostOffice) -> None:
    class Away(SearchTwin):
        def search(self, query: MailQuery) -> list[bytes]:
            raise DependencyUnavailable("away", reply="your mail server can't be reached at present.")

    office.mail.mailbox = Away()

    said = office.said(office.ask(REQUEST))

    assert "I couldn't look into your mailbox: your mail server can't be reached at present." in said


def test_a_pasted_mail_is_answered_without_looking_anywhere(office: PostOffice) -> None:
    class Closed(SearchTwin):
        def search(self, query: MailQuery) -> Any:
            raise AssertionError("nobody may look")

    office.mail.mailbox = Closed()

    kept = office.ask(f"{REQUEST}\n\n{INVOICE.decode()}".replace("\r\n", "\n"))

    assert kept.draft.to == ("ana@loja.example",)
