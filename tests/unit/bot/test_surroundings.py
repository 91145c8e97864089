"""The lines around a quoted one are shown to who may inspect logs, and to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from assistant.errors import NothingFound, NotPermitted
from assistant.jobs import JobStatus
from assistant.mentions import ConversationKey, Person, Platform
from assistant.replies import Citation, Citations, Reply
from assistant.storage.job_views import JobView
from bot.surroundings import LINE_CHARS, surroundings_of

ENGINEER = Person(id="noor", name="Noor", role="engineer", groups=())


def view(*cited: Citation) -> JobView:
    now = datetime.now(UTC)
    key = ConversationKey(platform=Platform.SLACK, tenant="t", channel="c", thread="1")
    return JobView(
        id=uuid4(),
        kind="log_inspection",
        lane="logs",
        status=JobStatus.SUCCEEDED,
        conversation_id=uuid4(),
        conversation=key,
        tenant="t",
        asker_id="ada",
        question="why?",
        created_at=now,
        deadline_at=now + timedelta(minutes=5),
        reply=Reply(text="Because.", blocks=(Citations(items=cited),)),
    )


def line(number: int, quote: str = "ERROR it broke", before: tuple[str, ...] = ("INFO before",)) -> Citation:
    return Citation(
        number=number,
        chunk_id=f"a.log:{number}",
        document_id="a.log",
        document="a.log",
        title="pay log",
        section=f"line {number}",
        quote=quote,
        before=before,
        after=("INFO after",),
    )


def test_the_quoted_line_is_marked_among_those_around_it() -> None:
    (shown,) = surroundings_of(view(line(7)), ENGINEER)

    assert shown.title == "[7] a.log, line 7"
    assert shown.lines == ("  INFO before", "▶ ERROR it broke", "  INFO after")


def test_chat_gets_three_places_and_short_lines() -> None:
    shown = surroundings_of(view(*(line(n, quote="x" * 900) for n in range(1, 9))), ENGINEER)

    assert len(shown) == 3
    assert max(len(text) for place in shown for text in place.lines) == LINE_CHARS + 2


def test_who_may_not_inspect_logs_is_told_for_whom_they_are() -> None:
    employee = Person(id="ines", name="Ines", role="employee", groups=())

    with pytest.raises(NotPermitted) as refused:
        surroundings_of(view(line(1)), employee)

    assert refused.value.reply == "These lines are for engineers and admins."


def test_an_answer_without_such_lines_says_so() -> None:
    with pytest.raises(NothingFound):
        surroundings_of(view(), ENGINEER)
