"""Look up what a policy says, where the request asks the draft to say it; one quote, verbatim, or none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.access import PUBLIC, readable_groups
from assistant.jobs import Job
from assistant.knowledge.chunks import SearchQuery
from workers.context import JobContext
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


def policy_quote(job: Job, context: JobContext, topic: str) -> PolicyQuote | None:
    """Return the sentence that best fits the topic, by words and meaning, or None when none is near."""
    query = " ".join(_STEERING.sub(" ", topic).split())
    if not query:
        return None
    hits = context.knowledge.search(SearchQuery(text=query, groups=readable_groups(job.mention), limit=8))
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
    restricted = not (_OPEN_GROUPS & set(chunk.allow)) if chunk.allow else False
    return PolicyQuote(f"policy:{chunk.path}#{chunk.id}", chunk.title, text.replace("**", ""), restricted)
