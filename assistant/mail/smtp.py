"""Hand an approved message to a mail server (SMTP submission), once, and say exactly what became of it.

All recipients get it or none does: when the server refuses one of them, nothing is handed over, because a mail that
reached half of its recipients can't be sent again and can't be taken back. The message counts as handed over from
the moment its final dot is on its way. A connection that breaks before that moment left nothing behind, for certain;
one that breaks after it leaves a doubt, which only the Sent mailbox can settle.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from assistant.errors import StewardError
from assistant.mail.imap import ImapSent
from assistant.mail.port import ApprovedMessage, Sending, SendOutcome
from assistant.mail.servers import MailServer

log = structlog.get_logger()

LAST_ANSWER_SECONDS = 120.0  # for the answer to the final dot: servers scan the message meanwhile (RFC 5321: 600)
_LOGIN_REFUSED = "the mail server refused the log-in. Please connect your mail account again"
_LATER = "it says to try again later: press Send again in some minutes"
_WORDS_CHARS = 160
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SmtpLogin:
    """Who signs in where. `secret` is asked at each log-in: a password, or a fresh access token."""

    server: MailServer
    user: str
    secret: Callable[[], str]
    uses_token: bool = False  # XOAUTH2 instead of PLAIN or LOGIN


class _Refused(Exception):
    """The server said no before anything was handed over; the text is for the asker."""


class SmtpSender:
    """Sends as one person; `sent` is where their mail program keeps copies, if IMAP reaches it."""

    def __init__(self, login: SmtpLogin, sent: ImapSent | None, *, keeps_copy: bool = True) -> None:
        """`keeps_copy`: put a copy into Sent. Off where the server does that itself."""
        self._login = login
        self._sent = sent
        self._keeps_copy = keeps_copy

    def send(self, message: ApprovedMessage) -> Sending:
        """Send, once; every ending is one of the three outcomes."""
        try:
            secret = self._login.secret()
            with _Conversation(self._login.server) as server:
                server.sign_in(self._login, secret)
                server.address(message)
                sending = server.hand_over(message.data)
        except StewardError as error:  # of the token: the mail server was not reached
            return Sending(SendOutcome.NOT_SENT, error.reply)
        except _Refused as error:
            return Sending(SendOutcome.NOT_SENT, str(error))
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mail.server_away", place=self._login.server.host, reason=str(error)[:200])
            return Sending(SendOutcome.NOT_SENT, "the mail server can't be reached, or broke off before the message")
        if sending.outcome is SendOutcome.SENT:
            return self._kept(message)
        if sending.outcome is SendOutcome.UNKNOWN and self._found(message.message_id):
            return Sending(SendOutcome.SENT, "the mail server broke off, but the mail lies in your Sent folder")
        return sending

    def was_sent(self, message_id: str) -> bool | None:
        """Return whether it lies in Sent, or None where IMAP doesn't reach that."""
        return self._sent.holds(message_id) if self._sent else None

    def _found(self, message_id: str) -> bool:
        try:
            return self.was_sent(message_id) is True
        except StewardError as error:
            log.warning("mail.sent_not_read", reason=str(error)[:200])
            return False

    def _kept(self, message: ApprovedMessage) -> Sending:
        if self._sent is None or not self._keeps_copy:
            return Sending(SendOutcome.SENT)
        try:
            self._sent.keep(message.message_id, message.data)
        except StewardError as error:
            return Sending(SendOutcome.SENT, f"I couldn't put a copy into your Sent folder: {error.reply}")
        return Sending(SendOutcome.SENT)


class _Conversation:
    """One connection to the server, up to the answer to the final dot."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def __enter__(self) -> _Conversation:
        server = self._server
        if server.security == "tls":
            self._smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout_seconds, context=server.tls
            )
        else:
            self._smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)
        try:
            self._smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                self._smtp.starttls(context=server.tls)
                self._smtp.ehlo()
        except BaseException:
            self._smtp.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()  # all that mattered was answered before

    def sign_in(self, login: SmtpLogin, secret: str) -> None:
        try:
            if login.uses_token:
                words = f"user={login.user}\x01auth=Bearer {secret}\x01\x01"
                # A refused token is answered with a challenge that holds the reason and wants an empty line.
                self._smtp.auth("XOAUTH2", lambda challenge=None: words if challenge is None else "")
            elif login.user.isascii() and secret.isascii():
                self._smtp.login(login.user, secret)
            else:  # smtplib knows ASCII alone; PLAIN is UTF-8 (RFC 4616)
                words = b64encode(f"\0{login.user}\0{secret}".encode()).decode()
                code, answer = self._smtp.docmd("AUTH", f"PLAIN {words}")
                if code != 235:
                    raise smtplib.SMTPAuthenticationError(code, answer)
        except smtplib.SMTPAuthenticationError as error:
            code = error.smtp_code
            raise _Refused(_LATER if 400 <= code < 500 else f"{_LOGIN_REFUSED} ({code})") from error
        except smtplib.SMTPNotSupportedError as error:
            raise _Refused("the mail server offers no log-in that Steward knows") from error

    def address(self, message: ApprovedMessage) -> None:
        """Name sender and recipients; one that is refused ends it for all."""
        limit = int(self._smtp.esmtp_features.get("size", "") or 0)
        if limit and len(message.data) > limit:
            raise _Refused(f"it is larger than the {limit // 1000} kB that your mail server takes")
        options = [f"SIZE={len(message.data)}"] if "size" in self._smtp.esmtp_features else []
        if not message.data.isascii():
            if "8bitmime" not in self._smtp.esmtp_features:
                raise _Refused("your mail server takes plain ASCII alone (no 8BITMIME)")
            options.append("BODY=8BITMIME")
        code, words = self._smtp.mail(message.sender, options)
        if code != 250:
            raise _Refused(_said(f"the server refused {message.sender} as sender", code, words))
        refused = []
        for recipient in dict.fromkeys(message.recipients):
            code, words = self._smtp.rcpt(recipient)
            if code not in (250, 251):
                refused.append(_said(f"the server refused {recipient}", code, words))
        if refused:
            others = len(dict.fromkeys(message.recipients)) - len(refused)
            nobody = "; nobody else got it either" if others else ""
            raise _Refused("; ".join(refused) + nobody)

    def hand_over(self, data: bytes) -> Sending:
        """Send the message, and its final dot in a step of its own."""
        code, words = self._smtp.docmd("DATA")
        if code != 354:
            raise _Refused(_said("the server refused the message", code, words))
        connection = self._smtp.sock
        assert connection is not None
        lines = _LEADING_DOT.sub(b"..", data)
        connection.sendall(lines if lines.endswith(b"\r\n") else lines + b"\r\n")
        if _has_something_to_say(connection):  # nothing is due before the dot: it closed, or gave up on us
            raise _Refused("the mail server broke off in the middle of the message")
        try:
            connection.settimeout(max(LAST_ANSWER_SECONDS, self._server.timeout_seconds))
            connection.sendall(b".\r\n")
            code, words = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mail.fate_unknown", place=self._server.host, reason=str(error)[:200])
            return Sending(SendOutcome.UNKNOWN, "the mail server broke off before it said whether it took the mail")
        if code == 250:
            return Sending(SendOutcome.SENT)
        if 400 <= code < 600:
            raise _Refused(_said("the server refused the message", code, words))
        return Sending(SendOutcome.UNKNOWN, f"the mail server's answer can't be understood ({code})")


def _has_something_to_say(connection: socket.socket) -> bool:
    """Return whether the server closed the connection, or spoke out of turn, without waiting for it."""
    connection.settimeout(0)
    try:
        connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    return True


def _said(what: str, code: int, words: bytes) -> str:
    """Return the refusal with the server's code and words, on one line and cut: it is shown to the asker."""
    text = " ".join(words.decode("utf-8", "replace").split())[:_WORDS_CHARS]
    later = f"; {_LATER}" if 400 <= code < 500 else ""
    return f"{what} ({code} {text.rstrip('.')}){later}"
