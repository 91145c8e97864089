"""What minutes are asked for again with, once their speakers are named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from assistant.errors import RequestInvalid
from assistant.jobs import JobStatus
from assistant.mentions import ConversationKey, Platform
from assistant.storage.job_views import JobView
from bot.speaker_names import MAX_SPEAKERS, ask_with_names


def view(**options: Any) -> JobView:
    now = datetime.now(UTC)
    return JobView(
        id=uuid4(),
        kind="meeting_summary",
        lane="summary",
        status=JobStatus.SUCCEEDED,
        conversation_id=uuid4(),
        conversation=ConversationKey(platform=Platform.WEB, tenant="t", channel="c", thread="1"),
        tenant="t",
        asker_id="ada",
        question="minutes",
        options=options,
        created_at=now,
        deadline_at=now + timedelta(minutes=5),
    )


def test_what_else_was_asked_for_stays_and_a_new_name_replaces_the_old() -> None:
    before = view(language="de", speakers={"Speaker 1": "Anna", "Speaker 2": "Tom"})
    again = ask_with_names(before, "ada", {"Speaker 2": "Ben"})

    assert again.options == {"language": "de", "speakers": {"Speaker 1": "Anna", "Speaker 2": "Ben"}}


def test_the_same_names_for_the_same_minutes_are_one_question_in_any_order() -> None:
    minutes, others = view(), view()
    names = {"Speaker 1": "Anna", "Speaker 2": "Ben"}
    turned = dict(reversed(names.items()))
    key = ask_with_names(minutes, "ada", names).key

    assert ask_with_names(minutes, "ada", turned).key == key
    assert ask_with_names(minutes, "ada", {**names, "Speaker 2": "Tom"}).key != key
    assert ask_with_names(others, "ada", names).key != key


def test_more_speakers_than_a_request_can_name_are_refused() -> None:
    before = view(speakers={f"Speaker {number}": "Anna" for number in range(MAX_SPEAKERS)})

    with pytest.raises(RequestInvalid, match="61 speakers"):
        ask_with_names(before, "ada", {"Speaker 99": "Ben"})
