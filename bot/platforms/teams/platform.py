"""TeamsPlatform: what delivery calls. A reply is one message (a long one several), posted once and then updated.

In a chat with the bot alone the placeholder is the start of a stream and the answer its end; a stream that Teams
refuses, ended or never allowed becomes a plain message. The handle names every message, the first one first, so
that any bot process can go on. Teams takes no key of ours and offers bots no search, so `find` can't look: every
message is a place (places.py) before it says anything, and strays.py removes those that were lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import structlog
from pydantic import ValidationError

from assistant.errors import NothingFound
from assistant.mentions import Platform
from assistant.replies import Reply
from bot.platforms.base import Handle, Target
from bot.platforms.teams.chart_pictures import ChartLinks
from bot.platforms.teams.client import ConnectorClient, Refused
from bot.platforms.teams.outgoing import Speaker
from bot.platforms.teams.parse import Reference, address
from bot.platforms.teams.places import EMPTY, place
from bot.platforms.teams.posted import Posted, read_posted
from bot.platforms.teams.progress import ProgressFollower, stream_activity
from bot.platforms.teams.render import render, without_card
from bot.platforms.teams.text import safe_markdown

log = structlog.get_logger()

Json = dict[str, Any]


class TeamsPlatform:
    """Posts and updates replies by the connector."""

    name = Platform.TEAMS.value

    def __init__(
        self,
        client: ConnectorClient,
        http: httpx.AsyncClient,
        speaker: Speaker,
        progress: ProgressFollower,
        *,
        base_url: str | None,
        charts: ChartLinks | None = None,
    ) -> None:
        self._client = client
        self._http = http
        self._speaker = speaker
        self._progress = progress
        self._base_url = base_url
        self._charts = charts

    async def start(self) -> None:
        """Nothing to connect: Teams comes to us."""

    async def stop(self) -> None:
        """Finish what is being said, and close the connections."""
        await self._progress.stop()
        await self._speaker.stop()
        await self._http.aclose()

    def nudge(self, job_id: UUID) -> None:
        """Show how the job gets on as soon as Teams takes another update."""
        self._progress.nudge(str(job_id))

    async def post(self, target: Target, reply: Reply, key: str) -> Handle:
        """Post the reply and return its handle; a placeholder is followed by the job's progress."""
        handle: Handle | None = None
        while (more := await self.reserve(target, handle, reply, key)) is not None:
            handle = more
        assert handle is not None
        return await self.update(handle, reply) if reply.final else handle

    async def reserve(self, target: Target, handle: Handle | None, reply: Reply, key: str) -> Handle | None:
        """Post the placeholder, or one more place for an answer that takes several messages."""
        if handle is not None:
            posted = read_posted(handle)
            if not reply.final or len(self._render(reply, key)) <= len(posted.messages):
                return None
            message = await self._send(posted.reference, place(key, posted.reference))
            return posted.model_copy(update={"messages": (*posted.messages, message)}).model_dump(mode="json")
        reference = _reference(target)
        posted_now = await self._start_stream(reference, reply, key) if reference.is_personal else None
        if posted_now is None:
            opening = place(key, reference, None if reply.final else self._render(reply, key)[0])
            posted_now = Posted(key=key, reference=reference, messages=(await self._send(reference, opening),))
        if not reply.final:
            self._progress.follow(posted_now)
        return posted_now.model_dump(mode="json")

    async def update(self, handle: Handle, reply: Reply) -> Handle:
        """Make the messages say the reply, and delete what is left over; return the handle as it is now."""
        posted = read_posted(handle)
        if reply.final:
            await self._progress.leave(posted.key)
        parts = self._render(reply, posted.key)
        first, *rest = parts
        if posted.is_stream:
            if not reply.final:
                return handle  # the stream shows the job's steps by itself
            await self._end_stream(posted, first)
        else:
            await self._replace(posted.reference, posted.messages[0], first)
        for message, part in zip(posted.messages[1:], rest, strict=False):
            await self._replace(posted.reference, message, part)
        for left_over in posted.messages[len(parts) :]:
            await self._client.delete(posted.reference.place, left_over)
        kept = posted.model_copy(update={"messages": posted.messages[: len(parts)], "is_stream": False})
        return kept.model_dump(mode="json")

    async def find(self, target: Target, key: str) -> Handle | None:
        """Return None: Teams has no search that a bot may use without reading everybody's messages."""
        return None

    def _render(self, reply: Reply, key: str) -> list[Json]:
        chart_url = self._charts.of(key) if self._charts else None
        return render(reply, key, base_url=self._base_url, chart_url=chart_url)

    async def _start_stream(self, reference: Reference, reply: Reply, key: str) -> Posted | None:
        """Start a stream with the placeholder's words; None when Teams won't have it."""
        words = EMPTY if reply.final else safe_markdown(reply.text)
        opening = stream_activity(words, "informative", stream_id=None, sequence=1)
        try:
            stream = await self._client.send(reference.place, address(reference, opening))
        except Refused as error:
            log.info("teams.stream_refused", status=error.status, reason=error.reason)
            return None
        if not stream:
            return None
        return Posted(key=key, reference=reference, messages=(stream,), is_stream=True)

    async def _end_stream(self, posted: Posted, activity: Json) -> None:
        """End the stream with the answer; one that is over already (too long, stopped, said before) is replaced."""
        info = {"type": "streaminfo", "streamType": "final", "streamId": posted.messages[0]}
        ending = {**activity, "entities": [info, *activity.get("entities", ())]}
        try:
            await self._client.send(posted.reference.place, address(posted.reference, ending))
        except (Refused, NothingFound) as error:
            log.info("teams.stream_replaced", error=error.code)
            await self._replace(posted.reference, posted.messages[0], activity)

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
        self, reference: Reference, activity: Json, message: str | None, error: Refused
    ) -> str:
        """Say it in text alone when the card was refused; give up when that is refused too."""
        log.error("teams.message_refused", status=error.status, reason=error.reason, card="attachments" in activity)
        if error.status != 400 or "attachments" not in activity:
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
