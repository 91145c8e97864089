"""Mailboxes at Gmail, by its API (v1).

A draft there is a container with a lasting id around a message that is replaced whole. Sending makes the container
vanish, which is how a sending without an answer is settled. Steward asks for the right to write mail alone
(gmail.compose), so what lies in Sent can be looked up only where the account allows more.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

from assistant.errors import NotPermitted
from assistant.mail.mail_api import MailApi
from assistant.mail.port import ApprovedMessage, DraftMessage, Sending
from assistant.mail.send_by_draft import send_by_draft


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

    name = "Gmail"
    was_sent_words = "the mail was sent"

    def __init__(self, api: MailApi) -> None:
        self._api = api

    def send(self, message: ApprovedMessage) -> Sending:
        """Send the approved bytes."""
        return send_by_draft(message, self)

    def was_sent(self, message_id: str) -> bool | None:
        """Return whether a message with this id was sent, or None: the account gave no right to look."""
        query = {"q": f"in:sent rfc822msgid:{message_id.strip('<>')}"}
        try:
            response = self._api.safely("GET", "/messages", params=query)
        except NotPermitted:
            return None
        return bool(response and response.json().get("messages"))

    # -------------------------------------------------------------- the steps of send_by_draft
    def create_draft(self, data: bytes) -> str:
        """Make a draft."""
        return _create(self._api, data)

    def send_draft(self, remote_id: str) -> bool:
        """Have it sent."""
        return self._api.call("POST", "/drafts/send", json={"id": remote_id}) is not None

    def is_sent(self, remote_id: str) -> bool:
        """Return whether the draft is gone, as one that was sent is."""
        return self._api.safely("GET", f"/drafts/{remote_id}", params={"format": "minimal"}) is None

    def remove_draft(self, remote_id: str) -> None:
        """Delete the draft."""
        GmailDrafts(self._api).remove(remote_id)


def _create(api: MailApi, data: bytes) -> str:
    response = api.safely("POST", "/drafts", json=_raw(data))
    if response is None:
        raise NotPermitted("Gmail knows no such mailbox", reply="Gmail knows no such mailbox.")
    return str(response.json()["id"])


def _raw(data: bytes) -> dict[str, Any]:
    return {"message": {"raw": urlsafe_b64encode(data).decode()}}
