"""What a person sees of a job at each moment of its life."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from assistant.jobs import Claim, JobStatus, Step
from assistant.mentions import Attachment, ConversationKey, Person, Platform
from assistant.replies import Citation, Notice, Reply
from assistant.storage.job_views import JobView
from bot.platforms.web.turns import (
    announcement,
    avatar,
    render_answer_of,
    render_progress,
    render_question,
    render_toolbar,
)
from tests.factories import NOON, make_result


def make_view(status: JobStatus = JobStatus.RUNNING, **fields: Any) -> JobView:
    values: dict[str, Any] = {
        "id": uuid4(),
        "kind": "policy_search",
        "lane": "policy",
        "status": status,
        "conversation_id": uuid4(),
        "conversation": ConversationKey(platform=Platform.WEB, tenant="local", channel="ann", thread="1"),
        "tenant": "local",
        "asker_id": "ann",
        "question": "How many days?",
        "created_at": NOON,
        "deadline_at": datetime(2026, 11, 24, 13, tzinfo=UTC),
    }
    return JobView(**{**values, **fields})


@pytest.mark.parametrize(("ahead", "words"), [(0, "next in line"), (4, "Queued at place 5")])
def test_a_waiting_question_says_its_place(ahead: int, words: str) -> None:
    assert words in render_progress(make_view(JobStatus.QUEUED, position=ahead))


def test_a_running_question_shows_its_steps_and_the_growing_answer() -> None:
    steps = tuple(Step(name=name, text=name, at=NOON) for name in ("queued", "searching", "reading 6 passages"))
    page = render_progress(make_view(steps=steps, partial="You have **five"))

    assert page.count('class="done"') == 2
    assert "Reading 6 passages" in page
    assert "<strong>five</strong>" in page
    assert 'data-act="stop"' in page


def test_stop_can_be_pressed_once() -> None:
    assert "disabled" in render_progress(make_view(cancel_requested=True))


def test_a_failure_names_the_job_once_and_offers_another_try_but_no_thumbs() -> None:
    view = make_view(JobStatus.FAILED, reply=Reply(text="That took too long."), error_message="secret host 10.0.0.7")
    page = render_answer_of(view)
    toolbar = render_toolbar(view, None) or ""

    assert "That took too long." in page
    assert page.count(str(view.id)) == 1
    assert "10.0.0.7" not in page
    assert 'data-act="retry"' in toolbar
    assert "thumb" not in toolbar


def test_a_failure_whose_reply_names_the_job_does_not_name_it_again() -> None:
    view = make_view(JobStatus.FAILED)
    said = view.model_copy(update={"reply": Reply(text="", blocks=(Notice(level="error", text=f"Job {view.id}."),))})

    assert render_answer_of(said).count(str(view.id)) == 1


def test_a_stopped_question_says_so_calmly() -> None:
    page = render_answer_of(make_view(JobStatus.CANCELLED))

    assert "Stopped, as you asked." in page
    assert "notice error" not in page


def test_the_thumb_that_was_given_is_pressed() -> None:
    view = make_view(JobStatus.SUCCEEDED, result=make_result(), reply=Reply(text="Five."))

    toolbar = render_toolbar(view, "down")

    assert toolbar is not None
    assert toolbar.count('aria-pressed="true"') == 1
    assert "Noted, thank you." in toolbar


def test_a_question_shows_its_files_and_stays_text() -> None:
    files = (Attachment(name="<b>notes</b>.txt", size_bytes=2048, location="blob:ab"),)
    page = render_question(make_view(question="<i>hello</i>", attachments=files), Person(id="ann", name="Ann Lee"))

    assert "&lt;i&gt;hello" in page
    assert "&lt;b&gt;notes" in page
    assert "2.05 kB" in page


def test_screen_readers_hear_the_answer_and_how_many_documents_it_rests_on() -> None:
    cited = [
        Citation(number=n, chunk_id="c", document_id=document, document="d", title="t", quote="q")
        for n, document in enumerate(("a", "b", "a"), start=1)
    ]
    result = make_result(claims=(Claim(text="x", citations=tuple(cited)),))
    view = make_view(JobStatus.SUCCEEDED, result=result, reply=Reply(text="Five days."))

    assert announcement(view) == "The answer is there from 2 documents. Five days."


@pytest.mark.parametrize(
    ("person", "initials"), [(Person(id="a", name="Ann Lee Ray"), "AR"), (Person(id="bo.x"), "BX")]
)
def test_initials_come_from_the_first_and_last_name(person: Person, initials: str) -> None:
    assert f">{initials}<" in avatar(person)


def test_a_draft_that_waits_for_an_approval_is_shown_like_an_answer() -> None:
    view = make_view(JobStatus.WAITING, reply=Reply(text="Draft: Hello"), result=make_result())

    assert "Draft: Hello" in render_answer_of(view)
    assert "spinner" not in render_answer_of(view)
    assert "thumb-up" in str(render_toolbar(view, None))
