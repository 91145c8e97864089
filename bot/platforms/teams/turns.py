"""The seam behind which a bot SDK dispatches activities: what it is given, and what it gives back.

activity_handler.py does it with botbuilder-core, bridge.py with Microsoft's successor and its bridge; the desk that
acts on the activities knows neither (docs/decisions/0005-teams-sdk.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.platforms.teams.authentication import Caller
from bot.platforms.teams.wire import TeamsActivity


@dataclass(frozen=True, slots=True)
class InvokeAnswer:
    """What an invoke is answered with, in the response itself."""

    status: int = 200
    body: Mapping[str, Any] | None = None


class Desk(Protocol):
    """What Steward does about each sort of activity; desk.py does it."""

    async def asked(self, activity: TeamsActivity) -> None:
        """Somebody wrote to the bot, or pressed a button of an old client."""
        ...

    async def edited(self, activity: TeamsActivity) -> None:
        """Somebody changed a message."""
        ...

    async def deleted(self, activity: TeamsActivity) -> None:
        """Somebody deleted a message."""
        ...

    async def joined(self, activity: TeamsActivity) -> None:
        """The bot was added, or people came or went."""
        ...

    async def invoked(self, activity: TeamsActivity) -> InvokeAnswer:
        """A button, a form or feedback waits for its answer."""
        ...


class Turns(Protocol):
    """Runs turns; one for the process."""

    async def run(self, caller: Caller, activity: TeamsActivity, desk: Desk) -> InvokeAnswer | None:
        """Have the desk act on the activity; return the answer of an invoke. The desk's errors come through."""
        ...


def outline(activity: TeamsActivity) -> dict[str, Any]:
    """Return as much of the activity as the SDK needs to dispatch it."""
    return {
        "type": activity.type,
        "id": activity.id,
        "name": activity.name,
        "channelId": activity.channel_id,
        "serviceUrl": activity.service_url,
        "conversation": {"id": activity.conversation.id},
        "from": {"id": activity.sender.id},
        "recipient": {"id": activity.recipient.id},
        "text": activity.text,
    }
