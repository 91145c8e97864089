"""Questions about what was said in Slack: recaps of a channel or thread, links to messages, drafts in a thread.

The messages become a file of the question, and the minutes' job reads them like any transcript. Nobody gets to read
through Steward what they can't open themselves, and nobody who reads an answer along either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assistant.errors import NotPermitted, RequestInvalid
from assistant.job_kinds import EMAIL_DRAFT, MEETING_SUMMARY, POLICY_SEARCH
from assistant.mentions import Mention
from bot.platforms.slack.directory import Known, SlackDirectory
from bot.platforms.slack.parse import Message, Workspace
from bot.platforms.slack.reading import Conversation, SlackReader
from bot.recap import RecapRequest, read_request
from bot.routing import route

JSON_TYPE = "application/json"
_LINK = re.compile(
    r"https://[\w.-]+/archives/(?P<channel>[CDG][A-Z0-9]+)/p(?P<seconds>\d{10})(?P<rest>\d{6})"
    r"(?:\?(?:[^\s>|]*?&(?:amp;)?)?thread_ts=(?P<root>\d{10}\.\d{6}))?"
)


@dataclass(frozen=True, slots=True)
class MessageLink:
    """A message that somebody linked to; `root` is where its thread begins."""

    channel: str
    root: str


class Recaps:
    """Finds out whether a message is about other messages, and fetches them."""

    def __init__(self, reader: SlackReader, directory: SlackDirectory) -> None:
        self._reader = reader
        self._directory = directory

    async def with_messages(self, workspace: Workspace, message: Message, mention: Mention, asker: Known) -> Mention:
        """Return the mention with the messages that it is about; as it is when it is about none.

        Raises:
            RequestInvalid, NotPermitted, NothingFound: they can't be read; `reply` says why.
            DependencyUnavailable: Slack hands them over slowly; the event should come again.
        """
        if mention.attachments:
            return mention
        link = read_link(message.text)
        if link is not None:
            await self._check_link(workspace, link, message, asker)
            conversation = await self._reader.thread(workspace, link.channel, link.root, asked_by=mention.event_key)
            is_default = route(mention).kind is POLICY_SEARCH
            kind = MEETING_SUMMARY.name if is_default else mention.kind
            return await self._attached(mention.model_copy(update={"kind": kind}), conversation, asker)
        is_in_thread = message.thread != message.ts and not message.channel.startswith("D")
        if is_in_thread and route(mention).kind is EMAIL_DRAFT:
            return await self._with_thread(workspace, message, mention)
        request = read_request(mention.text, now=datetime.now(UTC), zone=asker.zone)
        if request is None or (message.is_direct and not _means_channel(message)):
            return mention
        if message.is_direct:
            conversation = await self._viewed(workspace, message, mention, asker, request)
        elif message.thread != message.ts:
            conversation = await self._reader.thread(
                workspace, message.channel, message.thread, asked_by=mention.event_key
            )
        else:
            conversation = await self._reader.since(
                workspace, message.channel, request.since, reader=message.user or "", asked_by=mention.event_key
            )
        text = mention.text.rstrip(" ?")  # a question would be answered from the messages; this asks for all of them
        return await self._attached(
            mention.model_copy(update={"kind": MEETING_SUMMARY.name, "text": text}), conversation, asker
        )

    async def _viewed(
        self, workspace: Workspace, message: Message, mention: Mention, asker: Known, request: RecapRequest
    ) -> Conversation:
        """Return what was said in the channel that the asker has open beside the direct messages."""
        channel = str(message.app_context.channel)
        if not await self._directory.is_member(workspace, channel, asker.person.id):
            raise NotPermitted(f"recap of {channel}", reply="I can recap that channel only for its members.")
        return await self._reader.since(
            workspace, channel, request.since, reader=message.user or "", asked_by=mention.event_key
        )

    async def _with_thread(self, workspace: Workspace, message: Message, mention: Mention) -> Mention:
        """Return the request for a draft with what was said in its thread before, as a file."""
        thread = await self._reader.thread(workspace, message.channel, message.thread, asked_by=mention.event_key)
        before = replace(thread, messages=tuple(one for one in thread.messages if one.get("ts") != message.ts))
        attachment = await self._reader.attach(before.as_lines(), "thread.txt", "text/plain")
        return mention.model_copy(update={"attachments": (attachment,)})

    async def _attached(self, mention: Mention, conversation: Conversation, asker: Known) -> Mention:
        content = conversation.as_json(utc_offset_seconds=asker.utc_offset_seconds)
        attachment = await self._reader.attach(content, "slack-messages.json", JSON_TYPE)
        return mention.model_copy(update={"attachments": (attachment,)})

    async def _check_link(self, workspace: Workspace, link: MessageLink, message: Message, asker: Known) -> None:
        if link.channel == message.channel:
            return
        if not message.channel.startswith("D"):
            raise RequestInvalid(
                "link to another channel",
                reply="I open links to another channel only in our direct messages: "
                "who reads here may not read there.",
            )
        is_member = not link.channel.startswith("D") and await self._directory.is_member(
            workspace, link.channel, asker.person.id
        )
        if not is_member:
            raise NotPermitted(
                f"link into {link.channel}", reply="I can open that message only for members of its channel."
            )


def _means_channel(message: Message) -> bool:
    """Return whether a recap asked for in direct messages is of the channel that is open beside them."""
    return message.app_context.channel is not None and not re.search(r"\b(?:thread|conversation)\b", message.text)


def read_link(text: str) -> MessageLink | None:
    """Return the message that the text links to, or None."""
    found = _LINK.search(text)
    if not found:
        return None
    return MessageLink(found["channel"], found["root"] or f"{found['seconds']}.{found['rest']}")
