"""Who asks for a live page, and what every live page begins with. The operations pages use it too."""

from __future__ import annotations

import asyncio

import structlog
from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from nicegui import ui

from assistant.errors import StewardError
from assistant.mentions import LOCAL_TENANT, Person
from bot.platforms.web import assets, plain_page
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.session import SignIn

log = structlog.get_logger()


async def visitor_of(
    request: Request, deps: WebDependencies, sign_in: SignIn
) -> tuple[Person, str | None] | Response:
    """Return who asks for a page and their office, or the page that they get instead."""
    try:
        person = await asyncio.to_thread(sign_in.person, request)
        if person is None:
            return RedirectResponse(f"/sign-in?next={request.url.path}", status_code=303)
        profile = await asyncio.to_thread(deps.people.profile, LOCAL_TENANT, person.id)
    except StewardError as error:
        log.warning("web.page_refused", path=request.url.path, code=error.code, error=str(error))
        return HTMLResponse(plain_page.trouble_page(error.reply), status_code=503)
    return person, profile.office if profile else None


def open_shell() -> None:
    """Give the page that is being built our style sheet and script."""
    ui.add_head_html(str(assets.HEAD))
