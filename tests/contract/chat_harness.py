"""What the platform contract asks of a chat service's stand-in, and which features a platform cannot have.

A platform joins the contract with a harness (below) and a column in FALLBACKS; docs/platforms.md shows the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol
from uuid import UUID

import sqlalchemy as sa

from assistant.storage.job_store import JobStore

Where = Literal["private", "channel"]
Who = Literal["ann", "bo"]  # ann asks; bo is a colleague


class Feature(StrEnum):
    """What Steward does on every platform."""

    MENTION = "mention"
    FOLLOW_UP = "follow-up in the same thread"
    FILE = "file with the question"
    PROGRESS = "progress while it works"
    STOP = "stop, by its asker only"
    EDIT = "edited question is asked anew"
    CITATIONS = "citations"
    FEEDBACK = "feedback with a reason"
    VISIBILITY = "private and channel answers differ"
    FAILURE = "failure is told, with a way to try again"
    LONG_ANSWER = "long answer, complete"
    TABLE = "table"
    CHART = "chart"
    DRAFT = "e-mail draft for review"
    DRAFT_APPROVAL = "draft edited in place, saved or sent by its asker only"
    MINUTES = "minutes corrected and confirmed in place"
    WATCH = "logs watched, gone on with and left, by its asker only"
    REDELIVERY = "event delivered again"


# What a platform can't have, and what people get instead. Everything not named here is native.
FALLBACKS: Mapping[str, Mapping[Feature, str]] = {
    "teams": {
        Feature.PROGRESS: "Streams in chats with the bot alone; in channels and groups, where Teams refuses streams, "
        "the placeholder is updated.",
        Feature.CITATIONS: "Teams shows ten; further sources are listed under the answer.",
        Feature.CHART: "A picture with its words; without a public address for it, drawn where the client can.",
        Feature.DRAFT_APPROVAL: "Asked for in a channel or group, it comes in the asker's chat with the bot, and the "
        "channel is told so. The form takes the place of the buttons; the .eml is a link to the web page.",
        Feature.MINUTES: "The form takes the place of the buttons.",
    },
    "slack": {
        Feature.CHART: "Drawn in characters, with its words.",
        Feature.DRAFT_APPROVAL: "Asked for in a channel, it comes in direct messages, and an ephemeral line says so. "
        "Texts of more than 3,000 characters are edited in the .eml.",
        Feature.MINUTES: "Sections of more than 3,000 characters are corrected on the web page.",
    },
    "web": {
        Feature.EDIT: "A question on the page can't be changed: Stop ends it, and the new words are a new question.",
        Feature.VISIBILITY: "Every conversation is its asker's alone; nobody else can open it.",
    },
}


@dataclass(frozen=True)
class Shown:
    """What people see of the bot in one place, all its messages together."""

    text: str  # every word of them, buttons aside
    messages: int
    buttons: frozenset[str] = frozenset()
    citations: frozenset[int] = frozenset()  # those that the client shows with their quote
    has_thumbs: bool = False


@dataclass(frozen=True)
class Asked:
    """How an event was answered."""

    status: int
    job_ids: tuple[UUID, ...] = field(default=())


class Harness(Protocol):
    """One bot on one chat service's stand-in."""

    name: str
    placeholder: str  # what stands there before anybody works on the question
    splits_long_answers: bool  # into several messages, because one has a limit
    engine: sa.Engine
    jobs: JobStore

    async def ask(self, text: str, *, where: Where = "private", event: str = "1", file: bytes | None = None) -> int:
        """Ann writes to the bot; the HTTP status comes back. The same `event` is the same event."""
        ...

    async def edit(self, text: str, *, event: str = "1") -> int:
        """Ann changes what she wrote in that (private) event, or does what stands in for it."""
        ...

    async def press(self, button: str, *, where: Where, by: Who = "ann") -> None:
        """Somebody presses a button that the bot's last message shows."""
        ...

    async def judge(self, words: str, *, where: Where, by: Who = "ann") -> None:
        """Somebody gives the bot's last message a thumb down and says why."""
        ...

    async def settle(self) -> None:
        """Wait until everything that is due stands there."""
        ...

    async def progress(self, words: str, *, where: Where) -> bool:
        """Wait for a sign of this step to be shown; False when none comes."""
        ...

    def shown(self, where: Where) -> Shown:
        """Return what people see now."""
        ...


def table() -> str:
    """Return the features and their fallbacks as Markdown, one row a feature."""
    names = sorted(FALLBACKS)
    head = ["| feature | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    rows = [
        f"| {feature.value} | " + " | ".join(FALLBACKS[name].get(feature, "native") for name in names) + " |"
        for feature in Feature
    ]
    return "\n".join([*head, *rows])
