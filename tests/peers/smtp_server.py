"""A real SMTP server (aiosmtpd) that goes wrong as told, and keeps what it took."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PASSWORD = "correct horse"
Fault = Literal[
    *("", "dies_in_data", "dies_after_dot", "takes_and_dies", "garbage", "refuses_data", "greylists"),
    *("hangs_at_recipient", "takes_and_hangs"),
]


@dataclass
class SmtpServer:
    """What it took, and what it shall do wrong."""

    taken: list[Envelope] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)  # recipient: answer
    refused_sender: str = ""
    fault: Fault = ""
    tokens: dict[str, str] = field(default_factory=dict)  # access tokens that are good, with whose they are
    logins: list[str] = field(default_factory=list)
    files_copy: Callable[[bytes], None] = lambda _data: None  # what a server does that fills Sent itself
    hanging: threading.Event = field(default_factory=threading.Event)  # set once it hangs
    port: int = 0

    # -------------------------------------------------------------- aiosmtpd's hooks
    def authenticate(self, _server: SMTP, _session: Session, _env: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Check a password."""
        assert isinstance(data, LoginPassword)
        good = data.password.decode() == PASSWORD
        self.logins.append(mechanism)
        return AuthResult(success=good, handled=False)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        """Check an access token; a bad one is answered with a challenge, as Google and Microsoft do."""
        said = base64.b64decode(args[1]).decode()
        user, token = (part.partition("=")[2] for part in said.strip("\x01").split("\x01"))
        self.logins.append("XOAUTH2")
        if self.tokens.get(token.removeprefix("Bearer ")) == user:
            return AuthResult(success=True, handled=False)
        await server.push("334 " + base64.b64encode(b'{"status":"401"}').decode())
        await server._reader.readline()
        return AuthResult(success=False, handled=False)

    async def handle_MAIL(self, _s: SMTP, _q: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Take the sender."""
        if self.refused_sender:
            return self.refused_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _s: SMTP, _q: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Take a recipient, or not."""
        if self.fault == "greylists":
            return "451 4.7.1 Greylisted, please come back"
        if self.fault == "hangs_at_recipient":
            await self._hang()
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take the message, or not."""
        match self.fault:
            case "refuses_data":
                return "554 5.7.1 This looks like spam"
            case "dies_after_dot":
                _die(server)
            case "takes_and_dies":
                self.taken.append(envelope)
                _die(server)
            case "takes_and_hangs":
                self.taken.append(envelope)
                assert isinstance(envelope.content, bytes)
                await asyncio.to_thread(self.files_copy, envelope.content)
                await self._hang()
            case "garbage":
                return "huh"
        self.taken.append(envelope)
        return "250 OK"

    async def _hang(self) -> None:
        """Say nothing until the other side is gone."""
        self.hanging.set()
        await asyncio.get_running_loop().create_future()


class _Faulty(SMTP):
    """aiosmtpd's own, but that it may die between DATA and the final dot."""

    async def smtp_DATA(self, arg: str) -> None:
        if self.event_handler.fault != "dies_in_data":
            await super().smtp_DATA(arg)
            return
        await self.push("354 Go on")
        await self._reader.readline()
        _die(self)


def _die(server: SMTP) -> None:
    server.transport.abort()
    raise asyncio.CancelledError


@contextmanager
def smtp_server(
    *,
    certificate: tuple[Path, Path] | None = None,
    security: Literal["none", "starttls", "tls"] = "none",
    size_limit: int = 10_000_000,
) -> Iterator[SmtpServer]:
    """Run a server that wants a log-in."""
    state = SmtpServer()
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        state.port = int(free.getsockname()[1])

    class _Controller(Controller):
        def factory(self) -> SMTP:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that a password crosses loopback in the clear
                return _Faulty(
                    state,
                    data_size_limit=size_limit,
                    authenticator=state.authenticate,
                    auth_required=True,
                    auth_require_tls=security == "starttls",
                    require_starttls=security == "starttls",
                    tls_context=context if security == "starttls" else None,
                )

    controller = _Controller(
        state, hostname="127.0.0.1", port=state.port, ssl_context=context if security == "tls" else None
    )
    controller.start()
    try:
        yield state
    finally:
        controller.stop()
