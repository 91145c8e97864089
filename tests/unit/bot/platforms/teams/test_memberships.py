"""Private questions to the library in Teams: answered from the channels the asker is in at that moment."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.job_kinds import MEETING_SUMMARY
from assistant.jobs import Job
from assistant.mentions import Audience, Mention, Person, Platform
from assistant.minutes.kept import MinutesChange, numbered
from assistant.minutes.schema import Decision, MeetingHeader, Minutes
from assistant.replies import Reply
from bot.platforms.teams.memberships import KEPT_SECONDS
from tests.factories import make_mention, make_result
from tests.peers.teams_bot import ANN, ANN_ON_TEAMS, CHANNEL, GROUP, LANES, PERSONAL, TeamsBot, payload
from tests.peers.teams_peer import TENANT

QUESTION = "When did we decide to stay with Nordlicht?"
BOB = Person(id="bob", name="Bob")


def hold(bot: TeamsBot, channel: str) -> None:
    """Keep minutes that somebody else had written in the channel."""
    place: dict[str, Any] = {"platform": Platform.TEAMS, "tenant": TENANT, "channel": channel, "thread": channel}
    mention = make_mention("minutes", asker=BOB, audience=Audience.CHANNEL, kind="meeting_summary", **place)
    bot.jobs.accept(mention, MEETING_SUMMARY, Reply(text="…", final=False))
    job = bot.jobs.claim(LANES, owner="w1")
    assert job is not None
    minutes = Minutes(meeting=MeetingHeader(), decisions=(Decision(text="We stay with Nordlicht", status="agreed"),))
    change = MinutesChange(minutes=numbered(minutes), document="weekly.vtt", terms=("nordlicht",))
    assert bot.jobs.finish(job, make_result(minutes=change))


def member(**more: Any) -> dict[str, Any]:
    return {"id": ANN_ON_TEAMS, "aadObjectId": ANN, "name": "Ann", "email": "ann@example.com", **more}


async def asked(bot: TeamsBot, number: int = 1, text: str = QUESTION, name: str = "personal_message") -> Mention:
    """Ask, and return the question as a worker gets it."""
    await bot.send(payload(name, id=f"17640000005{number:02}", text=text))
    job: Job | None = bot.jobs.claim(LANES, owner="w2")
    assert job is not None
    return job.mention


@pytest.mark.parametrize(
    ("roster", "found"),
    [
        ([member()], (CHANNEL,)),
        ([], ()),
        ([member(userRole="guest")], ()),
        ([member(tenantId="another-tenant")], ()),
        ([member(id="29:somebody-else")], ()),
    ],
)
async def test_only_members_are_answered_from_a_channel(bot: TeamsBot, roster: list[Any], found: Any) -> None:
    hold(bot, CHANNEL)
    bot.peer.members[PERSONAL] = [member()]
    bot.peer.members[CHANNEL] = roster
    mention = await asked(bot)

    assert (mention.kind, mention.member_of) == ("meeting_summary", found)


async def test_a_roster_that_does_not_answer_counts_as_no_membership(bot: TeamsBot) -> None:
    hold(bot, CHANNEL)
    hold(bot, GROUP)
    bot.peer.members[PERSONAL] = [member()]
    bot.peer.members[CHANNEL] = [member()]
    bot.peer.members[GROUP] = [{"id": ANN_ON_TEAMS, "aadObjectId": {"no": "text"}}]

    assert (await asked(bot)).member_of == (CHANNEL,)


async def test_who_left_has_lost_the_channel_s_minutes(bot: TeamsBot) -> None:
    hold(bot, CHANNEL)
    bot.peer.members[PERSONAL] = [member()]
    bot.peer.members[CHANNEL] = [member()]
    before = await asked(bot, 1)
    bot.peer.members[CHANNEL] = []
    bot.clock.seconds += KEPT_SECONDS
    after = await asked(bot, 2)

    assert (before.member_of, after.member_of) == ((CHANNEL,), ())


async def test_a_change_of_members_is_looked_at_at_once(bot: TeamsBot) -> None:
    hold(bot, CHANNEL)
    bot.peer.members[PERSONAL] = [member()]
    bot.peer.members[CHANNEL] = [member()]
    await asked(bot, 1)
    bot.peer.members[CHANNEL] = []
    await bot.send(payload("members_added"))

    assert (await asked(bot, 2)).member_of == ()


async def test_other_questions_and_channels_look_no_members_up(bot: TeamsBot) -> None:
    hold(bot, GROUP)
    bot.peer.members[PERSONAL] = bot.peer.members[GROUP] = [member()]
    plain = await asked(bot, 1, "How many days of leave do I have?")
    aloud = await asked(bot, 2, f"<at>Steward</at> {QUESTION}", "channel_mention")

    assert (plain.member_of, aloud.member_of) == ((), ())
