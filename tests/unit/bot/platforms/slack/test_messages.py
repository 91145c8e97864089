"""One message a question, whatever Slack answers."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from assistant.errors import NothingFound, RateLimited
from assistant.jobs import Job, JobResult
from assistant.replies import FileOffer, Paragraph, Reply
from tests.factories import make_result
from tests.peers.slack_events import payload
from tests.unit.bot.platforms.slack.conftest import Bot
from workers.context import JobContext

CHANNEL = "C0GENERAL"
TARGET = {"team": "T0STEWARD", "channel": CHANNEL, "thread_ts": "1.0", "user": "U0ANN"}
LONG = "\n\n".join(f"Paragraph {number}. " + "word " * 150 for number in range(40))


def long_answer(job: Job, context: JobContext) -> JobResult:
    return make_result("Long.", reply=Reply(text="Long.", blocks=(Paragraph(markdown=LONG),), wants_feedback=True))


def make_everything_due(bot: Bot) -> None:
    with bot.engine.begin() as connection:
        connection.execute(sa.text("UPDATE outbox SET next_at = (SELECT min(created_at) FROM jobs)"))


async def deliver_all(bot: Bot) -> None:
    for _ in range(4):
        await bot.deliver()
        make_everything_due(bot)


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "500", "429", "internal_error"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_failing_slack_gets_each_answer_once(bot: Bot, method: str, fault: str) -> None:
    bot.peer.fail(method, fault, retry_after=0)
    await bot.send(payload("app_mention"))
    await deliver_all(bot)
    bot.work()
    await deliver_all(bot)

    assert [one["text"] for one in bot.peer.said(CHANNEL)] == ["Twenty-five."]


async def test_a_write_is_sent_once_and_not_repeated_by_the_sdk(bot: Bot) -> None:
    bot.peer.fail("chat.postMessage", "cut_after")
    with pytest.raises(Exception, match="Slack did not answer"):
        await bot.platform.post(TARGET, Reply(text="Hello"), "k1")

    assert len(bot.peer.said(CHANNEL)) == 1
    assert await bot.platform.find(TARGET, "k1") == await bot.platform.find(TARGET, "k1") is not None
    assert await bot.platform.find(TARGET, "k2") is None


async def test_slack_says_how_long_to_wait(bot: Bot) -> None:
    bot.peer.fail("chat.postMessage", "429", retry_after=37)
    with pytest.raises(RateLimited) as caught:
        await bot.platform.post(TARGET, Reply(text="Hello"), "k1")

    assert caught.value.retry_after_seconds == 37


async def test_a_deleted_message_is_not_written_again(bot: Bot) -> None:
    handle = await bot.platform.post(TARGET, Reply(text="Hello"), "k1")
    bot.peer.delete_all()
    with pytest.raises(NothingFound):
        await bot.platform.update(handle, Reply(text="Hello again"))


async def test_blocks_that_slack_refuses_are_said_in_plain_words(bot: Bot) -> None:
    bot.peer.fail("chat.postMessage", "invalid_blocks")
    await bot.platform.post(TARGET, Reply(text="Hello <all>", wants_feedback=True), "k1")

    (message,) = bot.peer.said(CHANNEL)
    assert message["text"] == "Hello &lt;all&gt;"
    assert "blocks" not in message


@pytest.mark.parametrize("faults", [(), ("cut_after",), ("cut_before", "500", "429")])
async def test_a_long_answer_goes_on_in_the_thread_and_is_said_once(bot: Bot, faults: tuple[str, ...]) -> None:
    await bot.send(payload("app_mention"))
    await bot.deliver()
    bot.work(long_answer)
    for fault in faults:
        bot.peer.fail("chat.postMessage", fault, retry_after=0)
    await deliver_all(bot)

    said = bot.peer.said(CHANNEL)
    text = "\n".join(block["text"] for one in said for block in one["blocks"] if block["type"] == "markdown")
    assert len(said) == 3
    assert [text.count(f"Paragraph {number}.") for number in range(40)] == [1] * 40
    assert [one["blocks"][-1]["type"] for one in said] == ["markdown", "markdown", "context_actions"]


async def test_an_answer_without_a_channel_goes_to_the_askers_direct_messages(bot: Bot) -> None:
    target = {"team": "T0STEWARD", "channel": None, "thread_ts": None, "user": "U0ANN"}
    handle = await bot.platform.post(target, Reply(text="Hello"), "k1")

    assert handle["channel"] == "DU0ANN"
    assert await bot.platform.find(target, "k1") == handle


async def test_a_file_that_the_answer_offers_is_put_into_its_thread_once(bot: Bot) -> None:
    sha256 = bot.platform.desk.dependencies.blobs.store(b"Minutes")
    offer = FileOffer(name="minutes.md", media_type="text/markdown", blob=sha256, size_bytes=7)
    reply = Reply(text="Done.", blocks=(Paragraph(markdown="Done."), offer))
    handle = await bot.platform.post(TARGET, reply, "k1")
    await bot.platform.update(handle, reply)
    await bot.platform.desk.settled()
    (sent,) = [one for one in bot.peer.uploads if "complete" in one]

    assert (sent["channel_id"], sent["thread_ts"]) == (CHANNEL, "1.0")
    assert any(b"Minutes" in one["bytes"] for one in bot.peer.uploads if "bytes" in one)


async def test_an_older_bot_delivers_what_a_newer_one_posted(bot: Bot) -> None:
    handle = await bot.platform.post(TARGET, Reply(text="Hello"), "k1")
    await bot.platform.update({**handle, "field_of_tomorrow": 1}, Reply(text="Hello again"))

    assert [one["text"] for one in bot.peer.said(CHANNEL)] == ["Hello again"]


async def test_nothing_unfurls(bot: Bot) -> None:
    await bot.platform.post(TARGET, Reply(text="See https://example.test"), "k1")

    (call,) = bot.peer.called("chat.postMessage")
    assert (str(call["unfurl_links"]).lower(), str(call["unfurl_media"]).lower()) in (("false", "false"), ("0", "0"))
