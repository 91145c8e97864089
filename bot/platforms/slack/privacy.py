"""What stays between Steward and one person in Slack: private answers and conversations, and minutes of channels.

Whether a question is to be answered privately is the desk's to say; here is what follows from it.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from assistant.job_kinds import EMAIL_DRAFT
from assistant.mentions import Audience, Mention
from assistant.preferences import ChannelSettings
from assistant.storage.preference_store import Standing
from assistant.storage.slack_store import SlackStore
from bot.dependencies import BotDependencies
from bot.intake import Settle
from bot.meeting_questions import asks_across_meetings
from bot.platforms.slack.directory import Known, SlackDirectory
from bot.platforms.slack.parse import Message, Workspace

MEMBERSHIP_SECONDS = 1.0  # of the three that Slack waits for an acknowledgement


@dataclass(slots=True)
class Settling:
    """What the channel's settings and the asker's own make of a message. Intake calls it once it has read them."""

    asker: Known
    is_direct: bool
    is_draft: bool
    is_private: bool = False  # asked in a channel and answered to the asker alone: known once it was called

    def __call__(self, mention: Mention, standing: Standing) -> Mention:
        """Return the message's question as it is to be answered."""
        if self.is_direct:
            return mention
        if not self.asker.is_outsider:
            mention = with_handoff(mention, standing.channel)
        if mention.audience is Audience.CHANNEL:
            mention = mention.model_copy(update={"channel_groups": standing.channel.groups})
        wants_privacy = standing.person.private_answers and not self.asker.is_outsider
        self.is_private = self.is_draft or wants_privacy
        return self.privately(mention) if self.is_private else mention

    def privately(self, mention: Mention) -> Mention:
        """Return the question of a channel as one that is answered to its asker alone; a draft is not shared."""
        place, asker_id = mention.reply_target, mention.asker.id
        key = mention.conversation.model_copy(update={"channel": f"D:{asker_id}", "thread": mention.event_key[-255:]})
        share = {} if self.is_draft else {"share_to": place["channel"], "share_thread": place["thread_ts"]}
        return mention.model_copy(
            update={
                "conversation": key,
                "asked_in": mention.conversation,
                "audience": Audience.OUTSIDERS if self.asker.is_outsider else Audience.ASKER,
                "channel_groups": (),
                "reply_target": {**place, "channel": None, "thread_ts": None, **share},
            }
        )


def with_handoff(mention: Mention, settings: ChannelSettings | None) -> Mention:
    """Return the question with whom its channel's "Ask a human" calls, if anybody."""
    if settings is None or settings.handoff is None:
        return mention
    return mention.model_copy(update={"reply_target": {**mention.reply_target, "handoff": settings.handoff}})


class Privacy:
    """What a private question goes on with, and which channels' minutes it may be answered from."""

    def __init__(self, dependencies: BotDependencies, store: SlackStore, directory: SlackDirectory) -> None:
        self._dependencies = dependencies
        self._store = store
        self._directory = directory

    async def gone_on(self, message: Message, mention: Mention) -> Mention:
        """Return a direct message as a turn of the private conversation that made a draft, if that came last.

        What was asked for in a channel or a form is answered without a thread; so is the draft's own question.
        """
        team, asker = mention.conversation.tenant, mention.asker.id
        place = (team, message.channel, message.thread)
        if message.thread != message.ts and await asyncio.to_thread(
            lambda: self._store.thread(*place, fresh_seconds=0) is not None
        ):
            return mention  # a thread that goes on with its own question
        latest = next(iter(await asyncio.to_thread(self._dependencies.jobs.recent, team, asker, 1)), None)
        if latest is None or latest.kind != EMAIL_DRAFT.name or latest.conversation.channel != f"D:{asker}":
            return mention
        return mention.model_copy(update={"conversation": latest.conversation, "begins_conversation": False})

    async def with_minutes(
        self, workspace: Workspace, mention: Mention, settling: Settling
    ) -> tuple[Mention, Settle | None]:
        """Return the question and what is still to be settled about it, before it is taken in.

        Who will read the answer must be known before a private question is given its asker's channels, and only for
        those is it worth a look into the settings before the one that intake takes anyway.
        """
        if settling.is_direct or not asks_across_meetings(mention.text):
            return await self.with_channels(workspace, mention), settling
        where = mention.conversation
        look = self._dependencies.preferences.for_mention
        standing = await asyncio.to_thread(look, where.platform, where.tenant, where.channel, mention.asker.id)
        return await self.with_channels(workspace, settling(mention, standing)), None

    async def with_channels(self, workspace: Workspace, mention: Mention) -> Mention:
        """Note the channels the asker is in, where a private question may be answered from their minutes.

        Slack is asked now, so that who left a channel has lost its minutes. What isn't known in time is left out.
        """
        if mention.audience is not Audience.ASKER or not asks_across_meetings(mention.text):
            return mention
        channels = await asyncio.to_thread(self._dependencies.minutes.channels, mention)
        found: list[str] = []

        async def look(channel: str) -> None:
            if await self._directory.is_member(workspace, channel, mention.asker.id):
                found.append(channel)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MEMBERSHIP_SECONDS):
                await asyncio.gather(*(look(channel) for channel in channels))
        return mention.model_copy(update={"member_of": tuple(sorted(found))})
