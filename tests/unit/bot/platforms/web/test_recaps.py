"""Recaps of a conversation on the page: which turns become the question's file, and what is said when none can."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assistant.errors import RequestInvalid
from assistant.job_kinds import POLICY_SEARCH
from assistant.mentions import Attachment, Platform
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.conversation_store import Conversation
from assistant.storage.people_store import PersonProfile
from assistant.storage.tables.ledger import turns
from bot.platforms.web.recaps import recap_file
from tests.factories import make_mention, make_result
from tests.unit.bot.platforms.web.test_routes import ANN, Web

NOW = datetime.now(UTC)


@pytest.fixture
def web(embedded_settings: Settings) -> Web:
    return Web(embedded_settings.model_copy(update={"steward_sign_in": "demo"}))


def talk(web: Web, *turns: tuple[float, str, str]) -> Conversation:
    """Have the turns said: hours ago, question, answer."""
    for hours, question, answer in turns:
        mention = make_mention(question, asker=ANN, platform=Platform.WEB, tenant="local", channel="ann", thread="t")
        asked = web.deps.jobs.accept(mention, POLICY_SEARCH, Reply(text="…", final=False))
        job = web.deps.jobs.claim(("policy",), owner="w1")
        assert job is not None
        web.deps.jobs.finish(job, make_result(answer=answer, reply=Reply(text=answer)))
        _said_ago(web, job.id, hours)
    return web.deps.conversations.get(asked.conversation_id)


def _said_ago(web: Web, job_id: Any, hours: float) -> None:
    at = NOW - timedelta(hours=hours)
    with web.engine.begin() as connection:
        connection.execute(turns.update().where(turns.c.job_id == job_id).values(created_at=at))


def entries(web: Web, file: Attachment | None) -> list[tuple[str, str]]:
    assert file is not None
    document = json.loads(web.deps.blobs.read(file))
    return [(one["speaker"], one["text"]) for one in document["entries"]]


def test_the_turns_since_the_moment_become_a_file_without_marks(web: Web) -> None:
    here = talk(web, (50, "Old question?", "Old answer."), (2, "How much leave?", "**Thirty** days [1]."))
    file = recap_file(web.deps, here, ANN, "Recap this conversation since yesterday", now=NOW)

    assert entries(web, file) == [("Ann", "How much leave?"), ("Steward", "Thirty days.")]


def test_since_i_last_read_is_since_the_last_question(web: Web) -> None:
    here = talk(web, (5, "First?", "One."), (2, "Second?", "Two."))
    file = recap_file(web.deps, here, ANN, "what did I miss?", now=NOW)

    assert entries(web, file) == [("Ann", "Second?"), ("Steward", "Two.")]


def test_days_are_those_of_the_person(web: Web) -> None:
    web.deps.people.upsert_all("local", [PersonProfile(id="ann", name="Ann", profile={"time_zone": "Asia/Tokyo"})])
    noon = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # 01:00 of the 25th in Tokyo
    here = talk(web, ((NOW - noon).total_seconds() / 3600 + 2, "Yesterday's?", "Yes."))

    with pytest.raises(RequestInvalid, match="nothing"):
        recap_file(web.deps, here, ANN, "recap since today", now=noon)


@pytest.mark.parametrize("words", ["How many days of leave do I have?", "recap of the leave policy"])
def test_other_questions_are_no_recaps(web: Web, words: str) -> None:
    assert recap_file(web.deps, None, ANN, words, now=NOW) is None


def test_what_cannot_be_recapped_is_told(web: Web) -> None:
    with pytest.raises(RequestInvalid) as empty:
        recap_file(web.deps, None, ANN, "recap since yesterday", now=NOW)
    here = talk(web, (50, "Old question?", "Old answer."))
    with pytest.raises(RequestInvalid) as silent:
        recap_file(web.deps, here, ANN, "recap since yesterday", now=NOW)

    assert "can't read channels or threads of Slack or Teams" in empty.value.reply
    assert silent.value.reply == "Nothing was said in this conversation since then."
