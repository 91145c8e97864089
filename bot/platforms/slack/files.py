"""Fetch the files of a question into the blob store, before the question is acknowledged.

Slack waits 3 s for the acknowledgement. A file that takes longer goes on downloading after Slack was told to come
back; the redelivered event then finds it here.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import structlog

from assistant.errors import DependencyUnavailable, NothingFound
from assistant.mentions import Attachment
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from bot.platforms.slack.canvas import canvas_text
from bot.platforms.slack.client import SlackApi, SlackRefused, call
from bot.platforms.slack.directory import Kept
from bot.platforms.slack.installations import Bot
from bot.platforms.slack.parse import File

log = structlog.get_logger()

PATIENCE_SECONDS = 1.8
DOWNLOAD_SECONDS = 60.0
MAX_FILES = 10
READ_BYTES = 256_000
NOT_OPENED = "Slack doesn't let me open it (the app may lack the files:read scope)."
_UNREADABLE = ("image/", "audio/", "video/")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What can be worked on, and a sentence for each file that can't."""

    attachments: tuple[Attachment, ...] = ()
    refused: tuple[str, ...] = ()


class SlackFiles:
    """Downloads with the bot's token, and only from Slack."""

    def __init__(self, settings: Settings, api: SlackApi, blobs: BlobStore) -> None:
        self._most_bytes = settings.max_upload_bytes
        self._api = api
        self._blobs = blobs
        self._under_way: Kept[Attachment | str] = Kept(900.0, most=500)

    async def fetch(self, bot: Bot, files: Sequence[File]) -> Fetched:
        """Return the files as attachments.

        Raises:
            DependencyUnavailable: Slack did not hand one over in time; the event should come again.
        """
        if not files:
            return Fetched()
        got: list[Attachment] = []
        refused = [f"I can take {MAX_FILES} files with a question."] if len(files) > MAX_FILES else []
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                for file in files[:MAX_FILES]:
                    download = functools.partial(self._download, bot, file)
                    one = self._refusal(file) or await self._under_way.get((bot.team_id, file.id), download)
                    if isinstance(one, Attachment):
                        got.append(one)
                    else:
                        refused.append(one)
        except TimeoutError as error:
            raise DependencyUnavailable("files are still on their way from Slack", retry_after_seconds=5) from error
        return Fetched(tuple(got), tuple(refused))

    def _refusal(self, file: File) -> str | None:
        name = file.name or "That file"
        if file.mimetype.startswith(_UNREADABLE):
            kind = "pictures" if file.is_image else "recordings"
            return f"{name}: I can't read {kind}. Text, PDF, Word, transcripts and logs I can."
        if file.size > self._most_bytes:
            return f"{name}: {file.size / 1e6:.0f} MB is more than the {self._most_bytes / 1e6:.0f} MB I can take."
        if file.mode in ("external", "hidden_by_limit", "tombstone") or not self._address(file):
            return f"{name}: Slack doesn't let me open it. Upload the file itself."
        return None

    def _address(self, file: File) -> str | None:
        """Return the address to fetch from; the token goes nowhere but to Slack."""
        url = file.url_private_download or file.url_private
        if not url:
            return None
        where, own = urlsplit(url), urlsplit(self._api.base_url)
        is_slack = where.scheme == "https" and (where.hostname or "").endswith((".slack.com", ".slack-files.com"))
        return url if is_slack or (where.scheme, where.netloc) == (own.scheme, own.netloc) else None

    async def _download(self, bot: Bot, file: File) -> Attachment | str:
        name = file.name or file.id
        try:
            data = await self._read(bot, file)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise DependencyUnavailable(f"file {file.id} from Slack: {type(error).__name__}") from None
        if isinstance(data, str):
            return f"{name}: {data}"
        if file.is_canvas:
            data = canvas_text(data).encode()
            if not data:
                return f"{name}: the canvas is empty."
            file = file.model_copy(update={"mimetype": "text/plain"})
            name = f"{file.title or 'canvas'}.txt"
        sha256 = await asyncio.to_thread(self._blobs.store, data)
        log.info("slack.file_fetched", size_bytes=len(data))
        return Attachment(
            name=name[-512:],
            media_type=file.mimetype or "application/octet-stream",
            size_bytes=len(data),
            location=f"blob:{sha256}",
        )

    async def _read(self, bot: Bot, file: File) -> bytes | str:
        """Return the bytes, or why they can't be had."""
        url = self._address(file)
        assert url is not None
        if file.is_canvas:  # a page of HTML, like Slack's sign-in page: so ask first whether we may read it
            try:
                await call(self._api.reading(bot.token).files_info(file=file.id))
            except (SlackRefused, NothingFound):
                return NOT_OPENED
        headers = {"Authorization": f"Bearer {bot.token}"}
        limit = aiohttp.ClientTimeout(total=DOWNLOAD_SECONDS)
        async with self._api.session.get(url, headers=headers, timeout=limit, allow_redirects=False) as response:
            if response.status >= 500 or response.status == 429:
                raise DependencyUnavailable(f"file {file.id} from Slack: HTTP {response.status}")
            is_login_page = response.content_type == "text/html" and not (
                file.is_canvas or file.mimetype == "text/html"
            )
            if response.status != 200 or is_login_page:
                return NOT_OPENED
            parts: list[bytes] = []
            size = 0
            async for part in response.content.iter_chunked(READ_BYTES):
                size += len(part)
                if size > self._most_bytes:
                    return f"it is larger than the {self._most_bytes / 1e6:.0f} MB I can take."
                parts.append(part)
            return b"".join(parts)
