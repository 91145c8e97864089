"""Saving, sending and discarding, over the real ledger: whatever dies where, a mail goes out once or clearly not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from assistant.errors import NotPermitted, RequestInvalid, StorageFull
from assistant.job_kinds import EMAIL_DRAFT
from assistant.jobs import Job, JobStatus
from assistant.mail.draft import DraftStatus, content_hash
from assistant.mail.own_edits import OwnEdit, apply_edit
from assistant.mail.port import ApprovedMessage, Sending, SendOutcome
from assistant.mail.twins import DraftsTwin, MailroomTwin, SenderTwin
from assistant.mentions import Platform
from assistant.replies import Action, Actions, Reply
from assistant.settings import Settings
from assistant.storage.draft_store import DraftStore, KeptDraft, OrderAction
from assistant.storage.job_repair import JobRepair
from assistant.storage.job_store import JobStore
from tests.factories import make_mention
from tests.twins.jobs import FilesTwin, make_context
from tests.unit.workers.jobs.email_draft.drafting import PEOPLE, Directory, NoDocuments
from workers.jobs.email_draft.run import run

LANES = ("email", "suspect")
ADA = PEOPLE[0].person
TO_BO = "Ask Bo whether the contract is signed."


class Killed(BaseException):
    """What a kill -9 looks like from inside a test."""


class PostOffice:
    """A ledger, a mailroom, and the worker and the asker in front of them."""

    def __init__(self, engine: sa.Engine, settings: Settings, *, sending: bool = True) -> None:
        self.settings = settings.model_copy(update={"email_sending": sending})
        self.engine = engine
        self.jobs = JobStore(engine, self.settings)
        self.repair = JobRepair(engine)
        self.store = DraftStore(engine)
        self.folder = DraftsTwin()
        self.sender = SenderTwin()
        self.mail = MailroomTwin(self.folder, self.sender)
        self.files = FilesTwin()

    def ask(self, text: str = TO_BO, **options: Any) -> KeptDraft:
        mention = make_mention(text, kind="email_draft", asker=ADA, platform=Platform.WEB, options=options)
        accepted = self.jobs.accept(mention, EMAIL_DRAFT, Reply(text="…", final=False))
        assert self.work()
        return self.kept(accepted.job_id)

    def kept(self, job_id: UUID) -> KeptDraft:
        kept = self.store.of_job(job_id)
        assert kept is not None
        return kept

    def order(self, kept: KeptDraft, action: OrderAction, *, person: str = "ada", **options: Any) -> bool:
        revision = kept.draft.revision
        return self.store.order(
            kept.draft.id, action, tenant="T1", person_id=person, revision=revision, options=options
        ).is_new

    def claim(self, owner: str = "w1") -> Job | None:
        return self.jobs.claim(LANES, owner=owner)

    def work(self, job: Job | None = None) -> bool:
        """Run the next job (or this claimed one) as a worker does; returns whether its end was kept."""
        job = job or self.claim()
        if job is None:
            return False
        context = replace(
            make_context(NoDocuments(), people=Directory(), files=self.files, settings=self.settings),
            drafts=self.store,
            mail=self.mail,
        )
        return self.jobs.finish(job, run(job, context))

    def kill(self, owner: str = "w1") -> None:
        self.repair.bury(owner)
        self.repair.sweep()

    def said(self, kept: KeptDraft) -> str:
        reply = self.jobs.view(kept.job_id).reply
        assert reply is not None
        return " ".join(getattr(block, "text", "") for block in reply.blocks)

    def buttons(self, kept: KeptDraft) -> list[Action]:
        reply = self.jobs.view(kept.job_id).reply
        assert reply is not None
        return [item for block in reply.blocks if isinstance(block, Actions) for item in block.items]

    def status(self, kept: KeptDraft) -> tuple[JobStatus, DraftStatus]:
        return self.jobs.view(kept.job_id).status, self.kept(kept.job_id).draft.status

    def outcomes(self, kept: KeptDraft) -> list[tuple[str, str]]:
        return [(entry.action, entry.state) for entry in self.store.audit(kept.draft.id)]


@pytest.fixture
def office(engine: sa.Engine, settings: Settings) -> PostOffice:
    return PostOffice(engine, settings)


# ------------------------------------------------------------------ the draft waits
def test_a_draft_waits_for_its_asker_and_nothing_is_sent_by_itself(office: PostOffice) -> None:
    kept = office.ask()

    assert office.status(kept) == (JobStatus.WAITING, DraftStatus.DRAFT)
    assert "Send" in [button.label for button in office.buttons(kept)]
    assert office.work() is False
    assert office.sender.sent == []


def test_without_any_mail_channel_the_job_is_simply_done(office: PostOffice) -> None:
    office.mail = MailroomTwin(None, None)

    kept = office.ask()

    assert office.status(kept) == (JobStatus.SUCCEEDED, DraftStatus.DRAFT)
    assert {"Send", "Save to Drafts"}.isdisjoint(button.label for button in office.buttons(kept))


def test_where_the_admin_has_not_allowed_sending_there_is_no_way_to_send(
    engine: sa.Engine, settings: Settings
) -> None:
    office = PostOffice(engine, settings, sending=False)
    kept = office.ask()

    assert "Send" not in [button.label for button in office.buttons(kept)]
    with pytest.raises(RequestInvalid):
        office.order(kept, "send")


def test_sending_switched_off_after_the_draft_was_shown_sends_nothing(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "send")
    office.settings = office.settings.model_copy(update={"email_sending": False})

    office.work()

    assert office.sender.sent == []
    assert "Not sent, for certain" in office.said(kept)


# ------------------------------------------------------------------ sending, once
def test_what_was_approved_is_sent_once_and_the_audit_log_says_who_and_what(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "send")

    assert office.work()

    (message,) = office.sender.sent
    assert message.recipients == ("bo@firm.test",)
    assert b"X-Unsent" not in message.data
    assert office.status(kept) == (JobStatus.SUCCEEDED, DraftStatus.SENT)
    assert "Sent to bo@firm.test" in office.said(kept)
    (entry,) = office.store.audit(kept.draft.id)
    assert (entry.person_id, entry.action, entry.state) == ("ada", "send", "done")
    assert entry.content_hash == content_hash(kept.draft) == message.content_hash


def test_a_double_click_sends_once(office: PostOffice) -> None:
    kept = office.ask()

    assert [office.order(kept, "send"), office.order(kept, "send")] == [True, False]
    office.work()

    with pytest.raises(RequestInvalid):
        office.order(kept, "send")
    assert office.work() is False
    assert len(office.sender.sent) == 1


def test_nobody_else_may_send_edit_or_see_it(office: PostOffice) -> None:
    kept = office.ask()

    with pytest.raises(NotPermitted):
        office.order(kept, "send", person="bo")
    with pytest.raises(NotPermitted):
        office.store.get(kept.draft.id, tenant="T1", person_id="bo")
    with pytest.raises(NotPermitted):
        office.store.get(kept.draft.id, tenant="T2", person_id="ada")


def test_an_approval_is_of_one_revision_and_none_before_or_after(office: PostOffice) -> None:
    kept = office.ask()
    office.store.revise(kept, apply_edit(kept.draft, OwnEdit(body="Hello Bo, is it signed?")))

    with pytest.raises(RequestInvalid, match="revision 2"):
        office.order(kept, "send")
    with pytest.raises(RequestInvalid, match="revision 2"):
        office.store.revise(kept, apply_edit(kept.draft, OwnEdit(body="Other")))


def test_nothing_can_be_edited_between_approval_and_sending(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "send")

    with pytest.raises(RequestInvalid):
        office.store.revise(kept, apply_edit(kept.draft, OwnEdit(body="Something else")))


def test_a_content_that_is_not_the_approved_one_is_not_sent(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "send")
    with office.engine.begin() as connection:
        connection.execute(sa.text("UPDATE draft_orders SET content_hash = 'of something else'"))

    office.work()

    assert office.sender.sent == []
    assert office.outcomes(kept) == [("send", "not_done")]


def test_a_draft_with_a_placeholder_cannot_be_sent_and_can_be_saved(office: PostOffice) -> None:
    kept = office.ask("Email Bo.")

    with pytest.raises(RequestInvalid, match="not ready"):
        office.order(kept, "send")
    assert office.order(kept, "save")


# ------------------------------------------------------------------ dying on the way
def test_a_worker_that_dies_before_it_begins_loses_nothing(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "send")
    assert office.claim("w1") is not None

    office.kill("w1")
    office.work()

    assert len(office.sender.sent) == 1
    assert office.status(kept) == (JobStatus.SUCCEEDED, DraftStatus.SENT)


def dies_after_taking_it(sender: SenderTwin) -> Callable[[ApprovedMessage], Sending]:
    def answer(message: ApprovedMessage) -> Sending:
        sender.sent.append(message)
        raise Killed

    return answer


def dies_before_taking_it(_sender: SenderTwin) -> Callable[[ApprovedMessage], Sending]:
    def answer(_message: ApprovedMessage) -> Sending:
        raise Killed

    return answer


@pytest.mark.parametrize(
    ("dies", "can_look", "count", "state", "words"),
    [
        (dies_after_taking_it, True, 1, DraftStatus.SENT, "Sent to"),
        (dies_after_taking_it, False, 1, DraftStatus.UNKNOWN, "can't tell whether"),
        (dies_before_taking_it, True, 0, DraftStatus.UNKNOWN, "can't tell whether"),
        (dies_before_taking_it, False, 0, DraftStatus.UNKNOWN, "can't tell whether"),
    ],
)
def test_a_worker_that_dies_while_sending_never_sends_twice_and_the_asker_is_told(
    office: PostOffice, dies: Any, can_look: bool, count: int, state: DraftStatus, words: str
) -> None:
    kept = office.ask()
    office.order(kept, "send")
    office.sender.can_look = can_look
    office.sender.answers = dies(office.sender)
    with pytest.raises(Killed):
        office.work()

    office.kill("w1")
    office.sender.answers = lambda _message: Sending(SendOutcome.SENT)
    office.work()

    assert len(office.sender.sent) == count
    assert office.status(kept) == (JobStatus.SUCCEEDED, state)
    assert words in office.said(kept)


def test_a_worker_that_comes_back_from_the_dead_neither_sends_nor_finishes(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "send")
    zombie = office.claim("w1")
    office.kill("w1")
    assert office.work()

    assert office.work(zombie) is False
    assert len(office.sender.sent) == 1
    assert office.status(kept) == (JobStatus.SUCCEEDED, DraftStatus.SENT)


def test_an_order_that_kills_every_worker_is_given_up_and_the_draft_waits_again(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "send")
    for _ in range(3):
        assert office.claim("w1") is not None
        office.kill("w1")

    assert office.sender.sent == []
    assert office.status(kept) == (JobStatus.WAITING, DraftStatus.DRAFT)
    assert "Not sent, for certain" in office.said(kept)
    assert "Send" in [button.label for button in office.buttons(kept)]


def test_an_order_taken_back_in_the_queue_sends_nothing(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "send")

    assert office.jobs.cancel(kept.job_id, by="ada")

    assert office.work() is False
    assert office.status(kept) == (JobStatus.WAITING, DraftStatus.DRAFT)
    assert office.order(kept, "send") is True


# ------------------------------------------------------------------ what servers do
def test_a_refusing_server_leaves_the_draft_open_with_its_reason(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "send")
    office.sender.answers = lambda _message: Sending(SendOutcome.NOT_SENT, "the server refused bo@firm.test (550)")

    office.work()

    assert office.status(kept) == (JobStatus.WAITING, DraftStatus.DRAFT)
    assert "Not sent, for certain: the server refused bo@firm.test (550)" in office.said(kept)
    assert office.order(kept, "send") is True


def test_a_server_that_dies_mid_data_is_unknown_and_never_asked_again(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "send")
    office.sender.answers = lambda _message: Sending(SendOutcome.UNKNOWN, "the connection broke")

    office.work()

    assert office.status(kept) == (JobStatus.SUCCEEDED, DraftStatus.UNKNOWN)
    assert "can't tell whether this was sent" in office.said(kept)
    assert office.buttons(kept) == []
    with pytest.raises(RequestInvalid):
        office.order(kept, "send")


def test_a_full_mailbox_is_told_and_the_draft_can_be_saved_later(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "save")
    office.folder.failure = StorageFull("over quota", reply="Your mailbox is full.")

    office.work()

    assert "Not saved: Your mailbox is full." in office.said(kept)
    office.folder.failure = None
    office.order(kept, "save")
    office.work()
    assert len(office.folder.messages) == 1


def test_saving_after_an_edit_replaces_the_saved_draft(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "save")
    office.work()
    saved = office.kept(kept.job_id)
    office.store.revise(saved, apply_edit(saved.draft, OwnEdit(body="Hello Bo,\n\nis it signed?")))
    office.order(office.kept(kept.job_id), "save")
    office.work()

    (message,) = office.folder.messages.values()
    assert message.revision == 2
    assert b"is it signed?" in message.data
    assert office.status(kept) == (JobStatus.WAITING, DraftStatus.SAVED)


@pytest.mark.parametrize(("action", "status"), [("discard", DraftStatus.DISCARDED), ("send", DraftStatus.SENT)])
def test_a_saved_copy_goes_when_the_draft_is_sent_or_discarded(
    office: PostOffice, action: OrderAction, status: DraftStatus
) -> None:
    kept = office.ask()
    office.order(kept, "save")
    office.work()
    office.order(kept, action)
    office.work()

    assert office.folder.messages == {}
    assert office.status(kept) == (JobStatus.SUCCEEDED, status)


# ------------------------------------------------------------------ rewriting
def test_a_friendlier_wording_is_a_new_revision_of_the_same_draft(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "rewrite", tone="friendly")
    office.work()

    now = office.kept(kept.job_id)
    assert (now.draft.id, now.draft.revision, now.draft.tone) == (kept.draft.id, 2, "friendly")
    assert now.draft.body != kept.draft.body
    assert office.store.revision(kept.draft.id, 1).body == kept.draft.body


def test_a_rewriting_that_changes_nothing_says_so(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "rewrite")
    office.work()

    assert "no other wording" in office.said(kept)


def test_writing_anew_says_where_the_askers_own_edits_went(office: PostOffice) -> None:
    kept = office.ask()
    office.store.revise(kept, apply_edit(kept.draft, OwnEdit(body="My own words.")))
    office.order(office.kept(kept.job_id), "rewrite", tone="friendly")
    office.work()

    assert "your own edits are in revision 2" in office.said(kept)


# ------------------------------------------------------------------ not deciding, forgetting
def test_a_draft_nobody_decides_about_lapses_and_can_still_be_read(office: PostOffice) -> None:
    kept = office.ask()
    with office.engine.begin() as connection:
        connection.execute(sa.text("UPDATE jobs SET deadline_at = '2026-01-01T00:00:00.000000Z'"))

    office.repair.sweep()

    assert office.status(kept) == (JobStatus.CANCELLED, DraftStatus.DISCARDED)
    assert "lapsed" in office.said(kept)
    assert office.buttons(kept) == []
    with pytest.raises(RequestInvalid):
        office.order(kept, "send")


def test_forgetting_a_conversation_forgets_its_drafts_and_keeps_the_audit_without_texts(office: PostOffice) -> None:
    kept = office.ask()
    office.order(kept, "save")
    office.work()
    with office.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM conversations"))
        left = connection.execute(sa.text("SELECT count(*) FROM draft_revisions")).scalar_one()

    assert left == 0
    assert office.store.of_job(kept.job_id) is None
    assert [entry.action for entry in office.store.recent_orders(9, person_id="ada")] == ["save"]
    assert office.store.recent_orders(9, person_id="bo") == []
    office.repair.forget_old(-1)
    assert office.store.recent_orders(9) == []
