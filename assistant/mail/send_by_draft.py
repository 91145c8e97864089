"""Send by a draft at the service (Graph, Gmail): made, then sent by its id, which settles what a break left open."""

from __future__ import annotations

from typing import Protocol

from assistant.errors import StewardError
from assistant.mail.eml import with_bcc
from assistant.mail.mail_api import NoAnswer
from assistant.mail.port import ApprovedMessage, Sending, SendOutcome


class DraftService(Protocol):
    """One mailbox's drafts, as its service has them. All but `send_draft` may be repeated, and raise StewardError."""

    name: str  # of the service, as people say it
    was_sent_words: str  # what it means for the asker that a draft counts as sent

    def create_draft(self, data: bytes) -> str:
        """Make a draft of the message; return its id."""
        ...

    def send_draft(self, remote_id: str) -> bool:
        """Have it sent; False when there is no such draft.

        Raises:
            StewardError: refused or not reached; nothing was sent.
            NoAnswer: nobody knows.
        """
        ...

    def is_sent(self, remote_id: str) -> bool:
        """Return whether this draft certainly was sent."""
        ...

    def remove_draft(self, remote_id: str) -> None:
        """Take the draft away; what was sent meanwhile stays."""
        ...


def send_by_draft(message: ApprovedMessage, service: DraftService) -> Sending:
    """Make a draft of the approved bytes and have it sent: two steps, so that the id tells what became of it."""
    try:
        remote_id = service.create_draft(with_bcc(message))
    except StewardError as error:
        return Sending(SendOutcome.NOT_SENT, error.reply)
    try:
        is_taken = service.send_draft(remote_id)
    except StewardError as error:
        _clear(service, remote_id)
        return Sending(SendOutcome.NOT_SENT, error.reply)
    except NoAnswer:
        return _settled(service, remote_id)
    return Sending(SendOutcome.SENT) if is_taken else _unknown(service)


def _settled(service: DraftService, remote_id: str) -> Sending:
    """A draft that is gone from the drafts was sent; one that stands may still be under way."""
    try:
        is_sent = service.is_sent(remote_id)
    except StewardError:
        return _unknown(service)
    if is_sent:
        return Sending(SendOutcome.SENT, f"{service.name} broke off, but {service.was_sent_words}")
    return _unknown(service)


def _unknown(service: DraftService) -> Sending:
    return Sending(SendOutcome.UNKNOWN, f"{service.name} broke off before it said whether it took the mail")


def _clear(service: DraftService, remote_id: str) -> None:
    """Take back the draft that was refused; a left one does no harm, and the refusal is what matters."""
    try:
        service.remove_draft(remote_id)
    except StewardError:
        return
