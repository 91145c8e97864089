"""From an activity to what Steward works with: the words without the bot's own name, the place, the event's key.

Nothing here asks anybody anything; who reads along and what they may read is people.py's.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html.parser import HTMLParser
from typing import Any

from assistant.errors import RequestInvalid
from assistant.frozen import Frozen
from assistant.mentions import LOCAL_TENANT, Attachment, Audience, ConversationKey, Mention, Person, Platform
from assistant.time_zones import zone_named
from bot.platforms.teams.client import Place
from bot.platforms.teams.wire import TeamsActivity, text_at

FILE_DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"
FILE_REFERENCE = "reference"
FILES_AT_MOST = 10

_AT = re.compile(r"<at\b[^>]*>(.*?)</at>", re.IGNORECASE | re.DOTALL)
_BREAKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "blockquote", "pre"})


class Reference(Frozen):
    """Where an answer goes, as our own JSON: it outlives the SDK that first told us."""

    v: int = 1
    service_url: str
    conversation_id: str  # in a channel with ";messageid=" of the thread
    conversation_type: str  # personal, groupChat, channel
    tenant_id: str
    bot_id: str = ""
    user_id: str = ""
    user_aad_id: str = ""
    activity_id: str = ""
    channel_id: str = "msteams"
    locale: str | None = None

    @property
    def place(self) -> Place:
        """The conversation, for the client."""
        return Place(self.service_url, self.conversation_id)

    @property
    def is_personal(self) -> bool:
        """True in a chat of one person with the bot: the only place where answers can stream."""
        return self.conversation_type == "personal"


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file that came along: `url` answers a download (from the bot's own chat) or names it for Graph."""

    name: str
    url: str
    needs_graph: bool


def reference_of(activity: TeamsActivity) -> Reference:
    """Return where to answer this activity."""
    return Reference(
        service_url=activity.service_url,
        conversation_id=activity.conversation.id,
        conversation_type=activity.kind,
        tenant_id=tenant_of(activity),
        bot_id=activity.recipient.id,
        user_id=activity.sender.id,
        user_aad_id=activity.sender.aad_object_id or "",
        activity_id=activity.id or "",
        channel_id=activity.channel_id,
        locale=activity.locale,
    )


def tenant_of(activity: TeamsActivity) -> str:
    """Return the tenant that the conversation lives in."""
    return activity.tenant or LOCAL_TENANT


def person_id_of(activity: TeamsActivity) -> str:
    """Return the directory's id of the sender; only an account without one goes by its Teams id.

    Raises:
        RequestInvalid: nobody is named.
    """
    person_id = activity.sender.aad_object_id or activity.sender.id
    if not person_id:
        raise RequestInvalid("the activity names no sender")
    return person_id


def event_key(activity: TeamsActivity, *more: str) -> str:
    """Return the key that every redelivery of this event shares.

    Raises:
        RequestInvalid: the event has no id of its own.
    """
    if not activity.id:
        raise RequestInvalid("the activity has no id")
    return ":".join(("teams", activity.conversation.id, activity.id, *more))


def conversation_of(activity: TeamsActivity) -> ConversationKey:
    """Return the thread: of a channel, the thread; of a chat, the chat itself, which has no threads."""
    channel, _, first = activity.conversation.id.partition(";messageid=")
    thread = first or (activity.id if activity.kind == "channel" else None) or channel
    return ConversationKey(platform=Platform.TEAMS, tenant=tenant_of(activity), channel=channel, thread=thread)


def thread_reference(activity: TeamsActivity) -> Reference:
    """Return where the answer goes: in a channel, into the thread even when its first message asks."""
    reference = reference_of(activity)
    if reference.conversation_type == "channel" and ";messageid=" not in reference.conversation_id and activity.id:
        threaded = f"{reference.conversation_id};messageid={activity.id}"
        return reference.model_copy(update={"conversation_id": threaded})
    return reference


def address(reference: Reference, activity: Mapping[str, Any]) -> dict[str, Any]:
    """Return the activity with sender and conversation filled in, as the SDK would."""
    envelope: dict[str, Any] = {
        "channelId": reference.channel_id,
        "serviceUrl": reference.service_url,
        "conversation": {
            "id": reference.conversation_id,
            "conversationType": reference.conversation_type,  # what a stream is allowed by
            "tenantId": reference.tenant_id,
            "isGroup": not reference.is_personal,
        },
        "from": {"id": reference.bot_id},
    }
    if reference.is_personal:
        envelope["recipient"] = {"id": reference.user_id}
    if reference.locale:
        envelope["locale"] = reference.locale
    return {**envelope, **activity}


def zone_of(activity: TeamsActivity) -> tzinfo | None:
    """Return the zone of the sender's clock as their client tells it: by name, else by its offset; None: untold."""
    named = [activity.local_timezone, *(text_at(entity, "timezone") for entity in activity.entities)]
    if found := next((zone for name in named if (zone := zone_named(name))), None):
        return found
    try:
        return datetime.fromisoformat(activity.local_timestamp or "").tzinfo
    except ValueError:
        return None


def mention_of(
    activity: TeamsActivity,
    asker: Person,
    audience: Audience,
    *,
    key: str,
    channel_groups: tuple[str, ...] = (),
    attachments: tuple[Attachment, ...] = (),
    text: str | None = None,
    kind: str | None = None,
    options: dict[str, Any] | None = None,
) -> Mention:
    """Return the question as it goes to intake; `text` stands in for the message's own."""
    return Mention(
        event_key=key,
        conversation=conversation_of(activity),
        asker=asker,
        text=question_of(activity) if text is None else text,
        attachments=attachments,
        audience=audience,
        channel_groups=channel_groups,
        kind=kind,
        options=options or {},
        reply_target=thread_reference(activity).model_dump(mode="json"),
    )


def question_of(activity: TeamsActivity) -> str:
    """Return what the person wrote: without the bot's name, other people's names kept, entities resolved."""
    text = activity.text or ""
    if not text.strip():
        text = _from_html(activity)
    for spoken in _own_names(activity):
        text = text.replace(spoken, " ")
    text = _AT.sub(lambda match: f"@{match.group(1)}", text)
    if activity.text_format == "xml":
        text = strip_html(text)
    return html.unescape(text).replace("\xa0", " ").strip()


def text_mentions_bot(activity: TeamsActivity) -> bool:
    """Return whether the message names the bot; with permission to read channels, Teams sends the others too."""
    return bool(_own_names(activity))


def files_of(activity: TeamsActivity) -> tuple[SharedFile, ...]:
    """Return the files that came with the message, at most FILES_AT_MOST; cards and HTML are not files."""
    found = [_file(attachment) for attachment in activity.attachments]
    return tuple(file for file in found if file is not None)[:FILES_AT_MOST]


def strip_html(markup: str) -> str:
    """Return the text of HTML, one line a paragraph."""
    reader = _Text()
    reader.feed(markup)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line)


def _own_names(activity: TeamsActivity) -> list[str]:
    own = []
    for entity in activity.entities:
        if entity.get("type") != "mention" or text_at(entity, "mentioned", "id") != activity.recipient.id:
            continue
        spoken = text_at(entity, "text") or f"<at>{text_at(entity, 'mentioned', 'name') or ''}</at>"
        own.append(spoken)
    return sorted(own, key=len, reverse=True)


def _from_html(activity: TeamsActivity) -> str:
    for attachment in activity.attachments:
        if attachment.content_type == "text/html" and isinstance(attachment.content, str):
            return _keep_names(attachment.content)
    return ""


def _keep_names(markup: str) -> str:
    """Strip the markup but for <at>, which is how names are told from text."""
    names: list[str] = []

    def remember(match: re.Match[str]) -> str:
        names.append(match.group(0))
        return f"\x01{len(names) - 1}\x02"

    text = strip_html(_AT.sub(remember, markup))
    return re.sub("\x01(\\d+)\x02", lambda match: names[int(match.group(1))] if names else "", text)


def _file(attachment: Any) -> SharedFile | None:
    name = (attachment.name or "file").replace("\\", "/").rpartition("/")[2][:200] or "file"
    if attachment.content_type == FILE_DOWNLOAD and isinstance(attachment.content, dict):
        url = text_at(attachment.content, "downloadUrl")
        return SharedFile(name, url, needs_graph=False) if url else None
    if attachment.content_type == FILE_REFERENCE and attachment.content_url:
        return SharedFile(name, attachment.content_url, needs_graph=True)
    return None


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in ("script", "style"):
            self._hidden += 1
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden = max(0, self._hidden - 1)
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
