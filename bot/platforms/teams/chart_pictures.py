"""A chart's picture for a card: an address that is signed and ends, and the route behind it.

A card's Image takes an address or a data URI. A picture is some 30 kB and a message holds 28, so it is an address of
ours. Teams' image service fetches it without credentials: whoever has the address sees the picture, as whoever is in
the conversation does, until it ends or the job is deleted. The chart's words stand in the card all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from fastapi import APIRouter, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from assistant.errors import NothingFound
from assistant.replies import Chart
from assistant.secret_keys import derived_key
from assistant.storage.job_store import JobStore
from bot.charts.pictures import MEDIA_TYPE, ChartPictures

PATH = "/teams/charts"
PURPOSE = "teams chart"
LINK_SECONDS = 30 * 24 * 3600  # Teams keeps a copy of what it has shown; an old thread shows the words


class ChartLinks:
    """Makes and reads the addresses."""

    def __init__(self, keys: Sequence[str], base_url: str) -> None:
        oldest_first = [derived_key(key, PURPOSE) for key in reversed(keys)]
        self._serializer = URLSafeTimedSerializer(oldest_first, salt=PURPOSE)
        self._base_url = base_url.rstrip("/")

    def of(self, key: str) -> Callable[[int], str]:
        """Return what makes the address of the job's chart of that number, counted from 0."""
        return lambda number: f"{self._base_url}{PATH}/{self._token(key, number)}"

    def read(self, token: str) -> tuple[UUID, int] | None:
        """Return the job and the number; None when the address is not ours, or has ended."""
        try:
            key, number = self._serializer.loads(token, max_age=LINK_SECONDS)
        except BadData:
            return None
        return UUID(key), int(number)

    def _token(self, key: str, number: int) -> str:
        signed = self._serializer.dumps([key, number])
        return signed if isinstance(signed, str) else signed.decode("ascii")


def build_chart_routes(links: ChartLinks, jobs: JobStore, pictures: ChartPictures) -> APIRouter:
    """Return the route of the pictures."""
    router = APIRouter(include_in_schema=False)

    @router.get(f"{PATH}/{{token}}")
    async def picture(token: str) -> Response:
        named = links.read(token)
        chart = await asyncio.to_thread(_chart, jobs, *named) if named else None
        drawn = await pictures.draw(chart) if chart else None
        if drawn is None:
            return Response(status_code=404)
        headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
        return Response(drawn.png, media_type=MEDIA_TYPE, headers=headers)

    return router


def _chart(jobs: JobStore, job_id: UUID, number: int) -> Chart | None:
    try:
        reply = jobs.view(job_id).reply
    except NothingFound:
        return None
    charts = [block for block in reply.blocks if isinstance(block, Chart)] if reply else []
    return charts[number] if 0 <= number < len(charts) else None
