"""From an activity to its answer: through the endpoint, the ledger and delivery, to what people see in Teams."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.mentions import Audience
from tests.peers.teams_bot import ANN, ANN_ON_TEAMS, CHANNEL, GROUP, PERSONAL, THREAD, TeamsBot, payload
from tests.peers.teams_peer import TENANT

MEMBER = {"id": ANN_ON_TEAMS, "objectId": ANN, "name": "Ann", "userRole": "user", "tenantId": TENANT}
BO = {"id": "29:bo", "objectId": "bo-id", "name": "Bo", "userRole": "user", "tenantId": TENANT}
GUEST = {"id": "29:eve", "objectId": "eve-id", "name": "Eve", "userRole": "guest", "tenantId": TENANT}


async def test_a_question_is_answered_in_place(bot: TeamsBot) -> None:
    response = await bot.send(payload("personal_message"))
    await bot.until(bot.peer.shown)
    before = bot.peer.shown()[0].body
    bot.work()
    await bot.until(lambda: bot.peer.shown()[0].text == "Twenty-five days.")

    assert response.status_code == 202
    assert before["text"].startswith("Working on it")
    assert len(bot.peer.shown(PERSONAL)) == 1
    assert bot.peer.refused == []


async def test_the_question_is_kept_as_the_person_asked_it(bot: TeamsBot) -> None:
    bot.peer.members[CHANNEL] = [MEMBER]
    await bot.send(payload("channel_mention"))
    job = bot.jobs.claim(("policy",), owner="w")

    assert job is not None
    assert job.mention.text == "how many days of leave do we have?"
    assert job.mention.asker.id == ANN
    assert job.mention.conversation.tenant == TENANT
    assert (job.mention.conversation.channel, job.mention.conversation.thread) == (CHANNEL, "1764000000001")
    assert job.mention.event_key == f"teams:{THREAD}:1764000000102"


async def test_an_answer_in_a_channel_stays_in_its_thread(bot: TeamsBot) -> None:
    await bot.send(payload("channel_mention"))
    await bot.until(bot.peer.shown)

    assert bot.peer.shown()[0].conversation == THREAD


async def test_a_new_post_in_a_channel_starts_a_thread_of_its_own(bot: TeamsBot) -> None:
    where = {**payload("channel_mention")["conversation"], "id": CHANNEL}
    await bot.send(payload("channel_mention", conversation=where))
    await bot.until(bot.peer.shown)

    assert bot.peer.shown()[0].conversation == f"{CHANNEL};messageid=1764000000102"


async def test_what_teams_sends_again_is_answered_once(bot: TeamsBot) -> None:
    statuses = [(await bot.send(payload("personal_message"))).status_code for _ in range(4)]
    bot.work()
    await bot.until(lambda: bot.peer.shown() and bot.peer.shown()[0].text == "Twenty-five days.")

    assert statuses == [202] * 4
    assert len(bot.job_ids()) == 1
    assert len(bot.peer.messages) == 1


async def test_the_same_id_in_another_conversation_is_another_question(bot: TeamsBot) -> None:
    other = {"id": "a:2another-chat", "conversationType": "personal", "tenantId": TENANT}
    await bot.send(payload("personal_message"))
    await bot.send(payload("personal_message", conversation=other))

    assert len(bot.job_ids()) == 2


async def test_a_channel_message_that_does_not_name_the_bot_is_left_alone(bot: TeamsBot) -> None:
    response = await bot.send(payload("channel_mention", entities=[], text="lunch?"))

    assert response.status_code == 202
    assert bot.job_ids() == []


async def test_a_call_for_help_is_answered_once_and_makes_no_job(bot: TeamsBot) -> None:
    for _ in range(2):
        assert (await bot.send(payload("personal_message", text="help"))).status_code == 202
    await bot.until(bot.peer.shown)

    assert [message.text.startswith("I can do this") for message in bot.peer.shown()] == [True]
    assert bot.job_ids() == []


async def test_a_question_that_cannot_be_kept_is_asked_for_again(bot: TeamsBot) -> None:
    with bot.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE event_claims RENAME TO event_claims_away")
    away = (await bot.send(payload("personal_message"))).status_code
    with bot.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE event_claims_away RENAME TO event_claims")
    back = (await bot.send(payload("personal_message"))).status_code

    assert away >= 500
    assert back == 202
    assert len(bot.job_ids()) == 1


@pytest.mark.parametrize("faults", [["429:0.1"], ["502"], ["lost"], ["429:0.1", "503", "429:0.1"]])
async def test_no_fault_of_the_connector_loses_the_answer(bot: TeamsBot, faults: list[str]) -> None:
    await bot.send(payload("personal_message"))
    await bot.until(bot.peer.shown)
    bot.peer.faults.extend(faults)
    bot.work()
    await bot.until(lambda: not bot.peer.faults and bot.peer.shown()[0].text == "Twenty-five days.", 15)

    assert len(bot.peer.messages) == 1


async def test_a_placeholder_that_was_refused_for_certain_is_posted_once(bot: TeamsBot) -> None:
    bot.peer.faults.extend(["429:0.1", "429:0.1"])
    await bot.send(payload("personal_message"))
    await bot.until(bot.peer.shown, 15)

    assert len(bot.peer.messages) == 1


async def test_a_token_that_ended_is_fetched_again(bot: TeamsBot) -> None:
    await bot.send(payload("personal_message"))
    await bot.until(bot.peer.shown)
    bot.peer.tokens.clear()
    bot.work()
    await bot.until(lambda: bot.peer.shown()[0].text == "Twenty-five days.", 15)

    assert bot.peer.logins == 2


async def test_a_chat_that_the_bot_was_removed_from_is_not_tried_for_ever(bot: TeamsBot) -> None:
    bot.peer.faults.append("403")
    await bot.send(payload("personal_message"))
    await bot.until(lambda: bot.peer.calls)
    bot.work()
    await bot.until(lambda: bot.jobs.view(bot.job_ids()[0]).delivered_at)

    assert bot.peer.shown() == []


@pytest.mark.parametrize(
    ("name", "members", "audience"),
    [
        ("personal_message", [], Audience.ASKER),
        ("channel_mention", [MEMBER, BO], Audience.CHANNEL),
        ("group_mention", [MEMBER, GUEST], Audience.OUTSIDERS),
        ("group_mention", [MEMBER, {**BO, "tenantId": "another"}], Audience.OUTSIDERS),
        ("group_mention", [], Audience.OUTSIDERS),
    ],
)
async def test_who_reads_along_decides_what_may_be_quoted(
    bot: TeamsBot, name: str, members: list[dict[str, Any]], audience: Audience
) -> None:
    bot.peer.members[CHANNEL] = bot.peer.members[GROUP] = members
    await bot.send(payload(name))
    job = bot.jobs.claim(("policy",), owner="w")

    assert job is not None
    assert job.mention.audience is audience


async def test_a_chat_whose_people_all_share_a_group_may_read_what_it_reads(bot: TeamsBot) -> None:
    bot.peer.members[GROUP] = [MEMBER]
    await bot.send(payload("group_mention"))
    job = bot.jobs.claim(("policy",), owner="w")

    assert job is not None
    assert job.mention.channel_groups == ("staff",)


async def test_somebody_the_directory_knows_by_address_has_their_groups(bot: TeamsBot) -> None:
    from assistant.storage.people_store import PersonProfile

    bot.people.upsert_all("local", [PersonProfile(id="bo", name="Bo", email="bo@example.com", groups=("finance",))])
    bot.peer.members[PERSONAL] = [{**BO, "email": "Bo@example.com"}]
    sender = {"id": BO["id"], "name": "Bo", "aadObjectId": "bo-id"}
    await bot.send(payload("personal_message", from_=sender))
    job = bot.jobs.claim(("policy",), owner="w")

    assert job is not None
    assert (job.mention.asker.id, job.mention.asker.groups) == ("bo-id", ("finance",))


async def test_a_guest_in_a_private_chat_reads_public_documents_only(bot: TeamsBot) -> None:
    bot.peer.members[PERSONAL] = [GUEST]
    sender = {"id": GUEST["id"], "name": "Eve", "aadObjectId": "eve-id"}
    await bot.send(payload("personal_message", from_=sender))
    job = bot.jobs.claim(("policy",), owner="w")

    assert job is not None
    assert job.mention.audience is Audience.OUTSIDERS


async def post_raw(bot: TeamsBot, body: bytes) -> int:
    headers = {**bot.peer.headers(), "Content-Type": "application/json"}
    return (await bot.http.post("/api/messages", content=body, headers=headers)).status_code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"not json",
        b"\xff\xfe",
        b'{"type": "message"}',
        b"[" * 100_000,
        b'{"type": NaN}',
        json.dumps(payload("personal_message", id=None)).encode(),
        json.dumps(payload("personal_message", text="\ud800")).encode(),
        json.dumps(payload("personal_message", text=["a", "list"])).encode(),
        json.dumps(payload("personal_message", id="x" * 500)).encode(),
        json.dumps(payload("personal_message", from_={})).encode(),
    ],
)
async def test_what_is_no_activity_is_the_senders_mistake(bot: TeamsBot, body: bytes) -> None:
    body = body.replace(b"https://smba.trafficmanager.net/emea/", bot.peer.url.encode())

    assert await post_raw(bot, body) == 400
    assert bot.job_ids() == []


async def test_a_body_without_end_is_cut_off(bot: TeamsBot) -> None:
    assert await post_raw(bot, b" " * 1_100_000) == 413


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = tuple(payload("channel_mention"))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    changes=st.dictionaries(st.sampled_from([*FIELDS, "value", "name", "membersAdded", "replyToId"]), anything),
    kind=st.sampled_from(
        ["message", "invoke", "messageUpdate", "messageDelete", "conversationUpdate", "typing", "x"]
    ),
    name=st.sampled_from(["personal_message", "channel_mention", "feedback", "card_action", "compose_action"]),
)
async def test_no_activity_makes_the_bot_stumble(
    bot: TeamsBot, changes: dict[str, Any], kind: str, name: str
) -> None:
    body = payload(name, **{"type": kind, "serviceUrl": bot.peer.url, **changes})
    status = await post_raw(bot, json.dumps(body).encode())

    assert status < 500 or status == 501


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(body=st.binary(max_size=200), authorization=st.text(st.characters(codec="latin-1"), max_size=60))
async def test_no_stranger_gets_anything_but_a_refusal(bot: TeamsBot, body: bytes, authorization: str) -> None:
    headers = [(b"authorization", authorization.encode("latin-1"))]
    response = await bot.http.post("/teams/messages", content=body, headers=headers)

    assert response.status_code == 401
