"""A real Dovecot for tests: a process of ours on random ports, with its mailboxes in a folder of its own.

Debian's package is needed (dovecot-imapd). It runs as whoever runs the tests; as root, the mail belongs to nobody.
"""

from __future__ import annotations

import getpass
import grp
import imaplib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.peers.certificates import make_certificate

START_SECONDS = 15.0
PASSWORD = "correct horse"
_CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
mail_plugins = quota
imap_capability = {capability}
{rights}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {folder}/users/%u
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
{mailboxes}
}}
protocol imap {{
  mail_plugins = quota imap_quota
}}
plugin {{
  quota = maildir:User quota
}}
# Who gave a wrong password would wait for seconds at their next good one.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""
_OAUTH2 = """
tokeninfo_url = {url}/tokeninfo?access_token=
introspection_mode =
username_attribute = email
"""
# Nobody but root can change to other users, or lock a process into a folder.
_AS_ONESELF = """
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    """One running server."""

    folder: Path
    port: int
    tls_port: int
    certificate: Path
    tokens: dict[str, str]  # access tokens that are good now, with the address each is for

    def add_user(self, address: str, password: str = PASSWORD, *, quota: str = "") -> str:
        """Let somebody sign in; `quota` such as "20K" is the size of their mailbox. Returns the address."""
        rule = f"::::::userdb_quota_rule=*:storage={quota}" if quota else ""
        # A file each: Dovecot looks for changes of one file once a second at most.
        (self.folder / "users" / address).write_text(f"{address}:{{PLAIN}}{password}{rule}\n")
        return address

    @contextmanager
    def signed_in(self, address: str, password: str = PASSWORD) -> Iterator[imaplib.IMAP4]:
        """A connection of the person's own mail program."""
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(address, password)
        try:
            yield client
        finally:
            client.logout()

    def messages(self, address: str, mailbox: str) -> list[bytes]:
        """Return all messages of a mailbox, oldest first."""
        with self.signed_in(address) as client:
            client.select(mailbox, readonly=True)
            numbers = client.search(None, "ALL")[1][0].split()
            return [client.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in numbers]  # type: ignore[index,misc]


def why_missing() -> str | None:
    """Return what is not installed, or None."""
    return None if shutil.which("dovecot") else "Dovecot is not installed (apt-get install dovecot-imapd)"


@contextmanager
def dovecot(
    mailboxes: tuple[tuple[str, str], ...] = (("Drafts", r"\Drafts"), ("Sent", r"\Sent")), *, capability: str = ""
) -> Iterator[Dovecot]:
    """Run a server whose people have these mailboxes (name and flag; no flag: a name alone)."""
    folder = Path(tempfile.mkdtemp(prefix="steward-dovecot-"))  # short: Unix sockets live below it
    folder.chmod(0o755)
    certificate, key = make_certificate(folder)
    is_root = os.getuid() == 0
    user = "nobody" if is_root else getpass.getuser()
    group = "nogroup" if is_root else grp.getgrgid(os.getgid()).gr_name
    (folder / "mail").mkdir()
    if is_root:
        shutil.chown(folder / "mail", user, group)
    (folder / "users").mkdir()
    tokens: dict[str, str] = {}
    port, tls_port = _free_port(), _free_port()
    listed = "\n".join(
        f'  mailbox "{name}" {{\n    auto = subscribe\n' + (f"    special_use = {flag}\n" if flag else "") + "  }"
        for name, flag in mailboxes
    )
    with _token_service(tokens) as url:
        (folder / "oauth2.conf").write_text(_OAUTH2.format(url=url))
        rights = "first_valid_uid = 1" if is_root else _AS_ONESELF.format(user=user, group=group)
        values = {"certificate": certificate, "key": key, "user": user, "group": group, "mailboxes": listed}
        places = {"folder": folder, "port": port, "tls_port": tls_port, "rights": rights, "capability": capability}
        (folder / "dovecot.conf").write_text(_CONFIGURATION.format(**values, **places))
        process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(folder / "dovecot.conf")], stderr=subprocess.PIPE, start_new_session=True
        )
        try:
            _wait(process, port)
            yield Dovecot(folder, port, tls_port, certificate, tokens)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # told to end, it takes a second
            process.wait(START_SECONDS)
            shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            assert process.stderr is not None
            raise RuntimeError(f"Dovecot ended: {process.stderr.read().decode()}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            threading.Event().wait(0.05)
        else:
            return
    raise RuntimeError("Dovecot did not start")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _token_service(tokens: dict[str, str]) -> Iterator[str]:
    """Answer Dovecot's question whose token this is."""

    class TokenInfo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = parse_qs(urlsplit(self.path).query).get("access_token", [""])[0]
            address = tokens.get(token)
            body = f'{{"email": "{address}", "active": true}}' if address else '{"error": "invalid_token"}'
            self.send_response(200 if address else 401)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), TokenInfo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
