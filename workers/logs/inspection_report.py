"""What an inspection of logs found, as it is stored, shown and printed as JSON.

Built by inspection.py. Every line in `evidence` and in an example stands verbatim in the
logs; times are aware UTC. Add fields with a default; never rename one.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Verdict = Literal["cause_found", "no_log_evidence", "nothing_found", "could_not_read"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChangedTemplate(_Frozen):
    """A message that became more or less frequent when the trouble began."""

    template_id: str
    text: str  # the template, values written <*>
    service: str
    level: str
    kind: Literal["new", "gone", "spiking", "dropped"]
    lines: int  # inside the window looked at
    lines_before: int  # in the time before
    ratio: float | None = None  # of the rates; None: there were none before
    score: float  # log-likelihood ratio; negative where it became rarer
    first_at: datetime | None = None  # first line inside the window
    example: str = ""  # one line, verbatim


class ShiftedValue(_Frozen):
    """A value inside an ordinary message that took over, while the message came as often as before."""

    template_id: str
    text: str  # the template
    service: str
    name: str
    value: str
    share: float  # of the message's lines in the window
    share_before: float
    value_before: str
    said: str  # the same in words


class EvidenceLine(_Frozen):
    """One line of the logs, and where it stands."""

    line: str  # verbatim
    at: datetime | None
    service: str
    file: str
    line_number: int
    why: str  # what it was chosen for
    before: tuple[str, ...] = ()  # the lines before it in the same file, as far as they are kept
    after: tuple[str, ...] = ()


class Hypothesis(_Frozen):
    """One possible cause, what speaks for and against it, and what would settle it."""

    service: str
    cause: str
    kind: str  # a detector's name, or "errors"
    confidence: float = Field(ge=0, le=1)  # share of the weight of all evidence, not a probability
    evidence_for: tuple[str, ...]
    evidence_against: tuple[str, ...]
    check_next: str
    first_at: datetime
    template_ids: tuple[str, ...] = ()


class ChartSeries(_Frozen):
    """One line of the chart: counts, one a step."""

    name: str
    counts: tuple[int, ...]


class Chart(_Frozen):
    """What a timeline chart needs."""

    start_at: datetime
    step_seconds: int
    series: tuple[ChartSeries, ...]
    marks: tuple[tuple[datetime, str], ...] = ()  # first bad moment, deployments and the like
    alt_text: str = ""


class ReadingProblem(_Frozen):
    """A source that was asked for and not, or not wholly, read."""

    source: str
    reason: str
    could_not_read: bool


class Coverage(_Frozen):
    """How much was looked at, and what was not."""

    files: int = 0
    lines: int = 0
    bytes_read: int = 0
    start_at: datetime | None = None
    end_at: datetime | None = None
    services: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    templates: int = 0
    problems: tuple[ReadingProblem, ...] = ()
    notes: tuple[str, ...] = ()  # limits that cut, clocks that were wrong, zones that were assumed


class Inspection(_Frozen):
    """The answer: the first seven fields are the shape that scripts read."""

    root_cause_service: str | None
    first_bad: datetime | None
    cause: str
    what_changed: tuple[ChangedTemplate, ...]
    evidence: tuple[str, ...]  # verbatim lines, the telling ones first
    hypotheses: tuple[Hypothesis, ...]
    text: str

    version: int = 1
    verdict: Verdict
    evidence_lines: tuple[EvidenceLine, ...] = ()  # the same lines with their places
    window_start: datetime | None = None  # of the trouble, as found
    window_end: datetime | None = None
    chart: Chart | None = None
    coverage: Coverage = Coverage()
    shifted_values: tuple[ShiftedValue, ...] = ()  # what changed inside messages
    around: tuple[EvidenceLine, ...] = ()  # the lines nearest to a moment that was asked about
    written_by: Literal["rules", "model"] = "rules"  # who judged; a model's every statement was checked
