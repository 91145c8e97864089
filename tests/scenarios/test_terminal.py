"""What a person or a script types, from documents to a cited answer, in real processes on embedded parts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from assistant.settings import child_environment

Steward = Callable[..., tuple[int, Any]]

PEOPLE = """
[[people]]
id = "ida"
name = "Ida Employee"
email = "ida@example.test"
groups = ["employees"]

[[people]]
id = "hanna"
name = "Hanna Partner"
role = "hr"
groups = ["employees", "hr"]
"""
PARKING = """---
version: "2.1"
effective_from: 2026-03-01
owner: Facilities
---
# Parking

## Bicycles

Bicycles are parked in the basement. Every employee gets one bicycle stand free of charge.

## Cars

A parking space in the garage costs 40 euros a month. Requests go to reception at least two weeks ahead.
"""
BANDS = "# Salary bands\n\nThe salary band for grade L5 runs from 70,000 to 88,000 euros a year.\n"


@pytest.fixture(scope="module")
def steward(tmp_path_factory: pytest.TempPathFactory) -> Steward:
    folder = tmp_path_factory.mktemp("terminal")
    environment = child_environment(STEWARD_DATA=str(folder / "data"))

    def run(*arguments: str) -> tuple[int, Any]:
        command = [sys.executable, "-m", "assistant.commands", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=110, check=False)
        return done.returncode, json.loads(done.stdout) if "--json" in arguments else done.stdout + done.stderr

    for space, name, text in (("company", "parking.md", PARKING), ("hr", "bands.md", BANDS)):
        (folder / space).mkdir()
        (folder / space / name).write_text(text)
    (folder / "people.toml").write_text(PEOPLE)
    assert run("admin", "people", "import", str(folder / "people.toml"))[0] == 0
    assert run("ingest", str(folder / "company"), "--allow", "group:everyone", "--json")[1]["counts"] == {"added": 1}
    assert run("ingest", str(folder / "hr"), "--space", "hr", "--allow", "group:hr")[0] == 0
    return run


@pytest.mark.slow
def test_a_question_gets_a_cited_answer_with_a_receipt_in_one_json_object(steward: Steward) -> None:
    status, answer = steward("ask", "How much does a parking space in the garage cost?", "--as", "ida", "--json")

    assert status == 0
    assert (answer["status"], answer["refused"]) == ("answered", False)
    assert "40 euros" in answer["answer"]
    citation = answer["claims"][0]["citations"][0]
    assert (citation["document"], citation["section"], citation["version"]) == ("parking.md", "Cars", "2.1")
    assert citation["quote"] in PARKING
    assert answer["receipt"]["latency_ms"]["total"] > 0
    assert answer["receipt"]["offline"] is True


@pytest.mark.slow
def test_what_one_person_may_not_read_is_refused_to_them_and_answered_to_another(steward: Steward) -> None:
    question = "What is the salary band for grade L5?"

    refused_status, refused = steward("ask", question, "--as", "ida@example.test", "--json")
    answered_status, answered = steward("ask", question, "--as", "hanna", "--json")

    assert refused_status == 3
    assert refused["refused"]
    assert "88,000" not in json.dumps(refused)
    assert "bands" not in json.dumps(refused["result"])
    assert answered_status == 0
    assert "88,000" in answered["answer"]


@pytest.mark.slow
def test_search_ranks_documents_and_passages_with_scores(steward: Steward) -> None:
    status, found = steward("search", "bicycle stand", "--json")

    assert status == 0
    assert found["documents"][0]["path"] == "parking.md"
    assert found["chunks"][0]["section"] == "Bicycles"
    assert found["chunks"][0]["score"] >= found["chunks"][-1]["score"]


@pytest.mark.slow
def test_bad_requests_are_answered_with_a_sentence_and_tell_their_status(steward: Steward) -> None:
    empty = steward("ask", "   ")
    long = steward("ask", "why " * 12_000)
    stranger = steward("ask", "hello?", "--as", "nobody")
    kind = steward("run", "poetry")

    assert [empty[0], long[0], stranger[0], kind[0]] == [1, 1, 1, 2]
    assert "40,000" in long[1]
    assert "people list" in stranger[1]
    assert "policy_search" in kind[1]
