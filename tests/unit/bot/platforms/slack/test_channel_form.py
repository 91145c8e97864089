"""The form of a channel's settings, sent as Slack sends it, and what a saved form does to the next question."""

from __future__ import annotations

from typing import Any

from assistant.manner import Manner
from assistant.mentions import LOCAL_TENANT
from assistant.preferences import ChannelSettings, PersonSettings
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.preference_store import PreferenceStore
from bot.platforms.slack.channel_form import channel_view
from tests.peers.slack_events import payload
from tests.peers.slack_judge import judge_blocks
from tests.unit.bot.platforms.slack.conftest import Bot
from tests.unit.bot.platforms.slack.test_interactions import CHANNEL, command, mention_of, submit

PLACE = {"channel": CHANNEL}


def option(value: str) -> dict[str, Any]:
    return {"type": "static_select", "selected_option": {"value": value}}


def filled(**changes: Any) -> dict[str, Any]:
    kinds = {"type": "checkboxes", "selected_options": [{"value": "policy_search"}]}
    spaces = {"type": "multi_static_select", "selected_options": [{"value": "travel"}]}
    return {"kinds": kinds, "spaces": spaces, "tone": option("formal"), "language": option("de"), **changes}


def known(bot: Bot, user: str, *groups: str) -> None:
    person = PersonProfile(id=f"dir-{user}", email=f"{user.lower()}@example.test", groups=groups)
    PeopleStore(bot.engine).upsert_all(LOCAL_TENANT, [person])
    bot.peer.users[user] = {"is_admin": True, "profile": {"email": person.email, "real_name": user}}


async def test_what_is_saved_reaches_the_next_question_and_the_records(bot: Bot) -> None:
    known(bot, "U0ADMIN")
    await submit(bot, "steward:channel", PLACE, filled(), user="U0ADMIN")
    await bot.send(payload("app_mention", text="<@U0STEWARD> how much is the per diem?", ts="3.1"))
    await bot.send(payload("app_mention", text="<@U0STEWARD> draft an e-mail to Bo", ts="3.2"))
    (job_id,) = bot.job_ids()
    (change,) = PreferenceStore(bot.engine).channel_changes("slack", "T0STEWARD", CHANNEL)

    assert mention_of(bot, job_id).spaces == ("travel",)
    assert mention_of(bot, job_id).manner == Manner(tone="formal", language="de")
    assert "Here you can ask for: policy answer." in bot.peer.ephemeral[0]["text"]
    assert change.changed_by == "U0ADMIN"
    assert change.changes["tone"] == ("neutral", "formal")


async def test_the_form_says_who_changed_it_last(bot: Bot) -> None:
    known(bot, "U0ADMIN")
    await submit(bot, "steward:channel", PLACE, filled(), user="U0ADMIN")
    await command(bot, "settings", user_id="U0ADMIN")
    line = bot.peer.views[-1]["view"]["blocks"][-1]["elements"][0]["text"]

    assert "<@U0ADMIN> changed what may be asked, document spaces, tone, language" in line


async def test_nobody_opens_documents_to_a_channel_that_they_may_not_read(bot: Bot) -> None:
    known(bot, "U0ADMIN", "leads")
    errors = await submit(bot, "steward:channel", PLACE, filled(groups={"value": "leads, board"}), user="U0ADMIN")
    kept = PreferenceStore(bot.engine).channel("slack", "T0STEWARD", CHANNEL)

    assert errors["errors"] == {"groups": "You are not in board yourself, so you can't open its documents."}
    assert kept == ChannelSettings()


async def test_who_lost_the_right_since_the_form_was_opened_is_refused(bot: Bot) -> None:
    known(bot, "U0ADMIN")
    store = PreferenceStore(bot.engine)
    store.save_channel("slack", "T0STEWARD", CHANNEL, ChannelSettings(owners=("U0ANN",)), by="U0ADMIN")
    await command(bot, "settings")
    store.save_channel("slack", "T0STEWARD", CHANNEL, ChannelSettings(owners=("U0BEN",)), by="U0ADMIN")
    errors = await submit(bot, "steward:channel", PLACE, filled())

    assert len(bot.peer.views) == 1
    assert "owners" in errors["errors"]


async def test_a_private_asker_is_answered_in_direct_messages_and_may_share(bot: Bot) -> None:
    PreferenceStore(bot.engine).save_person("T0STEWARD", "U0ANN", PersonSettings(private_answers=True))
    await bot.send(payload("app_mention"))
    bot.work()
    await bot.deliver()
    (job_id,) = bot.job_ids()

    assert bot.peer.said(CHANNEL) == []
    assert len(bot.peer.said("DU0ANN")) == 1
    assert "direct messages" in bot.peer.ephemeral[0]["text"]
    assert mention_of(bot, job_id).reply_target["share_to"] == CHANNEL


def test_slack_takes_the_form_with_everything_in_it() -> None:
    settings = ChannelSettings(groups=("hr",), spaces=("gone",), owners=("U1",), handoff="S0X", language="de")
    view = channel_view(settings, PLACE, spaces=["travel", "hr"])
    spaces = next(block for block in view["blocks"] if block["block_id"] == "spaces")["element"]

    judge_blocks(view["blocks"], most=100)
    assert [one["value"] for one in spaces["options"]] == ["gone", "hr", "travel"]
    assert [one["value"] for one in spaces["initial_options"]] == ["gone"]


async def test_more_spaces_than_a_list_holds_are_all_offered_and_stay_chosen() -> None:
    spaces = [f"space-{number:03d}" for number in range(250)]
    view = channel_view(ChannelSettings(spaces=("space-007", "space-249")), PLACE, spaces=spaces)
    element = next(block["element"] for block in view["blocks"] if block.get("block_id") == "spaces")
    judge_blocks(view["blocks"], most=100)

    assert [option["value"] for group in element["option_groups"] for option in group["options"]] == spaces
    assert [option["value"] for option in element["initial_options"]] == ["space-007", "space-249"]
    assert "options" not in element
