"""Naming the speakers of minutes in Teams: the card form, who may, and the one run it makes. By posted events."""

from __future__ import annotations

from assistant.jobs import Job, JobResult
from assistant.minutes.edits import confirmed
from assistant.minutes.kept import NAME_SPEAKERS, MinutesChange, SpokenLine
from assistant.minutes.schema import MeetingHeader, Minutes
from assistant.replies import Action, Actions, Paragraph, Reply
from assistant.storage.minutes_store import MinutesStore
from tests.factories import make_result
from tests.peers.teams_bot import TeamsBot
from tests.unit.bot.platforms.teams.test_acting import BO
from tests.unit.bot.platforms.teams.test_email import CARD, ask, press

NAMED = "name_speakers_ok"
NAMES = {"name:Speaker 1": " Anna  Berg ", "name:Speaker 2": ""}


def minutes(job: Job) -> JobResult:
    button = Action(name=NAME_SPEAKERS, label="Name the speakers", value={"speakers": ["Speaker 1", "Speaker 2"]})
    return make_result(
        "Minutes.", reply=Reply(text="Minutes.", blocks=(Paragraph(markdown="Minutes."), Actions(items=(button,))))
    )


async def test_the_names_of_the_form_go_with_the_same_question_once(bot: TeamsBot) -> None:
    job_id = str(await ask(bot, "channel_mention"))
    bot.work(minutes)
    form = await press(bot, NAME_SPEAKERS, {"job_id": job_id, "speakers": ["Speaker 1", "Speaker 2"]})
    said = [(await press(bot, NAMED, {"job_id": job_id, **NAMES}, id=f"f:{n}"))["value"] for n in (1, 2)]
    first, *others = (bot.jobs.view(one) for one in bot.job_ids())

    assert form["type"] == CARD
    assert [one["label"] for one in form["value"]["body"] if "id" in one] == ["Speaker 1", "Speaker 2"]
    assert said == ["I'm writing the minutes again, with these names.", "I'm on it already."]
    (again,) = others
    assert again.options == {"speakers": {"Speaker 1": "Anna Berg"}}
    assert (again.question, again.kind, again.conversation) == (first.question, first.kind, first.conversation)


async def test_only_who_asked_gets_the_form_and_may_send_it(bot: TeamsBot) -> None:
    job_id = str(await ask(bot, "channel_mention"))
    bot.work(minutes)
    form = await press(bot, NAME_SPEAKERS, {"job_id": job_id}, from_=BO)
    said = await press(bot, NAMED, {"job_id": job_id, **NAMES}, from_=BO)

    assert "Only who asked" in form["value"]
    assert "Only who asked" in said["value"]
    assert len(bot.job_ids()) == 1


async def test_empty_and_endless_names_are_told_so_and_nothing_is_asked(bot: TeamsBot) -> None:
    job_id = str(await ask(bot, "channel_mention"))
    bot.work(minutes)
    empty = await press(bot, NAMED, {"job_id": job_id, "name:Speaker 1": " "})
    endless = await press(bot, NAMED, {"job_id": job_id, "name:Speaker 1": "A" * 81})

    assert empty["value"] == "Write a name after at least one of the speakers."
    assert endless["value"] == "A name may have 80 characters: Speaker 1."
    assert len(bot.job_ids()) == 1


async def test_minutes_that_offer_nobody_to_name_any_more_say_so(bot: TeamsBot) -> None:
    job_id = str(await ask(bot, "channel_mention"))
    bot.work("Minutes.")
    said = await press(bot, NAME_SPEAKERS, {"job_id": job_id})

    assert "have changed since" in said["value"]


async def test_minutes_that_were_corrected_take_the_names_and_no_new_ones_are_written(bot: TeamsBot) -> None:
    job_id = await ask(bot, "channel_mention")
    bot.work(kept_minutes)
    store = MinutesStore(bot.engine)
    kept = store.of_job(job_id)
    assert kept is not None
    store.revise(kept, confirmed(kept.minutes, by="Ann"), by="ann", changes=("Confirmed",), meanwhile=Reply(text="…"))
    bot.work(kept_minutes)
    said = await press(bot, NAMED, {"job_id": str(job_id), **NAMES})
    now = store.of_job(job_id)

    assert said["value"] == "The names are kept, and so are the corrections."
    assert now is not None
    assert (now.revision, now.minutes.confirmed_by) == (3, "Ann")
    assert now.minutes.meeting.participants == ("Anna Berg", "Speaker 2")
    assert len(bot.job_ids()) == 1


def kept_minutes(job: Job) -> JobResult:
    header = MeetingHeader(participants=("Speaker 1", "Speaker 2"))
    spoken = (SpokenLine(id="u1", speaker="Speaker 1", text="Hello."),)
    change = MinutesChange(minutes=Minutes(meeting=header), document="a.txt", spoken=spoken)
    return minutes(job).model_copy(update={"minutes": change})
