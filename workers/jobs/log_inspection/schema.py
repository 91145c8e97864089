"""What a model must return of an inspection: hypotheses whose every statement names what it rests on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from assistant.frozen import Frozen

MAX_HYPOTHESES = 4
MAX_STATEMENTS = 6


def _aware(at: datetime) -> datetime:
    """Return the time in UTC; without a zone it is UTC, as the tools write theirs."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]


class Statement(Frozen):
    """One thing the logs show: in words, and as the template, count, time range and lines that carry it."""

    text: str = Field(
        min_length=1, max_length=400, description="One sentence. Each number in it stands in count, times or lines."
    )
    template: str = Field(max_length=20, description="Id of the template, as a tool gave it.")
    service: str = Field("", max_length=120, description="The service whose lines are counted; empty: all services.")
    start: Moment = Field(description="Start of the time range, ISO, as used in the tool call that gave the count.")
    end: Moment = Field(description="End of the time range, ISO.")
    count: int = Field(ge=0, description="Lines of the template in that range and service, as a tool counted them.")
    lines: tuple[str, ...] = Field(
        (),
        max_length=5,
        description="Handles of lines of this template in the range, such as L3.",
    )


class LogHypothesis(Frozen):
    """One possible cause."""

    service: str = Field(min_length=1, max_length=120, description="Where the cause sits.")
    cause: str = Field(min_length=1, max_length=300, description="The cause in one sentence, without its full stop.")
    confidence: float = Field(ge=0, le=1, description="0 to 1; all hypotheses together at most 1.")
    evidence_for: tuple[Statement, ...] = Field(max_length=MAX_STATEMENTS)
    evidence_against: tuple[Statement, ...] = Field((), max_length=MAX_STATEMENTS)
    check_next: str = Field(min_length=1, max_length=300, description="What a person should look at to settle it.")


class LogAnswer(Frozen):
    """What the logs say about the question."""

    found: bool = Field(description="False when the logs show no cause.")
    first_bad_line: str = Field(
        "", max_length=8, description="Handle of the first line of the trouble; empty when found is false."
    )
    hypotheses: tuple[LogHypothesis, ...] = Field((), max_length=MAX_HYPOTHESES, description="The likeliest first.")
