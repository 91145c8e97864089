"""Minutes in Slack: the form with their lines, what a bad line is told, the follow-up, and who finds them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assistant.mentions import Audience
from assistant.minutes.kept import KeptMinutes
from tests.peers.slack_events import payload
from tests.unit.bot.platforms.slack.conftest import Bot
from tests.unit.bot.platforms.slack.test_interactions import CHANNEL, mention_of, sent
from tests.unit.workers.jobs.meeting_summary.demo_meetings import BUDGET_ROUND
from tests.unit.workers.jobs.meeting_summary.library_world import ADA, LibraryWorld

ANN = ADA.model_copy(update={"id": "U0ANN"})


@pytest.fixture
def world(bot: Bot) -> LibraryWorld:
    return LibraryWorld(bot.engine, bot.settings)


@pytest.fixture
def kept(world: LibraryWorld) -> KeptMinutes:
    """Minutes that Ann had written for everybody in the channel."""
    return world.hold(BUDGET_ROUND, person=ANN, tenant="T0STEWARD", channel=CHANNEL, audience=Audience.CHANNEL)


async def pressed(bot: Bot, name: str, kept: KeptMinutes, user: str = "U0ANN", channel: str = CHANNEL) -> int:
    value = json.dumps({"job": str(kept.id), "minutes": str(kept.id), "revision": kept.revision})
    action = {"action_id": f"steward:{name}:0", "value": value, "type": "button", "action_ts": "1.1"}
    body = payload("block_actions_stop", bot.peer.url, actions=[action], channel={"id": channel, "name": "x"})
    return await sent(bot, {**body, "user": {"id": user}})


async def submitted(bot: Bot, user: str, **fields: str) -> Any:
    """Send the form that was opened last, with these fields written over."""
    from tests.peers.slack_events import interact

    view = bot.peer.views[-1]["view"]
    filled = {one["block_id"]: one["element"].get("initial_value") for one in view["blocks"] if "element" in one}
    values = {
        name: {"value": {"type": "plain_text_input", "value": text}} for name, text in {**filled, **fields}.items()
    }
    body = payload("view_submission", bot.peer.url)
    body["view"] |= {
        "callback_id": view["callback_id"],
        "private_metadata": view["private_metadata"],
        "state": {"values": values},
    }
    response = await interact(bot.client, {**body, "user": {"id": user}})
    await bot.platform.desk.settled()
    return response.json() if response.content else None


async def test_a_member_of_the_channel_corrects_a_line(bot: Bot, world: LibraryWorld, kept: KeptMinutes) -> None:
    await pressed(bot, "minutes_edit", kept, user="U0BEN")
    refused = await submitted(bot, "U0BEN", decisions="1. [perhaps] We stay")
    await submitted(bot, "U0BEN", decisions="1. [rejected] We stay with Nordlicht.")
    now = world.minutes.of_job(kept.id)

    assert "[perhaps]" in refused["errors"]["decisions"]
    assert now is not None
    assert (now.revision, now.minutes.decisions[0].status) == (2, "rejected")
    assert now.minutes.decisions[0].edited_by


async def test_pressed_in_another_channel_nothing_is_shown(bot: Bot, kept: KeptMinutes) -> None:
    await pressed(bot, "minutes_edit", kept, user="U0BEN", channel="C0OTHER")

    assert not bot.peer.views


@pytest.mark.parametrize(("members", "found"), [(["U0ANN"], (CHANNEL,)), (["U0BEN"], ())])
async def test_a_private_question_may_be_answered_from_the_asker_s_channels(
    bot: Bot, kept: KeptMinutes, members: list[str], found: tuple[str, ...]
) -> None:
    bot.peer.channels[CHANNEL] = {"members": members}
    await bot.send(payload("message_im", text="When did we decide to stay with Nordlicht?"))
    mention = mention_of(bot, bot.job_ids()[-1])

    assert (mention.kind, mention.member_of) == ("meeting_summary", found)


async def test_other_private_questions_look_no_members_up(bot: Bot, kept: KeptMinutes) -> None:
    await bot.send(payload("message_im", text="How many days of leave do I have?"))

    assert not bot.peer.called("conversations.members")
