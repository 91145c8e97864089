"""The one message of a job: posted, found again, updated in place.

The job's id travels in the message's metadata, so that a post whose answer was lost is found instead of repeated.
An answer too long for one message goes on in further ones of the same thread, each with its own part number in
the metadata; they are looked up before they are posted, so that an update that is repeated repeats nothing.
Files that belong to the answer follow it (uploads.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from assistant.errors import DependencyUnavailable, NothingFound, NotPermitted, RateLimited
from assistant.replies import Action, Citations, Draft, Reply
from assistant.storage.slack_store import SlackStore
from bot.platforms.base import Handle, Target
from bot.platforms.slack.address import Address
from bot.platforms.slack.client import BlocksRefused, SlackApi, SlackRefused, call
from bot.platforms.slack.installations import Bot, Installations
from bot.platforms.slack.render import SlackMessage, render, render_plainly
from bot.platforms.slack.streams import SlackStreams, is_nameless_stream, is_stream_of
from bot.platforms.slack.uploads import SlackUploads

log = structlog.get_logger()

EVENT_TYPE = "steward_reply"  # of the metadata; declared in the manifest
NOTE_TYPE = "steward_note"  # of what is said beside an answer
FIND_PAGES = 5
LIVE = -1  # stands for the part number of a stream that runs, or ran: it gets its metadata when it is stopped
_LOST_FOR_GOOD = frozenset({"cant_update_message", "edit_window_closed", "account_inactive", "is_inactive"})


class SlackMessages:
    """Posts, updates and finds."""

    def __init__(
        self,
        api: SlackApi,
        installations: Installations,
        streams: SlackStreams,
        uploads: SlackUploads,
        store: SlackStore,
    ) -> None:
        self._api = api
        self._store = store
        self._streams = streams
        self._uploads = uploads
        self._installations = installations
        self._direct: dict[tuple[str, str], str] = {}

    async def post(self, target: Target, reply: Reply, key: str) -> Handle | None:
        """Post the reply and return where it stands; None while a status of the thread says all there is."""
        address = Address.model_validate({**target, "key": key})
        bot = await self._bot(address)
        channel = address.channel or await self.direct_channel(bot, address.team, address.user)
        here = address.model_copy(update={"channel": channel})
        if not reply.final and self._streams.may_show(here):
            if reply.step:
                started = await self._streams.start(bot, here, reply)
                if started is not None:
                    return started.model_dump(mode="json")
            elif await self._streams.show_status(bot, here, reply):
                return None
        ts = await self._say(bot, here, reply, 0, ts=None)
        stands = here.model_copy(update={"ts": ts})
        try:
            await self._say_rest(bot, stands, reply)
        except RateLimited as error:  # the first part stands: it must be found, not posted again
            raise DependencyUnavailable(f"after the first message: {error}") from error
        return stands.model_dump(mode="json")

    async def update(self, handle: Handle, reply: Reply) -> Handle | None:
        """Make the message, and those it goes on in, say the reply; what it is now, if that is something else."""
        here = Address.model_validate(handle)
        bot = await self._bot(here)
        told = await self._streamed(bot, here, reply) if here.stream else None
        if told is None:
            await self._say(bot, here, reply, 0, ts=here.ts)
            if reply.final and here.began_at:
                await self._streams.release(bot, str(here.channel), str(here.thread_ts))
        await self._say_rest(bot, here, reply)
        now = told or here.model_copy(update={"stream": False})
        return None if now == here else now.model_dump(mode="json")

    async def find(self, target: Target, key: str) -> Handle | None:
        """Return where the message of this key stands, if it was posted."""
        address = Address.model_validate({**target, "key": key})
        bot = await self._bot(address)
        channel = address.channel or await self.direct_channel(bot, address.team, address.user)
        here = address.model_copy(update={"channel": channel})
        nameless: list[str] = []
        found = await self._parts(bot, here, nameless)
        if 0 in found:
            return here.model_copy(update={"ts": found[0]}).model_dump(mode="json")
        live = found.get(LIVE) or await self._unclaimed(channel, nameless)
        if live is None:
            return None
        stream = {"ts": live, "stream": True, "began_at": float(live)}  # which steps it shows is not known
        return here.model_copy(update=stream).model_dump(mode="json")

    async def _unclaimed(self, channel: str, nameless: Sequence[str]) -> str | None:
        """Return the latest stream that may be anybody's and is not yet known to be another question's."""
        for ts in reversed(nameless):
            if await asyncio.to_thread(self._store.job_of_message, channel, ts) is None:
                return ts
        return None

    async def _bot(self, here: Address) -> Bot:
        try:
            return await self._installations.bot(here.workspace)
        except NotPermitted as error:  # uninstalled: there is nobody left who could say it
            raise NothingFound(str(error)) from error

    async def direct_channel(self, bot: Bot, team: str, user: str) -> str:
        """Return the channel of the direct messages with this user; opening it twice is opening it once."""
        if (team, user) not in self._direct:
            said = await call(self._api.writing(bot.token).conversations_open(users=user))
            self._direct[(team, user)] = str(said["channel"]["id"])
        return self._direct[(team, user)]

    # -------------------------------------------------------------- inside
    async def _streamed(self, bot: Bot, here: Address, reply: Reply) -> Address | None:
        """Say it on the stream and return how that stands; None when only chat.update can say it, and may."""
        metadata = _metadata(here, 0)
        if not reply.final:
            told = await self._streams.tell(bot, here, reply)
            if told is None:
                await self._streams.end(bot, here, metadata)
            return told
        message = render(reply, here.key, extra=_extra(here, reply))[0]
        cited = [item for block in reply.blocks if isinstance(block, Citations) for item in block.items]
        is_told = await self._streams.finish(bot, here, message, metadata, cited)
        return here.model_copy(update={"stream": False}) if is_told else None

    async def _say(self, bot: Bot, here: Address, reply: Reply, part: int, *, ts: str | None) -> str:
        """Write one part, with blocks or, where Slack refuses those, without; return its ts."""
        message = render(reply, here.key, extra=_extra(here, reply))[part]
        try:
            return await self._write(bot, here, message, part, ts=ts)
        except BlocksRefused as error:
            log.warning("slack.blocks_refused", job_id=here.key, error=str(error))
            plainly = render_plainly(reply)
            return await self._write(bot, here, plainly[min(part, len(plainly) - 1)], part, ts=ts)

    async def _write(self, bot: Bot, here: Address, message: SlackMessage, part: int, *, ts: str | None) -> str:
        client = self._api.writing(bot.token)
        said: dict[str, Any] = {
            "channel": here.channel,
            "text": message.text,
            "blocks": list(message.blocks),
            "metadata": _metadata(here, part),
        }
        try:
            if ts is not None:
                await call(client.chat_update(ts=ts, **said))
                return ts
            answer = await call(
                client.chat_postMessage(thread_ts=here.thread_ts, unfurl_links=False, unfurl_media=False, **said)
            )
        except SlackRefused as error:
            if error.error in _LOST_FOR_GOOD:
                raise NothingFound(f"Slack answered {error.error}") from error
            raise
        if not isinstance(answer.get("ts"), str):
            raise DependencyUnavailable("Slack's answer to chat.postMessage has no ts")
        return str(answer["ts"])

    async def _say_rest(self, bot: Bot, here: Address, reply: Reply) -> None:
        """Say what did not fit into the first message, and send the files."""
        parts = len(render(reply, here.key))
        standing = await self._parts(bot, here) if parts > 1 else {}
        thread = here.model_copy(update={"thread_ts": here.thread_ts or here.ts})
        for part in range(1, parts):
            await self._say(bot, thread, reply, part, ts=standing.get(part))
        await self._uploads.send(bot, here, reply)

    async def _parts(self, bot: Bot, here: Address, nameless: list[str] | None = None) -> dict[int, str]:
        """Return the ts of each part of the key's message that stands in the thread or the direct messages.

        Streams that can't be told apart are added to `nameless`.
        """
        found: dict[int, str] = {}
        cursor: str | None = None
        client = self._api.reading(bot.token)
        for _ in range(FIND_PAGES):
            asked: dict[str, Any] = {"channel": here.channel, "limit": 200, "include_all_metadata": True}
            thread = here.thread_ts or here.ts
            try:
                if thread:
                    page = await call(client.conversations_replies(ts=thread, cursor=cursor, **asked))
                else:
                    page = await call(client.conversations_history(cursor=cursor, **asked))
            except NothingFound:  # the thread was deleted: nothing of ours stands in it
                break
            for message in page.get("messages") or ():
                part = _part_of(message, here.key, bot)
                if part is not None and message.get("ts"):
                    found.setdefault(part, str(message["ts"]))
                elif nameless is not None and is_nameless_stream(message, bot.user_id):
                    nameless.append(str(message["ts"]))
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                break
        return found


def _part_of(message: dict[str, Any], key: str, bot: Bot) -> int | None:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    is_ours = message.get("user") == bot.user_id or (bot.bot_id and message.get("bot_id") == bot.bot_id)
    if is_ours and not metadata and is_stream_of(message, key):
        return LIVE
    if not is_ours or metadata.get("event_type") != EVENT_TYPE or payload.get("key") != key:
        return None
    part = payload.get("part", 0)
    return part if isinstance(part, int) else 0


def _metadata(here: Address, part: int) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": here.key, "part": part}}


def _extra(here: Address, reply: Reply) -> Sequence[Action]:
    """Return the buttons that depend on where the answer stands, not on what it says."""
    if not reply.final or not reply.wants_feedback:
        return ()
    actions = []
    is_draft = any(isinstance(block, Draft) for block in reply.blocks)  # a draft is its asker's alone
    if here.share_to is not None and not is_draft:
        actions.append(Action(name="share", label="Share with channel"))
    if here.handoff is not None:
        actions.append(Action(name="handoff", label="Ask a human"))
    return tuple(actions)
