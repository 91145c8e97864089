"""What stays between Steward and one person in Slack: private answers and conversations, and minutes of channels.

Whether a question is to be answered privately is the desk's to say; here is what follows from it.
"""

from __future__ import annotations

import asyncio
import contextlib

from assistant.job_kinds import EMAIL_DRAFT
from assistant.mentions import Audience, Mention
from assistant.storage.slack_store import SlackStore
from bot.dependencies import BotDependencies
from bot.meeting_questions import asks_across_meetings
from bot.platforms.slack.directory import Known, SlackDirectory
from bot.platforms.slack.parse import Message, Workspace

MEMBERSHIP_SECONDS = 1.0  # of the three that Slack waits for an acknowledgement


def privately(mention: Mention, asker: Known, *, may_share: bool) -> Mention:
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
