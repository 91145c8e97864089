"""Slack's own way to show work: a status at once, and a stream once there is a step to show.

A stream is a message that grows: a plan with the steps as tasks, and at its end the answer. Slack ends it by itself
about five minutes after it began, whatever is sent (python-slack-sdk #1859), and a workspace may begin 20 a minute.
So whatever can't be streamed, or not any more, is said by a message: the caller does that whenever a method here
says no. While a stream lives, Slack shows a Stop button of its own (sessions.py) and refuses chat.update.

Only the asker sees a stream live, others in a channel see it when it is done. Hence `auto` means direct messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from slack_sdk.models.blocks.block_elements import UrlSourceElement
from slack_sdk.models.messages.chunk import Chunk, MarkdownTextChunk, PlanUpdateChunk, TaskUpdateChunk

from assistant.errors import RateLimited, StewardError
from assistant.rate_limits import Buckets
from assistant.replies import Citation, Reply
from assistant.settings import Streaming
from bot.platforms.slack.address import Address
from bot.platforms.slack.client import BlocksRefused, SlackApi, SlackRefused, call
from bot.platforms.slack.installations import Bot
from bot.platforms.slack.render import SlackMessage
from bot.platforms.slack.text import is_web_address, shorten

log = structlog.get_logger()

REFUSED_SECONDS = 3_600.0  # how long a workspace that does not stream is not asked again
HAND_OVER_SECONDS = 240.0  # Slack was seen to end streams from 300 s on; a message goes on in good time
STARTS_A_MINUTE = 10  # a bucket holds a minute's worth, so that no minute sees more than twice this: Slack's 20
TITLE_CHARS = 250  # of a task; Slack takes 256
STATUS_CHARS = 80
SOURCES_SHOWN = 10  # on a task's card, of which Slack names no limit
SOURCE_CHARS = 100
STATUS = "is looking into it…"
_OVER = frozenset({"message_not_in_streaming_state", "stopped_by_user"})

# Says nothing of the workspace: the next question is shown Slack's way again.
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})


class SlackStreams:
    """Shows, starts, feeds and finishes; never raises for what a message can safely do instead."""

    def __init__(
        self, api: SlackApi, *, mode: Streaming, starts: Buckets, clock: Callable[[], float] = time.time
    ) -> None:
        self._api = api
        self._mode = mode
        self._starts = starts
        self._clock = clock
        self._refused_at: dict[str, float] = {}

    def may_show(self, here: Address) -> bool:
        """Return whether work here is best shown Slack's way: in threads of direct messages, if not told more."""
        refused = self._refused_at.get(here.team)
        asked_lately = refused is not None and self._clock() - refused < REFUSED_SECONDS
        place = self._mode == "on" or (self._mode == "auto" and str(here.channel).startswith("D"))
        return place and bool(here.thread_ts) and not asked_lately

    async def show_status(self, bot: Bot, here: Address, reply: Reply) -> bool:
        """Show the reply's line as the thread's status. False: a message has to say it."""
        request = self._api.writing(bot.token).assistant_threads_setStatus(
            channel_id=str(here.channel),
            thread_ts=str(here.thread_ts),
            status=STATUS,
            loading_messages=[shorten(reply.text, STATUS_CHARS)],
        )
        try:
            await call(request)
        except SlackRefused as error:  # no agents feature, no scope, an old workspace (platforms note, table D 8)
            self._refused(here.team, error)
            return False
        except StewardError as error:  # whether it is shown or not: the message says it for certain
            log.info("slack.status_failed", error=str(error))
            return False
        return True

    async def start(self, bot: Bot, here: Address, reply: Reply) -> Address | None:
        """Begin a stream with its first step and return where it stands; None where a message must do.

        Raises:
            DependencyUnavailable: it may have begun.
        """
        if not await asyncio.to_thread(self._may_start, here.team):
            log.info("slack.stream_budget_spent", team=here.team)
            return None
        request = self._api.writing(bot.token).chat_startStream(
            channel=str(here.channel),
            thread_ts=str(here.thread_ts),
            recipient_team_id=here.team,
            recipient_user_id=here.user,
            task_display_mode="plan",
            chunks=[PlanUpdateChunk(title="Working on it"), *_tasks(here.key, (_title(reply),))],
        )
        try:
            ts = str((await call(request))["ts"])
        except (SlackRefused, BlocksRefused) as error:  # unknown_method, missing_scope, no agents feature, no cards
            if is_passing(error):  # Slack may have begun it all the same: it is looked for
                raise
            self._refused(here.team, error)
            return None
        except RateLimited:  # a message may be posted once a second, and nobody should wait for a card
            log.info("slack.stream_limited", team=here.team)
            return None
        return here.model_copy(
            update={"ts": ts, "stream": True, "began_at": self._clock(), "tasks": (_title(reply),)}
        )

    async def tell(self, bot: Bot, here: Address, reply: Reply) -> Address | None:
        """Show a step in the stream; None when the stream is over, or about to be: a message shall go on."""
        if self._clock() - here.began_at > HAND_OVER_SECONDS:
            return None
        title = _title(reply)
        tasks = here.tasks if title in here.tasks[-1:] else (*here.tasks, title)
        client = self._api.writing(bot.token)
        request = client.chat_appendStream(
            channel=str(here.channel), ts=str(here.ts), chunks=_tasks(here.key, tasks)[-2:]
        )
        try:
            await call(request)
        except (SlackRefused, BlocksRefused) as error:
            log.info("slack.stream_ended", error=str(error))
            return None
        return here.model_copy(update={"tasks": tasks})

    async def finish(
        self, bot: Bot, here: Address, message: SlackMessage, metadata: dict[str, Any], cited: Sequence[Citation] = ()
    ) -> bool:
        """End the stream with the answer. False: it ended before, or won't show this; chat.update will do.

        What is `cited` and has an address stands on the card of the last step, too, as the pages it was made from.
        """
        text, blocks = _told_apart(message)
        chunks = [*_done(here, _sources(cited)), *([MarkdownTextChunk(text=text)] if text else [])]
        try:
            await self._stop(bot, here, chunks=chunks, blocks=blocks, metadata=metadata)
        except (SlackRefused, BlocksRefused) as error:
            log.info("slack.stream_ended", error=str(error))
            if not (isinstance(error, SlackRefused) and error.error in _OVER):  # it lives, and bars chat.update
                await self.end(bot, here, metadata)
            return False
        return True

    async def end(self, bot: Bot, here: Address, metadata: dict[str, Any]) -> None:
        """End the stream where it stands, so that chat.update may write over it."""
        try:
            await self._stop(bot, here, chunks=_done(here), metadata=metadata)
        except (SlackRefused, BlocksRefused) as error:
            log.info("slack.stream_ended", error=str(error))

    async def release(self, bot: Bot, channel: str, thread_ts: str) -> None:
        """Take the thread out of "processing": Slack leaves it there when a stream ended by itself or was stopped."""
        client = self._api.writing(bot.token)
        with contextlib.suppress(StewardError):  # without the agents feature there is nothing to take back
            await call(client.agents_sessions_setStatus(channel_id=channel, thread_ts=thread_ts, status="active"))

    # -------------------------------------------------------------- inside
    async def _stop(self, bot: Bot, here: Address, **said: Any) -> None:
        client = self._api.writing(bot.token)
        await call(client.chat_stopStream(channel=str(here.channel), ts=str(here.ts), **said))

    def _may_start(self, team: str) -> bool:
        return self._starts.take((f"slack-streams:{team}",), (STARTS_A_MINUTE,)) == 0

    def _refused(self, team: str, error: Exception) -> None:
        log.info("slack.stream_refused", team=team, error=str(error))
        if not is_passing(error):
            self._refused_at[team] = self._clock()


def is_passing(error: Exception) -> bool:
    """Return whether an error is Slack's own trouble, after which nobody knows what was done."""
    return isinstance(error, SlackRefused) and error.error in _PASSING


def task_id(key: str, number: int) -> str:
    """Return the name of a task: by it a stream is known whose beginning was lost on the way."""
    return f"{key}:{number}"


def is_stream_of(message: dict[str, Any], key: str) -> bool:
    """Return whether a message is the stream of this job: its plan has a task of the job's name."""
    return any(name.startswith(f"{key}:") for name in _task_ids(message))


def is_nameless_stream(message: dict[str, Any], bot_user_id: str) -> bool:
    """Return whether a message may be a stream of ours whose tasks Slack does not tell: nothing is said in it yet."""
    is_ours = message.get("user") == bot_user_id
    says = message.get("metadata") or message.get("files") or message.get("text") or _task_ids(message)
    return is_ours and not says


def _task_ids(message: dict[str, Any]) -> list[str]:
    blocks = message.get("blocks") or ()
    tasks = [task for block in blocks for task in (block, *(block.get("tasks") or ())) if isinstance(task, dict)]
    return [str(task["task_id"]) for task in tasks if "task_id" in task]


def _tasks(key: str, titles: Sequence[str]) -> list[Chunk]:
    """Return all tasks, the last of them under way; a task sent again changes the one that stands."""
    last = len(titles) - 1
    return [
        TaskUpdateChunk(id=task_id(key, at), title=title, status="in_progress" if at == last else "complete")
        for at, title in enumerate(titles)
    ]


def _done(here: Address, sources: Sequence[UrlSourceElement] = ()) -> list[Chunk]:
    """Return the plan's end: Slack marks a task that is left open as failed."""
    titles = here.tasks or ("Done",)
    steps = "1 step" if len(titles) == 1 else f"{len(titles)} steps"
    last = TaskUpdateChunk(
        id=task_id(here.key, len(titles) - 1), title=titles[-1], status="complete", sources=list(sources) or None
    )
    return [PlanUpdateChunk(title=f"Done in {steps}"), last]


def _sources(cited: Sequence[Citation]) -> list[UrlSourceElement]:
    """Return the pages that an answer rests on, each once; what has no address of its own is only in the answer."""
    pages: dict[str, str] = {}
    for one in cited:
        if one.url and is_web_address(one.url):
            pages.setdefault(one.url, one.title)
    shown = list(pages.items())[:SOURCES_SHOWN]
    return [UrlSourceElement(url=url, text=shorten(title, SOURCE_CHARS) or "document") for url, title in shown]


def _title(reply: Reply) -> str:
    return shorten(reply.step or reply.text, TITLE_CHARS)


def _told_apart(message: SlackMessage) -> tuple[str, list[dict[str, Any]]]:
    """Return the words that the message begins with, which are streamed, and the blocks below them."""
    blocks = list(message.blocks)
    words = []
    while blocks and blocks[0]["type"] == "markdown":
        words.append(blocks.pop(0)["text"])
    return "\n\n".join(words), blocks
