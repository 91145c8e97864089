"""What Slack keeps for itself, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from assistant.job_kinds import POLICY_SEARCH
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.job_store import JobStore
from assistant.storage.outbox_store import OutboxStore
from assistant.storage.slack_store import SlackInstallation, SlackStore
from tests.factories import make_mention, make_result

PLACEHOLDER = Reply(text="Working on it …", final=False)
INSTALLED = SlackInstallation("-:T1", None, "T1", False, "B1", "U1", {"bot_token": "xoxb-secret"})


@pytest.fixture
def store(engine: sa.Engine, settings: Settings) -> SlackStore:
    return SlackStore(engine, settings)


def ask(jobs: JobStore, engine: sa.Engine, *, ts: str = "7.1", **fields: object) -> OutboxStore:
    """Ask, and post the placeholder as delivery does."""
    jobs.accept(make_mention(thread="1.0", **fields), POLICY_SEARCH, PLACEHOLDER)
    outbox = OutboxStore(engine)
    (errand,) = outbox.due(["slack"])
    outbox.sent(errand, {"channel": "C1", "ts": ts})
    return outbox


def test_an_installation_is_kept_replaced_and_forgotten(store: SlackStore, engine: sa.Engine) -> None:
    store.save_installation(INSTALLED)
    store.save_installation(INSTALLED)
    with engine.connect() as connection:
        sealed = connection.execute(sa.text("SELECT sealed FROM slack_installations")).scalars().all()
    found = store.installation("-:T1")
    store.delete_installation("-:T1")

    assert found == INSTALLED
    assert len(sealed) == 1
    assert "xoxb" not in sealed[0]
    assert store.installations() == []


def test_a_state_counts_once_and_not_for_ever(store: SlackStore, engine: sa.Engine) -> None:
    store.issue_state("s1")
    store.issue_state("s2")
    with engine.begin() as connection:
        old = "'2026-01-01T00:00:00.000000Z'"
        connection.execute(sa.text(f"UPDATE slack_oauth_states SET created_at = {old} WHERE state = 's2'"))

    assert [store.consume_state(one) for one in ("s1", "s1", "s2", "s3")] == [True, False, False, False]


def test_a_thread_tells_who_began_it_and_who_joined(store: SlackStore, jobs: JobStore) -> None:
    jobs.accept(make_mention(thread="1.0"), POLICY_SEARCH, PLACEHOLDER)
    alone = store.thread("T1", "C1", "1.0", fresh_seconds=60)
    jobs.accept(make_mention(thread="1.0", person="ben"), POLICY_SEARCH, PLACEHOLDER)
    store.others_spoke("T1", "C1", "1.0")
    store.others_spoke("T1", "C1", "1.0")
    joined = store.thread("T1", "C1", "1.0", fresh_seconds=-60)

    assert alone is not None
    assert joined is not None
    assert (alone.started_by, alone.is_fresh, alone.askers, alone.others_spoke) == ("ann", True, 1, False)
    assert (joined.is_fresh, joined.askers, joined.others_spoke) == (False, 2, True)
    assert store.thread("T1", "C1", "2.0", fresh_seconds=60) is None


def test_a_job_is_found_by_its_question_and_by_its_placeholder(
    store: SlackStore, jobs: JobStore, engine: sa.Engine
) -> None:
    ask(jobs, engine, event_key="slack:T1:C1:1.0")
    found = store.job_of_event("slack:T1:C1:1.0")

    assert found is not None
    assert store.job_of_message("C1", "7.1") == found
    assert store.job_of_message("C2", "7.1") is None
    assert store.job_of_message("C1", "%") is None
    assert store.job_of_event("slack:T1:C1:9.9") is None
    mention = store.mention_of(found)
    assert mention is not None
    assert mention.event_key == "slack:T1:C1:1.0"


def test_progress_is_said_in_turn_and_never_after_the_answer(
    store: SlackStore, jobs: JobStore, engine: sa.Engine
) -> None:
    outbox = ask(jobs, engine)
    (waiting,) = store.under_way()
    said = store.say_progress(waiting, Reply(text="waiting", final=False))
    again = store.say_progress(waiting, Reply(text="waiting", final=False))
    (errand,) = outbox.due(["slack"])
    outbox.sent(errand, {"channel": "C1", "ts": "7.1"})
    (seen,) = store.under_way()
    job = jobs.claim(("policy",), owner="w1")
    assert job is not None
    jobs.finish(job, make_result("Five."))
    late = store.say_progress(seen, Reply(text="late", final=False))
    (final,) = outbox.due(["slack"])

    assert (said, again, late) == (True, False, False)
    assert errand.reply.text == "waiting"
    assert final.reply.text == "Five."


def test_what_is_shown_of_a_question_is_a_status_a_message_or_a_stream(
    store: SlackStore, jobs: JobStore, engine: sa.Engine
) -> None:
    outbox = ask(jobs, engine)
    shown = []
    for handle in (
        None,
        {"channel": "C1", "ts": "7.1"},
        {"channel": "C1", "ts": "7.1", "stream": True, "began_at": 5.5},
    ):
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE outbox SET revision = revision + 1"))
        (errand,) = outbox.due(["slack"])
        outbox.sent(errand, handle)
        (one,) = store.under_way()
        shown.append((one.stands, one.streams_since))

    assert shown == [(False, None), (True, None), (True, 5.5)]


def test_the_unfinished_of_a_thread_are_found_for_their_asker_alone(
    store: SlackStore, jobs: JobStore, engine: sa.Engine
) -> None:
    ask(jobs, engine)
    (one,) = store.under_way()
    mention = store.mention_of(one.job_id)
    assert mention is not None
    place = mention.conversation
    where = {"channel": place.channel, "thread": place.thread}

    assert store.unfinished(place.tenant, **where, person_id=mention.asker.id) == [one.job_id]
    assert store.unfinished(place.tenant, **where, person_id="somebody") == []
    jobs.cancel(one.job_id, by=mention.asker.id)
    assert store.unfinished(place.tenant, **where, person_id=mention.asker.id) == []
