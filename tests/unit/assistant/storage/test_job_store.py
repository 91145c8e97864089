"""The ledger's promises, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH

from assistant.errors import Cancelled, DependencyUnavailable, NothingFound, RequestInvalid
from assistant.job_kinds import MEETING_SUMMARY, POLICY_SEARCH
from assistant.jobs import Job, JobStatus, Step
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.job_claims import CLAIM_NEXT, CLAIM_ONE
from assistant.storage.job_store import _END_WITH_ANSWER, Accepted, JobStore
from assistant.storage.tables.answers import receipts, results
from assistant.storage.tables.conversations import event_claims
from assistant.storage.tables.ledger import outbox, turns
from tests.factories import make_mention, make_result
from tests.watched_statements import watch_statements

PLACEHOLDER = Reply(text="Working on it …", final=False)
LANES = ("policy",)
RECEIVING = (POLICY_SEARCH, PLACEHOLDER)


def accept(jobs: JobStore, **fields: object) -> Accepted:
    return jobs.accept(make_mention(**fields), POLICY_SEARCH, PLACEHOLDER)


def claim(jobs: JobStore, owner: str = "w1") -> Job:
    job = jobs.claim(LANES, owner=owner)
    assert job is not None
    return job


def test_a_question_is_one_job_however_often_its_event_comes(jobs: JobStore) -> None:
    mention = make_mention()
    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(lambda _: jobs.accept(mention, POLICY_SEARCH, PLACEHOLDER), range(8)))

    assert len({one.job_id for one in accepted}) == 1
    assert [one.duplicate for one in accepted].count(False) == 1
    assert jobs.claim(LANES, owner="w1") is not None
    assert jobs.claim(LANES, owner="w1") is None


def test_a_crash_before_the_commit_leaves_nothing_and_the_redelivery_is_new(
    jobs: JobStore, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mention = make_mention()

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr("assistant.storage.job_acceptance._PUT_QUESTION", crash)
        with pytest.raises(RuntimeError):
            jobs.accept(mention, POLICY_SEARCH, PLACEHOLDER)
    with engine.connect() as connection:
        kept = connection.execute(sa.select(sa.func.count()).select_from(event_claims)).scalar_one()

    assert kept == 0
    assert jobs.accept(mention, POLICY_SEARCH, PLACEHOLDER).duplicate is False


def test_a_view_tells_the_whole_story(jobs: JobStore) -> None:
    accepted = accept(jobs, text="May I work from Spain?")
    queued = jobs.view(accepted.job_id)
    job = claim(jobs)
    jobs.report(job.id, Step(name="searching", text="searching", at=datetime.now(UTC), fields={"passages": 6}))
    jobs.stream(job.id, "You may")
    jobs.stream(job.id, "You may, for")
    running = jobs.view(job.id)
    jobs.finish(job, make_result("You may, for 20 days."))
    done = jobs.view(job.id)

    assert (queued.status, queued.position, queued.question) == (JobStatus.QUEUED, 0, "May I work from Spain?")
    assert (running.status, running.partial, running.reply) == (JobStatus.RUNNING, "You may, for", None)
    assert [step.name for step in running.steps] == ["queued", "started", "searching"]
    assert running.steps[-1].fields == {"passages": 6}
    assert (done.status, done.partial) == (JobStatus.SUCCEEDED, None)
    assert done.reply is not None
    assert done.reply.text == "You may, for 20 days."
    assert done.result == make_result("You may, for 20 days.")


def test_the_position_counts_those_before(jobs: JobStore) -> None:
    first, second = accept(jobs, person="ann"), accept(jobs, person="bob")

    assert (first.position, second.position) == (0, 1)
    assert jobs.view(second.job_id).position == 1


def test_only_the_holder_of_the_token_may_finish(jobs: JobStore) -> None:
    accept(jobs)
    job = claim(jobs)
    stale = job.model_copy(update={"token": "of an earlier attempt"})

    assert jobs.finish(stale, make_result("stale")) is False
    assert jobs.finish(job, make_result("fresh")) is True
    assert jobs.finish(job, make_result("twice")) is False
    assert jobs.view(job.id).result == make_result("fresh")


def test_a_late_answer_leaves_nothing_behind(jobs: JobStore, engine: sa.Engine) -> None:
    accept(jobs)
    job = claim(jobs)
    jobs.finish(job.model_copy(update={"token": "of an earlier attempt"}), make_result("stale"))
    with engine.connect() as connection:
        kept = [
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (results, receipts)
        ]
        roles = connection.execute(sa.select(turns.c.role)).scalars().all()
        revision = connection.execute(sa.select(outbox.c.revision)).scalar_one()

    assert (kept, roles, revision) == ([0, 0], ["user"], 1)


def test_a_failure_is_told_and_kept_for_operators(jobs: JobStore) -> None:
    accept(jobs)
    job = claim(jobs)
    jobs.fail(job, DependencyUnavailable("qdrant refused the connection"), Reply(text="Not now."))
    view = jobs.view(job.id)

    assert (view.status, view.error_code, view.error_reply) == (
        JobStatus.FAILED,
        "dependency_unavailable",
        "Not now.",
    )
    assert "qdrant refused" in (view.error_message or "")


def test_a_job_put_back_waits_its_time_and_counts_its_attempts(jobs: JobStore) -> None:
    accept(jobs)
    jobs.retry_later(claim(jobs), 3600, TimeoutError("model"))
    assert jobs.claim(LANES, owner="w1") is None

    accept(jobs, person="bob")
    jobs.retry_later(claim(jobs), 0, TimeoutError("model"))

    assert claim(jobs).attempt == 2


def test_a_job_handed_back_was_never_tried(jobs: JobStore) -> None:
    accept(jobs)
    jobs.hand_back(claim(jobs))

    assert claim(jobs).attempt == 1


def test_cancelling_a_queued_job_ends_it_at_once(jobs: JobStore) -> None:
    accepted = accept(jobs)

    assert jobs.cancel(accepted.job_id, by="ann") is True
    assert jobs.view(accepted.job_id).status is JobStatus.CANCELLED
    assert jobs.claim(LANES, owner="w1") is None
    assert jobs.cancel(accepted.job_id, by="ann") is False


def test_cancelling_a_running_job_reaches_its_worker_with_the_next_heartbeat(jobs: JobStore) -> None:
    accept(jobs)
    job = claim(jobs)
    assert jobs.heartbeat([job.token], owner="w1").cancelled == frozenset()

    assert jobs.cancel(job.id, by="ann") is True
    assert jobs.heartbeat([job.token], owner="w1").cancelled == {job.token}
    jobs.fail(job, Cancelled("stopped"), Reply(text="Stopped, as you asked."))
    assert jobs.view(job.id).status is JobStatus.CANCELLED


def test_a_heartbeat_tells_of_jobs_that_are_no_longer_held(jobs: JobStore) -> None:
    accept(jobs)
    job = claim(jobs)
    jobs.finish(job, make_result())

    assert jobs.heartbeat([job.token, "unknown"], owner="w1").lost == {job.token, "unknown"}


def test_one_persons_flood_is_served_by_turns_with_others(jobs: JobStore) -> None:
    for _ in range(20):
        accept(jobs, person="flooder")
    late = [accept(jobs, person="bob").job_id, accept(jobs, person="cy").job_id]
    first = [claim(jobs).id for _ in range(3)]

    assert set(late) <= set(first)


def test_one_workspaces_flood_of_many_people_leaves_room_for_another(jobs: JobStore) -> None:
    for number in range(30):
        accept(jobs, person=f"p{number}", tenant="T-big")
    small = accept(jobs, person="zoe", tenant="T-small").job_id
    first = [claim(jobs).id for _ in range(3)]

    assert small in first


def test_nobody_runs_more_than_their_cap_at_once(jobs: JobStore, settings: Settings) -> None:
    for _ in range(settings.per_person_running + 3):
        accept(jobs)
    held = [claim(jobs) for _ in range(settings.per_person_running)]

    assert jobs.claim(LANES, owner="w1") is None
    jobs.finish(held[0], make_result())
    assert jobs.claim(LANES, owner="w1") is not None


def test_a_channels_burst_of_500_lets_the_next_question_of_another_channel_pass(jobs: JobStore) -> None:
    for number in range(500):
        accept(jobs, person=f"p{number % 100:03}", channel="C-burst")
    claimed = [claim(jobs) for _ in range(8)]  # every slot is taken
    asked = accept(jobs, person="zoe", channel="C-quiet").job_id
    jobs.finish(claimed[0], make_result())

    assert claim(jobs).id == asked


def test_a_job_costs_few_round_trips(jobs: JobStore, engine: sa.Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite is in the process")
    accept(jobs)
    jobs.finish(claim(jobs), make_result())
    statements = watch_statements(engine)
    accept(jobs)
    taken_in = len(statements)
    jobs.finish(claim(jobs), make_result())

    assert (taken_in, len(statements) - taken_in) == (2, 2)


def test_a_claim_need_not_wait_for_the_disk_and_what_follows_it_does(jobs: JobStore, engine: sa.Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one setting for all commits")
    taken = accept(jobs)
    with engine.connect() as connection:
        CLAIM_ONE(connection, job_id=taken.job_id, token="t", owner="w1", lease_seconds=30)
        while_claiming = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
        connection.commit()
        after = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()

    assert (while_claiming, after) == ("off", "on")


def test_the_driver_remembers_how_it_read_the_longest_statements() -> None:
    longest = max(len(one) for one in (CLAIM_NEXT._on_postgresql, _END_WITH_ANSWER._together))

    assert longest <= MAX_CACHED_STATEMENT_LENGTH


def test_a_claim_tells_whether_there_was_more_to_choose_from(jobs: JobStore) -> None:
    accept(jobs, person="ann")
    claim(jobs)
    alone = jobs.saw_others
    for person in ("bob", "cy"):
        accept(jobs, person=person)
    claim(jobs)

    assert (alone, jobs.saw_others) == (False, True)


def test_behind_many_others_nobody_is_rung_for_a_job(jobs: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.storage.job_acceptance.RING_BEHIND", 2)
    mention = make_mention(person="last")
    accepted = [accept(jobs, person="ann"), accept(jobs, person="bob"), jobs.accept(mention, *RECEIVING)]
    accepted.append(jobs.accept(mention, *RECEIVING))

    assert [one.wants_ring for one in accepted] == [True, True, False, False]


def test_everyone_is_served_when_more_people_wait_than_one_claim_looks_at(jobs: JobStore) -> None:
    asked = {accept(jobs, person=f"p{number:03}").job_id for number in range(60)}
    served = set()
    while (job := jobs.claim(LANES, owner="w1")) is not None:
        served.add(job.id)

    assert served == asked


def test_two_claimers_never_take_the_same_job(jobs: JobStore) -> None:
    for number in range(40):
        accept(jobs, person=f"p{number % 12}")
    taken: list[object] = []
    lock = threading.Lock()

    def work(owner: str) -> None:
        misses = 0
        while misses < 3:
            job = jobs.claim(LANES, owner=owner)
            misses = 0 if job else misses + 1
            if job:
                with lock:
                    taken.append(job.id)
                jobs.finish(job, make_result())

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == len(set(taken)) == 40


def test_a_lane_is_served_only_by_who_asks_for_it(jobs: JobStore) -> None:
    jobs.accept(make_mention(), MEETING_SUMMARY, PLACEHOLDER)

    assert jobs.claim(("policy", "logs"), owner="w1") is None
    assert jobs.claim(("policy", "summary"), owner="w1") is not None


def test_one_named_job_can_be_claimed(jobs: JobStore) -> None:
    accept(jobs, person="ann")
    wanted = accept(jobs, person="bob").job_id
    job = jobs.claim((), owner="w1", only=wanted)

    assert job is not None
    assert job.id == wanted
    assert jobs.claim((), owner="w2", only=wanted) is None


def test_a_full_queue_of_ones_own_is_refused_politely_and_nothing_is_kept(
    engine: sa.Engine, settings: Settings
) -> None:
    jobs = JobStore(engine, settings.model_copy(update={"per_person_queued": 2}))
    accept(jobs)
    accept(jobs)
    refused = make_mention()

    with pytest.raises(RequestInvalid) as caught:
        jobs.accept(refused, POLICY_SEARCH, PLACEHOLDER)
    assert "2 questions waiting" in caught.value.reply
    jobs.cancel(jobs.recent("T1", "ann", 1)[0].id, by="ann")
    assert jobs.accept(refused, POLICY_SEARCH, PLACEHOLDER).duplicate is False


def test_text_that_no_database_stores_is_kept_without_the_offending_characters(jobs: JobStore) -> None:
    accepted = accept(jobs, text="nul\x00 here, and the six characters \\u0000")
    job = claim(jobs)
    jobs.finish(job, make_result("an\x00swer", result={"line": "\x00"}))
    view = jobs.view(accepted.job_id)

    assert view.question == "nul here, and the six characters \\u0000"
    assert view.result is not None
    assert view.result.answer == "answer"


def test_an_unknown_job_is_said_to_be_unknown(jobs: JobStore) -> None:
    with pytest.raises(NothingFound):
        jobs.view(accept(jobs).conversation_id)


def test_an_event_without_a_job_is_claimed_once(jobs: JobStore) -> None:
    assert jobs.claim_event("button-1") is True
    assert jobs.claim_event("button-1") is False


def test_the_outbox_says_the_placeholder_and_then_the_answer(jobs: JobStore, engine: sa.Engine) -> None:
    accepted = accept(jobs)

    def said() -> tuple[str, int]:
        with engine.connect() as connection:
            row = connection.execute(sa.select(outbox).where(outbox.c.job_id == accepted.job_id)).one()
        return row.reply["text"], row.revision

    before = said()
    jobs.finish(claim(jobs), make_result("Twenty-five."))

    assert before == ("Working on it …", 1)
    assert said() == ("Twenty-five.", 2)
