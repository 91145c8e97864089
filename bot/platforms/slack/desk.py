"""The desk where every way of asking in Slack arrives: events, commands, shortcuts and modals alike.

It adds who asks and who reads along, takes the question in, and tells the asker when it can't be taken.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import structlog

from assistant.errors import (
    DependencyUnavailable,
    NothingFound,
    NotPermitted,
    RequestInvalid,
    StewardError,
    StorageFull,
)
from assistant.job_kinds import EMAIL_DRAFT
from assistant.mentions import Attachment, Audience, ConversationKey, Mention, Platform
from assistant.preferences import ChannelSettings
from assistant.replies import Reply
from assistant.storage.job_store import Accepted
from assistant.storage.preference_store import Standing
from assistant.storage.slack_store import SlackStore
from assistant.storage.worker_store import WorkerStore
from bot.charts.pictures import ChartPictures
from bot.dependencies import BotDependencies
from bot.meeting_questions import asks_across_meetings
from bot.platforms.slack.client import SlackApi, call
from bot.platforms.slack.directory import Known, SlackDirectory
from bot.platforms.slack.files import SlackFiles
from bot.platforms.slack.installations import Installations
from bot.platforms.slack.messages import NOTE_TYPE, SlackMessages
from bot.platforms.slack.parse import Envelope, Message, Workspace, make_mention, target
from bot.platforms.slack.reading import SlackReader
from bot.platforms.slack.recaps import Recaps
from bot.platforms.slack.render import render
from bot.platforms.slack.streams import SlackStreams
from bot.platforms.slack.text import escape, shorten
from bot.platforms.slack.token_rotation import TokenRotation
from bot.platforms.slack.uploads import SlackUploads
from bot.routing import route

log = structlog.get_logger()

MEMBERSHIP_SECONDS = 1.0  # of the three that Slack waits for an acknowledgement
PRIVATE_POINTER = "I answer in our direct messages, as your settings say."
DRAFT_POINTER = "An e-mail draft is yours alone: it comes in our direct messages."
MAX_TITLE_CHARS = 80  # of a thread in the Messages tab: what its list shows


class Desk:
    """What listeners share."""

    def __init__(self, dependencies: BotDependencies) -> None:
        settings = dependencies.settings
        self.dependencies = dependencies
        self.api = SlackApi(settings.slack_api_url)
        self.store = SlackStore(dependencies.engine, settings)
        self.preferences = dependencies.preferences
        rotation = TokenRotation(settings, self.store, WorkerStore(dependencies.engine), self.api)
        self.installations = Installations(settings, self.store, self.api, rotation)
        self.directory = SlackDirectory(self.api, self.installations, dependencies.people, self.preferences)
        self.files = SlackFiles(settings, self.api, dependencies.blobs)
        self.reader = SlackReader(self.api, self.installations, self.directory, dependencies.blobs)
        self.recaps = Recaps(self.reader, self.directory)
        streams = SlackStreams(self.api, is_on=settings.slack_streaming)
        pictures = ChartPictures(settings.steward_data / "matplotlib")
        uploads = SlackUploads(self.api, dependencies.blobs, pictures)
        self.messages = SlackMessages(self.api, self.installations, streams, uploads)
        self._background: set[asyncio.Task[None]] = set()

    # -------------------------------------------------------------- taking in
    async def take_message(
        self, workspace: Workspace, envelope: Envelope, message: Message, *, key: str | None = None
    ) -> Accepted | None:
        """Take in a message that asks something; None when it can't be taken and the asker was told.

        Raises:
            DependencyUnavailable, StorageFull: nothing was kept; Slack should send the event again.
        """
        bot = await self.installations.bot(workspace)
        asker = await self.directory.known(workspace, message.user or "")
        standing = await asyncio.to_thread(
            self.preferences.for_mention, Platform.SLACK, workspace.team, message.channel, asker.person.id
        )
        readers = await self.directory.readers(
            workspace, message, asker, is_shared=envelope.is_ext_shared_channel, settings=standing.channel
        )
        files = await self.files.fetch(bot, message.files)
        mention = make_mention(
            message,
            workspace,
            asker=asker.person,
            audience=readers.audience,
            channel_groups=readers.groups,
            bot_user_id=bot.user_id,
            attachments=files.attachments,
            key=key,
        )
        mention = _with_handoff(mention, readers.settings)
        try:
            mention = await self.recaps.with_messages(workspace, message, mention, asker)
            is_draft = route(mention).kind is EMAIL_DRAFT
        except (RequestInvalid, NotPermitted, NothingFound) as unreadable:
            await self.refuse(workspace, mention, unreadable)
            return None
        if files.refused and not mention.text and not mention.attachments:
            error = RequestInvalid("only files that can't be read", reply="\n".join(files.refused))
            await self.refuse(workspace, mention, error)
            return None
        is_direct = message.channel_type == "im" or message.channel.startswith("D")
        wants_privacy = standing.person.private_answers and not asker.is_outsider
        is_private = not is_direct and (is_draft or wants_privacy)
        if is_private:
            asked, mention = mention, _privately(mention, asker, may_share=not is_draft)
        elif is_direct:
            asked = mention = await self._gone_on(message, mention)
        else:
            asked = mention
        accepted = await self.take(workspace, mention, asked=asked, standing=None if is_private else standing)
        if is_private and accepted and not accepted.duplicate:
            channel_place = {**mention.reply_target, "channel": message.channel, "thread_ts": message.thread_ts}
            noted = mention.model_copy(update={"reply_target": channel_place})
            self.later(self._say(workspace, noted, DRAFT_POINTER if is_draft else PRIVATE_POINTER))
        if files.refused and accepted and not accepted.duplicate:
            self.later(self._say(workspace, mention, "\n".join(files.refused)))
        return accepted

    async def _gone_on(self, message: Message, mention: Mention) -> Mention:
        """Return a direct message as a turn of the private conversation that made a draft, if that came last.

        What was asked for in a channel or a form is answered without a thread; so is the draft's own question.
        """
        team, asker = mention.conversation.tenant, mention.asker.id
        place = (team, message.channel, message.thread)
        if message.thread != message.ts and await asyncio.to_thread(
            lambda: self.store.thread(*place, fresh_seconds=0) is not None
        ):
            return mention  # a thread that goes on with its own question
        latest = next(iter(await asyncio.to_thread(self.dependencies.jobs.recent, team, asker, 1)), None)
        if latest is None or latest.kind != EMAIL_DRAFT.name or latest.conversation.channel != f"D:{asker}":
            return mention
        return mention.model_copy(update={"conversation": latest.conversation})

    async def take(
        self, workspace: Workspace, mention: Mention, *, asked: Mention, standing: Standing | None = None
    ) -> Accepted | None:
        """Write the question down; None when it can't be taken and the asker was told, where it was `asked`."""
        try:
            accepted = await self.accept(await self._with_channels(workspace, mention), standing)
        except (DependencyUnavailable, StorageFull):
            raise
        except StewardError as error:
            await self.refuse(workspace, asked, error)
            return None
        if not accepted.duplicate and (mention.reply_target.get("channel") or "").startswith("D"):
            self.later(self.show_status(workspace, mention.reply_target, "is looking into it…"))
            self.later(self._name_thread(workspace, mention))
        return accepted

    async def _with_channels(self, workspace: Workspace, mention: Mention) -> Mention:
        """Note the channels the asker is in, where a private question may be answered from their minutes.

        Slack is asked now, so that who left a channel has lost its minutes. What isn't known in time is left out.
        """
        if mention.audience is not Audience.ASKER or not asks_across_meetings(mention.text):
            return mention
        channels = await asyncio.to_thread(self.dependencies.minutes.channels, mention)
        found: list[str] = []

        async def look(channel: str) -> None:
            if await self.directory.is_member(workspace, channel, mention.asker.id):
                found.append(channel)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MEMBERSHIP_SECONDS):
                await asyncio.gather(*(look(channel) for channel in channels))
        return mention.model_copy(update={"member_of": tuple(sorted(found))})

    async def accept(self, mention: Mention, standing: Standing | None = None) -> Accepted:
        """Write the question down.

        Raises:
            StewardError: as Intake.take.
        """
        return await asyncio.to_thread(self.dependencies.intake.take, mention, standing)

    async def ask(
        self,
        workspace: Workspace,
        user_id: str,
        text: str,
        *,
        key: str,
        kind: str | None = None,
        options: dict[str, Any] | None = None,
        channel: str | None = None,
        attachments: tuple[Attachment, ...] = (),
        share_to: str | None = None,
        share_thread: str | None = None,
    ) -> Accepted:
        """Take in a question that came without a message. `channel` None: answered privately.

        Raises:
            StewardError: as `accept`; nothing was said to the asker.
        """
        asker = await self.directory.known(workspace, user_id)
        message = Message(channel=channel or f"D:{user_id}")
        readers = await self.directory.readers(workspace, message, asker, is_shared=False)
        place = target(workspace, channel or "", thread_ts=None, user=user_id)
        mention = Mention(
            event_key=key,
            conversation=ConversationKey(
                platform=Platform.SLACK, tenant=workspace.team, channel=message.channel, thread=key
            ),
            asker=asker.person,
            text=text,
            attachments=attachments,
            audience=readers.audience,
            channel_groups=readers.groups,
            kind=kind,
            reply_target={**place, "channel": channel, "share_to": share_to, "share_thread": share_thread},
        )
        mention = await self._with_channels(workspace, mention)
        return await self.accept(_with_handoff(mention, readers.settings))

    async def refuse(self, workspace: Workspace, mention: Mention, error: StewardError) -> None:
        """Tell the asker, once an event, why the question can't be taken."""
        log.info("mention.refused", code=error.code, platform="slack")
        is_first = await asyncio.to_thread(self.dependencies.jobs.claim_event, f"{mention.event_key}:refused")
        if is_first:
            self.later(self._say(workspace, mention, error.reply))

    async def _say(self, workspace: Workspace, mention: Mention, text: str) -> None:
        """Say something beside the answer: in direct messages aloud, in channels to the asker alone."""
        bot = await self.installations.bot(workspace)
        place = mention.reply_target
        channel, user = place.get("channel"), str(place.get("user") or mention.asker.id)
        channel = channel or await self.messages.direct_channel(bot, workspace.team, user)
        client = self.api.writing(bot.token)
        for message in render(Reply(text=text), mention.event_key):
            said: dict[str, Any] = {
                "channel": channel,
                "thread_ts": place.get("thread_ts"),
                "text": message.text,
                "blocks": list(message.blocks),
            }
            if channel.startswith("D"):
                note = {"event_type": NOTE_TYPE, "event_payload": {"key": mention.event_key}}
                await call(client.chat_postMessage(unfurl_links=False, unfurl_media=False, metadata=note, **said))
            else:
                await call(client.chat_postEphemeral(user=user, **said))

    async def whisper(self, response_url: str, text: str) -> None:
        """Say something that only the person who pressed sees, at the address that came with the press."""
        if not is_slacks(response_url, self.api.base_url):
            return
        said = {"response_type": "ephemeral", "replace_original": False, "text": escape(text)}
        try:
            async with self.api.session.post(response_url, json=said) as response:
                await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise DependencyUnavailable(f"response_url: {type(error).__name__}") from None

    async def show_status(self, workspace: Workspace, place: dict[str, Any], status: str) -> None:
        """Show "Steward is …" under the thread, where the agents feature is on (platforms note, table D 8)."""
        if not place.get("thread_ts"):
            return
        bot = await self.installations.bot(workspace)
        client = self.api.writing(bot.token)
        request = client.assistant_threads_setStatus(
            channel_id=str(place["channel"]), thread_ts=str(place["thread_ts"]), status=status
        )
        await call(request)

    async def _name_thread(self, workspace: Workspace, mention: Mention) -> None:
        """Call a new thread of the Messages tab by its question, where the agents feature is on."""
        place = mention.reply_target
        root = str(place.get("thread_ts") or "")
        if not root or not mention.event_key.endswith(f":{root}"):
            return  # a follow-up: the thread has its title
        bot = await self.installations.bot(workspace)
        title = shorten(" ".join(mention.text.split()), MAX_TITLE_CHARS) or "A file"
        client = self.api.writing(bot.token)
        await call(client.assistant_threads_setTitle(channel_id=str(place["channel"]), thread_ts=root, title=title))

    async def stop(self, job_id: UUID, user_id: str) -> bool:
        """Stop a job for the one who asked for it; False when it is over, or somebody else's."""
        jobs = self.dependencies.jobs
        try:
            view = await asyncio.to_thread(jobs.view, job_id)
        except NothingFound:
            return False
        if view.status.is_answered or view.asker_id != user_id:
            return False
        stopped = await asyncio.to_thread(lambda: jobs.cancel(job_id, by=user_id))
        log.info("job.stopped", job_id=str(job_id), by_asker=True)
        return stopped

    # -------------------------------------------------------------- beside the acknowledgement
    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that may be lost: it is not waited for, and its failure is logged."""
        task = asyncio.create_task(_quietly(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settled(self) -> None:
        """Wait until nothing of `later` is under way."""
        while self._background:
            await asyncio.wait(set(self._background))

    async def close(self) -> None:
        """Let what is under way end, and close the connections."""
        if self._background:
            await asyncio.wait(set(self._background), timeout=5)
        await self.api.close()


def is_slacks(url: str, api_url: str) -> bool:
    """Return whether an address is Slack's own: hooks.slack.com and the like, or where SLACK_API_URL points."""
    where, own = urlsplit(url), urlsplit(api_url)
    is_slack = where.scheme == "https" and (where.hostname or "").endswith(".slack.com")
    return is_slack or (bool(url) and (where.scheme, where.netloc) == (own.scheme, own.netloc))


def _privately(mention: Mention, asker: Known, *, may_share: bool) -> Mention:
    """Return the question of a channel as one that is answered to its asker alone, who may share the answer."""
    place, asker_id = mention.reply_target, mention.asker.id
    key = mention.conversation.model_copy(update={"channel": f"D:{asker_id}", "thread": mention.event_key[-255:]})
    share = {"share_to": place["channel"], "share_thread": place["thread_ts"]} if may_share else {}
    return mention.model_copy(
        update={
            "conversation": key,
            "asked_in": mention.conversation,
            "audience": Audience.OUTSIDERS if asker.is_outsider else Audience.ASKER,
            "channel_groups": (),
            "reply_target": {**place, "channel": None, "thread_ts": None, **share},
        }
    )


def _with_handoff(mention: Mention, settings: ChannelSettings | None) -> Mention:
    if settings is None or settings.handoff is None:
        return mention
    return mention.model_copy(update={"reply_target": {**mention.reply_target, "handoff": settings.handoff}})


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except StewardError as error:
        log.info("slack.aside_failed", code=error.code, error=str(error))
