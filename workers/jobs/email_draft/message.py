"""Make the .eml of a draft: a message that a mail program opens for editing, with its attachments."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from assistant.errors import ModelOutputInvalid
from assistant.mentions import Person
from workers.jobs.email_draft.schema import EmailDraft

MEDIA_TYPE = "message/rfc822"


def eml_of(draft: EmailDraft, *, asker: Person, at: datetime, files: Mapping[str, bytes]) -> bytes:
    """Return the draft as an unsent message (`X-Unsent: 1`); `files` holds the attachments' bytes by file id.

    Raises:
        ModelOutputInvalid: a header would hold a line end.
    """
    message = EmailMessage(policy=policy.SMTP)
    try:
        message["X-Unsent"] = "1"
        message["Date"] = format_datetime(at)
        if asker.email:
            message["From"] = str(Address(display_name=asker.name or "", addr_spec=asker.email))
        for header, addresses in (("To", draft.to), ("Cc", draft.cc), ("Bcc", draft.bcc)):
            if addresses:
                message[header] = ", ".join(addresses)
        message["Subject"] = draft.subject
        if draft.in_reply_to:
            message["In-Reply-To"] = draft.in_reply_to
        if draft.references:
            message["References"] = " ".join(draft.references)
    except ValueError as error:
        raise ModelOutputInvalid(f"draft {draft.id}: {error}") from error
    message.set_content(draft.body + "\n")
    for attachment in draft.attachments:
        if (data := files.get(attachment.file_id)) is not None:
            main, _, sub = (mimetypes.guess_type(attachment.name)[0] or "application/octet-stream").partition("/")
            message.add_attachment(data, maintype=main, subtype=sub, filename=attachment.name)
    return message.as_bytes()


def file_name(draft: EmailDraft) -> str:
    """Return a name for the download, made of the subject."""
    plain = re.sub(r"[^\w-]+", "-", draft.subject).strip("-").lower()[:60]
    return f"{plain or 'draft'}.eml"
