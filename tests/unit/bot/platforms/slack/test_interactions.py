"""Buttons, thumbs, forms, the command and the shortcuts, each as Slack sends them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from assistant.jobs import JobStatus
from assistant.mentions import LOCAL_TENANT, Audience, Mention
from assistant.preferences import ChannelSettings
from assistant.replies import Action, Actions, Citation, Citations, Reply
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.preference_store import PreferenceStore
from assistant.storage.slack_store import SlackStore
from tests.factories import make_result
from tests.peers.slack_events import form, interact, payload
from tests.unit.bot.platforms.slack.conftest import Bot
from tests.unit.workers import handlers

CHANNEL, THREAD = "C0GENERAL", "1790000500.000200"


async def press(bot: Bot, message: dict[str, Any], prefix: str, user: str = "U0ANN", channel: str = CHANNEL) -> int:
    """Press the first button of this message whose action begins so; thumbs as well."""
    elements = [one for block in message["blocks"] for one in block.get("elements", ()) if "action_id" in one]
    element = next(one for one in elements if one["action_id"].startswith(prefix.split("/")[0]))
    value = element.get("value") or element[f"{prefix.split('/')[1]}_button"]["value"]
    action = {"action_id": element["action_id"], "value": value, "type": element["type"], "action_ts": "1.1"}
    body = payload("block_actions_stop", bot.peer.url, actions=[action], channel={"id": channel, "name": "x"})
    return await sent(bot, {**body, "user": {"id": user}})


async def sent(bot: Bot, body: dict[str, Any]) -> int:
    response = await interact(bot.client, body)
    await bot.platform.desk.settled()
    return response.status_code


async def submit(
    bot: Bot, callback_id: str, place: dict[str, Any], values: dict[str, Any], user: str = "U0ANN"
) -> Any:
    body = payload("view_submission", bot.peer.url)
    state = {name: {"value": value} for name, value in values.items()}
    body["view"] |= {"callback_id": callback_id, "private_metadata": json.dumps(place), "state": {"values": state}}
    response = await interact(bot.client, {**body, "user": {"id": user}})
    await bot.platform.desk.settled()
    assert response.status_code == 200
    return response.json() if response.content else None


async def command(bot: Bot, text: str, **fields: str) -> Any:
    values = {
        "command": "/steward",
        "team_id": "T0STEWARD",
        "channel_id": CHANNEL,
        "user_id": "U0ANN",
        "trigger_id": f"t.{text}",
        "response_url": f"{bot.peer.url}/hook",
        "text": text,
    }
    response = await form(bot.client, {**values, **fields})
    await bot.platform.desk.settled()
    assert response.status_code == 200
    return response.json() if response.content else None


def mention_of(bot: Bot, job_id: UUID) -> Mention:
    mention = SlackStore(bot.engine, bot.settings).mention_of(job_id)
    assert mention is not None
    return mention


async def answered(bot: Bot) -> dict[str, Any]:
    """Ask, work, deliver, and return the answer's message with thumbs under it."""
    from tests.unit.bot.platforms.slack.test_messages import long_answer

    await bot.send(payload("app_mention"))
    await bot.deliver()
    bot.work(long_answer)
    await bot.deliver()
    return bot.peer.said(CHANNEL)[-1]


async def test_stop_stops_for_the_asker_and_for_nobody_else(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.deliver()
    (placeholder,) = bot.peer.said(CHANNEL)
    await press(bot, placeholder, "steward:stop", user="U0BEN")
    for_another = bot.views()[0].status
    await press(bot, placeholder, "steward:stop")

    assert for_another is JobStatus.QUEUED
    assert "nothing to stop" in bot.peer.whispers[0]["text"]
    assert bot.views()[0].status is JobStatus.CANCELLED


async def test_a_thumb_is_kept_for_each_person_and_can_be_turned(bot: Bot) -> None:
    answer = await answered(bot)
    await press(bot, answer, "steward:feedback/positive")
    await press(bot, answer, "steward:feedback/positive", user="U0BEN")
    await press(bot, answer, "steward:feedback/negative")
    (job_id,) = bot.job_ids()
    feedback = FeedbackStore(bot.engine)

    ann, ben = feedback.of(job_id, "U0ANN"), feedback.of(job_id, "U0BEN")
    assert ann is not None
    assert ben is not None
    assert (ann.verdict, ben.verdict) == ("down", "up")


async def test_a_thumb_down_asks_why_and_keeps_the_reason_and_the_correction(bot: Bot) -> None:
    await press(bot, await answered(bot), "steward:feedback/negative")
    (opened,) = bot.peer.views
    place = json.loads(opened["view"]["private_metadata"])
    body = payload("view_submission", bot.peer.url)
    body["view"] |= {
        "callback_id": "steward:feedback",
        "private_metadata": json.dumps(place),
        "state": {
            "values": {
                "reason": {"value": {"type": "static_select", "selected_option": {"value": "outdated"}}},
                "correction": {"value": {"type": "plain_text_input", "value": "It is 30 now."}},
            }
        },
    }
    await sent(bot, body)

    kept = FeedbackStore(bot.engine).of(bot.job_ids()[0], "U0ANN")
    assert kept is not None
    assert (kept.verdict, kept.reason, kept.correction) == ("down", "outdated", "It is 30 now.")


async def test_try_again_asks_once_more_for_the_asker(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.deliver()
    bot.work(handlers.crash)
    await bot.deliver()
    (apology,) = bot.peer.said(CHANNEL)
    await press(bot, apology, "steward:retry", user="U0BEN")
    await press(bot, apology, "steward:retry")
    await press(bot, apology, "steward:retry")

    assert [view.status for view in bot.views()] == [JobStatus.FAILED, JobStatus.QUEUED]
    assert bot.views()[0].question == bot.views()[1].question


async def test_the_command_is_answered_in_direct_messages(bot: Bot) -> None:
    said = await command(bot, "How many days of leave do I have?")
    await bot.deliver()
    bot.work()
    await bot.deliver()

    assert said["response_type"] == "ephemeral"
    assert [one["text"] for one in bot.peer.said("DU0ANN")] == ["Twenty-five."]
    assert mention_of(bot, bot.job_ids()[0]).audience is Audience.ASKER


async def test_help_lists_what_there_is_and_opens_a_form_for_each(bot: Bot) -> None:
    said = await command(bot, "help")
    button = said["blocks"][1]["elements"][1]
    await press(bot, {"blocks": said["blocks"]}, button["action_id"])
    (opened,) = bot.peer.views

    assert "Meeting minutes" in said["text"]
    assert opened["view"]["callback_id"] == "steward:ask:meeting_summary"


async def test_a_refused_command_says_why_at_once(bot: Bot) -> None:
    said = await command(bot, "logs of checkout since noon")

    assert "for engineer" in said["text"]
    assert bot.job_ids() == []


async def test_a_form_asks_privately_unless_told_otherwise(bot: Bot) -> None:
    values: dict[str, Any] = {"question": {"type": "plain_text_input", "value": "Who may travel first class?"}}
    place = {"channel": CHANNEL}
    await submit(bot, "steward:ask:policy_search", place, values)
    boxes = {"type": "checkboxes", "selected_options": [{"value": "here"}]}
    body_id = {"where": boxes, **values}
    await bot.deliver()
    first = len(bot.peer.said("DU0ANN"))
    body = payload("view_submission", bot.peer.url)
    body["view"] |= {
        "id": "V9",
        "callback_id": "steward:ask:policy_search",
        "private_metadata": json.dumps(place),
        "state": {"values": {name: {"value": value} for name, value in body_id.items()}},
    }
    await sent(bot, body)
    await bot.deliver()

    assert first == 1
    assert len(bot.peer.said(CHANNEL)) == 1
    assert [mention_of(bot, one).audience for one in bot.job_ids()] == [Audience.ASKER, Audience.CHANNEL]


async def test_a_form_that_is_refused_says_so_in_the_form(bot: Bot) -> None:
    errors = await submit(bot, "steward:ask:policy_search", {}, {"question": {"value": " "}})

    assert errors["response_action"] == "errors"
    assert "question" in errors["errors"]


async def test_sharing_asks_again_for_the_eyes_of_the_channel(bot: Bot) -> None:
    from tests.unit.bot.platforms.slack.test_messages import long_answer

    await command(bot, "How many days of leave do I have?")
    await bot.deliver()
    bot.work(long_answer)
    await bot.deliver()
    answer = bot.peer.said("DU0ANN")[-1]
    for _ in range(2):
        await press(bot, answer, "steward:share", channel="DU0ANN")
    await bot.deliver()
    bot.work()
    await bot.deliver()

    assert [one["text"] for one in bot.peer.said(CHANNEL)] == [
        "<@U0ANN> asked: How many days of leave do I have?",
        "Twenty-five.",
    ]
    assert mention_of(bot, bot.job_ids()[1]).audience is Audience.CHANNEL


async def test_a_shortcut_works_on_the_thread(bot: Bot) -> None:
    bot.peer.users["U0BEN"] = {"profile": {"display_name": "Ben"}}
    bot.peer.messages[CHANNEL] = [
        {"ts": THREAD, "user": "U0BEN", "text": "Shall we move the launch?"},
        {"ts": "1790000501.000000", "thread_ts": THREAD, "user": "U0BEN", "text": "To <#C1|friday>?"},
    ]
    assert await sent(bot, payload("message_shortcut", bot.peer.url)) == 200
    (job_id,) = bot.job_ids()
    mention = mention_of(bot, job_id)
    document = json.loads(bot.platform.desk.dependencies.blobs.read(mention.attachments[0]))

    assert mention.kind == "meeting_summary"
    assert document["users"] == {"U0BEN": "Ben"}
    assert [one["text"] for one in document["messages"]] == ["Shall we move the launch?", "To <#C1|friday>?"]
    assert bot.peer.whispers[0]["text"].startswith("I'm on it")


async def test_log_lines_of_a_thread_are_handed_over_as_lines(bot: Bot) -> None:
    bot.peer.users["U0BEN"] = {"profile": {"display_name": "Ben"}}
    PeopleStore(bot.engine).upsert_all(
        LOCAL_TENANT, [PersonProfile(id="ann", email="u0ann@example.test", role="engineer")]
    )
    bot.peer.messages[CHANNEL] = [{"ts": THREAD, "user": "U0BEN", "text": "ERROR <#C1|db> timed out"}]
    await sent(bot, payload("message_shortcut", bot.peer.url, callback_id="inspect_logs"))
    (attachment,) = mention_of(bot, bot.job_ids()[0]).attachments

    assert attachment.name == "thread.log"
    assert bot.platform.desk.dependencies.blobs.read(attachment).endswith(b"] Ben: ERROR #db timed out")


async def test_a_shortcut_where_steward_is_not_says_how_to_invite_it(bot: Bot) -> None:
    bot.peer.fail("conversations.replies", "not_in_channel")
    await sent(bot, payload("message_shortcut", bot.peer.url))

    assert "/invite" in bot.peer.whispers[0]["text"]
    assert bot.job_ids() == []


async def test_a_channel_is_set_up_by_its_owners_alone(bot: Bot) -> None:
    refused = await command(bot, "settings")
    person = PersonProfile(id="admin", email="u0admin@example.test", role="admin")
    PeopleStore(bot.engine).upsert_all(LOCAL_TENANT, [person])
    bot.peer.users["U0ADMIN"] = {"is_admin": True, "profile": {"email": "u0admin@example.test"}}
    await command(bot, "settings", user_id="U0ADMIN")
    values = {
        "kinds": {"type": "checkboxes", "selected_options": [{"value": "meeting_summary"}]},
        "mention": {"type": "checkboxes", "selected_options": [{"value": "on"}]},
        "groups": {"value": "hr, leads"},
        "handoff": {"value": "S0HELPERS"},
        "owners": {"type": "multi_users_select", "selected_users": ["U0BEN"]},
    }
    await submit(bot, "steward:channel", {"channel": CHANNEL}, values, user="U0ADMIN")
    errors = await submit(bot, "steward:channel", {"channel": CHANNEL}, values)
    kept = PreferenceStore(bot.engine).channel("slack", "T0STEWARD", CHANNEL)

    assert "owners" in refused["text"]
    assert "owners" in errors["errors"]
    assert kept == ChannelSettings(
        kinds=("meeting_summary",),
        groups=("hr", "leads"),
        answers_without_mention=True,
        owners=("U0BEN",),
        handoff="S0HELPERS",
    )


async def test_a_channels_settings_hold(bot: Bot) -> None:
    store = PreferenceStore(bot.engine)
    settings = ChannelSettings(kinds=("policy_search",), groups=("hr",), answers_without_mention=True, handoff="S0X")
    store.save_channel("slack", "T0STEWARD", CHANNEL, settings, by="U0ADMIN")
    await bot.send(payload("message_channels", text="May I carry leave over?", ts="3.1"))
    await bot.send(payload("message_channels", text="Lunch now!", ts="3.2"))
    await bot.send(payload("app_mention", text="<@U0STEWARD> minutes: Ann: hello there", ts="3.3"))
    (job_id,) = bot.job_ids()

    assert mention_of(bot, job_id).channel_groups == ("hr",)
    assert "switched off in this channel" in bot.peer.ephemeral[0]["text"]


async def test_ask_a_human_calls_whom_the_owners_named_once(bot: Bot) -> None:
    store = PreferenceStore(bot.engine)
    store.save_channel("slack", "T0STEWARD", CHANNEL, ChannelSettings(handoff="S0HELPERS"), by="U0ADMIN")
    answer = await answered(bot)
    for _ in range(2):
        await press(bot, answer, "steward:handoff")

    called = [one["text"] for one in bot.peer.said(CHANNEL) if "subteam" in one["text"]]
    assert called == ["<!subteam^S0HELPERS>, <@U0ANN> would like a person to look at this question."]


@pytest.mark.parametrize("value", ["{}", '{"job":"not-an-id","verdict":"up"}', "[]", "nonsense"])
async def test_a_button_that_was_tampered_with_does_nothing(bot: Bot, value: str) -> None:
    body = payload("block_actions_feedback", bot.peer.url)
    body["actions"][0]["value"] = value

    assert await sent(bot, body) == 400


async def test_the_lines_around_are_whispered_to_an_engineer_and_refused_to_others(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.deliver()
    bot.work(quoting_logs)
    await bot.deliver()
    message = bot.peer.said(CHANNEL)[-1]
    PeopleStore(bot.engine).upsert_all(
        "T0STEWARD", [PersonProfile(id="U0ANN", name="Ann", email="ann@example.com", role="engineer", groups=())]
    )

    await press(bot, message, "steward:surroundings")

    (whisper,) = bot.peer.whispers
    assert whisper["response_type"] == "ephemeral"
    assert "INFO before" in whisper["text"]
    assert "▶ ERROR it broke &lt;here&gt;" in whisper["text"]


def quoting_logs(job: Any, context: Any) -> Any:
    cited = Citation(
        number=1,
        chunk_id="a.log:3",
        document_id="a.log",
        document="a.log",
        title="pay log",
        section="line 3",
        quote="ERROR it broke <here>",
        before=("INFO before",),
    )
    button = Actions(items=(Action(name="surroundings", label="Show the lines around", value={"n": 1}),))
    return make_result("Broken.", reply=Reply(text="Broken.", blocks=(Citations(items=(cited,)), button)))


async def test_a_watch_is_begun_and_ended_by_who_asked_and_by_nobody_else(bot: Bot) -> None:
    await bot.send(payload("app_mention"))
    await bot.deliver()
    bot.work(with_watch_buttons)
    await bot.deliver()
    message = bot.peer.said(CHANNEL)[-1]
    PeopleStore(bot.engine).upsert_all(
        "T0STEWARD", [PersonProfile(id="U0ANN", name="Ann", email="ann@example.com", role="engineer", groups=())]
    )

    await press(bot, message, "steward:watch", user="U0BEN")
    await press(bot, message, "steward:watch")
    await press(bot, message, "steward:stop_watch")

    asked = [(view.kind, view.question) for view in bot.views()[1:]]
    assert asked == [("log_inspection", "watch this"), ("log_inspection", "stop watching")]


def with_watch_buttons(job: Any, context: Any) -> Any:
    buttons = (Action(name="watch", label="Watch this"), Action(name="stop_watch", label="Stop watching"))
    return make_result("Broken.", reply=Reply(text="Broken.", blocks=(Actions(items=buttons),)))
