"""What only real mail servers show: flags and names of mailboxes, TLS, log-ins, and connections that break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest

from assistant.errors import DependencyUnavailable, NotPermitted
from assistant.mail.imap import ImapDrafts, ImapLogin, ImapSent, check_login
from assistant.mail.imap_search import ImapSearch
from assistant.mail.port import MailQuery, MailSender, SendOutcome
from assistant.mail.servers import read_server
from assistant.mail.smtp import SmtpLogin, SmtpSender
from tests.contract.mail_harness import ADA, approved, body_of, revised, saved
from tests.peers import smtp_server as smtp_peer
from tests.peers.certificates import make_certificate
from tests.peers.dovecot import PASSWORD, Dovecot, dovecot, why_missing
from tests.peers.mail_services import parsed
from tests.peers.smtp_server import SmtpServer, smtp_server

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def server(missing: Callable[[str, object], None]) -> Iterator[Dovecot]:
    if why := why_missing():
        missing("Dovecot", why)
    with dovecot() as running:
        yield running


@pytest.fixture
def ada(server: Dovecot) -> str:
    return server.add_user(f"{uuid4().hex}@example.test")


def login_of(server: Dovecot, user: str, secret: str = PASSWORD, **more: bool) -> ImapLogin:
    return ImapLogin(read_server(f"imap://127.0.0.1:{server.port}", "imap"), user, lambda: secret, **more)


def bodies(server: Dovecot, user: str, mailbox: str) -> list[str]:
    return [body_of(parsed(data)) for data in server.messages(user, mailbox)]


# ------------------------------------------------------------------ IMAP
@pytest.mark.parametrize(
    ("mailboxes", "where"),
    [
        ((("Meine Sachen", r"\Drafts"), ("Drafts", "")), '"Meine Sachen"'),
        ((("Entwürfe", ""), ("Sent", r"\Sent")), "Entw&APw-rfe"),
        ((("Sent", r"\Sent"),), "Drafts"),
    ],
    ids=["the flag wins over the name", "without a flag the name counts", "made where there is none"],
)
def test_the_drafts_mailbox_is_found_whatever_it_is_called(
    mailboxes: tuple[tuple[str, str], ...], where: str, missing: Callable[[str, object], None]
) -> None:
    if why := why_missing():
        missing("Dovecot", why)
    with dovecot(mailboxes) as running:
        user = running.add_user("ada@example.test")

        ImapDrafts(login_of(running, user)).save(saved())

        assert bodies(running, user, where) == [body_of(parsed(saved().data))]


def test_a_drafts_mailbox_that_is_renamed_between_two_revisions_still_holds_one(server: Dovecot, ada: str) -> None:
    folder = ImapDrafts(login_of(server, ada))
    remote_id = folder.save(saved())
    with server.signed_in(ada) as client:
        client.rename("Drafts", "Later")

    folder.replace(remote_id, saved(revised("Zweite Fassung.")))
    folder.replace(remote_id, saved(revised("Dritte Fassung.", 3)))

    assert bodies(server, ada, "Drafts") == ["Dritte Fassung."]


def test_a_copy_that_the_asker_went_on_writing_is_left_to_them(server: Dovecot, ada: str) -> None:
    folder = ImapDrafts(login_of(server, ada))
    remote_id = folder.save(saved())
    theirs = parsed(saved(revised("Meine eigene Fassung.")).data)
    del theirs["X-Steward-Revision"]  # a mail program keeps what it knows
    with server.signed_in(ada) as client:
        client.append("Drafts", r"(\Draft)", "", theirs.as_bytes())

    folder.replace(remote_id, saved(revised("Unsere Fassung.", 3)))

    assert sorted(bodies(server, ada, "Drafts")) == ["Meine eigene Fassung.", "Unsere Fassung."]


@pytest.mark.parametrize("capability", ["", "IMAP4rev1 SASL-IR LITERAL+"], ids=["with UIDPLUS", "without UIDPLUS"])
def test_what_the_asker_marked_as_deleted_is_not_expunged_for_them(
    capability: str, missing: Callable[[str, object], None]
) -> None:
    if why := why_missing():
        missing("Dovecot", why)
    with dovecot(capability=capability) as running:
        user = running.add_user("ada@example.test")
        folder = ImapDrafts(login_of(running, user))
        remote_id = folder.save(saved())
        with running.signed_in(user) as client:
            client.append("Drafts", r"(\Draft \Deleted)", "", b"Subject: mine\r\n\r\nMarked.\r\n")

        folder.replace(remote_id, saved(revised("Zweite Fassung.")))

        with running.signed_in(user) as client:
            client.select("Drafts", readonly=True)
            undeleted = client.search(None, "UNDELETED")[1][0].split()
            marked = client.search(None, "DELETED SUBJECT mine")[1][0].split()
        assert (len(undeleted), len(marked)) == (1, 1)


def test_tls_starttls_and_access_tokens_sign_in(server: Dovecot, ada: str) -> None:
    server.tokens["token-1"] = ada
    addresses = (f"imaps://127.0.0.1:{server.tls_port}", f"imap+starttls://localhost:{server.port}")
    for url in addresses:
        place = read_server(url, "imap", ca_file=server.certificate)

        check_login(ImapLogin(place, ada, lambda: PASSWORD))
        check_login(ImapLogin(place, ada, lambda: "token-1", uses_token=True))

    assert len(addresses) == 2


@pytest.mark.parametrize("uses_token", [False, True], ids=["password", "token"])
def test_a_refused_log_in_is_told_as_such(server: Dovecot, ada: str, uses_token: bool) -> None:
    with pytest.raises(NotPermitted) as caught:
        ImapDrafts(login_of(server, ada, "wrong", uses_token=uses_token)).save(saved())

    assert "connect your mail account again" in caught.value.reply


def test_a_certificate_of_nobody_we_trust_ends_it_before_the_password_is_said(server: Dovecot, ada: str) -> None:
    asked: list[int] = []
    place = read_server(f"imaps://127.0.0.1:{server.tls_port}", "imap")

    with pytest.raises(DependencyUnavailable, match="certificate"):
        check_login(ImapLogin(place, ada, lambda: str(asked.append(1)) + PASSWORD))

    log = (server.folder / "dovecot.log").read_text()
    assert f"user=<{ada}>" not in log


def test_an_earlier_mail_is_found_by_sender_and_words_and_stays_unread(server: Dovecot, ada: str) -> None:
    mails = [
        ("Ana Müller <ana@loja.example>", "Rechnung 7", "Über den Betrag"),
        ("Ana Müller <ana@loja.example>", "Lunch", "Die Rechnung liegt bei"),
        ("Bo <bo@firm.example>", "Rechnung 8", "Noch eine"),
    ]
    with server.signed_in(ada) as client:
        for sender, subject, text in mails:
            message = EmailMessage(policy=policy.SMTP)
            message["From"], message["Subject"] = sender, subject
            message.set_content(text)
            client.append("INBOX", "", "", message.as_bytes())
    search = ImapSearch(login_of(server, ada))

    def subjects(query: MailQuery) -> list[str]:
        return [str(parsed(data)["subject"]) for data in search.search(query)]

    assert subjects(MailQuery("Ana", ("Rechnung",))) == ["Rechnung 7"]
    assert subjects(MailQuery("müller", ("Betrag",))) == ["Rechnung 7"]  # not in a subject: in the text
    assert subjects(MailQuery("ana@loja.example")) == ["Rechnung 7", "Lunch"]
    assert subjects(MailQuery("Cy")) == []
    with server.signed_in(ada) as client:
        client.select("INBOX", readonly=True)
        assert len(client.search(None, "UNSEEN")[1][0].split()) == 3


# ------------------------------------------------------------------ SMTP
def sender_to(smtp: SmtpServer, sent: ImapSent | None = None, *, secret: str = smtp_peer.PASSWORD) -> MailSender:
    place = read_server(f"smtp://127.0.0.1:{smtp.port}", "smtp", timeout_seconds=5.0)
    return SmtpSender(SmtpLogin(place, cast(str, ADA.email), lambda: secret), sent)


def large(characters: int = 3_000_000) -> str:
    return ("x" * 70 + "\n") * (characters // 71)


def test_one_refused_recipient_is_named_and_nobody_gets_the_mail() -> None:
    with smtp_server() as smtp:
        smtp.refused["cy@example.test"] = "550 5.1.1 No such user"

        sending = sender_to(smtp).send(approved())

        assert sending.outcome is SendOutcome.NOT_SENT
        assert "cy@example.test" in sending.detail
        assert "nobody else got it" in sending.detail
        assert "bo@example.test" not in sending.detail
        assert smtp.taken == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [("greylists", "try again later"), ("refuses_data", "looks like spam")],
)
def test_a_refusal_in_the_conversation_is_clearly_not_sent(fault: str, words: str) -> None:
    with smtp_server() as smtp:
        smtp.fault = cast(smtp_peer.Fault, fault)

        sending = sender_to(smtp).send(approved())

        assert sending.outcome is SendOutcome.NOT_SENT
        assert words in sending.detail
        assert smtp.taken == []


def test_a_mail_over_the_servers_size_is_not_even_begun() -> None:
    with smtp_server(size_limit=2_000) as smtp:
        sending = sender_to(smtp).send(approved(revised(large(5_000))))

        assert sending.outcome is SendOutcome.NOT_SENT
        assert "larger than" in sending.detail


def test_a_server_that_dies_in_the_middle_of_the_message_has_clearly_not_sent_it() -> None:
    with smtp_server() as smtp:
        smtp.fault = "dies_in_data"

        sending = sender_to(smtp).send(approved(revised(large(24_000_000))))  # more than sockets' buffers hold

        assert sending.outcome is SendOutcome.NOT_SENT
        assert smtp.taken == []


@pytest.mark.parametrize("fault", ["dies_after_dot", "takes_and_dies", "garbage"])
def test_without_an_answer_to_the_final_dot_nobody_knows(fault: str) -> None:
    with smtp_server() as smtp:
        smtp.fault = cast(smtp_peer.Fault, fault)

        assert sender_to(smtp).send(approved()).outcome is SendOutcome.UNKNOWN


def test_the_sent_mailbox_settles_a_doubt(server: Dovecot, ada: str) -> None:
    sent = ImapSent(login_of(server, ada))
    sent.keep(approved().message_id, approved().data)  # as servers do that keep a copy of what they take
    with smtp_server() as smtp:
        smtp.fault = "takes_and_dies"

        sending = sender_to(smtp, sent).send(approved())

    assert sending.outcome is SendOutcome.SENT
    assert "Sent folder" in sending.detail


def test_what_was_sent_lies_in_sent_once_also_where_the_server_put_it_there(server: Dovecot, ada: str) -> None:
    sent = ImapSent(login_of(server, ada))
    with smtp_server() as smtp:
        sender = sender_to(smtp, sent)
        sender.send(approved())
        sender.send(approved(revised("Noch eine.").model_copy(update={"id": "d_2"})))
    sent.keep(approved().message_id, approved().data)

    assert len(server.messages(ada, "Sent")) == 2
    assert all(parsed(data)["bcc"] is None for data in server.messages(ada, "Sent"))


def test_a_mail_that_went_out_is_sent_even_when_its_copy_cannot_be_kept(server: Dovecot, ada: str) -> None:
    sent = ImapSent(login_of(server, ada, "wrong"))
    with smtp_server() as smtp:
        sending = sender_to(smtp, sent).send(approved())

        assert sending.outcome is SendOutcome.SENT
        assert "copy into your Sent folder" in sending.detail
        assert len(smtp.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_submission_is_encrypted_and_takes_passwords_and_tokens(security: str, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    scheme = {"starttls": "smtp+starttls", "tls": "smtps"}[security]
    with smtp_server(certificate=certificate, security=security) as smtp:  # type: ignore[arg-type]
        smtp.tokens["token-1"] = "ada@example.test"
        place = read_server(f"{scheme}://localhost:{smtp.port}", "smtp", ca_file=certificate[0])
        login = SmtpLogin(place, "ada@example.test", lambda: smtp_peer.PASSWORD)
        by_token = replace(login, secret=lambda: "token-1", uses_token=True)
        by_bad_token = replace(login, secret=lambda: "token-2", uses_token=True)

        outcomes = [SmtpSender(one, None).send(approved()).outcome for one in (login, by_token, by_bad_token)]

        assert outcomes == [SendOutcome.SENT, SendOutcome.SENT, SendOutcome.NOT_SENT]
        assert smtp.logins == ["PLAIN", "XOAUTH2", "XOAUTH2"]


def test_a_server_without_starttls_gets_neither_password_nor_mail(tmp_path: Path) -> None:
    with smtp_server() as smtp:
        place = read_server(f"smtp+starttls://localhost:{smtp.port}", "smtp")

        sending = SmtpSender(SmtpLogin(place, "ada@example.test", lambda: smtp_peer.PASSWORD), None).send(approved())

        assert sending.outcome is SendOutcome.NOT_SENT
        assert (smtp.logins, smtp.taken) == ([], [])
