"""Who is calling: verify the connector's token, then that the activity belongs to it and to a tenant we serve.

Our own, because the SDK answers bad tokens with 500 and switches itself off without an app id. Every refusal
that does not need a key is made before one is looked for, so that garbage costs no fetch.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt

from assistant.errors import NotPermitted, SettingsInvalid, StewardError
from assistant.settings import Settings
from bot.platforms.teams.signing_keys import SigningKeys
from bot.platforms.teams.wire import TeamsActivity

SKEW_SECONDS = 300  # Microsoft's own figure for clocks that differ
TOKEN_CHARS = 16_000  # real ones have about 1 500
CHANNEL = "msteams"
ANY_TENANT = "*"


class TokenRefused(StewardError):
    """The caller did not prove to be the connector: 401."""

    code = "token_refused"


@dataclass(frozen=True, slots=True)
class Caller:
    """Claims of a verified token; in local mode there are none."""

    claims: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registration:
    """How the bot is registered, checked when it starts."""

    app_id: str | None  # None: local mode, nothing is verified
    issuer: str
    tenants: frozenset[str]

    @property
    def is_local(self) -> bool:
        """True when activities need no token, on loopback only."""
        return self.app_id is None

    def allows(self, tenant: str | None) -> bool:
        """Return whether this tenant may use the bot."""
        return self.is_local or ANY_TENANT in self.tenants or (tenant or "").lower() in self.tenants


def read_registration(settings: Settings) -> Registration:
    """Return the registration that the settings describe.

    Raises:
        SettingsInvalid: authentication would be off or open to every tenant without anyone having said so.
    """
    if not settings.app_id:
        if not settings.teams_local_mode:
            raise SettingsInvalid(
                "Teams is on without APP_ID, so nothing could be verified. Set APP_ID, or TEAMS_LOCAL_MODE=true "
                "for the Agents Playground on this machine."
            )
        return Registration(None, settings.teams_token_issuer, frozenset({ANY_TENANT}))
    if settings.teams_local_mode:
        raise SettingsInvalid("TEAMS_LOCAL_MODE turns authentication off, and APP_ID is set. Keep one of them.")
    named = {tenant.strip().lower() for tenant in settings.teams_allowed_tenants.split(",") if tenant.strip()}
    tenants = named or {settings.app_tenantid.lower()} if settings.app_tenantid else named
    if not tenants:
        raise SettingsInvalid(
            "No tenant may use the Teams bot. Set APP_TENANTID, or TEAMS_ALLOWED_TENANTS (* allows every tenant)."
        )
    if settings.app_type != "UserAssignedMSI" and not settings.app_password:
        raise SettingsInvalid(f"APP_TYPE={settings.app_type} needs APP_PASSWORD (or APP_PASSWORD_FILE).")
    return Registration(settings.app_id, settings.teams_token_issuer, frozenset(tenants))


class Authenticator:
    """Verifies requests; `token` needs the header alone, `activity` what the body says."""

    def __init__(self, registration: Registration, keys: SigningKeys) -> None:
        self._registration = registration
        self._keys = keys

    @property
    def is_local(self) -> bool:
        """True when nothing is verified and only this machine is heard."""
        return self._registration.is_local

    async def token(self, authorization: str | None, *, client: str | None) -> tuple[Caller, frozenset[str]]:
        """Return the verified claims and what the signing key is endorsed for.

        Raises:
            TokenRefused: no token, or one that is not a current one of the connector's for this bot.
            DependencyUnavailable: it may be good, but its key could not be fetched.
        """
        if self._registration.is_local:
            if not _is_loopback(client):
                raise TokenRefused("local mode takes activities from this machine only")
            return Caller(), frozenset()
        token = _bearer(authorization)
        key_id = self._look_at(token)
        key = await self._keys.find(key_id)
        if key is None:
            raise TokenRefused("signed with a key that the connector does not publish")
        claims = self._decode(token, key.key)
        return Caller(claims), key.endorsements

    def activity(self, caller: Caller, endorsements: frozenset[str], activity: TeamsActivity) -> None:
        """Check that the activity is one this token vouches for.

        Raises:
            TokenRefused: the token was made for another service address or another channel.
            NotPermitted: a tenant, or a channel, that this bot does not serve.
        """
        if self._registration.is_local:
            if not is_allowed_service(activity.service_url, local=True):
                raise NotPermitted("local mode answers to this machine only")
            return
        if _address(caller.claims.get("serviceurl")) != _address(activity.service_url):
            raise TokenRefused("the token's service address is not the activity's")
        if endorsements and activity.channel_id not in endorsements:
            raise TokenRefused(f"the signing key is not endorsed for channel {activity.channel_id[:40]!r}")
        if activity.channel_id != CHANNEL:
            raise NotPermitted(f"channel {activity.channel_id[:40]!r} is not Teams")
        if not self._registration.allows(activity.tenant):
            raise NotPermitted(f"tenant {(activity.tenant or 'none')[:40]} is not on the list")
        if not is_allowed_service(activity.service_url, local=False):
            raise NotPermitted("the service address is not https")

    def _look_at(self, token: str) -> str:
        """Refuse what no key can make good, and return the key's id."""
        try:
            header = jwt.get_unverified_header(token)
            claims = jwt.decode(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError, TypeError) as error:
            raise TokenRefused(f"not a token: {type(error).__name__}") from error
        if header.get("alg") != "RS256":
            raise TokenRefused("not signed with RS256")
        key_id = header.get("kid")
        if not isinstance(key_id, str) or not key_id:
            raise TokenRefused("names no key")
        self._check(claims)
        return key_id

    def _check(self, claims: Mapping[str, Any]) -> None:
        """Compare what the token says of itself: nothing is trusted yet, but a plain misfit needs no key."""
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self._registration.issuer:
            raise TokenRefused("another issuer")
        if self._registration.app_id not in audiences:
            raise TokenRefused("made for another bot")

    def _decode(self, token: str, key: Any) -> Mapping[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._registration.app_id,
                issuer=self._registration.issuer,
                leeway=SKEW_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise TokenRefused(f"token: {type(error).__name__}") from error
        return claims


def is_allowed_service(url: str, *, local: bool) -> bool:
    """Return whether answers may go to this address: https, or this machine (always this machine when `local`)."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return False
    return _is_loopback(host) or (parts.scheme == "https" and not local)


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenRefused("no bearer token")
    if len(token) > TOKEN_CHARS:
        raise TokenRefused("the token is too long")
    return token.strip()


def _address(url: object) -> str | None:
    return url.rstrip("/").lower() if isinstance(url, str) and url else None


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
