"""Minutes found again by question, and only by who may see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from assistant.errors import RequestInvalid
from assistant.job_kinds import MEETING_SUMMARY
from assistant.mentions import Audience, Person
from assistant.minutes.question import read_question
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.conversation_store import ConversationStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.person_data import PersonData
from tests.unit.workers.jobs.meeting_summary.demo_meetings import BUDGET_ROUND
from tests.unit.workers.jobs.meeting_summary.library_world import ADA, BOB, LibraryWorld, press
from workers.jobs.meeting_summary.run import run

VENDORS = """Vendor review
Date: 2025-10-14
Attendees: Anna Schmidt, Paul Roth

[0:04] Anna Schmidt: The printers of Kopiko failed eleven times in September and the service was slow.
[0:30] Paul Roth: Their contract can be cancelled at the end of the year without any costs for us.
[1:02] Anna Schmidt: Okay, so we have decided to drop the vendor Kopiko at the end of the year.
[1:20] Paul Roth: I will write the cancellation letter to Kopiko by Friday.
[1:41] Anna Schmidt: The new printers should be quieter and they should take recycled paper as well.
"""


@pytest.fixture
def world(engine: sa.Engine, settings: Settings) -> LibraryWorld:
    return LibraryWorld(engine, settings)


def test_when_did_we_decide_is_answered_with_day_time_and_quote(world: LibraryWorld) -> None:
    world.hold(BUDGET_ROUND, thread="1.0")
    world.hold(VENDORS, thread="2.0", name="vendors.txt")
    result = world.work(world.mention("When did we decide to drop the vendor Kopiko?", thread="9.0"))
    citation = result.claims[0].citations[0]

    assert result.outcome == "answered"
    assert result.result["lines"][0]["date"] == "2025-10-14"
    assert "**2025-10-14, Vendor review** (1:02)" in result.answer
    assert "drop the vendor Kopiko" in citation.quote
    assert citation.section == "Anna Schmidt, 1:02"


def test_a_month_bounds_the_answer(world: LibraryWorld) -> None:
    world.hold(BUDGET_ROUND, thread="1.0")
    world.hold(VENDORS, thread="2.0")
    inside = world.work(world.mention("What did we decide in October 2025?", thread="8.0"))
    outside = world.work(world.mention("What did we decide about Kopiko in March 2026?", thread="9.0"))

    assert {line["meeting"] for line in inside.result["lines"]} == {"Vendor review"}
    assert (outside.outcome, "2026-03-01 to 2026-03-31" in outside.answer) == ("refused", True)


def test_open_action_items_of_a_person(world: LibraryWorld) -> None:
    world.hold(BUDGET_ROUND, thread="1.0")
    kept = world.hold(VENDORS, thread="2.0")
    before = world.work(world.mention("Open action items of Paul", thread="8.0"))
    reader = world.reader()
    fields = world.desk.form(press(kept), reader)
    done = fields["action_items"].replace("1. ", "1. [done] ")
    world.desk.edit(press(kept), {"action_items": done}, reader, ADA)
    world.work_on()
    after = world.work(world.mention("Open action items of Paul", thread="9.0"))

    assert [line["meeting"] for line in before.result["lines"]] == ["Vendor review"]
    assert "cancellation letter" in before.answer
    assert after.outcome == "refused"


def test_private_minutes_are_found_by_their_asker_alone(world: LibraryWorld) -> None:
    world.hold(VENDORS, person=ADA, channel="D1")
    question = "When did we decide to drop Kopiko?"
    by_ada = world.work(world.mention(question, person=ADA, channel="D1", thread="2.0"))
    by_bob = world.work(world.mention(question, person=BOB, channel="D2", thread="3.0"))
    in_channel = world.work(world.mention(question, person=ADA, audience=Audience.CHANNEL, thread="4.0"))

    assert [by_ada.outcome, by_bob.outcome, in_channel.outcome] == ["answered", "refused", "refused"]
    assert "Kopiko" not in by_bob.reply.model_dump_json()


def test_a_channel_finds_its_own_minutes_and_no_other_channel_s(world: LibraryWorld) -> None:
    world.hold(VENDORS, audience=Audience.CHANNEL)
    question = "When did we decide to drop Kopiko?"
    here = world.work(world.mention(question, person=BOB, audience=Audience.CHANNEL, thread="2.0"))
    there = world.work(world.mention(question, person=BOB, channel="C2", audience=Audience.CHANNEL, thread="3.0"))

    assert (here.outcome, there.outcome) == ("answered", "refused")


def test_members_find_their_channel_s_minutes_when_they_ask_alone(world: LibraryWorld) -> None:
    kept = world.hold(VENDORS, audience=Audience.CHANNEL)
    question = "When did we decide to drop Kopiko?"
    member = world.work(world.mention(question, person=BOB, channel="D2", thread="2.0", member_of=("C1",)))
    stranger = world.work(world.mention(question, person=BOB, channel="D2", thread="3.0", member_of=("C9",)))
    aloud = {"channel": "C2", "audience": Audience.CHANNEL, "member_of": ("C1",)}
    elsewhere = world.work(world.mention(question, person=BOB, thread="4.0", **aloud))

    assert [member.outcome, stranger.outcome, elsewhere.outcome] == ["answered", "refused", "refused"]
    assert world.minutes.channels("slack", "T1") == [kept.channel]


def test_an_order_for_minutes_without_a_transcript_asks_for_one(world: LibraryWorld) -> None:
    with pytest.raises(RequestInvalid, match="no transcript"):
        world.work(world.mention("Recap since Monday"))


def test_people_named_in_the_settings_read_all_but_not_aloud(engine: sa.Engine, settings: Settings) -> None:
    world = LibraryWorld(engine, settings.model_copy(update={"minutes_readers": "group:board, bob"}))
    world.hold(VENDORS, person=ADA, channel="D1")
    question = "When did we decide to drop Kopiko?"
    board = Person(id="eve", groups=("group:board",))
    alone = world.work(world.mention(question, person=board, channel="D2", thread="2.0"))
    by_id = world.work(world.mention(question, person=BOB, channel="D3", thread="3.0"))
    aloud = world.work(world.mention(question, person=BOB, audience=Audience.CHANNEL, thread="4.0"))

    assert [alone.outcome, by_id.outcome, aloud.outcome] == ["answered", "answered", "refused"]


def test_a_follow_up_in_the_thread_is_about_that_meeting(world: LibraryWorld) -> None:
    world.hold(BUDGET_ROUND, thread="1.0")
    world.hold(VENDORS, thread="2.0")
    said = world.work(world.mention("What did Anna say about the printers?", thread="2.0"))
    decided = world.work(world.mention("What was decided?", thread="1.0"))

    assert all(one.section.startswith("Anna Schmidt, ") for claim in said.claims for one in claim.citations)
    assert "printers" in said.answer
    assert all(line["meeting"] == "Budget round" for line in decided.result["lines"])


def test_what_no_line_says_is_looked_for_in_what_was_said(world: LibraryWorld) -> None:
    world.hold(VENDORS, thread="1.0")
    result = world.work(world.mention("In which meeting did we talk about recycled paper?", thread="9.0"))

    assert result.outcome == "answered"
    assert "recycled paper" in result.claims[0].citations[0].quote


def test_nothing_is_nothing(world: LibraryWorld) -> None:
    world.hold(VENDORS, thread="1.0")

    assert world.work(world.mention("When did we decide to buy a submarine?", thread="9.0")).outcome == "refused"


def test_forgotten_with_the_conversation_and_with_the_person(world: LibraryWorld) -> None:
    first, second = world.hold(VENDORS, thread="1.0"), world.hold(BUDGET_ROUND, thread="2.0")
    data = PersonData(world.engine)
    exported = data.export("T1", "ada")
    assert first.conversation_id is not None
    ConversationStore(world.engine).delete(first.conversation_id)
    left = {kept.id for kept in world.minutes.search(world.reader())}
    data.forget("T1", "ada")

    assert [one["meeting"]["title"] for one in exported["minutes"]] == ["Vendor review", "Budget round"]
    assert left == {second.id}
    assert world.minutes.search(world.reader()) == []


def test_minutes_outlive_their_conversation_s_retention_and_have_their_own(world: LibraryWorld) -> None:
    kept = world.hold(VENDORS)
    with world.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM conversations"))
    found = world.minutes.search(world.reader(), ["kopiko"])
    forgotten = world.minutes.forget_old(-1)

    assert [(one.id, one.job_id) for one in found] == [(kept.id, None)]
    assert (forgotten, world.minutes.search(world.reader())) == (1, [])


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("What did we decide in October?", "2026-10-01", "2026-10-31"),
        ("What did we decide in December?", "2025-12-01", "2025-12-31"),
        ("decisions of last week", "2026-11-16", "2026-11-22"),
        ("decisions of last month", "2026-10-01", "2026-10-31"),
        ("What was agreed in Q3?", "2026-07-01", "2026-09-30"),
        ("What was agreed in 2024?", "2024-01-01", "2024-12-31"),
        ("tasks since 2026-09-01", "2026-09-01", "None"),
        ("What did we decide yesterday?", "2026-11-23", "2026-11-23"),
        ("may we decide alone?", "None", "None"),
    ],
)
def test_days_of_a_question(text: str, since: str, until: str) -> None:
    asked = read_question(text, date(2026, 11, 24))

    assert (str(asked.since), str(asked.until)) == (since, until)


def test_person_kind_and_words_of_a_question() -> None:
    today = date(2026, 11, 24)
    of_anna = read_question("open action items of Anna about the budget", today)
    mine = read_question("What are my open tasks?", today)

    assert (of_anna.kind, of_anna.person, of_anna.is_open, of_anna.stems) == (
        "action_items",
        "Anna",
        True,
        ("budget",),
    )
    assert (mine.kind, mine.person) == ("action_items", "")


def test_yesterday_is_the_asker_s(world: LibraryWorld) -> None:
    held = world.hold(BUDGET_ROUND.replace("2026-03-05", "2026-11-23"))
    people = PeopleStore(world.engine)
    context = replace(world.context(), today=datetime(2026, 11, 23, 20, 0, tzinfo=UTC), people=people)
    answers = []
    for zone in ("UTC", "Asia/Tokyo"):  # where the 24th has begun
        profile = PersonProfile(id="ada", name="Ada Berg", profile={"time_zone": zone})
        people.upsert_all(world.mention("-").conversation.tenant, [profile])
        world.jobs.accept(
            world.mention("What did we decide yesterday?", thread=f"{zone}.0"), MEETING_SUMMARY, Reply(text="…")
        )
        answers.append(run(world.claim(), context).outcome)

    assert held.minutes.meeting.date == date(2026, 11, 23)
    assert answers == ["refused", "answered"]
