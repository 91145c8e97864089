"""Charts as pictures and files in an answer's thread: each once whatever Slack answers, words where it takes none."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from assistant.jobs import Job, JobResult
from assistant.replies import Chart, Paragraph, Reply, Series
from tests.factories import make_result
from tests.peers.slack_events import payload
from tests.unit.bot.platforms.slack.conftest import Bot
from tests.unit.bot.platforms.slack.test_messages import deliver_all
from workers.context import JobContext

CHANNEL = "C0GENERAL"
CHART = Chart(
    title="Errors over time",
    alt="Errors rise from 10:02.",
    x=tuple(f"2026-11-24T10:{minute:02d}:00+00:00" for minute in range(5)),
    series=(Series(name="shop", values=(0, 1, 9, 8, 9)),),
)


def chart_answer(job: Job, context: JobContext) -> JobResult:
    blocks = (Paragraph(markdown="It began at 10:02."), CHART)
    return make_result("It began.", reply=Reply(text="It began.", blocks=blocks))


def pictures(bot: Bot, channel: str = CHANNEL) -> list[dict[str, Any]]:
    return [file for message in bot.peer.said(channel) for file in message.get("files", ())]


async def answered(bot: Bot, name: str = "app_mention") -> None:
    await bot.send(payload(name))
    await bot.deliver()
    bot.work(chart_answer)
    await deliver_all(bot)


async def test_a_chart_follows_the_answer_as_a_picture_with_its_words(bot: Bot) -> None:
    await answered(bot)
    answer, picture = bot.peer.said(CHANNEL)
    png = next(one["bytes"] for one in bot.peer.uploads if "bytes" in one)

    assert Image.open(io.BytesIO(png)).format == "PNG"
    assert picture["thread_ts"] == answer["thread_ts"]
    assert [(one["title"], one["alt_txt"]) for one in picture["files"]] == [("Errors over time", CHART.alt)]
    assert CHART.alt in str(answer["blocks"])


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "500", "429"])
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_a_failing_slack_gets_each_picture_once(bot: Bot, method: str, fault: str) -> None:
    bot.peer.fail(method, fault, retry_after=0)
    await answered(bot)

    assert [one["title"] for one in pictures(bot)] == ["Errors over time"]
    assert len([one for one in bot.peer.said(CHANNEL) if "files" not in one]) == 1


async def test_a_bot_that_died_after_the_picture_leaves_no_second_one(bot: Bot) -> None:
    await answered(bot)
    with bot.engine.begin() as connection:  # as if it had died before it wrote down that all was said
        connection.execute(sa.text("UPDATE outbox SET sent_revision = 0, delivered_at = NULL"))
    await deliver_all(bot)

    assert len(pictures(bot)) == 1
    assert len(bot.peer.called("chat.update")) > 1


async def test_a_picture_refused_for_now_repeats_no_message(bot: Bot) -> None:
    """The answer to a command is posted finished: what fails after it must not post it again."""
    bot.peer.fail("files.completeUploadExternal", "429", retry_after=0)
    await bot.send(payload("app_mention"))
    bot.work(chart_answer)
    await deliver_all(bot)

    assert len([one for one in bot.peer.said(CHANNEL) if "files" not in one]) == 1
    assert len(pictures(bot)) == 1


@pytest.mark.parametrize("word", ["missing_scope", "file_uploads_disabled"])
async def test_where_slack_takes_no_files_the_words_have_to_do(bot: Bot, word: str) -> None:
    bot.peer.fail("files.getUploadURLExternal", word, times=9)
    await answered(bot)
    (answer,) = bot.peer.said(CHANNEL)

    assert "shop" in str(answer["blocks"])
    assert CHART.alt in str(answer["blocks"])
    assert [view.status for view in bot.views()] == ["succeeded"]
    assert len(bot.peer.called("files.getUploadURLExternal")) == 1
