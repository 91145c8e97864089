"""What a connected account signs in with, at which server of the settings; and trying it before it is kept."""

from __future__ import annotations

from collections.abc import Callable

from assistant.mail.accounts import MailAccount, Tokens
from assistant.mail.imap import ImapLogin, check_login
from assistant.mail.oauth import TokenSource, provider_for
from assistant.mail.servers import MailServer, read_server
from assistant.settings import Settings

KeepTokens = Callable[[Tokens], None]  # is told of new tokens


def check_account(settings: Settings, account: MailAccount) -> None:
    """Sign in with the account, as is done before it is kept. Consent was checked by whoever gave the tokens.

    Raises:
        NotPermitted: refused. DependencyUnavailable: the server can't be reached. SettingsInvalid: no server is set.
    """
    if account.channel == "imap":
        check_login(imap_login(settings, account, secret_of(settings, account, lambda _tokens: None)))


def imap_login(settings: Settings, account: MailAccount, secret: Callable[[], str]) -> ImapLogin:
    """Return how the account signs in at the IMAP server."""
    return ImapLogin(imap_server(settings), account.login, secret, account.tokens is not None)


def imap_server(settings: Settings) -> MailServer:
    """Return the IMAP server of the settings.

    Raises:
        SettingsInvalid: its address can't be used.
    """
    return read_server(
        settings.email_imap_url or "",
        "imap",
        ca_file=settings.email_ca_file,
        timeout_seconds=settings.email_timeout_seconds,
    )


def smtp_server(settings: Settings) -> MailServer | None:
    """Return the server that takes mail, or None when none is set.

    Raises:
        SettingsInvalid: its address can't be used.
    """
    if not settings.email_smtp_url:
        return None
    return read_server(
        settings.email_smtp_url,
        "smtp",
        ca_file=settings.email_ca_file,
        timeout_seconds=settings.email_timeout_seconds,
    )


def secret_of(settings: Settings, account: MailAccount, keep: KeepTokens) -> Callable[[], str]:
    """Return what gives the account's password, or an access token that is good now."""
    if account.tokens:
        return token_source(settings, account, keep)
    password = account.password.get_secret_value() if account.password else ""
    return lambda: password


def token_source(settings: Settings, account: MailAccount, keep: KeepTokens) -> TokenSource:
    """Return what gives access tokens for the account."""
    assert account.tokens is not None, "accounts at Microsoft 365 and Gmail are connected by consent"
    return TokenSource(provider_for(settings, account.channel), account.tokens, keep)
