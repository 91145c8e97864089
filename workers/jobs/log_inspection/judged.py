"""Put a model's hypotheses, as far as they hold, into the inspection that the statistics made."""

from __future__ import annotations

from datetime import datetime

from workers.jobs.log_inspection.review import Review, ReviewedHypothesis, ReviewedStatement
from workers.logs.index import LogIndex
from workers.logs.inspection_report import Chart, EvidenceLine, Hypothesis, Inspection
from workers.logs.queries import FoundLine
from workers.logs.reporting import MAX_EVIDENCE, incident_text


def with_hypotheses(statistics: Inspection, reviewed: Review, index: LogIndex) -> Inspection:
    """Return the inspection as the model judged it: causes, first bad moment, lines; the figures stay the index's.

    `reviewed` has at least one sound hypothesis.
    """
    sound = sorted(reviewed.sound, key=lambda one: -one.hypothesis.confidence)
    total = max(1.0, sum(one.hypothesis.confidence for one in sound))
    hypotheses = [_hypothesis(one, total) for one in sound]
    first_bad = _first_bad(statistics, reviewed, hypotheses)
    lines = _evidence(sound, statistics)
    services = list(dict.fromkeys(line.service for line in lines))
    best = hypotheses[0]
    return statistics.model_copy(
        update={
            "root_cause_service": best.service,
            "first_bad": first_bad,
            "cause": best.cause,
            "evidence": tuple(line.line for line in lines),
            "evidence_lines": tuple(lines),
            "hypotheses": tuple(hypotheses),
            "text": incident_text(
                first_bad, services, best.cause, statistics.what_changed, statistics.shifted_values
            ),
            "verdict": "cause_found",
            "window_start": statistics.window_start or first_bad,
            "chart": _marked(statistics.chart, statistics.first_bad, first_bad),
            "written_by": "model",
        }
    )


def _hypothesis(one: ReviewedHypothesis, total: float) -> Hypothesis:
    times = [line.at for statement in one.sound_for for line in statement.lines if line.at is not None]
    starts = [statement.statement.start for statement in one.sound_for]
    templates = dict.fromkeys(statement.statement.template for statement in one.sound_for)
    return Hypothesis(
        service=one.hypothesis.service,
        cause=one.hypothesis.cause.rstrip(". "),
        kind="model",
        confidence=round(one.hypothesis.confidence / total, 3),
        evidence_for=tuple(_said(statement) for statement in one.sound_for),
        evidence_against=tuple(_said(statement) for statement in one.sound_against),
        check_next=one.hypothesis.check_next,
        first_at=min(times or starts),
        template_ids=tuple(templates),
    )


def _said(one: ReviewedStatement) -> str:
    """Return a statement with the count and the times it was checked by."""
    cited = one.statement
    lines = "1 line" if cited.count == 1 else f"{cited.count} lines"
    return f"{cited.text.rstrip('. ')} ({lines}, {cited.start:%H:%M} to {cited.end:%H:%M} UTC)"


def _first_bad(statistics: Inspection, reviewed: Review, hypotheses: list[Hypothesis]) -> datetime:
    if reviewed.first_bad is not None and reviewed.first_bad.at is not None:
        return reviewed.first_bad.at
    return statistics.first_bad or min(one.first_at for one in hypotheses)


def _evidence(sound: list[ReviewedHypothesis], statistics: Inspection) -> list[EvidenceLine]:
    """Return the lines cited, the likeliest cause's first, then those the statistics picked, each once."""
    cited: dict[tuple[str, int], EvidenceLine] = {}
    for one in sound:
        for statement, why in [
            *((statement, "speaks for it") for statement in one.sound_for),
            *((statement, "speaks against it") for statement in one.sound_against),
        ]:
            for line in statement.lines:
                cited.setdefault((line.file, line.line_number), _line(line, why))
    for picked in statistics.evidence_lines:
        cited.setdefault((picked.file, picked.line_number), picked)
    return list(cited.values())[:MAX_EVIDENCE]


def _line(line: FoundLine, why: str) -> EvidenceLine:
    first = line.line.split("\n", 1)[0]
    return EvidenceLine(
        line=first, at=line.at, service=line.service, file=line.file, line_number=line.line_number, why=why
    )


def _marked(chart: Chart | None, before: datetime | None, first_bad: datetime) -> Chart | None:
    """Return the chart with its mark where the model places the first bad moment."""
    if chart is None or before == first_bad:
        return chart
    others = tuple(mark for mark in chart.marks if mark[1] != "first bad")
    alt = chart.alt_text.split(", the first bad moment")[0].split(", without a burst")[0].rstrip(".")
    return chart.model_copy(
        update={
            "marks": ((first_bad, "first bad"), *others),
            "alt_text": f"{alt}, the first bad moment at {first_bad:%H:%M:%S}.",
        }
    )
