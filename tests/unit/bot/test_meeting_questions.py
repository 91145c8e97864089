"""Which questions go to the minutes, and which stay with the company's documents."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from assistant.settings import Settings
from bot.meeting_questions import MeetingQuestions
from bot.routing import route
from tests.factories import make_mention
from tests.unit.workers.jobs.meeting_summary.demo_meetings import BUDGET_ROUND
from tests.unit.workers.jobs.meeting_summary.library_world import LibraryWorld


@pytest.fixture
def world(engine: sa.Engine, settings: Settings) -> LibraryWorld:
    world = LibraryWorld(engine, settings)
    world.hold(BUDGET_ROUND, thread="1.0")
    return world


def kind_of(world: LibraryWorld, text: str, thread: str) -> str:
    mention = make_mention(text, thread=thread)
    return MeetingQuestions(world.minutes).routed(mention, route(mention)).kind.name


@pytest.mark.parametrize(
    "text",
    [
        "When did we decide to drop vendor X?",
        "What did we decide about the budget in October?",
        "Open action items of Anna",
        "What are my action items?",
        "Why did we agree to move the database?",
        "In which meeting did we discuss the brochure?",
        "Was haben wir zum Budget beschlossen?",
    ],
)
def test_questions_across_meetings_go_to_the_minutes_from_anywhere(world: LibraryWorld, text: str) -> None:
    assert kind_of(world, text, "9.0") == "meeting_summary"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What did Anna say about the travel budget?", "meeting_summary"),
        ("And what does Chloé want?", "meeting_summary"),
        ("How many days of leave do I have?", "policy_search"),
        ("policy: what was decided on remote work?", "policy_search"),
        ("Draft an e-mail to Ben about the forms", "email_draft"),
    ],
)
def test_in_a_thread_with_minutes_a_question_about_them_is_told_by_its_words(
    world: LibraryWorld, text: str, kind: str
) -> None:
    assert kind_of(world, text, "1.0") == kind


@pytest.mark.parametrize(
    "text",
    [
        "How many days of leave can I carry over?",
        "Who decides on travel upgrades?",
        "What did Anna say about the travel budget?",
        "May I record meetings?",
        "What is agreed in the works agreement on overtime?",
    ],
)
def test_elsewhere_questions_stay_with_the_documents(world: LibraryWorld, text: str) -> None:
    assert kind_of(world, text, "9.0") == "policy_search"
