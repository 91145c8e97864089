"""What an e-mail draft is, as it is stored, shown, edited, approved and sent.

Every change makes a new revision of the same draft; what is approved is the `content_hash` of one revision. Add
fields with a default, never rename one or give it a new meaning: drafts are stored.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Literal

from pydantic import Field

from assistant.frozen import Stored

ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
PLACEHOLDER = re.compile(r"\[\[([^\[\]\n]{1,200})\]\]")
LINE_ENDS = re.compile(r"[\r\n\v\f\x00-\x08\x0e-\x1f\x7f\x85\u2028\u2029]")  # what no header may hold

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
TEMPLATE_ENGINE = "template engine, no language model"  # EmailDraft.written_by
BY_ASKER = "you"
LENGTHS: tuple[Length, ...] = ("short", "medium", "long")
LANGUAGES: dict[Language, str] = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "pt": "Portuguese",
}


class DraftStatus(StrEnum):
    """Where a draft stands. `saved` may still be edited (the saved copy is replaced) and sent."""

    DRAFT = "draft"
    SAVED = "saved"  # this, or an earlier, revision lies in the asker's own Drafts
    SENT = "sent"
    UNKNOWN = "unknown"  # handed to the mail server, which never said whether it took it: nobody sends it again
    DISCARDED = "discarded"

    @property
    def is_open(self) -> bool:
        """True while the draft may be changed, saved or sent."""
        return self in (DraftStatus.DRAFT, DraftStatus.SAVED)


class DraftWarning(Stored):
    """Something the asker should look at before the draft leaves the house."""

    code: WarningCode
    text: str


class DraftSource(Stored):
    """Where a part of the draft comes from."""

    ref: str  # "request", "message:<id>", "file:<name>", "policy:<path>#<chunk>", "history"
    quote: str = Field(min_length=1, max_length=1200)  # verbatim
    title: str = ""  # what people know it by: a document's title, a message's subject and sender
    document_id: str | None = None  # of the company's documents


class DraftFact(Stored):
    """A day, figure or address of the text, as written there, and the passage it comes from."""

    text: str
    ref: str  # as of DraftSource; "request": the asker's own words
    quote: str


class DraftAttachment(Stored):
    """A file that goes with the e-mail."""

    name: str
    file_id: str  # sha256 of its bytes in the blob store


class EmailDraft(Stored):
    """One revision of a draft. Sending is nobody's right while `placeholders`, or `question`, is not empty."""

    id: str
    revision: int = Field(default=1, ge=1)
    status: DraftStatus = DraftStatus.DRAFT
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
    facts: tuple[DraftFact, ...] = ()  # in reading order; one that an edit took out of the text is still here
    question: str | None = None  # what must be answered before the draft can be finished
    asks_for: Literal["recipient", "purpose", "message"] | None = None  # what the question is about
    written_by: str = ""  # the engine's label, or BY_ASKER after their own edit

    @property
    def everybody(self) -> tuple[str, ...]:
        """All recipients, in order."""
        return (*self.to, *self.cc, *self.bcc)

    @property
    def unfinished(self) -> str | None:
        """Why the draft can't be sent yet, in a sentence, or None when it can."""
        if self.question:
            return self.question
        if not self.to:
            return "Nobody stands under To yet."
        if self.placeholders:
            return f"Still to be filled in: {'; '.join(self.placeholders)}."
        return None


def placeholders_of(subject: str, body: str) -> tuple[str, ...]:
    """Return the names of all placeholders, in order, each once."""
    return tuple(dict.fromkeys(found.strip() for found in PLACEHOLDER.findall(f"{subject}\n{body}")))


_APPROVED = {"id", "subject", "to", "cc", "bcc", "in_reply_to", "references", "body", "attachments"}


def content_hash(draft: EmailDraft) -> str:
    """Return the sha256 of all that a recipient would get: what an approval is for, and for nothing else."""
    return hashlib.sha256(draft.model_dump_json(include=_APPROVED).encode()).hexdigest()
