"""What someone asked, and where: the first of the four types that travel.

A platform's parser makes a Mention from an event; intake turns it into a Job. Nothing here
knows Slack, Teams or SQL.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from assistant.frozen import Stored
from assistant.manner import Manner

MAX_MENTION_CHARS = 40_000  # Slack's own limit for one message; longer text is refused with a sentence
LOCAL_TENANT = "local"  # the company's own directory, and whoever sits at this machine: web page, terminal


class Platform(StrEnum):
    """Where a conversation lives. Stored as text, so a new member needs no migration."""

    SLACK = "slack"
    TEAMS = "teams"
    WEB = "web"
    CONSOLE = "console"


class Audience(StrEnum):
    """Who will be able to read the answer; it decides which documents may be quoted."""

    ASKER = "asker"  # a direct message, an ephemeral answer, the web page, the terminal
    CHANNEL = "channel"  # everyone in a channel of the company
    OUTSIDERS = "outsiders"  # a channel with guests or another company in it: public documents only


class ConversationKey(Stored):
    """Names one thread on one platform; `thread` is the platform's id of the thread's first message."""

    platform: Platform
    tenant: str = Field(min_length=1, max_length=255)  # Slack team, Teams tenant, or "local"
    channel: str = Field(min_length=1, max_length=255)
    thread: str = Field(min_length=1, max_length=255)


class Person(Stored):
    """Who asks. `id` is the platform's stable id, never a display name; groups come from our directory."""

    id: str = Field(min_length=1, max_length=255)
    name: str | None = None
    email: str | None = None
    role: str = "employee"  # employee, hr, engineer, admin: what they may run (assistant/access.py)
    groups: tuple[str, ...] = ()  # what they may read


class Attachment(Stored):
    """A file that came with the question.

    `location` is `blob:<sha256>` (its bytes are in our blob store), `path:<absolute path>` (the terminal, on
    this machine only) or `remote:<platform's url>` (still to be fetched by bot/).
    """

    name: str = Field(min_length=1, max_length=512)
    media_type: str = "application/octet-stream"
    size_bytes: int = Field(ge=0)
    location: str


class Mention(Stored):
    """One question, as it came."""

    event_key: str = Field(min_length=1, max_length=512)  # the same for every redelivery of the same event
    conversation: ConversationKey
    begins_conversation: bool = False  # nothing can have been said there before, as the platform knows
    asked_in: ConversationKey | None = None  # the channel, where what is asked there is answered to the asker alone
    asker: Person
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    audience: Audience = Audience.ASKER
    channel_groups: tuple[str, ...] = ()  # what everyone in the channel may read; used when audience is CHANNEL
    spaces: tuple[str, ...] = ()  # the channel's documents come from these spaces alone; empty: all
    member_of: tuple[str, ...] = ()  # other channels whose minutes may be quoted to the asker: a member just now
    manner: Manner = Manner()  # how the answer should sound; set by intake
    kind: str | None = None  # chosen by a command, a button or a modal; None: routing decides
    options: dict[str, Any] = Field(default_factory=dict)  # the kind's own options, checked by its schema
    reply_target: dict[str, Any] = Field(default_factory=dict)  # the platform's own address for the answer
    received_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
