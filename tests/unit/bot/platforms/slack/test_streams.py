"""Slack's own status and streams in direct messages, and a message wherever they are refused or end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from assistant.jobs import Job, Step
from assistant.replies import Citation, Citations, Paragraph, Reply
from assistant.settings import Settings
from assistant.storage.slack_store import UnderWay
from bot.platforms.slack import streams
from bot.platforms.slack.progress import progress_of
from tests.factories import make_result
from tests.peers.slack_events import payload
from tests.peers.slack_peer import SlackPeer
from tests.unit.bot.platforms.slack.conftest import Bot, running
from tests.unit.bot.platforms.slack.test_messages import LONG, deliver_all

DIRECT = "D0ANN"
LANES = ("policy",)


@pytest.fixture
def bot(bot_without_moments: Bot) -> Bot:
    return bot_without_moments


def words(bot: Bot, channel: str = DIRECT) -> list[str]:
    return [next((b["text"] for b in one["blocks"] if b["type"] == "markdown"), "") for one in bot.peer.said(channel)]


def buttons(message: dict[str, Any]) -> list[str]:
    elements = [one for block in message["blocks"] for one in block.get("elements", ())]
    return [one["action_id"].split(":")[1] for one in elements if one.get("type") == "button"]


def stream_of(bot: Bot, ts: str) -> dict[str, Any]:
    return next(one for one in bot.peer.said(DIRECT) if one["ts"] == ts)


async def ask(bot: Bot, **event: Any) -> None:
    await bot.send(payload("message_im", **event))
    await bot.deliver()


def claim(bot: Bot) -> Job:
    job = bot.jobs.claim(LANES, owner="w1")
    assert job is not None
    return job


async def report(bot: Bot, job: Job, text: str) -> None:
    bot.jobs.report(job.id, Step(at=datetime.now(UTC), name="reading", text=text))
    await bot.platform.progress.show()
    await bot.deliver()


async def streaming(bot: Bot) -> tuple[Job, str]:
    """Ask, and get as far as a stream that shows a step."""
    await ask(bot)
    job = claim(bot)
    await report(bot, job, "reading 2 passages")
    (stream,) = bot.peer.streams
    return job, stream


async def finish(bot: Bot, job: Job) -> None:
    assert bot.jobs.finish(job, make_result("Twenty-five."))
    await bot.deliver()


def outlive(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time come by which a stream goes on as a message."""
    monkeypatch.setattr(streams, "HAND_OVER_SECONDS", -1.0)
    monkeypatch.setattr("bot.platforms.slack.progress.HAND_OVER_SECONDS", -1.0)


# ------------------------------------------------------------------ as it should be
async def test_work_begins_as_a_status_and_an_answer_within_a_moment_is_just_posted(bot: Bot) -> None:
    await ask(bot)
    before, status = bot.peer.said(DIRECT), list(bot.peer.standing.values())
    bot.work()
    await bot.deliver()

    assert before == []
    assert status == ["is looking into it… Working on it: policy answer …"]
    assert words(bot) == ["Twenty-five."]
    assert (bot.peer.streams, bot.peer.standing) == ({}, {})


async def test_a_step_within_the_first_moment_begins_no_stream(bot: Bot) -> None:
    bot.platform.progress.moment_seconds = 60.0
    await ask(bot)
    await report(bot, claim(bot), "reading 2 passages")

    assert bot.peer.streams == {}


async def test_the_place_in_the_queue_is_told_in_the_status(bot: Bot) -> None:
    await ask(bot, ts="5.1")
    await ask(bot, ts="5.2")
    await bot.platform.progress.show()
    await bot.deliver()

    assert "waiting, 1 question before yours" in bot.peer.standing[(DIRECT, "5.2")]
    assert bot.peer.said(DIRECT) == []


async def test_steps_are_the_tasks_of_a_plan_and_the_answer_ends_it(bot: Bot) -> None:
    job, stream = await streaming(bot)
    await report(bot, job, "checking 3 claims")
    under_way, state = bot.peer.plan(stream), bot.peer.streams[stream]
    await finish(bot, job)

    assert (state, under_way) == (
        "streaming",
        [("reading 2 passages", "complete"), ("checking 3 claims", "in_progress")],
    )
    assert bot.peer.streams[stream] == "stopped"
    assert {status for _, status in bot.peer.plan(stream)} == {"complete"}
    assert words(bot) == ["Twenty-five."]
    assert bot.peer.sessions[(DIRECT, "1790000510.000300")] == "active"


async def test_buttons_and_thumbs_stand_below_a_streamed_answer(bot: Bot) -> None:
    job, _ = await streaming(bot)
    reply = Reply(text="Long.", blocks=(Paragraph(markdown=LONG),), wants_feedback=True)
    assert bot.jobs.finish(job, make_result("Long.", reply=reply))
    await bot.deliver()
    said = bot.peer.said(DIRECT)
    text = "\n".join(block["text"] for one in said for block in one["blocks"] if block["type"] == "markdown")

    assert [text.count(f"Paragraph {number}.") for number in range(40)] == [1] * 40
    assert said[-1]["blocks"][-1]["type"] == "context_actions"


async def test_the_pages_an_answer_rests_on_are_the_sources_of_its_last_step(bot: Bot) -> None:
    job, stream = await streaming(bot)
    pages = [
        "https://wiki.test/leave",
        "https://wiki.test/leave",
        "https://wiki.test/trips",
        "file:///leave.md",
        None,
    ]
    cited = tuple(
        Citation(number=at, chunk_id="c", document_id="d", document="d.md", title=f"Page {at}", url=url, quote="q")
        for at, url in enumerate(pages, 1)
    )
    reply = Reply(text="Five.", blocks=(Paragraph(markdown="Five."), Citations(items=cited)))
    assert bot.jobs.finish(job, make_result("Five.", reply=reply))
    await bot.deliver()
    (card,) = [task for plan in stream_of(bot, stream)["plan"] for task in plan["tasks"]]

    assert [(one["url"], one["text"]) for one in card["sources"]] == [
        ("https://wiki.test/leave", "Page 1"),
        ("https://wiki.test/trips", "Page 3"),
    ]


async def test_a_workspace_that_takes_no_sources_gets_the_answer_by_a_message(bot: Bot) -> None:
    job, stream = await streaming(bot)
    bot.peer.fail("chat.stopStream", "invalid_chunks")
    await finish(bot, job)

    assert bot.peer.streams[stream] == "stopped"
    assert words(bot) == ["Twenty-five."]


async def test_a_channel_is_answered_by_messages(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.deliver()

    assert (bot.peer.streams, bot.peer.statuses) == ({}, [])
    assert len(bot.peer.said("C0GENERAL")) == 1


@pytest.mark.parametrize(("mode", "streams_in_channel"), [("on", 1), ("off", 0)])
async def test_the_setting_widens_and_forbids(
    slack_settings: Settings, peer: SlackPeer, mode: str, streams_in_channel: int
) -> None:
    settings = Settings.model_validate({**slack_settings.model_dump(), "slack_streaming": mode})
    async for bot in running(settings, peer):
        bot.platform.progress.moment_seconds = 0.0
        await bot.send(payload("app_mention"))
        await bot.deliver()
        await report(bot, claim(bot), "reading 2 passages")

        assert len(peer.streams) == streams_in_channel
        assert len(peer.said("C0GENERAL")) == 1


# ------------------------------------------------------------------ refused
REFUSALS = ["unknown_method", "missing_scope", "not_allowed_token_type", "invalid_arguments", "not_authorized"]


@pytest.mark.parametrize("word", REFUSALS)
async def test_a_workspace_without_statuses_gets_messages_at_once(bot: Bot, word: str) -> None:
    bot.peer.fail("assistant.threads.setStatus", word, times=9)
    await ask(bot, ts="5.1")
    await ask(bot, ts="5.2")

    assert [buttons(one) for one in bot.peer.said(DIRECT)] == [["stop"], ["stop"]]
    assert len(bot.peer.called("assistant.threads.setStatus")) == 1
    bot.work()
    await bot.deliver()
    assert words(bot) == ["Twenty-five.", "Twenty-five."]


async def test_slacks_bad_moment_is_not_held_against_the_workspace(bot: Bot) -> None:
    bot.peer.fail("assistant.threads.setStatus", "internal_error")
    await ask(bot, ts="5.1")
    await ask(bot, ts="5.2")

    assert [buttons(one) for one in bot.peer.said(DIRECT)] == [["stop"]]
    assert [thread for _, thread in bot.peer.standing] == ["5.2"]


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "500", "429"])
async def test_a_status_that_may_have_failed_is_followed_by_a_message(bot: Bot, fault: str) -> None:
    bot.peer.fail("assistant.threads.setStatus", fault)
    await ask(bot)

    assert [buttons(one) for one in bot.peer.said(DIRECT)] == [["stop"]]


@pytest.mark.parametrize("word", [*REFUSALS, "invalid_blocks", "429"])
async def test_a_stream_that_is_refused_is_a_message_with_its_step_and_stop(bot: Bot, word: str) -> None:
    bot.peer.fail("chat.startStream", word, times=9, retry_after=60)
    await ask(bot)
    job = claim(bot)
    await report(bot, job, "reading 2 passages")
    (message,) = bot.peer.said(DIRECT)

    assert "reading 2 passages" in str(message["blocks"])
    assert buttons(message) == ["stop"]
    await finish(bot, job)
    assert words(bot) == ["Twenty-five."]


async def test_more_streams_than_slack_lets_begin_are_messages(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STARTS_A_MINUTE", 1)
    for ts in ("5.1", "5.2"):
        await ask(bot, ts=ts)
    for job in [claim(bot), claim(bot)]:
        await report(bot, job, "reading 2 passages")

    assert len(bot.peer.called("chat.startStream")) == 1
    assert sorted(buttons(one) for one in bot.peer.said(DIRECT)) == [[], ["stop"]]


# ------------------------------------------------------------------ one answer, whatever fails
@pytest.mark.parametrize("tells_tasks", [True, False])
@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postMessage"])
@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "500", "429", "fatal_error"])
async def test_a_failing_slack_gets_each_streamed_answer_once(
    bot: Bot, method: str, fault: str, tells_tasks: bool
) -> None:
    bot.peer.tells_tasks = tells_tasks
    bot.peer.fail(method, fault, retry_after=0)
    await ask(bot)
    job = claim(bot)
    for step in ("reading 2 passages", "checking 3 claims"):
        await report(bot, job, step)
        await deliver_all(bot)
    assert bot.jobs.finish(job, make_result("Twenty-five."))
    await deliver_all(bot)

    assert words(bot) == ["Twenty-five."]
    assert "streaming" not in bot.peer.streams.values()


@pytest.mark.parametrize("tells_tasks", [True, False])
async def test_two_lost_beginnings_in_one_thread_are_not_taken_for_each_other(bot: Bot, tells_tasks: bool) -> None:
    bot.peer.tells_tasks = tells_tasks
    for ts in ("5.1", "5.2"):
        await ask(bot, ts=ts, thread_ts="5.1")
    jobs = [claim(bot), claim(bot)]
    for job in jobs:
        bot.peer.fail("chat.startStream", "cut_after")
        await report(bot, job, f"reading for {job.mention.event_key}")
        await deliver_all(bot)
    for job in jobs:
        assert bot.jobs.finish(job, make_result("Twenty-five."))
    await deliver_all(bot)

    assert words(bot) == ["Twenty-five.", "Twenty-five."]


@pytest.mark.parametrize("word", ["invalid_blocks", "msg_too_long", "internal_error"])
async def test_an_answer_that_a_stream_will_not_take_is_written_over_it(bot: Bot, word: str) -> None:
    job, stream = await streaming(bot)
    bot.peer.fail("chat.stopStream", word)
    await finish(bot, job)

    assert (words(bot), bot.peer.streams[stream]) == (["Twenty-five."], "stopped")


async def test_a_stream_that_has_expired_is_finished_by_an_update_and_the_session_released(bot: Bot) -> None:
    job, stream = await streaming(bot)
    bot.peer.streams[stream] = "expired"
    await finish(bot, job)

    assert words(bot) == ["Twenty-five."]
    assert bot.peer.said(DIRECT)[0]["metadata"]["event_payload"]["part"] == 0
    assert bot.peer.sessions[(DIRECT, "1790000510.000300")] == "active"


# ------------------------------------------------------------------ long work
async def test_a_stream_goes_on_as_a_message_before_slack_ends_it(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    job, stream = await streaming(bot)
    outlive(bot, monkeypatch)
    await bot.platform.progress.show()  # nothing new has happened, and still
    await bot.deliver()
    (message,) = bot.peer.said(DIRECT)

    assert (bot.peer.streams[stream], message["ts"]) == ("stopped", stream)
    assert (buttons(message), "reading 2 passages" in str(message["blocks"])) == (["stop"], True)
    assert await bot.platform.progress.show() == 0
    await finish(bot, job)
    assert words(bot) == ["Twenty-five."]


async def test_a_stream_that_expired_unnoticed_tells_the_next_step_as_a_message_with_stop(bot: Bot) -> None:
    job, stream = await streaming(bot)
    bot.peer.streams[stream] = "expired"
    await report(bot, job, "checking 3 claims")
    (message,) = bot.peer.said(DIRECT)

    assert "checking 3 claims" in str(message["blocks"])
    assert buttons(message) == ["stop"]


async def test_who_waits_long_gets_more_than_a_status_that_slack_takes_back(bot: Bot) -> None:
    await ask(bot)
    await bot.platform.progress.show()
    await bot.deliver()
    before = dict(bot.peer.streams)
    with bot.engine.begin() as connection:
        connection.execute(sa.text("UPDATE jobs SET created_at = '2026-01-01T00:00:00.000000Z'"))
    await bot.platform.progress.show()
    await bot.deliver()

    (stream,) = bot.peer.streams
    assert before == {}
    assert bot.peer.plan(stream) == [("Working on it: policy answer …", "in_progress")]


def test_a_waiting_question_has_no_step() -> None:
    waiting = UnderWay(uuid4(), "T1", "policy_search", False, 1, 3, "accepted", None)
    assert progress_of(waiting).step == ""
