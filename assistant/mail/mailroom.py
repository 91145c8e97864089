"""Which channels a person has: what they connected, as far as the admin allows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.mail.accounts import Accounts, MailAccount, Tokens, allowed_channels
from assistant.mail.gmail import GmailDrafts, GmailSender
from assistant.mail.graph import IMMUTABLE_IDS, GraphDrafts, GraphSender
from assistant.mail.imap import ImapDrafts, ImapLogin, ImapSent, check_login
from assistant.mail.mail_api import MailApi
from assistant.mail.oauth import TokenSource, provider_for
from assistant.mail.port import MailDrafts, MailSender
from assistant.mail.servers import read_server
from assistant.mail.smtp import SmtpLogin, SmtpSender
from assistant.mentions import Person
from assistant.settings import Settings


class AccountMailroom:
    """The channels of connected accounts. Nothing is opened before a draft is saved or sent."""

    def __init__(self, settings: Settings, accounts: Accounts) -> None:
        self._settings = settings
        self._accounts = accounts

    def drafts_of(self, tenant: str, person: Person) -> MailDrafts | None:
        """Return the person's Drafts folder, or None: nothing is connected, or the admin allows it no more."""
        account = self._account(tenant, person)
        return drafts_in(self._settings, account, self._keeper(tenant, person)) if account else None

    def sender_for(self, tenant: str, person: Person) -> MailSender | None:
        """Return what sends as the person, or None: sending is off, or nothing that sends is connected."""
        account = self._account(tenant, person)
        if account is None or not self._settings.email_sending:
            return None
        keep = self._keeper(tenant, person)
        match account.channel:
            case "graph":
                return GraphSender(_graph(self._settings, account, keep))
            case "gmail":
                return GmailSender(_gmail(self._settings, account, keep))
            case _:
                return _smtp(self._settings, account, keep)

    def _account(self, tenant: str, person: Person) -> MailAccount | None:
        if not allowed_channels(self._settings):
            return None
        account = self._accounts.account(tenant, person.id)
        return account if account and account.channel in allowed_channels(self._settings) else None

    def _keeper(self, tenant: str, person: Person) -> Callable[[Tokens], None]:
        return lambda tokens: self._accounts.renew(tenant, person.id, tokens)


def drafts_in(settings: Settings, account: MailAccount, keep: Callable[[Tokens], None]) -> MailDrafts:
    """Return the Drafts folder of this account; `keep` is told of new tokens."""
    match account.channel:
        case "graph":
            return GraphDrafts(_graph(settings, account, keep))
        case "gmail":
            return GmailDrafts(_gmail(settings, account, keep))
        case _:
            return ImapDrafts(_imap(settings, account, _Secret.of(settings, account, keep)))


def check_account(settings: Settings, account: MailAccount) -> None:
    """Sign in with the account, as is done before it is kept. Consent was checked by whoever gave the tokens.

    Raises:
        NotPermitted: refused. DependencyUnavailable: the server can't be reached. SettingsInvalid: no server is set.
    """
    if account.channel == "imap":
        check_login(_imap(settings, account, _Secret.of(settings, account, lambda _tokens: None)))


@dataclass(frozen=True, slots=True)
class _Secret:
    """What IMAP and SMTP sign in with."""

    value: Callable[[], str]
    is_token: bool

    @classmethod
    def of(cls, settings: Settings, account: MailAccount, keep: Callable[[Tokens], None]) -> _Secret:
        if account.tokens:
            return cls(TokenSource(provider_for(settings, account.channel), account.tokens, keep), True)
        password = account.password.get_secret_value() if account.password else ""
        return cls(lambda: password, False)


def _imap(settings: Settings, account: MailAccount, secret: _Secret) -> ImapLogin:
    server = read_server(
        settings.email_imap_url or "",
        "imap",
        ca_file=settings.email_ca_file,
        timeout_seconds=settings.email_timeout_seconds,
    )
    return ImapLogin(server, account.login, secret.value, secret.is_token)


def _smtp(settings: Settings, account: MailAccount, keep: Callable[[Tokens], None]) -> MailSender | None:
    if not settings.email_smtp_url:
        return None
    secret = _Secret.of(settings, account, keep)
    server = read_server(
        settings.email_smtp_url,
        "smtp",
        ca_file=settings.email_ca_file,
        timeout_seconds=settings.email_timeout_seconds,
    )
    return SmtpSender(
        SmtpLogin(server, account.login, secret.value, secret.is_token),
        ImapSent(_imap(settings, account, secret)),
        keeps_copy=settings.email_sent_copy,
    )


def _graph(settings: Settings, account: MailAccount, keep: Callable[[Tokens], None]) -> MailApi:
    base = f"{settings.teams_graph_url.rstrip('/')}/v1.0"
    return MailApi(
        base, _tokens(settings, account, keep), timeout_seconds=settings.email_timeout_seconds, headers=IMMUTABLE_IDS
    )


def _gmail(settings: Settings, account: MailAccount, keep: Callable[[Tokens], None]) -> MailApi:
    base = f"{settings.email_gmail_url.rstrip('/')}/gmail/v1/users/me"
    return MailApi(base, _tokens(settings, account, keep), timeout_seconds=settings.email_timeout_seconds)


def _tokens(settings: Settings, account: MailAccount, keep: Callable[[Tokens], None]) -> TokenSource:
    assert account.tokens is not None, "accounts at Microsoft 365 and Gmail are connected by consent"
    return TokenSource(provider_for(settings, account.channel), account.tokens, keep)
