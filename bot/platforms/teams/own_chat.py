"""A person's own chat with the bot: where answers go that are theirs alone, whatever they were asked from.

Bots have no message in Teams that only one member of a channel sees, so a private answer is one in this chat.
"""

from __future__ import annotations

from assistant.errors import RequestInvalid, StewardError
from assistant.mentions import ConversationKey
from bot.platforms.teams.client import ConnectorClient
from bot.platforms.teams.parse import Reference, conversation_of, reference_of, tenant_of
from bot.platforms.teams.wire import TeamsActivity


class OwnChats:
    """Finds the chat; opens it where there is none yet."""

    def __init__(self, client: ConnectorClient) -> None:
        self._client = client

    async def of(self, activity: TeamsActivity) -> tuple[ConversationKey, Reference]:
        """Return the conversation, and where its answers go. Asking for it twice gives the same one.

        Raises:
            RequestInvalid: the person has not added the bot; `reply` says what to do.
        """
        where = await self._chat_id(activity)
        place = conversation_of(activity).model_copy(update={"channel": where, "thread": where})
        target = reference_of(activity).model_copy(
            update={"conversation_id": where, "conversation_type": "personal", "activity_id": ""}
        )
        return place, target

    async def _chat_id(self, activity: TeamsActivity) -> str:
        if activity.kind == "personal":
            return activity.conversation.id
        try:
            return await self._client.open_chat(
                activity.service_url,
                bot_id=activity.recipient.id,
                user_id=activity.sender.id,
                tenant=tenant_of(activity),
            )
        except StewardError as error:
            raise RequestInvalid(
                f"no chat with the person: {error}",
                reply="I can't write to you yet. Add me as a personal app first, then try again.",
            ) from error
