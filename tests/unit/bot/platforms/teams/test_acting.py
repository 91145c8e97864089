"""Buttons, edits, thumbs, greetings, files, meetings and message actions: who may, what happens, what is said."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import pytest

from assistant.jobs import JobStatus
from assistant.replies import Citation, Citations, Reply
from assistant.storage.blob_store import BlobStore
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.people_store import PersonProfile
from bot.platforms.teams.opinions import reason_of
from tests.factories import make_result
from tests.peers.teams_bot import ANN, ANN_ON_TEAMS, CHANNEL, PERSONAL, TeamsBot, payload
from tests.peers.teams_peer import TENANT

BO = {"id": "29:bo", "name": "Bo", "aadObjectId": "bo-id"}
MEMBERS = [
    {"id": ANN_ON_TEAMS, "objectId": ANN, "name": "Ann", "userRole": "user", "tenantId": TENANT},
    {"id": BO["id"], "objectId": BO["aadObjectId"], "name": "Bo", "userRole": "user", "tenantId": TENANT},
]


async def ask(bot: TeamsBot, name: str = "channel_mention", **changes: Any) -> UUID:
    bot.peer.members[CHANNEL] = MEMBERS
    assert (await bot.send(payload(name, **changes))).status_code == 202
    return bot.job_ids()[-1]


async def press(bot: TeamsBot, button: str, job_id: UUID | str, **changes: Any) -> str:
    data = {"steward": button, "job_id": str(job_id)}
    value = {"action": {"type": "Action.Execute", "verb": button, "data": data}, "trigger": "manual"}
    response = await bot.send(payload("card_action", value=value, **changes))
    assert response.status_code == 200
    body = response.json()
    assert (body["statusCode"], body["type"]) == (200, "application/vnd.microsoft.activity.message")
    return str(body["value"])


async def test_who_asked_may_stop(bot: TeamsBot) -> None:
    job_id = await ask(bot)
    said = await press(bot, "stop", job_id)

    assert said == "Stopping …"
    assert bot.jobs.view(job_id).status is JobStatus.CANCELLED


async def test_somebody_else_may_not_stop_but_an_administrator_may(bot: TeamsBot) -> None:
    bot.people.upsert_all(TENANT, [PersonProfile(id="root", name="Root", role="admin")])
    job_id = await ask(bot)
    refused = await press(bot, "stop", job_id, from_=BO)
    before = bot.jobs.view(job_id).status
    allowed = await press(bot, "stop", job_id, from_={"id": "29:root", "aadObjectId": "root"})

    assert refused == "Only who asked can stop this."
    assert before is JobStatus.QUEUED
    assert allowed == "Stopping …"


async def test_a_button_of_another_conversation_does_nothing(bot: TeamsBot) -> None:
    job_id = await ask(bot, "personal_message")
    said = await press(bot, "stop", job_id)

    assert "don't have access" in said
    assert bot.jobs.view(job_id).status is JobStatus.QUEUED


@pytest.mark.parametrize("job_id", ["not-an-id", "00000000-0000-0000-0000-000000000000"])
async def test_a_button_without_a_job_says_so(bot: TeamsBot, job_id: str) -> None:
    assert "don't know" in await press(bot, "stop", job_id)


async def test_asking_again_is_done_once_however_often_it_is_pressed(bot: TeamsBot) -> None:
    job_id = await ask(bot)
    await press(bot, "stop", job_id)
    said = [await press(bot, "retry", job_id), await press(bot, "retry", job_id, id="f:action-2")]
    first, second = (bot.jobs.view(one) for one in bot.job_ids())

    assert said == ["Asked again.", "You asked that again already."]
    assert (second.question, second.kind, second.status) == (first.question, first.kind, JobStatus.QUEUED)


async def test_a_client_without_execute_presses_by_message(bot: TeamsBot) -> None:
    job_id = await ask(bot)
    value = {"steward": "stop", "job_id": str(job_id)}
    await bot.send(payload("channel_mention", id="1764000000555", text="", value=value, entities=[], attachments=[]))
    await bot.until(lambda: any(message.text == "Stopping …" for message in bot.peer.shown()))

    assert bot.jobs.view(job_id).status is JobStatus.CANCELLED


async def test_writing_stop_stops_the_newest_question_of_the_chat(bot: TeamsBot) -> None:
    job_id = await ask(bot, "personal_message")
    await bot.send(payload("personal_message", id="1764000000555", text="Stop!"))
    await bot.until(lambda: any(message.text == "Stopping …" for message in bot.peer.shown()))

    assert bot.jobs.view(job_id).status is JobStatus.CANCELLED
    assert len(bot.job_ids()) == 1


async def test_an_edited_question_is_asked_anew_and_the_old_one_stopped(bot: TeamsBot) -> None:
    old = await ask(bot, "personal_message")
    for _ in range(2):
        await bot.send(payload("message_update"))
    jobs = [bot.jobs.view(job_id) for job_id in bot.job_ids()]

    assert [view.status for view in jobs] == [JobStatus.CANCELLED, JobStatus.QUEUED]
    assert jobs[0].id == old
    assert jobs[1].question == "How many days of sick leave do I have?"


async def test_an_edit_that_changes_nothing_or_by_somebody_else_changes_nothing(bot: TeamsBot) -> None:
    job_id = await ask(bot, "personal_message")
    await bot.send(payload("message_update", text=payload("personal_message")["text"]))
    await bot.send(payload("message_update", from_=BO))

    assert bot.job_ids() == [job_id]
    assert bot.jobs.view(job_id).status is JobStatus.QUEUED


async def test_a_question_taken_back_is_stopped(bot: TeamsBot) -> None:
    job_id = await ask(bot, "personal_message")
    await bot.send(payload("message_delete"))

    assert bot.jobs.view(job_id).status is JobStatus.CANCELLED


async def answered(bot: TeamsBot, name: str) -> tuple[UUID, str]:
    job_id = await ask(bot, name)
    bot.work()
    await bot.until(lambda: bot.jobs.view(job_id).delivered_at)
    return job_id, bot.peer.shown()[0].id


async def test_a_thumb_down_is_kept_with_its_reason_and_words(bot: TeamsBot) -> None:
    job_id, message = await answered(bot, "personal_message")
    response = await bot.send(payload("feedback", replyToId=message))
    kept = FeedbackStore(bot.engine).of(job_id, ANN)

    assert (response.status_code, response.json()) == (200, {})
    assert kept is not None
    assert (kept.verdict, kept.reason, kept.correction) == ("down", "outdated", "The figure is outdated")


async def test_a_second_thumb_replaces_the_first_and_may_be_plain_text(bot: TeamsBot) -> None:
    job_id, message = await answered(bot, "personal_message")
    await bot.send(payload("feedback", replyToId=message))
    value = {"actionName": "feedback", "actionValue": {"reaction": "like", "feedback": "thanks"}}
    await bot.send(payload("feedback", replyToId=message, value=value))
    kept = FeedbackStore(bot.engine).of(job_id, ANN)

    assert kept is not None
    assert (kept.verdict, kept.reason, kept.correction) == ("up", None, "thanks")


async def test_only_the_asker_judges_a_private_answer_and_anyone_one_in_a_channel(bot: TeamsBot) -> None:
    _, private = await answered(bot, "personal_message")
    stranger = await bot.send(payload("feedback", replyToId=private, from_=BO))
    job_id, _ = await answered(bot, "channel_mention")
    shared = bot.peer.shown(payload("channel_mention")["conversation"]["id"])[0].id
    where = payload("channel_mention")["conversation"]
    anyone = await bot.send(payload("feedback", replyToId=shared, from_=BO, conversation=where))

    assert (stranger.status_code, anyone.status_code) == (403, 200)
    assert FeedbackStore(bot.engine).of(job_id, "bo-id") is not None


async def test_a_thumb_on_something_else_finds_nothing(bot: TeamsBot) -> None:
    await answered(bot, "personal_message")

    assert (await bot.send(payload("feedback", replyToId="1"))).status_code == 404


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("that is the OLD version", "outdated"),
        ("Which source?", "missing_source"),
        ("das ist falsch", "wrong"),
        ("far too long", "too_long"),
        ("hm", "other"),
        (None, "other"),
    ],
)
def test_a_reason_is_read_from_the_words(words: str | None, reason: str) -> None:
    assert reason_of(words) == reason


async def test_an_invoke_that_is_not_ours_is_not_implemented(bot: TeamsBot) -> None:
    assert (await bot.send(payload("card_action", name="signin/verifyState"))).status_code == 501


async def test_adding_the_bot_is_greeted_once_with_prompts(bot: TeamsBot) -> None:
    for _ in range(2):
        await bot.send(payload("installation_add"))
    await bot.send(payload("members_added"))
    await bot.until(bot.peer.shown)
    [message] = bot.peer.shown()
    actions = message.body["attachments"][0]["content"]["actions"]

    assert all(action["data"]["msteams"]["type"] == "imBack" for action in actions)
    assert bot.peer.refused == []


# ------------------------------------------------------------------ files
def with_file(
    bot: TeamsBot, url: str, content_type: str = "application/vnd.microsoft.teams.file.download.info"
) -> Any:
    file = {"contentType": content_type, "contentUrl": url, "name": "standup.vtt", "content": {"downloadUrl": url}}
    return payload("file_download", attachments=[file])


async def test_a_file_of_the_chat_comes_with_the_question(bot: TeamsBot) -> None:
    bot.peer.files["standup.vtt"] = b"WEBVTT\n\n00:01.000 --> 00:02.000\nAnn: hello"
    await bot.send(with_file(bot, f"{bot.peer.url}/files/standup.vtt"))
    job = bot.jobs.claim(("summary",), owner="w")

    assert job is not None
    [attachment] = job.mention.attachments
    assert (attachment.name, attachment.size_bytes) == ("standup.vtt", 42)
    assert BlobStore(bot.engine, bot.settings).read(attachment).startswith(b"WEBVTT")


async def test_a_file_of_a_channel_is_found_by_graph(bot: TeamsBot) -> None:
    shared = "https://example.sharepoint.com/sites/team/standup.vtt"
    encoded = base64.urlsafe_b64encode(shared.encode()).decode().rstrip("=")
    item = {"@microsoft.graph.downloadUrl": f"{bot.peer.url}/files/standup.vtt"}
    bot.peer.graph[f"/v1.0/shares/u!{encoded}/driveItem"] = item
    bot.peer.files["standup.vtt"] = b"WEBVTT\n"
    await bot.send(with_file(bot, shared, "reference"))

    assert bot.jobs.view(bot.job_ids()[0]).attachments[0].size_bytes == 7


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://evil.example.com/x", "may not read files"),
        ("http://169.254.169.254/latest", "may not read files"),
        ("PEER/files/nothing", "couldn't fetch standup.vtt"),
        ("PEER/files/large", "larger than"),
    ],
)
async def test_a_file_that_cannot_be_had_is_told(bot: TeamsBot, url: str, said: str) -> None:
    bot.peer.files["large"] = b"x" * (bot.settings.max_upload_bytes + 1)
    await bot.send(with_file(bot, url.replace("PEER", bot.peer.url)))
    await bot.until(bot.peer.shown)

    assert said in bot.peer.shown()[0].text
    assert bot.job_ids() == []


# ------------------------------------------------------------------ meetings and message actions
MEETING = {"tenant": {"id": TENANT}, "meeting": {"id": "MCMx"}}


async def test_minutes_asked_in_a_meeting_use_its_newest_transcript(bot: TeamsBot) -> None:
    details = {"msGraphResourceId": "MSo1", "title": "Budget / round\n"}
    bot.peer.meetings["MCMx"] = {"details": details, "organizer": {"aadObjectId": "org"}}
    base = "/v1.0/users/org/onlineMeetings/MSo1/transcripts"
    bot.peer.graph[base] = {
        "value": [
            {"id": "new", "createdDateTime": "2026-11-23T23:30:00Z"},
            {"id": "old", "createdDateTime": "2026-11-17T10:00:00Z"},
        ]
    }
    bot.peer.graph[f"{base}/new/content"] = b"WEBVTT\n\n<v Ann>We ship on Friday.</v>"
    here = payload("personal_message", text="minutes", channelData=MEETING)
    await bot.send({**here, "localTimezone": "Europe/Berlin"})
    view = bot.jobs.view(bot.job_ids()[0])

    assert view.kind == "meeting_summary"
    assert [attachment.name for attachment in view.attachments] == ["2026-11-24 Budget round.vtt"]


@pytest.mark.parametrize("created", [None, "soon", "2026-11-24T10:00:00"])
async def test_a_meeting_without_title_and_day_has_a_plain_transcript(bot: TeamsBot, created: str | None) -> None:
    bot.peer.meetings["MCMx"] = {"details": {"msGraphResourceId": "MSo1"}, "organizer": {"aadObjectId": "org"}}
    base = "/v1.0/users/org/onlineMeetings/MSo1/transcripts"
    bot.peer.graph[base] = {"value": [{"id": "one", "createdDateTime": created}]}
    bot.peer.graph[f"{base}/one/content"] = b"WEBVTT\n\n<v Ann>We ship on Friday.</v>"
    await bot.send(payload("personal_message", text="minutes", channelData=MEETING))

    assert [one.name for one in bot.jobs.view(bot.job_ids()[0]).attachments] == ["transcript.vtt"]


@pytest.mark.parametrize(
    ("answer", "said"), [({"value": []}, "no transcript yet"), (403, "may not read"), (None, "no transcript yet")]
)
async def test_a_transcript_that_cannot_be_had_is_told(bot: TeamsBot, answer: Any, said: str) -> None:
    bot.peer.meetings["MCMx"] = {"details": {"msGraphResourceId": "MSo1"}, "organizer": {"aadObjectId": "org"}}
    bot.peer.graph["/v1.0/users/org/onlineMeetings/MSo1/transcripts"] = answer
    await bot.send(payload("personal_message", text="minutes", channelData=MEETING))
    await bot.until(bot.peer.shown)

    assert said in bot.peer.shown()[0].text


async def test_a_thread_is_summarised_for_one_person_alone(bot: TeamsBot) -> None:
    team = {"tenant": {"id": TENANT}, "team": {"aadGroupId": "g1"}}
    base = f"/v1.0/teams/g1/channels/{CHANNEL}/messages/1764000000001"
    said = {"from": {"user": {"displayName": "Bo"}}, "body": {"contentType": "text", "content": "I write the notes."}}
    bot.peer.graph[base] = payload("compose_action")["value"]["messagePayload"]
    bot.peer.graph[f"{base}/replies"] = {"value": [{**said, "createdDateTime": "2026-11-24T09:05:00Z"}]}
    response = await bot.send(payload("compose_action", channelData=team))
    job = bot.jobs.claim(("summary",), owner="w")

    assert response.json()["task"] == {"type": "message", "value": "I'm on it; you'll find it in our chat."}
    assert job is not None
    assert job.mention.conversation.channel == PERSONAL
    text = BlobStore(bot.engine, bot.settings).read(job.mention.attachments[0]).decode()
    assert text == "Ann Example: We agreed to ship on Friday. Bo writes the notes.\nBo: I write the notes."


async def test_without_permission_the_one_message_is_used_and_that_is_said(bot: TeamsBot) -> None:
    response = await bot.send(payload("compose_action", value=compose("draft_reply", {"note": "decline politely"})))
    view = bot.jobs.view(bot.job_ids()[0])

    assert "that one message only" in response.json()["task"]["value"]
    assert view.kind == "email_draft"
    assert view.question.endswith("decline politely")


def compose(command: str, data: dict[str, str]) -> dict[str, Any]:
    return {**payload("compose_action")["value"], "commandId": command, "data": data}


async def test_somebody_the_bot_cannot_write_to_is_told_how(bot: TeamsBot) -> None:
    bot.peer.own_chat = None
    response = await bot.send(payload("compose_action"))

    assert "Add me as a personal app" in response.json()["task"]["value"]
    assert bot.job_ids() == []


async def test_the_lines_around_are_shown_when_asked_for(bot: TeamsBot) -> None:
    cited = Citation(
        number=1,
        chunk_id="a.log:3",
        document_id="a.log",
        document="a.log",
        title="pay log",
        section="line 3",
        quote="ERROR it broke",
        before=("INFO before",),
    )
    job_id = await ask(bot)
    bot.work(lambda _job: make_result("Broken.", reply=Reply(text="Broken.", blocks=(Citations(items=(cited,)),))))

    said = await press(bot, "surroundings", job_id)

    assert "INFO before\n▶ ERROR it broke" in said
