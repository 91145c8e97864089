"""The answer without a language model: whole sentences, list items and table rows of the documents, or none.

Same tools, same schema and same checks as with a model. It refuses rather than guesses: an extract is an answer
only when it, with its heading, holds most of what the question asks about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel

from workers.jobs.policy_search.bounds import dimensions_in
from workers.jobs.policy_search.extracts import Extract, extracts_of
from workers.jobs.policy_search.relevance import (
    Asked,
    Scored,
    counts_something,
    read_question,
    reworded,
    score_extracts,
)
from workers.jobs.policy_search.schema import PolicyAnswer, Quote, QuotedClaim
from workers.jobs.policy_search.tools import FIRST_TOOL
from workers.llm.offline import OfflineTurn, ToolRequest
from workers.tools.evidence import Passage
from workers.tools.reading import Reading
from workers.validation.citations import numbers_in, stems, word_share

LEAST_COVERAGE = 0.5  # of the question's weight, for the first claim: tests/evals/policy_search
LEAST_SCORE_SHARE = 0.8  # of the best claim's score, for the next ones
LEAST_COVERAGE_SHARE = 0.8  # of the best claim's coverage: the next ones are about the same thing
OFF_TOPIC_COSINE = 0.25  # below it nothing retrieved is about the question (measured on six corpora)
MAX_CLAIMS = 3
COMPARED_BY_MEANING = 24  # extracts: about 50 ms on the packaged embedder, and nothing for those seen before
CLOSENESS_WEIGHT = 1.6  # 1.2 to 2.0 measured alike on three sets of questions
LEAST_CLOSENESS = 0.35  # below it a row shares a rare word with the question, and nothing else
LEAST_COVERAGE_AND_CLOSENESS = 1.0  # one in five near misses passes, one in four answers is missed (mtrag-un)
SAME_CONTENT = 0.8  # share of words above which two extracts say the same


class ExtractiveComposer:
    """Searches with the question, once more in policy words when that finds too little, then extracts."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def next_step(self, turn: OfflineTurn) -> ToolRequest | BaseModel:
        """Return the next search, or the answer."""
        searches = [outcome for outcome in turn.outcomes if outcome.tool == FIRST_TOOL]
        if not searches:
            return ToolRequest(FIRST_TOOL, {"query": turn.request})
        answer = compose(self._reading, _passages(turn))
        if not answer.found and len(searches) == 1:
            query = reworded(turn.request)
            if query and query != turn.request:
                return ToolRequest(FIRST_TOOL, {"query": query})
        return answer


def compose(reading: Reading, passages: Sequence[Passage]) -> PolicyAnswer:
    """Return the best extracts as claims, best first, or `found=False` when none answers the question."""
    cosines = [one.cosine for one in passages if one.cosine is not None]
    if not passages or (cosines and max(cosines) < OFF_TOPIC_COSINE):
        return PolicyAnswer(found=False)
    asked = read_question(reading.question, reading.previous_question)
    extracts = [unit for passage in passages for unit in extracts_of(passage)]
    ranked = by_meaning(reading, asked, score_extracts(asked, extracts))
    best = next((one for one in ranked if is_answer(asked, one)), None)
    if best is None:
        return PolicyAnswer(found=False)
    return PolicyAnswer(found=True, claims=tuple(_claim(one) for one in _choose(asked, best, ranked)))


def by_meaning(reading: Reading, asked: Asked, ranked: Sequence[Scored]) -> list[Scored]:
    """Return the first extracts re-ordered by what they mean, where an embedder serves; else as they are."""
    first = list(ranked[:COMPARED_BY_MEANING])
    question = f"{reading.previous_question}\n{asked.text}" if asked.earlier else asked.text
    cosines = reading.knowledge.closeness(
        question, [f"{one.extract.passage.label}\n{one.extract.shown}" for one in first]
    )
    if cosines is None:
        return list(ranked)
    closer = [
        replace(one, score=one.score + CLOSENESS_WEIGHT * cosine, closeness=cosine)
        for one, cosine in zip(first, cosines, strict=True)
    ]
    return sorted(closer, key=lambda one: -one.score)


def is_answer(asked: Asked, one: Scored) -> bool:
    """Return whether an extract may be shown as the answer rather than as a near miss."""
    if not asked.terms and not asked.earlier:
        return False
    if asked.wants_count and not counts_something(one.extract.shown):
        return False
    if one.closeness is None:
        return one.coverage >= LEAST_COVERAGE
    return one.closeness >= LEAST_CLOSENESS and one.coverage + one.closeness >= LEAST_COVERAGE_AND_CLOSENESS


def _choose(asked: Asked, best: Scored, ranked: Sequence[Scored]) -> list[Scored]:
    """Return the best extract and those that add to it: near its score, and not the same words again."""
    chosen = [best]
    for one in ranked:
        if len(chosen) >= MAX_CLAIMS:
            break
        if one is best or one.score < LEAST_SCORE_SHARE * best.score or not is_answer(asked, one):
            continue
        if _same_document(one, best) and (best.matched - one.matched or _is_other_row(asked, one, best)):
            continue  # the row of another city, the rule of another case
        if one.coverage < LEAST_COVERAGE_SHARE * best.coverage:
            continue
        if (asked.wants_count or asked.wants_time) and not _measures_the_same(one.extract, best.extract):
            continue
        if any(_says_the_same(one.extract, other.extract) for other in chosen):
            continue
        chosen.append(one)
    return chosen


def _measures_the_same(one: Extract, best: Extract) -> bool:
    """Return whether an extract has figures, and of the best one's sort: days beside days, not prices.

    Where either names no unit, as in "three weeks", nothing is held against it.
    """
    wanted, given = dimensions_in(best.text), dimensions_in(one.text)
    return bool(numbers_in(one.text)) and (not wanted or not given or bool(wanted & given))


def _is_other_row(asked: Asked, one: Scored, best: Scored) -> bool:
    """Return whether a table's row lacks a word of the question that the best one holds itself.

    What stands around a row counts towards its score, so "Chicago" in the row above is no match of this one.
    """
    own, wanted = (stems(found.extract.text) & asked.terms for found in (one, best))
    return one.extract.kind == "row" and bool(wanted - own)


def _same_document(one: Scored, other: Scored) -> bool:
    return one.extract.passage.chunk.document_id == other.extract.passage.chunk.document_id


def _says_the_same(one: Extract, other: Extract) -> bool:
    if one.passage == other.passage and set(one.quotes) & set(other.quotes) and "list" in (one.kind, other.kind):
        return True
    if numbers_in(one.text) != numbers_in(other.text):
        return False
    return max(word_share(one.text, other.text), word_share(other.text, one.text)) >= SAME_CONTENT


def _claim(one: Scored) -> QuotedClaim:
    extract = one.extract
    return QuotedClaim(
        text=extract.shown[:1200],
        quotes=tuple(Quote(passage=extract.passage.handle, text=quote[:1200]) for quote in extract.quotes),
    )


def _passages(turn: OfflineTurn) -> list[Passage]:
    found: dict[str, Passage] = {}
    for outcome in turn.outcomes:
        for passage in outcome.artifact:
            found.setdefault(passage.handle, passage)
    return list(found.values())
