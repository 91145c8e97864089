"""What every mail channel promises: a draft lies in Drafts once, a mail goes out once or the doubt is told.

Run over the twins, IMAP (a real Dovecot) and SMTP (a real aiosmtpd), and Microsoft Graph and Gmail (our stand-ins).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from assistant.errors import StorageFull
from assistant.mail.port import SendOutcome
from tests.contract.mail_harness import (
    DRAFT,
    DraftsHarness,
    SenderHarness,
    approved,
    gmail_drafts,
    gmail_sender,
    graph_drafts,
    graph_sender,
    imap_drafts,
    revised,
    saved,
    smtp_sender,
    twin_drafts,
    twin_sender,
)
from tests.peers.dovecot import Dovecot, dovecot, why_missing

MISSING_ID = "<never@example.test>"
BODY = DRAFT.body


@pytest.fixture(scope="module")
def server(missing: Callable[[str, object], None]) -> Iterator[Dovecot]:
    if why := why_missing():
        missing("Dovecot", why)
    with dovecot() as running:
        yield running


@pytest.fixture(params=["twin", pytest.param("imap", marks=pytest.mark.services), "graph", "gmail"])
def folder(request: pytest.FixtureRequest) -> Iterator[DraftsHarness]:
    if request.param == "imap":
        with imap_drafts(request.getfixturevalue("server"), f"{uuid4().hex}@example.test") as harness:
            yield harness
        return
    with {"twin": twin_drafts, "graph": graph_drafts, "gmail": gmail_drafts}[request.param]() as harness:
        yield harness


@pytest.fixture(params=["twin", pytest.param("smtp", marks=pytest.mark.services), "graph", "gmail"])
def mail(request: pytest.FixtureRequest) -> Iterator[SenderHarness]:
    if request.param == "smtp":
        with smtp_sender(request.getfixturevalue("server"), f"{uuid4().hex}@example.test") as harness:
            yield harness
        return
    with {"twin": twin_sender, "graph": graph_sender, "gmail": gmail_sender}[request.param]() as harness:
        yield harness


# ------------------------------------------------------------------ Drafts
def test_a_saved_draft_lies_in_drafts_as_it_was_written(folder: DraftsHarness) -> None:
    folder.drafts.save(saved())

    assert folder.held() == [(saved().message_id, BODY)]


def test_saving_the_same_draft_again_leaves_one(folder: DraftsHarness) -> None:
    folder.drafts.save(saved())

    folder.drafts.save(saved(revised("Anders.")))

    assert folder.held() == [(saved().message_id, "Anders.")]


def test_an_edit_takes_the_place_of_the_earlier_revision(folder: DraftsHarness) -> None:
    remote_id = folder.drafts.save(saved())

    remote_id = folder.drafts.replace(remote_id, saved(revised("Zweite Fassung.")))
    folder.drafts.replace(remote_id, saved(revised("Dritte Fassung.", 3)))

    assert folder.held() == [(saved().message_id, "Dritte Fassung.")]


def test_a_draft_that_its_asker_deleted_is_saved_anew(folder: DraftsHarness) -> None:
    remote_id = folder.drafts.save(saved())
    folder.empty()

    folder.drafts.replace(remote_id, saved(revised("Noch einmal.")))

    assert folder.held() == [(saved().message_id, "Noch einmal.")]


def test_removing_takes_the_draft_and_nothing_else_and_may_be_repeated(folder: DraftsHarness) -> None:
    other = DRAFT.model_copy(update={"id": "d_2"})
    remote_id = folder.drafts.save(saved())
    folder.drafts.save(saved(other))

    folder.drafts.remove(remote_id)
    folder.drafts.remove(remote_id)

    assert folder.held() == [(saved(other).message_id, BODY)]


def test_a_full_mailbox_is_said_to_the_asker_and_the_earlier_revision_stays(folder: DraftsHarness) -> None:
    remote_id = folder.drafts.save(saved())
    folder.fill_up()

    with pytest.raises(StorageFull) as caught:
        folder.drafts.replace(remote_id, saved(revised("Zu viel.\n" + ("x" * 60 + "\n") * 300)))

    assert "full" in caught.value.reply
    assert folder.held() == [(saved().message_id, BODY)]


# ------------------------------------------------------------------ sending
def test_an_approved_message_reaches_all_recipients_once(mail: SenderHarness) -> None:
    sending = mail.sender.send(approved())

    assert sending.outcome is SendOutcome.SENT
    assert mail.delivered() == [({"bo@example.test", "cy@example.test", "di@example.test"}, BODY)]
    assert mail.sender.was_sent(approved().message_id) is True


def test_what_was_never_sent_is_not_found(mail: SenderHarness) -> None:
    assert mail.sender.was_sent(MISSING_ID) is False


def test_a_refusal_is_clearly_not_sent_and_reaches_nobody(mail: SenderHarness) -> None:
    mail.refuse()

    sending = mail.sender.send(approved())

    assert sending.outcome is SendOutcome.NOT_SENT
    assert sending.detail
    assert mail.delivered() == []


def test_a_server_that_takes_the_mail_and_dies_is_never_told_as_not_sent(mail: SenderHarness) -> None:
    mail.take_and_die()

    sending = mail.sender.send(approved())

    assert sending.outcome in (SendOutcome.SENT, SendOutcome.UNKNOWN)
    assert len(mail.delivered()) == 1


def test_a_server_that_dies_without_the_mail_is_never_told_as_sent(mail: SenderHarness) -> None:
    mail.die()

    sending = mail.sender.send(approved())

    assert sending.outcome in (SendOutcome.NOT_SENT, SendOutcome.UNKNOWN)
    assert mail.delivered() == []
