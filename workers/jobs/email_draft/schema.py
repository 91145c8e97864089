"""What an e-mail draft is: the answer of an email_draft job, as it is stored, shown and downloaded.

A draft never sends itself: this version writes it, checks it and offers it as a file. `revision` counts edits
from 1. Add fields with a default, never rename one or give it a new meaning: drafts are stored.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assistant.frozen import Frozen

Tone = Literal["neutral", "friendly", "formal", "firm"]
Length = Literal["short", "medium", "long"]
Language = Literal["en", "de", "fr", "es", "pt"]
WarningCode = Literal[
    "ambiguous_recipient",
    "external_recipient",
    "confidential_external",
    "broad_recipients",
    "missing_attachment",
    "unsupported_fact",
    "relative_date",
]


class DraftWarning(Frozen):
    """Something the asker should look at before the draft leaves the house."""

    code: WarningCode
    text: str


class DraftSource(Frozen):
    """Where a part of the draft comes from."""

    ref: str  # "request", "message:<id>", "file:<name>", "policy:<path>#<chunk>", "history"
    quote: str = Field(min_length=1, max_length=1200)  # verbatim


class DraftAttachment(Frozen):
    """A file that goes with the e-mail."""

    name: str
    file_id: str  # sha256 of its bytes in the blob store


class EmailDraft(Frozen):
    """One draft. Sending is nobody's right while `placeholders`, or `question`, is not empty."""

    id: str
    revision: int = Field(default=1, ge=1)
    status: Literal["draft", "approved", "saved", "sent", "discarded"] = "draft"
    subject: str = ""
    to: tuple[str, ...] = ()  # bare addresses
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    in_reply_to: str | None = None  # message id in angle brackets
    references: tuple[str, ...] = ()  # message ids, oldest first
    body: str = ""  # plain text
    language: Language = "en"
    tone: Tone = "neutral"
    length: Length = "medium"
    placeholders: tuple[str, ...] = ()  # each stands in the body or subject as [[…]]
    attachments: tuple[DraftAttachment, ...] = ()
    warnings: tuple[DraftWarning, ...] = ()
    sources: tuple[DraftSource, ...] = ()
    question: str | None = None  # what must be answered before the draft can be finished


class EmailOptions(Frozen):
    """What a modal, a script or another program may say instead of words."""

    to: tuple[str, ...] = ()  # addresses, ids or names
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str | None = None
    tone: Tone | None = None
    language: Language | None = None
    length: Length | None = None
    reply_all: bool | None = None
