"""The port that mail channels stand behind: IMAP, SMTP, Microsoft Graph, Gmail.

Workers call it, never the bot. `MailDrafts` works in the asker's own Drafts folder. `MailSender` is reached by one
module alone (workers/jobs/email_draft/send_approved.py; an architecture test sees to it), which hands it an
`ApprovedMessage`: only the draft store makes one, of a revision whose hash the asker has approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from assistant.mentions import Person


class SendOutcome(StrEnum):
    """What became of one sending. There is no fourth."""

    SENT = "sent"  # the server took it
    NOT_SENT = "not_sent"  # the server refused, or was never reached with the message: it is clearly not sent
    UNKNOWN = "unknown"  # the connection broke after the message had gone out: nobody can tell, nobody sends again


@dataclass(frozen=True, slots=True)
class Sending:
    """The outcome with what the channel has to say about it, safe to show to the asker."""

    outcome: SendOutcome
    detail: str = ""  # e.g. "the server refused ana@example.test (550)"


@dataclass(frozen=True, slots=True)
class DraftMessage:
    """One revision of a draft, ready for a Drafts folder."""

    draft_id: str
    message_id: str  # in angle brackets, the same for all revisions
    revision: int
    data: bytes  # the whole message, CRLF line ends


@dataclass(frozen=True, slots=True)
class ApprovedMessage:
    """A message that its asker has approved, byte for byte. Made by `DraftStore.begin_sending` and nowhere else."""

    draft_id: str
    message_id: str
    content_hash: str  # of the approved revision
    sender: str  # the asker's address: the envelope's from
    recipients: tuple[str, ...]  # To, Cc and Bcc: the envelope's
    data: bytes  # without Bcc; CRLF line ends


@dataclass(frozen=True, slots=True)
class MailQuery:
    """Which earlier e-mail is looked for."""

    sender: str  # a name, a part of one, or an address
    words: tuple[str, ...] = ()  # all of them in its subject, or all of them in its text


class MailSearch(Protocol):
    """Looks for earlier e-mails in one person's own mailbox; reads, and changes nothing.

    Errors: as MailDrafts.
    """

    def search(self, query: MailQuery) -> list[bytes]:
        """Return the messages that fit, whole; newest last, a dozen at most."""
        ...


class MailDrafts(Protocol):
    """The Drafts folder of one person.

    Errors: DependencyUnavailable when it can't be reached, NotPermitted when the log-in is refused, StorageFull
    when the mailbox is full. `reply` says it to the asker.
    """

    def save(self, message: DraftMessage) -> str:
        """Put the draft into Drafts and return the channel's id of it; one with its Message-ID is replaced."""
        ...

    def replace(self, remote_id: str, message: DraftMessage) -> str:
        """Put the draft in the place of an earlier revision; returns the id it has now.

        When the earlier one is gone (the asker deleted or sent it), the draft is saved anew.
        """
        ...

    def remove(self, remote_id: str) -> None:
        """Take the draft out of Drafts; nothing happens when it is gone already."""
        ...


class MailSender(Protocol):
    """Sends mail as one person."""

    def send(self, message: ApprovedMessage) -> Sending:
        """Send, once. Never raises for what a server does: every ending is one of the three outcomes."""
        ...

    def was_sent(self, message_id: str) -> bool | None:
        """Return whether a message with this id was sent, or None where the channel can't look."""
        ...


class Mailroom(Protocol):
    """Which channels a person has."""

    def drafts_of(self, tenant: str, person: Person) -> MailDrafts | None:
        """Return the person's Drafts folder, or None: nothing is set up for them."""
        ...

    def search_of(self, tenant: str, person: Person) -> MailSearch | None:
        """Return what looks into the person's mailbox, or None: nothing that can is set up for them."""
        ...

    def sender_for(self, tenant: str, person: Person) -> MailSender | None:
        """Return what sends as the person, or None: sending is off, or nothing is set up for them."""
        ...


class NoMailroom:
    """No channel at all: a draft can be copied, or downloaded as .eml."""

    def drafts_of(self, tenant: str, person: Person) -> MailDrafts | None:
        """Return nothing."""
        del tenant, person
        return None

    def search_of(self, tenant: str, person: Person) -> MailSearch | None:
        """Return nothing."""
        del tenant, person
        return None

    def sender_for(self, tenant: str, person: Person) -> MailSender | None:
        """Return nothing."""
        del tenant, person
        return None
