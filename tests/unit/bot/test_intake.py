"""From a mention to a committed job and a ring, or to a sentence that says why not."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from assistant.errors import DependencyUnavailable, NotPermitted, RequestInvalid
from assistant.jobs import JobStatus
from assistant.mentions import MAX_MENTION_CHARS, Mention
from assistant.rate_limits import OwnBuckets, RateLimits
from assistant.settings import load_settings
from assistant.storage.database import open_engine
from assistant.storage.draft_store import DraftStore
from assistant.storage.job_store import JobStore
from assistant.storage.minutes_store import MinutesStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from bot.draft_answers import DraftAnswers
from bot.intake import Intake
from bot.log_trouble import LogTrouble
from bot.meeting_questions import MeetingQuestions
from tests.factories import make_mention
from tests.watched_statements import watch_statements


class Bell:
    def __init__(self) -> None:
        self.rung: list[tuple[str, UUID | None]] = []

    def ring(self, lane: str, job_id: UUID | None = None) -> None:
        self.rung.append((lane, job_id))


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def intake(jobs: JobStore, engine: sa.Engine, bell: Bell) -> Intake:
    return Intake(jobs, PeopleStore(engine), bell)


def test_a_question_is_committed_and_then_rung_once(intake: Intake, jobs: JobStore, bell: Bell) -> None:
    mention = make_mention("policy: pets")
    accepted = intake.take(mention)
    again = intake.take(mention)
    view = jobs.view(accepted.job_id)

    assert (view.status, view.kind, view.question) == (JobStatus.QUEUED, "policy_search", "pets")
    assert again.job_id == accepted.job_id
    assert bell.rung == [("policy", accepted.job_id)]


@pytest.mark.parametrize("text", ["", "   \n", "help", "Help!"])
def test_nothing_to_go_on_is_answered_with_what_there_is(intake: Intake, text: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        intake.take(make_mention(text))

    assert "I can do this" in caught.value.reply


def test_a_text_past_the_limit_is_told_both_lengths(intake: Intake) -> None:
    with pytest.raises(RequestInvalid) as caught:
        intake.take(make_mention("x" * (MAX_MENTION_CHARS + 1)))

    assert "40,001" in caught.value.reply
    assert "40,000" in caught.value.reply


def test_the_longest_text_is_taken_whole(intake: Intake, jobs: JobStore) -> None:
    accepted = intake.take(make_mention("x" * MAX_MENTION_CHARS))

    assert len(jobs.view(accepted.job_id).question) == MAX_MENTION_CHARS


def test_a_kind_is_for_the_roles_of_the_directory_not_of_the_message(
    intake: Intake, engine: sa.Engine, bell: Bell
) -> None:
    with pytest.raises(NotPermitted) as caught:
        intake.take(make_mention("/logs of checkout"))
    PeopleStore(engine).upsert_all("T1", [PersonProfile(id="ann", name="Ann", role="engineer")])

    assert "engineer" in caught.value.reply
    assert intake.take(make_mention("/logs of checkout")).duplicate is False
    assert [lane for lane, _ in bell.rung] == ["logs"]


def test_the_job_knows_the_groups_that_the_directory_gives(intake: Intake, jobs: JobStore, engine: sa.Engine) -> None:
    PeopleStore(engine).upsert_all("T1", [PersonProfile(id="ann", name="Ann", groups=("hr",))])
    accepted = intake.take(make_mention())
    job = jobs.claim((), owner="w1", only=accepted.job_id)

    assert job is not None
    assert job.mention.asker.groups == ("hr",)


def test_a_database_that_is_away_is_said_so_that_the_platform_sends_again(bell: Bell) -> None:
    settings = load_settings({}, database_url="postgresql://nobody@127.0.0.1:1/none")
    engine = open_engine(settings.database)
    intake = Intake(JobStore(engine, settings), PeopleStore(engine), bell)

    with pytest.raises(DependencyUnavailable):
        intake.take(make_mention())
    assert bell.rung == []


def test_a_flood_is_refused_politely_and_what_was_taken_before_is_not(jobs: JobStore, engine: sa.Engine) -> None:
    limits = RateLimits(load_settings({}, per_person_per_minute=2), OwnBuckets(lambda: 0.0))
    intake = Intake(jobs, PeopleStore(engine), limits=limits)
    known = make_mention("one")
    first = intake.take(known)
    intake.take(make_mention("two"))
    with pytest.raises(RequestInvalid) as caught:
        intake.take(make_mention("three"))
    again = intake.take(known)
    other = intake.take(make_mention("four", person="bob"))

    assert caught.value.reply.endswith("Please ask this one again in 30 seconds.")
    assert (again.job_id, again.duplicate) == (first.job_id, True)
    assert not other.duplicate


def test_a_follow_up_in_the_thread_of_an_inspection_goes_to_the_log_inspector(
    intake: Intake, jobs: JobStore, engine: sa.Engine
) -> None:
    engineer = PersonProfile(id="ann", name="Ann", email="ann@example.com", role="engineer", groups=())
    PeopleStore(engine).upsert_all("T1", [engineer])
    intake.take(make_mention("logs: why is checkout failing?", thread="7"))

    there = intake.take(make_mention("what about payments?", thread="7"))
    leave = intake.take(make_mention("How many days of leave can I carry over?", thread="7"))
    after_that = intake.take(make_mention("what about Spain?", thread="7"))
    elsewhere = intake.take(make_mention("what about payments?", thread="8"))

    kinds = [jobs.view(taken.job_id).kind for taken in (there, leave, after_that, elsewhere)]
    assert kinds == ["log_inspection", "policy_search", "policy_search", "policy_search"]


def test_where_a_conversation_begins_nothing_is_looked_up_about_it(jobs: JobStore, engine: sa.Engine) -> None:
    drafts = DraftAnswers(DraftStore(engine), jobs)
    intake = Intake(jobs, PeopleStore(engine), answers=drafts, meetings=MeetingQuestions(MinutesStore(engine)))
    asked = watch_statements(engine)

    def looks(mention: Mention) -> int:
        asked.clear()
        intake.take(mention)
        return sum(table in sql for sql in asked for table in ("FROM drafts", "JOIN drafts", "minutes"))

    words = "who said what about the budget"
    assert looks(make_mention(words, thread="7").model_copy(update={"begins_conversation": True})) == 0
    assert looks(make_mention(words, thread="7")) == 2


SOURCES = """\
sources:
- {name: shop, kind: folder, paths: [/logs], services: [checkout], aliases: {the till: checkout}, groups: [engineers]}
- {name: bank, kind: folder, paths: [/bank], services: [ledger], groups: [finance]}
"""


def test_trouble_with_a_declared_service_goes_to_the_log_inspector_for_those_who_may_query_it(
    jobs: JobStore, engine: sa.Engine, tmp_path: Path
) -> None:
    (tmp_path / "sources.yaml").write_text(SOURCES)
    settings = load_settings({}, steward_data=tmp_path, steward_log_sources=tmp_path / "sources.yaml")
    engineer = PersonProfile(id="ann", name="Ann", email="a@example.com", role="engineer", groups=("engineers",))
    PeopleStore(engine).upsert_all("T1", [engineer])
    intake = Intake(jobs, PeopleStore(engine), trouble=LogTrouble(settings))

    asked = [
        intake.take(make_mention("checkout keeps timing out, what's going on?", thread="1")),
        intake.take(make_mention("Why is the till so slow?", thread="2")),
        intake.take(make_mention("what is wrong with ledger?", thread="3")),
        intake.take(make_mention("checkout keeps timing out, what's going on?", thread="4", person="bob")),
        intake.take(make_mention("How do I report that checkout is down?", thread="5")),
    ]

    kinds = [jobs.view(taken.job_id).kind for taken in asked]
    assert kinds == ["log_inspection", "log_inspection", "policy_search", "policy_search", "policy_search"]


def test_a_broken_file_of_log_sources_keeps_nobody_from_asking(
    jobs: JobStore, engine: sa.Engine, tmp_path: Path
) -> None:
    settings = load_settings({}, steward_data=tmp_path, steward_log_sources=tmp_path / "missing.yaml")
    engineer = PersonProfile(id="ann", name="Ann", email="ann@example.com", role="engineer", groups=())
    PeopleStore(engine).upsert_all("T1", [engineer])
    intake = Intake(jobs, PeopleStore(engine), trouble=LogTrouble(settings))

    taken = intake.take(make_mention("what is wrong with checkout?"))

    assert jobs.view(taken.job_id).kind == "policy_search"
