"""The files that belong to an answer, put into its thread once each: what it offers, and its charts as pictures.

Slack takes a file in three steps: an address to send it to, the bytes, and "now share it here". Only the last one
shows anything, so that is the one that must not happen twice: before the first step the thread is searched for a
file of ours with that name below the answer, and a try that broke off anywhere is simply made again. Pictures are
an extra: the answer's own message says in words and figures what a chart shows, and where Slack takes no files (the
scope is missing, the workspace forbids it) that has to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import structlog

from assistant.errors import DependencyUnavailable, NothingFound
from assistant.replies import Chart, FileOffer, Reply
from assistant.storage.blob_store import BlobStore
from bot.charts.pictures import ChartPictures
from bot.platforms.slack.client import SlackApi, SlackRefused, call
from bot.platforms.slack.installations import Bot
from bot.platforms.slack.text import shorten

if TYPE_CHECKING:
    from bot.platforms.slack.address import Address

log = structlog.get_logger()

FIND_PAGES = 5
ALT_CHARS = 1_000  # of files.getUploadURLExternal
TITLE_CHARS = 200


@dataclass(frozen=True, slots=True)
class _Upload:
    name: str
    title: str
    data: bytes
    alt: str | None = None  # what a picture shows, for people who can't see it


class SlackUploads:
    """Sends the files of answers."""

    def __init__(self, api: SlackApi, blobs: BlobStore, pictures: ChartPictures) -> None:
        self._api = api
        self._blobs = blobs
        self._pictures = pictures

    async def send(self, bot: Bot, here: Address, reply: Reply) -> None:
        """Put what belongs to the reply into its thread, unless it is there; `here.ts` is the answer's message.

        Raises:
            RateLimited, DependencyUnavailable: not all of it, for certain; call again.
        """
        names = {block.name for block in reply.blocks if isinstance(block, FileOffer)}
        if not reply.final or not (names or any(isinstance(block, Chart) for block in reply.blocks)):
            return
        try:
            standing = await self._standing(bot, here)
            async for upload in self._uploads(reply, standing):
                await self._send(bot, here, upload)
                log.info("slack.file_sent", job_id=here.key, size_bytes=len(upload.data))
        except SlackRefused as error:  # missing_scope, file_uploads_disabled, file_type_not_allowed
            log.warning("slack.file_refused", job_id=here.key, error=error.error)
        except NothingFound:  # somebody deleted the thread
            log.info("slack.file_dropped", job_id=here.key)

    async def _uploads(self, reply: Reply, standing: set[str]) -> AsyncIterator[_Upload]:
        """Yield what has yet to be sent, in the answer's order."""
        for block in reply.blocks:
            if isinstance(block, FileOffer) and block.name not in standing:
                try:
                    data = await asyncio.to_thread(self._blobs.load, block.blob)
                except NothingFound:  # it has outlived the time that files are kept
                    log.info("slack.file_outdated", name=block.name)
                    continue
                yield _Upload(block.name, block.name, data)
            elif isinstance(block, Chart):
                picture = await self._pictures.draw(block)
                if picture is not None and picture.name not in standing:
                    yield _Upload(picture.name, picture.title, picture.png, picture.alt)

    async def _standing(self, bot: Bot, here: Address) -> set[str]:
        """Return the names of our files in the thread that came after the answer's message."""
        names: set[str] = set()
        client = self._api.reading(bot.token)
        cursor: str | None = None
        for _ in range(FIND_PAGES):
            channel, thread = str(here.channel), str(here.thread_ts or here.ts)
            asked = client.conversations_replies(channel=channel, ts=thread, oldest=here.ts, limit=200, cursor=cursor)
            page = await call(asked)
            for message in page.get("messages") or ():
                if message.get("user") == bot.user_id and str(message.get("ts")) >= str(here.ts):
                    names |= {str(file.get("name")) for file in message.get("files") or ()}
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                break
        return names

    async def _send(self, bot: Bot, here: Address, upload: _Upload) -> None:
        client = self._api.writing(bot.token)
        alt = shorten(upload.alt, ALT_CHARS) if upload.alt else None
        place = await call(
            client.files_getUploadURLExternal(filename=upload.name, length=len(upload.data), alt_txt=alt)
        )
        await self._send_bytes(str(place["upload_url"]), upload.data)
        named: dict[str, str | None] = {
            "id": str(place["file_id"]),
            "title": shorten(upload.title, TITLE_CHARS) or upload.name,
        }
        await call(
            client.files_completeUploadExternal(
                files=[named], channel_id=str(here.channel), thread_ts=str(here.thread_ts or here.ts)
            )
        )

    async def _send_bytes(self, address: str, data: bytes) -> None:
        try:
            async with self._api.session.post(address, data=data) as response:
                await response.read()
                status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise DependencyUnavailable(f"Slack's upload address: {type(error).__name__}") from None
        if status != 200:
            raise DependencyUnavailable(f"Slack's upload address answered HTTP {status}")
