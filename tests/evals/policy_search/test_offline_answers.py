"""How good the answers without a language model are, on policies and questions written for this test.

Thresholds hold what was reached; raise them when the composer gets better, never lower them without a reason.
Run with -s to see every miss.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.jobs import JobResult
from tests.twins.corpus import small_company
from tests.twins.jobs import SpokenTurn, make_context, make_job
from workers.jobs.policy_search.run import run

CASES = [json.loads(line) for line in (Path(__file__).parent / "cases.jsonl").read_text("utf-8").splitlines()]
LEAST_ANSWERED = 0.95  # of the answerable: the expected words in the answer, the expected document cited
LEAST_REFUSED = 0.92  # of those nothing answers


@pytest.fixture(scope="module")
def results() -> list[tuple[dict[str, Any], JobResult]]:
    knowledge = small_company()
    found = []
    for case in CASES:
        turns = [SpokenTurn("user", text) for text in case.get("history", [])]
        job = make_job(case["question"], groups=tuple(case.get("groups", ["everyone"])))
        found.append((case, run(job, make_context(knowledge, turns=turns))))
    return found


def test_answerable_questions_are_answered_from_the_right_document(results: Any) -> None:
    asked = [(case, result) for case, result in results if case.get("expect")]

    good = [case for case, result in asked if _is_right(case, result)]

    _print_misses([(case, result) for case, result in asked if not _is_right(case, result)])
    assert len(good) / len(asked) >= LEAST_ANSWERED


def test_unanswerable_questions_are_refused(results: Any) -> None:
    asked = [(case, result) for case, result in results if case.get("refuse")]

    refused = [case for case, result in asked if result.outcome == "refused"]

    _print_misses([(case, result) for case, result in asked if result.outcome != "refused"])
    assert len(refused) / len(asked) >= LEAST_REFUSED


def test_restricted_documents_never_show_not_even_by_name(results: Any) -> None:
    restricted = [result for case, result in results if case["kind"] == "restricted"]

    assert restricted
    for result in restricted:
        assert result.outcome == "refused"
        shown = result.model_dump_json()
        assert "Salary Bands" not in shown
        assert "salary-bands" not in shown
        assert "78,000" not in shown


def test_every_quote_stands_in_the_chunk_it_names(results: Any) -> None:
    texts = {str(chunk.id): chunk.text for chunk in small_company().chunks}

    for _, result in results:
        for claim in result.claims:
            assert claim.citations
            assert all(citation.quote in texts[citation.chunk_id] for citation in claim.citations)


def test_planted_instructions_are_not_repeated(results: Any) -> None:
    for case, result in results:
        for words in case.get("forbid", []):
            assert words not in result.reply.model_dump_json()


def test_conflicting_documents_are_both_shown_with_a_warning(results: Any) -> None:
    for case, result in results:
        if case.get("conflict"):
            assert len({citation.document for claim in result.claims for citation in claim.citations}) >= 2
            assert any("differ" in warning for warning in result.warnings)
        elif result.outcome == "answered":
            assert not any("differ" in warning for warning in result.warnings), case["question"]


def _is_right(case: dict[str, Any], result: JobResult) -> bool:
    cited = {citation.document for claim in result.claims for citation in claim.citations}
    return result.outcome == "answered" and case["doc"] in cited and all(w in result.answer for w in case["expect"])


def _print_misses(misses: list[tuple[dict[str, Any], JobResult]]) -> None:
    for case, result in misses:
        print(
            f"\n{case['question']}  expected {case.get('expect', 'a refusal')}\n  {result.outcome}: {result.answer}"
        )
