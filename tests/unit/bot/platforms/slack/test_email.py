"""E-mails asked for in Slack: by form, from an answer, in a channel; the forms under a draft. By signed events."""

from __future__ import annotations

import json
from typing import Any

from assistant.jobs import Claim, DraftChange, Job, JobResult
from assistant.mail.about import ABOUT_TYPE, AboutAnswer, offer_email
from assistant.mail.draft import EmailDraft
from assistant.mail.shown import show_draft
from assistant.mentions import Audience
from assistant.replies import Citation, Paragraph, Reply
from assistant.storage.blob_store import BlobStore
from assistant.storage.draft_store import DraftStore
from tests.factories import make_result
from tests.peers.slack_events import payload
from tests.unit.bot.platforms.slack.conftest import Bot
from tests.unit.bot.platforms.slack.test_interactions import CHANNEL, command, mention_of, press, submit
from workers.context import JobContext

OPENED = "DU0ANN"
QUOTE = "Staff may carry over five days of leave."
CLAIM = Claim(
    text=QUOTE,
    citations=(
        Citation(number=1, chunk_id="c1", document_id="d1", document="leave.md", title="Leave policy", quote=QUOTE),
    ),
)


def policy_answer(job: Job, context: JobContext) -> JobResult:
    reply = Reply(text=QUOTE, blocks=(Paragraph(markdown=QUOTE), offer_email()), wants_feedback=True)
    return make_result(QUOTE, claims=(CLAIM,), reply=reply)


def first_draft(job: Job, context: JobContext) -> JobResult:
    draft = EmailDraft(id=f"d_{job.id.hex[:8]}", subject="Leave", to=("bo@example.com",), body="Dear Bo, five days.")
    return make_result("A draft.", reply=show_draft(draft), draft=DraftChange(draft=draft))


def asking_draft(job: Job, context: JobContext) -> JobResult:
    draft = EmailDraft(id="d_1", body="Dear …", question="Who should get this e-mail?", asks_for="recipient")
    return make_result("?", reply=show_draft(draft), draft=DraftChange(draft=draft))


async def answered(bot: Bot) -> dict[str, Any]:
    await bot.send(payload("app_mention"))
    await bot.deliver()
    bot.work(policy_answer)
    await bot.deliver()
    return bot.peer.said(CHANNEL)[-1]


async def drafted(bot: Bot) -> dict[str, Any]:
    await bot.send(payload("app_mention", text="<@U0STEWARD> draft an e-mail to Bo about leave"))
    await bot.deliver()
    bot.work(first_draft)
    await bot.deliver()
    return bot.peer.said(OPENED)[-1]


def chosen(value: str | None) -> dict[str, Any]:
    return {"type": "static_select", "selected_option": {"value": value} if value else None}


def filled(**changes: Any) -> dict[str, Any]:
    people = {"type": "multi_users_select", "selected_users": ["U0BEN"]}
    text = {"request": "that the answer is yes", "to": "info@shop.example", "cc": ""}
    style = {"tone": chosen("formal"), "length": chosen(None), "language": chosen("de")}
    values = {name: {"type": "plain_text_input", "value": value} for name, value in text.items()}
    return {**values, "colleagues": people, **style, **changes}


def place_of(bot: Bot) -> dict[str, Any]:
    place: dict[str, Any] = json.loads(bot.peer.views[-1]["view"]["private_metadata"])
    return place


async def test_the_command_opens_a_form_whose_choices_become_the_drafts(bot: Bot) -> None:
    bot.peer.users["U0BEN"] = {"profile": {"email": "ben@example.test", "real_name": "Ben"}}
    await command(bot, "email")
    await submit(bot, "steward:email", place_of(bot), filled())
    (job_id,) = bot.job_ids()
    mention = mention_of(bot, job_id)

    assert (mention.kind, mention.text, mention.audience) == ("email_draft", "that the answer is yes", Audience.ASKER)
    assert mention.options == {"to": ["ben@example.test", "info@shop.example"], "tone": "formal", "language": "de"}
    assert mention.reply_target["channel"] is None


async def test_an_empty_form_is_told_what_is_missing_and_asks_for_nothing(bot: Bot) -> None:
    await command(bot, "email")
    said = await submit(bot, "steward:email", place_of(bot), filled(request={"value": " "}))

    assert said["errors"] == {"request": "Please say what the e-mail is about."}
    assert bot.job_ids() == []


async def test_the_helps_button_opens_the_same_form(bot: Bot) -> None:
    helped = await command(bot, "help")
    await press(bot, {"blocks": helped["blocks"]}, "steward:ask:email_draft")

    assert bot.peer.views[-1]["view"]["callback_id"] == "steward:email"


async def test_an_answer_becomes_the_drafts_source_and_is_drafted_in_private(bot: Bot) -> None:
    await press(bot, await answered(bot), "steward:write_email", user="U0BEN")  # who reads the channel may use it
    await submit(bot, "steward:email", place_of(bot), filled(request={"value": None}), user="U0BEN")
    mention = mention_of(bot, bot.job_ids()[-1])
    (file,) = mention.attachments
    about = AboutAnswer.model_validate_json(BlobStore(bot.engine, bot.settings).read(file))

    assert (mention.asker.id, mention.audience, mention.reply_target["channel"]) == ("U0BEN", Audience.ASKER, None)
    assert (file.media_type, about.claims) == (ABOUT_TYPE, (CLAIM,))
    assert mention.text == "Write an e-mail with this answer."


async def test_an_answer_that_stands_elsewhere_cannot_be_used_by_its_id(bot: Bot) -> None:
    await answered(bot)
    (job_id,) = bot.job_ids()
    place = {"job": str(job_id), "channel": "C0OTHER"}
    said = await submit(bot, "steward:email", place, filled(), user="U0BEN")

    assert said["errors"] == {"request": "Only who asked for that answer can use it."}
    assert bot.job_ids() == [job_id]


async def test_a_draft_asked_for_in_a_channel_is_private_and_cannot_be_shared_there(bot: Bot) -> None:
    draft = await drafted(bot)
    buttons = [one["action_id"].split(":")[1] for block in draft["blocks"] for one in block.get("elements", ())
               if "action_id" in one]  # fmt: skip

    assert bot.peer.said(CHANNEL) == []
    assert "yours alone" in bot.peer.ephemeral[0]["text"]
    assert "share" not in buttons
    assert "draft_edit" in buttons


async def test_a_draft_asked_for_in_a_thread_leans_on_what_was_said_there(bot: Bot) -> None:
    thread = "1790000500.000100"
    bot.peer.messages[CHANNEL] = [
        {"ts": thread, "user": "U0BEN", "text": "The offer ends on 3 December 2026."},
    ]
    await bot.send(payload("app_mention", text="<@U0STEWARD> draft a reply to Ben", thread_ts=thread))
    (file,) = mention_of(bot, bot.job_ids()[0]).attachments
    said = BlobStore(bot.engine, bot.settings).read(file).decode()

    assert "The offer ends on 3 December 2026." in said
    assert "draft a reply" not in said


async def test_the_answer_to_a_private_drafts_question_goes_on_with_it(bot: Bot) -> None:
    await bot.send(payload("app_mention", text="<@U0STEWARD> draft an e-mail that the office is closed"))
    bot.work(asking_draft)
    await bot.deliver()
    await bot.send(payload("message_im", text="To Bo please", ts="1790000900.000100"))
    mention = mention_of(bot, bot.job_ids()[-1])

    assert (mention.kind, mention.options["answers"]) == ("email_draft", ["To Bo please"])
    assert mention.options["request"].endswith("the office is closed")


# ------------------------------------------------------------------ the forms under a draft
async def test_an_edit_by_modal_becomes_the_next_revision_once(bot: Bot) -> None:
    await press(bot, await drafted(bot), "steward:draft_edit", channel=OPENED)
    place = place_of(bot)
    values = {"to": {"value": "bo@example.com"}, "subject": {"value": "Leave"}, "body": {"value": "Dear Bo, six."}}
    first = await submit(bot, "steward:draft_edit", place, values)
    again = await submit(bot, "steward:draft_edit", place, values)
    await bot.deliver()
    kept = DraftStore(bot.engine).of_job(bot.job_ids()[0])

    assert first is None
    assert again["errors"]["to"].startswith("This draft has changed since.")
    assert kept is not None
    assert (kept.draft.revision, kept.draft.body) == (2, "Dear Bo, six.")
    assert "Dear Bo, six." in json.dumps(bot.peer.said(OPENED)[-1]["blocks"])


async def test_a_header_in_the_modal_is_refused_beside_its_field(bot: Bot) -> None:
    await press(bot, await drafted(bot), "steward:draft_edit", channel=OPENED)
    values = {"to": {"value": "everybody"}, "subject": {"value": "Leave"}, "body": {"value": "Dear Bo"}}
    said = await submit(bot, "steward:draft_edit", place_of(bot), values)

    assert said["errors"] == {"to": "“everybody” is no e-mail address."}


async def test_another_tone_by_modal_is_ordered_once_and_waits_for_a_worker(bot: Bot) -> None:
    await press(bot, await drafted(bot), "steward:draft_change", channel=OPENED)
    place = place_of(bot)
    values = {"tone": chosen("formal"), "length": chosen("short"), "language": chosen("de")}
    for _ in range(2):
        assert await submit(bot, "steward:draft_change", place, values) is None
    store = DraftStore(bot.engine)
    order = store.order_of(bot.job_ids()[0])

    assert order is not None
    assert dict(order.options) == {"tone": "formal", "length": "short", "language": "de"}
    assert len(store.audit(order.kept.draft.id)) == 1


async def test_nobody_else_opens_the_forms_of_a_draft(bot: Bot) -> None:
    await press(bot, await drafted(bot), "steward:draft_edit", user="U0BEN", channel=OPENED)

    assert bot.peer.views == []
    assert "Only who asked" in bot.peer.whispers[-1]["text"]
    assert DraftStore(bot.engine).order_of(bot.job_ids()[0]) is None
