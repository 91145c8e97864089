"""What an e-mail may be asked for with, besides words; the draft itself is assistant/mail/draft.py."""

from __future__ import annotations

from assistant.frozen import Frozen
from assistant.mail.draft import Language, Length, Tone


class EmailOptions(Frozen):
    """What a modal, a button, a script or another program may say instead of words."""

    to: tuple[str, ...] = ()  # addresses, ids or names
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str | None = None
    tone: Tone | None = None
    language: Language | None = None
    length: Length | None = None
    reply_all: bool | None = None
    request: str | None = None  # what was asked first, when the words are an answer to a draft's question
    earlier: tuple[str, ...] = ()  # what the asker answered when they were asked which e-mail of their mailbox it is
    answers: tuple[str, ...] = ()  # what the asker answered when a draft asked whom it is for
