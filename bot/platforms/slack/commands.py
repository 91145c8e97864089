"""Asking without a message: /steward, and the shortcuts on somebody's message.

Their answers are private, in the direct messages with Steward, and can be shared from there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from assistant.errors import DependencyUnavailable, RateLimited, RequestInvalid, StewardError
from assistant.job_kinds import JOB_KINDS, MEETING_SUMMARY
from assistant.mentions import Attachment
from bot.platforms.slack import channel_form
from bot.platforms.slack.channel_form import ChannelForm
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.email_form import WORDS as EMAIL_WORDS
from bot.platforms.slack.email_form import EmailForm
from bot.platforms.slack.interactions import Press
from bot.platforms.slack.parse import Wire, Workspace, read_text
from bot.platforms.slack.reading import PATIENCE_SECONDS, READING_SECONDS, Conversation
from bot.platforms.slack.recaps import JSON_TYPE
from bot.platforms.slack.text import escape
from bot.recap import RecapRequest, read_request
from bot.routing import HELP_WORDS, help_text

log = structlog.get_logger()

SHORTCUTS = {
    "summarise_thread": ("meeting_summary", "Summarise this thread", "Summarise this Slack thread."),
    "draft_reply": ("email_draft", "Draft a reply", "Draft a reply to the last message of this thread."),
    "inspect_logs": ("log_inspection", "Inspect these logs", "What went wrong according to these log lines?"),
}


class Command(Wire):
    """A slash command's form."""

    team_id: str
    enterprise_id: str | None = None
    channel_id: str = ""
    user_id: str
    text: str = ""
    trigger_id: str = ""
    response_url: str = ""

    @property
    def workspace(self) -> Workspace:
        """Whose token to use."""
        return Workspace(team=self.team_id, enterprise=self.enterprise_id)


def register(app: AsyncApp, desk: Desk, email_form: EmailForm) -> None:
    """Put the command and the shortcuts on the Bolt app."""
    channel_form.register(app, desk)
    commands = Commands(desk, email_form)
    app.command("/steward")(commands.on_command)
    for name in SHORTCUTS:
        app.shortcut({"type": "message_action", "callback_id": name})(commands.on_shortcut)


class Commands:
    """Takes in what was asked privately."""

    def __init__(self, desk: Desk, email_form: EmailForm) -> None:
        self._desk = desk
        self._settings = ChannelForm(desk)
        self._email_form = email_form

    async def on_command(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """/steward [settings | email | recap since … | question]."""
        command = Command.model_validate(body)
        word = command.text.strip().lower()
        try:
            if not word or word in HELP_WORDS:
                await ack(response_type="ephemeral", text=help_text(JOB_KINDS), blocks=_help_blocks())
            elif word == "settings":
                await self._settings.open(command.workspace, command.channel_id, command.user_id, command.trigger_id)
                await ack()
            elif word in EMAIL_WORDS:
                await self._email_form.open(command.workspace, command.trigger_id)
                await ack()
            else:
                await ack(response_type="ephemeral", text=escape(await self._take(command)))
        except StewardError as error:
            await ack(response_type="ephemeral", text=escape(error.reply))

    async def _take(self, command: Command) -> str:
        """Take a question or a recap in, and return what is said about it."""
        known = await self._desk.directory.known(command.workspace, command.user_id)
        request = read_request(read_text(command.text), now=datetime.now(UTC), zone=known.zone)
        if request is not None:
            return await self._recap(command, request)
        await self._ask(command)
        return "I'm on it. The answer comes in our direct messages."

    async def _ask(self, command: Command) -> None:
        key = f"slack:{command.team_id}:command:{command.trigger_id}"
        channel = None if command.channel_id.startswith("D") else command.channel_id
        await self._desk.ask(
            command.workspace, command.user_id, read_text(command.text), key=key, share_to=channel or None
        )

    async def on_shortcut(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Work on the message that the shortcut was used on, with its thread."""
        press = Press.model_validate(body)
        kind, _, words = SHORTCUTS[press.callback_id]
        channel = press.channel.id if press.channel else ""
        root = press.message.thread if press.message and press.message.ts else press.message_ts
        key = f"slack:{press.workspace.team}:shortcut:{press.trigger_id}"

        async def take(seconds: float) -> None:
            reader = self._desk.reader
            thread = await reader.thread(press.workspace, channel, root, asked_by=key, seconds=seconds)
            await self._desk.ask(
                press.workspace,
                press.user.id,
                words,
                key=key,
                kind=kind,
                attachments=(await self._as_file(thread, press.callback_id, press.workspace, press.user.id),),
                share_to=None if channel.startswith("D") else channel,
                share_thread=root,
            )

        said = await self._taken(take, press.response_url)
        self._desk.later(self._desk.asides.whisper(press.response_url, said))
        await ack()

    async def _recap(self, command: Command, request: RecapRequest) -> str:
        """Take a recap of the command's channel in, and return what is said about it."""
        if command.channel_id.startswith("D"):
            raise RequestInvalid("recap of direct messages", reply="Use /steward recap in the channel it is about.")
        key = f"slack:{command.team_id}:command:{command.trigger_id}"

        async def take(seconds: float) -> None:
            reader = self._desk.reader
            stretch = await reader.since(
                command.workspace,
                command.channel_id,
                request.since,
                reader=command.user_id,
                asked_by=key,
                seconds=seconds,
            )
            await self._desk.ask(
                command.workspace,
                command.user_id,
                command.text.rstrip(" ?"),
                key=key,
                kind=MEETING_SUMMARY.name,
                attachments=(await self._as_file(stretch, "recap", command.workspace, command.user_id),),
                share_to=command.channel_id,
            )

        return await self._taken(take, command.response_url)

    async def _taken(self, take: Callable[[float], Awaitable[None]], response_url: str) -> str:
        """Take a question about messages in, now or once Slack has handed them over; return what is said.

        Slack sends no command twice: what is read on after the acknowledgement is lost with this process, and the
        asker is told when to ask again.
        """
        try:
            await take(PATIENCE_SECONDS)
        except RateLimited as error:
            return error.reply
        except DependencyUnavailable:
            self._desk.later(self._take_later(take, response_url))
            return (
                "Slack takes its time to hand me the messages; I begin when I have them. If no answer comes in our "
                "direct messages within ten minutes, please ask again."
            )
        except StewardError as error:
            return error.reply
        return "I'm on it. The answer comes in our direct messages."

    async def _take_later(self, take: Callable[[float], Awaitable[None]], response_url: str) -> None:
        try:
            await take(READING_SECONDS)
        except StewardError as error:
            await self._desk.asides.whisper(response_url, error.reply)

    async def _as_file(
        self, conversation: Conversation, purpose: str, workspace: Workspace, user_id: str
    ) -> Attachment:
        """Keep the messages in the form that the job reads: a transcript with links, log lines, or plain text."""
        attach = self._desk.reader.attach
        if purpose in ("summarise_thread", "recap"):
            asker = await self._desk.directory.known(workspace, user_id)
            content = conversation.as_json(utc_offset_seconds=asker.utc_offset_seconds)
            return await attach(content, "slack-messages.json", JSON_TYPE)
        suffix = "log" if purpose == "inspect_logs" else "txt"
        return await attach(conversation.as_lines(), f"thread.{suffix}", "text/plain")


def _help_blocks() -> list[dict[str, Any]]:
    buttons = [
        {
            "type": "button",
            "action_id": f"steward:ask:{kind.name}",
            "text": {"type": "plain_text", "text": kind.title},
            "value": f'{{"kind":"{kind.name}"}}',
        }
        for kind in JOB_KINDS.values()
    ]
    return [{"type": "markdown", "text": help_text(JOB_KINDS)}, {"type": "actions", "elements": buttons}]
