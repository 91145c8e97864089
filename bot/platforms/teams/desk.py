"""What Steward does about each Teams activity. The SDK's turn calls it; nothing here knows the SDK.

Everything that makes a job is committed before a method returns, so that 202 means "kept". What can't become a
job is answered with a sentence, once, whatever Teams sends again.
"""

from __future__ import annotations

import asyncio

import structlog

from assistant.errors import NotPermitted, RequestInvalid
from bot.dependencies import BotDependencies
from bot.platforms.teams.activity_handler import InvokeAnswer
from bot.platforms.teams.outgoing import Speaker
from bot.platforms.teams.parse import event_key, mention_of, text_mentions_bot, thread_reference
from bot.platforms.teams.people import TeamsDirectory
from bot.platforms.teams.wire import TeamsActivity

log = structlog.get_logger()


class TeamsDesk:
    """Acts on activities that are verified and read."""

    def __init__(self, dependencies: BotDependencies, directory: TeamsDirectory, speaker: Speaker) -> None:
        self._intake = dependencies.intake
        self._jobs = dependencies.jobs
        self._directory = directory
        self._speaker = speaker

    async def asked(self, activity: TeamsActivity) -> None:
        """Turn a message to the bot into a job, or into a sentence that says why not.

        Raises:
            DependencyUnavailable, StorageFull: nothing was kept; Teams should send it again.
        """
        if activity.kind != "personal" and not text_mentions_bot(activity):
            return
        key = event_key(activity)
        asker = await self._directory.known(activity)
        readers = await self._directory.readers(activity, asker)
        mention = mention_of(activity, asker.person, readers.audience, key=key, channel_groups=readers.groups)
        try:
            await asyncio.to_thread(self._intake.take, mention)
        except (RequestInvalid, NotPermitted) as error:
            await self._tell(activity, key, error.reply)

    async def edited(self, activity: TeamsActivity) -> None:
        """Nothing yet."""

    async def deleted(self, activity: TeamsActivity) -> None:
        """Nothing yet."""

    async def joined(self, activity: TeamsActivity) -> None:
        """Forget who was in the conversation."""
        self._directory.membership_changed(activity.conversation.id)

    async def invoked(self, activity: TeamsActivity) -> InvokeAnswer:
        """Refuse what is not known."""
        return InvokeAnswer(501)

    async def _tell(self, activity: TeamsActivity, key: str, text: str) -> None:
        """Say something that is not a job's answer: once, also when the activity comes again."""
        if await asyncio.to_thread(self._jobs.claim_event, key):
            self._speaker.say(thread_reference(activity), text)
