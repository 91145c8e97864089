"""Look up what a policy says, where the request asks the draft to say it; one quote, verbatim, or none."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from assistant.access import PUBLIC, readable_groups
from assistant.jobs import Job
from assistant.knowledge.chunks import Chunk, SearchQuery
from workers.context import JobContext
from workers.jobs.email_draft.questions import MOST_SENTENCES, answers, asks_for_figure, own_stems
from workers.validation.citations import numbers_in, stems
from workers.validation.injection import is_order, strip_invisible

LEAST_COSINE = 0.3  # below it nothing retrieved is about the request (0.25 separates off-topic in policy_search)
LEAST_SHARED_STEMS = 2
_OPEN_GROUPS = frozenset({"everyone", "employees", PUBLIC})
_UNIT = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n+")
_STEERING = re.compile(
    r"\b(?:e-?mail|mail|write|draft|tell|ask|send|reply|polic(?:y|ies)|guidelines?|according|our|company|explain|please|him|her|them|short|friendly|formal)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class PolicyQuote:
    """One sentence of a policy that the asker may read."""

    ref: str
    title: str
    quote: str
    is_restricted: bool  # not open to all of the company: never for outsiders
    document_id: str = ""


def quote_of(chunk: Chunk, text: str) -> PolicyQuote:
    """Return these words of a passage as a quote, without their Markdown stars."""
    restricted = not (_OPEN_GROUPS & set(chunk.allow)) if chunk.allow else False
    ref = f"policy:{chunk.path}#{chunk.id}"
    return PolicyQuote(ref, chunk.title, text.replace("**", ""), restricted, str(chunk.document_id))


def _query(job: Job, text: str) -> SearchQuery:
    """Return a search on behalf of the asker, in the spaces of the channel where they ask."""
    mention = job.mention
    return SearchQuery(text=text, groups=readable_groups(mention), spaces=mention.spaces, limit=8)


def policy_quote(job: Job, context: JobContext, topic: str) -> PolicyQuote | None:
    """Return the sentence that best fits the topic, by words and meaning, or None when none is near."""
    query = " ".join(_STEERING.sub(" ", topic).split())
    if not query:
        return None
    hits = context.knowledge.search(_query(job, query))
    units = [
        (hit.chunk, sentence)
        for hit in hits
        if hit.cosine is None or hit.cosine >= LEAST_COSINE
        for sentence in (strip_invisible(part).strip(" -*#|>") for part in _UNIT.split(hit.chunk.text))
        if 4 <= len(sentence.split()) <= 60 and not is_order(sentence)
    ]
    if not units:
        return None
    closeness = context.knowledge.closeness(query, [f"{chunk.title}\n{text}" for chunk, text in units]) or [
        0.0
    ] * len(units)
    wanted = stems(query)

    def score(place: int) -> float:
        chunk, text = units[place]
        shared = len(wanted & stems(f"{text} {chunk.title} {chunk.section}")) / max(1, len(wanted))
        return shared + 1.5 * closeness[place] + (0.2 if numbers_in(text) else 0.0)

    best = max(range(len(units)), key=score)
    chunk, text = units[best]
    if len(wanted & stems(f"{text} {chunk.title} {chunk.section}")) < min(LEAST_SHARED_STEMS, len(wanted)):
        return None
    return quote_of(chunk, text)


def policy_answers(job: Job, context: JobContext, question: str, about: str) -> list[PolicyQuote]:
    """Return the sentences of one paragraph that answer a question, or none when none surely does.

    `about` (the thread's subject) says what the question is about; it leads the search and is no answer by itself.
    """
    query, wanted = f"{about}: {question}", own_stems(question)
    paragraphs = [
        (hit.chunk, paragraph)
        for hit in context.knowledge.search(_query(job, query))
        if (hit.cosine is None or hit.cosine >= LEAST_COSINE)
        # an example's figures are somebody else's
        and not (asks_for_figure(question) and re.search(r"\bexamples?\b|\bbeispiel", hit.chunk.section, re.I))
        for paragraph in map(strip_invisible, re.split(r"\n\s*\n", hit.chunk.text))
        if wanted & stems(paragraph) and not is_order(paragraph)
    ]
    # The topic of both: a paragraph that shares a word with the question alone may be about anything.
    topic = stems(query)
    nearness = context.knowledge.closeness(query, [f"{one.title}\n{text}" for one, text in paragraphs]) or []
    ranked = sorted(
        range(len(paragraphs)),
        key=lambda place: -_shared(topic, *paragraphs[place]) - (1.5 * nearness[place] if nearness else 0.0),
    )
    for place in ranked:
        chunk, paragraph = paragraphs[place]
        if len(topic & stems(f"{paragraph} {chunk.title} {chunk.section}")) < min(LEAST_SHARED_STEMS, len(topic)):
            continue
        units = [re.sub(r"[*`]+", "", one).strip(" -#|>") for one in _UNIT.split(paragraph)]
        best = [
            one
            for one in units
            if 4 <= len(one.split()) <= 60 and "|" not in one and answers(question, one, within=paragraph)
        ]
        if best:
            return [quote_of(chunk, one) for one in best[:MOST_SENTENCES]]
    return []


def _shared(topic: Collection[str], chunk: Chunk, text: str) -> float:
    return len(set(topic) & stems(f"{text} {chunk.title} {chunk.section}")) / max(1, len(topic))
