"""Every way to stop work that Slack shows itself: its own button, the word, a cross; and only one's own work."""

from __future__ import annotations

import pytest

from assistant.errors import Cancelled
from assistant.replies import Reply
from tests.peers.slack_events import payload
from tests.unit.bot.platforms.slack.conftest import Bot
from tests.unit.bot.platforms.slack.test_streams import DIRECT, ask, streaming, words


@pytest.fixture
def bot(bot_without_moments: Bot) -> Bot:
    return bot_without_moments


async def test_slacks_own_stop_button_stops_the_work_and_says_so(bot: Bot) -> None:
    job, stream = await streaming(bot)
    bot.peer.press_stop(stream)
    await bot.send(payload("agent_session_stopped", streaming_message_ts=[stream]))
    assert bot.jobs.view(job.id).cancel_requested
    bot.jobs.fail(job, Cancelled("by the asker"), Reply(text="Stopped."))
    await bot.deliver()

    assert [one.status.value for one in bot.views()] == ["cancelled"]
    assert words(bot) == ["Stopped."]
    assert bot.peer.sessions[(DIRECT, "1790000510.000300")] == "active"


async def test_slacks_own_stop_button_without_a_stream_stops_the_thread(bot: Bot) -> None:
    await ask(bot)
    await bot.send(payload("agent_session_stopped", thread_ts="1790000510.000300"))

    assert [one.status.value for one in bot.views()] == ["cancelled"]


async def test_nobody_elses_work_is_stopped(bot: Bot) -> None:
    await ask(bot)
    await bot.send(payload("agent_session_stopped", thread_ts="1790000510.000300", user="U0BEN"))

    assert [one.status.value for one in bot.views()] == ["queued"]


async def test_the_word_stops_and_is_no_question(bot: Bot) -> None:
    await ask(bot)
    stop = payload("message_im", text="Stop!", ts="1790000511.1", thread_ts="1790000510.000300")
    for _ in range(2):  # sent again by Slack
        await bot.send(stop)
    await bot.deliver()

    assert [one.status.value for one in bot.views()] == ["cancelled"]
    assert len(words(bot)) == 1


async def test_the_word_with_nothing_at_work_is_answered(bot: Bot) -> None:
    await bot.send(payload("message_im", text="stop"))

    assert bot.views() == []
    assert words(bot) == ["Nothing of yours is at work in this thread."]


async def test_a_cross_on_the_stream_stops_too(bot: Bot) -> None:
    job, stream = await streaming(bot)
    await bot.send(payload("reaction_added", item={"type": "message", "channel": DIRECT, "ts": stream}))

    assert bot.jobs.view(job.id).cancel_requested
