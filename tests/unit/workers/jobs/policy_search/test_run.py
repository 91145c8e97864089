from __future__ import annotations

from typing import Any

import pytest

from assistant.errors import BudgetExceeded, Cancelled, DependencyUnavailable, RequestInvalid
from assistant.mentions import Audience
from assistant.replies import Notice
from tests.twins.corpus import small_company
from tests.twins.jobs import SpokenTurn, Watched, make_context, make_job
from tests.twins.knowledge import KnowledgeTwin, TwinDocument
from workers.jobs.policy_search.run import run


def ask(text: str, knowledge: Any = None, *, turns: list[SpokenTurn] | None = None, **job: Any) -> Any:
    return run(make_job(text, **job), make_context(knowledge or small_company(), turns=turns))


def test_an_answer_has_claims_citations_receipt_and_label() -> None:
    result = ask("How long must a password be?")

    citation = result.claims[0].citations[0]
    assert result.outcome == "answered"
    assert (citation.document, citation.section.split(" › ")[-1], citation.version) == (
        "security.md",
        "Passwords",
        "9",
    )
    assert result.answer.endswith("[1]")
    assert (result.receipt.model, result.receipt.offline, result.receipt.cost_usd) == ("offline", True, 0.0)
    assert result.receipt.prompt_version.startswith("policy_search@")
    assert citation.chunk_id in result.receipt.evidence
    assert result.reply.wants_feedback
    assert any(isinstance(b, Notice) and "no language model" in b.text for b in result.reply.blocks)


def test_the_steps_are_told_as_they_happen() -> None:
    watched = Watched()
    run(make_job("How long must a password be?"), make_context(small_company(), watched=watched))

    assert watched.step_names == ["searching", "reading", "checking"]
    assert "14 characters" in watched.streamed[-1]


@pytest.mark.parametrize("text", ["", "   \n "])
def test_an_empty_question_is_told_so(text: str) -> None:
    with pytest.raises(RequestInvalid):
        ask(text)


@pytest.mark.parametrize("text", ["?", "...", "🙂", "the of and", "x" * 40_000, "'; DROP TABLE jobs; --"])
def test_a_question_without_sense_is_refused_in_plain_words(text: str) -> None:
    result = ask(text)

    assert result.outcome == "refused"
    assert result.refusal_reason


def test_an_empty_library_finds_nothing() -> None:
    result = ask("How long must a password be?", KnowledgeTwin([]))

    assert result.outcome == "refused"
    assert result.refusal_reason == "nothing_found"


def test_in_a_channel_only_what_all_its_members_may_read_is_used() -> None:
    question = "What is the salary band for senior engineers?"

    alone = ask(question, groups=("everyone", "hr"))
    in_channel = ask(question, groups=("everyone", "hr"), audience=Audience.CHANNEL, channel_groups=("everyone",))
    with_guests = ask(question, groups=("everyone", "hr"), audience=Audience.OUTSIDERS)

    assert alone.outcome == "answered"
    assert in_channel.outcome == with_guests.outcome == "refused"
    assert "Salary Bands" not in in_channel.model_dump_json() + with_guests.model_dump_json()


def test_a_question_in_another_language_is_refused_in_it() -> None:
    result = ask("Combien de jours de congé sabbatique est-ce que je peux prendre ?")

    assert result.outcome == "refused"
    assert result.answer.startswith("Je n'ai pas trouvé")


def test_a_superseded_document_is_quoted_only_when_the_past_is_asked_for_and_labelled() -> None:
    now = ask("What is the daily meal allowance?")
    then = ask("What was the daily meal allowance in 2023?")

    assert "35 EUR" not in now.answer
    assert any("superseded" in warning for warning in then.warnings)


def test_two_documents_in_force_that_differ_are_both_shown() -> None:
    result = ask("How much may a gift be worth that I accept without reporting it?")

    assert "50 EUR" in result.answer
    assert "25 EUR" in result.answer
    assert "Gifts and Invitations (version 1, in force from 2024-11-01)" in result.warnings[0]


def test_a_table_row_is_shown_with_its_columns() -> None:
    result = ask("What is the hotel limit in Milan?")

    assert result.claims[0].text == "Milan — Limit per night: 170 EUR"
    assert result.claims[0].citations[0].quote == "Milan | 170 EUR"


def test_a_secret_in_a_document_is_not_shown() -> None:
    knowledge = KnowledgeTwin(
        [TwinDocument("wifi.md", "Guest network", "The guest network password: Blue42!horse is changed monthly.")]
    )

    result = ask("What is the guest network password?", knowledge)

    assert "Blue42" not in result.reply.model_dump_json()


def test_stop_and_a_passed_deadline_end_the_job() -> None:
    stopped = make_context(small_company(), watched=Watched(cancelled=True))
    with pytest.raises(Cancelled):
        run(make_job("How long must a password be?"), stopped)
    with pytest.raises(BudgetExceeded):
        ask("How long must a password be?", deadline_seconds=-1)


def test_a_store_that_is_down_is_not_nothing_found() -> None:
    class Down:
        def search(self, query: Any) -> Any:
            raise DependencyUnavailable("the index can't be reached")

    with pytest.raises(DependencyUnavailable):
        ask("How long must a password be?", Down())


def test_a_question_about_one_row_gets_that_row_and_not_its_neighbours() -> None:
    caps = "| City | Cap per night |\n|---|---|\n| Chicago | USD 210 |\n| New York | USD 320 |\n| Berlin | EUR 160 |"
    knowledge = KnowledgeTwin([TwinDocument("travel.md", "Travel", f"# Travel\n\n## Hotels\n\n{caps}\n")])

    result = ask("What is the hotel cap per night in Chicago?", knowledge)

    assert [claim.text for claim in result.claims] == ["Chicago — Cap per night: USD 210"]


def test_a_question_after_days_gets_no_prices_beside_its_answer() -> None:
    within_days = "Claims for travel expenses are handed in within 45 days of the trip."
    above_a_price = "Claims for travel expenses above USD 150 are handed in by your manager."
    library = KnowledgeTwin(
        [
            TwinDocument("claims.md", "Claims for travel expenses", within_days),
            TwinDocument("travel.md", "Travel expenses", above_a_price),
        ]
    )
    result = ask("How long do I have to hand in claims for travel expenses?", library)

    assert [claim.text for claim in result.claims] == [within_days]
