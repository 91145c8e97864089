"""How a person's mailbox gets connected and forgotten: the same from the web page and from a terminal.

An account is kept only after its log-in was tried, or its owner's consent was redeemed by the one who began it.
"""

from __future__ import annotations

import structlog
from pydantic import SecretStr

from assistant.errors import NotPermitted, RequestInvalid
from assistant.mail.accounts import TITLES, Channel, MailAccount, allowed_channels
from assistant.mail.oauth import begin_consent, provider_for, redeem, uses_oauth
from assistant.mail.sign_in import check_account
from assistant.mentions import Person
from assistant.settings import Settings
from assistant.storage.mail_store import MailStore

log = structlog.get_logger()

CALLBACK = "/settings/mail/callback"


class MailDesk:
    """Connects and disconnects. Everything here blocks: it asks mail servers and providers."""

    def __init__(self, settings: Settings, store: MailStore) -> None:
        self._settings = settings
        self._store = store

    @property
    def channels(self) -> dict[Channel, bool]:
        """The channels that may be connected, each with whether that goes by consent (else by a password)."""
        return {channel: uses_oauth(self._settings, channel) for channel in allowed_channels(self._settings)}

    def standing(self, tenant: str, person: Person) -> str | None:
        """Return what is connected, in words without secrets, or None."""
        account = self._store.account(tenant, person.id)
        return account.described if account else None

    def connect_by_password(self, tenant: str, person: Person, *, password: str, user: str = "") -> None:
        """Try the log-in at the IMAP server, and keep it.

        Raises:
            RequestInvalid: passwords aren't how mailboxes are connected here, or the person has no address.
            NotPermitted: the server refuses the log-in. DependencyUnavailable: it can't be reached.
        """
        if self.channels.get("imap") is not False:
            raise RequestInvalid("no mailbox by password", reply="Mailboxes aren't connected by a password here.")
        if not password:
            raise RequestInvalid("no password", reply="Please give the password of your mailbox.")
        address = _address_of(person)
        account = MailAccount(channel="imap", address=address, user=user.strip(), password=SecretStr(password))
        try:
            check_account(self._settings, account)
        except NotPermitted as error:
            raise NotPermitted(
                str(error), reply="The mail server refused this name and password. Nothing was kept."
            ) from error
        self._store.connect(tenant, person.id, account)
        log.info("mail.connected", channel="imap")

    def begin_consent(self, tenant: str, person: Person, channel: Channel) -> str:
        """Return the provider's page where the person can consent.

        Raises:
            RequestInvalid: this channel isn't offered here.
        """
        if not self.channels.get(channel):
            raise RequestInvalid(f"no consent for {channel}", reply=f"{TITLES[channel]} isn't set up here.")
        provider = provider_for(self._settings, channel)
        url, consent = begin_consent(provider, self._redirect_url, address=person.email)
        self._store.begin_consent(consent.state, tenant, person.id, channel, consent.verifier)
        return url

    def end_consent(self, tenant: str, person: Person, *, state: str, code: str) -> None:
        """Redeem the code that the provider sent the person back with, and keep the account.

        Raises:
            NotPermitted: this person began no such consent in the last ten minutes, or the provider refuses it.
            DependencyUnavailable: the provider can't be reached.
        """
        begun = self._store.end_consent(state, tenant, person.id)
        if begun is None:
            raise NotPermitted("unknown consent", reply="That took too long, or wasn't begun here. Please try again.")
        channel, verifier = begun
        provider = provider_for(self._settings, channel)
        account = redeem(provider, channel, self._redirect_url, code=code, verifier=verifier)
        self._store.connect(tenant, person.id, account)
        log.info("mail.connected", channel=channel)

    def disconnect(self, tenant: str, person: Person) -> bool:
        """Forget the account with its password or tokens; False when there was none."""
        gone = self._store.disconnect(tenant, person.id)
        if gone:
            log.info("mail.disconnected")
        return gone

    @property
    def _redirect_url(self) -> str:
        return f"{self._settings.base_url}{CALLBACK}"


def _address_of(person: Person) -> str:
    if not person.email:
        raise RequestInvalid("a person without address", reply="The directory has no e-mail address of yours.")
    return person.email
