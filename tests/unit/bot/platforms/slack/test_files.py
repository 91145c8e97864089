"""Files that come with a question."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.mentions import Mention
from tests.peers.slack_events import interact, payload
from tests.peers.slack_peer import TOKEN
from tests.unit.bot.platforms.slack.conftest import Bot


def mentions(bot: Bot) -> list[Mention]:
    with bot.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT mention FROM jobs ORDER BY created_at")).scalars()
        return [Mention.model_validate_json(row) for row in rows]


def question(bot: Bot, text: str = "What does this say?", **file: object) -> dict[str, Any]:
    body = payload("message_file", bot.peer.url, text=text)
    body["event"]["files"][0] |= file
    return body


async def test_a_file_is_kept_with_its_question(bot: Bot) -> None:
    bot.peer.files["leave.md"] = b"# Leave\n\nTwenty-five days."
    await bot.send(question(bot))
    (attachment,) = mentions(bot)[0].attachments

    assert (attachment.name, attachment.media_type) == ("leave.md", "text/markdown")
    assert bot.platform.desk.dependencies.blobs.read(attachment) == b"# Leave\n\nTwenty-five days."


async def test_a_picture_alone_is_refused_aloud(bot: Bot) -> None:
    await bot.send(question(bot, "", name="shot.png", mimetype="image/png"))

    assert "can't read pictures" in bot.peer.said("D0ANN")[0]["blocks"][0]["text"]
    assert mentions(bot) == []


async def test_a_picture_beside_a_question_is_left_out_aloud(bot: Bot) -> None:
    await bot.send(question(bot, name="shot.png", mimetype="image/png"))

    assert "can't read pictures" in bot.peer.said("D0ANN")[0]["blocks"][0]["text"]
    assert mentions(bot)[0].attachments == ()


async def test_what_is_too_large_is_refused_before_it_is_fetched(bot: Bot) -> None:
    await bot.send(question(bot, size=30_000_000))

    assert "30 MB is more than the 25 MB" in bot.peer.said("D0ANN")[0]["blocks"][0]["text"]


async def test_a_missing_scope_shows_as_a_sentence_and_not_as_a_sign_in_page(bot: Bot) -> None:
    bot.peer.files["leave.md"] = b"secret"
    bot.peer.file_tokens = set()
    await bot.send(question(bot))

    assert "files:read" in bot.peer.said("D0ANN")[0]["blocks"][0]["text"]
    assert mentions(bot)[0].attachments == ()


async def test_the_token_goes_to_slack_alone(bot: Bot) -> None:
    elsewhere = "http://127.0.0.1:9/files/leave.md"
    await bot.send(question(bot, url_private=elsewhere, url_private_download=elsewhere))

    assert "doesn't let me open it" in bot.peer.said("D0ANN")[0]["blocks"][0]["text"]


async def test_a_file_that_cannot_be_had_now_makes_slack_come_again(bot: Bot) -> None:
    bot.peer.failing_files = 1
    bot.peer.files["leave.md"] = b"# Leave"
    first = await bot.send(question(bot))
    second = await bot.send(question(bot), retry=1)

    assert (first, second) == (503, 200)
    assert len(mentions(bot)[0].attachments) == 1


CANVAS = (
    b"<html><head><title>x</title></head><body><h1>Huddle notes</h1><ul><li>Ben ships &amp; tests</li></ul></body>"
)


async def test_the_canvas_of_a_huddle_is_read_as_its_words(bot: Bot) -> None:
    bot.peer.files["leave.md"] = CANVAS
    await bot.send(question(bot, filetype="quip", mimetype="application/vnd.slack-docs", title="Huddle, 3 May"))
    (attachment,) = mentions(bot)[0].attachments

    assert (attachment.name, attachment.media_type) == ("Huddle, 3 May.txt", "text/plain")
    assert bot.platform.desk.dependencies.blobs.read(attachment) == b"Huddle notes\nBen ships & tests"


async def test_a_canvas_that_may_not_be_read_is_refused_and_no_sign_in_page_kept(bot: Bot) -> None:
    bot.peer.file_tokens = set()
    await bot.send(question(bot, "", filetype="quip", mimetype="application/vnd.slack-docs"))

    assert "doesn't let me open it" in bot.peer.said("D0ANN")[0]["blocks"][0]["text"]
    assert mentions(bot) == []


@pytest.mark.parametrize(("tokens", "words"), [({TOKEN}, "Ben ships &amp; tests"), (set(), "doesn't let me open it")])
async def test_a_canvas_in_a_thread_is_read_with_it(bot: Bot, tokens: set[str], words: str) -> None:
    bot.peer.files["leave.md"], bot.peer.file_tokens = CANVAS, tokens
    (file,) = question(bot, filetype="quip", mimetype="application/vnd.slack-docs", title="Huddle")["event"]["files"]
    root = {"ts": "1790000500.000200", "user": "U0BEN", "text": "Notes:", "files": [file]}
    bot.peer.messages["C0GENERAL"] = [root]
    await interact(bot.client, payload("message_shortcut", bot.peer.url))
    await bot.platform.desk.settled()
    document = json.loads(bot.platform.desk.dependencies.blobs.read(mentions(bot)[0].attachments[0]))

    assert document["messages"][0]["text"].startswith("Notes:\n\n")
    assert words in document["messages"][0]["text"]


async def test_notes_that_slackbot_posts_after_a_huddle_are_no_bot_post_to_leave_out(bot: Bot) -> None:
    bot.peer.files["leave.md"] = CANVAS
    (file,) = question(bot, filetype="quip", mimetype="application/vnd.slack-docs", title="Huddle")["event"]["files"]
    notes = {"bot_id": "B1", "user": "USLACKBOT", "text": "Notes:", "files": [file]}
    post = {"bot_id": "B2", "text": "Build 7 is green."}
    bot.peer.messages["C0GENERAL"] = [
        {"ts": "1790000500.000200", "user": "U0BEN", "text": "A huddle happened."},
        {"ts": "1790000600.000200", "thread_ts": "1790000500.000200", **notes},
        {"ts": "1790000700.000200", "thread_ts": "1790000500.000200", **post},
    ]
    await interact(bot.client, payload("message_shortcut", bot.peer.url))
    await bot.platform.desk.settled()
    document = json.loads(bot.platform.desk.dependencies.blobs.read(mentions(bot)[0].attachments[0]))

    assert ["bot_id" in message for message in document["messages"]] == [False, False, True]
    assert "Ben ships" in document["messages"][1]["text"]
