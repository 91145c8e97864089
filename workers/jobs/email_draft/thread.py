"""Read e-mails (eml, or pasted into the request) into messages: who wrote to whom, what, answering which.

Quoted history and signatures' rulers are cut from a message's own words, since every message of the thread is
read by itself. Nothing is fetched; attachments are named, not opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime

from assistant.errors import DocumentUnreadable
from assistant.mail.draft import ADDRESS

_ADDRESS = re.compile(ADDRESS)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_QUOTED_HISTORY = re.compile(
    r"^(?:On .{5,120} wrote:|Am .{5,120} schrieb .{0,80}:|Le .{5,120} a écrit\s?:|-{2,}\s?Original Message.*)$",
    re.MULTILINE,
)
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]+>", re.IGNORECASE | re.DOTALL)
_LIST_NAMES = re.compile(
    r"^(?:all|everyone|everybody|staff|team|company|employees|alle|info|success|support|office|people|[\w.-]+-all|all-[\w.-]+)@",
    re.IGNORECASE,
)
_EVERYBODY = re.compile(
    r"^(?:all|everyone|everybody|staff|company|employees|alle|[\w.-]+-all|all-[\w.-]+)@", re.IGNORECASE
)
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)  # messages without a date come first


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address as a header gives them; the name may be empty."""

    name: str
    address: str  # lower case

    @property
    def is_list(self) -> bool:
        """Whether the address looks like one that reaches everybody."""
        return bool(_EVERYBODY.match(self.address))

    @property
    def is_person(self) -> bool:
        """Whether the address looks like a person's rather than a team's or a list's."""
        return not _LIST_NAMES.match(self.address)


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One message of a thread."""

    message_id: str | None
    references: tuple[str, ...]
    sender: Mailbox
    reply_to: Mailbox | None
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    subject: str
    sent_at: datetime
    text: str  # its own words, without quoted history
    attachments: tuple[str, ...]
    marked_confidential: bool = False  # by a header

    @property
    def everybody(self) -> tuple[Mailbox, ...]:
        """All who wrote or got it, the sender first, each address once."""
        boxes = {box.address: box for box in reversed((self.sender, *self.to, *self.cc)) if box.address}
        return tuple(reversed(boxes.values()))


def read_message(data: bytes, name: str) -> ThreadMessage:
    """Return the message of an .eml file.

    Raises:
        DocumentUnreadable: it isn't a message, or has no text.
    """
    try:
        message = message_from_bytes(data, policy=policy.default)
        assert isinstance(message, EmailMessage)
        if not message["from"]:
            raise DocumentUnreadable(f"{name}: no From", reply=f"“{name}” doesn't look like an e-mail.")
        return ThreadMessage(
            message_id=_first_id(str(message["message-id"] or "")),
            references=_ids(f"{message['references'] or ''} {message['in-reply-to'] or ''}"),
            sender=_boxes(message, "from")[0],
            reply_to=next(iter(_boxes(message, "reply-to")), None),
            to=_boxes(message, "to"),
            cc=_boxes(message, "cc"),
            subject=" ".join(str(message["subject"] or "").split()),
            sent_at=_date(str(message["date"] or "")),
            text=own_words(_text(message, name)),
            attachments=tuple(part.get_filename() or "unnamed" for part in message.iter_attachments()),
            marked_confidential="confidential" in str(message["sensitivity"] or "").lower(),
        )
    except (MessageError, ValueError, LookupError, IndexError) as error:
        raise DocumentUnreadable(f"{name}: {error}", reply=f"I can't read the e-mail “{name}”.") from error


def in_order(messages: list[ThreadMessage]) -> list[ThreadMessage]:
    """Return the messages oldest first, each message id once."""
    seen: dict[str, ThreadMessage] = {}
    for number, message in enumerate(messages):
        seen.setdefault(message.message_id or f"#{number}", message)
    return sorted(seen.values(), key=lambda message: message.sent_at)


def own_words(text: str) -> str:
    """Return a message's text without what it quotes from earlier ones."""
    kept = text.replace("\r\n", "\n")
    if found := _QUOTED_HISTORY.search(kept):
        kept = kept[: found.start()]
    return "\n".join(line for line in kept.splitlines() if not line.lstrip().startswith(">")).strip()


def _boxes(message: EmailMessage, header: str) -> tuple[Mailbox, ...]:
    """Return the header's mailboxes. "Tavares, Loja <x@y>" without quotes is one mailbox, as people write it."""
    raw = " ".join(str(value) for value in message.get_all(header, []))
    boxes = []
    for part in re.split(r"(?<=>)\s*,|,(?=[^<>,]*@[^<>,]*(?:,|$))", raw):
        found = _ADDRESS.search(part)
        if found is None:
            continue
        name = getaddresses([part.replace(",", " ·")])[0][0] if "<" in part else ""
        boxes.append(Mailbox(" ".join(name.replace(" ·", ",").strip('"').split()), found[0].lower()))
    return tuple(boxes)


def _text(message: EmailMessage, name: str) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, UnicodeError) as error:
        raise DocumentUnreadable(f"{name}: {error}", reply=f"“{name}” uses a character set I don't know.") from error
    return _TAG.sub(" ", content) if part.get_content_type() == "text/html" else content


def _ids(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(text)))


def _first_id(text: str) -> str | None:
    return next(iter(_ids(text)), None)


def _date(text: str) -> datetime:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return OLDEST
    return found if found.tzinfo else found.replace(tzinfo=UTC)
