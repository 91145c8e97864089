"""Minutes after they were written: corrected, confirmed, turned into tickets, forgotten, each in the one message."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from assistant.errors import DependencyUnavailable, NothingFound, NotPermitted, RequestInvalid
from assistant.jobs import JobStatus
from assistant.mentions import Attachment, Audience
from assistant.minutes.kept import KeptMinutes
from assistant.replies import Actions, FileOffer, Links, Reply
from assistant.settings import Settings
from bot.speaker_names import speakers_to_name
from tests.unit.workers.jobs.meeting_summary.demo_meetings import BUDGET_ROUND
from tests.unit.workers.jobs.meeting_summary.library_world import ADA, BOB, LibraryWorld, press
from workers.clients.tickets import MadeTicket, NewTicket, TicketsTwin
from workers.jobs.meeting_summary.run import run


class Dying:
    """A ticket system whose answer is lost once: the ticket is made, and nobody hears of it."""

    def __init__(self) -> None:
        self.twin = TicketsTwin()
        self.refuses = False
        self.loses_answers = 1
        self.calls: list[str] = []

    def find(self, key: str) -> MadeTicket | None:
        self.calls.append("find")
        return self.twin.find(key)

    def make(self, ticket: NewTicket) -> MadeTicket:
        self.calls.append("make")
        if self.refuses:
            raise RequestInvalid("refused", reply="The ticket system refused it: no such project.")
        made = self.twin.make(ticket)
        if self.loses_answers:
            self.loses_answers -= 1
            raise DependencyUnavailable("cut off")
        return made


@pytest.fixture
def world(engine: sa.Engine, settings: Settings) -> LibraryWorld:
    return LibraryWorld(engine, settings, TicketsTwin())


def buttons(reply: Reply) -> list[str]:
    return [action.name for block in reply.blocks if isinstance(block, Actions) for action in block.items]


def file_text(world: LibraryWorld, reply: Reply, suffix: str) -> str:
    offer = next(one for one in reply.blocks if isinstance(one, FileOffer) and one.name.endswith(suffix))
    return world.blobs.read(Attachment(name="x", size_bytes=1, location=f"blob:{offer.blob}")).decode()


def test_a_correction_is_a_new_revision_in_the_same_message_and_in_the_files(world: LibraryWorld) -> None:
    kept = world.hold(BUDGET_ROUND)
    fields = world.desk.form(press(kept), world.reader())
    wrong = fields["decisions"] + "\n[agreed] The fair is in Hanover"
    world.desk.edit(press(kept), {"decisions": wrong}, world.reader(), ADA)
    waiting = world.jobs.view(kept.id)
    job, result = world.work_on()
    now, reply = world.minutes.of_job(kept.id), world.said(kept.id)
    given = world.feedback.of(kept.id, "ada")

    assert (waiting.status, job.id) == (JobStatus.QUEUED, kept.id)
    assert now is not None
    assert now.revision == 2
    assert "The fair is in Hanover (edited by Ada Berg)" in reply.model_dump_json()
    assert "The fair is in Hanover" in file_text(world, reply, ".md")
    assert world.jobs.view(kept.id).status is JobStatus.SUCCEEDED
    assert given is not None
    assert (given.verdict, given.reason) == ("down", "corrected")
    assert result.minutes is not None
    assert not result.minutes.is_written


def test_a_stale_form_changes_nothing(world: LibraryWorld) -> None:
    kept = world.hold(BUDGET_ROUND)
    world.desk.edit(press(kept), {"open_questions": "Who pays?"}, world.reader(), ADA)
    world.work_on()

    with pytest.raises(RequestInvalid, match="revision 2"):
        world.desk.edit(press(kept), {"open_questions": "Who cares?"}, world.reader(), ADA)


def test_confirming_names_who_did_and_takes_the_candidate_label_away(world: LibraryWorld) -> None:
    kept = world.hold(BUDGET_ROUND)
    before = world.said(kept.id)
    world.desk.order("minutes_confirm", press(kept), world.reader(), ADA)
    world.work_on()
    after = world.said(kept.id)

    assert "please confirm" in before.model_dump_json()
    assert "Confirmed by: Ada Berg" in after.model_dump_json()
    assert "please confirm" not in after.model_dump_json()
    assert ("minutes_confirm" in buttons(before), "minutes_confirm" in buttons(after)) == (True, False)


def test_speakers_can_be_named_after_an_edit_and_a_confirmation(world: LibraryWorld) -> None:
    kept = world.hold("Speaker 1: I will send the offer by Friday.\nSpeaker 2: Good, thank you for that.\n")
    world.desk.edit(press(kept), {"summary": "1. Short."}, world.reader(), ADA)
    world.work_on()
    edited = world.said(kept.id)
    now = world.minutes.of_job(kept.id)
    assert now is not None
    world.desk.order("minutes_confirm", press(now), world.reader(), ADA)
    world.work_on()
    confirmed = world.said(kept.id)
    named = world.hold(BUDGET_ROUND, thread="2.0")
    world.desk.order("minutes_confirm", press(named), world.reader(), ADA)
    world.work_on()

    assert "name_speakers" in buttons(edited)
    assert "name_speakers" in buttons(confirmed)
    assert "name_speakers" not in buttons(world.said(named.id))
    assert speakers_to_name(world.jobs.view(kept.id), "ada") == ("Speaker 1", "Speaker 2")


UNNAMED_TALK = "Speaker 1: I will send the offer by Friday.\nSpeaker 2: Good, thank you for that.\n"
NAMES = {"speaker_1": "Anna  Berg", "Speaker 2": "Ben Okafor"}


def test_naming_speakers_keeps_what_was_corrected_confirmed_and_ordered(world: LibraryWorld) -> None:
    kept = world.hold(UNNAMED_TALK)
    first = {one.id: one for one in kept.minutes.action_items}
    lines = "1. Send the offer to Redfern | Speaker 1 | 2026-03-06\n[done] Book the hall | Speaker 2"
    world.desk.edit(press(kept), {"action_items": lines}, world.reader(), ADA)
    world.work_on()
    world.desk.order("minutes_tickets", press(as_it_stands(world, kept)), world.reader(), ADA)
    world.work_on()
    world.desk.order("minutes_confirm", press(as_it_stands(world, kept)), world.reader(), ADA)
    world.work_on()
    before = as_it_stands(world, kept)
    in_place = world.desk.name_speakers(kept.id, NAMES, ADA)
    world.work_on()
    after, reply = as_it_stands(world, kept), world.said(kept.id)
    owners = [(one.task, one.owner, one.is_done, one.edited_by) for one in after.minutes.action_items]

    assert in_place
    assert len(first) == 1
    assert owners == [
        ("Send the offer to Redfern", "Anna Berg", False, "Ada Berg"),
        ("Book the hall", "Ben Okafor", True, "Ada Berg"),
    ]
    assert (after.revision, after.minutes.confirmed_by) == (before.revision + 1, "Ada Berg")
    assert after.tickets == before.tickets
    assert "Speaker 1" not in reply.model_dump_json() + file_text(world, reply, ".md")
    assert "name_speakers" not in buttons(reply)
    assert {line.speaker for line in world.minutes.spoken(kept.id)} == {"Anna Berg", "Ben Okafor"}
    assert "Anna Berg" in world.work(world.mention("What did Anna say about the offer?", thread="9.0")).answer


def test_a_name_for_some_leaves_the_button_for_the_others(world: LibraryWorld) -> None:
    kept = world.hold(UNNAMED_TALK)
    world.desk.edit(press(kept), {"summary": "1. Short."}, world.reader(), ADA)
    world.work_on()
    world.desk.name_speakers(kept.id, {"Speaker 2": "Ben Okafor"}, ADA)
    world.work_on()

    assert speakers_to_name(world.jobs.view(kept.id), "ada") == ("Speaker 1",)


def test_minutes_that_nobody_touched_are_better_written_again(world: LibraryWorld) -> None:
    kept = world.hold(UNNAMED_TALK)

    assert not world.desk.name_speakers(kept.id, NAMES, ADA)
    assert as_it_stands(world, kept) == kept


def test_only_who_asked_names_the_speakers_of_corrected_minutes(world: LibraryWorld) -> None:
    kept = world.hold(UNNAMED_TALK, audience=Audience.CHANNEL)
    world.desk.edit(press(kept), {"summary": "1. Short."}, world.reader(), ADA)
    world.work_on()

    with pytest.raises(NotPermitted):
        world.desk.name_speakers(kept.id, NAMES, BOB)


def as_it_stands(world: LibraryWorld, kept: KeptMinutes) -> KeptMinutes:
    found = world.minutes.of_job(kept.id)
    assert found is not None
    return found


def test_members_of_the_channel_may_correct_and_strangers_may_not_know(world: LibraryWorld) -> None:
    kept = world.hold(BUDGET_ROUND, audience=Audience.CHANNEL)
    world.desk.edit(press(kept), {"summary": "1. Short."}, world.reader(BOB, audience=Audience.CHANNEL), BOB)

    with pytest.raises(NothingFound):
        world.desk.form(press(kept), world.reader(BOB, "C2", Audience.CHANNEL))


def test_forgetting_is_the_asker_s_and_leaves_no_text_behind(world: LibraryWorld) -> None:
    kept = world.hold(BUDGET_ROUND, audience=Audience.CHANNEL)
    by_bob = world.reader(BOB, audience=Audience.CHANNEL)
    with pytest.raises(NotPermitted):
        world.desk.order("minutes_forget", press(kept), by_bob, BOB)
    world.desk.order("minutes_forget", press(kept), by_bob, BOB.model_copy(update={"role": "admin"}))
    view = world.jobs.view(kept.id)

    assert world.minutes.of_job(kept.id) is None
    assert view.reply is not None
    assert "Nordlicht" not in view.reply.model_dump_json()
    assert "Nordlicht" not in str(view.result)


def test_tickets_are_made_once_and_linked(world: LibraryWorld) -> None:
    kept = world.hold(BUDGET_ROUND)
    order = ("minutes_tickets", press(kept), world.reader(), ADA)
    world.desk.order(*order)
    with pytest.raises(RequestInvalid):  # nothing new, and the job is busy: pressed twice, ordered once
        world.minutes.order_tickets(kept, ["a9"], by="ada", meanwhile=Reply(text="…"))
    assert "already" in world.desk.order(*order)
    world.work_on()
    reply = world.said(kept.id)
    links = next(block for block in reply.blocks if isinstance(block, Links))

    assert isinstance(world.tickets, TicketsTwin)
    assert len(world.tickets.made) == len(kept.minutes.action_items) == len(links.items)
    assert "minutes_tickets" not in buttons(reply)
    assert "“" in next(iter(world.tickets.made.values())).body


def test_a_worker_that_dies_between_leaves_one_ticket(engine: sa.Engine, settings: Settings) -> None:
    system = Dying()
    world = LibraryWorld(engine, settings, system)
    kept = world.hold(BUDGET_ROUND)
    world.desk.order("minutes_tickets", press(kept), world.reader(), ADA)
    job = world.claim()
    with pytest.raises(DependencyUnavailable):
        run(job, world.context())
    world.jobs.retry_later(job, 0.0, DependencyUnavailable("cut off"))
    world.work_on()
    now = world.minutes.of_job(kept.id)

    assert now is not None
    assert {ticket.state for ticket in now.tickets} == {"done"}
    assert len(system.twin.made) == len(kept.minutes.action_items)
    assert system.calls[:2] == ["make", "find"]


def test_a_refused_item_is_told_and_can_be_ordered_again(engine: sa.Engine, settings: Settings) -> None:
    system = Dying()
    system.refuses, system.loses_answers = True, 0
    world = LibraryWorld(engine, settings, system)
    kept = world.hold(BUDGET_ROUND)
    world.desk.order("minutes_tickets", press(kept), world.reader(), ADA)
    world.work_on()
    refused = world.said(kept.id)
    system.refuses = False
    world.desk.order("minutes_tickets", press(kept), world.reader(), ADA)
    world.work_on()

    assert "no such project" in refused.model_dump_json()
    assert "minutes_tickets" in buttons(refused)
    assert "no such project" not in world.said(kept.id).model_dump_json()
    assert len(system.twin.made) == len(kept.minutes.action_items)


@pytest.mark.parametrize("how", ["fails", "is stopped"])
def test_when_showing_again_comes_to_nothing_the_minutes_stand_and_the_correction_is_kept(
    world: LibraryWorld, how: str
) -> None:
    kept = world.hold(BUDGET_ROUND)
    world.desk.edit(press(kept), {"open_questions": "Who pays?"}, world.reader(), ADA)
    if how == "fails":
        job = world.claim()
        world.jobs.fail(job, DependencyUnavailable("disk"), Reply(text="Not now."))
    else:
        world.jobs.cancel(kept.id, by="ada")
    reply, now = world.said(kept.id), world.minutes.of_job(kept.id)

    assert "Nordlicht" in reply.model_dump_json()
    assert "a correction that was made is kept" in reply.model_dump_json()
    assert now is not None
    assert now.minutes.open_questions[0].text == "Who pays?"
    assert world.jobs.view(kept.id).status is JobStatus.SUCCEEDED
