"""The actions on a message: "Summarise this thread" and "Draft a reply". The answer goes to the person alone.

They work where the bot is no member, so the job's answer is posted in the person's own chat with the bot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.errors import RequestInvalid
from assistant.mentions import Attachment, Audience, Mention
from assistant.storage.blob_store import BlobStore
from bot.intake import Intake
from bot.platforms.teams.own_chat import OwnChats
from bot.platforms.teams.parse import event_key
from bot.platforms.teams.people import TeamsDirectory
from bot.platforms.teams.threads import ThreadReader
from bot.platforms.teams.wire import TeamsActivity, text_at

NOTE_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class ComposeCommand:
    """One entry of a message's menu, and the job behind it."""

    id: str
    title: str
    description: str
    kind: str
    text: str


COMPOSE_COMMANDS = (
    ComposeCommand(
        "summarise_thread",
        "Summarise this thread",
        "Decisions, action items and open questions, sent to you alone",
        "meeting_summary",
        "Summarise this Teams thread.",
    ),
    ComposeCommand(
        "draft_reply",
        "Draft a reply",
        "A draft for you to review; nothing is sent",
        "email_draft",
        "Draft a reply to the last message of this thread.",
    ),
)


class ComposeActions:
    """Turns a message action into a job."""

    def __init__(
        self,
        chats: OwnChats,
        threads: ThreadReader,
        blobs: BlobStore,
        intake: Intake,
        directory: TeamsDirectory,
    ) -> None:
        self._chats = chats
        self._threads = threads
        self._blobs = blobs
        self._intake = intake
        self._directory = directory

    async def submit(self, activity: TeamsActivity) -> str:
        """Start the job, and return what to tell the person.

        Raises:
            RequestInvalid, NotPermitted: with a `reply` that says why. DependencyUnavailable, StorageFull.
        """
        value = activity.value if isinstance(activity.value, Mapping) else {}
        command = next((one for one in COMPOSE_COMMANDS if one.id == value.get("commandId")), None)
        shown = value.get("messagePayload")
        if command is None or not isinstance(shown, Mapping):
            raise RequestInvalid("an unknown action", reply="I don't know that action.")
        thread = await self._threads.read(activity, shown)
        if not thread.text:
            raise RequestInvalid("an empty thread", reply="There is no text in that message.")
        mention = await self._mention(activity, command, thread.text, _note(value))
        accepted = await asyncio.to_thread(self._intake.take, mention)
        scope = "" if thread.is_whole else " I may read that one message only, not the rest of its thread."
        return ("I'm on it already." if accepted.duplicate else "I'm on it; you'll find it in our chat.") + scope

    async def _mention(self, activity: TeamsActivity, command: ComposeCommand, thread: str, note: str) -> Mention:
        known = await self._directory.known(activity)
        data = thread.encode()
        sha256 = await asyncio.to_thread(self._blobs.store, data)
        place, target = await self._chats.of(activity)
        return Mention(
            event_key=event_key(activity, command.id),
            conversation=place,
            asker=known.person,
            text=f"{command.text} {note}".strip(),
            attachments=(
                Attachment(
                    name="thread.txt", media_type="text/plain", size_bytes=len(data), location=f"blob:{sha256}"
                ),
            ),
            audience=Audience.OUTSIDERS if known.is_outsider else Audience.ASKER,
            kind=command.kind,
            reply_target=target.model_dump(mode="json"),
        )


def _note(value: Mapping[str, Any]) -> str:
    return (text_at(value, "data", "note") or "").strip()[:NOTE_CHARS]
