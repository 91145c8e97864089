"""Answer a policy question: search, answer, check; repair once; else reduce to what holds; else refuse.

What a person may read decides everything that follows: groups come from the mention, and neither the model nor a
document can widen them. An answer that fails its checks twice is cut down to the claims that pass, or to the
passages themselves; nothing unchecked is ever streamed or shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.access import readable_groups
from assistant.errors import BudgetExceeded, ModelOutputInvalid, RequestInvalid
from assistant.job_kinds import POLICY_SEARCH
from assistant.jobs import Claim, Job, JobResult
from assistant.manner import LANGUAGES, Manner
from workers.agent import AgentSession, AgentSpec, Budget
from workers.jobs.policy_search.checks import Review, ReviewedClaim, as_claims, find_conflict, review
from workers.jobs.policy_search.extracts import extracts_of
from workers.jobs.policy_search.language import ENGLISH, language_of, no_answer_line
from workers.jobs.policy_search.offline import OFF_TOPIC_COSINE, ExtractiveComposer, compose
from workers.jobs.policy_search.relevance import read_question, score_extracts
from workers.jobs.policy_search.reply import answer_text, refusal_text, render_answer, render_refusal
from workers.jobs.policy_search.schema import EvidencePassage, NearestSection, PolicyAnswer, PolicySearchResult
from workers.jobs.policy_search.tools import FIRST_TOOL, TOOLS
from workers.prompts import read_prompt
from workers.tools.evidence import Evidence, Passage
from workers.tools.reading import Reading

if TYPE_CHECKING:
    from workers.context import JobContext, Turn

HISTORY_TURNS = 6  # more only made follow-ups drift; the turn before carries nearly all (retrieval notes)
NEAREST_SECTIONS = 2
EVIDENCE_KEPT = 24  # passages
_ABOUT_THE_PAST = re.compile(
    r"\b(?:superseded|outdated|previous(?:ly)? (?:version|policy|rules?)|old(?:er)? (?:version|policy|rules?)|"
    r"used to|former(?:ly)?|(?:before|until|back in|in|during) (?:19|20)\d\d)\b",
    re.IGNORECASE,
)

SPEC = AgentSpec(
    kind=POLICY_SEARCH.name,
    prompt=read_prompt(Path(__file__).with_name("prompt.md")),
    tools=TOOLS,
    answer=PolicyAnswer,
    composer=ExtractiveComposer,
    first_tool=FIRST_TOOL,
    budget=Budget(seconds=POLICY_SEARCH.run_seconds),
)


@dataclass
class Outcome:
    """Where the answer stands on its way through the checks."""

    answer: PolicyAnswer
    review: Review
    repaired: bool = False
    extractive: bool = False  # composed from the passages, without a language model
    kept: tuple[ReviewedClaim, ...] = ()
    warnings: list[str] = field(default_factory=list)


def run(job: Job, context: JobContext) -> JobResult:
    """Answer the job's question.

    Raises:
        RequestInvalid: the question is empty.
        Cancelled, BudgetExceeded, DependencyUnavailable, RateLimited: as they say.
    """
    question = job.mention.text.strip()
    if not question:
        raise RequestInvalid(f"job {job.id} has no text", reply="Ask me a question about the company's policies.")
    history = context.history.recent_turns(job.conversation_id, before_job=job.id, limit=HISTORY_TURNS)
    reading = Reading(
        knowledge=context.knowledge,
        groups=readable_groups(job.mention),
        question=question,
        spaces=job.mention.spaces,
        previous_question=next((turn.text for turn in reversed(history) if turn.role == "user"), None),
        include_superseded=bool(_ABOUT_THE_PAST.search(question)),
        report=context.report,
    )
    session = AgentSession(SPEC, job, context, reading=reading)
    outcome = _answer(session, context, reading, history)
    context.check(job)
    language = job.mention.manner.language or language_of(question)
    if outcome.kept:
        _as_far_as_extracts_go(outcome, job.mention.manner)
        return _answered(outcome, session, context, reading, language)
    return _refused(outcome, session, reading, language)


def _answer(
    session: AgentSession[PolicyAnswer], context: JobContext, reading: Reading, history: Sequence[Turn]
) -> Outcome:
    """Ask, check, have it repaired once, and keep what holds."""
    try:
        outcome = _checked(session.ask(history, reading.question), context, reading)
        if outcome.review.problems and not session.is_offline:
            context.report("repairing", "correcting the answer", problems=len(outcome.review.problems))
            outcome = _checked(session.repair(outcome.review.problems), context, reading)
            outcome.repaired = True
    except (ModelOutputInvalid, BudgetExceeded):
        if not reading.evidence.passages:
            raise
        return _from_passages(context, reading)
    outcome.extractive = session.is_offline
    outcome.kept = outcome.review.sound
    if outcome.answer.found and outcome.review.claims and not outcome.kept:
        reduced = _from_passages(context, reading)
        reduced.repaired = outcome.repaired
        reduced.review = Review((*outcome.review.claims, *reduced.review.claims))
        return reduced
    if len(outcome.kept) < len(outcome.review.claims):
        outcome.warnings.append("Part of the answer did not pass its checks and was left out.")
    return outcome


def _as_far_as_extracts_go(outcome: Outcome, manner: Manner) -> None:
    """Follow the manner where no model wrote: extracts can be fewer, and can't be put in other words."""
    if not outcome.extractive:
        return
    if manner.tone == "brief":
        outcome.kept = outcome.kept[:1]
    quoted = {language_of(one.text) for one in outcome.kept}
    if manner.language and quoted != {manner.language}:
        outcome.warnings.append(
            f"An answer in {LANGUAGES[manner.language]} is wanted here; without a language model "
            "I can only quote the documents in their own language."
        )


def _checked(answer: PolicyAnswer, context: JobContext, reading: Reading) -> Outcome:
    claims = answer.claims if answer.found else ()
    if claims:
        context.report(
            "checking", f"checking {len(claims)} claim{'s' if len(claims) > 1 else ''}", claims=len(claims)
        )
    with context.stopwatch.stage("validation"):
        reviewed = review(answer.model_copy(update={"claims": claims}), reading.evidence, reading.question)
    return Outcome(answer, reviewed)


def _from_passages(context: JobContext, reading: Reading) -> Outcome:
    """What the passages themselves say, where the model's own words did not hold."""
    answer = compose(reading, reading.evidence.passages)
    outcome = _checked(answer, context, reading)
    outcome.extractive, outcome.kept = True, outcome.review.sound
    return outcome


def _answered(
    outcome: Outcome, session: AgentSession[PolicyAnswer], context: JobContext, reading: Reading, language: str
) -> JobResult:
    asked = read_question(reading.question, reading.previous_question)
    conflict = find_conflict(outcome.kept, reading.evidence, asked)
    kept = outcome.kept
    if conflict and conflict[1] not in kept:
        kept = (*kept, conflict[1])
    claims = as_claims(kept)
    superseded = _superseded(kept)
    conflict_line = _conflict_line(conflict) if conflict else None
    warnings = [*outcome.warnings, *([conflict_line] if conflict_line else []), *_superseded_lines(kept)]
    _stream(context, claims)
    offline, evidence = outcome.extractive, _evidence(reading.evidence)
    receipt = session.receipt(
        checks=outcome.review.verdicts(),
        repaired=outcome.repaired,
        evidence=[one.chunk_id for one in evidence],
        answered_offline=offline,
    )
    result = PolicySearchResult(
        found=True,
        missing=outcome.answer.missing,
        conflict=conflict_line,
        superseded=superseded,
        language=language,
        evidence=evidence,
    )
    return JobResult(
        outcome="answered",
        answer=answer_text(claims),
        claims=claims,
        warnings=tuple(warnings),
        result=result.model_dump(mode="json"),
        receipt=receipt,
        reply=render_answer(claims, warnings=warnings, missing=outcome.answer.missing, offline=receipt.offline),
    )


def _refused(outcome: Outcome, session: AgentSession[PolicyAnswer], reading: Reading, language: str) -> JobResult:
    nearest, evidence = _nearest(reading), _evidence(reading.evidence)
    english = all(language_of(one.chunk.text) == ENGLISH for one in reading.evidence.passages[:4])
    line = no_answer_line(language, documents_are_english=english)
    text = refusal_text(line, () if line else nearest)
    receipt = session.receipt(
        checks=outcome.review.verdicts(),
        repaired=outcome.repaired,
        evidence=[one.chunk_id for one in evidence],
        answered_offline=outcome.extractive,
    )
    result = PolicySearchResult(
        found=False, missing=outcome.answer.missing, nearest=nearest, language=language, evidence=evidence
    )
    return JobResult(
        outcome="refused",
        answer=text,
        refusal_reason="nothing_found" if not nearest else "not_answered_by_documents",
        result=result.model_dump(mode="json"),
        receipt=receipt,
        reply=render_refusal(text, offline=receipt.offline),
    )


def _nearest(reading: Reading) -> tuple[NearestSection, ...]:
    """Return where to look instead; nothing when even the best passage is off topic."""
    best = reading.evidence.best_cosine
    if best is not None and best < OFF_TOPIC_COSINE:
        return ()
    asked = read_question(reading.question, reading.previous_question)
    units = [unit for passage in reading.evidence.passages for unit in extracts_of(passage)]
    ranked = [one.extract.passage for one in score_extracts(asked, units) if one.matched]
    sections: dict[tuple[str, str], NearestSection] = {}
    for passage in ranked:
        chunk = passage.chunk
        sections.setdefault(
            (chunk.title, chunk.section),
            NearestSection(document=chunk.path, title=chunk.title, section=chunk.section, owner=chunk.owner),
        )
    return tuple(sections.values())[:NEAREST_SECTIONS]


def _conflict_line(conflict: tuple[ReviewedClaim, ReviewedClaim]) -> str:
    first, second = (one.placed[0][0] for one in conflict)
    return f"Two documents in force differ here: {_named(first)} and {_named(second)}. Ask {_owners(first, second)}."


def _named(passage: Passage) -> str:
    chunk = passage.chunk
    facts = [f"version {chunk.version_label}" if chunk.version_label else "",
             f"in force from {chunk.effective_from}" if chunk.effective_from else ""]  # fmt: skip
    shown = ", ".join(fact for fact in facts if fact)
    return f"{chunk.title} ({shown})" if shown else chunk.title


def _owners(first: Passage, second: Passage) -> str:
    owners = dict.fromkeys(one.chunk.owner for one in (first, second) if one.chunk.owner)
    return " or ".join(owners) if owners else "their owners which one holds"


def _superseded(kept: Sequence[ReviewedClaim]) -> tuple[str, ...]:
    quoted = [passage.chunk for one in kept for passage, _ in one.placed]
    return tuple(dict.fromkeys(chunk.title for chunk in quoted if chunk.status == "superseded"))


def _superseded_lines(kept: Sequence[ReviewedClaim]) -> list[str]:
    old = {passage.chunk.version_id: passage for one in kept for passage, _ in one.placed}
    return [
        f"{_named(passage)} is superseded and no longer in force."
        for passage in old.values()
        if passage.chunk.status == "superseded"
    ]


def _stream(context: JobContext, claims: Sequence[Claim]) -> None:
    """Let the answer grow claim by claim; all of it has passed its checks."""
    for count in range(1, len(claims) + 1):
        context.stream(answer_text(claims[:count]))


def _evidence(evidence: Evidence) -> tuple[EvidencePassage, ...]:
    ranked = sorted(evidence.passages, key=lambda passage: -passage.score)
    return tuple(
        EvidencePassage(
            chunk_id=str(one.chunk.id),
            document=one.chunk.path,
            section=one.chunk.section,
            score=round(one.score, 4),
            cosine=None if one.cosine is None else round(one.cosine, 4),
        )
        for one in ranked[:EVIDENCE_KEPT]
    )
