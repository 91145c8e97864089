"""When an answer is good enough to be shown: every claim quoted, every quote in place, nothing said beyond them.

`review` looks at an answer and says what is wrong, claim by claim. What follows (repair, reduce, refuse) is run.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from assistant.jobs import Check, Claim
from assistant.replies import Citation
from workers.jobs.policy_search.bounds import amounts_in
from workers.jobs.policy_search.extracts import extracts_of
from workers.jobs.policy_search.relevance import Asked, is_about
from workers.jobs.policy_search.schema import PolicyAnswer, QuotedClaim
from workers.tools.evidence import Evidence, Passage, cite
from workers.validation.citations import find_quote, numbers_in, stems, unsupported_parts, word_share
from workers.validation.injection import is_order
from workers.validation.redaction import redact_secrets

SHARED_WORDS = 2  # between two answers in other words to one question
_CURRENCIES = frozenset({"eur", "usd", "gbp", "chf"})
SAME_SUBJECT_SHARE = 0.6  # of a claim's words (figures aside) in another document's extract


@dataclass(frozen=True, slots=True)
class ReviewedClaim:
    """A claim with its quotes placed in their passages, and what is wrong with it (nothing, mostly)."""

    text: str
    placed: tuple[tuple[Passage, str], ...]  # passage and its own wording
    problems: tuple[tuple[str, str], ...]  # (check, complaint)


@dataclass(frozen=True, slots=True)
class Review:
    """All claims, reviewed. An answer with no claims has no problems: it is a refusal."""

    claims: tuple[ReviewedClaim, ...]

    @property
    def problems(self) -> list[str]:
        """Complaints in words a model can act on."""
        return [f"claim {number}: {text}" for number, one in enumerate(self.claims, 1) for _, text in one.problems]

    @property
    def sound(self) -> tuple[ReviewedClaim, ...]:
        """The claims that pass."""
        return tuple(one for one in self.claims if not one.problems)

    def verdicts(self) -> tuple[Check, ...]:
        """One verdict a check, for the receipt."""
        failed: dict[str, list[str]] = {name: [] for name in CHECKS}
        for number, one in enumerate(self.claims, 1):
            for check, complaint in one.problems:
                failed[check].append(f"claim {number}: {complaint}")
        return tuple(
            Check(name=name, passed=not complaints, detail="; ".join(complaints)[:400])
            for name, complaints in failed.items()
        )


CHECKS = ("every_claim_quoted", "quotes_verbatim", "claims_supported", "no_instructions", "no_secrets")


def review(answer: PolicyAnswer, evidence: Evidence, question: str) -> Review:
    """Return the answer's claims with what is wrong with each."""
    return Review(tuple(_review_claim(claim, evidence, question) for claim in answer.claims))


def _review_claim(claim: QuotedClaim, evidence: Evidence, question: str) -> ReviewedClaim:
    problems: list[tuple[str, str]] = []
    placed: list[tuple[Passage, str]] = []
    for quote in claim.quotes:
        passage = evidence.get(quote.passage)
        span = find_quote(passage.chunk.text, quote.text) if passage else None
        if passage is None:
            problems.append(("quotes_verbatim", f"there is no passage {quote.passage}"))
        elif span is None:
            problems.append(("quotes_verbatim", f"the quote {quote.text[:80]!r} does not stand in {passage.handle}"))
        else:
            placed.append((passage, passage.chunk.text[span[0] : span[1]]))
    if not claim.quotes:
        problems.append(("every_claim_quoted", "it has no quote"))
    elif placed:
        quotes = [text for _, text in placed]
        context = " ".join(passage.label for passage, _ in placed)
        found = unsupported_parts(claim.text, quotes, context=context, question=question)
        problems.extend(("claims_supported", complaint) for complaint in found)
    if is_order(claim.text) or any(is_order(text) for _, text in placed):
        problems.append(("no_instructions", "it repeats an instruction that stands in a document"))
    if redact_secrets(claim.text) != claim.text:
        problems.append(("no_secrets", "it shows a password or key"))
    return ReviewedClaim(claim.text, tuple(placed), tuple(problems))


def as_claims(reviewed: Sequence[ReviewedClaim]) -> tuple[Claim, ...]:
    """Return the claims with numbered citations; the same words of the same passage keep one number."""
    numbers: dict[tuple[str, str], Citation] = {}
    claims = []
    for one in reviewed:
        cited = []
        for passage, quote in one.placed:
            key = (passage.handle, quote)
            if key not in numbers:
                numbers[key] = cite(passage.chunk, quote, number=len(numbers) + 1)
            if numbers[key] not in cited:
                cited.append(numbers[key])
        claims.append(Claim(text=one.text, citations=tuple(cited)))
    return tuple(claims)


def find_conflict(
    reviewed: Sequence[ReviewedClaim], evidence: Evidence, asked: Asked
) -> tuple[ReviewedClaim, ReviewedClaim] | None:
    """Return two statements of two documents in force that differ in their figures on one subject, if there are such.

    The first is one of the answer's claims; the second another claim, or an extract of the evidence made one.
    """
    others = [
        ReviewedClaim(unit.text, tuple((passage, quote) for quote in unit.quotes), ())
        for passage in evidence.passages
        if passage.chunk.status == "current"
        for unit in extracts_of(passage)
        if numbers_in(unit.text)
    ]
    for one in reviewed:
        for other in [*reviewed, *others]:
            if other is not one and _both_hold(one, other) and _say_otherwise(one, other):
                return one, other
    for one, other in combinations(reviewed, 2):
        if asked.wants_count and _both_hold(one, other) and _answer_otherwise(one, other, asked):
            return one, other
    return None


def _both_hold(one: ReviewedClaim, other: ReviewedClaim) -> bool:
    """Whether they come from two documents in force for the same people."""
    if not one.placed or not other.placed:
        return False
    mine, theirs = one.placed[0][0].chunk, other.placed[0][0].chunk
    if mine.document_id == theirs.document_id or {mine.status, theirs.status} != {"current"}:
        return False
    return not mine.regions or not theirs.regions or bool(set(mine.regions) & set(theirs.regions))


def _answer_otherwise(one: ReviewedClaim, other: ReviewedClaim, asked: Asked) -> bool:
    """Whether both are about all that was asked, and give other amounts in the same unit."""
    if not all(is_about(asked, f"{claim.placed[0][0].label} {claim.text}") for claim in (one, other)):
        return False
    if len((stems(one.text) & stems(other.text)) - _CURRENCIES) < SHARED_WORDS:
        return False
    mine, theirs = amounts_in(one.text), amounts_in(other.text)
    return any(not mine[unit] & theirs[unit] for unit in mine.keys() & theirs.keys())


def _say_otherwise(one: ReviewedClaim, other: ReviewedClaim) -> bool:
    """Whether they are nearly the same sentence with other figures."""
    figures, other_figures = numbers_in(one.text), numbers_in(other.text)
    if not figures or not other_figures or figures & other_figures:
        return False
    if len(stems(one.text)) < 4:
        return False
    alike = min(word_share(one.text, other.text), word_share(other.text, one.text))
    return alike >= SAME_SUBJECT_SHARE
