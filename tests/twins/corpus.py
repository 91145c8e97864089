"""Reads the small policies that were written for the tests (tests/evals/policy_search/corpus)."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from tests.twins.knowledge import KnowledgeTwin, TwinDocument

CORPUS = Path(__file__).parents[1] / "evals" / "policy_search" / "corpus"


@cache
def read_corpus() -> tuple[TwinDocument, ...]:
    return tuple(_read(path) for path in sorted(CORPUS.glob("*.md")))


def small_company() -> KnowledgeTwin:
    return KnowledgeTwin(read_corpus())


def _read(path: Path) -> TwinDocument:
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    facts = dict(line.split(": ", 1) for line in head.strip().splitlines())
    return TwinDocument(
        path=path.name,
        title=facts["title"],
        body=body,
        allow=(facts.get("allow", "everyone"),),
        status=facts.get("status", "current"),
        version_label=facts["version"],
        effective_from=date.fromisoformat(facts["effective_from"]),
        owner=facts["owner"],
    )
