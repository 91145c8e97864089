"""What sweeping puts right, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import sqlalchemy as sa

from assistant.job_kinds import POLICY_SEARCH
from assistant.jobs import Job, JobStatus
from assistant.replies import Reply
from assistant.storage.health import Health
from assistant.storage.job_repair import MAX_WORKER_DEATHS, JobRepair
from assistant.storage.job_store import JobStore
from tests.factories import make_mention, make_result


@pytest.fixture
def repair(engine: sa.Engine) -> JobRepair:
    return JobRepair(engine)


def ask(jobs: JobStore) -> UUID:
    return jobs.accept(make_mention(), POLICY_SEARCH, Reply(text="…", final=False)).job_id


def take(jobs: JobStore, job_id: UUID, owner: str = "w1") -> Job:
    job = jobs.claim((), owner=owner, only=job_id)
    assert job is not None
    return job


def pass_deadline(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE jobs SET deadline_at = created_at"))


def test_a_living_workers_job_is_left_alone(jobs: JobStore, repair: JobRepair) -> None:
    job_id = ask(jobs)
    take(jobs, job_id)

    assert repair.sweep().requeued == ()
    assert jobs.view(job_id).status is JobStatus.RUNNING


def test_a_dead_workers_job_goes_to_the_suspects_and_its_old_holder_is_fenced_off(
    jobs: JobStore, repair: JobRepair
) -> None:
    job_id = ask(jobs)
    old = take(jobs, job_id)
    assert repair.bury("w1") == 1

    assert repair.sweep().requeued == (job_id,)
    assert jobs.claim(("policy",), owner="w2") is None
    new = jobs.claim(("suspect",), owner="w2")
    assert new is not None
    assert jobs.finish(old, make_result("stale")) is False
    assert jobs.finish(new, make_result("fresh")) is True


def test_a_deadly_job_is_given_up_and_its_asker_told(jobs: JobStore, repair: JobRepair) -> None:
    job_id = ask(jobs)
    for _ in range(MAX_WORKER_DEATHS):
        take(jobs, job_id)
        repair.bury("w1")
        repair.sweep()
    view = jobs.view(job_id)

    assert (view.status, view.error_code) == (JobStatus.FAILED, "worker_lost")
    assert view.reply is not None
    assert str(job_id) in view.reply.text
    assert view.reply.final


def test_what_waited_past_its_deadline_is_given_up_and_told(
    jobs: JobStore, repair: JobRepair, engine: sa.Engine
) -> None:
    job_id = ask(jobs)
    pass_deadline(engine)

    assert jobs.claim(("policy",), owner="w1") is None
    assert repair.sweep().given_up == ((job_id, "deadline_passed"),)
    assert "in time" in (jobs.view(job_id).error_reply or "")


def test_a_stuck_job_is_not_run_again_after_its_deadline(
    jobs: JobStore, repair: JobRepair, engine: sa.Engine
) -> None:
    job_id = ask(jobs)
    take(jobs, job_id)
    pass_deadline(engine)
    repair.bury("w1")
    repair.sweep()

    assert jobs.view(job_id).error_code == "deadline_passed"


def test_sweeping_at_the_same_time_repairs_each_job_once(jobs: JobStore, repair: JobRepair) -> None:
    ids = [ask(jobs) for _ in range(12)]
    for job_id in ids:
        take(jobs, job_id)
    repair.bury("w1")
    with ThreadPoolExecutor(4) as pool:
        swept = [one for found in pool.map(lambda _: repair.sweep().requeued, range(8)) for one in found]

    assert sorted(swept) == sorted(ids)
    assert {jobs.view(job_id).worker_deaths for job_id in ids} == {1}


def test_forgotten_rings_are_noticed(jobs: JobStore, repair: JobRepair) -> None:
    ask(jobs)

    assert repair.waiting(("policy", "logs"), longer_than_seconds=-1, at_most=20) == {"policy": 1}
    assert repair.waiting(("policy", "logs"), longer_than_seconds=60, at_most=20) == {}


def test_a_replay_starts_from_nothing(jobs: JobStore, repair: JobRepair) -> None:
    job_id = ask(jobs)
    job = take(jobs, job_id)
    assert repair.replay(job_id) is False
    jobs.fail(job, KeyError("bug"), Reply(text="Sorry."))

    assert repair.replay(job_id) is True
    view = jobs.view(job_id)
    assert (view.status, view.attempt, view.error_code, view.reply) == (JobStatus.QUEUED, 0, None, None)
    assert jobs.finish(take(jobs, job_id), make_result()) is True


def test_old_conversations_go_with_all_that_hangs_on_them(
    jobs: JobStore, repair: JobRepair, engine: sa.Engine
) -> None:
    job_id = ask(jobs)
    jobs.finish(take(jobs, job_id), make_result())
    assert repair.forget_old(1) == 0
    assert repair.forget_old(-1) == 1
    with engine.connect() as connection:
        left = [
            connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("jobs", "turns", "outbox", "results", "receipts")
        ]

    assert left == [0, 0, 0, 0, 0]


def test_the_pulse_counts_what_alerts_are_made_of(jobs: JobStore, repair: JobRepair, engine: sa.Engine) -> None:
    health = Health(engine)
    quiet = health.pulse()
    dead, lost = ask(jobs), ask(jobs)
    jobs.fail(take(jobs, dead), KeyError("bug"), Reply(text="Sorry."))
    take(jobs, lost)
    repair.bury("w1")
    pulse = health.pulse()

    assert (quiet.dead_jobs, quiet.expired_leases, quiet.undelivered_seconds) == (0, 0, 0)
    assert (pulse.dead_jobs, pulse.expired_leases) == (1, 1)
    assert pulse.undelivered_seconds > 0
