"""Gather what a draft may lean on: attached files, messages, minutes, policies; and what must be left out of it.

Everything here is data. A paragraph that addresses an assistant is dropped before anything reads it, and a source
that says it is confidential is marked, so that it can be left out when an outsider is among the recipients.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.errors import DocumentUnreadable
from assistant.mentions import Attachment
from workers.context import Files
from workers.jobs.email_draft.minutes_file import read_minutes
from workers.jobs.email_draft.thread import ThreadMessage, in_order, read_message
from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import TranscriptUnreadable
from workers.validation.injection import is_order, strip_invisible

PASTED = "pasted text"  # the title of what was pasted into the request
MAX_FILE_BYTES = 5_000_000
_TEXT_SUFFIXES = (".txt", ".md", ".csv", ".json", ".vtt", ".srt", ".docx", ".html", ".eml", ".log")
_TRANSCRIPT_SUFFIXES = (".vtt", ".srt", ".docx")
_ORDERS = re.compile(
    r"\b(?:note|message|instructions?|attention)\b[^.\n]{0,20}\b(?:assistants?|bots?|agents?|ai)\b|\bsystem\s+override\b"
    r"|\bdo\s+not\s+(?:mention|reveal|disclose)\s+this\s+(?:note|message|instruction)"
    r"|\b(?:assistant|ai|bot|steward)\s*[:,]\s*(?:please\s+)?(?:send|forward|add|include|reply|ignore|put|write|attach|cc|bcc)\b"
    r"|\b(?:add|put|include)\b[^.\n]{0,80}\bin\s+(?:the\s+)?bcc\b|\bb?cc\b[^.\n]{0,40}\bevery\s+reply\b"
    r"|\bignoriere\b[^.\n]{0,40}\b(?:anweisung|vorgabe|regel)",
    re.IGNORECASE,
)
_CONFIDENTIAL = re.compile(
    r"\[\s*(?:strictly\s+)?confidential\s*\]|\bstrictly confidential\b|^\W*confidential\b"
    r"|\bconfidential(?:ity)?\s*[:–—-]"
    r"|\bclassification\s*:\s*(?:confidential|internal|restricted|secret)|\binternal(?:\s+use)?\s+only\b"
    r"|\binternal, please\b"
    r"|\bkeep (?:this|that|it) (?:inside|in|internal|confidential|between us|to yourself)\b|\bnot for (?:external"
    r"|distribution|publication|customers)\b"
    r"|\bdo not (?:share|forward|distribute)\b|\bdon't (?:share|forward)\b|\bunder (?:an )?nda\b"
    r"|\bthis is confidential\b|\bis confidential\b"
    r"|\bvertraulich\b|\bnur (?:für den internen Gebrauch|intern)\b|\bnicht weitergeben\b|\bconfidentiel"
    r"|\bconfidencial",
    re.IGNORECASE | re.MULTILINE,
)
_ATTENDEES = re.compile(r"^\W*(?:attendees|participants|present|teilnehmer\w*|anwesend)\W*:\W*(\w.+)$", re.I | re.M)
_SIGN_OFF = re.compile(r"^\s*--\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """One text that facts may come from."""

    ref: str
    title: str  # what a reader knows it by: a file's name, a message's subject
    text: str  # orders to assistants already taken out
    author: str = ""  # a person's name, where one wrote it
    kind: str = "file"  # file, message, transcript, history, policy
    is_confidential: bool = False
    message: ThreadMessage | None = None
    document_id: str = ""  # of the company's documents, where it is one


@dataclass(frozen=True, slots=True)
class Material:
    """All sources of a request, in reading order."""

    sources: tuple[Source, ...]
    messages: tuple[ThreadMessage, ...]  # the thread, oldest first
    attendees: tuple[str, ...]  # of attached transcripts
    orders_dropped: int  # paragraphs that tried to give orders
    unread: tuple[str, ...]  # names of files that could not be read as text

    @property
    def text(self) -> str:
        """All sources as one text."""
        return "\n\n".join(source.text for source in self.sources)

    def without_confidential(self) -> Material:
        """Return the material that an outsider may see."""
        return replace(self, sources=tuple(source for source in self.sources if not source.is_confidential))


def gather(
    attachments: Sequence[Attachment],
    files: Files,
    *,
    pasted: str,
    history: Sequence[str],
    found: tuple[str, bytes] | None = None,
) -> Material:
    """Return the material of attachments, text pasted into the request, earlier turns, and an e-mail that was found.

    A file that isn't text is named in `unread`: it may still go along as an attachment.
    """
    messages: list[ThreadMessage] = []
    sources: list[Source] = []
    attendees: list[str] = []
    unread: list[str] = []
    dropped = 0
    texts = [(attachment.name, _bytes(attachment, files)) for attachment in attachments]
    if pasted:
        texts.append((PASTED, pasted.encode()))
    if found:
        texts.append(found)
    for name, data in texts:
        try:
            if data is None:
                raise DocumentUnreadable(f"{name}: not a text file")
            if _is_message(name, data):
                messages.append(read_message(data, name))
                continue
            source, people = _file(name, data)
        except DocumentUnreadable:
            unread.append(name)
            continue
        attendees += people
        sources.append(source)
    thread = in_order(messages)
    sources = [*map(_message_source, thread), *sources]
    minutes = [
        read
        for name, data in texts
        if data and name.lower().endswith(".json") and (read := read_minutes(data)) is not None
    ]
    sources += [
        Source(f"history:{n}", "this conversation", text, kind="history")
        for n, text in enumerate(history, 1)
        if not any(one.is_shown_in(text) for one in minutes)
    ]
    cleaned = []
    for source in sources:
        text, orders = without_orders(source.text)
        dropped += orders
        marked = source.is_confidential or says_confidential(f"{source.title}\n{text}")
        cleaned.append(replace(source, text=text, is_confidential=marked))
    return Material(tuple(cleaned), tuple(thread), tuple(dict.fromkeys(attendees)), dropped, tuple(unread))


def says_confidential(text: str) -> bool:
    """Return whether a text calls itself, or something in it, confidential."""
    return bool(_CONFIDENTIAL.search(text))


def without_orders(text: str) -> tuple[str, int]:
    """Return the text without paragraphs that address an assistant, and how many were taken out."""
    paragraphs = re.split(r"\n\s*\n", strip_invisible(text))
    kept = [one for one in paragraphs if not (is_order(one) or _ORDERS.search(one))]
    return "\n\n".join(kept), len(paragraphs) - len(kept)


def _bytes(attachment: Attachment, files: Files) -> bytes | None:
    if attachment.size_bytes > MAX_FILE_BYTES or not attachment.name.lower().endswith(_TEXT_SUFFIXES):
        return None
    return files.read(attachment)


def _is_message(name: str, data: bytes) -> bool:
    if name.lower().endswith(".eml"):
        return True
    head = data[:2000].decode("utf-8", "replace").lstrip()
    return bool(re.match(r"(?:[A-Z][\w-]+: .*\n(?:[ \t].*\n)*)*From: .+@", head)) and "\n\n" in head


def _message_source(message: ThreadMessage) -> Source:
    text = _SIGN_OFF.sub("", message.text)
    return Source(
        ref=f"message:{message.message_id or message.subject}",
        title=message.subject,
        text=text,
        author=message.sender.name or message.sender.address,
        kind="message",
        is_confidential=message.marked_confidential,
        message=message,
    )


def _file(name: str, data: bytes) -> tuple[Source, tuple[str, ...]]:
    """Return a file's text, and who attended where it is a transcript.

    Raises:
        DocumentUnreadable: it isn't text.
    """
    lowered = name.lower()
    if lowered.endswith(".json") and (minutes := read_minutes(data)) is not None:
        return Source(f"file:{name}", name, minutes.text, kind="minutes"), minutes.participants
    text = "" if lowered.endswith(".docx") else _decoded(data, name)
    looks_spoken = len(re.findall(r"^(?:\[[\d:.]+\]\s*)?[A-Z][\w. '’-]{1,40}:\s\S", text, re.MULTILINE)) >= 6
    if lowered.endswith(_TRANSCRIPT_SUFFIXES) or (lowered.endswith(".txt") and looks_spoken):
        try:
            transcript = parse_transcript(data, name=name)
        except TranscriptUnreadable:
            if not text:
                raise
        else:
            lines = [f"{one.speaker or 'Somebody'}: {one.text}" for one in transcript.utterances]
            return Source(f"file:{name}", name, "\n".join(lines), kind="transcript"), transcript.attendees
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)  # a document's front matter is not its text
    people = [one.strip() for found in _ATTENDEES.finditer(text) for one in re.split(r"[,;]| and | und ", found[1])]
    return Source(f"file:{name}", name, text), tuple(one for one in people if one)


def _decoded(data: bytes, name: str) -> str:
    if b"\x00" in data[:4000]:
        raise DocumentUnreadable(f"{name}: binary")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
