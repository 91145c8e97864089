"""Recaps in Teams: which messages become the question's file, and what is said when they can't."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from assistant.mentions import Attachment
from assistant.storage.blob_store import BlobStore
from bot.platforms.teams.parse import zone_of
from bot.platforms.teams.wire import read_activity
from tests.peers.teams_bot import CHANNEL, TeamsBot, payload
from tests.peers.teams_peer import TENANT

TEAM = {"tenant": {"id": TENANT}, "team": {"aadGroupId": "g1"}, "channel": {"id": CHANNEL}}
POST = "1764000000001"  # the question's own, when it is a post and no reply
BASE = f"/v1.0/teams/g1/channels/{CHANNEL}/messages"


def said(number: int, words: str, hours_ago: float, *, user: str | None = "u-bo", **more: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    return {
        "id": f"m{number}",
        "createdDateTime": at.isoformat(),
        "from": {"user": {"id": user, "displayName": "Bo"}} if user else {"application": {"displayName": "App"}},
        "body": {"contentType": "html", "content": f"<p>{words}</p>"},
        "webUrl": f"https://teams.example/l/message/m{number}",
        **more,
    }


async def asked(bot: TeamsBot, words: str, question: str = POST) -> list[dict[str, Any]]:
    """Ask in the channel and return the entries of the file that the question got."""
    await bot.send(payload("channel_mention", id=question, text=f"<at>Steward</at> {words}", channelData=TEAM))
    view = bot.jobs.view(bot.job_ids()[-1])
    assert view.kind == "meeting_summary"
    attachment: Attachment = view.attachments[0]
    document = json.loads(BlobStore(bot.engine, bot.settings).read(attachment))
    return list(document["entries"])


async def test_a_channel_s_stretch_with_its_replies_and_links(bot: TeamsBot) -> None:
    first = said(1, "We ship on Friday.", 4, replies=[said(2, "I write the notes.", 3)])
    bot.peer.graph[BASE] = {"value": [first, said(3, "Old.", 50), said(4, "By an app.", 1, user=None)]}
    entries = await asked(bot, "recap last 6 hours")

    assert [one["text"] for one in entries] == ["We ship on Friday.", "I write the notes."]
    assert [one["url"][-2:] for one in entries] == ["m1", "m2"]
    assert entries[0]["start"] == 0.0


@pytest.mark.parametrize(
    ("answer", "words"), [(403, "may not read the messages"), ({"value": []}, "Nothing was written")]
)
async def test_what_cannot_be_recapped_is_told(bot: TeamsBot, answer: Any, words: str) -> None:
    bot.peer.graph[BASE] = answer
    body = payload("channel_mention", id=POST, text="<at>Steward</at> what did I miss?", channelData=TEAM)
    await bot.send(body)
    where = body["conversation"]["id"]
    await bot.until(lambda: bot.peer.shown(where))

    assert words in bot.peer.shown(where)[0].text
    assert bot.job_ids() == []


async def test_asked_in_a_thread_it_is_that_thread(bot: TeamsBot) -> None:
    bot.peer.graph[f"{BASE}/{POST}"] = said(1, "Who takes the notes?", 30)
    bot.peer.graph[f"{BASE}/{POST}/replies"] = {"value": [said(2, "I do.", 29)]}
    entries = await asked(bot, "recap", question="1764000000102")

    assert [one["text"] for one in entries] == ["Who takes the notes?", "I do."]


async def test_days_begin_at_the_asker_s_midnight_and_so_does_the_recap_s(bot: TeamsBot) -> None:
    offset = 13  # hours: their today began at 11:00 UTC of the day before, or of this one
    here = datetime.now(timezone(timedelta(hours=offset)))
    since_midnight = (here - here.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / 3600
    today, before = said(1, "Said today.", since_midnight / 2), said(2, "Said before.", since_midnight + 0.01)
    bot.peer.graph[BASE] = {"value": [today, before]}
    body = payload("channel_mention", id=POST, text="<at>Steward</at> recap since today", channelData=TEAM)
    await bot.send({**body, "localTimezone": "Etc/GMT-13"})
    view = bot.jobs.view(bot.job_ids()[-1])
    document = json.loads(BlobStore(bot.engine, bot.settings).read(view.attachments[0]))

    assert [one["text"] for one in document["entries"]] == ["Said today."]
    assert document["date"] == here.date().isoformat()


@pytest.mark.parametrize(
    ("told", "hours"),
    [
        ({"localTimezone": "Asia/Tokyo"}, 9),
        ({"entities": [{"type": "clientInfo", "timezone": "Asia/Tokyo"}]}, 9),
        ({"localTimezone": "../etc/passwd", "localTimestamp": "2026-11-24T09:30:00.000+05:30"}, 5.5),
        ({"localTimezone": "Nowhere/Land", "localTimestamp": "soon"}, None),
    ],
)
def test_the_client_s_zone_is_read_where_it_is_one(told: dict[str, Any], hours: float | None) -> None:
    bare = payload("channel_mention", entities=[], localTimezone=None, localTimestamp=None)
    body = {**bare, **told}
    zone = zone_of(read_activity(json.dumps(body).encode()))
    offset = zone.utcoffset(datetime(2026, 11, 24)) if zone else None

    assert offset == (timedelta(hours=hours) if hours is not None else None)
