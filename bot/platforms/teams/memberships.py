"""Which channels' minutes a private question may be answered from: those whose roster has the asker now.

The connector is asked for the asker in each conversation that has minutes. Who left has lost them within a minute;
what the roster doesn't tell in time, or tells of a guest, counts as "not a member".
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

import structlog
from pydantic import ValidationError

from assistant.errors import NothingFound, StewardError
from assistant.mentions import Audience, Mention
from bot.meeting_questions import asks_across_meetings
from bot.minutes import MinutesDesk
from bot.platforms.teams.client import ConnectorClient, Place
from bot.platforms.teams.parse import tenant_of
from bot.platforms.teams.people import is_outside
from bot.platforms.teams.wire import Account, TeamsActivity

log = structlog.get_logger()

PATIENCE_SECONDS: Final = 4.0  # of the 15 s after which Teams sends an activity again; all channels at once
KEPT_SECONDS: Final = 60.0
KEPT_AT_MOST: Final = 20_000


class Memberships:
    """Asks the connector, and remembers its answers for a minute."""

    def __init__(self, client: ConnectorClient, minutes: MinutesDesk, *, clock: Callable[[], float] = time.monotonic):
        self._client = client
        self._minutes = minutes
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, bool]] = {}

    async def with_channels(self, activity: TeamsActivity, mention: Mention) -> Mention:
        """Note the channels the asker is in, where a private question may be answered from their minutes."""
        if mention.audience is not Audience.ASKER or not asks_across_meetings(mention.text):
            return mention
        channels = await asyncio.to_thread(self._minutes.channels, mention)
        found: list[str] = []

        async def look(channel: str) -> None:
            if await self._is_member(activity, channel):
                found.append(channel)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(*(look(channel) for channel in channels))
        return mention.model_copy(update={"member_of": tuple(sorted(found))})

    def changed(self) -> None:
        """Forget who is where: somebody joined or left. A team's event doesn't name the channels it is about."""
        self._known.clear()

    async def _is_member(self, activity: TeamsActivity, channel: str) -> bool:
        key = (activity.sender.id, channel)
        kept = self._known.get(key)
        if kept and self._clock() - kept[0] < KEPT_SECONDS:
            return kept[1]
        try:
            account = Account.model_validate(
                await self._client.member(Place(activity.service_url, channel), activity.sender.id)
            )
            is_in = account.id == activity.sender.id and not is_outside(account, tenant_of(activity))
        except NothingFound:  # not a member, or the bot was removed
            is_in = False
        except (StewardError, ValidationError) as error:
            log.warning("teams.membership_unknown", error=type(error).__name__)
            return False
        if len(self._known) >= KEPT_AT_MOST:
            self._known.clear()
        self._known[key] = (self._clock(), is_in)
        return is_in
