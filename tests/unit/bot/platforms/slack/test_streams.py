"""Slack's own streams in direct messages, and chat.update wherever they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from assistant.jobs import Step
from assistant.replies import Reply
from assistant.settings import Settings
from tests.peers.slack_events import payload
from tests.peers.slack_peer import SlackPeer
from tests.unit.bot.platforms.slack.conftest import Bot, running
from tests.unit.bot.platforms.slack.test_messages import deliver_all

DIRECT = "D0ANN"


@pytest.fixture
async def bot(slack_settings: Settings, peer: SlackPeer) -> AsyncIterator[Bot]:
    settings = Settings.model_validate({**slack_settings.model_dump(), "slack_streaming": True})
    async for one in running(settings, peer):
        yield one


def answers(bot: Bot) -> list[str]:
    return [one["blocks"][0]["text"] for one in bot.peer.said(DIRECT)]


async def test_a_direct_message_is_answered_in_a_stream(bot: Bot) -> None:
    await bot.send(payload("message_im"))
    await bot.deliver()
    (stream,) = bot.peer.streams
    before = bot.peer.streams[stream]
    bot.work()
    await bot.deliver()

    assert (before, bot.peer.streams[stream]) == ("streaming", "stopped")
    assert answers(bot) == ["Twenty-five."]
    assert [one["chunks"][0]["status"] for one in bot.peer.called("chat.stopStream")] == ["complete"]


async def test_a_stream_that_has_expired_is_finished_by_an_update(bot: Bot) -> None:
    await bot.send(payload("message_im"))
    await bot.deliver()
    (stream,) = bot.peer.streams
    bot.peer.streams[stream] = "expired"
    bot.work()
    await bot.deliver()

    assert answers(bot) == ["Twenty-five."]
    assert bot.peer.said(DIRECT)[0]["metadata"]["event_payload"]["part"] == 0


@pytest.mark.parametrize(
    "word", ["unknown_method", "missing_scope", "not_allowed_token_type", "invalid_blocks", "invalid_arguments"]
)
async def test_a_workspace_that_does_not_stream_gets_messages(bot: Bot, word: str) -> None:
    bot.peer.fail("chat.startStream", word, times=9)
    for ts in ("5.1", "5.2"):
        await bot.send(payload("message_im", ts=ts))
    await bot.deliver()
    bot.work()
    await bot.deliver()

    assert answers(bot) == ["Twenty-five.", "Twenty-five."]
    assert len(bot.peer.called("chat.startStream")) <= 2


@pytest.mark.parametrize("method", ["chat.startStream", "chat.stopStream"])
@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "500", "429"])
async def test_a_failing_slack_gets_each_streamed_answer_once(bot: Bot, method: str, fault: str) -> None:
    bot.peer.fail(method, fault, retry_after=0)
    await bot.send(payload("message_im"))
    await deliver_all(bot)
    bot.work()
    await deliver_all(bot)

    assert answers(bot) == ["Twenty-five."]


async def test_a_channel_is_answered_by_messages(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.deliver()

    assert bot.peer.streams == {}
    assert len(bot.peer.said("C0GENERAL")) == 1


async def test_steps_are_shown_on_the_card(bot: Bot) -> None:
    await bot.send(payload("message_im"))
    await bot.deliver()
    with bot.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM outbox")).scalar() == 1
    target = {"team": "T0STEWARD", "channel": DIRECT, "thread_ts": "1790000510.000300", "user": "U0ANN"}
    handle = await bot.platform.find(target, "any")
    assert handle is not None
    await bot.platform.update(handle, Reply(text="reading 6 passages", final=False))

    (step,) = bot.peer.called("chat.appendStream")
    assert step["chunks"][0]["title"] == "reading 6 passages"


async def test_more_questions_than_streams_a_minute_are_answered_by_messages_at_once(bot: Bot) -> None:
    bot.peer.fail("chat.startStream", "429", times=9, retry_after=60)
    await bot.send(payload("message_im"))
    await bot.deliver()

    assert bot.peer.streams == {}
    assert len(bot.peer.said(DIRECT)) == 1


async def test_a_stream_that_expired_while_work_goes_on_tells_of_it_with_a_stop_button(bot: Bot) -> None:
    await bot.send(payload("message_im"))
    await bot.deliver()
    (stream,) = bot.peer.streams
    bot.peer.streams[stream] = "expired"  # message_not_in_streaming_state from here on
    (job_id,) = bot.job_ids()
    job = bot.jobs.claim(("policy",), owner="w1")
    assert job is not None
    bot.jobs.report(job_id, Step(at=datetime.now(UTC), name="reading", text="reading 2 passages"))
    await bot.platform.progress.show()
    await bot.deliver()
    (message,) = bot.peer.said(DIRECT)

    assert "reading 2 passages" in str(message["blocks"])
    assert "steward:stop" in str(message["blocks"])
