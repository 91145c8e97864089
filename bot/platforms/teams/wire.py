"""What Teams sends us, as far as we read it: our own frozen model of a Bot Framework activity.

Unknown fields are ignored, because Microsoft adds some every year; known ones must have the right type and a
length that fits our tables. Nothing of the SDK's models travels past this package, and nothing raw past parse.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from assistant.errors import RequestInvalid

Id = Annotated[str, Field(max_length=240)]  # longest seen: 160; two of them fit an event key


def _object(value: object) -> object:
    return {} if value is None else value


def _list(value: object) -> object:
    return [] if value is None else value


Object = Annotated[dict[str, Any], BeforeValidator(_object)]


class Wire(BaseModel):
    """Base of what comes from the connector."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Account(Wire):
    """A person or the bot. `aad_object_id` is the directory's id; names prove nothing."""

    id: Id = ""
    name: str | None = None
    aad_object_id: Id | None = None
    tenant_id: Id | None = None
    user_role: str | None = None  # in rosters: user, guest, anonymous
    email: str | None = None  # in rosters
    user_principal_name: str | None = None  # in rosters


class WireConversation(Wire):
    """Where; a channel's id carries ";messageid=" with the id of the thread's first message."""

    id: Id = Field(min_length=1)
    conversation_type: str | None = None  # personal, groupChat, channel
    tenant_id: Id | None = None
    is_group: bool | None = None


class WireAttachment(Wire):
    """A file, a card, or the HTML twin of the text."""

    content_type: str = ""
    content_url: str | None = None
    name: str | None = None
    content: Any = None


class TeamsActivity(Wire):
    """One event: a message, an edit, a click, an installation."""

    type: str = Field(min_length=1, max_length=100)
    id: Id | None = None
    name: str | None = Field(None, max_length=200)  # of an invoke
    channel_id: str = Field(min_length=1, max_length=100)
    service_url: str = Field(min_length=1, max_length=1000)
    sender: Account = Field(default=Account(), alias="from")
    recipient: Account = Account()
    conversation: WireConversation
    text: str | None = None
    text_format: str | None = None
    locale: str | None = Field(None, max_length=50)
    reply_to_id: Id | None = None
    action: str | None = None  # of an installation update
    value: Any = None
    timestamp: str | None = None
    local_timestamp: str | None = None  # with the sender's offset
    local_timezone: str | None = Field(None, max_length=100)  # IANA, where the client tells
    entities: Annotated[tuple[dict[str, Any], ...], BeforeValidator(_list)] = ()
    attachments: Annotated[tuple[WireAttachment, ...], BeforeValidator(_list)] = ()
    channel_data: Object = Field(default_factory=dict)
    members_added: Annotated[tuple[Account, ...], BeforeValidator(_list)] = ()

    @property
    def tenant(self) -> str | None:
        """The tenant that Teams names in its channel data: where the conversation lives."""
        named = text_at(self.channel_data, "tenant", "id")
        return named or self.conversation.tenant_id

    @property
    def kind(self) -> str:
        """personal, groupChat or channel; what can't be told counts as a channel, where more people read."""
        kind = self.conversation.conversation_type
        if kind in ("personal", "groupChat", "channel"):
            return kind
        return "channel" if self.conversation.is_group or "@thread" in self.conversation.id else "personal"


def read_activity(body: bytes) -> TeamsActivity:
    """Read a request's body.

    Raises:
        RequestInvalid: not UTF-8, not JSON, nested beyond reason, or not an activity.
    """
    try:
        data = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        json.dumps(data, ensure_ascii=False).encode("utf-8")  # lone surrogates pass the parser, and no database
        return TeamsActivity.model_validate(data)
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, one["loc"])) or "body" for one in error.errors()})[:5])
        raise RequestInvalid(f"not an activity: {fields}") from error
    except (ValueError, RecursionError) as error:
        raise RequestInvalid(f"not JSON: {type(error).__name__}") from error


def text_at(data: Mapping[str, Any], *path: str) -> str | None:
    """Return the text at this path of nested objects, or None when anything else is there."""
    value: Any = data
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) and value else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
