"""The app's pages, and live progress in a placeholder."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from assistant.jobs import Job, JobResult
from assistant.manner import MailStyle
from assistant.mentions import Person
from assistant.preferences import PersonSettings
from assistant.storage.preference_store import PreferenceStore
from assistant.storage.slack_store import SlackStore
from bot.platforms.slack.done_note import DoneNotes
from bot.platforms.slack.home import PROMPTS, home_blocks
from bot.platforms.slack.progress import Progress
from tests.factories import make_result
from tests.peers.slack_events import interact, payload
from tests.unit.bot.platforms.slack.conftest import Bot
from tests.unit.bot.platforms.slack.test_interactions import submit
from workers.context import JobContext

CHANNEL = "C0GENERAL"


def texts(blocks: list[dict[str, Any]]) -> str:
    return "\n".join(block["text"]["text"] for block in blocks if "text" in block)


async def press(bot: Bot, action_id: str) -> None:
    action = {"action_id": action_id, "value": "{}", "type": "button", "action_ts": "1.1"}
    await interact(bot.client, payload("block_actions_stop", bot.peer.url, actions=[action]))
    await bot.platform.desk.settled()


async def test_home_shows_what_there_is_and_the_last_questions(bot: Bot) -> None:
    await bot.send(payload("message_im", text="How &lt;b&gt;long&lt;/b&gt; is *leave*?"))
    await bot.send(payload("app_home_opened_home"))
    (published,) = bot.peer.views
    shown = texts(published["view"]["blocks"])

    assert published["user_id"] == "U0ANN"
    assert "Policy answer" in shown
    assert "Log inspection" not in shown  # for engineers
    assert "&lt;b&gt;long" in shown
    assert "_waits for its turn_" in shown


def test_an_engineer_sees_log_inspection() -> None:
    assert "Log inspection" in texts(home_blocks(Person(id="U1", role="engineer"), []))


async def test_the_messages_tab_gets_suggestions(bot: Bot) -> None:
    await bot.send(payload("app_home_opened_messages"))

    assert bot.peer.prompts[0]["channel_id"] == "D0ANN"
    assert len(bot.peer.prompts[0]["prompts"]) == 4


async def test_a_conversation_in_the_older_assistants_pane_gets_suggestions(bot: Bot) -> None:
    body = payload("app_home_opened_messages")
    thread = {"user_id": "U0ANN", "channel_id": "D0ANN", "thread_ts": "1790000000.000100", "context": {}}
    body["event"] = {"type": "assistant_thread_started", "assistant_thread": thread, "event_ts": "1790000000.000200"}

    assert await bot.send(body) == 200
    (shown,) = bot.peer.prompts
    assert (shown["channel_id"], shown["thread_ts"]) == ("D0ANN", "1790000000.000100")


async def test_a_thread_of_the_messages_tab_is_called_by_its_first_question(bot: Bot) -> None:
    await bot.send(payload("message_im", ts="7.1"))
    await bot.send(payload("message_im", ts="7.2", thread_ts="7.1", text="And for interns?"))
    titles = [(one["thread_ts"], one["title"]) for one in bot.peer.called("assistant.threads.setTitle")]

    assert titles == [("7.1", "How many days of leave do I have?")]


async def test_a_session_that_has_begun_is_renamed_instead(bot: Bot) -> None:
    bot.peer.sessions[("D0ANN", "7.1")] = "active"
    await bot.send(payload("message_im", ts="7.1"))
    renamed = [(one["thread_ts"], one["title"]) for one in bot.peer.called("agents.sessions.rename")]

    assert renamed == [("7.1", "How many days of leave do I have?")]
    assert bot.peer.called("assistant.threads.setTitle") == []


@pytest.mark.parametrize("word", ["unknown_method", "missing_scope", "not_in_channel", "channel_not_found"])
async def test_a_workspace_that_renames_no_sessions_gets_the_threads_title(bot: Bot, word: str) -> None:
    bot.peer.fail("agents.sessions.rename", word)
    await bot.send(payload("message_im", ts="7.1"))

    assert [one["thread_ts"] for one in bot.peer.called("assistant.threads.setTitle")] == ["7.1"]


async def test_beside_a_channel_its_recap_is_suggested_and_elsewhere_not(bot: Bot) -> None:
    await bot.send(payload("app_context_changed"))
    await bot.send(payload("app_context_changed", event_ts="2.0"))  # another channel: nothing changes
    await bot.send(payload("app_context_changed", context={}))
    first, second = bot.peer.prompts

    assert [one["title"] for one in first["prompts"]][:2] == ["Recap this channel", "What did I miss?"]
    assert len(first["prompts"]) == 4
    assert second["prompts"][0]["title"] == PROMPTS[0][0]
    assert {first["channel_id"], second["channel_id"]} == {"D0ANN"}


async def test_a_context_without_a_place_is_followed_by_its_person_or_left_alone(bot: Bot) -> None:
    by_person = payload("app_context_changed")
    del by_person["event"]["channel"]
    nobodys = payload("app_context_changed")
    del nobodys["event"]["channel"], nobodys["event"]["user"]

    assert [await bot.send(by_person), await bot.send(nobodys)] == [200, 200]
    assert [one["channel_id"] for one in bot.peer.prompts] == ["DU0ANN"]


async def test_a_workspace_without_the_agents_feature_is_none_the_worse(bot: Bot) -> None:
    bot.peer.fail("assistant.threads.setSuggestedPrompts", "missing_scope")
    bot.peer.fail("assistant.threads.setStatus", "missing_scope")

    assert await bot.send(payload("app_home_opened_messages")) == 200
    assert await bot.send(payload("message_im")) == 200


async def test_my_data_is_exported_to_me_and_forgotten(bot: Bot) -> None:
    await bot.send(payload("message_im"))
    await bot.send(payload("app_mention", user="U0BEN"))
    await press(bot, "steward:export")
    file = next(one["bytes"] for one in bot.peer.uploads if "bytes" in one)
    (shared,) = [one for one in bot.peer.uploads if "complete" in one]
    await press(bot, "steward:forget")
    exported = json.loads(file[file.index(b"{") : file.rindex(b"}") + 1])

    assert [one["question"] for one in exported["questions"]] == ["How many days of leave do I have?"]
    assert shared["channel_id"] == "DU0ANN"
    assert [one["files"][0]["name"] for one in bot.peer.said("DU0ANN") if one.get("files")] == ["steward-export.json"]
    assert "Forgotten" in texts(bot.peer.views[-1]["view"]["blocks"])
    assert [view.asker_id for view in bot.views()] == ["U0BEN"]


async def test_my_settings_are_mine_to_set_and_shown(bot: Bot) -> None:
    values = {
        "language": {"type": "static_select", "selected_option": {"value": "de"}},
        "tone": {"type": "static_select", "selected_option": {"value": "brief"}},
        "habits": {"type": "checkboxes", "selected_options": [{"value": "private_answers"}]},
        "signature": {"value": "Ann  Smith"},
    }
    await press(bot, "steward:settings")
    await submit(bot, "steward:person", {}, values)
    kept = PreferenceStore(bot.engine).person("T0STEWARD", "U0ANN")

    assert kept == PersonSettings(
        language="de", tone="brief", private_answers=True, tell_when_done=False, signature="Ann Smith"
    )
    assert "Language: German · tone: brief · private answers" in texts(bot.peer.views[-1]["view"]["blocks"])


async def test_how_i_write_is_learned_only_where_i_tick_it_and_is_mine_to_change(bot: Bot) -> None:
    store = PreferenceStore(bot.engine)
    ticked = {"habits": {"type": "checkboxes", "selected_options": [{"value": "learns_mail_style"}]}}
    assert not store.person("T0STEWARD", "U0ANN").learns_mail_style
    await press(bot, "steward:settings")
    await submit(bot, "steward:person", {}, ticked)
    await press(bot, "steward:settings")
    asked = bot.peer.views[-1]["view"]["blocks"]
    await submit(bot, "steward:person", {}, {**ticked, "style_en": {"value": "Hi {name},\n…\nCheers,\nAnn"}})
    written = store.person("T0STEWARD", "U0ANN")
    await submit(bot, "steward:person", {}, ticked)  # a form that was opened before shows no style
    kept = store.person("T0STEWARD", "U0ANN")
    await submit(bot, "steward:person", {}, {})
    untied = store.person("T0STEWARD", "U0ANN")

    assert "style_en" in [block.get("block_id") for block in asked]
    assert written.mail_styles == (
        MailStyle(language="en", greeting="Hi {name},", sign_off="Cheers,", signature="Ann"),
    )
    assert kept == written
    assert (untied.learns_mail_style, untied.mail_styles) == (False, ())


async def test_a_style_that_cannot_be_read_is_told_at_its_field_and_changes_nothing(bot: Bot) -> None:
    ticked = {"habits": {"type": "checkboxes", "selected_options": [{"value": "learns_mail_style"}]}}
    await press(bot, "steward:settings")
    answer = await submit(bot, "steward:person", {}, {**ticked, "style_en": {"value": "Hi {name},\nCheers,"}})

    assert "…" in str(answer)
    assert not PreferenceStore(bot.engine).person("T0STEWARD", "U0ANN").learns_mail_style


@pytest.mark.parametrize(("wanted", "seconds", "told"), [(True, 0.0, 1), (False, 0.0, 0), (True, 60.0, 0)])
async def test_who_waited_long_is_told_once_that_the_answer_is_there(
    bot: Bot, wanted: bool, seconds: float, told: int
) -> None:
    PreferenceStore(bot.engine).save_person("T0STEWARD", "U0ANN", PersonSettings(tell_when_done=wanted))
    bot.platform.done_notes = DoneNotes(bot.platform.desk, long_seconds=seconds)
    await bot.send(payload("app_mention"))
    await bot.deliver()
    bot.work()
    await bot.deliver()
    await bot.platform.desk.settled()
    notes = [one["text"] for one in bot.peer.said("DU0ANN")]

    assert len(notes) == told
    assert all("Your policy answer is there: <https://peer.test/archives/C0GENERAL/" in one for one in notes)


async def test_a_setting_that_was_tampered_with_is_not_kept(bot: Bot) -> None:
    language = {"type": "static_select", "selected_option": {"value": "tlh"}}
    refused = await submit(bot, "steward:person", {}, {"language": language})

    assert refused["response_action"] == "errors"
    assert PreferenceStore(bot.engine).person("T0STEWARD", "U0ANN") == PersonSettings()


# ------------------------------------------------------------------ live progress
reached, go_on = threading.Event(), threading.Event()


def slow(job: Job, context: JobContext) -> JobResult:
    context.report("reading", "reading 6 passages")
    context.stream("Staff may carry over")
    reached.set()
    go_on.wait(10)
    return make_result("Five days.")


async def test_the_placeholder_tells_of_the_steps_and_grows_with_the_answer(bot: Bot) -> None:
    reached.clear()
    go_on.clear()
    progress = Progress(SlackStore(bot.engine, bot.settings))
    await bot.send(payload("app_mention"))
    await bot.deliver()
    nothing_new = await progress.show()
    working = threading.Thread(target=bot.work, args=(slow,))
    working.start()
    reached.wait(10)
    news = await progress.show()
    await bot.deliver()
    (message,) = bot.peer.said(CHANNEL)
    shown = json.dumps(message["blocks"], ensure_ascii=False)
    go_on.set()
    working.join(10)
    await progress.show()
    await bot.deliver()

    assert (nothing_new, news) == (0, 1)
    assert "Staff may carry over …" in shown
    assert "reading 6 passages" in shown
    assert "steward:stop" in shown
    assert [one["text"] for one in bot.peer.said(CHANNEL)] == ["Five days."]


async def test_progress_never_overtakes_the_answer(bot: Bot) -> None:
    store = SlackStore(bot.engine, bot.settings)
    await bot.send(payload("app_mention"))
    await bot.deliver()
    (before,) = store.under_way()
    bot.work()

    assert store.say_progress(before, make_result("late").reply) is False
    await bot.deliver()
    assert [one["text"] for one in bot.peer.said(CHANNEL)] == ["Twenty-five."]


async def test_progress_leaves_a_workspace_room_for_its_answers(bot: Bot) -> None:
    seconds = [0.0]
    progress = Progress(SlackStore(bot.engine, bot.settings), clock=lambda: seconds[0])
    for number in range(16):
        await bot.send(payload("app_mention", ts=f"6.{number}", user=f"U0{number}"))
    await bot.deliver()
    at_once = await progress.show()
    at_the_same_time = await progress.show()
    seconds[0] = 4.0
    later = await progress.show()

    assert (at_once, at_the_same_time) == (10, 0)
    assert later == 2


async def test_who_waits_hears_how_many_are_before_them(bot: Bot) -> None:
    progress = Progress(SlackStore(bot.engine, bot.settings))
    for number in range(3):
        await bot.send(payload("app_mention", ts=f"5.{number}", user=f"U0{number}"))
    await bot.deliver()
    await progress.show()
    await bot.deliver()

    assert [one["text"] for one in bot.peer.said(CHANNEL)][1:] == [
        "Policy answer: waiting, 1 question before yours",
        "Policy answer: waiting, 2 questions before yours",
    ]
