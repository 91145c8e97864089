"""Where a mail server is and how its connection is kept secret, as one address in the settings says it.

imaps://mail.example.com            TLS from the first byte (port 993, or 465 for smtps)
imap+starttls://mail.example.com    STARTTLS before any log-in (port 143, or 587 for smtp); never without
imap://127.0.0.1:10143              in the clear: a server on the same machine only
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from assistant.errors import SettingsInvalid

Security = Literal["tls", "starttls", "none"]
_SCHEMES: dict[str, tuple[str, Security, int]] = {
    "imaps": ("imap", "tls", 993),
    "imap+starttls": ("imap", "starttls", 143),
    "imap": ("imap", "none", 143),
    "smtps": ("smtp", "tls", 465),
    "smtp+starttls": ("smtp", "starttls", 587),
    "smtp": ("smtp", "none", 587),
}


@dataclass(frozen=True, slots=True)
class MailServer:
    """One server: its place, how its connection is secured, and whom its certificate is checked against."""

    host: str
    port: int
    security: Security
    ca_file: Path | None = None  # None: the machine's own list of authorities
    timeout_seconds: float = 20.0  # of connecting, and of each answer

    @property
    def tls(self) -> ssl.SSLContext:
        """The settings of its TLS connections: certificate and host name are always checked."""
        return ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)


def read_server(
    url: str, protocol: Literal["imap", "smtp"], *, ca_file: Path | None = None, timeout_seconds: float = 20.0
) -> MailServer:
    """Return the server that the address names.

    Raises:
        SettingsInvalid: it is no such address, or it would send passwords in the clear over a network.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsInvalid(f"{url!r} is no address of a mail server: {error}") from error
    known = _SCHEMES.get(parts.scheme)
    if known is None or known[0] != protocol or not host:
        raise SettingsInvalid(
            f"{url!r} is no address of a mail server: write {protocol}s://HOST or {protocol}+starttls://HOST."
        )
    if known[1] == "none" and not _is_loopback(host):
        raise SettingsInvalid(
            f"{protocol}://{host} would send passwords in the clear: write {protocol}s:// or {protocol}+starttls://."
        )
    return MailServer(host, port or known[2], known[1], ca_file, timeout_seconds)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
