"""From Slack's JSON to a Mention. Pure: what must be asked of Slack (who is this, who reads along) is handed in.

Only fields that are read are declared; Slack adds new ones at any time.
"""

from __future__ import annotations

import html
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from assistant.mentions import Attachment, Audience, ConversationKey, Mention, Person, Platform
from bot.platforms.slack.canvas import CANVAS_TYPES


class Wire(BaseModel):
    """Base of what Slack sends: unknown fields are ignored, wrong types are refused."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class File(Wire):
    """A file in a message. `url_private_download` is missing for files of other services and in Slack Connect."""

    id: str = ""
    name: str | None = None
    title: str | None = None
    mimetype: str = "application/octet-stream"
    filetype: str = ""
    size: int = 0
    mode: str = ""
    url_private: str | None = None
    url_private_download: str | None = None

    @property
    def is_canvas(self) -> bool:
        """A page written in Slack, such as the notes of a huddle."""
        return self.filetype in CANVAS_TYPES

    @property
    def is_image(self) -> bool:
        """Pictures can't be read."""
        return self.mimetype.startswith("image/")


class Entity(Wire):
    """Something that a person has open in Slack: a channel, a message, a canvas, a list."""

    type: str = ""
    value: Any = None


class AppContext(Wire):
    """What a person looks at while they have Steward open beside it, the most relevant first."""

    entities: tuple[Entity, ...] = ()

    @classmethod
    def of(cls, sent: object) -> AppContext:
        """Return what was sent; nothing where it is written otherwise: it may help a question, and costs none."""
        try:
            return cls.model_validate(sent or {})
        except ValidationError:
            return cls()

    @property
    def channel(self) -> str | None:
        """The channel that they look at; None where it is none, or a conversation of few."""
        for one in self.entities:
            seen = one.value
            if one.type == "slack#/types/message_context" and isinstance(seen, dict):
                seen = seen.get("channel_id")
            elif one.type != "slack#/types/channel_id":
                continue
            if isinstance(seen, str) and seen.startswith(("C", "G")):
                return seen
        return None


class Message(Wire):
    """A message, an app_mention, or the message inside a change of one."""

    type: str = "message"
    subtype: str | None = None
    channel: str = ""
    channel_type: str | None = None  # im, mpim, channel, group; app_mention has none
    user: str | None = None
    bot_id: str | None = None
    text: str = ""
    ts: str = ""
    thread_ts: str | None = None
    files: tuple[File, ...] = ()
    team: str | None = None  # of the author; another than ours in Slack Connect
    user_team: str | None = None
    edited: dict[str, Any] | None = None
    hidden: bool = False
    app_context: Annotated[AppContext, BeforeValidator(AppContext.of)] = AppContext()  # what is open beside it

    @property
    def thread(self) -> str:
        """The ts of the thread's first message; a message outside threads begins its own."""
        return self.thread_ts or self.ts

    @property
    def is_direct(self) -> bool:
        """True between Steward and one person."""
        return self.channel_type == "im" or self.channel.startswith("D")


class Change(Wire):
    """message_changed and message_deleted."""

    channel: str
    channel_type: str | None = None
    message: Message | None = None
    previous_message: Message | None = None
    deleted_ts: str | None = None


class Authorization(Wire):
    """Whose app an event is for: in Slack Connect not the author's workspace."""

    team_id: str | None = None
    enterprise_id: str | None = None
    is_enterprise_install: bool = False


class Envelope(Wire):
    """What is around an event."""

    team_id: str | None = None
    enterprise_id: str | None = None
    event_id: str = ""
    event_time: int = 0  # seconds; when it happened, not when it came
    is_ext_shared_channel: bool = False
    authorizations: tuple[Authorization, ...] = ()
    event: dict[str, Any] = Field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        """The workspace (or organisation) whose token answers this event."""
        first = self.authorizations[0] if self.authorizations else Authorization()
        enterprise = first.enterprise_id or self.enterprise_id
        return Workspace(
            team=first.team_id or self.team_id or enterprise or "",
            enterprise=enterprise,
            is_enterprise_install=first.is_enterprise_install,
        )


class Workspace(Wire):
    """An installation's name."""

    team: str = Field(min_length=1, max_length=255)
    enterprise: str | None = None
    is_enterprise_install: bool = False


_ENTITY = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_FAILED_ENTITY = re.compile(r"&(amp|lt|gt);")


def read_text(text: str, bot_user_id: str = "") -> str:
    """Return what the person typed: our own name off, links and names written out, entities undone.

    Our own name is dropped wherever it stands: "@Steward how …" and "how …, @Steward?" ask the same.
    """

    def spelt(match: re.Match[str]) -> str:
        mark, target, label = match.groups()
        if mark == "@":
            return "" if target == bot_user_id else f"@{label or target}"
        if mark == "#":
            return f"#{label or target}"
        if mark == "!":
            return f"@{label or target.split('^')[0]}".replace("@@", "@")
        address = target.removeprefix("mailto:")
        return address if not label or label in (target, address) else f"{label} ({address})"

    spelled = _ENTITY.sub(spelt, text)
    return re.sub(r"[ \t]{2,}", " ", html.unescape(_FAILED_ENTITY.sub(r"&\1;", spelled))).strip()


def names_someone_else(text: str, bot_user_id: str) -> bool:
    """Return whether the message begins by speaking to another person."""
    found = re.match(r"\s*<@([A-Z0-9]+)", text)
    return bool(found) and found is not None and found.group(1) != bot_user_id


def names(text: str, user_id: str) -> bool:
    """Return whether the text mentions this user."""
    return bool(user_id) and re.search(rf"<@{re.escape(user_id)}(\||>)", text) is not None


def event_key(team: str, channel: str, ts: str) -> str:
    """Return the key of a message: one mention comes as app_mention and as message, with two event ids."""
    return f"slack:{team}:{channel}:{ts}"


def make_mention(
    message: Message,
    workspace: Workspace,
    *,
    asker: Person,
    audience: Audience,
    channel_groups: tuple[str, ...] = (),
    bot_user_id: str,
    attachments: tuple[Attachment, ...] = (),
    key: str | None = None,
) -> Mention:
    """Return the question a message asks; the answer goes into its thread."""
    return Mention(
        event_key=key or event_key(workspace.team, message.channel, message.ts),
        conversation=ConversationKey(
            platform=Platform.SLACK, tenant=workspace.team, channel=message.channel, thread=message.thread
        ),
        begins_conversation=key is None and message.thread_ts is None,  # with a key: asked anew, after an edit
        asker=asker,
        text=read_text(message.text, bot_user_id),
        attachments=attachments,
        audience=audience,
        channel_groups=channel_groups,
        reply_target=target(workspace, message.channel, thread_ts=message.thread, user=asker.id),
    )


def target(workspace: Workspace, channel: str, *, thread_ts: str | None, user: str) -> dict[str, Any]:
    """Return where an answer goes, as the outbox keeps it."""
    return {
        "team": workspace.team,
        "enterprise": workspace.enterprise,
        "channel": channel,
        "thread_ts": thread_ts,
        "user": user,
    }
