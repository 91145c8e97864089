"""Wherever a guessed decision is shown it says that it is one, until somebody confirms or rewords it."""

from __future__ import annotations

import io
import json

import docx
import pytest
import sqlalchemy as sa
from pypdfium2 import PdfDocument

from assistant.mentions import Attachment
from assistant.minutes.kept import KeptMinutes, numbered
from assistant.minutes.schema import Decision, Evidence
from assistant.replies import Actions, FileOffer, Reply
from assistant.settings import Settings
from bot.platforms.console.render import as_json, as_text
from bot.platforms.slack.render import render as render_in_slack
from bot.platforms.teams.render import render as render_in_teams
from bot.platforms.web.render import render_reply
from tests.unit.workers.jobs.meeting_summary.demo_meetings import BUDGET_ROUND
from tests.unit.workers.jobs.meeting_summary.library_world import ADA, LibraryWorld, press

GUESS = "The casing will be grey."
MARK = "perhaps (unsure)"
MEANING = "“perhaps” marks a guess"


@pytest.fixture
def world(engine: sa.Engine, settings: Settings) -> LibraryWorld:
    return LibraryWorld(engine, settings)


@pytest.fixture
def kept(world: LibraryWorld) -> KeptMinutes:
    """The budget round, with a guess after its decisions."""
    held = world.hold(BUDGET_ROUND)
    proof = (Evidence(id="u2", quote="Good morning", speaker="Anna Schmidt", start=5.0),)
    guess = Decision(text=GUESS, status="proposed", is_unsure=True, evidence=proof)
    minutes = numbered(held.minutes.model_copy(update={"decisions": (*held.minutes.decisions, guess)}))
    world.minutes.revise(held, minutes, by="rules", changes=(), meanwhile=Reply(text="…"))
    world.work_on()
    return now(world, held)


def now(world: LibraryWorld, kept: KeptMinutes) -> KeptMinutes:
    found = world.minutes.of_job(kept.id)
    assert found is not None
    return found


def files_text(world: LibraryWorld, reply: Reply) -> dict[str, str]:
    """Return the words of each file, on one line."""
    texts = {}
    for offer in (block for block in reply.blocks if isinstance(block, FileOffer)):
        data = world.blobs.read(Attachment(name="x", size_bytes=1, location=f"blob:{offer.blob}"))
        suffix = offer.name.rpartition(".")[2]
        if suffix == "docx":
            texts[suffix] = " ".join(one.text for one in docx.Document(io.BytesIO(data)).paragraphs)
        elif suffix == "pdf":
            pages = PdfDocument(data)
            texts[suffix] = " ".join(page.get_textpage().get_text_bounded() for page in pages)
        else:
            texts[suffix] = data.decode().replace("\\", "")
    return {suffix: " ".join(text.split()) for suffix, text in texts.items()}


def test_the_message_says_so_on_every_platform(world: LibraryWorld, kept: KeptMinutes) -> None:
    view, reply = world.jobs.view(kept.id), world.said(kept.id)
    shown = {
        "slack": json.dumps([one.blocks for one in render_in_slack(reply, "k")], ensure_ascii=False),
        "teams": json.dumps(render_in_teams(reply, "k"), ensure_ascii=False).replace("\\\\", ""),
        "web": str(render_reply(reply, kept.id)),
        "console": as_text(view),
        "answer": view.result.answer if view.result else "",
    }

    assert {name for name, text in shown.items() if f"[{MARK}] {GUESS}" not in text} == set()
    assert {name for name, text in shown.items() if MEANING not in text} == {"answer"}


def test_the_files_say_so(world: LibraryWorld, kept: KeptMinutes) -> None:
    texts = files_text(world, world.said(kept.id))

    assert {"md", "docx", "pdf", "csv"} <= texts.keys()
    assert [MARK in texts[suffix] and GUESS in texts[suffix] for suffix in ("md", "docx", "pdf")] == [True] * 3
    assert all("nobody called them one" in texts[suffix] for suffix in ("md", "docx", "pdf"))
    assert GUESS not in texts["csv"]  # of tasks alone


def test_scripts_read_it_from_a_key_of_its_own(world: LibraryWorld, kept: KeptMinutes) -> None:
    answer = as_json(world.jobs.view(kept.id), thread="1.0")
    told = {one["text"]: one["is_unsure"] for one in answer["result"]["decisions"]}

    assert told.pop(GUESS) is True
    assert set(told.values()) == {False}


def test_an_answer_from_the_library_says_so_and_names_it_last(world: LibraryWorld, kept: KeptMinutes) -> None:
    result = world.work(world.mention("What decisions were made in March 2026?", thread="9.0"))
    about = world.work(world.mention("When did we decide on the grey casing?", thread="8.0"))

    assert f"[{MARK}] {GUESS}" in result.answer.splitlines()[-1]
    assert len(result.answer.splitlines()) == len(kept.minutes.decisions)
    assert f"[{MARK}] {GUESS}" in about.answer


def test_the_form_says_so_and_leaves_it_when_other_lines_are_changed(world: LibraryWorld, kept: KeptMinutes) -> None:
    fields = world.desk.form(press(kept), world.reader())
    world.desk.edit(press(kept), {**fields, "open_questions": "Who pays?"}, world.reader(), ADA)

    assert f"[perhaps] {GUESS}" in fields["decisions"]
    assert now(world, kept).minutes.decisions[-1] == kept.minutes.decisions[-1]


@pytest.mark.parametrize("status", ["agreed", "proposed", "rejected"])
def test_another_status_in_the_form_takes_the_mark_away(world: LibraryWorld, kept: KeptMinutes, status: str) -> None:
    fields = world.desk.form(press(kept), world.reader())
    lines = fields["decisions"].replace("[perhaps]", f"[{status}]")
    world.desk.edit(press(kept), {"decisions": lines}, world.reader(), ADA)
    world.work_on()
    said = world.said(kept.id).model_dump_json()

    assert f"[{status}] {GUESS} (edited by Ada Berg)" in said
    assert "perhaps" not in said


def test_confirming_takes_the_mark_away_and_never_says_agreed(world: LibraryWorld, kept: KeptMinutes) -> None:
    world.desk.order("minutes_confirm", press(kept), world.reader(), ADA)
    world.work_on()
    reply = world.said(kept.id)
    texts = files_text(world, reply)

    assert f"[proposed] {GUESS}" in reply.model_dump_json()
    assert "perhaps" not in reply.model_dump_json()
    assert not any("perhaps" in text for text in texts.values())
    assert any(isinstance(block, Actions) for block in reply.blocks)
