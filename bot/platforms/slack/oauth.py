"""Installing Steward in many workspaces: Slack's consent flow over our own stores.

/slack/install shows the button, /slack/oauth_redirect takes the consent back. Tokens are encrypted before they
reach the database (assistant/storage/slack_store.py); an uninstalled or revoked app is forgotten at once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from logging import Logger
from typing import Any
from urllib.parse import urlsplit

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.oauth.installation_store import Bot as SdkBot
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from starlette.requests import Request
from starlette.responses import Response

from assistant.errors import StewardError
from assistant.settings import Settings
from assistant.storage.slack_store import STATE_SECONDS, SlackInstallation, SlackStore
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.installations import installation_key
from bot.platforms.slack.manifest import BOT_SCOPES
from bot.platforms.slack.parse import Envelope

log = structlog.get_logger()
_silent = logging.getLogger("steward.slack.oauth")  # Bolt's own lines quote the consent's code
_silent.setLevel(logging.CRITICAL + 1)
_silent.propagate = False

INSTALL_PATH, REDIRECT_PATH = "/slack/install", "/slack/oauth_redirect"


def make_flow(settings: Settings, desk: Desk) -> AsyncOAuthFlow:
    """Return the consent flow over our stores."""
    secret = settings.slack_client_secret
    public = settings.public_url
    own = urlsplit(desk.api.base_url)
    is_slack = (own.hostname or "").endswith("slack.com")
    return AsyncOAuthFlow(
        client=desk.api.unconnected(),
        logger=_silent,
        settings=AsyncOAuthSettings(
            client_id=settings.slack_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            scopes=list(BOT_SCOPES),
            redirect_uri=f"{settings.base_url}{REDIRECT_PATH}" if public else None,
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            authorization_url=None if is_slack else f"{own.scheme}://{own.netloc}/oauth/v2/authorize",
            installation_store=InstallationStore(desk.store),
            installation_store_bot_only=True,
            state_store=StateStore(desk.store),
            state_expiration_seconds=int(STATE_SECONDS),
            logger=_silent,
        ),
    )


def register(app: AsyncApp, desk: Desk) -> None:
    """Put the listeners for the end of an installation on the Bolt app."""

    async def on_gone(body: dict[str, Any]) -> None:
        envelope = Envelope.model_validate(body)
        event, workspace = envelope.event, envelope.workspace
        if event.get("type") == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
            return  # a person's token, of which we keep none
        for key in {
            installation_key(workspace.enterprise, workspace.team),
            installation_key(None, workspace.team),
            *([installation_key(workspace.enterprise, None)] if workspace.is_enterprise_install else []),
        }:
            found = await asyncio.to_thread(desk.store.installation, key)
            if found is not None and not _is_newer(found, envelope.event_time):
                await asyncio.to_thread(desk.store.delete_installation, key)
                log.info("slack.uninstalled", team=workspace.team)
        desk.installations.forget(workspace)

    app.event("app_uninstalled")(on_gone)
    app.event("tokens_revoked")(on_gone)


def _is_newer(found: SlackInstallation, happened_at: int) -> bool:
    """Return whether the app was installed again after the end that an event tells of: events come late, too."""
    installed_at = Installation(user_id="", installed_at=found.data.get("installed_at")).installed_at
    return bool(found.data.get("installed_at")) and 0 < happened_at < int(installed_at)


class InstallPages:
    """The two pages, as routes."""

    def __init__(self, flow: AsyncOAuthFlow) -> None:
        self._flow = flow

    async def install(self, request: Request) -> Response:
        """Show the "Add to Slack" page."""
        return await self._answer(request, self._flow.handle_installation)

    async def redirect(self, request: Request) -> Response:
        """Take the consent, and keep the installation."""
        return await self._answer(request, self._flow.handle_callback)

    async def _answer(self, request: Request, handle: Any) -> Response:
        bolt_request = AsyncBoltRequest(body="", query=request.url.query, headers=dict(request.headers))
        try:
            response = await handle(bolt_request)
        except Exception as error:  # noqa: BLE001  a named boundary: Slack or the database is away
            code = error.code if isinstance(error, StewardError) else type(error).__name__
            log.warning("slack.install_failed", error=code)
            return Response("Installing did not work just now. Please try again in a minute.", status_code=503)
        headers = {name: values[0] for name, values in response.headers.items() if values}
        return Response(response.body or "", status_code=response.status, headers=headers)


class InstallationStore(AsyncInstallationStore):
    """slack_sdk's port over our table; a bot is all we keep, people's tokens are not asked for."""

    def __init__(self, store: SlackStore) -> None:
        self._store = store

    @property
    def logger(self) -> Logger:
        """What the SDK wants to see here."""
        return _silent

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation, in place of the workspace's earlier one."""
        team = None if installation.is_enterprise_install else installation.team_id
        kept = SlackInstallation(
            key=installation_key(installation.enterprise_id, team),
            enterprise_id=installation.enterprise_id,
            team_id=team,
            is_enterprise_install=bool(installation.is_enterprise_install),
            bot_id=installation.bot_id,
            bot_user_id=installation.bot_user_id,
            data=installation.to_dict(),
        )
        await asyncio.to_thread(self._store.save_installation, kept)
        log.info("slack.installed", team=team, enterprise=installation.enterprise_id)

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> SdkBot | None:
        """Return the workspace's bot, or None."""
        found = await self.async_find_installation(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
        )
        return found.to_bot() if found else None

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """Return the workspace's installation, or None."""
        key = installation_key(enterprise_id, None if is_enterprise_install else team_id)
        found = await asyncio.to_thread(self._store.installation, key)
        if found is None:
            return None
        known = Installation(user_id="").to_dict()
        return Installation(**{name: value for name, value in found.data.items() if name in known})

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Forget the workspace's installation."""
        await asyncio.to_thread(self._store.delete_installation, installation_key(enterprise_id, team_id))

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Forget the workspace's installation; a single person's token is none we keep."""
        if user_id is None:
            await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)


class StateStore(AsyncOAuthStateStore):
    """slack_sdk's port for the state that ties a consent to the browser that began it."""

    def __init__(self, store: SlackStore) -> None:
        self._store = store

    @property
    def logger(self) -> Logger:
        """What the SDK wants to see here."""
        return _silent

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        """Return a new state."""
        state = secrets.token_urlsafe(24)
        await asyncio.to_thread(self._store.issue_state, state)
        return state

    async def async_consume(self, state: str) -> bool:
        """Return True once for a state of ours."""
        return bool(state) and await asyncio.to_thread(self._store.consume_state, state)
