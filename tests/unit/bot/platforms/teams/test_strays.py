"""A post whose answer was cut off: what is left behind, and how it goes away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.jobs import Step
from assistant.replies import Paragraph, Reply
from tests.factories import make_result
from tests.peers.teams_bot import ANN, CHANNEL, THREAD, TeamsBot, payload
from tests.peers.teams_peer import TENANT, Message


async def ask_with_a_cut(bot: TeamsBot) -> None:
    """Ask in a channel, where the placeholder's post is done and its answer lost."""
    members = [{"id": payload("channel_mention")["from"]["id"], "objectId": ANN, "tenantId": TENANT}]
    bot.peer.members[CHANNEL] = [{**one, "userRole": "user"} for one in members]
    bot.peer.faults.extend(["lost", "lost"])  # of "is typing" and of the placeholder, in whichever order
    await bot.send(payload("channel_mention"))
    await bot.until(lambda: not bot.peer.faults and not bot.behind(), 15)


async def show(bot: TeamsBot, message: Message, **changes: Any) -> dict[str, Any]:
    """Have the asker's client show the message, as it does when somebody opens the thread."""
    refresh = message.body["attachments"][0]["content"]["refresh"]
    value = {"action": {**refresh["action"], **changes}, "trigger": "automatic"}
    answer = await bot.send(payload("card_action", id=f"f:{message.id}", replyToId=message.id, value=value))
    assert answer.status_code == 200
    return dict(answer.json())


async def test_a_lost_place_goes_when_it_is_seen_after_the_answer_stands(bot: TeamsBot) -> None:
    await ask_with_a_cut(bot)
    stray, kept = bot.peer.shown(THREAD)
    shown = await show(bot, stray)
    before = len(bot.peer.shown(THREAD))
    bot.work()
    await bot.until(lambda: not bot.behind())
    await show(bot, stray)
    [answer] = bot.peer.shown(THREAD)

    assert before == 2, "while the job runs, either may be the one"
    assert shown["type"].endswith("card.adaptive")
    assert [action["verb"] for action in shown["value"]["actions"]] == ["stop"], "the asker can still stop it"
    assert (answer.id, answer.text) == (kept.id, "Twenty-five days.")


async def test_the_place_that_became_the_answer_stays(bot: TeamsBot) -> None:
    await ask_with_a_cut(bot)
    _, kept = bot.peer.shown(THREAD)
    placeholder = Message(kept.id, kept.conversation, kept.versions[0])
    bot.work()
    await bot.until(lambda: not bot.behind())
    await show(bot, placeholder)

    assert not kept.is_deleted


@pytest.mark.parametrize("job_id", ["00000000-0000-0000-0000-000000000000", "none"])
async def test_made_up_card_data_deletes_nothing(bot: TeamsBot, job_id: str) -> None:
    await ask_with_a_cut(bot)
    stray, _ = bot.peer.shown(THREAD)
    bot.work()
    await bot.until(lambda: not bot.behind())
    await show(bot, stray, data={"steward": "seen", "job_id": job_id})

    assert not stray.is_deleted


async def test_a_long_answer_whose_parts_are_cut_off_is_complete_and_said_once(bot: TeamsBot) -> None:
    await bot.send(payload("channel_mention"))
    await bot.until(lambda: bot.peer.shown(THREAD) and not bot.behind())
    job = bot.jobs.claim(("policy",), owner="w1")
    assert job is not None
    bot.peer.faults.extend(["lost", "502"])
    text = "\n\n".join(f"Paragraph {number}. " + "word " * 60 for number in range(90))
    reply = Reply(text="Long.", blocks=(Paragraph(markdown=text),))
    bot.jobs.finish(job, make_result("Long.", reply=reply))
    await bot.until(lambda: not bot.peer.faults and not bot.behind(), 15)
    for message in bot.peer.shown(THREAD):
        if "attachments" in message.body:
            await show(bot, message)
    said = "\n".join(message.text for message in bot.peer.shown(THREAD))

    assert [said.count(f"Paragraph {number}.") for number in range(90)] == [1] * 90
    assert "…" not in said


async def test_a_place_that_shows_progress_can_still_be_recognised(bot: TeamsBot) -> None:
    await bot.send(payload("channel_mention"))
    await bot.until(lambda: bot.peer.shown(THREAD) and not bot.behind())
    job = bot.jobs.claim(("policy",), owner="w1")
    assert job is not None
    bot.jobs.report(job.id, Step(name="reading", text="reading 6 passages", at=datetime.now(UTC)))
    [message] = bot.peer.shown(THREAD)
    await bot.until(lambda: message.text == "reading 6 passages …")
    shown = await show(bot, message)

    assert shown["value"]["body"][0]["text"] == "reading 6 passages …"
