"""The desk where every way of asking in Slack arrives: events, commands, shortcuts and modals alike.

It adds who asks and who reads along, takes the question in, and tells the asker when it can't be taken. What stays
between Steward and the asker is decided in privacy.py; how things are said beside answers is asides.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

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
from assistant.mentions import Attachment, ConversationKey, Mention, Platform
from assistant.rate_limits import open_buckets
from assistant.storage.job_store import Accepted
from assistant.storage.slack_store import SlackStore
from assistant.storage.worker_store import WorkerStore
from bot.charts.pictures import ChartPictures
from bot.dependencies import BotDependencies
from bot.intake import Settle
from bot.platforms.slack.asides import Asides
from bot.platforms.slack.client import SlackApi
from bot.platforms.slack.directory import SlackDirectory
from bot.platforms.slack.files import SlackFiles
from bot.platforms.slack.installations import Installations
from bot.platforms.slack.messages import SlackMessages
from bot.platforms.slack.parse import Envelope, Message, Workspace, make_mention, target
from bot.platforms.slack.privacy import Privacy, Settling, with_handoff
from bot.platforms.slack.reading import SlackReader
from bot.platforms.slack.recaps import Recaps
from bot.platforms.slack.streams import STATUS, SlackStreams
from bot.platforms.slack.token_rotation import TokenRotation
from bot.platforms.slack.uploads import SlackUploads
from bot.routing import is_stop_word, route

log = structlog.get_logger()

PRIVATE_POINTER = "I answer in our direct messages, as your settings say."
DRAFT_POINTER = "An e-mail draft is yours alone: it comes in our direct messages."


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
        self.reader = SlackReader(self.api, self.installations, self.directory, dependencies.blobs, self.files)
        self.recaps = Recaps(self.reader, self.directory)
        self.streams = SlackStreams(self.api, mode=settings.slack_streaming, starts=open_buckets(settings))
        pictures = ChartPictures(settings.steward_data / "matplotlib")
        uploads = SlackUploads(self.api, dependencies.blobs, pictures)
        self.messages = SlackMessages(self.api, self.installations, self.streams, uploads, self.store)
        self.asides = Asides(self.api, self.installations, self.messages)
        self._privacy = Privacy(dependencies, self.store, self.directory)
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
        audience = await self.directory.audience(workspace, message, asker, is_shared=envelope.is_ext_shared_channel)
        files = await self.files.fetch(bot, message.files)
        mention = make_mention(
            message,
            workspace,
            asker=asker.person,
            audience=audience,
            bot_user_id=bot.user_id,
            attachments=files.attachments,
            key=key,
        )
        if is_stop_word(mention.text) and not mention.attachments:
            await self._stop_by_word(workspace, message, mention)
            return None
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
        if message.is_direct:
            mention = await self._privacy.gone_on(message, mention)
        settling = Settling(asker, is_direct=message.is_direct, is_draft=is_draft)
        accepted = await self._take(workspace, mention, settling)
        if accepted and not accepted.duplicate:
            self._say_beside(workspace, message, mention, settling, files.refused)
        return accepted

    async def _take(self, workspace: Workspace, mention: Mention, settling: Settling) -> Accepted | None:
        """Write the question down; None when it can't be taken and the asker was told, where it was asked."""
        try:
            asked, settle = await self._privacy.with_minutes(workspace, mention, settling)
            return await self.accept(asked, settle)
        except (DependencyUnavailable, StorageFull):
            raise
        except StewardError as error:
            await self.refuse(workspace, mention, error)
            return None

    def _say_beside(
        self,
        workspace: Workspace,
        message: Message,
        mention: Mention,
        settling: Settling,
        refused: tuple[str, ...],
    ) -> None:
        """Say what goes with a question that was taken in, none of which is waited for."""
        if settling.is_private:
            pointed = {**mention.reply_target, "thread_ts": message.thread_ts}
            noted = mention.model_copy(update={"reply_target": pointed})
            pointer = DRAFT_POINTER if settling.is_draft else PRIVATE_POINTER
            self.later(self.asides.say(workspace, noted, pointer))
        if refused:
            answered = settling.privately(mention) if settling.is_private else mention
            self.later(self.asides.say(workspace, answered, "\n".join(refused)))
        if message.is_direct:
            if self.dependencies.settings.slack_streaming == "off":  # else it comes in place of the placeholder
                self.later(self.asides.show_status(workspace, mention.reply_target, STATUS))
            self.later(self.asides.name_thread(workspace, mention))

    async def accept(self, mention: Mention, settle: Settle | None = None) -> Accepted:
        """Write the question down.

        Raises:
            StewardError: as Intake.take.
        """
        return await asyncio.to_thread(self.dependencies.intake.take, mention, settle)

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
        readers = await self.directory.readers(workspace, message, asker)
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
            options=options or {},
            reply_target={**place, "channel": channel, "share_to": share_to, "share_thread": share_thread},
        )
        mention = await self._privacy.with_channels(workspace, mention)
        return await self.accept(with_handoff(mention, readers.settings))

    async def refuse(self, workspace: Workspace, mention: Mention, error: StewardError) -> None:
        """Tell the asker, once an event, why the question can't be taken."""
        log.info("mention.refused", code=error.code, platform="slack")
        is_first = await asyncio.to_thread(self.dependencies.jobs.claim_event, f"{mention.event_key}:refused")
        if is_first:
            self.later(self.asides.say(workspace, mention, error.reply))

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

    async def stop_thread(self, workspace: Workspace, channel: str, thread: str, user_id: str) -> int:
        """Stop all that this person has at work in a thread; returns how many questions that were."""
        job_ids = await asyncio.to_thread(
            self.store.unfinished, workspace.team, channel=channel, thread=thread, person_id=user_id
        )
        return sum([await self.stop(job_id, user_id) for job_id in job_ids])

    async def _stop_by_word(self, workspace: Workspace, message: Message, mention: Mention) -> None:
        if await self.stop_thread(workspace, message.channel, message.thread, mention.asker.id):
            # Sent again, the word finds nothing any more; that need not be told.
            await asyncio.to_thread(self.dependencies.jobs.claim_event, f"{mention.event_key}:refused")
            return
        error = RequestInvalid("nothing to stop", reply="Nothing of yours is at work in this thread.")
        await self.refuse(workspace, mention, error)

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


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except StewardError as error:
        log.info("slack.aside_failed", code=error.code, error=str(error))
