"""The connector: post, update, delete, and the people of a conversation, over httpx.

The SDK's client blocks a thread for up to 100 s and never tries again, so this speaks the same few REST calls
itself. It tells delivery the one thing that matters: whether a message was certainly not posted (RateLimited)
or may have been (DependencyUnavailable). Trying again is delivery's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from assistant.errors import DependencyUnavailable, NothingFound, RateLimited, StewardError
from bot.platforms.teams.tokens import BotTokens
from bot.platforms.teams.wire import text_at

CALL_SECONDS = 8.0  # below delivery's own bound, so that we and not it decide what a silence means
LATER = (412, 429)  # 412 is what the connector answers to two writers at once, before it does anything
DEFAULT_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 600.0


class Refused(StewardError):
    """The connector refuses this call and would refuse it again; `reason` is its own short code."""

    code = "teams_refused"

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"the connector answered {status} {reason}: {message[:200]}")
        self.status = status
        self.reason = reason
        self.detail = message


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation: where its service is, and its id (with ";messageid=" in channels)."""

    service_url: str
    conversation_id: str

    def url(self, *parts: str) -> str:
        """Return the address of something in the conversation."""
        path = "/".join(quote(part, safe="") for part in (self.conversation_id, *parts))
        return f"{self.service_url.rstrip('/')}/v3/conversations/{path}"


class ConnectorClient:
    """One bot's way to the connector."""

    def __init__(self, http: httpx.AsyncClient, tokens: BotTokens, scope: str) -> None:
        self._http = http
        self._tokens = tokens
        self._scope = scope

    async def send(self, place: Place, activity: Mapping[str, Any]) -> str:
        """Post an activity and return its id ("" for those that get none, as typing).

        Raises:
            RateLimited: not posted. DependencyUnavailable: perhaps posted. NothingFound: there is no such
            conversation, or the bot was removed from it. Refused: not posted, and the same again would not be.
        """
        answer = await self._call("POST", place.url("activities"), activity)
        return text_at(answer, "id") or ""

    async def update(self, place: Place, activity_id: str, activity: Mapping[str, Any]) -> None:
        """Replace an activity.

        Raises:
            NothingFound: it was deleted, or the bot was removed; RateLimited, DependencyUnavailable, Refused.
        """
        await self._call("PUT", place.url("activities", activity_id), {**activity, "id": activity_id})

    async def delete(self, place: Place, activity_id: str) -> None:
        """Delete an activity of ours; one that is gone already is no error."""
        try:
            await self._call("DELETE", place.url("activities", activity_id), None)
        except NothingFound:
            return

    async def members(self, place: Place, *, at_most: int) -> list[dict[str, Any]]:
        """Return the conversation's people, at most so many (in pages of 200)."""
        found: list[dict[str, Any]] = []
        token: str | None = None
        while len(found) < at_most:
            query = {"pageSize": "200", **({"continuationToken": token} if token else {})}
            page = await self._call("GET", place.url("pagedmembers"), None, query)
            found += [member for member in page.get("members") or () if isinstance(member, dict)]
            token = text_at(page, "continuationToken")
            if token is None:
                break
        return found[:at_most]

    async def member(self, place: Place, account_id: str) -> dict[str, Any]:
        """Return one of the conversation's people, with e-mail."""
        return await self._call("GET", place.url("members", account_id), None)

    async def meeting(self, service_url: str, meeting_id: str) -> dict[str, Any]:
        """Return a meeting's details and organizer."""
        url = f"{service_url.rstrip('/')}/v1/meetings/{quote(meeting_id, safe='')}"
        return await self._call("GET", url, None)

    async def open_chat(self, service_url: str, *, bot_id: str, user_id: str, tenant: str) -> str:
        """Return the id of a person's own chat with the bot; it is made once and stays the same."""
        wanted = {
            "bot": {"id": bot_id},
            "members": [{"id": user_id}],
            "tenantId": tenant,
            "channelData": {"tenant": {"id": tenant}},
            "isGroup": False,
        }
        answer = await self._call("POST", f"{service_url.rstrip('/')}/v3/conversations", wanted)
        conversation = text_at(answer, "id")
        if conversation is None:
            raise DependencyUnavailable("the connector opened a chat and did not name it")
        return conversation

    async def _call(
        self, method: str, url: str, body: Mapping[str, Any] | None, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        token = await self._tokens.get(self._scope)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with asyncio.timeout(CALL_SECONDS):
                response = await self._http.request(method, url, json=body, params=query, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RateLimited(
                f"the connector can't be reached: {type(error).__name__}", retry_after_seconds=DEFAULT_WAIT_SECONDS
            ) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise DependencyUnavailable(f"no answer from the connector: {type(error).__name__}") from error
        return self._read(response)

    def _read(self, response: httpx.Response) -> dict[str, Any]:
        status = response.status_code
        if status < 300:
            return _object(response)
        reason, message = _fault(response)
        if status in LATER:
            raise RateLimited(f"the connector answered {status}", retry_after_seconds=wait_seconds(response))
        if status == 401:  # the token ended early, or the secret was changed: a fresh one is fetched next time
            self._tokens.forget(self._scope)
            raise RateLimited("the connector refused our token", retry_after_seconds=DEFAULT_WAIT_SECONDS)
        if status in (404, 410) or reason in ("BotNotInConversationRoster", "ConversationNotFound"):
            raise NothingFound(f"the connector answered {status} {reason}")
        if status >= 500 or status == 408:
            raise DependencyUnavailable(
                f"the connector answered {status}", retry_after_seconds=wait_seconds(response)
            )
        raise Refused(status, reason, message)


def wait_seconds(response: httpx.Response) -> float:
    """Return how long the answer asks us to wait: Retry-After in seconds, else a figure of ours."""
    try:
        asked = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return DEFAULT_WAIT_SECONDS
    return min(LONGEST_WAIT_SECONDS, max(0.1, asked)) if asked == asked else DEFAULT_WAIT_SECONDS


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _fault(response: httpx.Response) -> tuple[str, str]:
    error = _object(response).get("error")
    if not isinstance(error, dict):
        return "", ""
    return text_at(error, "code") or "", text_at(error, "message") or ""
