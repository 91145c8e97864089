"""Parse e-mail (eml): its headers and body; attachments are named, not read."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from assistant.errors import DocumentUnreadable
from ingest.parsed import ParsedDocument
from ingest.parsers import html
from ingest.parsers.body import BodyBuilder

PARSER = "eml/1"


def parse(data: bytes, name: str) -> ParsedDocument:
    """Return the message's text under its subject.

    Raises:
        DocumentUnreadable: it has no readable body.
    """
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    subject = str(message["subject"] or "").strip() or re.sub(r"\.\w+$", "", name)
    builder = BodyBuilder()
    heads = [f"{label}: {message[label]}" for label in ("From", "To", "Cc", "Date") if message[label]]
    builder.block("\n".join(heads))
    for paragraph in re.split(r"\n\s*\n", _text(message, name)):
        builder.block(paragraph)
    attachments = [part.get_filename() or "unnamed" for part in message.iter_attachments()]
    warnings = (f"attachments were not read: {', '.join(attachments)}",) if attachments else ()
    body, sections = builder.finish()
    return ParsedDocument(
        title=subject, body=body, sections=sections, parser=PARSER, media_type="message/rfc822", warnings=warnings
    )


def _text(message: EmailMessage, name: str) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        raise DocumentUnreadable(f"{name}: no body", reply=f"“{name}” is a message without text.")
    try:
        content = str(part.get_content())
    except (LookupError, UnicodeError) as error:
        raise DocumentUnreadable(f"{name}: {error}", reply=f"“{name}” uses a character set I don't know.") from error
    if part.get_content_type() == "text/html":
        return html.parse(content.encode(), name).body
    return content
