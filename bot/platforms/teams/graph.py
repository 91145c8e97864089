"""Microsoft Graph: files of channels, the messages of a thread, transcripts of meetings. Read only.

With the application's own permissions, which an administrator grants for the whole tenant or for one team or chat
(docs/connect-teams.md lists them). What was not granted is told as such, never as "nothing there".
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from assistant.errors import DependencyUnavailable, NothingFound, NotPermitted, RateLimited
from assistant.settings import Settings
from bot.platforms.teams.client import wait_seconds
from bot.platforms.teams.tokens import BotTokens

CALL_SECONDS = 6.0
PAGES_AT_MOST = 5
JSON_BYTES = 2_000_000


class GraphClient:
    """Reads from one tenant at a time."""

    def __init__(self, http: httpx.AsyncClient, tokens: BotTokens, settings: Settings) -> None:
        self._http = http
        self._tokens = tokens
        self._base = f"{settings.teams_graph_url.rstrip('/')}/v1.0"
        self._scope = f"{settings.teams_graph_url.rstrip('/')}/.default"

    async def get(self, tenant: str, path: str, **query: str) -> dict[str, Any]:
        """Return one object.

        Raises:
            NotPermitted: the permission was not granted. NothingFound: there is no such thing.
            DependencyUnavailable, RateLimited: Graph did not answer, or asks us to wait.
        """
        response = await self._ask(tenant, f"{self._base}{path}", query)
        try:
            body = response.json()
        except ValueError as error:
            raise DependencyUnavailable("Graph answered something that is not JSON") from error
        return body if isinstance(body, dict) else {}

    async def pages(self, tenant: str, path: str, **query: str) -> list[dict[str, Any]]:
        """Return the entries of a list, PAGES_AT_MOST pages of it."""
        found: list[dict[str, Any]] = []
        page = await self.get(tenant, path, **query)
        for _ in range(PAGES_AT_MOST):
            found += [entry for entry in page.get("value") or () if isinstance(entry, dict)]
            link = page.get("@odata.nextLink")
            if not isinstance(link, str) or not link.startswith(f"{self._base}/"):
                break
            page = (await self._ask(tenant, link, {})).json()
        return found

    async def text(self, tenant: str, path: str, **query: str) -> bytes:
        """Return a document's bytes, of a transcript for one."""
        return (await self._ask(tenant, f"{self._base}{path}", query)).content

    async def download_url(self, tenant: str, shared_url: str) -> str:
        """Return where a shared file can be fetched from, without a token, for some minutes."""
        encoded = base64.urlsafe_b64encode(shared_url.encode()).decode().rstrip("=")
        item = await self.get(tenant, f"/shares/u!{encoded}/driveItem")
        url = item.get("@microsoft.graph.downloadUrl")
        if not isinstance(url, str):
            raise NothingFound("the shared item is not a file")
        return url

    async def _ask(self, tenant: str, url: str, query: Mapping[str, str]) -> httpx.Response:
        token = await self._tokens.get(self._scope, tenant=tenant)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with asyncio.timeout(CALL_SECONDS):
                response = await self._http.get(url, params=query or None, headers=headers)
        except (httpx.HTTPError, TimeoutError) as error:
            raise DependencyUnavailable(f"no answer from Graph: {type(error).__name__}") from error
        status = response.status_code
        if status in (401, 403):
            raise NotPermitted(f"Graph answered {status}: the permission is missing")
        if status in (404, 410):
            raise NothingFound(f"Graph answered {status}")
        if status == 429:
            raise RateLimited("Graph answered 429", retry_after_seconds=wait_seconds(response))
        if not response.is_success or len(response.content) > JSON_BYTES * 10:
            raise DependencyUnavailable(f"Graph answered {status} with {len(response.content)} bytes")
        return response


def segment(value: str) -> str:
    """Return the value as one part of a path."""
    return quote(value, safe="")
