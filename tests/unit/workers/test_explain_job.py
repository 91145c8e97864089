"""`steward explain` as an operator uses it: real rows, the real command."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from assistant.errors import DependencyUnavailable
from assistant.job_kinds import POLICY_SEARCH
from assistant.jobs import Step
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.job_store import JobStore
from tests.factories import NOON, make_mention
from tests.twins.corpus import small_company
from tests.twins.jobs import make_context
from workers.explain_job import main
from workers.jobs.policy_search.run import run


@pytest.fixture
def store(embedded_settings: Settings) -> JobStore:
    return JobStore(open_engine(embedded_settings.database), embedded_settings)


def ask(store: JobStore, question: str) -> UUID:
    accepted = store.accept(make_mention(question), POLICY_SEARCH, Reply(text="…", final=False))
    return accepted.job_id


def answer(store: JobStore, question: str) -> UUID:
    job_id = ask(store, question)
    job = store.claim((), owner="w1", only=job_id)
    assert job is not None
    store.report(job_id, Step(name="searching", text="searching the documents", at=NOON))
    store.finish(job, run(job, make_context(small_company())))
    return job_id


def explain(store: JobStore, job_id: UUID, *words: str) -> int:
    return main([str(job_id), *words, "--data", str(store._settings.steward_data)])


def test_it_tells_the_story_from_the_question_to_the_feedback(
    store: JobStore, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = answer(store, "How long must a password be?")
    FeedbackStore(open_engine(store._settings.database)).record(job_id, "ann", "down", "outdated", "It is 16 now.")

    assert explain(store, job_id) == 0

    told = capsys.readouterr().out
    for part in (
        "How long must a password be?",
        "ann of T1",
        "searching the documents",
        "tool search_documents",
        "security.md",
        "score ",
        "Passwords have at least 14 characters.",
        "quotes_verbatim",
        "policy_search@",
        "extractive, no language model",
        "REPLY AS SENT",
        "down by ann: outdated, It is 16 now.",
    ):
        assert part in told


def test_as_json_it_is_one_object(store: JobStore, capsys: pytest.CaptureFixture[str]) -> None:
    job_id = answer(store, "How long must a password be?")

    assert explain(store, job_id, "--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert told["id"] == str(job_id)
    assert told["result"]["claims"][0]["citations"][0]["document"] == "security.md"
    assert told["feedback"] == []


def test_a_failed_job_shows_its_error_to_the_operator(store: JobStore, capsys: pytest.CaptureFixture[str]) -> None:
    job_id = ask(store, "Is the index up?")
    job = store.claim((), owner="w1", only=job_id)
    assert job is not None
    store.fail(job, DependencyUnavailable("the vector store is away"), Reply(text="Not now."))

    explain(store, job_id)

    told = capsys.readouterr().out
    assert "dependency_unavailable: " in told
    assert "the vector store is away" in told


def test_a_queued_job_has_no_answer_yet(store: JobStore, capsys: pytest.CaptureFixture[str]) -> None:
    explain(store, ask(store, "Still waiting?"))

    told = capsys.readouterr().out
    assert "queued" in told
    assert "not yet" in told


def test_a_job_that_does_not_exist_is_a_failure(store: JobStore, capsys: pytest.CaptureFixture[str]) -> None:
    unknown = uuid4()

    assert explain(store, unknown) == 1
    assert str(unknown) in capsys.readouterr().err
