"""Asking without a message: /steward, and the shortcuts on somebody's message.

Their answers are private, in the direct messages with Steward, and can be shared from there.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from assistant.errors import NotPermitted, RequestInvalid, StewardError
from assistant.job_kinds import JOB_KINDS
from assistant.mentions import Attachment
from bot.platforms.slack import channel_form
from bot.platforms.slack.channel_form import ChannelForm
from bot.platforms.slack.client import SlackRefused, call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.interactions import Press
from bot.platforms.slack.parse import Wire, Workspace, read_text
from bot.platforms.slack.text import escape
from bot.routing import HELP_WORDS, help_text

log = structlog.get_logger()

THREAD_PAGES = 3
PAGE_SIZE = 200
READ_SECONDS = 1.8  # of the 3 s that Slack waits
MAX_THREAD_CHARS = 200_000
NAMED_PEOPLE = 30  # who is asked of Slack by name for one thread
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

    @property
    def workspace(self) -> Workspace:
        """Whose token to use."""
        return Workspace(team=self.team_id, enterprise=self.enterprise_id)


def register(app: AsyncApp, desk: Desk) -> None:
    """Put the command and the shortcuts on the Bolt app."""
    channel_form.register(app, desk)
    commands = Commands(desk)
    app.command("/steward")(commands.on_command)
    for name in SHORTCUTS:
        app.shortcut({"type": "message_action", "callback_id": name})(commands.on_shortcut)


class Commands:
    """Takes in what was asked privately."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._settings = ChannelForm(desk)

    async def on_command(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """/steward [settings | question]."""
        command = Command.model_validate(body)
        word = command.text.strip().lower()
        try:
            if not word or word in HELP_WORDS:
                await ack(response_type="ephemeral", text=help_text(JOB_KINDS), blocks=_help_blocks())
            elif word == "settings":
                await self._settings.open(command.workspace, command.channel_id, command.user_id, command.trigger_id)
                await ack()
            else:
                await self._ask(command)
                await ack(response_type="ephemeral", text="I'm on it. The answer comes in our direct messages.")
        except StewardError as error:
            await ack(response_type="ephemeral", text=escape(error.reply))

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
        try:
            thread = await self._read_thread(press, channel)
            await self._desk.ask(
                press.workspace,
                press.user.id,
                words,
                key=f"slack:{press.workspace.team}:shortcut:{press.trigger_id}",
                kind=kind,
                attachments=(thread,),
                share_to=None if channel.startswith("D") else channel,
                share_thread=press.message.thread if press.message else press.message_ts,
            )
            said = "I'm on it. The answer comes in our direct messages."
        except StewardError as error:
            said = error.reply
        self._desk.later(self._desk.whisper(press.response_url, said))
        await ack()

    # -------------------------------------------------------------- a thread as a file
    async def _read_thread(self, press: Press, channel: str) -> Attachment:
        """Return the thread as a text file of "[time] name: words" lines; a long one says where it was cut."""
        desk = self._desk
        root = press.message.thread if press.message and press.message.ts else press.message_ts
        try:
            async with asyncio.timeout(READ_SECONDS):
                messages, is_whole = await self._messages(press.workspace, channel, root)
                lines = [await self._line(press.workspace, one) for one in messages]
        except TimeoutError as error:
            raise RequestInvalid(
                "thread not read in time", reply="Slack took too long to hand me the thread. Please try again."
            ) from error
        text = "\n".join(line for line in lines if line)
        if not is_whole or len(text) > MAX_THREAD_CHARS:
            text = text[:MAX_THREAD_CHARS] + "\n[The thread is longer; this is its beginning.]"
        data = text.encode()
        suffix = "log" if press.callback_id == "inspect_logs" else "txt"
        location = f"blob:{await asyncio.to_thread(desk.dependencies.blobs.store, data)}"
        return Attachment(name=f"thread.{suffix}", media_type="text/plain", size_bytes=len(data), location=location)

    async def _messages(self, workspace: Workspace, channel: str, root: str) -> tuple[list[dict[str, Any]], bool]:
        bot = await self._desk.installations.bot(workspace)
        client = self._desk.api.reading(bot.token)
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        try:
            for _ in range(THREAD_PAGES):
                page = await call(
                    client.conversations_replies(channel=channel, ts=root, limit=PAGE_SIZE, cursor=cursor)
                )
                found += page.get("messages") or []
                cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
                if cursor is None:
                    return found, True
        except SlackRefused as error:
            raise NotPermitted(
                f"conversations.replies: {error.error}",
                reply="I'm not in that channel. Invite me first: /invite @Steward",
            ) from error
        return found, False

    async def _line(self, workspace: Workspace, message: dict[str, Any]) -> str:
        text = read_text(str(message.get("text") or ""))
        if not text:
            return ""
        user = str(message.get("user") or "")
        known = await self._desk.directory.known(workspace, user) if user else None
        name = known.person.name if known and known.person.name else user or "app"
        at = datetime.fromtimestamp(float(message.get("ts") or 0), UTC)
        return f"[{at:%Y-%m-%d %H:%M:%S}] {name}: {text}"


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
