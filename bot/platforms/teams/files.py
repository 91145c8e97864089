"""Files that come with a message: fetched while Teams waits, within its patience, and kept in our blob store.

From the bot's own chat Teams sends an address that needs no token; a file in a channel or group is only named,
and Graph says where it is. Addresses are fetched from Microsoft's hosts alone: a message is outside data.
"""

from __future__ import annotations

import asyncio
import mimetypes
from urllib.parse import urlsplit

import httpx
import structlog

from assistant.errors import NothingFound, NotPermitted, RequestInvalid, StewardError
from assistant.mentions import Attachment
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from bot.platforms.teams.authentication import is_allowed_service
from bot.platforms.teams.graph import GraphClient
from bot.platforms.teams.parse import SharedFile, files_of, tenant_of
from bot.platforms.teams.wire import TeamsActivity

log = structlog.get_logger()

PATIENCE_SECONDS = 9.0  # for all files of a message; Teams sends it again after 15 s
REDIRECTS = 3


class FileFetcher:
    """Turns the files of a message into attachments of a mention."""

    def __init__(self, http: httpx.AsyncClient, graph: GraphClient, blobs: BlobStore, settings: Settings) -> None:
        self._http = http
        self._graph = graph
        self._blobs = blobs
        self._limit_bytes = settings.max_upload_bytes
        self._hosts = tuple(host.strip().lower() for host in settings.teams_file_hosts.split(",") if host.strip())

    async def fetch(self, activity: TeamsActivity) -> tuple[Attachment, ...]:
        """Return the message's files, kept.

        Raises:
            RequestInvalid: one is too large, not to be had, or at an address that is not Microsoft's.
            StorageFull, DependencyUnavailable: they could not be kept.
        """
        shared = files_of(activity)
        if not shared:
            return ()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return tuple([await self._fetch(tenant_of(activity), file) for file in shared])
        except TimeoutError as error:
            raise RequestInvalid(
                f"{len(shared)} files did not arrive in {PATIENCE_SECONDS:.0f} s",
                reply="Your file took too long to arrive. Please try a smaller one, or send it again.",
            ) from error

    async def _fetch(self, tenant: str, file: SharedFile) -> Attachment:
        try:
            url = await self._graph.download_url(tenant, file.url) if file.needs_graph else file.url
            data = await self._download(url)
        except NotPermitted as error:
            raise RequestInvalid(
                f"{file.name}: {error}",
                reply=f"I may not read files in this conversation, so I can't open {file.name}. Send it to me in "
                "our own chat, or ask your administrator to allow it.",
            ) from error
        except (httpx.HTTPError, NothingFound) as error:
            raise RequestInvalid(
                f"a file could not be fetched: {type(error).__name__}", reply=f"I couldn't fetch {file.name}."
            ) from error
        except TooLarge as error:
            raise RequestInvalid(
                f"a file of more than {self._limit_bytes} bytes",
                reply=f"{file.name} is larger than the {self._limit_bytes // 1_000_000} MB I take.",
            ) from error
        sha256 = await asyncio.to_thread(self._blobs.store, data)
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        log.info("teams.file_kept", size_bytes=len(data), by_graph=file.needs_graph)
        return Attachment(name=file.name, media_type=media_type, size_bytes=len(data), location=f"blob:{sha256}")

    async def _download(self, url: str) -> bytes:
        for _ in range(REDIRECTS):
            self._check(url)
            async with self._http.stream("GET", url) as response:
                if response.is_redirect and response.next_request is not None:
                    url = str(response.next_request.url)
                    continue
                response.raise_for_status()
                return await self._read(response)
        raise NothingFound("redirected too often")

    async def _read(self, response: httpx.Response) -> bytes:
        data = bytearray()
        async for part in response.aiter_bytes():
            data += part
            if len(data) > self._limit_bytes:
                raise TooLarge(f"more than {self._limit_bytes} bytes")
        return bytes(data)

    def _check(self, url: str) -> None:
        try:
            host = (urlsplit(url).hostname or "").lower()
        except ValueError:
            host = ""
        known = any(
            host == name.lstrip(".") or (name.startswith(".") and host.endswith(name)) for name in self._hosts
        )
        if not known or not is_allowed_service(url, local=False):
            raise NotPermitted(f"files are not fetched from {host[:80]!r}")


class TooLarge(StewardError):
    """More bytes than a question may carry."""

    code = "file_too_large"
