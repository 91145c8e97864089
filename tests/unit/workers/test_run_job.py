"""What a worker makes of a job, whatever the handler does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa

from assistant.job_kinds import EMAIL_DRAFT, POLICY_SEARCH
from assistant.jobs import JobStatus
from assistant.queue import RUN_JOB, make_celery
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.job_repair import JobRepair
from assistant.storage.job_store import JobStore, JobView
from tests.factories import make_mention
from tests.unit.workers import handlers
from workers.app import Worker, run_only
from workers.consumer import register_task

SERVICES = handlers.name(handlers.no_services)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    handlers.started.clear()
    handlers.release.clear()
    yield
    handlers.release.set()


def worker_for(settings: Settings, handler: object, **fields: object) -> Worker:
    options = {"owner": "w1", "lanes": ("policy", "email", "suspect"), "slots": 2, **fields}
    kinds = {"policy_search": handlers.name(handler)}
    return Worker(settings, handlers=kinds, services=SERVICES, **options)


def ask(jobs: JobStore, **fields: object) -> UUID:
    return jobs.accept(make_mention(**fields), POLICY_SEARCH, Reply(text="…", final=False)).job_id


def run(settings: Settings, jobs: JobStore, handler: object) -> JobView:
    job_id = ask(jobs)
    worker = worker_for(settings, handler)
    worker.runner.drain()
    worker.engine.dispose()
    return jobs.view(job_id)


def test_an_answer_is_kept_with_its_steps_and_every_stage_of_its_time(settings: Settings, jobs: JobStore) -> None:
    view = run(settings, jobs, handlers.answer)

    assert view.status is JobStatus.SUCCEEDED
    assert [step.name for step in view.steps] == ["queued", "started", "reading"]
    assert view.result is not None
    latency = view.result.receipt.latency_ms
    assert latency.queue > 0
    assert latency.retrieval > 0
    stages = latency.queue + latency.retrieval + latency.model + latency.validation + latency.other
    assert latency.total == pytest.approx(stages)


def test_a_dependency_that_comes_back_costs_one_more_attempt(settings: Settings, jobs: JobStore) -> None:
    view = run(settings, jobs, handlers.fail_once)

    assert (view.status, view.attempt) == (JobStatus.SUCCEEDED, 2)


def test_a_dependency_that_stays_away_is_told_with_the_job_id(settings: Settings, jobs: JobStore) -> None:
    view = run(settings, jobs, handlers.always_limited)

    assert (view.status, view.attempt, view.error_code) == (JobStatus.FAILED, 3, "rate_limited")
    assert str(view.id) in (view.error_reply or "")


def test_a_model_that_is_away_costs_no_attempt_and_the_asker_reads_that_it_is_waited_for(
    settings: Settings, jobs: JobStore
) -> None:
    job_id = ask(jobs)
    worker = worker_for(settings, handlers.away_for_long)
    wait_until(lambda: bool(worker.runner.drain()) and jobs.view(job_id).status.is_final)
    worker.engine.dispose()
    view = jobs.view(job_id)

    assert (view.status, view.attempt) == (JobStatus.SUCCEEDED, 1)
    waits = [step.text for step in view.steps if step.name == "waiting"]
    assert waits == ["the model provider isn't answering; your request is kept and tried again in 0 s"] * 5


def test_a_model_that_stays_away_past_the_deadline_is_told(settings: Settings, jobs: JobStore) -> None:
    view = run(settings, jobs, handlers.away_past_the_deadline)

    assert (view.status, view.error_code) == (JobStatus.FAILED, "model_away")
    assert "The model provider isn't answering" in (view.error_reply or "")


def test_a_bug_is_an_apology_and_a_full_record(settings: Settings, jobs: JobStore) -> None:
    view = run(settings, jobs, handlers.crash)

    assert (view.status, view.attempt, view.error_code) == (JobStatus.FAILED, 1, "internal")
    assert view.error_message == "KeyError: 'a bug'"
    assert "KeyError" not in (view.error_reply or "")
    assert str(view.id) in (view.error_reply or "")


def test_running_out_of_memory_fails_the_job_and_not_the_worker(settings: Settings, jobs: JobStore) -> None:
    view = run(settings, jobs, handlers.too_large)

    assert view.status is JobStatus.FAILED
    assert "too large" in (view.error_reply or "")


def test_a_kind_without_a_handler_says_that_it_is_not_built(settings: Settings, jobs: JobStore) -> None:
    job_id = jobs.accept(make_mention(), EMAIL_DRAFT, Reply(text="…", final=False)).job_id
    worker = worker_for(settings, handlers.answer)
    worker.runner.drain()
    worker.engine.dispose()
    view = jobs.view(job_id)

    assert (view.status, view.error_code) == (JobStatus.FAILED, "not_built")
    assert "E-mail draft isn't built yet." in (view.error_reply or "")


def in_thread(worker: Worker) -> threading.Thread:
    thread = threading.Thread(target=worker.runner.drain, daemon=True)
    thread.start()
    wait_until(lambda: bool(handlers.started))
    return thread


def wait_until(is_so: object, seconds: float = 30.0) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if is_so():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to that")


def test_stop_reaches_a_running_job_with_the_next_heartbeat(settings: Settings, jobs: JobStore) -> None:
    job_id = ask(jobs)
    worker = worker_for(settings, handlers.until_stopped)
    thread = in_thread(worker)
    jobs.cancel(job_id, by="ann")
    worker.held.beat()
    thread.join(30)
    worker.engine.dispose()
    view = jobs.view(job_id)

    assert view.status is JobStatus.CANCELLED
    assert view.reply is not None
    assert view.reply.text == "Stopped, as you asked."


def test_a_worker_that_lost_its_job_stays_silent(settings: Settings, jobs: JobStore) -> None:
    job_id = ask(jobs)
    worker = worker_for(settings, handlers.deaf)
    thread = in_thread(worker)
    JobRepair(jobs.engine).bury("w1")
    JobRepair(jobs.engine).sweep()
    handlers.release.set()
    thread.join(30)
    worker.engine.dispose()
    view = jobs.view(job_id)

    assert (view.status, view.lane, view.worker_deaths) == (JobStatus.QUEUED, "suspect", 1)


def test_a_worker_that_is_told_to_stop_hands_its_job_back(settings: Settings, jobs: JobStore) -> None:
    job_id = ask(jobs)
    worker = worker_for(settings, handlers.deaf)
    in_thread(worker)
    worker.stop(grace_seconds=0.1)
    view = jobs.view(job_id)

    assert (view.status, view.attempt, view.worker_deaths) == (JobStatus.QUEUED, 0, 0)


def test_a_started_worker_answers_what_is_asked_later(settings: Settings, jobs: JobStore) -> None:
    worker = worker_for(settings, handlers.answer)
    worker.start()
    job_id = ask(jobs)
    wait_until(lambda: jobs.view(job_id).status.is_final)
    worker.stop(grace_seconds=1)

    assert jobs.view(job_id).status is JobStatus.SUCCEEDED


def test_a_started_worker_takes_over_what_its_dead_predecessor_held(settings: Settings, jobs: JobStore) -> None:
    job_id = ask(jobs)
    assert jobs.claim(("policy",), owner="w1") is not None  # and then the process was killed
    worker = worker_for(settings, handlers.answer, lanes=("policy",))
    worker.start()
    view = jobs.view(job_id)
    worker.stop(grace_seconds=1)

    assert (view.status, view.lane, view.worker_deaths) == (JobStatus.QUEUED, "suspect", 1)


def test_the_celery_task_runs_what_waits(settings: Settings, jobs: JobStore) -> None:
    first, second = ask(jobs), ask(jobs, person="bob")
    worker = worker_for(settings, handlers.answer)
    task = register_task(make_celery("memory://"), worker.runner)
    ran = task.apply(args=(str(second),)).result  # not get(): a consumer of another test may have forbidden that
    worker.engine.dispose()

    assert task.name == RUN_JOB
    assert ran == 2
    assert {jobs.view(one).status for one in (first, second)} == {JobStatus.SUCCEEDED}


def test_a_process_for_one_job_runs_no_other(settings: Settings, jobs: JobStore) -> None:
    other, wanted = ask(jobs), ask(jobs, person="bob")
    named = {"policy_search": handlers.name(handlers.crash)}

    assert run_only(settings, wanted, handlers=named, services=SERVICES) == 0
    assert run_only(settings, wanted, handlers=named, services=SERVICES) == 0  # it is over: nothing is run again
    assert (jobs.view(wanted).status, jobs.view(other).status) == (JobStatus.FAILED, JobStatus.QUEUED)


def test_a_process_for_one_job_counts_the_deaths_of_its_predecessors(settings: Settings, jobs: JobStore) -> None:
    job_id = ask(jobs)
    repair = JobRepair(jobs.engine)
    for _ in range(2):
        assert jobs.claim((), owner=f"only/{job_id}", only=job_id) is not None
        repair.bury(f"only/{job_id}")
        repair.sweep()
    assert jobs.claim((), owner=f"only/{job_id}", only=job_id) is not None

    assert run_only(settings, job_id, handlers={}, services=SERVICES) == 0
    assert jobs.view(job_id).error_code == "worker_lost"


def test_what_kills_its_worker_is_run_alone_and_given_up_after_three_deaths(
    embedded_settings: Settings,
) -> None:
    worker = worker_for(embedded_settings, handlers.die)
    jobs = worker.jobs
    job_id = ask(jobs)
    assert jobs.claim(("policy",), owner="w1") is not None  # the first death
    worker.start()
    wait_until(lambda: jobs.view(job_id).status.is_final, seconds=40)
    view = jobs.view(job_id)
    worker.stop(grace_seconds=1)

    assert (view.error_code, view.worker_deaths) == ("worker_lost", 3)
    assert "stopped my worker several times" in (view.error_reply or "")


def test_the_table_of_workers_knows_who_is_alive(settings: Settings, engine: sa.Engine) -> None:
    from assistant.storage.worker_store import WorkerStore

    workers = WorkerStore(engine)
    assert not workers.any_alive()
    worker = worker_for(settings, handlers.answer)
    worker.start()
    assert [one.id for one in workers.alive()] == ["w1"]
    assert workers.serves("suspect")
    worker.stop(grace_seconds=1)

    assert not workers.any_alive()
