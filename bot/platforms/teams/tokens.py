"""The bot's own tokens: for the connector and for Graph, fetched without blocking, kept until they almost end.

Client credentials for a registration with a secret, the machine's identity service for a managed identity.
A token that can't be had means for certain that nothing was sent, which is what RateLimited says to delivery.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx

from assistant.errors import RateLimited
from assistant.settings import Settings

EARLY_SECONDS = 300.0  # a token is replaced so long before it ends
LOGIN_SECONDS = 5.0
RETRY_SECONDS = 5.0
REFUSED_RETRY_SECONDS = 60.0  # a wrong secret does not get better within seconds
PUBLIC_LOGIN = "https://login.microsoftonline.com"
MULTI_TENANT = "botframework.com"  # the tenant in which multi-tenant bots get their tokens


class BotTokens:
    """Tokens by scope. With no app id (local mode) there are none, and none are needed."""

    def __init__(
        self, http: httpx.AsyncClient, settings: Settings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._settings = settings
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[str, float]] = {}  # (scope, tenant): token, replace at
        self._fetching = asyncio.Lock()

    async def get(self, scope: str, *, tenant: str | None = None) -> str | None:
        """Return a token for the scope; `tenant` overrides the registration's own (Graph asks per tenant).

        Raises:
            RateLimited: the login service gave none; nothing was sent to anybody.
        """
        if not self._settings.app_id:
            return None
        key = (scope, tenant or "")
        async with self._fetching:
            token, until = self._kept.get(key, ("", 0.0))
            if not token or self._clock() >= until:
                token, seconds = await self._fetch(scope, tenant)
                self._kept[key] = token, self._clock() + max(0.0, seconds - EARLY_SECONDS)
        return token

    def forget(self, scope: str) -> None:
        """Drop tokens of the scope that the other side refused."""
        self._kept = {key: value for key, value in self._kept.items() if key[0] != scope}

    async def _fetch(self, scope: str, tenant: str | None) -> tuple[str, float]:
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                response = await self._ask(scope, tenant)
            body = response.json() if response.is_success else {}
            if response.is_success and isinstance(body.get("access_token"), str):
                return body["access_token"], float(body.get("expires_in", 3600))
        except (httpx.HTTPError, TimeoutError, ValueError, AttributeError, TypeError) as error:
            raise RateLimited(
                f"the login service gave no token: {type(error).__name__}", retry_after_seconds=RETRY_SECONDS
            ) from error
        refused = response.status_code in (400, 401, 403)
        raise RateLimited(
            f"the login service answered {response.status_code}"
            + (": check APP_ID, APP_PASSWORD and APP_TENANTID" if refused else ""),
            retry_after_seconds=REFUSED_RETRY_SECONDS if refused else RETRY_SECONDS,
        )

    async def _ask(self, scope: str, tenant: str | None) -> httpx.Response:
        settings = self._settings
        if settings.app_type == "UserAssignedMSI":
            return await self._http.get(
                settings.identity_endpoint,
                params={
                    "api-version": "2019-08-01" if settings.identity_header else "2018-02-01",
                    "resource": scope.removesuffix("/.default"),
                    "client_id": settings.app_id or "",
                },
                headers=_identity_headers(settings),
            )
        assert settings.app_password is not None
        return await self._http.post(
            login_url(settings, tenant),
            data={
                "grant_type": "client_credentials",
                "client_id": settings.app_id,
                "client_secret": settings.app_password.get_secret_value(),
                "scope": scope,
            },
        )


def login_url(settings: Settings, tenant: str | None = None) -> str:
    """Return where tokens are had: TEAMS_LOGIN_URL (a page of a sovereign cloud), else the public one."""
    own = settings.app_tenantid if settings.app_type != "MultiTenant" else MULTI_TENANT
    if settings.teams_login_url:
        base = settings.teams_login_url.rstrip("/")
        return base if base.endswith("/token") else f"{base}/oauth2/v2.0/token"
    return f"{PUBLIC_LOGIN}/{tenant or own or MULTI_TENANT}/oauth2/v2.0/token"


def _identity_headers(settings: Settings) -> dict[str, Any]:
    if settings.identity_header:  # App Service and Container Apps
        return {"X-IDENTITY-HEADER": settings.identity_header.get_secret_value()}
    return {"Metadata": "true"}
