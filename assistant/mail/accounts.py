"""A person's mail account: which channel it is reached by, and what Steward signs in with.

An account is stored sealed (assistant/storage/mail_store.py) and never shown: `described` is all that an export,
a log line or a page may say of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from pydantic import SecretStr, field_serializer

from assistant.frozen import Frozen
from assistant.settings import Settings

Channel = Literal["imap", "graph", "gmail"]
TITLES: dict[Channel, str] = {"imap": "IMAP and SMTP", "graph": "Microsoft 365", "gmail": "Gmail"}


class Tokens(Frozen):
    """What an OAuth provider gave for one account. Stored: add fields with a default, never rename one."""

    access: SecretStr
    refresh: SecretStr | None = None
    expires_at: datetime

    @field_serializer("access", "refresh", when_used="json")
    def _plain(self, value: SecretStr | None) -> str | None:
        return value.get_secret_value() if value else None  # the JSON is sealed before it is kept


class MailAccount(Frozen):
    """One connected account. Stored: add fields with a default, never rename one."""

    channel: Channel
    address: str
    user: str = ""  # for the log-in, where it isn't the address
    password: SecretStr | None = None  # one of these two
    tokens: Tokens | None = None

    @property
    def login(self) -> str:
        """The name to sign in with."""
        return self.user or self.address

    @property
    def described(self) -> str:
        """What may be said of it."""
        return f"{self.address} by {TITLES[self.channel]}"

    @field_serializer("password", when_used="json")
    def _plain(self, value: SecretStr | None) -> str | None:
        return value.get_secret_value() if value else None


class Accounts(Protocol):
    """Connected accounts; `assistant.storage.mail_store.MailStore` keeps them."""

    def account(self, tenant: str, person_id: str) -> MailAccount | None:
        """Return the person's account with its secrets, or None when none is connected."""
        ...

    def renew(self, tenant: str, person_id: str, tokens: Tokens) -> None:
        """Keep new tokens for the account, unless it was disconnected meanwhile."""
        ...


def allowed_channels(settings: Settings) -> tuple[Channel, ...]:
    """Return the channels that the admin has set up, in the order they are offered."""
    named = {part.strip().lower() for part in settings.email_channels.split(",")}
    return tuple(channel for channel in TITLES if channel in named)
