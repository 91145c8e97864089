"""Real workers, killed with a real SIGKILL, between approval and the server's answer: one mail, or the doubt told.

The ledger, Dovecot, aiosmtpd and the workers are processes; the asker is the test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from assistant.mail.accounts import MailAccount
from assistant.mail.draft import DraftStatus
from assistant.mail.mailroom import AccountMailroom
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.draft_store import KeptDraft
from assistant.storage.mail_store import MailStore
from tests.peers.dovecot import PASSWORD, Dovecot, dovecot, why_missing
from tests.peers.smtp_server import SmtpServer, smtp_server
from tests.unit.workers.jobs.email_draft.test_orders import ADA, PostOffice

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0
pytestmark = [pytest.mark.services, pytest.mark.slow]


@dataclass
class House:
    """One installation: an asker with a mailbox, mail servers, and workers that can be killed."""

    settings: Settings
    office: PostOffice
    imap: Dovecot
    smtp: SmtpServer
    address: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> None:
        environment = {
            "PYTHONPATH": str(ROOT),
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.settings.steward_data),
            "STEWARD_DATA": str(self.settings.steward_data),
            "STEWARD_EMBEDDER": "hashing",
            "JOB_LEASE_SECONDS": "2",
            "EMAIL_CHANNELS": "imap",
            "EMAIL_SENDING": "true",
            "EMAIL_IMAP_URL": str(self.settings.email_imap_url),
            "EMAIL_SMTP_URL": str(self.settings.email_smtp_url),
        }
        log = (self.settings.steward_data / f"worker-{len(self.workers)}.log").open("wb")
        with log:
            self.workers.append(
                subprocess.Popen(
                    [sys.executable, "-m", "assistant.commands", "worker", "--lanes", "email,suspect"],
                    cwd=ROOT,
                    env=environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )

    def kill_worker(self) -> None:
        self.workers[-1].send_signal(signal.SIGKILL)
        self.workers[-1].wait()

    def status_once(self, kept: KeptDraft, is_over: Callable[[DraftStatus], bool]) -> DraftStatus:
        """Wait until the draft has come to an end, and return which."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            status = self.office.kept(kept.job_id).draft.status
            if is_over(status):
                return status
            threading.Event().wait(0.1)
        logs = [file.read_text()[-1500:] for file in self.settings.steward_data.glob("worker-*.log")]
        raise AssertionError(f"still {status}: {logs}")

    def ended(self, kept: KeptDraft) -> DraftStatus:
        return self.status_once(kept, lambda status: not status.is_open)


@pytest.fixture
def house(embedded_settings: Settings, missing: Callable[[str, object], None]) -> Iterator[House]:
    if why := why_missing():
        missing("Dovecot", why)
    with ExitStack() as stack:
        imap, smtp = stack.enter_context(dovecot()), stack.enter_context(smtp_server())
        settings = embedded_settings.model_copy(
            update={
                "email_channels": "imap",
                "email_imap_url": f"imap://127.0.0.1:{imap.port}",
                "email_smtp_url": f"smtp://127.0.0.1:{smtp.port}",
                "job_lease_seconds": 2.0,
            }
        )
        engine = open_engine(settings.database)
        stack.callback(engine.dispose)
        office = PostOffice(engine, settings)
        store = MailStore(engine, settings)
        assert ADA.email
        store.connect("T1", ADA.id, MailAccount(channel="imap", address=ADA.email, password=SecretStr(PASSWORD)))
        imap.add_user(ADA.email)
        office.mail = AccountMailroom(office.settings, store)
        running = House(settings, office, imap, smtp, ADA.email)
        yield running
        for worker in running.workers:
            worker.kill()
            worker.wait()


def test_a_worker_killed_while_the_server_takes_the_mail_leaves_one_mail_and_a_settled_doubt(house: House) -> None:
    def file_copy(data: bytes) -> None:
        with house.imap.signed_in(house.address) as client:
            client.append("Sent", r"(\Seen)", "", data)

    house.smtp.fault, house.smtp.files_copy = "takes_and_hangs", file_copy
    kept = house.office.ask()
    house.office.order(kept, "send")
    house.start_worker()
    assert house.smtp.hanging.wait(PATIENCE_SECONDS)

    house.kill_worker()
    house.smtp.fault = ""
    house.start_worker()

    assert house.ended(kept) is DraftStatus.SENT
    assert len(house.smtp.taken) == 1
    assert "Sent to bo@firm.test" in house.office.said(kept)


def test_a_worker_killed_before_the_mail_was_handed_over_never_sends_it_unasked(house: House) -> None:
    house.smtp.fault = "hangs_at_recipient"
    kept = house.office.ask()
    house.office.order(kept, "send")
    house.start_worker()
    assert house.smtp.hanging.wait(PATIENCE_SECONDS)

    house.kill_worker()
    house.smtp.fault = ""
    house.start_worker()

    assert house.ended(kept) is DraftStatus.UNKNOWN
    assert house.smtp.taken == []
    assert "I can't tell whether this was sent" in house.office.said(kept)


def test_an_approval_whose_worker_died_before_it_began_is_sent_once_by_two_others(house: House) -> None:
    kept = house.office.ask()
    first, second = house.office.order(kept, "send"), house.office.order(kept, "send")
    assert house.office.claim(owner=f"ghost-{uuid4().hex}-{os.getpid()}") is not None  # and is never heard of again

    house.start_worker()
    house.start_worker()

    assert (first, second) == (True, False)
    assert house.ended(kept) is DraftStatus.SENT
    assert [envelope.rcpt_tos for envelope in house.smtp.taken] == [["bo@firm.test"]]
    assert len(house.imap.messages(house.address, "Sent")) == 1


def test_a_refusal_is_told_and_pressing_again_sends_once(house: House) -> None:
    house.smtp.refused["bo@firm.test"] = "550 5.1.1 No such user"
    kept = house.office.ask()
    house.office.order(kept, "send")
    house.start_worker()
    house.status_once(kept, lambda _status: house.office.outcomes(kept)[-1] == ("send", "not_done"))
    refused = house.office.said(kept)

    house.smtp.refused.clear()
    house.office.order(house.office.kept(kept.job_id), "send")

    assert house.ended(kept) is DraftStatus.SENT
    assert "Not sent, for certain: the server refused bo@firm.test (550 5.1.1 No such user)" in refused
    assert len(house.smtp.taken) == 1
