"""`steward jobs` as an operator uses it."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from assistant.errors import DependencyUnavailable, NothingFound
from assistant.job_kinds import POLICY_SEARCH
from assistant.jobs import JobStatus
from assistant.jobs_command import main
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from tests.factories import make_mention, make_result


@pytest.fixture
def store(embedded_settings: Settings) -> JobStore:
    return JobStore(open_engine(embedded_settings.database), embedded_settings)


def ask(store: JobStore) -> UUID:
    return store.accept(make_mention("May I bring my dog?"), POLICY_SEARCH, Reply(text="…", final=False)).job_id


def lose(store: JobStore) -> UUID:
    job_id = ask(store)
    job = store.claim((), owner="w1", only=job_id)
    assert job is not None
    store.fail(job, DependencyUnavailable("qdrant is away"), Reply(text="Not now."))
    return job_id


def run(store: JobStore, *words: object) -> int:
    return main([*map(str, words), "--data", str(store._settings.steward_data)])


def test_lists_and_shows_jobs(store: JobStore, capsys: pytest.CaptureFixture[str]) -> None:
    job_id = ask(store)
    job = store.claim(("policy",), owner="w1")
    assert job is not None
    store.finish(job, make_result())

    assert run(store, "list") == 0
    assert run(store, "show", job_id) == 0
    out = capsys.readouterr().out
    assert out.count(str(job_id)) == 2
    assert "May I bring my dog?" in out
    assert "ms in total" in out


def test_dead_jobs_are_listed_and_run_once_more(store: JobStore, capsys: pytest.CaptureFixture[str]) -> None:
    asked, lost = ask(store), lose(store)
    run(store, "dead", "--json")
    dead = json.loads(capsys.readouterr().out)

    assert [row["id"] for row in dead] == [str(lost)]
    assert run(store, "retry", lost) == 0
    assert store.view(lost).status is JobStatus.QUEUED
    assert run(store, "retry", asked) == 1


def test_a_job_is_stopped_once(store: JobStore) -> None:
    job_id = ask(store)

    assert run(store, "cancel", job_id) == 0
    assert store.view(job_id).status is JobStatus.CANCELLED
    assert run(store, "cancel", job_id) == 1


def test_lanes_say_when_nobody_works(store: JobStore, capsys: pytest.CaptureFixture[str]) -> None:
    ask(store)
    run(store, "lanes")
    out = capsys.readouterr().out

    assert "policy     queued         1" in out
    assert "No worker is alive" in out


def test_an_unknown_job_is_an_error_for_the_command_line(store: JobStore) -> None:
    with pytest.raises(NothingFound):
        run(store, "show", uuid4())
