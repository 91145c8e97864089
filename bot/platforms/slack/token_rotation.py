"""Exchange a workspace's token for the next one before it ends, where its installation rotates tokens.

A rotating token lives 12 hours, and each refresh token counts once. So one process exchanges at a time, under a
lease, and looks in the store first: another may have been faster. While a token still lives, questions go on with it
and the exchange happens beside them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from uuid import uuid4

import structlog
from slack_sdk.oauth.installation_store import Installation

from assistant.errors import DependencyUnavailable, StewardError
from assistant.settings import Settings
from assistant.storage.slack_store import SlackInstallation, SlackStore
from assistant.storage.worker_store import WorkerStore
from bot.platforms.slack.client import SlackApi, call

log = structlog.get_logger()

ROTATE_BEFORE_SECONDS = 2 * 3600.0  # of the 12 hours: an outage of Slack's may take most of it
LEASE_SECONDS = 30.0  # longer than a call may take


class TokenRotation:
    """Keeps installations' tokens alive; installations without an end are left alone."""

    def __init__(
        self,
        settings: Settings,
        store: SlackStore,
        leases: WorkerStore,
        api: SlackApi,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client_id = settings.slack_client_id or ""
        self._secret = settings.slack_client_secret
        self._store = store
        self._leases = leases
        self._api = api
        self._clock = clock
        self._holder = uuid4().hex
        self._under_way: dict[str, asyncio.Task[SlackInstallation | None]] = {}

    async def alive(self, found: SlackInstallation) -> SlackInstallation | None:
        """Return the installation with a token that Slack still takes; None when it was removed meanwhile.

        Raises:
            DependencyUnavailable: the token has ended and a new one can't be had now.
        """
        left = seconds_left(found, now=self._clock())
        if left is None or left > ROTATE_BEFORE_SECONDS:
            return found
        task = self._under_way.get(found.key)
        if task is None or task.done():
            task = self._under_way[found.key] = asyncio.create_task(self._rotate(found.key))
            task.add_done_callback(_note_failure)
        return found if left > 0 else await asyncio.shield(task)

    async def settled(self) -> None:
        """Wait until no exchange is under way."""
        if self._under_way:
            await asyncio.wait(set(self._under_way.values()))

    async def _rotate(self, key: str) -> SlackInstallation | None:
        name = f"slack-token:{key}"
        if not await asyncio.to_thread(lambda: self._leases.lead(name, self._holder, seconds=LEASE_SECONDS)):
            raise DependencyUnavailable(f"another process exchanges the token of {key}", retry_after_seconds=3)
        try:
            return await self._exchanged(key)
        finally:
            await asyncio.to_thread(self._leases.resign, name, self._holder)

    async def _exchanged(self, key: str) -> SlackInstallation | None:
        found = await asyncio.to_thread(self._store.installation, key)
        if found is None:
            return None
        left = seconds_left(found, now=self._clock())
        if left is None or left > ROTATE_BEFORE_SECONDS:
            return found  # another process was faster
        said = await call(
            self._api.writing(None).oauth_v2_access(
                client_id=self._client_id,
                client_secret=self._secret.get_secret_value() if self._secret else "",
                grant_type="refresh_token",
                refresh_token=str(found.data["bot_refresh_token"]),
            )
        )
        tokens = {
            "bot_token": said["access_token"],
            "bot_refresh_token": said["refresh_token"],
            "bot_token_expires_at": int(self._clock()) + int(said["expires_in"]),
        }
        renewed = dataclasses.replace(found, data={**found.data, **tokens})
        kept = await asyncio.to_thread(self._store.replace_installation, renewed)
        log.info("slack.token_rotated", team=found.team_id, kept=kept)
        return renewed if kept else None


def seconds_left(installation: SlackInstallation, *, now: float) -> float | None:
    """Return how long the token will be taken; None for one that does not end or can't be exchanged."""
    data = installation.data
    if not data.get("bot_token_expires_at") or not data.get("bot_refresh_token"):
        return None
    # slack_sdk reads each of the forms that it has written: seconds, a date, a date as text.
    ends_at = Installation(user_id="", bot_token_expires_at=data["bot_token_expires_at"]).bot_token_expires_at
    return None if ends_at is None else float(ends_at) - now


def _note_failure(task: asyncio.Task[SlackInstallation | None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        code = error.code if isinstance(error, StewardError) else type(error).__name__
        log.warning(
            "slack.token_not_rotated", error=code, detail=str(error) if isinstance(error, StewardError) else ""
        )
