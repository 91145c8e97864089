"""Which channels a person has: what they connected, as far as the admin allows it."""

from __future__ import annotations

import structlog

from assistant.errors import SettingsInvalid
from assistant.mail.accounts import Accounts, MailAccount, allowed_channels
from assistant.mail.gmail import GmailDrafts, GmailSender
from assistant.mail.graph import IMMUTABLE_IDS, GraphDrafts, GraphSender
from assistant.mail.graph_search import GraphSearch
from assistant.mail.imap import ImapDrafts, ImapSent
from assistant.mail.imap_search import ImapSearch
from assistant.mail.mail_api import MailApi
from assistant.mail.port import MailDrafts, MailSearch, MailSender
from assistant.mail.sign_in import KeepTokens, imap_login, secret_of, smtp_server, token_source
from assistant.mail.smtp import SmtpLogin, SmtpSender
from assistant.mentions import Person
from assistant.settings import Settings

log = structlog.get_logger()


class AccountMailroom:
    """The channels of connected accounts. Nothing is opened before a draft is saved or sent."""

    def __init__(self, settings: Settings, accounts: Accounts) -> None:
        self._settings = settings
        self._accounts = accounts

    def drafts_of(self, tenant: str, person: Person) -> MailDrafts | None:
        """Return the person's Drafts folder, or None: nothing is connected, or the admin allows it no more."""
        account = self._account(tenant, person)
        return _drafts_in(self._settings, account, self._keeper(tenant, person)) if account else None

    def search_of(self, tenant: str, person: Person) -> MailSearch | None:
        """Return what looks into the person's mailbox, or None: at Gmail, Steward asks for no right to read."""
        account = self._account(tenant, person)
        if account is None or account.channel == "gmail":
            return None
        keep = self._keeper(tenant, person)
        if account.channel == "graph":
            return GraphSearch(_graph(self._settings, account, keep))
        return ImapSearch(imap_login(self._settings, account, secret_of(self._settings, account, keep)))

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
        try:
            account = self._accounts.account(tenant, person.id)
        except SettingsInvalid as error:  # sealed with a key that is gone: drafts are written all the same
            log.error("mail.account_sealed", reason=str(error))
            return None
        return account if account and account.channel in allowed_channels(self._settings) else None

    def _keeper(self, tenant: str, person: Person) -> KeepTokens:
        return lambda tokens: self._accounts.renew(tenant, person.id, tokens)


def _drafts_in(settings: Settings, account: MailAccount, keep: KeepTokens) -> MailDrafts:
    match account.channel:
        case "graph":
            return GraphDrafts(_graph(settings, account, keep))
        case "gmail":
            return GmailDrafts(_gmail(settings, account, keep))
        case _:
            return ImapDrafts(imap_login(settings, account, secret_of(settings, account, keep)))


def _smtp(settings: Settings, account: MailAccount, keep: KeepTokens) -> MailSender | None:
    server = smtp_server(settings)
    if server is None:
        return None
    secret = secret_of(settings, account, keep)
    return SmtpSender(
        SmtpLogin(server, account.login, secret, account.tokens is not None),
        ImapSent(imap_login(settings, account, secret)),
        keeps_copy=settings.email_sent_copy,
    )


def _graph(settings: Settings, account: MailAccount, keep: KeepTokens) -> MailApi:
    base = f"{settings.teams_graph_url.rstrip('/')}/v1.0"
    token = token_source(settings, account, keep)
    return MailApi(base, token, timeout_seconds=settings.email_timeout_seconds, headers=IMMUTABLE_IDS)


def _gmail(settings: Settings, account: MailAccount, keep: KeepTokens) -> MailApi:
    base = f"{settings.email_gmail_url.rstrip('/')}/gmail/v1/users/me"
    token = token_source(settings, account, keep)
    return MailApi(base, token, timeout_seconds=settings.email_timeout_seconds)
