"""The one message of a job: posted, found again, updated in place.

The job's id travels in the message's metadata, so that a post whose answer was lost is found instead of repeated.
An answer too long for one message goes on in further ones of the same thread, each with its own part number in
the metadata; they are looked up before they are posted, so that an update that is repeated repeats nothing.
Files that belong to the answer follow it (uploads.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from assistant.errors import DependencyUnavailable, NothingFound, NotPermitted, RateLimited
from assistant.replies import Action, Draft, Reply
from bot.platforms.base import Handle, Target
from bot.platforms.slack.address import Address
from bot.platforms.slack.client import BlocksRefused, SlackApi, SlackRefused, call
from bot.platforms.slack.installations import Bot, Installations
from bot.platforms.slack.render import SlackMessage, render, render_plainly
from bot.platforms.slack.streams import SlackStreams
from bot.platforms.slack.uploads import SlackUploads

log = structlog.get_logger()

EVENT_TYPE = "steward_reply"  # of the metadata; declared in the manifest
NOTE_TYPE = "steward_note"  # of what is said beside an answer
FIND_PAGES = 5
LIVE = -1  # stands for the part number of a message without metadata: a stream that runs
_LOST_FOR_GOOD = frozenset({"cant_update_message", "edit_window_closed", "account_inactive", "is_inactive"})


class SlackMessages:
    """Posts, updates and finds."""

    def __init__(
        self, api: SlackApi, installations: Installations, streams: SlackStreams, uploads: SlackUploads
    ) -> None:
        self._api = api
        self._streams = streams
        self._uploads = uploads
        self._installations = installations
        self._direct: dict[tuple[str, str], str] = {}

    async def post(self, target: Target, reply: Reply, key: str) -> Handle:
        """Post the reply and return where it stands."""
        address = Address.model_validate({**target, "key": key})
        bot = await self._bot(address)
        channel = address.channel or await self.direct_channel(bot, address.team, address.user)
        here = address.model_copy(update={"channel": channel})
        if self._streams.may_start(here.team, channel, here.thread_ts, reply):
            place = {"team": here.team, "channel": channel, "thread_ts": str(here.thread_ts), "user": here.user}
            started = await self._streams.start(bot, reply=reply, **place)
            if started:
                return here.model_copy(update={"ts": started, "stream": True}).model_dump(mode="json")
        ts = await self._say(bot, here, reply, 0, ts=None)
        stands = here.model_copy(update={"ts": ts})
        try:
            await self._say_rest(bot, stands, reply)
        except RateLimited as error:  # the first part stands: it must be found, not posted again
            raise DependencyUnavailable(f"after the first message: {error}") from error
        return stands.model_dump(mode="json")

    async def update(self, handle: Handle, reply: Reply) -> None:
        """Make the message, and those it goes on in, say the reply."""
        here = Address.model_validate(handle)
        bot = await self._bot(here)
        if not (here.stream and await self._streamed(bot, here, reply)):
            await self._say(bot, here, reply, 0, ts=here.ts)
        await self._say_rest(bot, here, reply)

    async def find(self, target: Target, key: str) -> Handle | None:
        """Return where the message of this key stands, if it was posted."""
        address = Address.model_validate({**target, "key": key})
        bot = await self._bot(address)
        channel = address.channel or await self.direct_channel(bot, address.team, address.user)
        here = address.model_copy(update={"channel": channel})
        found = await self._parts(bot, here)
        if 0 not in found and self._streams.is_on and LIVE in found:
            return here.model_copy(update={"ts": found[LIVE], "stream": True}).model_dump(mode="json")
        return here.model_copy(update={"ts": found[0]}).model_dump(mode="json") if 0 in found else None

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
    async def _streamed(self, bot: Bot, here: Address, reply: Reply) -> bool:
        """Say it on the stream; False when only chat.update can say it."""
        place = {"channel": str(here.channel), "ts": str(here.ts)}
        if not reply.final:
            return await self._streams.tell(bot, reply=reply, **place)
        message = render(reply, here.key, extra=_extra(here, reply))[0]
        return await self._streams.finish(bot, reply=reply, message=message, metadata=_metadata(here, 0), **place)

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

    async def _parts(self, bot: Bot, here: Address) -> dict[int, str]:
        """Return the ts of each part of the key's message that stands in the thread or the direct messages."""
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
                if part == LIVE:
                    found[LIVE] = str(message.get("ts"))  # the latest: earlier streams were stopped, or are lost
                elif part is not None and message.get("ts"):
                    found.setdefault(part, str(message["ts"]))
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                break
        return found


def _part_of(message: dict[str, Any], key: str, bot: Bot) -> int | None:
    metadata = message.get("metadata") or {}
    if not metadata and message.get("user") == bot.user_id and not message.get("files"):
        return LIVE
    payload = metadata.get("event_payload") or {}
    is_ours = message.get("user") == bot.user_id or (bot.bot_id and message.get("bot_id") == bot.bot_id)
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
