"""What a person sees while a job runs, and what happens when Teams will not have it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest

from assistant.jobs import Job, JobStatus, Step
from assistant.replies import Paragraph, Reply
from assistant.storage.outbox_store import OutboxStore
from bot.platforms.teams.posted import Posted
from tests.factories import make_result
from tests.peers.teams_bot import ANN, CHANNEL, PERSONAL, TeamsBot, payload
from tests.peers.teams_peer import TENANT


async def ask(bot: TeamsBot, name: str) -> Job:
    bot.peer.members[CHANNEL] = [
        {"id": payload(name)["from"]["id"], "objectId": ANN, "userRole": "user", "tenantId": TENANT}
    ]
    await bot.send(payload(name))
    await bot.until(bot.peer.shown)
    job = bot.jobs.claim(("policy",), owner="w1")
    assert job is not None
    return job


def report(bot: TeamsBot, job: Job, text: str) -> None:
    bot.jobs.report(job.id, Step(name="reading", text=text, at=datetime.now(UTC)))


def kinds(bot: TeamsBot) -> list[str]:
    infos = [entity for body in bot.peer.shown()[0].versions for entity in body.get("entities", [])]
    return [info["streamType"] for info in infos if info["type"] == "streaminfo"]


async def test_a_chat_sees_steps_then_the_growing_answer_then_the_whole(bot: TeamsBot) -> None:
    job = await ask(bot, "personal_message")
    report(bot, job, "reading 6 passages")
    await bot.until(lambda: bot.peer.shown()[0].text == "reading 6 passages …")
    bot.jobs.stream(job.id, "Twenty-")
    await bot.until(lambda: bot.peer.shown()[0].text == "Twenty-")
    bot.jobs.stream(job.id, "Twenty-five")
    await bot.until(lambda: bot.peer.shown()[0].text == "Twenty-five")
    answer = Reply(text="25", blocks=(Paragraph(markdown="Twenty-five days."),), wants_feedback=True)
    bot.jobs.finish(job, make_result("Twenty-five days.", reply=answer))
    await bot.until(lambda: bot.jobs.view(job.id).delivered_at)
    [message] = bot.peer.shown(PERSONAL)

    assert kinds(bot)[0] == "informative"
    assert kinds(bot)[-3:] == ["streaming", "streaming", "final"]
    assert message.text == "Twenty-five days."
    assert any(entity.get("additionalType") == ["AIGeneratedContent"] for entity in message.body["entities"])
    assert bot.peer.refused == []


async def test_a_channel_sees_steps_in_the_placeholder_and_one_answer(bot: TeamsBot) -> None:
    job = await ask(bot, "channel_mention")
    report(bot, job, "reading 6 passages")
    await bot.until(lambda: bot.peer.shown()[0].text == "reading 6 passages …")
    button = bot.peer.shown()[0].body["attachments"][0]["content"]["actions"][0]["verb"]
    bot.jobs.finish(job, make_result("Twenty-five days."))
    await bot.until(lambda: bot.peer.shown()[0].text == "Twenty-five days.")

    assert button == "stop"
    assert bot.peer.streams == {}
    assert [typing["conversation"]["id"] for typing in bot.peer.typing] == [bot.peer.shown()[0].conversation]
    assert len(bot.peer.messages) == 1


@pytest.mark.parametrize("reason", ["Content stream is not allowed", "Exceeded streaming time"])
async def test_a_stream_that_teams_does_not_allow_becomes_a_message(bot: TeamsBot, reason: str) -> None:
    bot.peer.stream_fault = reason
    job = await ask(bot, "personal_message")
    bot.jobs.finish(job, make_result("Twenty-five days."))
    await bot.until(lambda: bot.peer.shown()[0].text == "Twenty-five days.")

    assert len(bot.peer.messages) == 1
    assert bot.peer.streams == {}


async def test_a_stream_that_took_too_long_is_replaced_by_the_answer(bot: TeamsBot) -> None:
    job = await ask(bot, "personal_message")
    bot.peer.stream_fault = "Message exceeded streaming time"
    report(bot, job, "reading 6 passages")
    bot.jobs.finish(job, make_result("Twenty-five days."))
    await bot.until(lambda: bot.peer.shown()[0].text == "Twenty-five days.")

    assert bot.peer.shown()[0].body["type"] == "message"
    assert all(entity["type"] != "streaminfo" for entity in bot.peer.shown()[0].body.get("entities", []))
    assert len(bot.peer.messages) == 1


async def test_stopping_the_stream_stops_the_job(bot: TeamsBot) -> None:
    job = await ask(bot, "personal_message")
    bot.peer.stream_fault = "Content stream was canceled by user."
    report(bot, job, "reading 6 passages")
    await bot.until(lambda: bot.jobs.view(job.id).cancel_requested)

    assert bot.jobs.view(job.id).status is JobStatus.RUNNING  # until its worker looks


async def test_an_answer_whose_receipt_was_lost_is_said_once(bot: TeamsBot) -> None:
    job = await ask(bot, "personal_message")
    bot.peer.faults.append("lost")
    bot.jobs.finish(job, make_result("Twenty-five days."))
    await bot.until(lambda: bot.jobs.view(job.id).delivered_at, 15)

    assert [message.text for message in bot.peer.shown()] == ["Twenty-five days."]


async def test_a_stream_is_updated_once_a_second_at_most(bot: TeamsBot) -> None:
    bot.peer.now = bot.clock
    job = await ask(bot, "personal_message")
    for number in range(5):
        bot.jobs.stream(job.id, "word " * (number + 1))
        await bot.until(lambda count=number: len(bot.peer.shown()[0].stamps) > count + 1)
    gaps = [later - earlier for earlier, later in pairwise(bot.peer.shown()[0].stamps)]

    assert len(gaps) == 5
    assert all(gap >= 1.0 for gap in gaps)


async def test_a_bot_that_was_restarted_ends_the_stream_of_the_one_before(bot: TeamsBot) -> None:
    job = await ask(bot, "personal_message")
    await bot.platform._progress.stop()  # what a restart does to it
    bot.jobs.finish(job, make_result("Twenty-five days."))
    await bot.until(lambda: bot.jobs.view(job.id).delivered_at)
    [(job_id, handle)] = OutboxStore(bot.engine).posted("teams", TENANT, PERSONAL)
    posted = Posted.model_validate(handle)

    assert job_id == UUID(str(job.id))
    assert (posted.is_stream, posted.messages) == (False, (bot.peer.shown()[0].id,))
    assert bot.peer.shown()[0].text == "Twenty-five days."


class Hand:
    """A clock that stands still until a test turns it: who sleeps, sleeps until then."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        until = self.seconds + seconds
        while self.seconds < until:
            await asyncio.sleep(0.005)


async def test_a_word_of_progress_is_shown_at_once_but_no_sooner_than_teams_takes_it(bot: TeamsBot) -> None:
    job = await ask(bot, "personal_message")
    await bot.until(lambda: not bot.behind())
    hand = Hand()
    follower = bot.platform._progress
    await follower.stop()
    follower._clock, follower._sleep = hand, hand.sleep
    [(_, handle)] = OutboxStore(bot.engine).posted("teams", TENANT, PERSONAL)
    follower.follow(Posted.model_validate(handle))
    message = bot.peer.shown()[0]
    report(bot, job, "reading 6 passages")
    bot.platform.nudge(job.id)
    hand.seconds = 0.9
    await asyncio.sleep(0.1)  # nothing to wait for: that nothing comes is the point
    too_soon = len(message.versions)
    hand.seconds = 1.0
    await bot.until(lambda: follower._followed[str(job.id)].shown_at == 1.0)  # it has seen the peer's answer
    first = message.text
    report(bot, job, "checking 3 claims")
    hand.seconds = 2.0
    await asyncio.sleep(0.05)
    bot.platform.nudge(job.id)
    await bot.until(lambda: message.text == "checking 3 claims …")

    assert (too_soon, first) == (1, "reading 6 passages …")
    assert hand.seconds == 2.0
