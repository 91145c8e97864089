"""Put Slack together: one Bolt app behind our own door, HTTP and Socket Mode both, and the ChatPlatform port."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from pydantic import ValidationError
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from starlette.requests import Request
from starlette.responses import Response

from assistant.errors import NotPermitted, StewardError
from assistant.observability import ACKNOWLEDGE_SECONDS, ERRORS, EVENTS
from assistant.replies import Reply
from bot.dependencies import BotDependencies
from bot.platforms.base import Handle, Target
from bot.platforms.slack import (
    commands,
    drafts,
    email_form,
    home,
    interactions,
    listeners,
    minutes,
    oauth,
    sessions,
    speakers,
)
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.done_note import DoneNotes
from bot.platforms.slack.installations import Authorize
from bot.platforms.slack.parse import Workspace
from bot.platforms.slack.progress import Progress
from bot.platforms.slack.socket_mode import SocketMode
from bot.platforms.slack.verify import Refusal, refusal

if TYPE_CHECKING:
    from fastapi import FastAPI

log = structlog.get_logger()

ANSWER_WITHIN_SECONDS = 2.5  # Slack gives up at 3 s and sends the event again, whatever we answer later
_silent = logging.getLogger("steward.slack.bolt")  # Bolt's own lines may quote bodies; ours say what happened
_silent.setLevel(logging.CRITICAL + 1)
_silent.propagate = False


def build(app: FastAPI, dependencies: BotDependencies) -> SlackPlatform:
    """Put Slack's routes on the application and return the platform, not started."""
    desk = Desk(dependencies)
    settings = dependencies.settings
    flow = oauth.make_flow(settings, desk) if settings.slack_client_id else None
    bolt = make_bolt(desk, flow)
    platform = SlackPlatform(desk, bolt)
    if flow is not None:
        pages = oauth.InstallPages(flow)
        app.add_api_route(oauth.INSTALL_PATH, pages.install, methods=["GET"], include_in_schema=False)
        app.add_api_route(oauth.REDIRECT_PATH, pages.redirect, methods=["GET"], include_in_schema=False)
    secret = settings.slack_signing_secret
    door = Door(bolt, secret.get_secret_value() if secret else "")
    app.add_api_route("/slack/events", door.receive, methods=["POST"], include_in_schema=False)
    return platform


def make_bolt(desk: Desk, flow: AsyncOAuthFlow | None = None) -> AsyncApp:
    """Return the Bolt app with every listener; signatures were checked before it is called."""
    bolt = AsyncApp(
        name="steward",
        logger=_silent,
        client=desk.api.unconnected(),
        authorize=Authorize(desk.installations),  # type: ignore[arg-type]  # an AsyncAuthorize is taken as it is
        oauth_flow=flow,  # none but ours: Bolt would make its own of SLACK_CLIENT_ID in the environment
        process_before_response=True,
        request_verification_enabled=False,
    )
    bolt.error(_answer_to)
    listeners.register(bolt, desk)
    sessions.register(bolt, desk)
    presses = interactions.register(bolt, desk)
    home.register(bolt, desk, presses)
    drafts.register(bolt, desk, presses)
    minutes.register(bolt, desk, presses)
    speakers.register(bolt, desk, presses)
    commands.register(bolt, desk, email_form.register(bolt, desk, presses))
    oauth.register(bolt, desk)
    bolt.event(re.compile(".*"))(_not_for_us)
    return bolt


class SlackPlatform:
    """Slack as delivery sees it."""

    name = "slack"

    def __init__(self, desk: Desk, bolt: AsyncApp) -> None:
        self.desk = desk
        token = desk.dependencies.settings.slack_app_token
        self.progress = Progress(desk.store)
        self.done_notes = DoneNotes(desk)
        self._socket = SocketMode(bolt, token.get_secret_value(), desk.api) if token else None

    async def start(self) -> None:
        """Learn who we are, and open the socket where there is one. Slack being away stops neither."""
        if self.desk.installations.is_single:
            try:
                await self.desk.installations.bot(Workspace(team="own"))
            except StewardError as error:
                log.warning("slack.not_identified", code=error.code, error=str(error))
        if self._socket is not None:
            await self._socket.start()
        self.progress.start()

    async def stop(self) -> None:
        """Close the socket; what was not acknowledged comes again."""
        await self.progress.stop()
        if self._socket is not None:
            await self._socket.stop()
        await self.desk.close()

    def nudge(self, job_id: UUID) -> None:
        """Look at the jobs under way soon."""
        self.progress.nudge()

    async def post(self, target: Target, reply: Reply, key: str) -> Handle | None:
        """Post the message of a job; None while a status says all there is."""
        handle = await self.desk.messages.post(target, reply, key)
        if handle is not None:
            self.done_notes.answered(handle, reply)
        return handle

    async def update(self, handle: Handle, reply: Reply) -> Handle | None:
        """Make the message say `reply`."""
        changed = await self.desk.messages.update(handle, reply)
        self.done_notes.answered(handle, reply)
        return changed

    async def find(self, target: Target, key: str) -> Handle | None:
        """Find the message of a job."""
        return await self.desk.messages.find(target, key)


class Door:
    """The HTTP endpoint: what is not Slack's is turned away before anything is parsed."""

    def __init__(self, bolt: AsyncApp, secret: str) -> None:
        self._bolt = bolt
        self._secret = secret
        self._late: set[asyncio.Task[Response]] = set()

    async def receive(self, request: Request) -> Response:
        """Answer one request of Slack's: events, commands, buttons and modals all come here.

        What takes longer than Slack waits (a database that hangs) is answered with 503 in time, and goes on: when
        Slack sends the event again, it either is in the ledger already or is taken in then.
        """
        body = await request.body()
        refused = refusal(request.headers, body, self._secret, now_seconds=time.time())
        if refused is not None:
            return _turned_away(refused)
        with ACKNOWLEDGE_SECONDS.labels("slack").time():
            work = asyncio.create_task(self._dispatch(request, body))
            done, _ = await asyncio.wait({work}, timeout=ANSWER_WITHIN_SECONDS)
        if done:
            return work.result()
        self._late.add(work)
        work.add_done_callback(self._late.discard)
        EVENTS.labels("slack", "late").inc()
        log.warning("slack.answer_late", after_seconds=ANSWER_WITHIN_SECONDS)
        return Response("", status_code=503, headers={"Retry-After": "5"})

    async def _dispatch(self, request: Request, body: bytes) -> Response:
        try:
            bolt_request = AsyncBoltRequest(
                body=body.decode("utf-8"), query=request.url.query, headers=dict(request.headers)
            )
            response = await self._bolt.async_dispatch(bolt_request)
        except Exception as error:  # noqa: BLE001  a named boundary: what Bolt can't read, before a listener ran
            response = await _answer_to(error)
        return Response(
            content=response.body or "",
            status_code=response.status,
            headers={name: values[0] for name, values in response.headers.items() if values},
        )


def _turned_away(refused: Refusal) -> Response:
    EVENTS.labels("slack", refused.reason).inc()
    log.warning("slack.request_refused", reason=refused.reason)
    return Response("", status_code=refused.status)


async def _answer_to(error: Exception) -> BoltResponse:
    """What Slack hears of an error: come again (503) when that can help, else that the request was no good."""
    if isinstance(error, NotPermitted):  # not installed there any more
        return BoltResponse(status=200, body="")
    if isinstance(error, StewardError):
        log.warning("slack.event_deferred", code=error.code, error=str(error))
        return BoltResponse(status=503, body="", headers={"Retry-After": "5"})
    if isinstance(error, ValidationError | ValueError | KeyError | TypeError | AttributeError):
        log.warning("slack.event_malformed", error=type(error).__name__, at=_place_of(error))
        return BoltResponse(status=400, body="")
    ERRORS.labels("internal").inc()
    log.error("slack.listener_crashed", error=type(error).__name__, exc_info=error)
    return BoltResponse(status=500, body="")


def _place_of(error: Exception) -> str:
    """Where it was raised: a traceback could quote the body."""
    place = traceback.extract_tb(error.__traceback__)[-1:] if error.__traceback__ else []
    return f"{Path(place[0].filename).name}:{place[0].lineno}" if place else ""


async def _not_for_us(body: dict[str, Any]) -> None:
    """Acknowledge events that nothing is done about, or Slack would send them again."""
