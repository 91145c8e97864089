"""Connected mail accounts, sealed, and consents that were begun.

An account is kept once for all the places where the directory knows its person. Its secrets are encrypted before they
come to a row and decrypted for a worker alone. Keys rotate: the first of STEWARD_SECRET_KEYS encrypts, all of them
decrypt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from cryptography.fernet import InvalidToken, MultiFernet

from assistant.errors import SettingsInvalid
from assistant.mail.accounts import Channel, MailAccount, Tokens
from assistant.secret_keys import sealing_box
from assistant.settings import Settings
from assistant.storage.database import reading, writing
from assistant.storage.person_home import home_of
from assistant.storage.statements import Statement

CONSENT_SECONDS = 600.0  # how long an owner may take on the provider's page

_GET = Statement("SELECT sealed FROM mail_accounts WHERE tenant = :tenant AND person_id = :person_id")
_GET_LOCKED = Statement(
    "SELECT sealed FROM mail_accounts WHERE tenant = :tenant AND person_id = :person_id FOR UPDATE",
    sqlite="SELECT sealed FROM mail_accounts WHERE tenant = :tenant AND person_id = :person_id",
)
_LIST = Statement(
    "SELECT tenant, person_id, channel, address, created_at FROM mail_accounts ORDER BY tenant, person_id",
    returns="created_at",
)
_PUT = Statement(
    """
    INSERT INTO mail_accounts (tenant, person_id, channel, address, sealed, created_at, updated_at)
    VALUES (:tenant, :person_id, :channel, :address, :sealed, @now, @now)
    ON CONFLICT (tenant, person_id) DO UPDATE SET channel = excluded.channel, address = excluded.address,
        sealed = excluded.sealed, created_at = excluded.created_at, updated_at = excluded.updated_at
    """
)
_RESEAL = Statement(
    "UPDATE mail_accounts SET sealed = :sealed, updated_at = @now WHERE tenant = :tenant AND person_id = :person_id"
)
_DELETE = Statement("DELETE FROM mail_accounts WHERE tenant = :tenant AND person_id = :person_id")
_BEGIN = Statement(
    """
    INSERT INTO mail_consents (state, tenant, person_id, channel, verifier, created_at)
    VALUES (:state, :tenant, :person_id, :channel, :verifier, @now)
    """
)
_OPEN = Statement(
    """
    SELECT channel, verifier FROM mail_consents
    WHERE state = :state AND tenant = :tenant AND person_id = :person_id AND created_at > @in(:seconds)
    """
)
_END = Statement("DELETE FROM mail_consents WHERE state = :state")
_LAPSE = Statement("DELETE FROM mail_consents WHERE created_at <= @in(:seconds)")


@dataclass(frozen=True, slots=True)
class Connected:
    """What may be said of a connected account."""

    tenant: str
    person_id: str
    channel: Channel
    address: str
    created_at: datetime


class MailStore:
    """Keeps each person's mail account."""

    def __init__(self, engine: sa.Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._opened: MultiFernet | None = None

    # -------------------------------------------------------------- accounts
    def account(self, tenant: str, person_id: str) -> MailAccount | None:
        """Return the person's account with its secrets, or None when none is connected.

        Raises:
            SettingsInvalid: it was encrypted with a key that is not among STEWARD_SECRET_KEYS any more.
        """
        with reading(self._engine) as connection:
            home, own_id = home_of(connection, tenant, person_id)
            sealed = _GET(connection, tenant=home, person_id=own_id).scalar()
        return self._open(sealed) if sealed else None

    def connect(self, tenant: str, person_id: str, account: MailAccount) -> None:
        """Keep the account; it takes the place of the one before."""
        with writing(self._engine) as connection:
            home, own_id = home_of(connection, tenant, person_id)
            _PUT(
                connection,
                tenant=home,
                person_id=own_id,
                channel=account.channel,
                address=account.address,
                sealed=self._seal(account),
            )

    def renew(self, tenant: str, person_id: str, tokens: Tokens) -> None:
        """Keep new tokens for the account, unless it was disconnected meanwhile."""
        with writing(self._engine) as connection:
            home, own_id = home_of(connection, tenant, person_id)
            sealed = _GET_LOCKED(connection, tenant=home, person_id=own_id).scalar()
            if sealed:
                account = self._open(sealed).model_copy(update={"tokens": tokens})
                _RESEAL(connection, tenant=home, person_id=own_id, sealed=self._seal(account))

    def disconnect(self, tenant: str, person_id: str) -> bool:
        """Forget the account and its secrets; False when there was none."""
        with writing(self._engine) as connection:
            home, own_id = home_of(connection, tenant, person_id)
            return bool(_DELETE(connection, tenant=home, person_id=own_id).rowcount)

    def connected(self) -> list[Connected]:
        """Return who has connected what, without secrets."""
        with reading(self._engine) as connection:
            return [Connected(**row) for row in _LIST(connection).mappings()]

    def rotate(self) -> int:
        """Encrypt every account again with the newest key; returns how many."""
        found = self.connected()
        with writing(self._engine) as connection:
            for one in found:
                sealed = _GET_LOCKED(connection, tenant=one.tenant, person_id=one.person_id).scalar()
                if sealed:
                    newly = self._seal(self._open(sealed))
                    _RESEAL(connection, tenant=one.tenant, person_id=one.person_id, sealed=newly)
        return len(found)

    # -------------------------------------------------------------- consents
    def begin_consent(self, state: str, tenant: str, person_id: str, channel: Channel, verifier: str) -> None:
        """Remember that this person was sent to their provider; forget those who never came back."""
        values = {"tenant": tenant, "person_id": person_id, "channel": channel, "verifier": verifier}
        with writing(self._engine) as connection:
            _LAPSE(connection, seconds=-CONSENT_SECONDS)
            _BEGIN(connection, state=state, **values)

    def end_consent(self, state: str, tenant: str, person_id: str) -> tuple[Channel, str] | None:
        """Return channel and verifier once, to the person who began it and within CONSENT_SECONDS; else None."""
        with writing(self._engine) as connection:
            row = _OPEN(connection, state=state, tenant=tenant, person_id=person_id, seconds=-CONSENT_SECONDS).first()
            if row is None or not _END(connection, state=state).rowcount:
                return None
            return row.channel, row.verifier

    # -------------------------------------------------------------- sealing
    @property
    def _box(self) -> MultiFernet:
        if self._opened is None:
            self._opened = sealing_box(self._settings, "mail accounts")
        return self._opened

    def _seal(self, account: MailAccount) -> str:
        return self._box.encrypt(account.model_dump_json().encode()).decode()

    def _open(self, sealed: str) -> MailAccount:
        try:
            return MailAccount.model_validate_json(self._box.decrypt(sealed.encode()))
        except InvalidToken as error:
            raise SettingsInvalid(
                "A mail account is encrypted with a key that STEWARD_SECRET_KEYS does not hold. Put the old key "
                "behind the new one, or connect the account again."
            ) from error
