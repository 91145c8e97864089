"""Measure retrieval on a folder of documents and questions: the hybrid, BM25 alone and dense alone, side by side.

The folder holds `corpus.jsonl` ({id, title, text}) or `docs/` (files of any format that ingest reads), and
`questions.jsonl` ({question, history?, answerable, gold: [{doc, span?}]}). Documents go through the product's own
parsing, splitting, embedding and record; questions through its knowledge base.

Figures are on documents, each placed by its best passage: recall@k counts a question when one of its right documents
is among the first k. The refusal figure is the AUROC of the product's answerability score. The last line is one
JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from assistant.errors import RequestInvalid
from assistant.knowledge.answerability import answerability
from assistant.knowledge.chunks import ScoredChunk, SearchQuery
from assistant.knowledge.search import KnowledgeBase, documents_of, open_knowledge
from assistant.settings import load_settings
from assistant.storage.database import open_engine
from assistant.storage.migrate import migrate
from bench.retrieval_corpus import ingest_folder, path_of
from bench.retrieval_metrics import auroc, hit_at, ndcg, reciprocal_rank

GROUPS = ("everyone",)
WAYS = ("hybrid", "bm25", "dense")


class Gold(BaseModel):
    """A right document, and the words in it that answer."""

    doc: str
    span: str | None = None


class Turn(BaseModel):
    """One turn before the question."""

    role: str
    text: str


class Question(BaseModel):
    """One line of questions.jsonl; other keys are ignored."""

    question: str
    history: list[Turn] = []
    answerable: bool = True
    gold: list[Gold] = []

    @property
    def query(self) -> SearchQuery:
        """The question as a job would ask it: with the asker's turn before."""
        asked = [turn.text for turn in self.history if turn.role == "user"]
        return SearchQuery(text=self.question, previous_text=asked[-1] if asked else None, groups=GROUPS, limit=12)


@dataclass
class Tally:
    """Sums of one way of searching."""

    sums: dict[str, float] = field(default_factory=dict)
    questions: int = 0

    def add(self, ranked: Sequence[str], gold: set[str]) -> None:
        self.questions += 1
        figures = {f"recall@{k}": hit_at(ranked, gold, k) for k in (1, 5, 10)}
        figures |= {"mrr@10": reciprocal_rank(ranked, gold), "ndcg@10": ndcg(ranked, gold)}
        for name, figure in figures.items():
            self.sums[name] = self.sums.get(name, 0.0) + figure

    def means(self) -> dict[str, float]:
        return {name: round(total / self.questions, 4) for name, total in self.sums.items()}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="steward bench retrieval", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with documents and questions")
    parser.add_argument("--keep", type=Path, help="keep database and index here, and reuse them next time")
    arguments = parser.parse_args(argv)
    try:
        questions = list(read_questions(arguments.data / "questions.jsonl"))
    except (OSError, ValueError) as error:
        print(f"bench retrieval: {error}", file=sys.stderr)
        return 1
    try:
        with (
            tempfile.TemporaryDirectory(prefix="steward-bench-") as scratch,
            opened_knowledge(arguments.data, arguments.keep or Path(scratch)) as (knowledge, paths),
        ):
            print(json.dumps(_ask(knowledge, questions, paths)))
    except RequestInvalid as error:
        print(f"bench retrieval: {error}", file=sys.stderr)
        return 1
    return 0


def read_questions(path: Path) -> Iterator[Question]:
    """Yield the questions of a file, one JSON object a line."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield Question.model_validate_json(line)


@contextmanager
def opened_knowledge(folder: Path, data: Path) -> Iterator[tuple[KnowledgeBase, tuple[str, ...]]]:
    """Ingest the folder's documents into `data`; give the knowledge base over them, and their paths."""
    settings = load_settings({}, steward_data=data)
    engine = open_engine(settings.database)
    migrate(engine)
    knowledge = open_knowledge(settings, engine)
    try:
        began = time.perf_counter()
        paths = ingest_folder(folder, knowledge.ledger, knowledge.embedder, settings)
        if not paths:
            raise RequestInvalid(f"{folder} holds no document that can be read: nothing to measure.")
        print(f"{len(paths)} documents ready in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        yield knowledge, paths
    finally:
        knowledge.close()
        engine.dispose()


def _ask(knowledge: KnowledgeBase, questions: Sequence[Question], paths: Sequence[str]) -> dict[str, Any]:
    tallies = {way: Tally() for way in WAYS}
    answerable: list[float] = []
    unanswerable: list[float] = []
    spans: list[float] = []
    took: list[float] = []
    for question in questions:
        began = time.perf_counter()
        hits = knowledge.search(question.query)
        took.append(time.perf_counter() - began)
        (answerable if question.answerable else unanswerable).append(answerability(question.query.text, hits))
        gold = {path_of(gold.doc, paths) for gold in question.gold}
        if not question.answerable or not gold:
            continue
        for way, ranked in _rankings(knowledge, question.query).items():
            tallies[way].add(ranked, gold)
        if wanted := [gold.span for gold in question.gold if gold.span]:
            spans.append(float(any(_stands_in(span, hit) for span in wanted for hit in hits[:5])))
    figures: dict[str, Any] = {way: tally.means() for way, tally in tallies.items()}
    refusal = auroc(answerable, unanswerable)
    figures["refusal_auroc"] = None if refusal is None else round(refusal, 4)
    if spans:
        figures["span@5"] = round(sum(spans) / len(spans), 4)
    figures["median_search_ms"] = round(sorted(took)[len(took) // 2] * 1000, 1) if took else None
    figures["questions"] = {"answerable": len(answerable), "unanswerable": len(unanswerable)}
    _show(figures)
    return figures


def _rankings(knowledge: KnowledgeBase, query: SearchQuery) -> dict[str, list[str]]:
    """Return the paths of documents in order, by each way; follow-ups are asked twice in all three."""
    hybrid = [found.best.chunk.path for found in documents_of(knowledge.rank(query))]
    found = knowledge.found(query)
    by_words = sorted(found, key=lambda hit: sum(hit.scores.bm25s), reverse=True)
    by_meaning = sorted(found, key=lambda hit: sum(hit.scores.cosines), reverse=True)
    return {
        "hybrid": hybrid,
        "bm25": list(dict.fromkeys(hit.chunk.path for hit in by_words)),
        "dense": list(dict.fromkeys(hit.chunk.path for hit in by_meaning)),
    }


def _stands_in(span: str, hit: ScoredChunk) -> bool:
    return " ".join(span.split()).casefold() in " ".join(hit.chunk.text.split()).casefold()


def _show(figures: dict[str, Any]) -> None:
    columns = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
    table = Table("", *columns)
    for way in WAYS:
        table.add_row(way, *(f"{figures[way].get(name, float('nan')):.3f}" for name in columns))
    console = Console()
    console.print(table)
    console.print(
        f"refusal AUROC {figures['refusal_auroc']}, span@5 {figures.get('span@5')}, "
        f"median search {figures['median_search_ms']} ms, {figures['questions']}"
    )
