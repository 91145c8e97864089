"""Verdicts: whose, on what, and that a second replaces the first."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from assistant.errors import NothingFound, NotPermitted, RequestInvalid
from assistant.job_kinds import POLICY_SEARCH
from assistant.mentions import Audience
from assistant.replies import Reply
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.job_store import JobStore
from bot.feedback import FeedbackDesk
from tests.factories import make_mention


@pytest.fixture
def desk(jobs: JobStore, engine: sa.Engine) -> FeedbackDesk:
    return FeedbackDesk(jobs, FeedbackStore(engine))


@pytest.fixture
def job_id(jobs: JobStore) -> UUID:
    return jobs.accept(make_mention(), POLICY_SEARCH, Reply(text="…", final=False)).job_id


def test_a_second_verdict_replaces_the_first(desk: FeedbackDesk, job_id: UUID, engine: sa.Engine) -> None:
    desk.take(job_id, "ann", "up")
    kept = desk.take(job_id, "ann", "down", reason="outdated", correction="It is 30 days since May.")

    assert (kept.verdict, kept.reason, kept.correction) == ("down", "outdated", "It is 30 days since May.")
    assert FeedbackStore(engine).recent() == [kept]


def test_only_the_asker_judges_an_answer_for_them_alone(desk: FeedbackDesk, job_id: UUID) -> None:
    with pytest.raises(NotPermitted):
        desk.take(job_id, "bob", "down")

    assert desk.take(job_id, "bob", "down", audience=Audience.CHANNEL).person_id == "bob"


@pytest.mark.parametrize("fields", [{"reason": "ugly"}, {"correction": "x" * 4001}])
def test_what_cannot_be_kept_is_refused(desk: FeedbackDesk, job_id: UUID, fields: dict[str, str]) -> None:
    with pytest.raises(RequestInvalid):
        desk.take(job_id, "ann", "down", **fields)


def test_a_job_that_is_gone_takes_no_feedback(desk: FeedbackDesk, engine: sa.Engine) -> None:
    with pytest.raises(NothingFound):
        desk.take(uuid4(), "ann", "up")
    with pytest.raises(NothingFound):
        FeedbackStore(engine).record(uuid4(), "ann", "up")
