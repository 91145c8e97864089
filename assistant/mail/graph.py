"""Mailboxes at Microsoft 365, by Microsoft Graph (v1.0).

A draft is made from MIME, the only form that keeps our Message-ID, In-Reply-To and References; an edit patches the
same message, so that it stays open where the asker has it open. Ids are immutable ones: a message keeps its id when
it moves from Drafts to Sent Items, which is how a sending without an answer is settled.
"""

from __future__ import annotations

from base64 import b64encode
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from typing import Any

from assistant.errors import NotPermitted
from assistant.mail.mail_api import MailApi
from assistant.mail.port import ApprovedMessage, DraftMessage, Sending
from assistant.mail.send_by_draft import send_by_draft

IMMUTABLE_IDS = {"Prefer": 'IdType="ImmutableId"'}


class GraphDrafts:
    """The Drafts folder of one mailbox."""

    def __init__(self, api: MailApi) -> None:
        self._api = api

    def save(self, message: DraftMessage) -> str:
        """Put the draft into Drafts; one with its Message-ID is replaced."""
        before = _drafts_with(self._api, message.message_id)
        return self.replace(before[0], message) if before else _create(self._api, message.data)

    def replace(self, remote_id: str, message: DraftMessage) -> str:
        """Put the draft in the place of an earlier revision; anew when that is gone or was sent."""
        found = self._api.safely("GET", f"/me/messages/{remote_id}", params={"$select": "isDraft,hasAttachments"})
        current: dict[str, Any] = found.json() if found else {}
        if not current.get("isDraft"):
            return _create(self._api, message.data)
        parsed = BytesParser(policy=policy.default).parsebytes(message.data)
        assert isinstance(parsed, EmailMessage)
        if current.get("hasAttachments") or next(parsed.iter_attachments(), None) is not None:
            new_id = _create(self._api, message.data)  # a patch leaves attachments as they were
            self.remove(remote_id)
            return new_id
        if self._api.safely("PATCH", f"/me/messages/{remote_id}", json=_patch(parsed)) is None:
            return _create(self._api, message.data)
        return remote_id

    def remove(self, remote_id: str) -> None:
        """Delete the draft; what was sent meanwhile stays."""
        found = self._api.safely("GET", f"/me/messages/{remote_id}", params={"$select": "isDraft"})
        if found is not None and found.json().get("isDraft"):
            self._api.safely("DELETE", f"/me/messages/{remote_id}")


class GraphSender:
    """Sends as the mailbox's owner."""

    name = "Microsoft 365"
    was_sent_words = "the mail lies in your Sent Items"

    def __init__(self, api: MailApi) -> None:
        self._api = api

    def send(self, message: ApprovedMessage) -> Sending:
        """Send the approved bytes."""
        return send_by_draft(message, self)

    def was_sent(self, message_id: str) -> bool | None:
        """Return whether a message with this id lies in Sent Items."""
        return bool(_find(self._api, "/me/mailFolders/sentitems/messages", message_id))

    # -------------------------------------------------------------- the steps of send_by_draft
    def create_draft(self, data: bytes) -> str:
        """Make a draft."""
        return _create(self._api, data)

    def send_draft(self, remote_id: str) -> bool:
        """Have it sent."""
        path = f"/me/messages/{remote_id}/send"
        return self._api.call("POST", path, headers={"Content-Length": "0"}) is not None

    def is_sent(self, remote_id: str) -> bool:
        """Return whether the message is no draft any more."""
        found = self._api.safely("GET", f"/me/messages/{remote_id}", params={"$select": "isDraft"})
        return found is not None and found.json().get("isDraft") is False

    def remove_draft(self, remote_id: str) -> None:
        """Delete the draft."""
        GraphDrafts(self._api).remove(remote_id)


def _create(api: MailApi, data: bytes) -> str:
    response = api.safely("POST", "/me/messages", content=b64encode(data), headers={"Content-Type": "text/plain"})
    if response is None:
        raise NotPermitted("Microsoft 365 knows no such mailbox", reply="Microsoft 365 knows no mailbox of yours.")
    return str(response.json()["id"])


def _drafts_with(api: MailApi, message_id: str) -> list[str]:
    return _find(api, "/me/mailFolders/drafts/messages", message_id)


def _find(api: MailApi, folder: str, message_id: str) -> list[str]:
    quoted = message_id.replace("'", "''")
    query = {"$filter": f"internetMessageId eq '{quoted}'", "$select": "id", "$top": "5"}
    response = api.safely("GET", folder, params=query)
    return [str(one["id"]) for one in response.json()["value"]] if response else []


def _patch(message: EmailMessage) -> dict[str, Any]:
    body = message.get_body(preferencelist=("plain",))
    return {
        "subject": str(message["subject"] or ""),
        "body": {"contentType": "text", "content": body.get_content() if body else ""},
        **{f"{name}Recipients": _recipients(message, name) for name in ("to", "cc", "bcc")},
    }


def _recipients(message: EmailMessage, header: str) -> list[dict[str, dict[str, str]]]:
    found = getaddresses([str(value) for value in message.get_all(header, [])])
    return [{"emailAddress": {"address": address, **({"name": name} if name else {})}} for name, address in found]
