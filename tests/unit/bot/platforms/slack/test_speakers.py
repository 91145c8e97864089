"""Naming the speakers of minutes in Slack: the form, who may, and the one run it makes. By signed events."""

from __future__ import annotations

from typing import Any

from assistant.jobs import Job, JobResult
from assistant.minutes.kept import NAME_SPEAKERS
from assistant.replies import Action, Actions, Paragraph, Reply
from tests.factories import make_result
from tests.peers.slack_events import payload
from tests.unit.bot.platforms.slack.conftest import Bot
from tests.unit.bot.platforms.slack.test_email import place_of
from tests.unit.bot.platforms.slack.test_interactions import CHANNEL, mention_of, press, submit
from tests.unit.workers.jobs.meeting_summary.library_world import ADA, LibraryWorld
from tests.unit.workers.jobs.meeting_summary.library_world import press as minutes_press
from workers.context import JobContext

FORM = "steward:name_speakers"  # the button that opens it, too


def minutes(job: Job, context: JobContext) -> JobResult:
    button = Action(name=NAME_SPEAKERS, label="Name the speakers", value={"speakers": ["Speaker 1", "Speaker 2"]})
    return make_result(
        "Minutes.", reply=Reply(text="Minutes.", blocks=(Paragraph(markdown="Minutes."), Actions(items=(button,))))
    )


async def opened(bot: Bot, user: str = "U0ANN") -> None:
    await bot.send(payload("app_mention"))
    await bot.deliver()
    bot.work(minutes)
    await bot.deliver()
    await press(bot, bot.peer.said(CHANNEL)[-1], FORM, user=user)


def named(**names: str | None) -> dict[str, Any]:
    return {label.replace("_", " "): {"type": "plain_text_input", "value": name} for label, name in names.items()}


async def test_the_names_of_the_form_go_with_the_same_question_once(bot: Bot) -> None:
    await opened(bot)
    fields = named(Speaker_1=" Anna  Berg ", Speaker_2=None)
    said = [await submit(bot, FORM, place_of(bot), fields) for _ in range(2)]
    first, *others = (mention_of(bot, job_id) for job_id in bot.job_ids())

    assert [one["block_id"] for one in bot.peer.views[-1]["view"]["blocks"]] == ["Speaker 1", "Speaker 2"]
    assert said == [None, None]
    (again,) = others
    assert again.options == {"speakers": {"Speaker 1": "Anna Berg"}}
    assert (again.text, again.conversation, again.audience) == (first.text, first.conversation, first.audience)


async def test_who_was_named_before_stays_named(bot: Bot) -> None:
    await opened(bot)
    await submit(bot, FORM, place_of(bot), named(Speaker_1="Anna Berg"))
    bot.work(minutes)
    await bot.deliver()
    await press(bot, bot.peer.said(CHANNEL)[-1], FORM)
    await submit(bot, FORM, place_of(bot), named(Speaker_2="Tom Weber"))

    names = {"Speaker 1": "Anna Berg", "Speaker 2": "Tom Weber"}
    assert mention_of(bot, bot.job_ids()[-1]).options == {"speakers": names}


async def test_only_who_asked_gets_the_form_and_may_send_it(bot: Bot) -> None:
    await opened(bot, user="U0BEN")
    refused = bot.peer.whispers[0]["text"]
    views = list(bot.peer.views)
    said = await submit(bot, FORM, {"job": str(bot.job_ids()[0])}, named(Speaker_1="Anna Berg"), user="U0BEN")

    assert "Only who asked" in refused
    assert views == []
    assert "Only who asked" in said["errors"]["Speaker 1"]
    assert len(bot.job_ids()) == 1


async def test_a_form_without_a_name_is_told_what_is_missing(bot: Bot) -> None:
    await opened(bot)
    said = await submit(bot, FORM, place_of(bot), named(Speaker_1=None, Speaker_2="  "))

    assert said["errors"] == {"Speaker 1": "Write a name after at least one of the speakers."}
    assert len(bot.job_ids()) == 1


async def test_minutes_that_were_corrected_take_the_names_and_no_new_ones_are_written(bot: Bot) -> None:
    world = LibraryWorld(bot.engine, bot.settings)
    ann = ADA.model_copy(update={"id": "U0ANN"})
    kept = world.hold(
        "Speaker 1: Hello there.\nSpeaker 2: Good day.\n", person=ann, tenant="T0STEWARD", channel=CHANNEL
    )
    reader = world.desk.reader(world.mention("-", person=ann, tenant="T0STEWARD"))
    world.desk.order("minutes_confirm", minutes_press(kept), reader, ann)
    world.work_on()
    jobs = len(bot.job_ids())
    said = await submit(bot, FORM, {"job": str(kept.id)}, named(Speaker_1="Anna Berg", Speaker_2="Tom"))
    now = world.minutes.of_job(kept.id)

    assert said is None
    assert now is not None
    assert now.minutes.meeting.participants == ("Anna Berg", "Tom")
    assert now.minutes.confirmed_by == "Ada Berg"
    assert len(bot.job_ids()) == jobs
