"""`steward mail` and the doctor's lines, as an operator meets them, with a real Dovecot."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.commands import main
from assistant.doctor import examine
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.mail_store import MailStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from tests.peers.dovecot import PASSWORD, Dovecot, dovecot, why_missing

pytestmark = pytest.mark.services
ADDRESS = "ada@example.test"


@pytest.fixture(scope="module")
def server(missing: Callable[[str, object], None]) -> Iterator[Dovecot]:
    if why := why_missing():
        missing("Dovecot", why)
    with dovecot() as running:
        running.add_user(ADDRESS)
        yield running


@pytest.fixture
def home(server: Dovecot, embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("STEWARD_DATA", str(embedded_settings.steward_data))
    monkeypatch.setenv("EMAIL_CHANNELS", "imap")
    monkeypatch.setenv("EMAIL_IMAP_URL", f"imaps://127.0.0.1:{server.tls_port}")
    monkeypatch.setenv("EMAIL_CA_FILE", str(server.certificate))
    engine = open_engine(embedded_settings.database)
    PeopleStore(engine).upsert_all("local", [PersonProfile(id="ada", name="Ada Lund", email=ADDRESS)])
    engine.dispose()
    return embedded_settings


def password(folder: Path, text: str) -> str:
    file = folder / "password"
    file.write_text(f"{text}\n")
    return str(file)


def test_an_operator_connects_checks_lists_and_forgets_a_mailbox(
    home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connected = main(["mail", "connect", ADDRESS, "--password-file", password(tmp_path, PASSWORD)])
    checked = main(["mail", "check", "Ada Lund"])
    listed = main(["mail", "list"])
    forgotten = main(["mail", "disconnect", "ada"])
    gone = main(["mail", "check", "ada"])

    said = capsys.readouterr()
    assert (connected, checked, listed, forgotten, gone) == (0, 0, 0, 0, 1)
    assert f"Connected: {ADDRESS} by IMAP and SMTP." in said.out
    assert f"{ADDRESS} by IMAP and SMTP: the log-in works." in said.out
    assert "local  ada  imap" in said.out
    assert "Ada Lund has connected no mailbox." in said.err
    assert PASSWORD not in said.out + said.err


def test_a_wrong_password_is_not_kept(home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["mail", "connect", "ada", "--password-file", password(tmp_path, "wrong")])

    assert status == 1
    assert "refused this name and password" in capsys.readouterr().err
    assert MailStore(open_engine(home.database), home).connected() == []


def mail_lines(settings: Settings) -> dict[str, str]:
    return {one.subject: one.state for one in examine(settings) if one.subject in ("mail", "IMAP", "SMTP")}


def test_the_doctor_tells_which_mail_server_can_be_used(server: Dovecot, embedded_settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        silent = free.getsockname()[1]
    good = {
        "email_channels": "imap",
        "email_imap_url": f"imaps://127.0.0.1:{server.tls_port}",
        "email_ca_file": server.certificate,
        "email_sending": True,
    }
    whole = embedded_settings.model_copy(update=good)
    broken = whole.model_copy(update={"email_ca_file": None, "email_smtp_url": f"smtp://127.0.0.1:{silent}"})

    assert mail_lines(embedded_settings) == {"mail": "off"}
    assert mail_lines(whole) == {"mail": "ok", "IMAP": "ok", "SMTP": "warn"}
    assert mail_lines(broken) == {"mail": "ok", "IMAP": "fail", "SMTP": "fail"}
