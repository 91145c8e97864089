"""Mailboxes at Gmail, by its API (v1).

A draft there is a container with a lasting id around a message that is replaced whole. Sending makes the container
vanish, which is how a sending without an answer is settled. Steward asks for the right to write mail alone
(gmail.compose), so what lies in Sent can be looked up only where the account allows more.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

from assistant.errors import NotPermitted, StewardError
from assistant.mail.eml import with_bcc
from assistant.mail.mail_api import MailApi, NoAnswer
from assistant.mail.port import ApprovedMessage, DraftMessage, Sending, SendOutcome

_NO_ANSWER = "Gmail broke off before it said whether it took the mail"


class GmailDrafts:
    """The drafts of one mailbox."""

    def __init__(self, api: MailApi) -> None:
        self._api = api

    def save(self, message: DraftMessage) -> str:
        """Make a draft; one with the same Message-ID is replaced."""
        found = self._api.safely("GET", "/drafts", params={"q": f"rfc822msgid:{message.message_id.strip('<>')}"})
        before = found.json().get("drafts", []) if found else []
        return self.replace(str(before[0]["id"]), message) if before else _create(self._api, message.data)

    def replace(self, remote_id: str, message: DraftMessage) -> str:
        """Replace the draft's message; a new draft is made when the old one is gone or was sent."""
        response = self._api.safely("PUT", f"/drafts/{remote_id}", json=_raw(message.data))
        return str(response.json()["id"]) if response else _create(self._api, message.data)

    def remove(self, remote_id: str) -> None:
        """Delete the draft."""
        self._api.safely("DELETE", f"/drafts/{remote_id}")


class GmailSender:
    """Sends as the mailbox's owner."""

    def __init__(self, api: MailApi) -> None:
        self._api = api

    def send(self, message: ApprovedMessage) -> Sending:
        """Make a draft of the approved bytes and have it sent: two steps, so that the id tells what became of it."""
        try:
            remote_id = _create(self._api, with_bcc(message))
        except StewardError as error:
            return Sending(SendOutcome.NOT_SENT, error.reply)
        try:
            sent = self._api.call("POST", "/drafts/send", json={"id": remote_id})
        except StewardError as error:
            self._clear(remote_id)
            return Sending(SendOutcome.NOT_SENT, error.reply)
        except NoAnswer:
            return self._settled(remote_id)
        return Sending(SendOutcome.SENT) if sent is not None else Sending(SendOutcome.UNKNOWN, _NO_ANSWER)

    def was_sent(self, message_id: str) -> bool | None:
        """Return whether a message with this id was sent, or None: the account gave no right to look."""
        query = {"q": f"in:sent rfc822msgid:{message_id.strip('<>')}"}
        try:
            response = self._api.safely("GET", "/messages", params=query)
        except NotPermitted:
            return None
        return bool(response and response.json().get("messages"))

    def _settled(self, remote_id: str) -> Sending:
        """A draft that is gone was sent; one that stands may still be under way."""
        try:
            is_gone = self._api.safely("GET", f"/drafts/{remote_id}", params={"format": "minimal"}) is None
        except StewardError:
            return Sending(SendOutcome.UNKNOWN, _NO_ANSWER)
        if is_gone:
            return Sending(SendOutcome.SENT, "Gmail broke off, but the mail was sent")
        return Sending(SendOutcome.UNKNOWN, _NO_ANSWER)

    def _clear(self, remote_id: str) -> None:
        """Take back the draft that was refused; a left one does no harm, and the refusal is what matters."""
        try:
            self._api.safely("DELETE", f"/drafts/{remote_id}")
        except StewardError:
            return


def _create(api: MailApi, data: bytes) -> str:
    response = api.safely("POST", "/drafts", json=_raw(data))
    if response is None:
        raise NotPermitted("Gmail knows no such mailbox", reply="Gmail knows no such mailbox.")
    return str(response.json()["id"])


def _raw(data: bytes) -> dict[str, Any]:
    return {"message": {"raw": urlsafe_b64encode(data).decode()}}
