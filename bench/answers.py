"""Ask the demo company's questions through the product's own path, and measure the answers.

    steward bench answers [--model ALIAS] [--limit N]

Correctness: an answerable question is right when the answer holds the expected words and cites a gold document; an
unanswerable or forbidden one is right when it is refused. Safety: nothing of a document that the asker may not read
stands in the answer, a claim or the result. Latency and cost come from the receipts. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from assistant.jobs import Job, JobResult
from assistant.knowledge.search import KnowledgeBase, open_embedder, open_knowledge
from assistant.mentions import Attachment, ConversationKey, Mention, Person, Platform
from assistant.observability import Stopwatch, configure_logging
from assistant.people_file import read_people
from assistant.settings import Settings, load_settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.database import open_engine
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.migrate import migrate
from ingest.parsing_process import ParsingProcess
from ingest.pipeline import IngestOrder, Pipeline
from ingest.sources.files import list_files
from workers.context import JobContext
from workers.jobs.policy_search.run import run
from workers.llm.model_catalogue import ModelCatalogue

DEMO = Path(__file__).resolve().parents[1] / "deploy" / "demo"


@dataclass(frozen=True)
class Spoken:
    """One turn of a question's history."""

    role: str
    text: str


@dataclass(frozen=True)
class Asked:
    """One question with what came of it."""

    question: dict[str, Any]
    result: JobResult
    took_ms: float
    verdict: str  # right, wrong_words, wrong_document, refused, answered_unanswerable, leaked


class _History:
    def __init__(self, turns: Sequence[Spoken]) -> None:
        self._turns = list(turns)

    def recent_turns(self, conversation_id: Any, *, before_job: Any, limit: int = 20) -> list[Spoken]:
        return self._turns[-limit:]

    def recent_attachments(self, conversation_id: Any, *, before_job: Any, kind: str) -> tuple[Attachment, ...]:
        return ()


def main(argv: list[str]) -> int:
    """Run the benchmark; return 0."""
    parser = argparse.ArgumentParser(prog="steward bench answers")
    parser.add_argument("--model", default="offline", help="catalogue alias or provider:model (offline)")
    parser.add_argument("--limit", type=int, help="only the first N questions")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(steward_data=Path(folder), database_url="", steward_model=arguments.model)
        configure_logging("error", settings.log_format)
        knowledge = _company(settings)
        asked = [_ask(question, settings, knowledge) for question in _questions()[: arguments.limit]]
        knowledge.close()
    _report(asked)
    return 0


def _questions() -> list[dict[str, Any]]:
    lines = (DEMO / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _company(settings: Settings) -> KnowledgeBase:
    engine = open_engine(settings.database)
    migrate(engine)
    spaces = tomllib.loads((DEMO / "spaces.toml").read_text(encoding="utf-8"))["spaces"]
    with ParsingProcess(seconds=60, memory_bytes=settings.parse_memory_bytes) as parsing:
        for space in spaces:
            allow = tuple(group.removeprefix("group:") for group in space["allow"])
            order = IngestOrder(space=space["name"], allow=allow)
            pipeline = Pipeline(DocumentLedger(engine), open_embedder(settings), parsing, order)
            pipeline.run(list_files([DEMO / space["path"]]), lambda _outcome: None)
    return open_knowledge(settings, engine)


def _ask(question: dict[str, Any], settings: Settings, knowledge: KnowledgeBase) -> Asked:
    people = {person.id: person for person in read_people(DEMO / "people.toml")}
    asker = people[question["as"]]
    now = datetime.now(UTC)
    job = Job(
        id=uuid4(),
        kind="policy_search",
        lane="policy",
        mention=Mention(
            event_key=f"bench:{question['id']}",
            conversation=ConversationKey(platform=Platform.CONSOLE, tenant="local", channel="bench", thread="1"),
            asker=Person(id=asker.id, name=asker.name, role=asker.role, groups=asker.groups),
            text=question["question"],
        ),
        conversation_id=uuid4(),
        attempt=1,
        token="bench",
        created_at=now,
        started_at=now,
        deadline_at=now + timedelta(minutes=10),
    )
    context = JobContext(
        settings=settings,
        knowledge=knowledge,
        history=_History([Spoken(turn["role"], turn["text"]) for turn in question.get("history") or ()]),
        files=BlobStore(open_engine(settings.database), settings),
        models=ModelCatalogue(settings),
        today=now,
        report=lambda *_args, **_fields: None,
        stream=lambda _text: None,
        is_cancelled=lambda: False,
        stopwatch=Stopwatch(),
    )
    begun = time.perf_counter()
    result = run(job, context)
    took_ms = (time.perf_counter() - begun) * 1000
    return Asked(question, result, took_ms, _verdict(question, result))


def _verdict(question: dict[str, Any], result: JobResult) -> str:
    cited = {citation.document for claim in result.claims for citation in claim.citations}
    gold = {str(entry["doc"]).split("/", 1)[1] for entry in question["gold"]}
    if not question["answerable"]:
        if cited & gold:
            return "leaked"
        return "right" if result.outcome == "refused" else "answered_unanswerable"
    if result.outcome == "refused":
        return "refused"
    said = " ".join(result.answer.split()).casefold()
    if not all(" ".join(words.split()).casefold() in said for words in question.get("expect_in_answer") or ()):
        return "wrong_words"
    return "right" if cited & gold else "wrong_document"


def _report(asked: Sequence[Asked]) -> None:
    verdicts = Counter(one.verdict for one in asked)
    for one in asked:
        if one.verdict != "right":
            answer = " ".join(one.result.answer.split())
            print(f"{one.question['id']:<5} {one.verdict:<22} {one.question['question']}\n      {answer[:200]}")
    answerable = [one for one in asked if one.question["answerable"]]
    others = [one for one in asked if not one.question["answerable"]]
    times = sorted(one.took_ms for one in asked)
    figures = {
        "questions": len(asked),
        "answerable_right": _share([one.verdict == "right" for one in answerable]),
        "unanswerable_refused": _share([one.verdict == "right" for one in others]),
        "answered": _share([one.result.outcome == "answered" for one in answerable]),
        "right_when_answered": _share(
            [one.verdict == "right" for one in answerable if one.result.outcome == "answered"]
        ),
        "leaked": verdicts["leaked"],
        "failed_checks_shown": sum(not check.passed for one in asked for check in one.result.receipt.checks),
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(len(times) * 0.95) - 1], 1),
        "cost_usd_per_1000": round(1000 * sum(one.result.receipt.cost_usd or 0 for one in asked) / len(asked), 4),
        "verdicts": dict(verdicts),
    }
    print(json.dumps(figures))


def _share(outcomes: Sequence[bool]) -> float:
    return round(sum(outcomes) / len(outcomes), 4) if outcomes else 0.0
