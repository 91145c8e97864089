"""The operators' figures are what the ledger holds, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from assistant.errors import NothingFound
from assistant.job_kinds import LANES, LOG_INSPECTION, POLICY_SEARCH, JobKind
from assistant.jobs import Check, JobResult, LatencyMs
from assistant.replies import Reply
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.job_store import JobStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.quality_store import QualityStore, nearest_rank
from assistant.storage.tables.documents import document_versions, documents
from tests.factories import make_mention, make_receipt, make_result

HOUR = timedelta(hours=1)


@pytest.fixture
def quality(engine: sa.Engine) -> QualityStore:
    return QualityStore(engine)


def ask(jobs: JobStore, text: str = "How many days?", kind: JobKind = POLICY_SEARCH) -> UUID:
    return jobs.accept(make_mention(text), kind, Reply(text="…")).job_id


def finish(jobs: JobStore, result: JobResult | Exception, text: str = "How many days?") -> UUID:
    job_id = ask(jobs, text)
    job = jobs.claim(LANES, owner="test", only=job_id)
    assert job is not None
    if isinstance(result, Exception):
        jobs.fail(job, result, Reply(text="It failed."))
    else:
        jobs.finish(job, result)
    return job_id


def answered(total_ms: float, **receipt: object) -> JobResult:
    return make_result(receipt=make_receipt(latency_ms=LatencyMs(model=total_ms / 2, total=total_ms), **receipt))


def test_the_overview_counts_what_became_of_the_questions(jobs: JobStore, quality: QualityStore) -> None:
    finish(jobs, answered(100, checks=(Check(name="a", passed=False), Check(name="b", passed=False))))
    finish(jobs, make_result(outcome="refused"))
    finish(jobs, RuntimeError("broken"))
    jobs.cancel(ask(jobs), by="ann")
    ask(jobs)

    figures = quality.overview(datetime.now(UTC) - HOUR)

    counts = (figures.questions, figures.answered, figures.refused, figures.failed, figures.cancelled, figures.open)
    assert counts == (5, 1, 1, 1, 1, 1)
    assert figures.answers_with_failed_checks == 1
    assert figures.error_codes == {"internal": 1}


def test_nothing_asked_is_no_figure_and_no_error(quality: QualityStore) -> None:
    figures = quality.overview(datetime.now(UTC) - HOUR)

    assert (figures.questions, figures.latency, figures.models) == (0, (), ())


def test_what_was_asked_before_the_window_does_not_count(jobs: JobStore, quality: QualityStore) -> None:
    finish(jobs, answered(100))

    figures = quality.overview(datetime.now(UTC) + HOUR)

    assert (figures.questions, figures.answered, figures.models) == (0, 0, ())


def test_median_and_p95_are_values_that_were_measured(jobs: JobStore, quality: QualityStore) -> None:
    for total_ms in range(10, 210, 10):
        finish(jobs, answered(total_ms))

    stages = {stage.stage: stage for stage in quality.overview(datetime.now(UTC) - HOUR).latency}

    assert (stages["total"].median_ms, stages["total"].p95_ms) == (100.0, 190.0)
    assert (stages["model"].median_ms, stages["model"].p95_ms) == (50.0, 95.0)


@pytest.mark.parametrize(("share", "count", "rank"), [(0.5, 1, 1), (0.5, 4, 2), (0.95, 20, 19), (0.95, 3, 3)])
def test_percentiles_are_nearest_rank(share: float, count: int, rank: int) -> None:
    assert nearest_rank(share, count) == rank


def test_costs_are_summed_by_model_and_unknown_prices_counted_apart(jobs: JobStore, quality: QualityStore) -> None:
    finish(jobs, answered(1, model="strong", offline=False, cost_usd=0.25, input_tokens=100, output_tokens=10))
    finish(jobs, answered(1, model="strong", offline=False, cost_usd=0.5, input_tokens=50, output_tokens=5))
    finish(jobs, answered(1, model="strong", offline=False, cost_usd=None))

    (model,) = quality.overview(datetime.now(UTC) - HOUR).models

    assert (model.answers, model.cost_usd, model.unpriced) == (3, 0.75, 1)
    assert (model.input_tokens, model.output_tokens) == (150, 15)


def test_jobs_are_listed_newest_first_with_their_askers_names(
    jobs: JobStore, quality: QualityStore, engine: sa.Engine
) -> None:
    PeopleStore(engine).upsert_all("T1", [PersonProfile(id="ann", name="Ann Lee")])
    finish(jobs, answered(100), "First 100 % of leave")
    second = finish(jobs, RuntimeError("broken"), "Second")
    FeedbackStore(engine).record(second, "ann", "down", "wrong", "It is six.")

    lines = quality.jobs()

    assert [(line.question, line.asker) for line in lines] == [
        ("Second", "Ann Lee"),
        ("First 100 % of leave", "Ann Lee"),
    ]
    assert [(line.state, line.outcome, line.verdict) for line in lines] == [
        ("failed", None, "down"),
        ("succeeded", "answered", None),
    ]


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        ({"state": "answered"}, ["First 100 % of leave"]),
        ({"state": "failed"}, ["Second"]),
        ({"state": "down"}, ["Second"]),
        ({"words": "100 % OF"}, ["First 100 % of leave"]),
        ({"words": "%"}, ["First 100 % of leave"]),
        ({"kind": "log_inspection"}, ["Third"]),
        ({"limit": 1}, ["Third"]),
    ],
)
def test_the_list_can_be_narrowed(
    jobs: JobStore, quality: QualityStore, engine: sa.Engine, narrowed: dict[str, object], found: list[str]
) -> None:
    finish(jobs, answered(100), "First 100 % of leave")
    FeedbackStore(engine).record(finish(jobs, RuntimeError("broken"), "Second"), "ann", "down")
    ask(jobs, "Third", LOG_INSPECTION)

    assert [line.question for line in quality.jobs(**narrowed)] == found  # type: ignore[arg-type]


def test_feedback_is_listed_with_its_question(jobs: JobStore, quality: QualityStore, engine: sa.Engine) -> None:
    job_id = finish(jobs, answered(100), "How many days?")
    store = FeedbackStore(engine)
    store.record(job_id, "ann", "down", "outdated", "Ten since May.")
    store.record(job_id, "ben", "up")

    (down,) = quality.feedback(verdict="down")

    assert (down.person, down.reason, down.correction, down.question) == (
        "ann",
        "outdated",
        "Ten since May.",
        "How many days?",
    )
    assert {line.person for line in quality.feedback_on(job_id)} == {"ann", "ben"}
    assert quality.job(job_id).question == "How many days?"


def test_an_unknown_job_is_nothing_found(quality: QualityStore) -> None:
    with pytest.raises(NothingFound):
        quality.job(UUID(int=1))


def test_the_queue_is_counted_by_lane(jobs: JobStore, quality: QualityStore) -> None:
    ask(jobs)
    ask(jobs)
    jobs.claim([POLICY_SEARCH.lane], owner="test")
    ask(jobs, kind=LOG_INSPECTION)

    lanes = {lane.lane: (lane.queued, lane.running, lane.oldest_queued_at is not None) for lane in quality.queue()}

    assert lanes == {"policy": (1, 1, True), "logs": (1, 0, True)}


def test_documents_are_listed_without_the_hidden_ones(quality: QualityStore, engine: sa.Engine) -> None:
    now = datetime.now(UTC)
    common = {"regions": [], "allow": ["everyone"], "created_at": now, "updated_at": now}
    version = {
        "id": UUID(int=9),
        "document_id": UUID(int=1),
        "number": 1,
        "label": "3.1",
        "raw_sha256": "a",
        "text_sha256": "b",
        "parser": "markdown 1",
        "body": "text",
        "warnings": ["a page could not be read"],
        "ingested_at": now,
    }
    with engine.begin() as connection:
        shown = {"id": UUID(int=1), "space": "hr", "path": "leave.md", "title": "Leave", "version_id": UUID(int=9)}
        gone = {"id": UUID(int=2), "space": "hr", "path": "old.md", "title": "Old", "deleted_at": now}
        connection.execute(documents.insert(), shown | common)
        connection.execute(documents.insert(), gone | common)
        connection.execute(document_versions.insert(), version)

    (line,) = quality.documents()

    assert (line.space, line.title, line.version, line.allow, line.warnings) == (
        "hr",
        "Leave",
        "3.1",
        ("everyone",),
        1,
    )
