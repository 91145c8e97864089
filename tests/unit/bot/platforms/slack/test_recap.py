"""Recaps and links to messages: which stretch is meant, who may read it, what the job gets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from assistant.errors import RequestInvalid
from assistant.mentions import Audience, Mention
from bot.platforms.slack import reading
from bot.platforms.slack.recaps import MessageLink, read_link
from bot.recap import RecapRequest, read_request
from tests.factories import make_job
from tests.peers.slack_events import payload
from tests.twins.jobs import make_context
from tests.unit.bot.platforms.slack.conftest import Bot
from tests.unit.bot.platforms.slack.test_interactions import command, mention_of
from workers.jobs.meeting_summary import run as minutes

CHANNEL, BASE = "C0GENERAL", 1_790_000_000
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("words", "since"),
    [
        ("recap since yesterday", "2026-11-24T00:00"),
        ("Recap since Monday", "2026-11-23T00:00"),
        ("recap since wednesday", "2026-11-18T00:00"),
        ("please recap since 2026-11-20", "2026-11-20T00:00"),
        ("recap 3 days", "2026-11-22T09:30"),
        ("catch me up since this morning", "2026-11-25T00:00"),
        ("summarise this channel since this week", "2026-11-23T00:00"),
        ("recap last 2 hours", "2026-11-25T07:30"),
        ("recap", "2026-11-18T09:30"),
    ],
)
def test_a_recap_begins_where_its_words_say(words: str, since: str) -> None:
    expected = datetime.fromisoformat(since).replace(tzinfo=UTC)

    assert read_request(words, now=NOW) == RecapRequest(expected)


def test_a_day_begins_where_the_asker_is() -> None:
    request = read_request("recap since today", now=NOW, zone=timezone(timedelta(hours=-10)))

    assert request == RecapRequest(datetime(2026, 11, 24, 10, 0, tzinfo=UTC))


@pytest.mark.parametrize("words", ["what did I miss?", "recap since I last read", "catch me up since I was here"])
def test_since_i_last_read_names_no_moment(words: str) -> None:
    assert read_request(words, now=NOW) == RecapRequest(None)


@pytest.mark.parametrize(
    "words",
    ["recap: Ann: hello\nBen: hi\nAnn: bye", "recap of the leave policy", "How long is leave?", "minutes, please"],
)
def test_other_questions_are_no_recaps(words: str) -> None:
    assert read_request(words, now=NOW) is None


@pytest.mark.parametrize("words", ["recap since the flood", "recap since 2027-01-01", "recap since 2019-01-01"])
def test_a_moment_that_cannot_be_read_is_asked_for(words: str) -> None:
    with pytest.raises(RequestInvalid):
        read_request(words, now=NOW)


LINK = "https://peer.slack.com/archives/C0GENERAL/p1790000001000100"


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (f"What was decided in <{LINK}>?", MessageLink(CHANNEL, "1790000001.000100")),
        (f"<{LINK}?thread_ts=1790000000.000100&amp;cid=C0GENERAL|here>", MessageLink(CHANNEL, "1790000000.000100")),
        ("https://peer.slack.com/team/U0ANN", None),
    ],
)
def test_a_link_names_a_channel_and_a_thread(text: str, link: MessageLink | None) -> None:
    assert read_link(text) == link


# ------------------------------------------------------------------ in Slack
def spoken(bot: Bot, *lines: tuple[str, str], channel: str = CHANNEL) -> None:
    """Let people say this, one a second."""
    said = [
        {"ts": f"{BASE + number}.000100", "user": user, "text": text} for number, (user, text) in enumerate(lines, 1)
    ]
    bot.peer.messages.setdefault(channel, []).extend(said)


def conversation_of(bot: Bot) -> tuple[Mention, dict[str, Any]]:
    mention = mention_of(bot, bot.job_ids()[-1])
    (attachment,) = mention.attachments
    return mention, json.loads(bot.platform.desk.dependencies.blobs.read(attachment))


async def test_a_recap_in_a_channel_reads_it_with_its_threads_and_links_each_message(bot: Bot) -> None:
    bot.peer.users["U0BEN"] = {"profile": {"display_name": "Ben"}}
    spoken(bot, ("U0BEN", "We ship on Friday."), ("U0BEN", "Who tests?"))
    bot.peer.messages[CHANNEL][1]["reply_count"] = 1
    reply = {"ts": f"{BASE + 9}.000100", "thread_ts": f"{BASE + 2}.000100", "user": "U0ANN", "text": "I do."}
    bot.peer.messages[CHANNEL].append(reply)
    await bot.send(payload("app_mention", text="<@U0STEWARD> recap since 2026-09-01", ts="3.1"))
    mention, document = conversation_of(bot)

    assert mention.kind == "meeting_summary"
    assert [one["text"] for one in document["messages"]] == ["We ship on Friday.", "Who tests?", "I do."]
    assert document["users"]["U0BEN"] == "Ben"
    assert document["messages"][0]["permalink"] == "https://peer.test/archives/C0GENERAL/p1790000001000100"
    assert document["messages"][2]["permalink"].endswith("?thread_ts=1790000002.000100&cid=C0GENERAL")


async def test_the_minutes_cite_messages_by_their_links(bot: Bot) -> None:
    spoken(
        bot,
        ("U0BEN", "We decided to ship the new portal on Friday after the tests."),
        ("U0ANN", "I will write the release notes by Thursday."),
        ("U0BEN", "Agreed, let us do it that way and tell support about the change."),
    )
    await bot.send(payload("app_mention", text="<@U0STEWARD> recap since 2026-09-01", ts="3.1"))
    mention, _ = conversation_of(bot)
    files = bot.platform.desk.dependencies.blobs
    result = minutes.run(make_job(mention=mention, kind="meeting_summary"), make_context(files=files))
    links = {str(citation.url) for claim in result.claims for citation in claim.citations}

    assert links
    assert all(link.startswith("https://peer.test/archives/C0GENERAL/p179000000") for link in links)


async def test_a_recap_asked_for_in_a_thread_is_of_the_thread(bot: Bot) -> None:
    spoken(bot, ("U0BEN", "Root"), ("U0BEN", "Elsewhere"))
    inside = {"text": "<@U0STEWARD> recap", "ts": "3.1", "thread_ts": f"{BASE + 1}.000100"}
    await bot.send(payload("app_mention", **inside))
    _, document = conversation_of(bot)

    assert [one["text"] for one in document["messages"]] == ["Root"]


async def test_since_i_last_read_is_since_my_last_words_and_says_so(bot: Bot) -> None:
    spoken(bot, ("U0ANN", "Bye all"), ("U0BEN", "News!"), ("U0ANN", "<@U0STEWARD> what did I miss?"))
    now = datetime.now(UTC).timestamp()
    for number, message in enumerate(bot.peer.messages[CHANNEL]):
        message["ts"] = f"{now - 100 + number:.6f}"
    await command(bot, "recap since I last read")
    _, document = conversation_of(bot)

    assert document["messages"][0]["text"] == "News!"
    assert "Slack doesn't tell me how far you have read" in document["cut"]


async def test_what_does_not_fit_is_left_out_and_told(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_TOKENS", 40)
    spoken(bot, *[("U0BEN", f"Line {number}. " + "x" * 60) for number in range(5)])
    await command(bot, "recap since 2026-09-01")
    _, document = conversation_of(bot)

    assert [one["text"][:7] for one in document["messages"]] == ["Line 4."]
    assert "4 earlier messages are left out." in document["cut"]


async def test_nothing_said_is_told_without_a_job(bot: Bot) -> None:
    said = await command(bot, "recap since 2026-09-01")

    assert said["text"] == "Nothing was said here since then."
    assert bot.job_ids() == []


async def test_two_who_ask_at_once_cost_one_reading(bot: Bot) -> None:
    spoken(bot, ("U0BEN", "Root"))
    for number in range(2):
        inside = {"text": "<@U0STEWARD> recap", "ts": f"3.{number}", "thread_ts": f"{BASE + 1}.000100"}
        await bot.send(payload("app_mention", **inside, outer={"event_id": f"Ev{number}"}))

    assert len(bot.peer.called("conversations.replies")) == 1
    assert len(bot.job_ids()) == 2


async def test_a_page_that_slack_puts_off_makes_the_event_come_again(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading.SlackReader.thread, "__kwdefaults__", {"seconds": 0.05})
    spoken(bot, ("U0BEN", "Root"))
    bot.peer.fail("conversations.replies", "429", retry_after=1)
    body = payload("app_mention", text="<@U0STEWARD> recap", ts="3.1", thread_ts=f"{BASE + 1}.000100")
    first = await bot.send(body)
    monkeypatch.setattr(reading.SlackReader.thread, "__kwdefaults__", {"seconds": 5.0})
    again = await bot.send(body, retry=1)

    assert (first, again) == (503, 200)
    assert len(bot.job_ids()) == 1
    assert len(bot.peer.called("conversations.replies")) == 2  # the refused one, and the one that was waited for


async def test_a_link_is_opened_for_members_of_its_channel_alone(bot: Bot) -> None:
    spoken(bot, ("U0BEN", "We ship on Friday."), channel="C0SECRET")
    link = LINK.replace("C0GENERAL", "C0SECRET")
    asked = {"text": f"What was decided in <{link}>?"}
    bot.peer.channels["C0SECRET"] = {"members": ["U0BEN"]}
    await bot.send(payload("message_im", **asked, ts="3.1"))
    refused = bot.peer.said("D0ANN")[-1]["text"]
    bot.peer.channels["C0SECRET"] = {"members": ["U0BEN", "U0ANN"]}
    await bot.send(payload("message_im", **asked, ts="3.2"))
    _, document = conversation_of(bot)

    assert "only for members of its channel" in refused
    assert len(bot.job_ids()) == 1
    assert document["messages"][0]["text"] == "We ship on Friday."


async def test_a_link_to_another_channel_is_not_read_out_in_this_one(bot: Bot) -> None:
    spoken(bot, ("U0BEN", "We ship on Friday."), channel="C0SECRET")
    bot.peer.channels["C0SECRET"] = {"members": ["U0BEN", "U0ANN"]}
    link = LINK.replace("C0GENERAL", "C0SECRET")
    await bot.send(payload("app_mention", text=f"<@U0STEWARD> what was decided in <{link}>?", ts="3.1"))

    assert "only in our direct messages" in bot.peer.ephemeral[0]["text"]
    assert bot.job_ids() == []


BESIDE = {"entities": [{"type": "slack#/types/channel_id", "value": CHANNEL, "team_id": "T0STEWARD"}]}


async def test_a_recap_in_direct_messages_is_of_the_channel_open_beside_them_for_its_members(bot: Bot) -> None:
    spoken(bot, ("U0BEN", "We ship on Friday."))
    bot.peer.channels[CHANNEL] = {"members": ["U0ANN"]}
    asked = {"text": "recap this channel since 2026-09-01", "app_context": BESIDE}
    await bot.send(payload("message_im", ts="3.1", **asked))
    mention, document = conversation_of(bot)
    bot.peer.channels[CHANNEL] = {"members": []}
    await bot.send(payload("message_im", ts="3.2", **asked, outer={"event_id": "Ev2"}))

    assert (mention.kind, mention.audience) == ("meeting_summary", Audience.ASKER)
    assert [one["text"] for one in document["messages"]] == ["We ship on Friday."]
    assert len(bot.job_ids()) == 1
    assert "only for its members" in bot.peer.said("D0ANN")[-1]["text"]


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("summarise this conversation since 2026-09-01", BESIDE["entities"]),
        ("recap since 2026-09-01", []),
        ("recap since 2026-09-01", [{"type": "slack#/types/canvas_id", "value": "F1"}]),
        ("recap since 2026-09-01", [{"type": "slack#/types/channel_id", "value": "D0BEN"}]),
        ("recap since 2026-09-01", None),
        ("recap since 2026-09-01", "C0GENERAL"),
        ("recap since 2026-09-01", ["C0GENERAL"]),
    ],
)
async def test_without_a_channel_beside_them_direct_messages_are_asked_as_before(
    bot: Bot, text: str, entities: list[dict[str, Any]]
) -> None:
    spoken(bot, ("U0BEN", "We ship on Friday."))
    await bot.send(payload("message_im", ts="3.1", text=text, app_context={"entities": entities}))

    assert mention_of(bot, bot.job_ids()[-1]).attachments == ()
    assert bot.peer.called("conversations.history") == []


async def test_a_message_open_beside_them_names_its_channel(bot: Bot) -> None:
    spoken(bot, ("U0BEN", "We ship on Friday."))
    bot.peer.channels[CHANNEL] = {"members": ["U0ANN"]}
    seen = {"type": "slack#/types/message_context", "value": {"channel_id": CHANNEL, "message_ts": "1.0"}}
    context = {"entities": [seen]}
    await bot.send(payload("message_im", ts="3.1", text="recap since 2026-09-01", app_context=context))
    _, document = conversation_of(bot)

    assert [one["text"] for one in document["messages"]] == ["We ship on Friday."]
