"""When the heartbeat looks, and when it ends a job over its handler's head; by a clock that the test moves."""

from __future__ import annotations

import pytest

from assistant.jobs import JobStatus
from assistant.settings import Settings
from assistant.storage.job_store import JobStore
from tests.twins.clock import MovedClock
from tests.unit.workers.test_run_job import ask
from workers.held_jobs import DEAF_SECONDS, LOOK_SECONDS, HeldJobs

PROMISED_SECONDS = 2.0  # from Stop to "Stopped, as you asked."
COMMIT_SECONDS = 0.5  # what is left of them for the statements


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def held(jobs: JobStore, settings: Settings, clock: MovedClock) -> HeldJobs:
    return HeldJobs(jobs, owner="w1", lease_seconds=60, clock=clock)


def test_a_handler_that_does_not_hear_stop_is_ended_within_the_promise(
    jobs: JobStore, held: HeldJobs, clock: MovedClock
) -> None:
    job_id = ask(jobs)
    job = jobs.claim(("policy",), owner="w1")
    assert job is not None
    one = held.hold(job)
    held.beat()
    jobs.cancel(job_id, by="ann")  # at the worst moment: a look has just been taken
    pressed_at = clock.now
    while not jobs.view(job_id).status.is_final:
        clock.now += held.seconds_until_beat()
        held.beat()

    assert one.stop.is_set()
    assert jobs.view(job_id).status is JobStatus.CANCELLED
    assert clock.now - pressed_at <= LOOK_SECONDS + DEAF_SECONDS <= PROMISED_SECONDS - COMMIT_SECONDS


def test_a_handler_has_its_time_to_hear_stop(jobs: JobStore, held: HeldJobs, clock: MovedClock) -> None:
    job_id = ask(jobs)
    job = jobs.claim(("policy",), owner="w1")
    assert job is not None
    one = held.hold(job)
    jobs.cancel(job_id, by="ann")
    held.beat()
    clock.now += 0.9 * DEAF_SECONDS
    held.beat()

    assert one.stop.is_set()
    assert not one.is_ended
    assert 0 < held.seconds_until_beat() < LOOK_SECONDS


def test_with_nothing_to_end_it_looks_at_its_own_pace(held: HeldJobs) -> None:
    assert held.seconds_until_beat() == LOOK_SECONDS
