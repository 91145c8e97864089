"""Recaps of a channel, a thread or a group chat, read by Graph: the messages become a file of the question.

Only the conversation the question was asked in is read, so its readers see nothing they could not scroll up to.
Reading needs ChannelMessage.Read.Group or ChatMessage.Read.Chat, granted for the one team or chat.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import structlog

from assistant.errors import NotPermitted, RequestInvalid, StewardError
from assistant.mentions import Attachment, Mention
from assistant.storage.blob_store import BlobStore
from bot.platforms.teams.graph import PAGES_AT_MOST, GraphClient, segment
from bot.platforms.teams.parse import strip_html, tenant_of
from bot.platforms.teams.wire import TeamsActivity, text_at
from bot.recap import USUAL_DAYS, read_request

log = structlog.get_logger()

PATIENCE_SECONDS = 9.0
PAGE_SIZE = 50  # the most Graph gives
JSON_TYPE = "application/json"
_Message = dict[str, Any]


class TeamsRecaps:
    """Finds out whether a message asks for a recap, and fetches what it is about."""

    def __init__(self, graph: GraphClient, blobs: BlobStore) -> None:
        self._graph = graph
        self._blobs = blobs

    async def fetch(self, activity: TeamsActivity, mention: Mention, zone: tzinfo) -> Attachment | None:
        """Return the messages that the mention asks to have recapped, kept as a file; None when it asks for no recap.

        Days are those of `zone`, the asker's.

        Raises:
            RequestInvalid: nothing was written since, they may not be read, or did not come; `reply` says which.
        """
        request = read_request(mention.text, now=datetime.now(UTC), zone=zone)
        if request is None or activity.kind == "personal":
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found, is_whole = await self._messages(activity)
        except NotPermitted as error:
            raise RequestInvalid(
                str(error),
                reply="I may not read the messages here. A team's owner, or a member of the chat, can allow it by "
                "adding me again with the permission to read messages.",
            ) from error
        except (TimeoutError, StewardError) as error:
            raise RequestInvalid(
                f"messages did not arrive: {type(error).__name__}",
                reply="I couldn't fetch the messages here just now. Please try again.",
            ) from error
        since = request.since or _last_words(found, mention.asker.id, activity.id or "")
        chosen = [one for one in found if _at(one) >= since and one.get("id") != activity.id and _words(one)]
        if not chosen:
            raise RequestInvalid("nothing to recap", reply="Nothing was written here since then.")
        left_out = not is_whole and min(map(_at, found)) > since
        data = _document(chosen, zone, left_out=left_out)
        log.info("teams.recap_kept", messages=len(chosen), left_out=left_out)
        sha256 = await asyncio.to_thread(self._blobs.store, data)
        return Attachment(
            name="teams-messages.json", media_type=JSON_TYPE, size_bytes=len(data), location=f"blob:{sha256}"
        )

    async def _messages(self, activity: TeamsActivity) -> tuple[list[_Message], bool]:
        """Return the conversation's messages, oldest first, and whether these are all there are."""
        tenant = tenant_of(activity)
        conversation, _, root = activity.conversation.id.partition(";messageid=")
        team = text_at(activity.channel_data, "team", "aadGroupId")
        if activity.kind != "channel" or team is None:
            found = await self._graph.pages(
                tenant, f"/chats/{segment(conversation)}/messages", **{"$top": str(PAGE_SIZE)}
            )
            return sorted(found, key=_at), len(found) < PAGE_SIZE * PAGES_AT_MOST
        base = f"/teams/{segment(team)}/channels/{segment(conversation)}/messages"
        if root and root != activity.id:  # asked in a thread: that thread
            first = await self._graph.get(tenant, f"{base}/{segment(root)}")
            replies = await self._graph.pages(tenant, f"{base}/{segment(root)}/replies", **{"$top": str(PAGE_SIZE)})
            return sorted([first, *replies], key=_at), len(replies) < PAGE_SIZE * PAGES_AT_MOST
        posts = await self._graph.pages(tenant, base, **{"$top": str(PAGE_SIZE), "$expand": "replies"})
        found = [one for post in posts for one in (post, *_replies(post))]
        return sorted(found, key=_at), len(posts) < PAGE_SIZE * PAGES_AT_MOST


def _replies(post: Mapping[str, Any]) -> Iterator[_Message]:
    yield from (one for one in post.get("replies") or () if isinstance(one, dict))


def _last_words(messages: Sequence[_Message], asker: str, question: str) -> datetime:
    """Return when the asker last wrote here before the question; USUAL_DAYS ago when they have not."""
    own = [_at(one) for one in messages if text_at(one, "from", "user", "id") == asker and one.get("id") != question]
    return max(own, default=datetime.now(UTC) - timedelta(days=USUAL_DAYS))


def _at(message: Mapping[str, Any]) -> datetime:
    try:
        found = datetime.fromisoformat(text_at(message, "createdDateTime") or "")
    except ValueError:  # a message without a time is as old as can be
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _words(message: Mapping[str, Any]) -> str:
    """Return what a person wrote; nothing for what an app or Teams itself said, and for what was deleted."""
    if text_at(message, "from", "user", "id") is None or text_at(message, "deletedDateTime") is not None:
        return ""
    content = text_at(message, "body", "content") or ""
    is_html = text_at(message, "body", "contentType") == "html"
    return " ".join((strip_html(content) if is_html else content).split())


def _document(messages: Sequence[_Message], zone: tzinfo, *, left_out: bool) -> bytes:
    """Return what the transcript reader takes: times count from the first message, each has its address."""
    began = _at(messages[0])
    entries = [
        {
            "speaker": text_at(one, "from", "user", "displayName") or "Somebody",
            "start": (_at(one) - began).total_seconds(),
            "text": _words(one),
            "url": text_at(one, "webUrl"),
        }
        for one in messages
    ]
    title = "Recap (older messages were left out)" if left_out else "Recap"
    return json.dumps(
        {"title": title, "date": began.astimezone(zone).date().isoformat(), "entries": entries}
    ).encode()
