"""One suite for every chat platform: the same jobs, the same replies, the same promises.

Where a platform can't have a feature, its fallback stands in FALLBACKS, and the test of the feature asserts that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import DependencyUnavailable
from assistant.jobs import DraftChange, Job, JobStatus, Step
from assistant.mail.draft import EmailDraft
from assistant.mail.own_edits import OwnEdit, apply_edit
from assistant.mail.shown import show_draft
from assistant.mentions import Audience
from assistant.minutes.kept import MinutesChange, numbered
from assistant.minutes.schema import Decision, MeetingHeader, Minutes
from assistant.replies import (
    Action,
    Actions,
    Chart,
    Citation,
    Citations,
    Draft,
    Link,
    Links,
    Notice,
    Paragraph,
    Reply,
    Series,
    Table,
)
from assistant.settings import Settings
from assistant.storage.draft_store import DraftStore
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.minutes_store import MinutesStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.watch_words import WATCH_BUTTONS
from tests.contract.chat_harness import FALLBACKS, Feature, Harness, table
from tests.contract.slack_harness import slack
from tests.contract.teams_harness import teams
from tests.contract.web_harness import web
from tests.factories import make_result

HARNESSES: dict[str, Callable[[Settings], AbstractAsyncContextManager[Harness]]] = {
    "slack": slack,
    "teams": teams,
    "web": web,
}
LANES = ("policy", "summary", "email", "logs")
QUESTION = "How many days of leave do I have?"
DOCS = Path(__file__).parents[2] / "docs" / "platforms.md"


@pytest.fixture(params=sorted(HARNESSES))
async def chat(request: pytest.FixtureRequest, embedded_settings: Settings) -> AsyncIterator[Harness]:
    async with HARNESSES[request.param](embedded_settings) as harness:
        yield harness


def claim(chat: Harness) -> Job:
    job = chat.jobs.claim(LANES, owner="w1")
    assert job is not None
    return job


def finish(chat: Harness, job: Job, *blocks: Any, text: str = "In short.") -> None:
    reply = Reply(text=text, blocks=blocks or (Paragraph(markdown=text),), wants_feedback=True)
    assert chat.jobs.finish(job, make_result(text, reply=reply))


async def answered(chat: Harness, *blocks: Any, where: Any = "private", text: str = "In short.") -> Job:
    assert (await chat.ask(QUESTION, where=where)) in (200, 202)
    await chat.settle()
    job = claim(chat)
    finish(chat, job, *blocks, text=text)
    await chat.settle()
    return job


def citation(number: int, **fields: Any) -> Citation:
    values = {"chunk_id": f"c{number}", "document_id": "d", "document": "leave.md", "title": f"Policy {number}"}
    return Citation(**{"number": number, "quote": f"Rule {number} says so.", **values, **fields})


# ------------------------------------------------------------------ asking
@pytest.mark.parametrize("where", ["private", "channel"])
async def test_mention(chat: Harness, where: Any) -> None:
    """The placeholder stands there until the answer does, in the same message."""
    await chat.ask(QUESTION, where=where)
    await chat.settle()
    before = chat.shown(where)
    finish(chat, claim(chat), text="Twenty-five days.")
    await chat.settle()
    after = chat.shown(where)

    assert before.messages == 1
    assert chat.placeholder in before.text
    assert (after.messages, "Twenty-five days." in after.text) == (1, True)
    assert chat.placeholder not in after.text


async def test_follow_up(chat: Harness) -> None:
    """A second question of the same thread is a turn of the same conversation."""
    first = await answered(chat, where="channel")
    await chat.ask("And in the first year?", where="channel", event="2")
    second = claim(chat)

    assert second.conversation_id == first.conversation_id


async def test_file(chat: Harness) -> None:
    await chat.ask("minutes", file=b"WEBVTT\n\n00:01.000 --> 00:02.000\nAnn: we ship on Friday\n")
    job = claim(chat)

    assert job.kind == "meeting_summary"
    assert [attachment.location.partition(":")[0] for attachment in job.mention.attachments] == ["blob"]


async def test_redelivery(chat: Harness) -> None:
    """However often the service sends an event, there is one job and one message."""
    statuses = {await chat.ask(QUESTION) for _ in range(4)}
    await chat.settle()
    finish(chat, claim(chat), text="Twenty-five days.")
    await chat.settle()
    await chat.ask(QUESTION)
    await chat.settle()

    assert statuses <= {200, 202}
    assert chat.jobs.claim(LANES, owner="w1") is None
    assert chat.shown("private").messages == 1


async def test_edit(chat: Harness) -> None:
    await chat.ask(QUESTION)
    old = claim(chat)
    await chat.edit("How many days of parental leave do I have?")
    if Feature.EDIT not in FALLBACKS[chat.name]:  # the service sends the change again
        await chat.edit("How many days of parental leave do I have?")
    new = claim(chat)

    assert chat.jobs.view(old.id).cancel_requested
    assert new.mention.text == "How many days of parental leave do I have?"
    assert chat.jobs.claim(LANES, owner="w1") is None


async def test_visibility(chat: Harness) -> None:
    """In private the asker's own groups may be quoted, in a channel what all its readers may read.

    Where nobody else can read, everything is private; test_stop has a colleague try.
    """
    await chat.ask(QUESTION, where="private")
    private = claim(chat)
    await chat.ask(QUESTION, where="channel", event="2")
    channel = claim(chat)

    assert private.mention.audience is Audience.ASKER
    has_channels = Feature.VISIBILITY not in FALLBACKS[chat.name]
    assert channel.mention.audience is (Audience.CHANNEL if has_channels else Audience.ASKER)
    assert private.mention.conversation != channel.mention.conversation


# ------------------------------------------------------------------ while it works
@pytest.mark.parametrize("where", ["private", "channel"])
async def test_progress(chat: Harness, where: Any) -> None:
    await chat.ask(QUESTION, where=where)
    await chat.settle()
    job = claim(chat)
    chat.jobs.report(job.id, Step(name="reading", text="reading 6 passages", at=datetime.now(UTC)))
    has_shown = await chat.progress("reading 6 passages", where=where)
    finish(chat, job, text="Twenty-five days.")
    await chat.settle()

    assert has_shown
    assert "reading 6 passages" not in chat.shown(where).text


@pytest.mark.parametrize("where", ["private", "channel"])
async def test_stop(chat: Harness, where: Any) -> None:
    await chat.ask(QUESTION, where=where)
    await chat.settle()
    job = claim(chat)
    if where == "channel":
        await chat.press("stop", where=where, by="bo")
    by_another = chat.jobs.view(job.id).cancel_requested
    await chat.press("stop", where=where)

    assert not by_another
    assert chat.jobs.view(job.id).cancel_requested


async def test_failure(chat: Harness) -> None:
    """An apology with the job's id, and a button that asks again, once."""
    await chat.ask(QUESTION, where="channel")
    job = claim(chat)
    retry = Action(name="retry", label="Try again", value={"job_id": str(job.id)})
    sorry = f"Sorry, that failed ({job.id})."
    blocks = (Notice(level="error", text=sorry), Actions(items=(retry,)))
    chat.jobs.fail(job, DependencyUnavailable("model away"), Reply(text=sorry, blocks=blocks))
    await chat.settle()
    told = chat.shown("channel")
    await chat.press("retry", where="channel")
    await chat.press("retry", where="channel")
    again = claim(chat)

    assert str(job.id) in told.text.replace("\\", "")
    assert "retry" in told.buttons
    assert again.mention.text == job.mention.text
    assert chat.jobs.claim(LANES, owner="w1") is None
    assert chat.jobs.view(job.id).status is JobStatus.FAILED


# ------------------------------------------------------------------ what is shown
async def test_citations(chat: Harness) -> None:
    items = tuple(citation(number) for number in range(1, 13))
    named = " ".join(f"Rule. [{number}]" for number in range(1, 13))
    await answered(chat, Paragraph(markdown=named), Citations(items=items))
    shown = chat.shown("private")

    for number in range(1, 13):
        assert number in shown.citations or f"Policy {number}" in shown.text
    if Feature.CITATIONS not in FALLBACKS[chat.name]:
        assert shown.citations == frozenset(range(1, 13))


async def test_long_answer(chat: Harness) -> None:
    paragraphs = [f"Paragraph {number} says. " + "word " * 60 for number in range(90)]
    await answered(chat, Paragraph(markdown="\n\n".join(paragraphs)))
    shown = chat.shown("private")

    assert (shown.messages > 1) == chat.splits_long_answers
    assert all(f"Paragraph {number} says" in shown.text for number in range(90))


async def test_table(chat: Harness) -> None:
    rows = (("Bo", "write the notes"), ("Ann", "ship"))
    await answered(chat, Paragraph(markdown="Here."), Table(title="Actions", columns=("Who", "What"), rows=rows))
    text = chat.shown("private").text

    assert all(word in text for word in ("Actions", "Who", "What", "Bo", "write the notes", "Ann", "ship"))


async def test_chart(chat: Harness) -> None:
    series = Series(name="errors", values=(2.0, 90.0))
    chart = Chart(title="Errors", alt="Errors rose from 2 to 90.", x=("11:00", "12:00"), series=(series,))
    await answered(chat, Paragraph(markdown="Look."), chart)
    text = chat.shown("private").text

    assert "Errors rose from 2 to 90." in text


async def test_draft(chat: Harness) -> None:
    draft = Draft(
        draft_id="d1",
        revision=1,
        to=("bo@example.com",),
        subject="Leave",
        body="Dear Bo, …",
        placeholders=("the date",),
    )
    await answered(chat, Paragraph(markdown="A draft:"), draft)
    text = chat.shown("private").text

    assert all(word in text for word in ("bo@example.com", "Leave", "Dear Bo", "the date"))


@pytest.mark.parametrize("where", ["private", "channel"])
async def test_minutes(chat: Harness, where: Any) -> None:
    """Confirming makes a revision that the one message says; in a channel, whoever reads there may confirm."""
    await chat.ask("minutes", where=where, file=b"WEBVTT\n\n00:01.000 --> 00:02.000\nAnn: we ship on Friday\n")
    await chat.settle()
    job = claim(chat)
    decision = Decision(text="We ship on Friday.", status="agreed")
    minutes = numbered(Minutes(meeting=MeetingHeader(title="Weekly"), decisions=(decision,)))
    change = MinutesChange(minutes=minutes, document="notes.vtt", terms=("ship",))

    def shown_as(words: str, revision: int) -> Reply:
        value = {"minutes": str(job.id), "revision": revision}
        names = ("minutes_edit", "minutes_confirm", "minutes_forget")
        actions = Actions(items=tuple(Action(name=name, label=name, value=value) for name in names))
        link = Link(label="OPS-1", url="https://tickets.example/OPS-1", note="Ship it")
        blocks = (Paragraph(markdown=words), Links(title="Tickets", items=(link,)), actions)
        return Reply(text=words, blocks=blocks, wants_feedback=True)

    assert chat.jobs.finish(job, make_result("Weekly", reply=shown_as("Friday.", 1), minutes=change))
    await chat.settle()
    before = chat.shown(where)
    await chat.press("minutes_edit", where=where)  # opens the form, and changes nothing
    await chat.press("minutes_confirm", where=where, by="bo" if where == "channel" and chat.name != "web" else "ann")
    again = claim(chat)
    kept = MinutesStore(chat.engine).of_job(job.id)
    assert kept is not None
    again_shown = make_result(
        "Weekly",
        reply=shown_as("Friday, confirmed.", 2),
        minutes=change.model_copy(update={"minutes": kept.minutes, "is_written": False}),
    )
    assert chat.jobs.finish(again, again_shown)
    assert await chat.progress("Friday, confirmed.", where=where)
    await chat.settle()
    after = chat.shown(where)

    assert {"minutes_edit", "minutes_confirm", "minutes_forget"} <= before.buttons
    assert "OPS-1" in before.text
    assert (again.id, kept.revision, before.messages) == (job.id, 2, after.messages)
    assert kept.minutes.confirmed_by


@pytest.mark.parametrize("where", ["private", "channel"])
async def test_draft_approval(chat: Harness, where: Any) -> None:
    """Who asked may order, nobody else; the one message follows an edit; the order waits for a worker.

    Asked for in a channel, the draft is its asker's alone: it stands in private, and the channel shows no word of it.
    """
    seen = where if chat.name == "web" else "private"  # every conversation on the page is its asker's alone
    await chat.ask("draft an e-mail to Bo that the contract is signed", where=where)
    await chat.settle()
    job = claim(chat)
    draft = EmailDraft(id="d_1", subject="Contract", to=("bo@example.com",), body="Dear Bo, it is signed.")
    change = DraftChange(draft=draft, offers=("save", "send"))
    reply = show_draft(draft, offers=change.offers)
    assert chat.jobs.finish(job, make_result("A draft.", reply=reply, draft=change))
    await chat.settle()
    before = chat.shown(seen)
    drafts = DraftStore(chat.engine)
    kept = drafts.of_job(job.id)
    assert kept is not None
    drafts.revise(kept, apply_edit(kept.draft, OwnEdit(body="Dear Bo, it is signed since Monday.")))
    assert await chat.progress("since Monday", where=seen)
    await chat.settle()  # the buttons as well
    after = chat.shown(seen)
    if chat.name != "web":  # where a page is one person's, nobody else can press
        await chat.press("draft_send", where=seen, by="bo")
    by_another = chat.jobs.view(job.id).status
    await chat.press("draft_send", where=seen)
    again = claim(chat)
    order = drafts.order_of(job.id)

    assert {"draft_edit", "draft_send", "draft_save", "draft_discard"} <= before.buttons
    assert before.messages == after.messages
    assert ("since Monday" in before.text, "since Monday" in after.text) == (False, True)
    assert job.mention.audience is Audience.ASKER
    assert where == "private" or chat.name == "web" or "it is signed" not in chat.shown("channel").text
    assert by_another is JobStatus.WAITING
    assert order is not None
    assert (again.id, order.action, order.kept.draft.revision) == (job.id, "send", 2)


@pytest.mark.parametrize("where", ["private", "channel"])
async def test_feedback(chat: Harness, where: Any) -> None:
    job = await answered(chat, where=where)
    await chat.judge("The figure is outdated", where=where)
    with chat.engine.connect() as connection:
        person = connection.exec_driver_sql("SELECT person_id FROM feedback").scalar_one()
    kept = FeedbackStore(chat.engine).of(job.id, person)

    assert chat.shown(where).has_thumbs
    assert kept is not None
    assert (kept.verdict, kept.reason) == ("down", "outdated")
    assert kept.correction == "The figure is outdated"


@pytest.mark.parametrize("where", ["private", "channel"])
async def test_watch(chat: Harness, where: Any) -> None:
    """Each button asks in the thread what one could type there; a colleague's press does nothing."""
    buttons = [Action(name=name, label=name.replace("_", " ").title()) for name in WATCH_BUTTONS]
    job = await answered(chat, Paragraph(markdown="Broken."), Actions(items=tuple(buttons)), where=where)
    tenant, asker = job.mention.conversation.tenant, job.mention.asker
    PeopleStore(chat.engine).upsert_all(tenant, [PersonProfile(id=asker.id, name=asker.name, role="engineer")])
    shown = chat.shown(where)
    asked = []
    for name in WATCH_BUTTONS:
        if where == "channel" and chat.name != "web":
            await chat.press(name, where=where, by="bo")
        await chat.press(name, where=where)
        asked.append(claim(chat))

    assert set(WATCH_BUTTONS) <= shown.buttons
    assert [one.mention.text for one in asked] == list(WATCH_BUTTONS.values())
    assert {(one.kind, one.mention.asker.id) for one in asked} == {("log_inspection", asker.id)}
    assert chat.jobs.claim(LANES, owner="w1") is None


# ------------------------------------------------------------------ the suite itself
def test_every_feature_has_its_test() -> None:
    names = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}

    assert {feature.name.lower() for feature in Feature} <= names


def test_every_platform_of_the_table_is_tested() -> None:
    assert set(HARNESSES) == set(FALLBACKS)


def test_the_table_that_people_read_is_the_one_asserted_here() -> None:
    assert table() in DOCS.read_text(encoding="utf-8")
