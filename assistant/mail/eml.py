"""Make the message of a draft: for the mail server, for the Drafts folder, or as an .eml to open and edit.

The Message-ID is made of the draft's id alone, so that a copy in Drafts or Sent can be found again, whichever
revision it is of: that is how a doubtful sending is settled, and how a saved draft is replaced. A message to be sent
carries no Bcc: those recipients stand in the envelope alone.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, getaddresses

from assistant.errors import ModelOutputInvalid
from assistant.mail.draft import EmailDraft
from assistant.mail.port import ApprovedMessage
from assistant.mentions import Person

MEDIA_TYPE = "message/rfc822"
NO_DOMAIN = "steward.invalid"  # the right side of the Message-ID where the asker's domain is unknown (RFC 2606)
REVISION_HEADER = "X-Steward-Revision"


def message_id(draft_id: str, sender: Person) -> str:
    """Return the draft's Message-ID in angle brackets; the same for all its revisions."""
    domain = (sender.email or "").rpartition("@")[2].lower() or NO_DOMAIN
    digest = hashlib.sha256(f"{sender.id}\n{draft_id}".encode()).hexdigest()[:32]
    return f"<steward.{digest}@{domain}>"


def message_of(
    draft: EmailDraft, *, sender: Person, at: datetime, files: Mapping[str, bytes], is_unsent: bool
) -> EmailMessage:
    """Return the draft as a message. `files` holds the attachments' bytes by file id; all must be there.

    `is_unsent` marks it for mail programs as a draft to be edited (`X-Unsent: 1`): never set when it is to be sent.

    Raises:
        ModelOutputInvalid: a header would hold a line end, or an attachment's bytes are missing.
    """
    message = EmailMessage(policy=policy.SMTP)
    try:
        if is_unsent:
            message["X-Unsent"] = "1"
        message["Date"] = format_datetime(at)
        if sender.email:
            message["From"] = str(Address(display_name=sender.name or "", addr_spec=sender.email))
        hidden = draft.bcc if is_unsent else ()
        for header, addresses in (("To", draft.to), ("Cc", draft.cc), ("Bcc", hidden)):
            if addresses:
                message[header] = ", ".join(addresses)
        message["Subject"] = draft.subject
        message["Message-ID"] = message_id(draft.id, sender)
        message[REVISION_HEADER] = str(draft.revision)
        if draft.in_reply_to:
            message["In-Reply-To"] = draft.in_reply_to
        if draft.references:
            message["References"] = " ".join(draft.references)
    except ValueError as error:
        raise ModelOutputInvalid(f"draft {draft.id}: {error}") from error
    message.set_content(draft.body + "\n")
    for attachment in draft.attachments:
        data = files.get(attachment.file_id)
        if data is None:
            raise ModelOutputInvalid(f"draft {draft.id}: the bytes of an attachment are missing")
        main, _, sub = (mimetypes.guess_type(attachment.name)[0] or "application/octet-stream").partition("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=attachment.name)
    return message


def with_bcc(message: ApprovedMessage) -> bytes:
    """Return the approved message with its hidden recipients as a Bcc header: for services that know no envelope.

    They take the header out before anybody gets the mail.
    """
    shown = BytesParser(policy=policy.SMTP).parsebytes(message.data, headersonly=True)
    named = {
        address.lower()
        for _, address in getaddresses([str(one) for h in ("to", "cc") for one in shown.get_all(h, [])])
    }
    hidden = [one for one in message.recipients if one.lower() not in named]
    return b"Bcc: " + ",\r\n ".join(hidden).encode() + b"\r\n" + message.data if hidden else message.data


def eml_of(draft: EmailDraft, *, sender: Person, at: datetime, files: Mapping[str, bytes]) -> bytes:
    """Return the draft as a file that a mail program opens for editing.

    Raises:
        ModelOutputInvalid: a header would hold a line end, or an attachment's bytes are missing.
    """
    return message_of(draft, sender=sender, at=at, files=files, is_unsent=True).as_bytes()


def file_name(draft: EmailDraft) -> str:
    """Return a name for the download, made of the subject."""
    plain = re.sub(r"[^\w-]+", "-", draft.subject).strip("-").lower()[:60]
    return f"{plain or 'draft'}.eml"
