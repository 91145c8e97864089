"""Open pages hear of each change of their jobs, once, and of nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assistant.errors import DependencyUnavailable
from assistant.job_kinds import EMAIL_DRAFT, POLICY_SEARCH
from assistant.jobs import DraftChange, JobStatus, Step
from assistant.mail.draft import EmailDraft
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.conversation_store import ConversationStore
from assistant.storage.database import open_engine
from assistant.storage.draft_store import DraftStore
from assistant.storage.job_store import JobStore
from assistant.storage.job_views import JobView
from bot.platforms.web.follow import JobFollower
from tests.factories import make_mention, make_result


@pytest.fixture
def ledger(embedded_settings: Settings) -> JobStore:
    return JobStore(open_engine(embedded_settings.database), embedded_settings)


async def test_a_page_hears_each_change_until_the_answer(ledger: JobStore) -> None:
    accepted = ledger.accept(make_mention(), POLICY_SEARCH, Reply(text="…"))
    follower, heard = JobFollower(ledger), []
    follower.follow(accepted.job_id, heard.append)
    await follower.look()
    await follower.look()  # nothing has changed
    job = ledger.claim([POLICY_SEARCH.lane], owner="test")
    assert job is not None
    ledger.report(job.id, Step(name="searching", text="searching", at=datetime.now(UTC)))
    ledger.stream(job.id, "Twenty")
    await follower.look()
    ledger.finish(job, make_result())
    await follower.look()
    await follower.look()

    assert [view.status for view in heard] == [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.SUCCEEDED]
    assert [view.partial for view in heard] == [None, "Twenty", None]


async def test_a_second_page_of_the_same_job_hears_where_it_stands_at_once(ledger: JobStore) -> None:
    accepted = ledger.accept(make_mention(), POLICY_SEARCH, Reply(text="…"))
    follower, heard = JobFollower(ledger), []
    follower.follow(accepted.job_id, lambda view: None)
    await follower.look()

    follower.follow(accepted.job_id, heard.append)

    assert [view.status for view in heard] == [JobStatus.QUEUED]


async def test_a_page_that_left_hears_nothing_more(ledger: JobStore) -> None:
    accepted = ledger.accept(make_mention(), POLICY_SEARCH, Reply(text="…"))
    follower, heard = JobFollower(ledger), []
    leave = follower.follow(accepted.job_id, heard.append)
    leave()
    leave()  # a closed page may say so twice

    await follower.look()

    assert heard == []


async def test_a_deleted_conversation_ends_the_following_and_not_that_of_others(ledger: JobStore) -> None:
    gone = ledger.accept(make_mention(thread="1.0"), POLICY_SEARCH, Reply(text="…"))
    stays = ledger.accept(make_mention(thread="2.0"), POLICY_SEARCH, Reply(text="…"))
    follower: JobFollower = JobFollower(ledger)
    heard: dict[str, list[JobView | None]] = {"gone": [], "stays": []}
    follower.follow(gone.job_id, heard["gone"].append)
    follower.follow(stays.job_id, heard["stays"].append)
    ConversationStore(ledger.engine).delete(gone.conversation_id)

    await follower.look()

    assert heard["gone"] == [None]
    assert [view.id for view in heard["stays"] if view] == [stays.job_id]


async def test_a_page_that_fails_does_not_stop_the_others(ledger: JobStore) -> None:
    accepted = ledger.accept(make_mention(), POLICY_SEARCH, Reply(text="…"))
    follower, heard = JobFollower(ledger), []

    def broken(view: JobView | None) -> None:
        raise RuntimeError("the page was closed")

    follower.follow(accepted.job_id, broken)
    follower.follow(accepted.job_id, heard.append)

    await follower.look()

    assert len(heard) == 1


async def test_with_the_database_away_nothing_is_forgotten(ledger: JobStore) -> None:
    accepted = ledger.accept(make_mention(), POLICY_SEARCH, Reply(text="…"))
    follower, heard = JobFollower(ledger), []
    follower.follow(accepted.job_id, heard.append)
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE jobs RENAME TO jobs_away")
    with pytest.raises(DependencyUnavailable):
        await follower.look()
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE jobs_away RENAME TO jobs")

    await follower.look()

    assert len(heard) == 1


async def test_the_receipts_last_figure_comes_with_the_delivery(ledger: JobStore) -> None:
    accepted = ledger.accept(make_mention(), POLICY_SEARCH, Reply(text="…"))
    job = ledger.claim([POLICY_SEARCH.lane], owner="test")
    assert job is not None
    follower, heard = JobFollower(ledger), []
    follower.follow(accepted.job_id, heard.append)
    ledger.finish(job, make_result())
    await follower.look()
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET delivered_at = '2026-11-24T12:00:00.000000Z'")
        connection.exec_driver_sql("UPDATE receipts SET delivery_ms = 7.5")
    await follower.look()
    await follower.look()

    assert [view.result.receipt.latency_ms.delivery for view in heard] == [0.0, 7.5]


async def test_a_draft_that_waits_for_its_asker_is_looked_at_seldom_until_it_is_at_work_again(
    ledger: JobStore, embedded_settings: Settings
) -> None:
    accepted = ledger.accept(make_mention(kind="email_draft"), EMAIL_DRAFT, Reply(text="…"))
    follower, heard = JobFollower(ledger, every_seconds=0.1, waiting_every_seconds=9.0), []
    follower.follow(accepted.job_id, heard.append)
    await follower.look()
    while_queued = follower.pause_seconds()
    job = ledger.claim([EMAIL_DRAFT.lane], owner="test")
    assert job is not None
    draft = EmailDraft(id="d_1", to=("bo@example.com",), body="Dear Bo")
    ledger.finish(job, make_result(draft=DraftChange(draft=draft, offers=("save",))))
    await follower.look()
    while_waiting = follower.pause_seconds()
    asker = {"tenant": job.mention.conversation.tenant, "person_id": job.mention.asker.id}
    DraftStore(open_engine(embedded_settings.database)).order("d_1", "save", revision=1, **asker)
    await follower.look()

    assert (while_queued, while_waiting, follower.pause_seconds()) == (0.1, 9.0, 0.1)
    assert [view.status for view in heard] == [JobStatus.QUEUED, JobStatus.WAITING, JobStatus.QUEUED]
