"""TicketSystem: where action items become tickets, and its offline twin.

Every ticket carries a key of ours. Making one twice under the same key must leave one ticket: an adapter whose
service can't promise that looks for the key first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NewTicket:
    """An action item, ready to be handed over."""

    key: str  # ours, the same at every try
    title: str
    body: str  # plain text: evidence, meeting, who said it
    owner: str | None = None  # a name, never guessed
    owner_email: str | None = None  # where the directory knows the owner
    due: date | None = None
    labels: tuple[str, ...] = ("steward",)


@dataclass(frozen=True, slots=True)
class MadeTicket:
    """A ticket as the system names it."""

    name: str
    url: str | None = None


class TicketSystem(Protocol):
    """One ticket system.

    Errors of both: RequestInvalid (it refused the ticket; `reply` says why), NotPermitted (the token may not),
    RateLimited, DependencyUnavailable (nobody knows whether it was made: look before trying again).
    """

    def find(self, key: str) -> MadeTicket | None:
        """Return the ticket that carries the key, or None."""
        ...

    def make(self, ticket: NewTicket) -> MadeTicket:
        """Make the ticket, or return the one that was made under its key before."""
        ...


@dataclass
class TicketsTwin:
    """A ticket system in memory."""

    made: dict[str, NewTicket] = field(default_factory=dict)

    def find(self, key: str) -> MadeTicket | None:
        """Return the ticket with this key."""
        numbers = {known: number for number, known in enumerate(self.made, 1)}
        return _named(numbers[key]) if key in numbers else None

    def make(self, ticket: NewTicket) -> MadeTicket:
        """Keep the ticket under its key; once."""
        self.made.setdefault(ticket.key, ticket)
        found = self.find(ticket.key)
        assert found is not None  # it was put there just now
        return found


def _named(number: int) -> MadeTicket:
    return MadeTicket(name=f"TWIN-{number}", url=f"https://tickets.example/TWIN-{number}")
