"""One shape around every mail channel, so that the contract suite can drive them and look into their mailboxes."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from typing import cast

from assistant.errors import StorageFull
from assistant.mail.draft import EmailDraft, content_hash
from assistant.mail.eml import message_id, message_of
from assistant.mail.gmail import GmailDrafts, GmailSender
from assistant.mail.graph import IMMUTABLE_IDS, GraphDrafts, GraphSender
from assistant.mail.imap import ImapDrafts, ImapLogin, ImapSent
from assistant.mail.mail_api import MailApi
from assistant.mail.port import ApprovedMessage, DraftMessage, MailDrafts, MailSender, Sending, SendOutcome
from assistant.mail.servers import read_server
from assistant.mail.smtp import SmtpLogin, SmtpSender
from assistant.mail.twins import DraftsTwin, SenderTwin
from assistant.mentions import Person
from tests.peers.dovecot import PASSWORD, Dovecot
from tests.peers.mail_services import GmailService, GraphService, parsed, serving
from tests.peers.smtp_server import smtp_server

ADA = Person(id="ada", name="Ada Löwe", email="ada@example.test")
DRAFT = EmailDraft(
    id="d_1",
    subject="Grüße aus Köln",
    to=("bo@example.test",),
    cc=("cy@example.test",),
    bcc=("di@example.test",),
    in_reply_to="<first@example.test>",
    references=("<first@example.test>",),
    body="Lieber Bo,\n\n.ein Punkt zuerst\n\nAda",
)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def saved(draft: EmailDraft = DRAFT) -> DraftMessage:
    """Return a revision as a worker hands it to a Drafts folder."""
    data = message_of(draft, sender=ADA, at=NOON, files={}, is_unsent=True).as_bytes()
    return DraftMessage(draft.id, message_id(draft.id, ADA), draft.revision, data)


def approved(draft: EmailDraft = DRAFT) -> ApprovedMessage:
    """Return a revision as a worker hands it to a sender."""
    data = message_of(draft, sender=ADA, at=NOON, files={}, is_unsent=False).as_bytes()
    return ApprovedMessage(
        draft.id, message_id(draft.id, ADA), content_hash(draft), ADA.email or "", draft.everybody, data
    )


def revised(body: str, revision: int = 2) -> EmailDraft:
    """Return the draft with another body."""
    return DRAFT.model_copy(update={"body": body, "revision": revision})


@dataclass
class DraftsHarness:
    """A Drafts folder, what lies in it (message id, body), and how to fill it up or empty it by hand."""

    drafts: MailDrafts
    held: Callable[[], list[tuple[str, str]]]
    fill_up: Callable[[], None]
    empty: Callable[[], None]


@dataclass
class SenderHarness:
    """A sender, the recipients and bodies of what was delivered, and how its server goes wrong."""

    sender: MailSender
    delivered: Callable[[], list[tuple[set[str], str]]]
    refuse: Callable[[], None]
    take_and_die: Callable[[], None]  # takes the message, and breaks off before it says so
    die: Callable[[], None]  # breaks off at the same place, without having taken it


def _told(data: bytes) -> tuple[str, str]:
    message = parsed(data)
    return str(message["message-id"]), body_of(message)


def body_of(message: EmailMessage) -> str:
    """Return a message's text with plain line ends."""
    body = message.get_body(("plain",))
    assert body is not None
    return cast(str, body.get_content()).replace("\r\n", "\n").strip()


# ------------------------------------------------------------------ Drafts folders
@contextmanager
def twin_drafts() -> Iterator[DraftsHarness]:
    """The twin."""
    twin = DraftsTwin()

    def full() -> None:
        twin.failure = StorageFull("full", reply="your mailbox is full.")

    yield DraftsHarness(twin, lambda: [_told(one.data) for one in twin.messages.values()], full, twin.messages.clear)


@contextmanager
def imap_drafts(server: Dovecot, address: str) -> Iterator[DraftsHarness]:
    """IMAP, against Dovecot. The mailbox is 40 kB large."""
    place = read_server(f"imap://127.0.0.1:{server.port}", "imap")
    login = ImapLogin(place, server.add_user(address, quota="40K"), lambda: PASSWORD)

    def fill_up() -> None:
        with server.signed_in(address) as client:
            for _ in range(2):
                client.append("INBOX", "", "", b"Subject: big\r\n\r\n" + (b"x" * 70 + b"\r\n") * 250)

    def empty() -> None:
        with server.signed_in(address) as client:
            client.select("Drafts")
            client.store("1:*", "+FLAGS", r"(\Deleted)")
            client.expunge()

    yield DraftsHarness(
        ImapDrafts(login), lambda: [_told(data) for data in server.messages(address, "Drafts")], fill_up, empty
    )


def api_of(url: str, *, waits: list[float] | None = None, headers: dict[str, str] | None = None) -> MailApi:
    """Return a client with a good token that writes down what it waits for instead of waiting."""
    noted = [] if waits is None else waits
    return MailApi(url, lambda *, refused=False: "good", headers=headers or {}, pause=noted.append)


@contextmanager
def graph_drafts() -> Iterator[DraftsHarness]:
    """Microsoft Graph's stand-in."""
    with serving(GraphService()) as service:

        def full() -> None:
            service.fault = "full"

        yield DraftsHarness(
            GraphDrafts(api_of(f"{service.url}/v1.0", headers=IMMUTABLE_IDS)),
            lambda: [
                (one["internetMessageId"], one["content"].replace("\r\n", "\n").strip())
                for one in service.messages.values()
            ],
            full,
            service.messages.clear,
        )


@contextmanager
def gmail_drafts() -> Iterator[DraftsHarness]:
    """Gmail's stand-in."""
    with serving(GmailService()) as service:

        def full() -> None:
            service.fault = "full"

        yield DraftsHarness(
            GmailDrafts(api_of(f"{service.url}/gmail/v1/users/me")),
            lambda: [_told(data) for data in service.drafts.values()],
            full,
            service.drafts.clear,
        )


# ------------------------------------------------------------------ senders
@contextmanager
def twin_sender() -> Iterator[SenderHarness]:
    """The twin; it can look into what it sent."""
    twin = SenderTwin()

    def refuse() -> None:
        twin.answers = lambda _message: Sending(SendOutcome.NOT_SENT, "refused")

    def take_and_die() -> None:
        twin.answers = lambda _message: Sending(SendOutcome.UNKNOWN, "broke off")

    yield SenderHarness(
        twin, lambda: [(set(one.recipients), _told(one.data)[1]) for one in twin.sent], refuse, take_and_die, refuse
    )


@contextmanager
def smtp_sender(server: Dovecot, address: str) -> Iterator[SenderHarness]:
    """SMTP against aiosmtpd, with the Sent mailbox on Dovecot."""
    with smtp_server() as smtp:
        login = ImapLogin(
            read_server(f"imap://127.0.0.1:{server.port}", "imap"), server.add_user(address), lambda: PASSWORD
        )
        sender = SmtpSender(
            SmtpLogin(read_server(f"smtp://127.0.0.1:{smtp.port}", "smtp"), address, lambda: PASSWORD),
            ImapSent(login),
        )

        def refuse() -> None:
            smtp.refused["cy@example.test"] = "550 5.1.1 No such user"

        def take_and_die() -> None:
            smtp.fault = "takes_and_dies"

        def die() -> None:
            smtp.fault = "dies_after_dot"

        yield SenderHarness(
            sender,
            lambda: [(set(one.rcpt_tos), _told(cast(bytes, one.content))[1]) for one in smtp.taken],
            refuse,
            take_and_die,
            die,
        )


@contextmanager
def graph_sender() -> Iterator[SenderHarness]:
    """Microsoft Graph's stand-in."""
    with serving(GraphService()) as service:

        def fault(name: str) -> Callable[[], None]:
            def put() -> None:
                service.fault, service.fault_on = name, "/send"  # type: ignore[assignment]

            return put

        yield SenderHarness(
            GraphSender(api_of(f"{service.url}/v1.0", headers=IMMUTABLE_IDS)),
            lambda: [
                (
                    {*one["toRecipients"], *one["ccRecipients"], *one["bccRecipients"]},
                    one["content"].replace("\r\n", "\n").strip(),
                )
                for one in service.messages.values()
                if not one["isDraft"]
            ],
            fault("refused"),
            fault("breaks_after"),
            fault("breaks_before"),
        )


@contextmanager
def gmail_sender() -> Iterator[SenderHarness]:
    """Gmail's stand-in."""
    with serving(GmailService()) as service:

        def fault(name: str) -> Callable[[], None]:
            def put() -> None:
                service.fault, service.fault_on = name, "/send"  # type: ignore[assignment]

            return put

        def delivered() -> list[tuple[set[str], str]]:
            messages = [email.message_from_bytes(data, policy=policy.default) for data in service.sent]
            return [
                (
                    {one.addr_spec for name in ("to", "cc", "bcc") if m[name] for one in m[name].addresses},
                    body_of(cast(EmailMessage, m)),
                )
                for m in messages
            ]

        yield SenderHarness(
            GmailSender(api_of(f"{service.url}/gmail/v1/users/me")),
            delivered,
            fault("refused"),
            fault("breaks_after"),
            fault("breaks_before"),
        )
