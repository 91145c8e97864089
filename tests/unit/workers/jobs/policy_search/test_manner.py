"""What a channel's spaces, tone and language do to a policy answer, with a model and without one."""

from __future__ import annotations

from assistant.manner import Manner
from assistant.settings import load_settings
from tests.peers.openai_peer import openai_peer
from tests.twins.corpus import small_company
from tests.twins.jobs import make_context, make_job
from tests.twins.knowledge import KnowledgeTwin, TwinDocument
from tests.unit.workers.jobs.policy_search.test_over_http import GOOD, QUESTION, after_search
from workers.jobs.policy_search.run import run

TEXT = "# Leave\n\nEmployees receive 28 days of annual leave a year."
OPEN = TwinDocument("leave.md", "Leave", TEXT, space="handbook")
CLOSED = TwinDocument("bands.md", "Salary", "# Bands\n\nThe salary band of L4 is 80,000.", allow=("hr",), space="hr")


def test_a_channel_is_answered_from_its_spaces_alone() -> None:
    knowledge = KnowledgeTwin([OPEN])
    inside = run(make_job(QUESTION, spaces=("handbook",)), make_context(knowledge))
    outside = run(make_job(QUESTION, spaces=("travel",)), make_context(knowledge))

    assert inside.outcome == "answered"
    assert (outside.outcome, outside.refusal_reason) == ("refused", "nothing_found")


def test_a_space_opens_nothing_that_the_groups_do_not() -> None:
    result = run(make_job("What is the salary band of L4?", spaces=("hr",)), make_context(KnowledgeTwin([CLOSED])))

    assert result.outcome == "refused"
    assert "80,000" not in result.reply.text


def test_a_model_is_told_the_manner_and_nothing_when_none_was_set() -> None:
    environment = {"STEWARD_MODEL": "openai:gpt-5.4-mini", "OPENAI_API_KEY": "test-key"}
    with openai_peer(after_search(GOOD)) as peer:
        settings = load_settings({**environment, "OPENAI_BASE_URL": peer.base_url})
        context = make_context(small_company(), settings=settings)
        run(make_job(QUESTION, manner=Manner(tone="formal", language="de")), context)
        run(make_job(QUESTION), context)
        told = [request["messages"][0]["content"] for request in peer.requests]

    assert told[0].endswith("## Manner, as set\n\ntone: formal\nlanguage: German")
    assert "## Manner, as set" not in told[-1]


def test_without_a_model_the_answer_says_that_it_could_not_translate() -> None:
    result = run(make_job(QUESTION, manner=Manner(language="de")), make_context(small_company()))

    assert result.outcome == "answered"
    assert any("An answer in German is wanted here" in warning for warning in result.warnings)


def test_without_a_model_brief_is_one_passage() -> None:
    question = "How much may a hotel cost per night?"
    usual = run(make_job(question), make_context(small_company()))
    brief = run(make_job(question, manner=Manner(tone="brief")), make_context(small_company()))

    assert len(usual.claims) > 1
    assert len(brief.claims) == 1
    assert brief.claims[0] == usual.claims[0]
