"""Have a language model judge the logs: it looks by tools, its answer is held against the index, repaired once.

What does not hold is dropped; when nothing is left, when no model answers, or when it goes in circles, the report
that the rules wrote stands, and says so. A model never makes the logs show a cause where the statistics and the
checks find none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from assistant.access import readable_groups
from assistant.errors import BudgetExceeded, DependencyUnavailable, ModelOutputInvalid
from assistant.job_kinds import LOG_INSPECTION
from assistant.jobs import Check, Job, Receipt
from workers.agent import AgentSession, AgentSpec, Budget
from workers.context import JobContext
from workers.jobs.log_inspection.judged import with_hypotheses
from workers.jobs.log_inspection.log_desk import LogDesk
from workers.jobs.log_inspection.review import Review, review
from workers.jobs.log_inspection.schema import LogAnswer
from workers.jobs.log_inspection.tools import FIRST_TOOL, TOOLS
from workers.llm.offline import OfflineTurn, ToolRequest
from workers.logs.index import LogIndex
from workers.logs.inspection_report import Inspection
from workers.prompts import read_prompt
from workers.validation.log_redaction import LogRedaction

HISTORY_TURNS = 4
_UNFIT = "What the language model wrote did not pass its checks, so this is what the statistics say."
_AWAY = "The language model gave no answer, so this is what the statistics say."
_DIFFERS = "The language model saw no cause in the lines; this is what the statistics say."
_PARTLY = "Part of what the language model wrote did not pass its checks and was left out."


@dataclass(frozen=True, slots=True)
class _Said:
    """One earlier turn as the model may read it."""

    role: str
    text: str


class _ByStatistics:
    """Says nothing of its own: where no model answers, the rules' report stands."""

    def next_step(self, turn: OfflineTurn) -> ToolRequest | BaseModel:
        """Look once, as every agent must, then return the answer that stands for none."""
        return LogAnswer(found=False) if turn.outcomes or turn.complaints else ToolRequest(FIRST_TOOL, {})


SPEC = AgentSpec(
    kind=LOG_INSPECTION.name,
    prompt=read_prompt(Path(__file__).with_name("prompt.md")),
    tools=TOOLS,
    answer=LogAnswer,
    composer=lambda _reading: _ByStatistics(),
    first_tool=FIRST_TOOL,
    budget=Budget(model_calls=16, tokens=160_000, seconds=240.0),
)


@dataclass(frozen=True)
class Judgement:
    """The inspection as it will be shown, by whom, and what to tell beside it."""

    inspection: Inspection
    session: AgentSession[LogAnswer]
    reviewed: Review | None  # None: there was nothing to check
    repaired: bool = False
    notice: str = ""

    def receipt(self, extra: Sequence[Check] = ()) -> Receipt:
        """Return the receipt, with the checks of the lines beside those of the model's statements."""
        verdicts = self.reviewed.verdicts() if self.reviewed else ()
        return self.session.receipt(
            checks=(*verdicts, *extra),
            repaired=self.repaired,
            answered_offline=self.inspection.written_by == "rules",
        )


def judge(
    job: Job, context: JobContext, index: LogIndex, statistics: Inspection, redaction: LogRedaction
) -> Judgement:
    """Return the inspection with the model's hypotheses where they hold, or the rules' own with the reason.

    Raises:
        Cancelled: somebody pressed Stop.
    """
    desk = LogDesk(
        knowledge=context.knowledge,
        groups=readable_groups(job.mention),
        question=redaction.text(job.mention.text.strip()),
        report=context.report,
        index=index,
        statistics=statistics,
        redaction=redaction,
    )
    session = AgentSession(SPEC, job, context, reading=desk)
    turns = context.history.recent_turns(job.conversation_id, before_job=job.id, limit=HISTORY_TURNS)
    history = [_Said(turn.role, redaction.text(turn.text)) for turn in turns]  # people paste lines into questions
    reviewed: Review | None = None
    repaired = False
    try:
        answer = session.ask(history, desk.question or "What broke, and why?")
        reviewed = _checked(answer, desk, context)
        if reviewed.problems and not session.is_offline:
            context.report("repairing", "correcting the report", problems=len(reviewed.problems))
            answer = session.repair(reviewed.problems)
            reviewed, repaired = _checked(answer, desk, context), True
    except (ModelOutputInvalid, BudgetExceeded, DependencyUnavailable):
        context.check(job)  # a job out of its own time ends here; an agent out of its budget does not end the job
        return Judgement(statistics, session, reviewed, repaired, _UNFIT if reviewed else _AWAY)
    if session.is_offline:
        return Judgement(statistics, session, None, notice=_AWAY)
    if not answer.found:
        notice = _DIFFERS if statistics.first_bad is not None else ""
        return Judgement(statistics, session, reviewed, repaired, notice)
    if not reviewed.sound:
        return Judgement(statistics, session, reviewed, repaired, _UNFIT)
    judged = with_hypotheses(statistics, reviewed, index)
    return Judgement(judged, session, reviewed, repaired, _PARTLY if reviewed.problems else "")


def _checked(answer: LogAnswer, desk: LogDesk, context: JobContext) -> Review:
    count = sum(len(one.evidence_for) + len(one.evidence_against) for one in answer.hypotheses)
    if count:
        context.report("checking", f"checking {count} statements against the logs", statements=count)
    with context.stopwatch.stage("validation"):
        return review(answer, desk)
