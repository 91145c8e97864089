"""Settings in Teams, by posted activities: who may, what the forms show, and what a saved form does to questions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.manner import MailStyle, Manner
from assistant.preferences import ChannelSettings, PersonSettings
from assistant.storage.people_store import PersonProfile
from assistant.storage.preference_store import PreferenceStore
from tests.peers.teams_bot import ANN, CHANNEL, PERSONAL, THREAD, TeamsBot, payload
from tests.peers.teams_peer import TENANT, judge
from tests.unit.bot.platforms.teams.test_acting import BO, MEMBERS

ROOT = {"id": "29:root", "name": "Root", "aadObjectId": "root"}
FILLED = {"kinds": "policy_search", "spaces": "", "tone": "formal", "language": "de", "owners": BO["aadObjectId"]}
REFUSED = "Only the channel's owners and administrators may do that."


@pytest.fixture(autouse=True)
def _directory(bot: TeamsBot) -> None:
    people = [PersonProfile(id="root", name="Root", role="admin"), PersonProfile(id=BO["aadObjectId"], name="Bo")]
    bot.people.upsert_all(TENANT, people)
    bot.peer.members[CHANNEL] = MEMBERS


def in_private(**changes: Any) -> dict[str, Any]:
    return {"conversation": payload("personal_message")["conversation"], **changes}


def kept(bot: TeamsBot, channel: str = CHANNEL) -> ChannelSettings:
    return PreferenceStore(bot.engine).channel("teams", TENANT, channel)


async def mention(bot: TeamsBot, text: str, **changes: Any) -> None:
    sent = payload("channel_mention", text=f"<at>Steward</at> {text}", **changes)
    assert (await bot.send(sent)).status_code == 202


async def press(bot: TeamsBot, name: str, data: dict[str, Any] | None = None, **changes: Any) -> Any:
    value = {"action": {"type": "Action.Execute", "verb": name, "data": {"steward": name, **(data or {})}}}
    response = await bot.send(payload("card_action", value=value, **changes))
    assert response.status_code == 200
    return response.json()["value"]


def inputs(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in content["body"] if "id" in one}


async def test_settings_said_in_a_channel_brings_the_form_to_who_may_change_them(bot: TeamsBot) -> None:
    await mention(bot, "settings", from_=ROOT)
    await bot.until(lambda: bot.peer.shown(THREAD))
    (shown,) = bot.peer.shown(THREAD)
    form = await press(bot, "settings_open", from_=ROOT)
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": form}

    assert "settings_open" in str(shown.body)
    assert "Input." not in str(shown.body)  # everybody in the channel sees this card
    assert list(inputs(form)) == ["kinds", "tone", "language", "owners"]
    assert judge({"type": "message", "attachments": [card]}) is None
    assert bot.job_ids() == []


async def test_who_may_not_is_told_so_whatever_they_send(bot: TeamsBot) -> None:
    await mention(bot, "Settings!")
    await bot.until(lambda: bot.peer.shown(THREAD))
    answers = [await press(bot, "settings_open"), await press(bot, "settings_channel", FILLED)]

    assert [one.text for one in bot.peer.shown(THREAD)] == [REFUSED]
    assert answers == [REFUSED, REFUSED]
    assert kept(bot) == ChannelSettings()


async def test_what_is_saved_holds_for_the_next_question_and_is_in_the_records(bot: TeamsBot) -> None:
    said = await press(bot, "settings_channel", FILLED, from_=ROOT)
    await mention(bot, "how many days of leave do we have?", id="1764000000301")
    await mention(bot, "minutes", id="1764000000302")
    await bot.until(lambda: any("switched off" in one.text for one in bot.peer.shown(THREAD)))
    (job_id,) = bot.job_ids()
    (change,) = PreferenceStore(bot.engine).channel_changes("teams", TENANT, CHANNEL)
    job = bot.jobs.claim(("policy",), owner="w")

    assert said == "Saved. Changed here: what may be asked, tone, language, owners."
    assert job is not None
    assert (job.id, job.mention.manner) == (job_id, Manner(tone="formal", language="de"))
    assert (change.changed_by, change.changes["tone"]) == ("root", ("neutral", "formal"))


async def test_a_named_owner_may_until_somebody_else_is_named(bot: TeamsBot) -> None:
    await press(bot, "settings_channel", FILLED, from_=ROOT)
    form = await press(bot, "settings_open", from_=BO)
    by_owner = await press(bot, "settings_channel", {**FILLED, "tone": "brief"}, from_=BO)
    await press(bot, "settings_channel", {**FILLED, "owners": ANN}, from_=ROOT)
    replaced = await press(bot, "settings_channel", FILLED, from_=BO)

    assert inputs(form)["owners"]["choices"] == [{"title": "Bo", "value": BO["aadObjectId"]}]
    assert form["body"][-1]["text"].endswith("Root changed what may be asked, tone, language, owners")
    assert by_owner == "Saved. Changed here: tone."
    assert replaced == REFUSED
    assert kept(bot).owners == (ANN,)


async def test_a_guest_who_is_named_as_owner_may_not(bot: TeamsBot) -> None:
    guest = {"id": "29:guest", "name": "Gus", "aadObjectId": "guest-id"}
    bot.peer.members[CHANNEL] = [*MEMBERS, {**guest, "objectId": "guest-id", "userRole": "guest", "tenantId": TENANT}]
    PreferenceStore(bot.engine).save_channel("teams", TENANT, CHANNEL, ChannelSettings(owners=("guest-id",)), by="x")

    assert await press(bot, "settings_open", from_=guest) == REFUSED


async def test_a_form_opens_no_documents_and_keeps_what_it_does_not_show(bot: TeamsBot) -> None:
    before = ChannelSettings(groups=("staff",), spaces=("travel, abroad",), handoff="U1")
    PreferenceStore(bot.engine).save_channel("teams", TENANT, CHANNEL, before, by="root")
    offered = inputs(await press(bot, "settings_open", from_=ROOT))["spaces"]["value"]
    refused = await press(bot, "settings_channel", {**FILLED, "spaces": "board"}, from_=ROOT)
    unchanged = kept(bot)
    await press(bot, "settings_channel", {**FILLED, "spaces": offered, "groups": "board"}, from_=ROOT)

    assert refused == "That can't be kept: a value is not offered."
    assert unchanged == before
    assert (kept(bot).groups, kept(bot).spaces, kept(bot).handoff) == (("staff",), ("travel, abroad",), "U1")


@pytest.mark.parametrize(
    "wrong", [{"kinds": "anything"}, {"tone": "rude"}, {"language": "xx"}, {"owners": "u" * 241}]
)
async def test_values_that_no_form_offers_are_refused(bot: TeamsBot, wrong: dict[str, str]) -> None:
    said = await press(bot, "settings_channel", {**FILLED, **wrong}, from_=ROOT)

    assert said == "That can't be kept: a value is not offered."
    assert kept(bot) == ChannelSettings()


async def test_ones_own_settings_are_changed_in_ones_own_chat_and_hold_there(bot: TeamsBot) -> None:
    store = PreferenceStore(bot.engine)
    store.save_person(TENANT, ANN, PersonSettings(private_answers=True))
    await bot.send(payload("personal_message", text="settings"))
    await bot.until(lambda: bot.peer.shown(PERSONAL))
    content = bot.peer.shown(PERSONAL)[0].body["attachments"][0]["content"]
    filled = {"tone": "friendly", "language": "fr", "signature": " Ann  E. ", "learns_mail_style": "true"}
    said = await press(bot, "settings_person", filled, **in_private())
    await bot.send(payload("personal_message", id="1764000000303"))
    job = bot.jobs.claim(("policy",), owner="w")
    own = store.person(TENANT, ANN)

    assert list(inputs(content)) == ["tone", "language", "signature", "learns_mail_style"]
    assert "saved" in said
    assert job is not None
    assert job.mention.manner == Manner(tone="friendly", language="fr", signature="Ann E.")
    assert own.private_answers  # the form does not show it
    assert own.learns_mail_style


async def test_how_somebody_writes_is_shown_changed_and_forgotten(bot: TeamsBot) -> None:
    store = PreferenceStore(bot.engine)
    known = MailStyle(language="en", greeting="Hi {name},", sign_off="Cheers")
    since = datetime(2026, 11, 1, tzinfo=UTC)
    store.save_person(TENANT, ANN, PersonSettings(learns_mail_style_since=since, mail_styles=(known,)))
    shown = inputs(await press(bot, "settings_open", **in_private()))["style_en"]["value"]
    changed = {"learns_mail_style": "true", "style_en": shown.replace("Cheers", "Best")}
    await press(bot, "settings_person", changed, **in_private())
    style = store.person(TENANT, ANN).mail_style("en")
    await press(bot, "settings_person", {"learns_mail_style": "false"}, **in_private())

    assert style.sign_off == "Best"
    assert store.person(TENANT, ANN) == PersonSettings()


async def test_a_form_sent_from_another_kind_of_chat_changes_nothing(bot: TeamsBot) -> None:
    in_channel = await press(bot, "settings_person", {"tone": "brief"}, from_=ROOT)
    in_chat = await press(bot, "settings_channel", FILLED, **in_private(from_=ROOT))

    assert in_channel == in_chat == "That form belongs to another conversation."
    assert kept(bot, PERSONAL) == ChannelSettings()
    assert PreferenceStore(bot.engine).person(TENANT, "root") == PersonSettings()
