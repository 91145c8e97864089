"""Mail channels in memory: what tests and demonstrations hand in for a mail server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes

from assistant.errors import StewardError
from assistant.mail.port import (
    ApprovedMessage,
    DraftMessage,
    MailDrafts,
    MailQuery,
    MailSearch,
    MailSender,
    Sending,
    SendOutcome,
)
from assistant.mentions import Person


@dataclass
class DraftsTwin:
    """A Drafts folder: messages by id."""

    messages: dict[str, DraftMessage] = field(default_factory=dict)
    failure: StewardError | None = None  # raised by the next calls while set
    _count: int = 0

    def save(self, message: DraftMessage) -> str:
        """Keep the message under a new id; one with its Message-ID goes."""
        self._fail()
        for remote_id in [key for key, one in self.messages.items() if one.message_id == message.message_id]:
            del self.messages[remote_id]
        self._count += 1
        remote_id = f"draft-{self._count}"
        self.messages[remote_id] = message
        return remote_id

    def replace(self, remote_id: str, message: DraftMessage) -> str:
        """Keep the message in the place of an earlier one."""
        self._fail()
        self.messages.pop(remote_id, None)
        return self.save(message)

    def remove(self, remote_id: str) -> None:
        """Forget the message."""
        self._fail()
        self.messages.pop(remote_id, None)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


@dataclass
class SenderTwin:
    """Keeps what was sent. `answers` decides the outcome of each sending; it may raise, as a killed worker would."""

    sent: list[ApprovedMessage] = field(default_factory=list)
    answers: Callable[[ApprovedMessage], Sending] = lambda _message: Sending(SendOutcome.SENT)
    can_look: bool = True  # whether was_sent can tell

    def send(self, message: ApprovedMessage) -> Sending:
        """Keep the message unless it is refused. An unknown outcome has reached the recipient here."""
        answer = self.answers(message)
        if answer.outcome is not SendOutcome.NOT_SENT:
            self.sent.append(message)
        return answer

    def was_sent(self, message_id: str) -> bool | None:
        """Return whether it is among those sent, or None when the twin is told not to look."""
        return any(one.message_id == message_id for one in self.sent) if self.can_look else None


@dataclass
class SearchTwin:
    """A mailbox that can be searched: whole messages, oldest first."""

    messages: list[bytes] = field(default_factory=list)

    def search(self, query: MailQuery) -> list[bytes]:
        """Return the messages from that sender that hold all the words."""
        wanted = [word.lower() for word in query.words]
        return [
            data
            for data in self.messages
            if query.sender.lower() in str(message_from_bytes(data)["from"]).lower()
            and all(word in data.decode().lower() for word in wanted)
        ]


@dataclass
class MailroomTwin:
    """The same folder, mailbox and sender for everybody; None: not set up."""

    drafts: DraftsTwin | None = field(default_factory=DraftsTwin)
    sender: SenderTwin | None = field(default_factory=SenderTwin)
    mailbox: SearchTwin | None = None

    def search_of(self, tenant: str, person: Person) -> MailSearch | None:
        """Return the mailbox."""
        del tenant, person
        return self.mailbox

    def drafts_of(self, tenant: str, person: Person) -> MailDrafts | None:
        """Return the folder."""
        del tenant, person
        return self.drafts

    def sender_for(self, tenant: str, person: Person) -> MailSender | None:
        """Return the sender."""
        del tenant, person
        return self.sender
