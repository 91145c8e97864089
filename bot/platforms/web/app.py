"""Put the web page on the application: routes, live pages, the guard, and the platform port.

`build` comes last in bot/main.py: NiceGUI is mounted at "/" and takes every path that nobody else has.
"""

from __future__ import annotations

from functools import partial
from typing import Final
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from nicegui import Client, ui

from assistant.errors import StewardError
from assistant.replies import Reply
from assistant.secret_keys import secret_keys
from bot.platforms.base import Handle, Target
from bot.platforms.web import assets, library, my_mail, my_settings
from bot.platforms.web.chat_page import ChatPage
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.follow import JobFollower
from bot.platforms.web.guard import Guard
from bot.platforms.web.routes import answer_error, build_routes
from bot.platforms.web.session import Signer, SignIn
from bot.platforms.web.uploads import UploadTokens
from bot.platforms.web.visitors import open_shell, visitor_of

RECONNECT_SECONDS: Final = 30.0  # how long a tab's state waits for a laptop's lid or a lift
OTHER_PLATFORMS: Final = ("/slack/", "/teams/", "/api/messages", "/metrics", "/healthz", "/readyz")


class WebPlatform:
    """The page as a chat platform. Pages read replies from the ledger, so posting only makes them look now."""

    name: str = "web"

    def __init__(self, follower: JobFollower) -> None:
        self._follower = follower

    async def start(self) -> None:
        """Begin to follow running jobs."""
        self._follower.start()

    async def stop(self) -> None:
        """Stop following."""
        await self._follower.stop()

    def nudge(self, job_id: UUID) -> None:
        """Make open pages look now."""
        self._follower.nudge()

    async def post(self, target: Target, reply: Reply, key: str) -> Handle:
        """Take the reply as shown: it stands in the ledger, where every page of its asker finds it."""
        self._follower.nudge()
        return {"key": key}

    async def update(self, handle: Handle, reply: Reply) -> None:
        """Make open pages look now."""
        self._follower.nudge()

    async def find(self, target: Target, key: str) -> Handle | None:
        """Return the handle: posting can't fail half-way here, so a message that was posted is there."""
        return {"key": key}


def build(app: FastAPI, deps: WebDependencies) -> WebPlatform:
    """Mount the page on the application and return the platform, not started yet.

    Raises:
        SettingsInvalid: no key to sign sessions with can be read or made.
    """
    sign_in = SignIn(deps.settings, deps.people)
    uploads = UploadTokens(Signer(secret_keys(deps.settings), "web upload"))
    follower = JobFollower(deps.jobs)
    app.include_router(build_routes(deps, sign_in, uploads))
    app.include_router(my_settings.build_routes(deps, sign_in))
    app.include_router(library.build_routes(deps, sign_in))
    app.include_router(my_mail.build_routes(deps.mail, sign_in))
    app.add_exception_handler(StewardError, answer_error)
    app.mount(assets.ADDRESS, StaticFiles(directory=assets.FOLDER), name="static")
    _add_pages(deps, sign_in, uploads, follower)
    ui.run_with(
        app,
        title="Steward",
        favicon=assets.FOLDER / "icon.svg",
        dark=None,
        language="en-US",
        reconnect_timeout=RECONNECT_SECONDS,
        tailwind=False,
        show_welcome_message=False,
    )
    app.add_middleware(
        Guard,
        public_url=deps.settings.public_url,
        loopback_only=deps.settings.steward_sign_in == "demo",
        unguarded=OTHER_PLATFORMS,
    )
    return WebPlatform(follower)


def _add_pages(deps: WebDependencies, sign_in: SignIn, uploads: UploadTokens, follower: JobFollower) -> None:
    @ui.page("/")
    async def new_conversation(request: Request, client: Client) -> Response | None:
        return await _chat(request, client, None)

    @ui.page("/c/{conversation_id}")
    async def conversation(request: Request, client: Client, conversation_id: UUID) -> Response | None:
        return await _chat(request, client, conversation_id)

    async def _chat(request: Request, client: Client, conversation_id: UUID | None) -> Response | None:
        visitor = await visitor_of(request, deps, sign_in)
        if isinstance(visitor, Response):
            return visitor
        person, office = visitor
        open_shell()
        page = ChatPage(
            deps,
            follower=follower,
            uploads=uploads,
            who=partial(sign_in.person, request),
            person=person,
            office=office,
            client=client,
        )
        await page.show(conversation_id)
        return None
