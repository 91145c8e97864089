"""Consent by a mailbox's owner (OAuth 2.0, authorization code with PKCE), and fresh access tokens afterwards.

Nobody's password passes through Steward here. The address of the mailbox comes from the identity token, which the
provider hands over on the same TLS connection as the tokens and which therefore needs no check of its signature
(OpenID Connect Core, 3.1.3.7).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from assistant.errors import DependencyUnavailable, NotPermitted, SettingsInvalid
from assistant.mail.accounts import Channel, MailAccount, Tokens
from assistant.settings import Settings

EARLY = timedelta(seconds=120)  # a token is renewed so long before it ends
_AGAIN = "your mail account has to be connected again (Settings on the web page): the permission ended"
_SCOPES: dict[tuple[str, Channel], tuple[str, ...]] = {
    ("microsoft", "graph"): ("https://graph.microsoft.com/Mail.ReadWrite",),
    ("microsoft", "imap"): ("https://outlook.office.com/IMAP.AccessAsUser.All",),
    ("google", "gmail"): ("https://www.googleapis.com/auth/gmail.compose",),
    ("google", "imap"): ("https://mail.google.com/",),
}
_SCOPES_TO_SEND: dict[tuple[str, Channel], tuple[str, ...]] = {
    ("microsoft", "graph"): ("https://graph.microsoft.com/Mail.Send",),
    ("microsoft", "imap"): ("https://outlook.office.com/SMTP.Send",),
}


@dataclass(frozen=True, slots=True)
class Provider:
    """Where consent and tokens for one channel come from."""

    login_url: str
    token_url: str
    client_id: str
    client_secret: SecretStr | None
    scopes: tuple[str, ...]
    extra: tuple[tuple[str, str], ...] = ()  # of the page of consent
    timeout_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that was begun: what must come back, and the secret that redeems it."""

    state: str
    verifier: str


def uses_oauth(settings: Settings, channel: Channel) -> bool:
    """Return whether the channel is connected by consent; else by a password."""
    return channel != "imap" or settings.email_imap_sign_in != "password"


def provider_for(settings: Settings, channel: Channel) -> Provider:
    """Return where consent for the channel comes from. What is asked for is no more than the settings need.

    Raises:
        SettingsInvalid: the channel works by passwords, or the provider's client id is not set.
    """
    name: Literal["microsoft", "google"]
    if channel == "imap":
        if settings.email_imap_sign_in == "password":
            raise SettingsInvalid("EMAIL_IMAP_SIGN_IN is password: there is no consent to ask for.")
        name = settings.email_imap_sign_in
    else:
        name = "microsoft" if channel == "graph" else "google"
    key: tuple[str, Channel] = (name, channel)
    scopes = ("openid", "email", *_SCOPES[key], *(_SCOPES_TO_SEND.get(key, ()) if settings.email_sending else ()))
    if name == "microsoft":
        if not settings.email_microsoft_client_id:
            raise SettingsInvalid("EMAIL_MICROSOFT_CLIENT_ID is empty.")
        base = settings.email_microsoft_login_url.rstrip("/")
        return Provider(
            f"{base}/oauth2/v2.0/authorize",
            f"{base}/oauth2/v2.0/token",
            settings.email_microsoft_client_id,
            settings.email_microsoft_client_secret,
            (*scopes, "profile", "offline_access"),
            (("prompt", "select_account"),),
            settings.email_timeout_seconds,
        )
    if not settings.email_google_client_id:
        raise SettingsInvalid("EMAIL_GOOGLE_CLIENT_ID is empty.")
    return Provider(
        settings.email_google_login_url,
        settings.email_google_token_url,
        settings.email_google_client_id,
        settings.email_google_client_secret,
        scopes,
        (("access_type", "offline"), ("prompt", "consent")),  # only these make Google hand out a refresh token
        settings.email_timeout_seconds,
    )


def begin_consent(provider: Provider, redirect_url: str, *, address: str | None) -> tuple[str, Consent]:
    """Return the page that the owner shall be sent to, and what to remember until they come back."""
    consent = Consent(secrets.token_urlsafe(32), secrets.token_urlsafe(64))
    challenge = urlsafe_b64encode(hashlib.sha256(consent.verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": provider.client_id,
        "response_type": "code",
        "redirect_uri": redirect_url,
        "scope": " ".join(provider.scopes),
        "state": consent.state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **dict(provider.extra),
        **({"login_hint": address} if address else {}),
    }
    return f"{provider.login_url}?{urlencode(query)}", consent


def redeem(provider: Provider, channel: Channel, redirect_url: str, *, code: str, verifier: str) -> MailAccount:
    """Return the account that its owner gave consent for.

    Raises:
        NotPermitted: the provider refuses the code, or says whose mailbox it is in no way we know.
        DependencyUnavailable: it can't be reached.
    """
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_url}
    answer = _ask(provider, {**fields, "code_verifier": verifier})
    address = _address(str(answer.get("id_token", "")))
    return MailAccount(channel=channel, address=address, tokens=_tokens(answer, before=None))


class TokenSource:
    """Hands out an access token that is good now, and keeps what the provider gives instead of an old one."""

    def __init__(self, provider: Provider, tokens: Tokens, keep: Callable[[Tokens], None]) -> None:
        self._provider = provider
        self._tokens = tokens
        self._keep = keep

    def __call__(self, *, refused: bool = False) -> str:
        """Return the token; `refused`: the last one was, whatever its date says.

        Raises:
            NotPermitted: the owner, or their admin, took the permission back. DependencyUnavailable: no answer.
        """
        if refused or datetime.now(UTC) + EARLY >= self._tokens.expires_at:
            if self._tokens.refresh is None:
                raise NotPermitted("no refresh token", reply=_AGAIN)
            refresh = self._tokens.refresh.get_secret_value()
            answer = _ask(self._provider, {"grant_type": "refresh_token", "refresh_token": refresh})
            self._tokens = _tokens(answer, before=self._tokens)
            self._keep(self._tokens)
        return self._tokens.access.get_secret_value()


def _ask(provider: Provider, fields: dict[str, str]) -> dict[str, Any]:
    secret = {"client_secret": provider.client_secret.get_secret_value()} if provider.client_secret else {}
    scope = {"scope": " ".join(provider.scopes)}
    try:
        response = httpx.post(
            provider.token_url,
            data={"client_id": provider.client_id, **secret, **scope, **fields},
            timeout=provider.timeout_seconds,
        )
        answer: dict[str, Any] = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise DependencyUnavailable(
            f"{provider.token_url}: {error}", reply="the sign-in service of your mail can't be reached at present."
        ) from error
    if response.status_code >= 500 or response.status_code == 429:
        raise DependencyUnavailable(
            f"{provider.token_url} answered {response.status_code}",
            reply="the sign-in service of your mail can't answer at present.",
        )
    if response.is_error or "access_token" not in answer:
        raise NotPermitted(f"{provider.token_url} said {answer.get('error', response.status_code)}", reply=_AGAIN)
    return answer


def _tokens(answer: dict[str, Any], *, before: Tokens | None) -> Tokens:
    refresh = answer.get("refresh_token")  # Microsoft gives a new one each time, Google only the first time
    return Tokens(
        access=SecretStr(str(answer["access_token"])),
        refresh=SecretStr(str(refresh)) if refresh else before.refresh if before else None,
        expires_at=datetime.now(UTC) + timedelta(seconds=float(answer.get("expires_in", 3600))),
    )


def _address(id_token: str) -> str:
    try:
        payload = id_token.split(".")[1]
        claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError) as error:
        raise NotPermitted("no identity token", reply="I couldn't find out whose mailbox that is.") from error
    address = str(claims.get("email") or claims.get("preferred_username") or "")
    if "@" not in address:
        raise NotPermitted("an identity token without address", reply="I couldn't find out whose mailbox that is.")
    return address.lower()
