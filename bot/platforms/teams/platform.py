"""TeamsPlatform: what delivery calls. A reply is one message (a long one several), posted once and then updated.

The handle names every message of a reply, the first one first, and carries the reference, so that any bot process
can bring it up to date. Teams takes no key of ours and offers no search, so `find` can't look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import structlog
from pydantic import Field, ValidationError

from assistant.errors import NothingFound
from assistant.frozen import Frozen
from assistant.mentions import Platform
from assistant.replies import Reply
from bot.platforms.base import Handle, Target
from bot.platforms.teams.client import ConnectorClient, Refused
from bot.platforms.teams.outgoing import Speaker
from bot.platforms.teams.parse import Reference, address
from bot.platforms.teams.render import render, without_card

log = structlog.get_logger()


class Posted(Frozen):
    """The handle: which messages a reply became."""

    v: int = 1
    key: str  # the job's id
    reference: Reference
    messages: tuple[str, ...] = Field(min_length=1)  # activity ids, in the order they are read


class TeamsPlatform:
    """Posts and updates replies by the connector."""

    name = Platform.TEAMS.value

    def __init__(
        self, client: ConnectorClient, http: httpx.AsyncClient, speaker: Speaker, *, base_url: str | None
    ) -> None:
        self._client = client
        self._http = http
        self._speaker = speaker
        self._base_url = base_url

    async def start(self) -> None:
        """Nothing to connect: Teams comes to us."""

    async def stop(self) -> None:
        """Finish what is being said, and close the connections."""
        await self._speaker.stop()
        await self._http.aclose()

    async def post(self, target: Target, reply: Reply, key: str) -> Handle:
        """Post the reply and return its handle."""
        reference = _reference(target)
        first, *more = render(reply, key, base_url=self._base_url)
        message = await self._send(reference, first)
        posted = Posted(key=key, reference=reference, messages=(message,))
        return (await self._send_rest(posted, more)).model_dump(mode="json")

    async def update(self, handle: Handle, reply: Reply) -> Handle:
        """Make the messages say the reply; what no longer fits is posted behind, what is left over deleted.

        Returns the handle as it is now.
        """
        posted = _posted(handle)
        parts = render(reply, posted.key, base_url=self._base_url)
        for message, part in zip(posted.messages, parts, strict=False):
            await self._replace(posted.reference, message, part)
        for left_over in posted.messages[len(parts) :]:
            await self._client.delete(posted.reference.place, left_over)
        kept = posted.model_copy(update={"messages": posted.messages[: len(parts)]})
        return (await self._send_rest(kept, parts[len(posted.messages) :])).model_dump(mode="json")

    async def find(self, target: Target, key: str) -> Handle | None:
        """Return None: Teams has no search that a bot may use without reading everybody's messages."""
        return None

    async def _send_rest(self, posted: Posted, parts: list[dict[str, Any]]) -> Posted:
        sent = [await self._send(posted.reference, part) for part in parts]
        return posted.model_copy(update={"messages": (*posted.messages, *sent)})

    async def _send(self, reference: Reference, activity: Mapping[str, Any]) -> str:
        addressed = address(reference, activity)
        try:
            return await self._client.send(reference.place, addressed)
        except Refused as error:
            return await self._again_without_card(reference, addressed, None, error)

    async def _replace(self, reference: Reference, message: str, activity: Mapping[str, Any]) -> None:
        addressed = address(reference, activity)
        try:
            await self._client.update(reference.place, message, addressed)
        except Refused as error:
            await self._again_without_card(reference, addressed, message, error)

    async def _again_without_card(
        self, reference: Reference, activity: dict[str, Any], message: str | None, error: Refused
    ) -> str:
        """Say it in text alone when the card was refused; give up when that is refused too."""
        log.error("teams.message_refused", status=error.status, reason=error.reason, card="attachments" in activity)
        if error.status != 400 or not activity.get("text") or "attachments" not in activity:
            raise NothingFound(f"Teams refuses the message for good: {error}") from error
        try:
            if message is None:
                return await self._client.send(reference.place, without_card(activity))
            await self._client.update(reference.place, message, without_card(activity))
            return message
        except Refused as again:
            raise NothingFound(f"Teams refuses the message for good: {again}") from again


def _reference(target: Target) -> Reference:
    try:
        return Reference.model_validate(dict(target))
    except ValidationError as error:
        raise NothingFound("the job's target is not a Teams conversation") from error


def _posted(handle: Handle) -> Posted:
    try:
        return Posted.model_validate(dict(handle))
    except ValidationError as error:  # an empty handle: the message could never be posted
        raise NothingFound("the handle is not a Teams message") from error
