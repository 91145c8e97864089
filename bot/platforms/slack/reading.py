"""Read a thread, or a stretch of a channel, the way Slack wants it: in pages, one after another, and not twice.

Slack lets some apps read one page a minute. What isn't read when the acknowledgement is due is read on in the
background; who asks again (Slack itself, after 503) finds it here. What was left out is always said.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from assistant.errors import DependencyUnavailable, NothingFound, NotPermitted, RequestInvalid
from assistant.mentions import Attachment
from assistant.storage.blob_store import BlobStore
from bot.platforms.slack.client import SlackApi, SlackRefused, call
from bot.platforms.slack.directory import Kept, SlackDirectory
from bot.platforms.slack.files import SlackFiles
from bot.platforms.slack.installations import Bot, Installations
from bot.platforms.slack.parse import File, Workspace, read_text
from bot.platforms.slack.text import escape

KEPT_SECONDS = 60.0  # asked by two people within it, a thread is read once
ASKED_SECONDS = 900.0  # for one question: Slack sends an event again after up to five minutes
PATIENCE_SECONDS = 1.8  # of the 3 s that Slack waits for the acknowledgement
READING_SECONDS = 600.0  # no answer may wait longer for Slack to hand the messages over
PAGE_SIZE = 200  # Slack gives some apps 15 all the same
MOST_PAGES = 10
MOST_CANVASES = 5  # of a conversation: each is a download
MOST_THREADS = 15  # of a channel's stretch: replies are read a thread at a time
MOST_TOKENS = 50_000
CHARS_A_TOKEN = 4
LOOK_BACK_DAYS = 14  # for the asker's last words in the channel

SlackMessage = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages as Slack gave them, oldest first, with whom they name and what was left out."""

    title: str
    messages: tuple[SlackMessage, ...]
    names: dict[str, str]
    left_out: str = ""  # a sentence; empty: nothing was

    def as_json(self, *, utc_offset_seconds: int) -> bytes:
        """Return what the transcript reader takes: each message with its address; days are those of the offset."""
        document = {
            "title": self.title,
            "cut": self.left_out,
            "utc_offset_seconds": utc_offset_seconds,
            "users": self.names,
            "messages": self.messages,
        }
        return json.dumps(document, ensure_ascii=False).encode()

    def as_lines(self) -> bytes:
        """Return "[time] name: words" lines."""
        lines = [self._line(message) for message in self.messages]
        return "\n".join([*filter(None, lines), *([f"[{self.left_out}]"] if self.left_out else [])]).encode()

    def _line(self, message: SlackMessage) -> str:
        text, user = read_text(str(message.get("text") or "")), str(message.get("user") or "")
        at = datetime.fromtimestamp(float(message.get("ts") or 0), UTC)
        return f"[{at:%Y-%m-%d %H:%M:%S}] {self.names.get(user) or user or 'app'}: {text}" if text else ""


class SlackReader:
    """Reads for everybody who asks, with one memory."""

    def __init__(
        self,
        api: SlackApi,
        installations: Installations,
        directory: SlackDirectory,
        blobs: BlobStore,
        files: SlackFiles,
    ) -> None:
        self._api = api
        self._files = files
        self._installations = installations
        self._directory = directory
        self._blobs = blobs
        self._kept: Kept[Conversation] = Kept(KEPT_SECONDS, most=200)
        self._asked: Kept[Conversation] = Kept(ASKED_SECONDS, most=500)

    async def thread(
        self, workspace: Workspace, channel: str, root: str, *, asked_by: str, seconds: float = PATIENCE_SECONDS
    ) -> Conversation:
        """Return the thread that begins with the message `root`; `asked_by` names the question.

        Raises:
            NotPermitted: Steward is not in the channel.
            NothingFound: there is no such message.
            DependencyUnavailable: it is not all there yet; it is read on, so ask again.
        """
        look_up = functools.partial(self._read_thread, workspace, channel, root)
        return await self._within(seconds, (workspace.team, channel, root), asked_by, look_up)

    async def since(
        self,
        workspace: Workspace,
        channel: str,
        since: datetime | None,
        *,
        reader: str,
        asked_by: str,
        seconds: float = PATIENCE_SECONDS,
    ) -> Conversation:
        """Return what was said in the channel since then; None: since `reader` last wrote there. Raises as `thread`.

        Slack tells no app how far a person has read, so their own last message stands for it.
        """
        from_minute = since.replace(second=0, microsecond=0) if since else None
        look_up = functools.partial(self._read_channel, workspace, channel, from_minute, reader)
        return await self._within(seconds, (workspace.team, channel, from_minute, reader), asked_by, look_up)

    async def attach(self, content: bytes, name: str, media_type: str) -> Attachment:
        """Keep what was read as a file of the question."""
        location = f"blob:{await asyncio.to_thread(self._blobs.store, content)}"
        return Attachment(name=name, media_type=media_type, size_bytes=len(content), location=location)

    async def _within(
        self, seconds: float, place: Any, asked_by: str, look_up: Callable[[], Awaitable[Conversation]]
    ) -> Conversation:
        try:
            async with asyncio.timeout(seconds):
                return await self._asked.get((place, asked_by), lambda: self._kept.get(place, look_up))
        except TimeoutError as error:
            raise DependencyUnavailable(
                "messages are still on their way from Slack",
                retry_after_seconds=5,
            ) from error
        except SlackRefused as error:
            if error.error != "not_in_channel":
                raise
            raise NotPermitted(
                "not in the channel", reply="I'm not in that channel. Invite me first: /invite @Steward"
            ) from error

    # -------------------------------------------------------------- asking Slack
    async def _read_thread(self, workspace: Workspace, channel: str, root: str) -> Conversation:
        messages, is_whole = await self._pages(await self._replies(workspace, channel, root))
        if not messages:
            raise NothingFound(f"no thread {root}", reply="I can't find that message any more.")
        left_out = "" if is_whole else "The thread is longer; this is its beginning."
        return await self._finished(workspace, channel, messages, left_out, title="Slack thread")

    async def _read_channel(
        self, workspace: Workspace, channel: str, since: datetime | None, reader: str
    ) -> Conversation:
        bot = await self._installations.bot(workspace)
        client = self._api.reading(bot.token)
        earliest = since.timestamp() if since else datetime.now(UTC).timestamp() - LOOK_BACK_DAYS * 86_400
        messages, is_whole = await self._pages(
            functools.partial(
                client.conversations_history, channel=channel, oldest=f"{earliest:.6f}", limit=PAGE_SIZE
            )
        )
        messages = sorted(messages, key=_at)
        notes = [] if is_whole else ["The channel said more than I read; its earlier part is left out."]
        if since is None:
            messages, note = _since_own_words(messages, reader)
            notes.append(note)
        messages, note = await self._with_replies(workspace, channel, messages)
        notes.append(note)
        if not messages:
            raise RequestInvalid("nothing since then", reply="Nothing was said here since then.")
        began = datetime.fromtimestamp(_at(messages[0]), UTC)
        left_out = " ".join(filter(None, notes))
        title = f"Slack channel since {began:%Y-%m-%d %H:%M} UTC"
        return await self._finished(workspace, channel, messages, left_out, title=title, keep_newest=True)

    async def _with_replies(
        self, workspace: Workspace, channel: str, messages: Sequence[SlackMessage]
    ) -> tuple[list[SlackMessage], str]:
        roots = [str(one["ts"]) for one in messages if one.get("reply_count")]
        found = {str(one["ts"]): one for one in messages}
        for root in roots[-MOST_THREADS:]:
            replies, _ = await self._pages(await self._replies(workspace, channel, root))
            found.update({str(one["ts"]): one for one in replies})
        skipped = len(roots) - MOST_THREADS
        note = f"The replies of {skipped} earlier threads are left out." if skipped > 0 else ""
        return sorted(found.values(), key=_at), note

    async def _replies(self, workspace: Workspace, channel: str, root: str) -> Callable[..., Awaitable[Any]]:
        bot = await self._installations.bot(workspace)
        client = self._api.reading(bot.token)
        return functools.partial(client.conversations_replies, channel=channel, ts=root, limit=PAGE_SIZE)

    async def _pages(self, read: Callable[..., Awaitable[Any]]) -> tuple[list[SlackMessage], bool]:
        """Return the messages of at most MOST_PAGES pages, and whether these are all."""
        found: list[SlackMessage] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await call(read(cursor=cursor))
            found += page.get("messages") or []
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return found, True
        return found, False

    async def _finished(
        self,
        workspace: Workspace,
        channel: str,
        messages: Sequence[SlackMessage],
        left_out: str,
        *,
        title: str,
        keep_newest: bool = False,
    ) -> Conversation:
        bot = await self._installations.bot(workspace)
        messages = await self._with_canvases(bot, messages)
        kept = within_budget(messages, newest=keep_newest)
        if len(kept) < len(messages):
            part = "earlier" if keep_newest else "later"
            left_out = f"{left_out} {len(messages) - len(kept)} {part} messages are left out.".strip()
        client = self._api.reading(bot.token)
        said = await call(client.chat_getPermalink(channel=channel, message_ts=str(kept[0]["ts"])))
        base = str(said["permalink"]).partition("?")[0].rpartition("/p")[0]
        linked = tuple({**_plain(one), "permalink": _permalink(base, channel, one)} for one in kept)
        people = dict.fromkeys(str(one["user"]) for one in kept if one.get("user") and not one.get("bot_id"))
        known = [await self._directory.known(workspace, user) for user in people]
        names = {user: one.person.name for user, one in zip(people, known, strict=True) if one.person.name}
        return Conversation(title, linked, names, left_out)

    async def _with_canvases(self, bot: Bot, messages: Sequence[SlackMessage]) -> list[SlackMessage]:
        """Return the messages with the words of the canvases that hang on them, or why those can't be read."""
        found, left = [], MOST_CANVASES
        for message in messages:
            files = [File.model_validate(one) for one in message.get("files") or ()]
            canvases = [file for file in files if file.is_canvas][:left]
            left -= len(canvases)
            fetched = await self._files.fetch(bot, canvases)
            pages = [await asyncio.to_thread(self._blobs.read, one) for one in fetched.attachments]
            words = [escape(page.decode("utf-8", "replace")) for page in pages] + [
                escape(no) for no in fetched.refused
            ]
            text = "\n\n".join([str(message.get("text") or ""), *words]).strip()
            # Slackbot posts a huddle's notes; as a bot's post they would be left out.
            kept = {name: value for name, value in message.items() if not (pages and name in ("bot_id", "subtype"))}
            found.append({**kept, "text": text} if words else message)
        return found


def within_budget(messages: Sequence[SlackMessage], *, newest: bool) -> list[SlackMessage]:
    """Return as many messages as MOST_TOKENS hold, from the beginning or (`newest`) from the end; at least one."""
    left = MOST_TOKENS * CHARS_A_TOKEN
    kept: list[SlackMessage] = []
    for message in reversed(messages) if newest else messages:
        left -= len(str(message.get("text") or "")) + 40  # its time and name
        if left < 0 and kept:
            break
        kept.append(message)
    return kept[::-1] if newest else kept


def _since_own_words(messages: Sequence[SlackMessage], reader: str) -> tuple[list[SlackMessage], str]:
    """Return what came after the reader's last message but the asking itself, and a sentence on what was taken."""
    own = [place for place, one in enumerate(messages) if one.get("user") == reader and not _asks(one)]
    if not own:
        return list(messages), f"You wrote nothing here in the last {LOOK_BACK_DAYS} days, so these are all of them."
    return list(messages[own[-1] + 1 :]), "Since your last message here: Slack doesn't tell me how far you have read."


def _asks(message: SlackMessage) -> bool:
    text = str(message.get("text") or "")
    return text.lstrip().startswith("<@") and any(word in text.lower() for word in ("recap", "catch me up", "miss"))


def _plain(message: SlackMessage) -> SlackMessage:
    """Return the fields that a transcript is read from."""
    wanted = ("ts", "thread_ts", "user", "bot_id", "subtype", "text", "username")
    return {name: message[name] for name in wanted if message.get(name)}


def _permalink(base: str, channel: str, message: SlackMessage) -> str:
    ts, root = str(message["ts"]), message.get("thread_ts")
    inside = f"?thread_ts={root}&cid={channel}" if root and root != ts else ""
    return f"{base}/p{ts.replace('.', '')}{inside}"


def _at(message: SlackMessage) -> float:
    return float(message.get("ts") or 0)
