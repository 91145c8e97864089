"""ChatPlatform: what a chat service must be able to do for Steward, and nothing about how.

A reply is one message: posted once as a placeholder, then updated in place. `key` (the job's id) travels inside
the message, so that a post whose answer was lost on the way can be found again instead of being repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from assistant.replies import Reply

Target = Mapping[str, Any]  # where to post, in the platform's own words (Mention.reply_target)
Handle = Mapping[str, Any]  # which message it became, in the platform's own words; JSON


class ChatPlatform(Protocol):
    """One chat service.

    Errors of `post`, `update` and `find`: RateLimited means refused for certain, nothing was posted.
    Anything else is ambiguous: delivery looks for the message before it posts again.
    """

    name: str  # a member of Platform

    async def start(self) -> None:
        """Connect; returns when events can arrive."""
        ...

    async def stop(self) -> None:
        """Disconnect; events that were not acknowledged will be sent again."""
        ...

    async def post(self, target: Target, reply: Reply, key: str) -> Handle | None:
        """Post a new message that carries `key` and return its handle.

        None, of a reply that is not final: it is shown without a message (as a status), and the next reply posts.
        """
        ...

    async def update(self, handle: Handle, reply: Reply) -> Handle | None:
        """Make the message say `reply`; a handle returned replaces the old one (the answer took more messages).

        Raises:
            NothingFound: somebody deleted the message; it is not posted again.
        """
        ...

    async def find(self, target: Target, key: str) -> Handle | None:
        """Return the message that carries `key`, or None; platforms that can't look return None."""
        ...


@runtime_checkable
class ReservesPlaces(Protocol):
    """A platform that can't look for what it posted. It posts places first, one at a time, and fills them by updates.

    The handle is written down between the two. What fails ambiguously, or dies half-way, may then leave an empty
    place behind, and never a second answer: an update can be repeated.
    """

    async def reserve(self, target: Target, handle: Handle | None, reply: Reply, key: str) -> Handle | None:
        """Post one more place for this reply and return the handle that has it; None when it has all it needs.

        The first place of a reply that is not final says the reply already.
        """
        ...


@runtime_checkable
class ShowsProgress(Protocol):
    """A platform that shows how a job gets on, and would rather be told than look."""

    def nudge(self, job_id: UUID) -> None:
        """Look at this job soon; called on the event loop, as often as there is something new."""
        ...
