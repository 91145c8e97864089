"""Minutes as the library keeps them: numbered lines, what was said, what a job did to them, and who may read."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field

from assistant.frozen import Stored
from assistant.mentions import Audience, Mention
from assistant.minutes.schema import Minutes

PREFIX: Final = "minutes_"  # of all buttons under minutes that are kept
NAME_SPEAKERS: Final = "name_speakers"  # the button under minutes whose transcript knows only "Speaker 1"
SECTIONS: Final[dict[str, str]] = {  # of lines that can be edited, and the letter their ids begin with
    "summary": "s",
    "decisions": "d",
    "action_items": "a",
    "open_questions": "q",
}
TicketState = Literal["pending", "started", "done", "failed"]


class SpokenLine(Stored):
    """One utterance of the meeting; kept so that the meeting can be asked later."""

    id: str
    speaker: str | None = None
    start: float | None = None  # seconds
    text: str
    url: str | None = None


class Ticket(Stored):
    """What became of pushing one action item to the ticket system."""

    item: str  # the action item's id
    state: TicketState
    name: str = ""  # the ticket system's own: "OPS-12"
    url: str | None = None
    detail: str = ""  # why it failed; safe to show


class MinutesChange(Stored):
    """What a job did to its minutes; kept in the same commit as the job's end."""

    minutes: Minutes  # as shown now
    document: str  # name of the transcript
    terms: tuple[str, ...] = ()  # stems they can be found by
    spoken: tuple[SpokenLine, ...] = ()  # of the first writing; empty: stays as kept
    tickets: tuple[Ticket, ...] = ()  # that were tried
    is_written: bool = True  # False: shown anew after an edit, so the receipt stays


class KeptMinutes(Stored):
    """Minutes as they stand in the library."""

    id: UUID
    job_id: UUID | None = None  # None: the conversation was deleted since, by age
    conversation_id: UUID | None = None
    tenant: str
    platform: str
    channel: str
    asker_id: str
    audience: Audience
    document: str
    revision: int = Field(ge=1)
    minutes: Minutes
    tickets: tuple[Ticket, ...] = ()

    def ticket_of(self, item: str) -> Ticket | None:
        """Return what became of pushing this action item, None when nobody asked for it."""
        return next((ticket for ticket in self.tickets if ticket.item == item), None)


class Reader(Stored):
    """Who wants to read minutes, and who else will see what they are shown.

    Alone, a person may be shown what they asked for themselves, on any of their accounts, and the minutes of channels
    they are in. In a channel, only that channel's own may be shown: everybody there could read them when written.
    """

    tenant: str
    person_id: str
    platform: str
    channel: str
    audience: Audience
    member_of: tuple[str, ...] = ()  # channels of the platform they are in just now, when they ask alone
    reads_all: bool = False  # named in the settings

    @classmethod
    def of(cls, mention: Mention, *, named: str = "") -> Reader:
        """Return the mention's reader; `named` lists the groups and people who may read all minutes."""
        where, asker = mention.conversation, mention.asker
        readers = {part.strip() for part in named.split(",") if part.strip()}
        is_named = bool(readers & {asker.id, *asker.groups, *([asker.email] if asker.email else [])})
        return cls(
            tenant=where.tenant,
            person_id=asker.id,
            platform=where.platform.value,
            channel=where.channel,
            audience=mention.audience,
            member_of=mention.member_of if mention.audience is Audience.ASKER else (),
            reads_all=is_named and mention.audience is Audience.ASKER,
        )


def numbered(minutes: Minutes) -> Minutes:
    """Return the minutes with an id for every line of the four sections; ids there are stay.

    The id of a line that was removed is never given again: tickets and figures know lines by it.
    """
    update: dict[str, Any] = {}
    numbers = dict(minutes.last_numbers)
    for section, letter in SECTIONS.items():
        entries = getattr(minutes, section)
        last = max([numbers.get(section, 0), *(int(one.id[1:]) for one in entries if one.id[1:].isdigit())])
        given = []
        for entry in entries:
            if not entry.id:
                last += 1
                entry = entry.model_copy(update={"id": f"{letter}{last}"})
            given.append(entry)
        update[section], numbers[section] = tuple(given), last
    return minutes.model_copy(update={**update, "last_numbers": numbers})
