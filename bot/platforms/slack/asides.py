"""What Steward says in Slack beside its answers: notes, whispers to one person, a thread's status and its title.

All of it may be lost without harm: the desk lets it go on after the acknowledgement.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import aiohttp

from assistant.errors import DependencyUnavailable, NothingFound
from assistant.mentions import Mention
from assistant.replies import Reply
from bot.platforms.slack.client import SlackApi, SlackRefused, call
from bot.platforms.slack.installations import Installations
from bot.platforms.slack.messages import NOTE_TYPE, SlackMessages
from bot.platforms.slack.parse import Workspace
from bot.platforms.slack.render import render
from bot.platforms.slack.text import escape, shorten

MAX_TITLE_CHARS = 80  # of a thread in the Messages tab: what its list shows, of the 200 that Slack takes


class Asides:
    """Every method raises StewardError where Slack can't be reached or won't take it."""

    def __init__(self, api: SlackApi, installations: Installations, messages: SlackMessages) -> None:
        self._api = api
        self._installations = installations
        self._messages = messages

    async def say(self, workspace: Workspace, mention: Mention, text: str) -> None:
        """Say something beside the answer: in direct messages aloud, in channels to the asker alone."""
        bot = await self._installations.bot(workspace)
        place = mention.reply_target
        channel, user = place.get("channel"), str(place.get("user") or mention.asker.id)
        channel = channel or await self._messages.direct_channel(bot, workspace.team, user)
        client = self._api.writing(bot.token)
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
        if not _is_slacks(response_url, self._api.base_url):
            return
        said = {"response_type": "ephemeral", "replace_original": False, "text": escape(text)}
        try:
            async with self._api.session.post(response_url, json=said) as response:
                await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise DependencyUnavailable(f"response_url: {type(error).__name__}") from None

    async def show_status(self, workspace: Workspace, place: dict[str, Any], status: str) -> None:
        """Show "Steward is …" under the thread, where the agents feature is on (platforms note, table D 8)."""
        if not place.get("thread_ts"):
            return
        bot = await self._installations.bot(workspace)
        client = self._api.writing(bot.token)
        request = client.assistant_threads_setStatus(
            channel_id=str(place["channel"]), thread_ts=str(place["thread_ts"]), status=status
        )
        await call(request)

    async def name_thread(self, workspace: Workspace, mention: Mention) -> None:
        """Call a new thread of the Messages tab by its question, where the agents feature is on."""
        place = mention.reply_target
        root = str(place.get("thread_ts") or "")
        if not root or not mention.event_key.endswith(f":{root}"):
            return  # a follow-up: the thread has its title
        bot = await self._installations.bot(workspace)
        title = shorten(" ".join(mention.text.split()), MAX_TITLE_CHARS) or "A file"
        client = self._api.writing(bot.token)
        named = {"channel_id": str(place["channel"]), "thread_ts": root, "title": title}
        try:
            await call(client.agents_sessions_rename(**named))
        except (SlackRefused, NothingFound):  # no session yet (it begins with a stream), or an older workspace
            await call(client.assistant_threads_setTitle(**named))


def _is_slacks(url: str, api_url: str) -> bool:
    """Return whether an address is Slack's own: hooks.slack.com and the like, or where SLACK_API_URL points."""
    where, own = urlsplit(url), urlsplit(api_url)
    is_slack = where.scheme == "https" and (where.hostname or "").endswith(".slack.com")
    return is_slack or (bool(url) and (where.scheme, where.netloc) == (own.scheme, own.netloc))
