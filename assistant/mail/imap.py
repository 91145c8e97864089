"""Drafts in a mailbox that IMAP reaches: found by its flag, kept once, replaced without ever losing both.

A draft is known by its Message-ID, which all its revisions share, never by a UID: UIDs change when a mailbox is
rebuilt. Only copies that carry our revision header are replaced or removed: a mail program in which the asker went
on writing leaves that header out, and their text is theirs.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxLoginError

from assistant.errors import DependencyUnavailable, NotPermitted, StewardError, StorageFull
from assistant.mail.eml import REVISION_HEADER
from assistant.mail.imap_folders import DRAFTS, SENT, capabilities, existing_folder, folder_for
from assistant.mail.port import DraftMessage
from assistant.mail.servers import MailServer

log = structlog.get_logger()

_LOGIN_REFUSED = (
    "your mail server refused the log-in. Please connect your mail account again (on the web page, under Settings)."
)
_AWAY = "your mail server can't be reached at present."
_LATER_CODES = ("UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT")  # RFC 5530: what is true today only


@dataclass(frozen=True, slots=True)
class ImapLogin:
    """Who signs in where. `secret` is asked at each log-in: a password, or a fresh access token."""

    server: MailServer
    user: str
    secret: Callable[[], str]
    uses_token: bool = False  # XOAUTH2 instead of LOGIN


@contextmanager
def open_mailbox(login: ImapLogin) -> Iterator[Any]:
    """Sign in, hand out the connection (no folder selected), and sign out.

    Raises:
        DependencyUnavailable: the server can't be reached, breaks off, or answers what we don't understand.
        NotPermitted: the log-in is refused. StorageFull: the mailbox is over its quota.
    """
    secret = login.secret()  # may ask the OAuth provider: its errors are its own
    try:
        box = _connected(login.server)
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        raise _told(login, error) from error
    try:
        _sign_in(box, login, secret)
        yield box
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        raise _told(login, error) from error
    finally:
        _sign_out(box)


class ImapDrafts:
    """The Drafts mailbox of one person."""

    def __init__(self, login: ImapLogin) -> None:
        self._login = login

    def save(self, message: DraftMessage) -> str:
        """Put the draft into Drafts; earlier copies of it go once the new one is in."""
        return self._put(message, {message.message_id})

    def replace(self, remote_id: str, message: DraftMessage) -> str:
        """Put the draft in the place of an earlier revision, or anew when that is gone."""
        return self._put(message, {message.message_id, remote_id})

    def remove(self, remote_id: str) -> None:
        """Take the draft out of Drafts."""
        with open_mailbox(self._login) as box:
            folder = existing_folder(box, DRAFTS)
            if folder is not None:
                box.folder.set(folder)
                _delete(box, _ours(box, {remote_id}))

    def _put(self, message: DraftMessage, replaced: set[str]) -> str:
        with open_mailbox(self._login) as box:
            folder = folder_for(box, DRAFTS)
            box.folder.set(folder)
            before = _ours(box, replaced)
            box.append(message.data, folder, flag_set=["\\Draft", "\\Seen"])
            # Only now: whatever dies between these two lines leaves two copies, and the next saving tidies up.
            _delete(box, before)
        return message.message_id


class ImapSent:
    """The Sent mailbox of one person: what tells whether a doubtful mail went out."""

    def __init__(self, login: ImapLogin) -> None:
        self._login = login

    def holds(self, message_id: str) -> bool | None:
        """Return whether a message with this id lies there, or None when there is no such mailbox."""
        with open_mailbox(self._login) as box:
            folder = existing_folder(box, SENT)
            if folder is None:
                return None
            box.folder.set(folder, readonly=True)
            return bool(_with_id(box, message_id))

    def keep(self, message_id: str, data: bytes) -> None:
        """Put a copy of what was sent there, unless the server has done so itself."""
        with open_mailbox(self._login) as box:
            folder = folder_for(box, SENT)
            box.folder.set(folder)
            if not _with_id(box, message_id):
                box.append(data, folder, flag_set=["\\Seen"])


def check_login(login: ImapLogin) -> None:
    """Sign in and look for the Drafts mailbox: what is done before an account is kept.

    Raises:
        DependencyUnavailable, NotPermitted: as `open_mailbox`.
    """
    with open_mailbox(login) as box:
        existing_folder(box, DRAFTS)


# ------------------------------------------------------------------ the connection
def _connected(server: MailServer) -> BaseMailBox:
    match server.security:
        case "tls":
            return MailBox(server.host, server.port, timeout=server.timeout_seconds, ssl_context=server.tls)
        case "starttls":
            return MailBoxStartTls(server.host, server.port, timeout=server.timeout_seconds, ssl_context=server.tls)
        case _:
            return MailBoxUnencrypted(server.host, server.port, timeout=server.timeout_seconds)


def _sign_in(box: Any, login: ImapLogin, secret: str) -> None:
    if login.uses_token:
        box.xoauth2(login.user, secret, initial_folder=None)
    elif login.user.isascii() and secret.isascii():
        box.login(login.user, secret, initial_folder=None)
    else:
        box.login_utf8(login.user, secret, initial_folder=None)


def _sign_out(box: Any) -> None:
    try:
        box.logout()
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        log.debug("mail.logout_failed", reason=type(error).__name__)  # all that mattered was answered before


def _told(login: ImapLogin, error: Exception) -> StewardError:
    """Return what happened in our own words: for the operator with the server's, for the asker without."""
    said = str(error)[:300]
    place = f"IMAP server {login.server.host}:{login.server.port}"
    if "OVERQUOTA" in said.upper() or "quota exceeded" in said.lower():
        return StorageFull(f"{place}: {said}", reply="your mailbox is full. Make room in it and try again.")
    if _is_refusal(error) and not any(code in said.upper() for code in _LATER_CODES):
        return NotPermitted(f"{place} refused the log-in", reply=_LOGIN_REFUSED)
    if isinstance(error, ssl.SSLCertVerificationError):
        return DependencyUnavailable(f"{place}: its certificate can't be trusted: {said}", reply=_AWAY)
    if "TOOBIG" in said.upper():
        return StorageFull(f"{place}: {said}", reply="this draft is larger than your mail server takes.")
    return DependencyUnavailable(f"{place}: {said}", reply=_AWAY)


def _is_refusal(error: Exception) -> bool:
    """Return whether the log-in was answered with no; `authenticate` of imaplib raises a bare error for that."""
    if isinstance(error, MailboxLoginError):
        return True
    return type(error) is imaplib.IMAP4.error and "AUTHENTICATIONFAILED" in str(error).upper()


# ------------------------------------------------------------------ messages in the selected folder
def _with_id(box: Any, message_id: str, also: str = "") -> list[str]:
    quoted = message_id.replace("\\", "").replace('"', "")
    found: list[str] = box.uids(f'HEADER "Message-ID" "{quoted}"{also}')
    return found


def _ours(box: Any, message_ids: set[str]) -> list[str]:
    """Return the copies that Steward put there."""
    return [uid for one in sorted(message_ids) for uid in _with_id(box, one, f' HEADER "{REVISION_HEADER}" ""')]


def _delete(box: Any, uids: list[str]) -> None:
    """Delete these messages and no other: a plain EXPUNGE would take what the asker has only marked for it."""
    if not uids:
        return
    _uid_command(box, "STORE", ",".join(uids), "+FLAGS.SILENT", r"(\Deleted)")
    if "UIDPLUS" in capabilities(box):
        _uid_command(box, "EXPUNGE", ",".join(uids))
    elif set(box.uids("DELETED")) <= set(uids):
        box.expunge()


def _uid_command(box: Any, command: str, *arguments: str) -> None:
    status, answer = box.client.uid(command, *arguments)
    if status != "OK":
        raise imaplib.IMAP4.error(f"UID {command}: {answer}")
