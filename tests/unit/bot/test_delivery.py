"""One message a job, whatever the chat service answers; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from assistant.errors import NothingFound, RateLimited
from assistant.job_kinds import POLICY_SEARCH
from assistant.replies import Reply
from assistant.storage.job_store import JobStore
from assistant.storage.outbox_store import OutboxStore
from assistant.storage.people_store import PeopleStore
from assistant.storage.tables.ledger import outbox
from bot.delivery import Delivery, backoff_seconds
from bot.intake import Intake
from tests.factories import make_mention, make_result


class Chat:
    """A chat service that fails as told: "lost" (done, but the answer never came), "refused" (500), "later" (429)."""

    name = "slack"

    def __init__(self, *faults: str) -> None:
        self.faults = list(faults)
        self.messages: dict[str, tuple[str, str]] = {}  # handle: key, text
        self.finds = 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def post(self, target: Mapping[str, Any], reply: Reply, key: str) -> dict[str, str]:
        handle = f"m{len(self.messages)}"
        self._maybe(lambda: self.messages.__setitem__(handle, (key, reply.text)))
        return {"ts": handle}

    async def update(self, handle: Mapping[str, Any], reply: Reply) -> None:
        if handle["ts"] not in self.messages:
            raise NothingFound("message_not_found")
        key = self.messages[handle["ts"]][0]
        self._maybe(lambda: self.messages.__setitem__(handle["ts"], (key, reply.text)))

    async def find(self, target: Mapping[str, Any], key: str) -> dict[str, str] | None:
        self.finds += 1
        return next(({"ts": handle} for handle, (known, _) in self.messages.items() if known == key), None)

    def _maybe(self, do: Any) -> None:
        fault = self.faults.pop(0) if self.faults else None
        if fault == "later":
            raise RateLimited("429", retry_after_seconds=3600)
        if fault == "refused":
            raise ConnectionError("500")
        do()
        if fault == "lost":
            raise TimeoutError("no answer")

    def said(self, job_id: UUID) -> list[str]:
        return [text for key, text in self.messages.values() if key == str(job_id)]


@pytest.fixture
def store(engine: sa.Engine) -> OutboxStore:
    return OutboxStore(engine)


def ask(jobs: JobStore) -> UUID:
    return jobs.accept(make_mention(), POLICY_SEARCH, Reply(text="Working on it …", final=False)).job_id


def answer(jobs: JobStore) -> None:
    job = jobs.claim(("policy",), owner="w1")
    assert job is not None
    jobs.finish(job, make_result("Twenty-five."))


def make_everything_due(engine: sa.Engine) -> None:
    """Stands for time going by: every wait of the outbox is over."""
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE outbox SET next_at = (SELECT min(created_at) FROM jobs)"))


async def settle(delivery: Delivery, engine: sa.Engine) -> None:
    for _ in range(8):
        make_everything_due(engine)
        if not await delivery.deliver_due():
            return
    raise AssertionError("the outbox never came to rest")


async def test_the_placeholder_becomes_the_answer_in_place(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore
) -> None:
    chat = Chat()
    delivery = Delivery(store, {"slack": chat})
    job_id = ask(jobs)
    await delivery.deliver_due()
    before = chat.said(job_id)
    answer(jobs)
    await delivery.deliver_due()

    assert before == ["Working on it …"]
    assert chat.said(job_id) == ["Twenty-five."]
    assert await delivery.deliver_due() == 0


@pytest.mark.parametrize(
    "faults",
    [
        ["lost"],
        ["refused"],
        ["later"],
        ["lost", "lost"],
        ["refused", "lost", "later"],
        ["later", "lost", "refused", "lost"],
    ],
)
async def test_no_fault_doubles_or_loses_a_message(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore, faults: list[str]
) -> None:
    chat = Chat(*faults)
    delivery = Delivery(store, {"slack": chat})
    job_id = ask(jobs)
    await delivery.deliver_due()
    answer(jobs)
    await settle(delivery, engine)

    assert chat.said(job_id) == ["Twenty-five."]


async def test_being_told_to_wait_needs_no_look_before_the_next_try(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore
) -> None:
    chat = Chat("later")
    delivery = Delivery(store, {"slack": chat})
    ask(jobs)
    await delivery.deliver_due()
    assert await delivery.deliver_due() == 0  # not before the service's own Retry-After
    await settle(delivery, engine)

    assert len(chat.messages) == 1
    assert chat.finds == 0


async def test_a_message_that_a_person_deleted_is_not_posted_again(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore
) -> None:
    chat = Chat()
    delivery = Delivery(store, {"slack": chat})
    ask(jobs)
    await delivery.deliver_due()
    chat.messages.clear()
    answer(jobs)
    await settle(delivery, engine)

    assert chat.messages == {}


async def test_the_receipt_learns_when_the_answer_stood_there(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore
) -> None:
    delivery = Delivery(store, {"slack": Chat()})
    job_id = ask(jobs)
    answer(jobs)
    before = jobs.view(job_id).result
    await delivery.deliver_due()
    view = jobs.view(job_id)

    assert before is not None
    assert view.result is not None
    assert view.delivered_at is not None
    latency = view.result.receipt.latency_ms
    assert latency.delivery > 0
    assert latency.total == pytest.approx(before.receipt.latency_ms.total + latency.delivery)


def test_a_platform_that_reads_the_ledger_says_that_the_answer_was_shown(jobs: JobStore, store: OutboxStore) -> None:
    job_id = ask(jobs)
    answer(jobs)
    store.shown(job_id)
    first = jobs.view(job_id)
    store.shown(job_id)

    assert first.delivered_at is not None
    assert jobs.view(job_id) == first
    assert store.due(["slack"]) == []


def test_two_deliverers_never_hold_the_same_message(jobs: JobStore, engine: sa.Engine, store: OutboxStore) -> None:
    ids = {ask(jobs) for _ in range(5)}
    first, second = store.due(["slack"], limit=3), store.due(["slack"], limit=3)

    assert len(first) == 3
    assert {errand.job_id for errand in (*first, *second)} == ids


def test_a_dead_deliverers_message_is_looked_for_before_it_is_posted_again(jobs: JobStore, engine: sa.Engine) -> None:
    ask(jobs)
    assert OutboxStore(engine, lease_seconds=-1).due(["slack"])[0].tries == 1  # and then the process was killed

    assert OutboxStore(engine).due(["slack"])[0].tries == 2


def test_another_platforms_messages_are_left_alone(jobs: JobStore, store: OutboxStore) -> None:
    ask(jobs)

    assert store.due(["teams"]) == []
    assert len(store.due(["teams", "slack"])) == 1


def test_a_late_report_of_a_lost_lease_changes_nothing(jobs: JobStore, engine: sa.Engine) -> None:
    job_id = ask(jobs)
    [stale] = OutboxStore(engine, lease_seconds=-1).due(["slack"])
    [fresh] = OutboxStore(engine).due(["slack"])
    OutboxStore(engine).sent(fresh, {"ts": "right"})
    OutboxStore(engine).sent(stale, {"ts": "wrong"})
    with engine.connect() as connection:
        handle = connection.execute(sa.select(outbox.c.handle).where(outbox.c.job_id == job_id)).scalar_one()

    assert handle == {"ts": "right"}


def test_waiting_after_failures_doubles_and_has_an_end() -> None:
    waits = [backoff_seconds(tries) for tries in (1, 2, 3, 50)]

    assert waits == [0.3, 0.6, 1.2, 120.0]


async def test_a_placeholder_that_is_handed_over_is_said_without_a_look_into_the_outbox(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore
) -> None:
    chat = Chat()
    delivery = Delivery(store, {"slack": chat}, poll_seconds=3600)
    intake = Intake(jobs, PeopleStore(engine), delivery=delivery)
    loop = asyncio.create_task(delivery.run())
    await asyncio.sleep(0)
    accepted = await asyncio.to_thread(intake.take, make_mention())
    while not chat.messages:
        await asyncio.sleep(0)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    answer(jobs)
    await settle(delivery, engine)

    assert chat.said(accepted.job_id) == ["Twenty-five."]
    assert chat.finds == 0


async def test_a_bot_that_dies_before_it_says_its_placeholder_leaves_it_to_the_others(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore
) -> None:
    chat = Chat()
    taken = jobs.accept(
        make_mention(), POLICY_SEARCH, Reply(text="Working on it …", final=False), delivery_token="d1"
    )
    delivery = Delivery(store, {"slack": chat})
    before = await delivery.deliver_due()
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE outbox SET lease_until = next_at"))
    await delivery.deliver_due()

    assert before == 0
    assert chat.said(taken.job_id) == ["Working on it …"]
    assert chat.finds == 1


class Places(Chat):
    """A chat service that can't be searched, and takes an answer in two messages: its places are posted first."""

    async def find(self, target: Mapping[str, Any], key: str) -> None:
        return None

    async def reserve(
        self, target: Mapping[str, Any], handle: Mapping[str, Any] | None, reply: Reply, key: str
    ) -> dict[str, Any] | None:
        names = list(handle["names"]) if handle else []
        if len(names) == (2 if reply.final else 1) or (names and not reply.final):
            return None
        name = f"m{len(self.messages)}"
        self._maybe(lambda: self.messages.__setitem__(name, (key, "…")))
        return {"names": [*names, name]}

    async def update(self, handle: Mapping[str, Any], reply: Reply) -> None:
        for number, name in enumerate(handle["names"], start=1):
            said = (self.messages[name][0], f"{reply.text} {number}")
            self._maybe(lambda name=name, said=said: self.messages.__setitem__(name, said))  # type: ignore[misc]


@pytest.mark.parametrize(
    "faults",
    [
        ["lost"],
        ["fine", "lost"],
        ["fine", "fine", "lost"],
        ["fine", "fine", "fine", "lost"],
        ["lost", "lost", "lost"],
    ],
)
async def test_where_nothing_can_be_found_again_a_fault_leaves_an_empty_place_and_never_a_second_answer(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore, faults: list[str]
) -> None:
    chat = Places(*faults)
    delivery = Delivery(store, {"slack": chat})
    job_id = ask(jobs)
    answer(jobs)
    await settle(delivery, engine)
    said = chat.said(job_id)

    assert sorted(one for one in said if one != "…") == ["Twenty-five. 1", "Twenty-five. 2"]
    assert said.count("…") <= faults.count("lost")


async def test_a_bot_that_died_after_posting_a_place_is_followed_by_one_that_fills_it(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore
) -> None:
    chat = Places()
    job_id = ask(jobs)
    answer(jobs)
    [errand] = store.due(["slack"])
    place = await chat.reserve({}, None, errand.reply, str(job_id))
    assert place is not None
    assert store.keep(errand, place)  # and dies here
    store.later(errand, 0, TimeoutError(), was_refused=False)
    await settle(Delivery(store, {"slack": chat}), engine)

    assert chat.said(job_id) == ["Twenty-five. 1", "Twenty-five. 2"]


def test_a_place_is_not_kept_by_who_lost_the_lease(jobs: JobStore, engine: sa.Engine, store: OutboxStore) -> None:
    ask(jobs)
    slow = OutboxStore(engine, lease_seconds=-1)
    [late] = slow.due(["slack"])
    [current] = store.due(["slack"])

    assert not slow.keep(late, {"names": ["m1"]})
    assert store.keep(current, {"names": ["m2"]})


class Status(Chat):
    """A service that shows work without a message."""

    async def post(self, target: Mapping[str, Any], reply: Reply, key: str) -> dict[str, str] | None:  # type: ignore[override]
        return await super().post(target, reply, key) if reply.final else None


@pytest.mark.parametrize("faults", [(), ("lost",), ("refused", "lost"), ("later",)])
async def test_an_answer_whose_work_stood_in_no_message_is_posted_once(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore, faults: tuple[str, ...]
) -> None:
    chat = Status(*faults)
    delivery = Delivery(store, {"slack": chat})
    job_id = ask(jobs)
    await settle(delivery, engine)
    before = chat.said(job_id)
    answer(jobs)
    await settle(delivery, engine)

    assert before == []
    assert chat.said(job_id) == ["Twenty-five."]


async def test_a_place_that_is_gone_is_not_written_to_for_ever(
    jobs: JobStore, engine: sa.Engine, store: OutboxStore
) -> None:
    class Archived(Chat):
        async def post(self, target: Mapping[str, Any], reply: Reply, key: str) -> dict[str, str]:
            raise NothingFound("is_archived")

    delivery = Delivery(store, {"slack": Archived()})
    ask(jobs)
    await settle(delivery, engine)
    answer(jobs)
    await delivery.deliver_due()
    make_everything_due(engine)

    assert await delivery.deliver_due() == 0
