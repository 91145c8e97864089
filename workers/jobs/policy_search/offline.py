"""The answer without a language model: whole sentences, list items and table rows of the documents, or none.

Same tools, same schema and same checks as with a model. It refuses rather than guesses: an extract is an answer
only when it, with its heading, holds most of what the question asks about.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from workers.jobs.policy_search.extracts import Extract, extracts_of
from workers.jobs.policy_search.relevance import Asked, Scored, read_question, reworded, score_extracts
from workers.jobs.policy_search.schema import PolicyAnswer, Quote, QuotedClaim
from workers.jobs.policy_search.tools import FIRST_TOOL
from workers.llm.offline import OfflineTurn, ToolRequest
from workers.tools.evidence import Passage
from workers.validation.citations import numbers_in, word_share

LEAST_COVERAGE = 0.5  # of the question's weight, for the first claim: tests/evals/policy_search
LEAST_SCORE_SHARE = 0.8  # of the best claim's score, for the next ones
OFF_TOPIC_COSINE = 0.25  # below it nothing retrieved is about the question (measured on six corpora)
MAX_CLAIMS = 3
SAME_CONTENT = 0.8  # share of words above which two extracts say the same


class ExtractiveComposer:
    """Searches with the question, once more in policy words when that finds too little, then extracts."""

    def next_step(self, turn: OfflineTurn) -> ToolRequest | BaseModel:
        """Return the next search, or the answer."""
        searches = [outcome for outcome in turn.outcomes if outcome.tool == FIRST_TOOL]
        if not searches:
            return ToolRequest(FIRST_TOOL, {"query": turn.request})
        passages = _passages(turn)
        answer = compose(turn.request, turn.earlier[-1] if turn.earlier else None, passages)
        if not answer.found and len(searches) == 1:
            query = reworded(turn.request)
            if query and query != turn.request:
                return ToolRequest(FIRST_TOOL, {"query": query})
        return answer


def compose(question: str, previous: str | None, passages: Sequence[Passage]) -> PolicyAnswer:
    """Return the best extracts as claims, best first, or `found=False` when none answers the question."""
    cosines = [one.cosine for one in passages if one.cosine is not None]
    if not passages or (cosines and max(cosines) < OFF_TOPIC_COSINE):
        return PolicyAnswer(found=False)
    asked = read_question(question, previous)
    ranked = score_extracts(asked, [unit for passage in passages for unit in extracts_of(passage)])
    best = next((one for one in ranked if is_answer(asked, one)), None)
    if best is None:
        return PolicyAnswer(found=False)
    return PolicyAnswer(found=True, claims=tuple(_claim(one) for one in _choose(asked, best, ranked)))


def is_answer(asked: Asked, one: Scored) -> bool:
    """Return whether an extract may be shown as the answer rather than as a near miss."""
    if not asked.terms and not asked.earlier:
        return False
    return one.coverage >= LEAST_COVERAGE


def _choose(asked: Asked, best: Scored, ranked: Sequence[Scored]) -> list[Scored]:
    """Return the best extract and those that add to it: near its score, and not the same words again."""
    chosen = [best]
    for one in ranked:
        if len(chosen) >= MAX_CLAIMS:
            break
        if one is best or one.score < LEAST_SCORE_SHARE * best.score or not is_answer(asked, one):
            continue
        if (asked.wants_count or asked.wants_time) and not numbers_in(one.extract.text):
            continue
        if any(_says_the_same(one.extract, other.extract) for other in chosen):
            continue
        chosen.append(one)
    return chosen


def _says_the_same(one: Extract, other: Extract) -> bool:
    if one.passage == other.passage and set(one.quotes) & set(other.quotes) and "list" in (one.kind, other.kind):
        return True
    if numbers_in(one.text) != numbers_in(other.text):
        return False
    return max(word_share(one.text, other.text), word_share(other.text, one.text)) >= SAME_CONTENT


def _claim(one: Scored) -> QuotedClaim:
    extract = one.extract
    text = extract.text
    if extract.kind == "item" and extract.head:
        text = f"{extract.head}: {text}"
    return QuotedClaim(
        text=text[:1200],
        quotes=tuple(Quote(passage=extract.passage.handle, text=quote[:1200]) for quote in extract.quotes),
    )


def _passages(turn: OfflineTurn) -> list[Passage]:
    found: dict[str, Passage] = {}
    for outcome in turn.outcomes:
        for passage in outcome.artifact:
            found.setdefault(passage.handle, passage)
    return list(found.values())
