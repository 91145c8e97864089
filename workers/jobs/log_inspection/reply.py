"""Turn an inspection into the neutral blocks that every platform renders, and into claims with their lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath

from assistant.jobs import Claim
from assistant.replies import (
    Action,
    Actions,
    Block,
    Chart,
    Citation,
    Citations,
    Excerpt,
    Notice,
    Paragraph,
    Reply,
    Series,
    Table,
)
from workers.logs.inspection_report import EvidenceLine, Inspection
from workers.logs.reporting import ALL_LINES
from workers.logs.wording import counted, step_in_words
from workers.validation.log_redaction import PLACEHOLDER

BY_RULES = "Written by rules from the logs, no language model."
BY_MODEL = "A language model weighed the evidence; each of its statements was counted again in the logs."
SHOWN_LINES = 12
SHOWN_CHANGES = 8
SHOWN_HYPOTHESES = 3
LINE_CHARS = 1200  # a citation's longest quote


def claims_of(inspection: Inspection) -> tuple[Claim, ...]:
    """Return the cause and the first bad moment as claims, each with the lines that show it."""
    if inspection.root_cause_service is None:
        return ()
    lines = [line for line in inspection.evidence_lines if line.line.strip()][:SHOWN_LINES]
    citations = [_citation(number, line) for number, line in enumerate(lines, start=1)]
    cause = [one for one, line in zip(citations, lines, strict=True) if line.service == inspection.root_cause_service]
    claims = [Claim(text=inspection.cause, citations=tuple(cause or citations[:3]))]
    if inspection.first_bad is not None:
        first = [one for one, line in zip(citations, lines, strict=True) if line.at == inspection.first_bad]
        claims.append(Claim(text=f"It began at {_shown(inspection.first_bad)}.", citations=tuple(first or cause[:1])))
    return tuple(claims)


def render(inspection: Inspection, claims: Sequence[Claim], *, warnings: Sequence[str]) -> Reply:
    """Return the reply: the report, hypotheses, the chart, what changed, the lines, and how much was read."""
    blocks: list[Block] = [Paragraph(markdown=_with_numbers(inspection.text, claims))]
    if inspection.around:
        near = tuple(one.line for one in inspection.around)
        blocks.append(Excerpt(title=f"The lines {inspection.around[0].why} UTC", lines=near, language="log"))
    if inspection.hypotheses:
        blocks.append(_hypotheses(inspection))
    if inspection.chart is not None and inspection.chart.series:
        blocks.append(_chart(inspection))
    if inspection.what_changed:
        blocks.append(_changes(inspection))
    if inspection.shifted_values:
        blocks.append(_shifted(inspection))
    if cited := {one.number: one for claim in claims for one in claim.citations}:
        blocks.append(Citations(items=tuple(cited[number] for number in sorted(cited))))
    if inspection.evidence:
        shown = tuple(line[:LINE_CHARS] for line in inspection.evidence[:SHOWN_LINES])
        blocks.append(Excerpt(title="The lines", lines=shown, language="log"))
    if surrounded := [number for number, one in sorted(cited.items()) if one.before or one.after]:
        show = Action(name="surroundings", label="Show the lines around", value={"n": surrounded[0]})
        blocks.append(Actions(items=(show,)))
    blocks.extend(Notice(level="warning", text=warning) for warning in warnings)
    label = BY_RULES if inspection.written_by == "rules" else BY_MODEL
    blocks.append(Notice(text=f"{_coverage(inspection)} {label}"))
    return Reply(text=inspection.text, blocks=tuple(blocks), wants_feedback=True)


def render_refusal(inspection: Inspection, warnings: Sequence[str]) -> Reply:
    """Return the reply where there was nothing to judge, or nothing could be read."""
    told = (Notice(level="warning", text=warning) for warning in warnings)
    blocks = (Notice(level="refusal", text=inspection.text), *told, Notice(text=BY_RULES))
    return Reply(text=inspection.text, blocks=blocks, wants_feedback=True)


def notices_of(inspection: Inspection, notice: str) -> tuple[str, ...]:
    """Return what to tell beside the report: why the rules wrote it after all, and what is hidden in it."""
    placeholders = set(PLACEHOLDER.findall(inspection.model_dump_json()))
    kinds = Counter(placeholder.strip("[").split("#")[0] for placeholder in placeholders)
    hidden = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    told = f"Hidden in what is shown here (different values): {hidden}." if hidden else ""
    return tuple(text for text in (notice, told) if text)


def warnings_of(inspection: Inspection) -> tuple[str, ...]:
    """Return what could not be read, and what was assumed while reading."""
    unread = [
        f"{PurePath(problem.source).name} could not be read: {problem.reason}"
        if problem.could_not_read
        else f"{PurePath(problem.source).name}: {problem.reason}"
        for problem in inspection.coverage.problems
    ]
    return (*unread, *inspection.coverage.notes)


def _citation(number: int, line: EvidenceLine) -> Citation:
    return Citation(
        number=number,
        chunk_id=f"{line.file}:{line.line_number}",
        document_id=line.file,
        document=PurePath(line.file).name,
        title=f"{line.service} log",
        section=f"line {line.line_number}" + (f", {line.at:%H:%M:%S} UTC" if line.at else ""),
        quote=line.line.strip()[:LINE_CHARS],
        before=line.before,
        after=line.after,
    )


def _with_numbers(text: str, claims: Sequence[Claim]) -> str:
    """Return the report with the numbers of the lines that show its cause behind it."""
    if not claims:
        return text
    cause = f"{claims[0].text}."
    numbers = "".join(f"[{one.number}]" for one in claims[0].citations[:3])
    return text.replace(cause, f"{claims[0].text} {numbers}.", 1)


def _hypotheses(inspection: Inspection) -> Table:
    rows = [
        (
            one.cause if one.service in one.cause else f"{one.cause} ({one.service})",
            f"{one.confidence:.0%}",
            "; ".join(one.evidence_for[:3]) or "—",
            "; ".join(one.evidence_against[:2]) or "—",
            one.check_next,
        )
        for one in inspection.hypotheses[:SHOWN_HYPOTHESES]
    ]
    weight = "Weight" if inspection.written_by == "rules" else "Confidence"
    return Table(
        title="Likely causes",
        columns=("Cause", weight, "For", "Against", "Check next"),
        rows=tuple(rows),
    )


def _changes(inspection: Inspection) -> Table:
    rows = [
        (change.kind, change.service, str(change.lines), str(change.lines_before), change.text[:160])
        for change in inspection.what_changed[:SHOWN_CHANGES]
    ]
    return Table(title="What changed", columns=("Change", "Service", "Now", "Before", "Message"), rows=tuple(rows))


def _shifted(inspection: Inspection) -> Table:
    rows = [
        (one.service, one.name, one.value, f"{one.share:.0%}", f"{one.share_before:.0%}", one.text[:160])
        for one in inspection.shifted_values
    ]
    return Table(
        title="What changed inside messages",
        columns=("Service", "Name", "Value", "Share now", "Before", "Message"),
        rows=tuple(rows),
    )


def _chart(inspection: Inspection) -> Chart:
    chart = inspection.chart
    assert chart is not None
    steps = max(len(series.counts) for series in chart.series)
    start = chart.start_at.timestamp()
    x = [datetime.fromtimestamp(start + step * chart.step_seconds, UTC) for step in range(steps)]
    return Chart(
        title="Lines over time",
        alt=chart.alt_text or inspection.cause,
        x=tuple(moment.isoformat() for moment in x),
        series=tuple(
            Series(
                name=one.name,
                values=tuple(map(float, one.counts)),
                is_background=one.name == ALL_LINES and len(chart.series) > 1,
            )
            for one in chart.series
        ),
        unit=f"lines per {step_in_words(chart.step_seconds)}",
        marks=tuple((_step_of(at, start, chart.step_seconds, x), text) for at, text in chart.marks),
    )


def _step_of(at: datetime, start: float, step_seconds: int, x: Sequence[datetime]) -> str:
    step = int((at.timestamp() - start) // step_seconds)
    return x[min(max(step, 0), len(x) - 1)].isoformat()


def _coverage(inspection: Inspection) -> str:
    seen = inspection.coverage
    span = f", {_shown(seen.start_at)} to {_shown(seen.end_at)}" if seen.start_at and seen.end_at else ""
    return f"Read {counted(seen.lines, 'line')} of {counted(seen.files, 'file')}{span}."


def _shown(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
