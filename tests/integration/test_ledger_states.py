"""A model of the ledger's states, walked at random by hypothesis and compared with the ledger after every step."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from assistant.errors import Cancelled, DependencyUnavailable
from assistant.job_kinds import POLICY_SEARCH
from assistant.jobs import DraftChange, Job, JobStatus, OrderOutcome
from assistant.mail.draft import EmailDraft
from assistant.mentions import Mention
from assistant.replies import Reply
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.draft_store import DraftStore
from assistant.storage.job_repair import MAX_WORKER_DEATHS, JobRepair
from assistant.storage.job_store import JobStore
from assistant.storage.migrate import migrate
from assistant.storage.outbox_store import OutboxStore
from assistant.storage.tables.ledger import jobs
from tests.factories import make_mention, make_result

LANES = ("policy", "suspect")
PEOPLE = ("ann", "bob", "cy")
OWNERS = ("w1", "w2")
CAP = 2


@dataclass
class Believed:
    """What the model holds true of one job."""

    person: str
    state: str = "queued"
    attempt: int = 0
    deaths: int = 0
    owner: str | None = None
    token: str | None = None
    cancel_requested: bool = False
    ordered: bool = False  # the asker ordered something for the draft, and it is open
    has_draft: bool = False
    last_words: set[str] = field(default_factory=set)  # final replies that may stand there


class Ledger(RuleBasedStateMachine):
    """Accept, claim, finish, wait, order, lapse, fail, retry, hand back, cancel, die, sweep, replay and deliver."""

    store_settings: Settings

    mentions = Bundle("mentions")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.engine = open_engine(self.store_settings.database, pool_size=2)
        with self.engine.begin() as connection:
            for table in ("event_claims", "conversations", "workers", "draft_orders"):
                connection.execute(sa.text(f"DELETE FROM {table}"))
        config = self.store_settings.model_copy(update={"per_person_running": CAP})
        self.jobs = JobStore(self.engine, config)
        self.repair = JobRepair(self.engine)
        self.outbox = OutboxStore(self.engine)
        self.drafts = DraftStore(self.engine)
        self.model: dict[UUID, Believed] = {}
        self.by_event: dict[str, UUID] = {}
        self.chat: dict[UUID, list[str]] = {}

    def teardown(self) -> None:
        self.engine.dispose()

    # ------------------------------------------------------------ asking
    def has(self, state: str) -> bool:
        return any(one.state == state for one in self.model.values())

    @initialize(target=mentions)
    def first(self) -> Any:
        return multiple(*(self.ask_as(person) for person in ("ann", "ann", "ann", "bob")))

    @rule(target=mentions, person=st.sampled_from(PEOPLE))
    def ask(self, person: str) -> Mention:
        return self.ask_as(person)

    def ask_as(self, person: str) -> Mention:
        mention = make_mention(person=person)
        accepted = self.jobs.accept(mention, POLICY_SEARCH, Reply(text="…", final=False))
        assert accepted.duplicate is False
        self.order_by_asking(accepted.job_id)
        self.model[accepted.job_id] = Believed(person)
        self.by_event[mention.event_key] = accepted.job_id
        return mention

    def order_by_asking(self, job_id: UUID) -> None:
        # Two questions of one millisecond would be claimed in either order, and hypothesis replays what it finds.
        asked_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=len(self.model))
        with self.engine.begin() as connection:
            connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(created_at=asked_at))

    @rule(mention=mentions)
    def redeliver(self, mention: Mention) -> None:
        accepted = self.jobs.accept(mention, POLICY_SEARCH, Reply(text="…", final=False))

        assert accepted.duplicate is True
        assert accepted.job_id == self.by_event[mention.event_key]

    # ------------------------------------------------------------ working
    @precondition(lambda self: self.has("queued"))
    @rule(target=claims, owner=st.sampled_from(OWNERS))
    def claim(self, owner: str) -> Job | None:
        job = self.jobs.claim(LANES, owner=owner)
        running = [one.person for one in self.model.values() if one.state == "running"]
        may_run = [one for one in self.model.values() if one.state == "queued" and running.count(one.person) < CAP]
        if job is None:
            assert not may_run
            return None
        believed = self.model[job.id]
        assert believed in may_run
        believed.state, believed.owner, believed.token = "running", owner, job.token
        believed.attempt += 1
        assert job.attempt == believed.attempt
        return job

    def holds(self, job: Job) -> bool:
        believed = self.model[job.id]
        return believed.state == "running" and believed.token == job.token

    @rule(job=consumes(claims))
    def finish(self, job: Job | None) -> None:
        if job is None:
            return
        held = self.holds(job)
        answer = f"answer of attempt {job.attempt} by {job.token}"
        assert self.jobs.finish(job, make_result(answer)) is held
        if held:
            self.end(job, "succeeded", answer)

    @rule(job=consumes(claims))
    def finish_with_a_draft(self, job: Job | None) -> None:
        """The job wrote a draft, or carried an order for it out: it waits for the asker, who may order again."""
        if job is None:
            return
        held = self.holds(job)
        order = self.drafts.order_of(job.id)
        kept = self.drafts.of_job(job.id)
        draft = (
            kept.draft if kept else EmailDraft(id=f"d_{job.id.hex}", subject="Hi", to=("bo@firm.test",), body="Hi")
        )
        done = OrderOutcome(order_id=order.id, state="done") if order else None
        change = DraftChange(draft=draft, offers=("save",), order=done, is_rewritten=order is None)
        answer = f"draft of attempt {job.attempt} by {job.token}"
        assert self.jobs.finish(job, make_result(answer, draft=change)) is held
        if held:
            self.end(job, "waiting_for_approval", answer)
            self.model[job.id].has_draft = True

    @precondition(lambda self: self.has("waiting_for_approval"))
    @rule(data=st.data())
    def order(self, data: st.DataObject) -> None:
        waiting = [job_id for job_id, one in self.model.items() if one.state == "waiting_for_approval"]
        job_id = data.draw(st.sampled_from(waiting))
        kept = self.drafts.of_job(job_id)
        assert kept is not None
        pressed = {"tenant": kept.tenant, "person_id": kept.person_id, "revision": kept.draft.revision}
        assert self.drafts.order(kept.draft.id, "save", **pressed).is_new is True
        assert self.drafts.order(kept.draft.id, "save", **pressed).is_new is False
        believed = self.model[job_id]
        believed.state, believed.attempt, believed.deaths, believed.ordered = "queued", 0, 0, True
        believed.cancel_requested = False

    @precondition(lambda self: self.has("waiting_for_approval"))
    @rule(data=st.data())
    def lapse(self, data: st.DataObject) -> None:
        waiting = [job_id for job_id, one in self.model.items() if one.state == "waiting_for_approval"]
        job_id = data.draw(st.sampled_from(waiting))
        with self.engine.begin() as connection:
            past = datetime(2026, 1, 1, tzinfo=UTC)
            connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(deadline_at=past))
        self.repair.sweep()
        believed = self.model[job_id]
        believed.state = "cancelled"

    @rule(job=consumes(claims), cancelled=st.booleans())
    def fail(self, job: Job | None, cancelled: bool) -> None:
        if job is None:
            return
        held = self.holds(job)
        error = Cancelled("stopped") if cancelled else KeyError("bug")
        assert self.jobs.fail(job, error, Reply(text=f"sorry {job.token}")) is held
        if held:
            self.end(job, "cancelled" if cancelled else "failed", f"sorry {job.token}")

    @rule(job=consumes(claims), hand_back=st.booleans())
    def put_back(self, job: Job | None, hand_back: bool) -> None:
        if job is None:
            return
        held = self.holds(job)
        done = self.jobs.hand_back(job) if hand_back else self.jobs.retry_later(job, 0, DependencyUnavailable("503"))
        assert done is held
        if held:
            believed = self.model[job.id]
            believed.state, believed.token = "queued", None
            believed.attempt -= 1 if hand_back else 0

    def end(self, job: Job, state: str, words: str) -> None:
        believed = self.model[job.id]
        believed.token = None
        if believed.ordered and state in ("failed", "cancelled"):  # the order came to nothing; the draft stays
            state, words = "waiting_for_approval", "Draft"
        believed.state, believed.ordered = state, False
        believed.last_words = {words}

    # ------------------------------------------------------------ stopping, dying, repairing
    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(list(self.model)))
        believed = self.model[job_id]
        assert self.jobs.cancel(job_id, by="ann") is (believed.state in ("queued", "running", "waiting_for_approval"))
        if believed.state == "queued" and believed.ordered:
            believed.state, believed.ordered, believed.last_words = "waiting_for_approval", False, {"Draft"}
        elif believed.state in ("queued", "waiting_for_approval"):
            believed.state, believed.last_words = "cancelled", {Cancelled.default_reply}
        elif believed.state == "running":
            believed.cancel_requested = True

    @precondition(lambda self: self.has("running"))
    @rule(owner=st.sampled_from(OWNERS))
    def worker_dies(self, owner: str) -> None:
        held = [one for one in self.model.values() if one.state == "running" and one.owner == owner]
        assert self.repair.bury(owner) == len(held)
        swept = self.repair.sweep()
        for believed in held:
            believed.deaths += 1
            believed.token = None
            if believed.deaths >= MAX_WORKER_DEATHS and believed.ordered:
                believed.state, believed.ordered = "waiting_for_approval", False
                believed.last_words = {"Draft"}
            elif believed.deaths >= MAX_WORKER_DEATHS:
                believed.state = "failed"
                believed.last_words = {"stopped my worker"}
            else:
                believed.state = "queued"
        assert len(swept.requeued) + len(swept.given_up) == len(held)

    @invariant()
    def sweep_finds_nothing_else(self) -> None:
        swept = self.repair.sweep()

        assert swept.requeued == ()
        assert swept.given_up == ()

    @precondition(lambda self: self.has("failed") or self.has("cancelled"))
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(list(self.model)))
        believed = self.model[job_id]
        assert self.repair.replay(job_id) is (believed.state in ("failed", "cancelled"))
        if believed.state in ("failed", "cancelled"):
            self.model[job_id] = Believed(believed.person, has_draft=believed.has_draft)

    # ------------------------------------------------------------ saying
    @rule(limit=st.integers(1, 8), loses_answers=st.booleans())
    def deliver(self, limit: int, loses_answers: bool) -> None:
        for errand in self.outbox.due(["slack"], limit=limit):
            said = self.chat.setdefault(errand.job_id, [])
            if errand.handle is None and not (errand.tries > 1 and said):
                said.append(errand.reply.text)  # post
            else:
                said[0] = errand.reply.text  # update, or found again
            if loses_answers:
                self.outbox.later(errand, 0, TimeoutError("no answer"), was_refused=False)
            else:
                self.outbox.sent(errand, {"ts": "1"})

    @invariant()
    def each_job_is_what_the_model_believes(self) -> None:
        for job_id, believed in self.model.items():
            view = self.jobs.view(job_id)
            assert view.status is JobStatus(believed.state)
            assert (view.attempt, view.worker_deaths) == (believed.attempt, believed.deaths)
            if view.status.is_answered:
                assert view.reply is not None
                assert any(words in view.reply.text for words in believed.last_words)
            else:
                assert view.reply is None

    @invariant()
    def nothing_is_said_twice(self) -> None:
        assert all(len(said) == 1 for said in self.chat.values())

    @invariant()
    def nobody_runs_more_than_their_cap(self) -> None:
        running = [one.person for one in self.model.values() if one.state == "running"]
        assert all(running.count(person) <= CAP for person in PEOPLE)


def walk(store_settings: Settings, examples: int) -> None:
    engine = open_engine(store_settings.database)
    migrate(engine)
    engine.dispose()
    machine = type("LedgerHere", (Ledger,), {"store_settings": store_settings})
    options = settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(machine, settings=options)


def test_the_ledger_is_its_model_on_sqlite() -> None:
    with tempfile.TemporaryDirectory() as folder:
        walk(load_settings({}, steward_data=Path(folder)), examples=35)


@pytest.mark.services
def test_the_ledger_is_its_model_on_postgresql(postgres_url: str) -> None:
    walk(load_settings({}, database_url=postgres_url), examples=12)
