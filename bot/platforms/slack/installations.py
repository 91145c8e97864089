"""Which bot token answers which workspace, and who the bot is there.

Bolt's own authorize asks auth.test for every event, and answers 200 with an apology when Slack is busy, so that
the event is lost. Here the answer comes from our store; Slack is asked once, for a token from the settings.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass

import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext

from assistant.errors import NotPermitted
from assistant.settings import Settings
from assistant.storage.slack_store import SlackInstallation, SlackStore
from bot.platforms.slack.client import SlackApi, call
from bot.platforms.slack.parse import Workspace
from bot.platforms.slack.token_rotation import TokenRotation

log = structlog.get_logger()

KEPT_SECONDS = 60.0  # how long an uninstalled workspace's token may still be used by another process
NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Bot:
    """Steward in one workspace."""

    token: str
    user_id: str
    bot_id: str | None
    team_id: str | None
    enterprise_id: str | None

    def __repr__(self) -> str:
        return f"Bot(user_id={self.user_id!r}, team_id={self.team_id!r})"  # never the token


def installation_key(enterprise_id: str | None, team_id: str | None) -> str:
    """Return the key of a workspace's installation, or of an organisation's when `team_id` is None."""
    return f"{enterprise_id or NOBODY}:{team_id or NOBODY}"


class Installations:
    """Bots by workspace."""

    def __init__(self, settings: Settings, store: SlackStore, api: SlackApi, rotation: TokenRotation) -> None:
        self._store = store
        self.rotation = rotation
        self._api = api
        token = settings.slack_bot_token
        self._token = token.get_secret_value() if token and not settings.slack_client_id else None
        self._own: Bot | None = None
        self._asking = asyncio.Lock()
        self._known: dict[str, tuple[float, Bot]] = {}

    @property
    def is_single(self) -> bool:
        """True when one token from the settings serves everybody."""
        return self._token is not None

    async def bot(self, workspace: Workspace) -> Bot:
        """Return the bot that answers in this workspace.

        Raises:
            NotPermitted: the app is not installed there (any more).
            DependencyUnavailable: neither our store nor Slack could say who the bot is.
        """
        if self._token is not None:
            return self._own or await self._ask_who(self._token)
        kept = self._known.get(workspace.team)
        if kept and time.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        found = await asyncio.to_thread(self._stored, workspace)
        found = await self.rotation.alive(found) if found else None
        if found is None:
            raise NotPermitted(f"Steward is not installed in workspace {workspace.team}")
        bot = Bot(
            token=str(found.data["bot_token"]),
            user_id=found.bot_user_id or "",
            bot_id=found.bot_id,
            team_id=found.team_id,
            enterprise_id=found.enterprise_id,
        )
        self._known[workspace.team] = (time.monotonic(), bot)
        return bot

    def forget(self, workspace: Workspace) -> None:
        """Look the workspace up again at its next event."""
        self._known.pop(workspace.team, None)

    def _stored(self, workspace: Workspace) -> SlackInstallation | None:
        enterprise, team = workspace.enterprise, workspace.team
        keys = [installation_key(enterprise, team), installation_key(None, team)]
        if enterprise:  # an organisation's installation serves each of its workspaces
            keys.append(installation_key(enterprise, None))
        for key in keys:
            found = self._store.installation(key)
            if found and found.data.get("bot_token"):
                return found
        return None

    async def _ask_who(self, token: str) -> Bot:
        async with self._asking:
            if self._own is not None:
                return self._own
            key = "env:" + hashlib.sha256(token.encode()).hexdigest()[:24]
            found = await asyncio.to_thread(self._store.installation, key)
            if found is None or not found.bot_user_id:
                said = await call(self._api.reading(token).auth_test())
                found = SlackInstallation(
                    key=key,
                    enterprise_id=said.get("enterprise_id"),
                    team_id=said.get("team_id"),
                    is_enterprise_install=bool(said.get("is_enterprise_install")),
                    bot_id=said.get("bot_id"),
                    bot_user_id=said.get("user_id"),
                    data={},
                )
                await asyncio.to_thread(self._store.save_installation, found)
                log.info("slack.identified", team=found.team_id, bot_user_id=found.bot_user_id)
            self._own = Bot(token, found.bot_user_id or "", found.bot_id, found.team_id, found.enterprise_id)
            return self._own


class Authorize(AsyncAuthorize):
    """What Bolt asks for every request; None turns the request away."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    async def __call__(  # what Bolt hands in; we read the two ids
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult | None:
        """Return who the bot is for this request."""
        team = team_id or enterprise_id
        if not team:
            return None
        try:
            bot = await self._installations.bot(Workspace(team=team, enterprise=enterprise_id))
        except NotPermitted:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=bot.user_id,
            bot_id=bot.bot_id,
            bot_token=bot.token,
        )
