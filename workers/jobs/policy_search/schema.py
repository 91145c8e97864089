"""What a policy question is answered with: what the model must return, and what is stored in the job's result."""

from __future__ import annotations

from pydantic import Field

from assistant.frozen import Frozen

MAX_CLAIMS = 6
RESULT_VERSION = 1


class Quote(Frozen):
    """Words copied from one retrieved passage."""

    passage: str = Field(min_length=1, max_length=12, description="Handle of the passage, such as P3.")
    text: str = Field(
        min_length=1, max_length=1200, description="Copied letter by letter from that passage: whole sentences."
    )


class QuotedClaim(Frozen):
    """One statement of the answer with the quotes that carry it."""

    text: str = Field(
        min_length=1, max_length=1200, description="One statement. Every number and name in it stands in its quotes."
    )
    quotes: tuple[Quote, ...] = Field(max_length=10)


class PolicyAnswer(Frozen):
    """The answer to a question about company policy."""

    found: bool = Field(description="False when the passages do not answer the question.")
    claims: tuple[QuotedClaim, ...] = Field(
        default=(), max_length=MAX_CLAIMS, description="The answer, most important first; empty when found is false."
    )
    missing: str = Field(
        default="", max_length=300, description="What was asked but is not in the passages; else empty."
    )


class NearestSection(Frozen):
    """Where to look, and whom to ask, when there is no answer."""

    document: str
    title: str
    section: str = ""
    owner: str | None = None


class EvidencePassage(Frozen):
    """One retrieved passage, for whoever asks later why an answer says what it says."""

    chunk_id: str
    document: str
    section: str = ""
    score: float  # orders this result list
    cosine: float | None = None  # to the query it was found by


class PolicySearchResult(Frozen):
    """The kind's own structured answer, kept in JobResult.result."""

    version: int = RESULT_VERSION
    found: bool
    missing: str = ""
    conflict: str | None = None  # how two documents in force differ
    superseded: tuple[str, ...] = ()  # titles of documents that are no longer in force but are quoted
    nearest: tuple[NearestSection, ...] = ()
    language: str = "en"  # of the question
    evidence: tuple[EvidencePassage, ...] = ()  # best first
