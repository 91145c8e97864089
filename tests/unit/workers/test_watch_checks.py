"""A watch asks its question again, silently until something changes, and then in its own thread."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from assistant.errors import Cancelled, NothingFound, RequestInvalid
from assistant.job_kinds import LOG_INSPECTION
from assistant.jobs import Job, JobResult
from assistant.mentions import ConversationKey, Mention, Platform
from assistant.queue import NoDoorbell
from assistant.replies import Actions, Reply
from assistant.settings import Settings
from assistant.storage.job_store import JobStore
from assistant.storage.outbox_store import OutboxStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.watch_store import PER_PERSON, WatchStore
from tests.twins.jobs import Watched, make_context, make_job
from workers.context import JobContext
from workers.jobs.log_inspection.run import run
from workers.watch_checks import WatchChecks

WAITING = Reply(text="Working on it", final=False)


class Thread:
    """A conversation in a channel, where somebody asks and a worker answers."""

    def __init__(self, settings: Settings, engine: sa.Engine, logs: Path) -> None:
        self.settings = settings.model_copy(update={"steward_log_folders": str(logs)})
        self.engine = engine
        self.jobs = JobStore(engine, settings)
        self.watches = WatchStore(engine)
        self.people = PeopleStore(engine)
        self.outbox = OutboxStore(engine)
        self.checks = WatchChecks(self.watches, self.people, NoDoorbell())
        self.key = ConversationKey(platform=Platform.SLACK, tenant="T1", channel="C1", thread="1.0")

    def mention(self, text: str) -> Mention:
        asker = make_job("x", role="engineer").mention.asker
        return Mention(
            event_key=uuid4().hex,
            conversation=self.key,
            asker=asker,
            text=text,
            kind=LOG_INSPECTION.name,
            reply_target={"channel": "C1", "thread_ts": "1.0"},
        )

    def ask(self, text: str) -> JobResult:
        self.jobs.accept(self.mention(text), LOG_INSPECTION, WAITING)
        return self.work()

    def work(self) -> JobResult:
        job = self.jobs.claim(["logs"], owner="test")
        assert job is not None
        result = run(job, self.context())
        assert self.jobs.finish(job, result)
        return result

    def context(self) -> JobContext:
        context = make_context(settings=self.settings, watched=Watched())
        return JobContext(
            **{**{name: getattr(context, name) for name in context.__dataclass_fields__}, "watches": self.watches}
        )

    def watch(self, *, every: timedelta = timedelta(0)) -> str:
        """Watch the last question of the thread, due at once."""
        job = self.last_job()
        found = self.watches.last_inspection(job)
        assert found is not None
        seen = {"trouble": "no trouble", "messages": [], "unread": False}
        try:
            return self.watches.start(job, found[0], every=every, lasts=timedelta(hours=1), seen=seen)
        finally:
            self.jobs.fail(job, Cancelled("it only stood in the thread"), WAITING)

    def make_due(self) -> None:
        self._update("next_at = created_at")

    def move_end(self, span: timedelta) -> None:
        """Let the watches have ended at this distance from now."""
        at = (datetime.now(UTC) + span).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._update("expires_at = :at", at=at)

    def began(self, span: timedelta) -> None:
        """Let the watches have begun at this distance from now."""
        at = (datetime.now(UTC) + span).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._update("created_at = :at", at=at)

    def _update(self, what: str, **values: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(f"UPDATE watches SET {what}"), values)

    def last_job(self) -> Job:
        accepted = self.jobs.accept(self.mention("and now?"), LOG_INSPECTION, WAITING)
        job = self.jobs.claim(["logs"], owner="test", only=accepted.job_id)
        assert job is not None
        return job

    def said(self) -> list[tuple[dict[str, Any], str]]:
        return [(dict(errand.target), errand.reply.text) for errand in self.outbox.due(["slack"], limit=50)]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "services"
    folder.mkdir()
    write_logs(folder, failing=False)
    return folder


def write_logs(folder: Path, *, failing: bool) -> None:
    now = datetime.now(UTC)
    moments = [now - timedelta(seconds=second) for second in range(1500, 0, -5)]
    lines = [f"{at:%Y-%m-%dT%H:%M:%SZ} INFO payments authorised order {number}" for number, at in enumerate(moments)]
    if failing:
        late = moments[-100:]
        lines += [
            f"{at:%Y-%m-%dT%H:%M:%SZ} ERROR payments connection pool exhausted after {n} ms"
            for n, at in enumerate(late)
        ]
        lines.sort()
    (folder / "payments.log").write_text("\n".join(lines) + "\n")


@pytest.fixture
def thread(settings: Settings, engine: sa.Engine, logs: Path) -> Thread:
    return Thread(settings, engine, logs)


def test_nothing_is_said_while_nothing_changes(thread: Thread) -> None:
    thread.ask("inspect the logs of the last hour")
    thread.watch()
    thread.said()

    assert thread.checks.start_due() == 1
    thread.work()

    assert thread.said() == []


def test_a_change_is_said_once_in_the_thread_of_the_question(thread: Thread, logs: Path) -> None:
    thread.ask("inspect the logs of the last hour")
    thread.watch()
    thread.said()
    write_logs(logs, failing=True)

    thread.checks.start_due()
    first = thread.work()
    said = thread.said()
    thread.checks.start_due()
    thread.work()

    assert "There is trouble now" in first.reply.text
    assert [(target["thread_ts"], "There is trouble now" in text) for target, text in said] == [("1.0", True)]
    assert thread.said() == []


def test_a_check_is_started_by_one_process_only(thread: Thread) -> None:
    thread.ask("inspect the logs of the last hour")
    thread.watch(every=timedelta(0))
    due = thread.watches.due()

    started = [thread.watches.start_check(due[0], due[0].mention) for _ in range(2)]

    assert [job_id is not None for job_id in started] == [True, False]


def test_stop_watching_ends_it(thread: Thread) -> None:
    thread.ask("inspect the logs of the last hour")
    thread.watch()

    answer = thread.ask("stop watching")

    assert answer.answer == "I stopped watching."
    assert thread.checks.start_due() == 0


def test_watch_this_says_how_often_and_until_when(thread: Thread) -> None:
    thread.ask("inspect the logs of the last hour")

    answer = thread.ask("watch this every 15 minutes for 2 hours")

    assert "every 15 minutes until" in answer.answer
    assert thread.checks.start_due() == 0  # not yet


def test_without_an_inspection_there_is_nothing_to_watch(thread: Thread) -> None:
    with pytest.raises(NothingFound):
        thread.ask("watch this")


def test_one_person_has_a_few_watches_at_most(thread: Thread) -> None:
    for number in range(PER_PERSON + 1):
        thread.key = thread.key.model_copy(update={"thread": f"{number}.0"})
        thread.ask("inspect the logs of the last hour")
        if number < PER_PERSON:
            thread.watch(every=timedelta(hours=1))

    with pytest.raises(RequestInvalid) as refused:
        thread.watch()
    assert "stop watching" in refused.value.reply


def test_whoever_may_not_inspect_logs_any_more_watches_none(thread: Thread) -> None:
    thread.ask("inspect the logs of the last hour")
    thread.watch()
    asker = thread.mention("x").asker
    thread.people.upsert_all("T1", [PersonProfile(id=asker.id, role="employee")])

    thread.said()
    assert thread.checks.start_due() == 1
    told = thread.work()

    assert "your role may not inspect logs any more" in told.reply.text
    assert [target["thread_ts"] for target, _ in thread.said()] == ["1.0"]
    assert told.result == {}
    assert thread.checks.start_due() == 0
    assert thread.watches.due() == []


def test_a_check_that_has_no_logs_any_more_says_so_once(thread: Thread) -> None:
    thread.ask("inspect the logs of the last hour")
    thread.watch()
    thread.said()
    thread.settings = thread.settings.model_copy(update={"steward_log_folders": ""})

    thread.checks.start_due()
    told = thread.work()
    said = thread.said()
    thread.checks.start_due()
    thread.work()

    assert told.reply.text.startswith("I can't read these logs any more. ")
    assert [target["thread_ts"] for target, _ in said] == ["1.0"]
    assert thread.said() == []


def test_the_last_look_says_that_it_was_the_last_and_offers_to_go_on(thread: Thread) -> None:
    thread.ask("inspect the logs of the last hour")
    thread.watch(every=timedelta(hours=2))  # longer than it lasts
    thread.said()
    thread.make_due()

    assert thread.checks.start_due() == 1
    last = thread.work()
    said = thread.said()

    assert [target["thread_ts"] for target, _ in said] == ["1.0"]
    assert last.reply.text.startswith("This was my last look; I watched until ")
    assert last.reply.text.endswith("There is no trouble.")
    assert button_names(last) == ["watch_on"]
    assert thread.checks.start_due() == 0


def test_a_watch_that_ended_while_no_worker_ran_tells_so_all_the_same(thread: Thread) -> None:
    thread.ask("inspect the logs of the last hour")
    thread.watch()
    thread.said()
    thread.move_end(-timedelta(hours=2))

    assert thread.checks.start_due() == 1
    assert "This was my last look" in thread.work().reply.text
    assert thread.checks.start_due() == 0


def test_a_watch_that_ended_days_ago_is_let_be(thread: Thread) -> None:
    thread.ask("inspect the logs of the last hour")
    thread.watch()
    thread.move_end(-timedelta(days=2))

    assert thread.checks.start_due() == 0


def test_going_on_watches_as_often_and_as_long_as_before(thread: Thread) -> None:
    thread.ask("inspect the logs of the last hour")
    thread.ask("watch this every 20 minutes for 2 hours")
    thread.make_due()
    thread.move_end(-timedelta(minutes=1))
    thread.began(-timedelta(minutes=121))
    thread.checks.start_due()
    thread.work()

    answer = thread.ask("go on watching this")

    assert "every 20 minutes until" in answer.answer
    again = thread.watches.last_of(thread.last_job().conversation_id)
    assert again is not None
    assert again.mention.text == "Once more: inspect the logs of the last hour"
    assert not again.is_last


def button_names(result: JobResult) -> list[str]:
    return [item.name for block in result.reply.blocks if isinstance(block, Actions) for item in block.items]
