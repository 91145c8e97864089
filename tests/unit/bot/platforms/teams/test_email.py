"""E-mails asked for in Teams: from an answer, in a channel, and the card forms under a draft, by posted events."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from assistant.jobs import Claim, DraftChange, Job, JobResult
from assistant.mail.about import ABOUT_TYPE, AboutAnswer, offer_email
from assistant.mail.draft import EmailDraft
from assistant.mail.shown import show_draft
from assistant.mentions import Audience
from assistant.replies import Citation, Citations, Paragraph, Reply
from assistant.storage.blob_store import BlobStore
from assistant.storage.draft_store import DraftStore
from tests.factories import make_result
from tests.peers.teams_bot import CHANNEL, PERSONAL, THREAD, TeamsBot, payload
from tests.unit.bot.platforms.teams.test_acting import BO, MEMBERS

CARD = "application/vnd.microsoft.card.adaptive"
QUOTE = "Staff may carry over five days of leave."
CITED = Citation(number=1, chunk_id="c1", document_id="d1", document="leave.md", title="Leave policy", quote=QUOTE)
DRAFT = EmailDraft(id="d_1", subject="Leave", to=("bo@example.com",), body="Dear Bo, five days.")


def policy_answer(job: Job) -> JobResult:
    blocks = (Paragraph(markdown=f"{QUOTE} [1]"), Citations(items=(CITED,)), offer_email())
    claims = (Claim(text=QUOTE, citations=(CITED,)),)
    return make_result(QUOTE, claims=claims, reply=Reply(text=QUOTE, blocks=blocks, wants_feedback=True))


def first_draft(job: Job) -> JobResult:
    return make_result("A draft.", reply=show_draft(DRAFT), draft=DraftChange(draft=DRAFT))


async def ask(bot: TeamsBot, name: str, text: str | None = None) -> UUID:
    bot.peer.members[CHANNEL] = MEMBERS
    mentioned = {"text": f"<at>Steward</at> {text}"} if text and name == "channel_mention" else {"text": text}
    assert (await bot.send(payload(name, **(mentioned if text else {})))).status_code == 202
    return bot.job_ids()[-1]


async def press(bot: TeamsBot, button: str, data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    value = {"action": {"type": "Action.Execute", "verb": button, "data": {"steward": button, **data}}}
    response = await bot.send(payload("card_action", value=value, **changes))
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


def in_private(**changes: Any) -> dict[str, Any]:
    return {"conversation": payload("personal_message")["conversation"], **changes}


async def test_an_answer_becomes_an_e_mail_by_a_form_in_the_place_of_its_button(bot: TeamsBot) -> None:
    job_id = await ask(bot, "channel_mention")
    bot.work(policy_answer)
    opened = await press(bot, "write_email", {"job_id": str(job_id)}, from_=BO)
    filled = {
        "job_id": str(job_id),
        "to": "Cleo Marsh, info@shop.example",
        "tone": "formal",
        "language": "",
        "request": "",
    }
    said = await press(bot, "write_email_ok", filled, from_=BO, id="f:action-2")
    again = await press(bot, "write_email_ok", filled, from_=BO, id="f:action-2")
    job = bot.jobs.claim(("email",), owner="w")

    assert opened["type"] == CARD
    assert [one["id"] for one in opened["value"]["body"]] == ["to", "cc", "request", "tone", "length", "language"]
    assert (said["value"], again["value"]) == ("I'm on it; you'll find the draft in our chat.", "I'm on it already.")
    assert job is not None
    mention = job.mention
    assert (mention.conversation.channel, mention.audience) == (PERSONAL, Audience.ASKER)
    assert mention.options == {"to": ["Cleo Marsh", "info@shop.example"], "tone": "formal"}
    (file,) = mention.attachments
    assert file.media_type == ABOUT_TYPE
    assert AboutAnswer.model_validate_json(BlobStore(bot.engine, bot.settings).read(file)).claims[0].text == QUOTE


async def test_an_answer_in_somebodys_own_chat_is_not_for_others(bot: TeamsBot) -> None:
    job_id = await ask(bot, "personal_message")
    bot.work(policy_answer)
    said = await press(bot, "write_email", {"job_id": str(job_id)}, **in_private(from_=BO))

    assert said["value"] == "Only who asked for that answer can use it."


async def test_a_draft_asked_for_in_a_channel_comes_in_the_askers_chat(bot: TeamsBot) -> None:
    job_id = await ask(bot, "channel_mention", "draft an e-mail to Bo about leave")
    bot.work(first_draft)
    await bot.until(lambda: any("five days" in str(one.body) for one in bot.peer.shown(PERSONAL)))
    await bot.until(lambda: bot.peer.shown(THREAD))

    assert bot.jobs.view(job_id).conversation.channel == PERSONAL
    assert [one.text for one in bot.peer.shown(THREAD)] == [
        "An e-mail draft is its asker's alone: I write it in our chat."
    ]


async def test_who_has_no_chat_with_the_bot_is_told_so_in_the_channel(bot: TeamsBot) -> None:
    bot.peer.own_chat = None
    bot.peer.members[CHANNEL] = MEMBERS
    await bot.send(payload("channel_mention", text="<at>Steward</at> draft an e-mail to Bo about leave"))
    await bot.until(lambda: any("Add me as a personal app" in one.text for one in bot.peer.shown(THREAD)))

    assert bot.job_ids() == []


# ------------------------------------------------------------------ the forms under a draft
async def test_an_edit_by_card_becomes_the_next_revision_once(bot: TeamsBot) -> None:
    job_id = await ask(bot, "personal_message", "draft an e-mail to Bo about leave")
    bot.work(first_draft)
    here = {"draft": "d_1", "revision": 1, "job_id": str(job_id)}
    form = await press(bot, "draft_edit", here, **in_private())
    fields = {"to": "bo@example.com", "cc": "", "bcc": "", "subject": "Leave", "body": "Dear Bo, six days."}
    kept = await press(bot, "draft_edited", {**here, **fields}, **in_private())
    again = await press(bot, "draft_edited", {**here, **fields}, **in_private(id="f:action-2"))
    await bot.until(lambda: any("six days" in str(one.body) for one in bot.peer.shown(PERSONAL)))
    draft = DraftStore(bot.engine).of_job(job_id)

    assert {one["id"]: one["value"] for one in form["value"]["body"] if "id" in one}["body"] == "Dear Bo, five days."
    assert kept["value"] == "Your edit is kept."
    assert "changed since" in again["value"]
    assert draft is not None
    assert draft.draft.revision == 2


async def test_another_length_by_card_is_ordered_once_by_its_asker_alone(bot: TeamsBot) -> None:
    job_id = await ask(bot, "personal_message", "draft an e-mail to Bo about leave")
    bot.work(first_draft)
    here = {"draft": "d_1", "revision": 1, "job_id": str(job_id), "tone": "firm", "length": "short", "language": "de"}
    by_another = await press(bot, "draft_changed", here, **in_private(from_=BO))
    said = [(await press(bot, "draft_changed", here, **in_private(id=f"f:{n}")))["value"] for n in (1, 2)]

    assert "Only who asked" in by_another["value"]
    assert said == ["Writing it anew …"] * 2
    assert len(DraftStore(bot.engine).audit("d_1")) == 1


async def test_a_header_in_the_card_is_refused_with_a_sentence(bot: TeamsBot) -> None:
    job_id = await ask(bot, "personal_message", "draft an e-mail to Bo about leave")
    bot.work(first_draft)
    fields = {"to": "bo@example.com", "subject": "Leave\r\nBcc: eve@evil.example", "body": "Dear Bo"}
    here = {"draft": "d_1", "revision": 1, "job_id": str(job_id)}
    said = await press(bot, "draft_edited", {**here, **fields}, **in_private())

    assert said["value"] == "The subject has to be one line."
