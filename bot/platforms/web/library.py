"""The library of minutes on the page: found by words and filters, opened with its evidence, taken away, forgotten.

What somebody sees here is what a private question to the library would be answered from: their own minutes of all
their accounts. Which channels of other platforms they are in, this page cannot know; it says so.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import Field

from assistant.errors import RequestInvalid
from assistant.mentions import LOCAL_TENANT, ConversationKey, Mention, Person, Platform
from assistant.minutes.kept import Reader
from assistant.time_zones import zone_of_profile
from bot.minutes import FORGET, MAY_FORGET_ANYTHING, MinutesPress
from bot.minutes_library import LibraryFilter
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.library_lines import ADDRESS
from bot.platforms.web.library_list import list_page, trouble_in_list
from bot.platforms.web.library_minutes import forgotten_page, minutes_page
from bot.platforms.web.session import SignIn

MAX_FIELD_CHARS: Final = 400
Text = Annotated[str, Field(max_length=MAX_FIELD_CHARS)]


def build_routes(deps: WebDependencies, sign_in: SignIn) -> APIRouter:
    """Return the page's routes."""
    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS)
    async def look(
        request: Request,
        words: Text = "",
        kind: Text = "",
        person: Text = "",
        since: Text = "",
        until: Text = "",
        page: int = 1,
    ) -> Response:
        visitor = await asyncio.to_thread(sign_in.person, request)
        if visitor is None:
            return RedirectResponse(f"/sign-in?next={ADDRESS}", status_code=303)
        asked = LibraryFilter(words, kind, person, since, until, page)
        try:
            found = await asyncio.to_thread(_look, asked, visitor)
        except RequestInvalid as error:
            return HTMLResponse(trouble_in_list(visitor, asked, error.reply), status_code=400)
        return HTMLResponse(found)

    @router.get(f"{ADDRESS}/{{minutes_id}}")
    async def open_minutes(request: Request, minutes_id: UUID, words: Text = "") -> Response:
        visitor = await asyncio.to_thread(sign_in.person, request)
        if visitor is None:
            return RedirectResponse(f"/sign-in?next={ADDRESS}/{minutes_id}", status_code=303)
        is_admin = visitor.role in MAY_FORGET_ANYTHING
        opened = await asyncio.to_thread(
            deps.library.open, minutes_id, _reader(visitor), words=words, is_admin=is_admin
        )
        return HTMLResponse(minutes_page(visitor, opened))

    @router.get(f"{ADDRESS}/{{minutes_id}}/files/{{sha256}}")
    async def download(request: Request, minutes_id: UUID, sha256: str) -> Response:
        visitor = await sign_in.required(request)
        offered = await asyncio.to_thread(deps.library.file, minutes_id, sha256, _reader(visitor))
        data = await asyncio.to_thread(deps.blobs.load, offered.blob)
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(offered.name)}"}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @router.post(f"{ADDRESS}/{{minutes_id}}/forget")
    async def forget(
        request: Request, minutes_id: UUID, revision: Annotated[int, Form()], sure: Annotated[bool, Form()] = False
    ) -> Response:
        visitor = await sign_in.required(request)
        if not sure:
            raise RequestInvalid("forget without a tick", reply="Tick the box first: forgetting can't be undone.")
        press = MinutesPress(minutes=minutes_id, revision=max(1, revision))
        await asyncio.to_thread(deps.minutes.order, FORGET, press, _reader(visitor), visitor)
        return HTMLResponse(forgotten_page(visitor))

    def _reader(visitor: Person) -> Reader:
        place = ConversationKey(platform=Platform.WEB, tenant=LOCAL_TENANT, channel=visitor.id, thread="library")
        return deps.minutes.reader(Mention(event_key="-", conversation=place, asker=visitor))

    def _look(asked: LibraryFilter, visitor: Person) -> str:
        profile = deps.people.profile(LOCAL_TENANT, visitor.id)
        zone = zone_of_profile(profile.profile if profile else {})
        found = deps.library.page(
            asked, _reader(visitor), own_name=visitor.name or "", today=datetime.now(UTC).astimezone(zone).date()
        )
        return list_page(visitor, asked, found)

    return router
