"""From a signed event to the rendered answer, and what is no question."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from assistant.jobs import JobStatus
from assistant.mentions import Audience, Mention
from assistant.storage.people_store import PeopleStore, PersonProfile
from bot.platforms.slack import app as slack_app
from tests.peers.slack_events import payload, send
from tests.unit.bot.platforms.slack.conftest import Bot

CHANNEL, THREAD = "C0GENERAL", "1790000500.000200"


def mentions(bot: Bot) -> list[Mention]:
    with bot.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT mention FROM jobs ORDER BY created_at")).scalars()
        return [Mention.model_validate_json(row) for row in rows]


async def test_a_mention_becomes_a_placeholder_and_then_its_answer_in_the_same_message(bot: Bot) -> None:
    assert await bot.send(payload("app_mention")) == 200
    await bot.deliver()
    (placeholder,) = bot.peer.said(CHANNEL, THREAD)
    first_text = placeholder["text"]
    bot.work()
    await bot.deliver()

    (answer,) = bot.peer.said(CHANNEL, THREAD)
    assert first_text.startswith("Working on it")
    assert answer["ts"] == placeholder["ts"]
    assert answer["text"] == "Twenty-five."
    assert answer["blocks"][0] == {"type": "markdown", "text": "Twenty-five."}
    assert [view.status for view in bot.views()] == [JobStatus.SUCCEEDED]


async def test_the_two_events_of_one_mention_and_their_redeliveries_are_one_question(bot: Bot) -> None:
    for retry in range(3):
        assert await bot.send(payload("app_mention", outer={"event_id": f"Ev{retry}"}), retry=retry) == 200
        assert await bot.send(payload("message_channels", outer={"event_id": f"Em{retry}"}), retry=retry) == 200
    await bot.deliver()
    bot.work()
    await bot.deliver()

    assert len(bot.job_ids()) == 1
    assert len(bot.peer.said(CHANNEL)) == 1


async def test_our_name_is_no_part_of_the_question(bot: Bot) -> None:
    text = "Hi <@U0STEWARD>, is <https://intra.test/x?a=1&amp;b=2|this page> &lt;current&gt;?"
    await bot.send(payload("app_mention", text=text))

    assert mentions(bot)[0].text == "Hi , is this page (https://intra.test/x?a=1&b=2) <current>?"


async def test_a_direct_message_is_answered_from_what_the_asker_may_read(bot: Bot) -> None:
    bot.peer.users["U0ANN"] = {"profile": {"email": "Ann@Example.test", "real_name": "Ann"}}
    people = PeopleStore(bot.engine)
    people.upsert_all("local", [PersonProfile(id="p-ann", name="Ann", email="ann@example.test", groups=("hr",))])
    await bot.send(payload("message_im"))
    await bot.deliver()

    (mention,) = mentions(bot)
    assert mention.audience is Audience.ASKER
    assert mention.asker.groups == ("hr",)
    assert bot.peer.statuses[0]["status"] == "is looking into it…"


async def test_in_a_channel_only_what_everyone_there_may_read(bot: Bot) -> None:
    await bot.send(payload("app_mention"))

    (mention,) = mentions(bot)
    assert (mention.audience, mention.channel_groups) == (Audience.CHANNEL, ())


async def test_a_guest_in_the_channel_leaves_public_documents_alone(bot: Bot) -> None:
    bot.peer.users["U0GUEST"] = {"is_restricted": True}
    bot.peer.channels[CHANNEL] = {"members": ["U0ANN", "U0GUEST"]}
    await bot.send(payload("app_mention"))

    assert mentions(bot)[0].audience is Audience.OUTSIDERS


async def test_so_does_another_company(bot: Bot) -> None:
    await bot.send(payload("app_mention", outer={"is_ext_shared_channel": True}))
    await bot.send(payload("message_im", user="U0THEM", ts="1.1"))
    bot.peer.users["U0STRANGER"] = {"team_id": "T0OTHER"}
    await bot.send(payload("message_im", user="U0STRANGER", ts="1.2"))

    assert [one.audience for one in mentions(bot)] == [Audience.OUTSIDERS, Audience.ASKER, Audience.OUTSIDERS]


async def test_when_slack_cannot_say_who_reads_along_the_answer_is_public(bot: Bot) -> None:
    bot.peer.fail("conversations.info", "internal_error", times=9)
    await bot.send(payload("app_mention"))

    assert mentions(bot)[0].audience is Audience.OUTSIDERS


async def test_a_reply_in_our_thread_needs_no_mention(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.send(payload("message_thread"))

    asked = mentions(bot)
    assert [one.text for one in asked] == ["how many days of leave do I have?", "And in my first year?"]
    assert [one.begins_conversation for one in asked] == [True, False]


async def test_a_reply_that_is_also_sent_to_the_channel_is_one_question(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.send(payload("message_thread", subtype="thread_broadcast", root={"ts": THREAD}))
    changed = payload("message_changed")  # Slack then "changes" the thread's first message to name the reply
    changed["event"]["message"] |= {"ts": THREAD, "text": "same", "subtype": "thread_broadcast"}
    changed["event"]["previous_message"] |= {"ts": THREAD, "text": "same"}
    await bot.send(changed)

    assert [one.text for one in mentions(bot)][1:] == ["And in my first year?"]


async def test_people_who_talk_to_each_other_in_our_thread_are_left_alone(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.send(payload("message_thread", text="<@U0BEN> what do you think?", ts="2.1"))
    await bot.send(payload("message_thread", user="U0BEN", text="I'd say 25.", ts="2.2"))
    await bot.send(payload("message_thread", text="Really?", ts="2.3"))

    assert len(bot.job_ids()) == 1


async def test_a_thread_that_rested_for_a_day_wants_a_mention(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    with bot.engine.begin() as connection:
        connection.execute(sa.text("UPDATE conversations SET updated_at = '2026-01-01T00:00:00.000000Z'"))
    await bot.send(payload("message_thread"))

    assert len(bot.job_ids()) == 1


async def test_other_threads_and_bots_are_none_of_our_business(bot: Bot) -> None:
    await bot.send(payload("message_thread"))
    await bot.send(payload("message_bot"))
    await bot.send(payload("message_channels", text="Lunch?"))
    await bot.send(payload("message_channels", subtype="channel_join", user="U0STEWARD"))
    await bot.send(payload("message_im", user="U0STEWARD", bot_id="B0STEWARD"))

    assert bot.job_ids() == []


async def test_an_empty_mention_is_told_what_steward_can_do(bot: Bot) -> None:
    for _ in range(2):
        assert await bot.send(payload("app_mention", text="<@U0STEWARD>")) == 200

    (told,) = bot.peer.ephemeral
    assert "Policy" in told["blocks"][0]["text"]
    assert (told["user"], told["thread_ts"]) == ("U0ANN", THREAD)
    assert bot.job_ids() == []


async def test_an_edited_question_stops_its_job_and_is_asked_again(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    for _ in range(2):
        await bot.send(payload("message_changed"))

    first, second = bot.views()
    assert first.status is JobStatus.CANCELLED
    assert second.question == "how many days of parental leave do I have?"
    assert [one.begins_conversation for one in mentions(bot)] == [True, False]


async def test_a_preview_added_by_slack_is_no_edit(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    body = payload("message_changed")
    body["event"]["message"]["text"] = body["event"]["previous_message"]["text"]
    await bot.send(body)

    assert [view.status for view in bot.views()] == [JobStatus.QUEUED]


async def test_a_deleted_question_is_stopped(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.send(payload("message_deleted"))

    assert [view.status for view in bot.views()] == [JobStatus.CANCELLED]


async def test_a_cross_on_the_question_or_the_placeholder_stops_it(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.send(payload("reaction_added", user="U0BEN"))
    by_other = bot.views()[0].status
    await bot.deliver()
    placeholder = bot.peer.said(CHANNEL)[0]["ts"]
    await bot.send(payload("reaction_added", item={"type": "message", "channel": CHANNEL, "ts": placeholder}))
    await bot.deliver()

    assert by_other is JobStatus.QUEUED
    assert bot.views()[0].status is JobStatus.CANCELLED
    assert bot.peer.said(CHANNEL)[0]["text"] == "Stopped, as you asked."


async def test_a_store_that_is_away_makes_slack_come_again(bot: Bot) -> None:
    with bot.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE jobs RENAME TO jobs_away"))
    lost = await bot.send(payload("app_mention"))
    with bot.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE jobs_away RENAME TO jobs"))
    found = await bot.send(payload("app_mention"), retry=1)

    assert (lost, found) == (503, 200)
    assert len(bot.job_ids()) == 1


async def test_slack_is_asked_once_who_we_are_and_not_at_every_event(bot: Bot) -> None:
    for number in range(5):
        await bot.send(payload("app_mention", ts=f"9.{number}"))

    assert len(bot.peer.called("auth.test")) == 1
    assert len(bot.peer.called("users.info")) == 1
    assert len(bot.peer.called("conversations.info")) == 1


async def test_a_store_that_hangs_makes_slack_come_again_in_time(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_app, "ANSWER_WITHIN_SECONDS", 0.2)
    with bot.engine.begin():  # holds SQLite's only write lock
        hung = await send(bot.client, payload("app_mention"))
    monkeypatch.undo()
    again = await bot.send(payload("app_mention"), retry=1)

    assert (hung.status_code, again) == (503, 200)
    assert len(bot.job_ids()) == 1
