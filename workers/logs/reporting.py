"""Turn what was found into an Inspection: tables, chart, verbatim lines and three sentences."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from workers.logs.coverage import coverage_of
from workers.logs.hypotheses import leading_member, marker_for
from workers.logs.incident import BadSignal, Incident, Marker
from workers.logs.index import LogIndex, Window
from workers.logs.inspection_report import (
    ChangedTemplate,
    Chart,
    ChartSeries,
    EvidenceLine,
    Hypothesis,
    Inspection,
    ShiftedValue,
    Verdict,
)
from workers.logs.levels import ERROR, WARN, name_of
from workers.logs.statistics import Change, Timeline
from workers.logs.values import ValueShift
from workers.logs.wording import counted, step_in_words, until_in_words

MAX_CHANGES = 20
MAX_EVIDENCE = 12
FEW_ERRORS = 4  # of so few nobody can say at what rate they come
MIN_CHANGE_SCORE = 10.0
CHART_SERVICES = 5
ALL_LINES = "all lines"  # the series beside those of the services
QUOTE = "'"  # stands for a backtick, which would end the code it stands in
_KINDS = {"new": "new", "gone": "gone", "spiking": "more frequent", "dropped": "rarer"}


def cause_found(
    index: LogIndex,
    incident: Incident,
    hypotheses: Sequence[Hypothesis],
    changes: Sequence[Change],
    timeline: Timeline,
    shifts: Sequence[ValueShift] = (),
) -> Inspection:
    """Return the report on an incident; the first hypothesis names its cause."""
    best = hypotheses[0]
    marker = marker_for(incident, best.service)
    changed = changed_templates(index, _ranked(incident, best, changes, index), incident.window)
    evidence = _evidence(index, incident, best, marker)
    shifted = shifted_values(index, shifts)
    return Inspection(
        root_cause_service=best.service,
        first_bad=incident.start_at,
        cause=best.cause,
        what_changed=tuple(changed),
        evidence=tuple(line.line for line in evidence),
        hypotheses=tuple(hypotheses),
        text=incident_text(incident.start_at, _services_of(incident), best.cause, changed, shifted),
        shifted_values=tuple(shifted),
        verdict="cause_found",
        evidence_lines=tuple(evidence),
        window_start=incident.start_at,
        window_end=incident.end_at,
        chart=_chart(timeline, incident),
        coverage=coverage_of(index),
    )


def no_evidence(
    index: LogIndex,
    window: Window,
    timeline: Timeline,
    changes: Sequence[Change],
    shifts: Sequence[ValueShift] = (),
) -> Inspection:
    """Return the report on logs that show no trouble: it names no cause, and says where to look."""
    coverage = coverage_of(index)
    shifted = shifted_values(index, shifts)
    notable = [change for change in changes if abs(change.score) >= MIN_CHANGE_SCORE]
    text = (
        f"The logs show no cause: {counted(coverage.lines, 'line')} from {window.start_at:%Y-%m-%d %H:%M} to "
        f"{until_in_words(window.start_at, window.end_at)} UTC "
        f"hold no message of trouble that became more frequent. {_steady_errors(index)}{_shifted_text(shifted)}"
        " No log evidence: look at metrics (processor, memory, network, latency) and at what does not log."
    )
    return Inspection(
        root_cause_service=None,
        first_bad=None,
        cause="no log evidence, look at metrics",
        what_changed=tuple(changed_templates(index, notable, window)),
        evidence=(),
        hypotheses=(),
        text=text,
        verdict="no_log_evidence",
        window_start=window.start_at,
        window_end=window.end_at,
        chart=_chart(timeline, None),
        shifted_values=tuple(shifted),
        coverage=coverage,
    )


def nothing_read(index: LogIndex) -> Inspection:
    """Return the report where there is nothing to judge: no lines, none with a time, or no reading at all."""
    coverage = coverage_of(index)
    failed = [problem for problem in coverage.problems if problem.could_not_read]
    verdict: Verdict = "nothing_found"
    if failed and not coverage.lines:
        told = "; ".join(f"{problem.source} {problem.reason}" for problem in failed[:5])
        verdict, text = "could_not_read", f"The logs could not be read: {told}."
    elif coverage.lines:
        text = f"{coverage.lines} lines were read, none of them with a time: nothing can be placed."
    else:
        text = "There are no log lines in what was asked for."
    return Inspection(
        root_cause_service=None,
        first_bad=None,
        cause=text,
        what_changed=(),
        evidence=(),
        hypotheses=(),
        text=text,
        verdict=verdict,
        coverage=coverage,
    )


def _ranked(incident: Incident, best: Hypothesis, changes: Sequence[Change], index: LogIndex) -> list[Change]:
    """Order the changes by |G2|, every other place going to what tells most about the first hypothesis."""
    by_score = [change for change in changes if abs(change.score) >= MIN_CHANGE_SCORE / 2]
    place = {(change.template, change.service): change for change in changes}
    own = [member for member in incident.members if index.templates[member.signal.template].id in best.template_ids]
    own.sort(key=lambda member: (-(member.cause is not None), -member.weight))
    telling = [place[key] for member in own if (key := (member.signal.template, member.signal.service)) in place]
    marked = [place[key] for one in incident.markers[:3] if (key := (one.template, one.service)) in place]
    ranked: list[Change] = []
    queues = [telling, by_score, marked, by_score]
    while any(queues) and len(ranked) < MAX_CHANGES:
        for queue in queues:
            while queue:
                change = queue.pop(0)
                if change not in ranked:
                    ranked.append(change)
                    break
    return ranked


def changed_templates(index: LogIndex, changes: Sequence[Change], window: Window) -> list[ChangedTemplate]:
    """Return the changes as they are shown, at most MAX_CHANGES, each with its first line in the window."""
    changed = []
    for change in changes[:MAX_CHANGES]:
        rows = index.rows.filter(
            (pl.col("template") == change.template)
            & (pl.col("service") == change.service)
            & pl.col("time").is_between(window.start_at - timedelta(minutes=1), window.end_at)
        )
        template = index.templates[change.template]
        first_at = rows["time"].min()
        changed.append(
            ChangedTemplate(
                template_id=template.id,
                text=template.text,
                service=change.service,
                level=name_of(change.level),
                kind=change.kind,
                lines=change.lines,
                lines_before=change.lines_before,
                ratio=None if change.lines_before == 0 else round(change.ratio, 3),
                score=round(change.score, 2),
                first_at=first_at if isinstance(first_at, datetime) else None,
                example=rows["line"][0].split("\n")[0] if rows.height else "",
            )
        )
    return changed


def shifted_values(index: LogIndex, shifts: Sequence[ValueShift]) -> list[ShiftedValue]:
    """Return the shifts as they are shown, one for each name and value of a service."""
    shown: dict[tuple[str, str, str], ShiftedValue] = {}
    for shift in shifts:
        template = index.templates[shift.template]
        value = ShiftedValue(
            template_id=template.id,
            text=template.text,
            service=shift.service,
            name=shift.name,
            value=shift.value,
            share=round(shift.share, 3),
            share_before=round(shift.share_before, 3),
            value_before=shift.value_before,
            said=shift.said,
        )
        shown.setdefault((shift.service, shift.name, shift.value), value)
    return list(shown.values())


def _services_of(incident: Incident) -> list[str]:
    return list(dict.fromkeys(member.signal.service for member in incident.members))


def _shifted_text(shifted: Sequence[ShiftedValue]) -> str:
    if not shifted:
        return ""
    return f" Inside ordinary messages of {shifted[0].service}, {shifted[0].said}."


def _evidence(index: LogIndex, incident: Incident, best: Hypothesis, marker: Marker | None) -> list[EvidenceLine]:
    lines: list[EvidenceLine] = []
    seen: set[tuple[str, int]] = set()

    def take(rows: pl.DataFrame, why: str, limit: int) -> None:
        for at, service, line, file, number in (
            rows.select("time", "service", "line", "file", "line_number").head(limit).iter_rows()
        ):
            key = (index.file_names[file], number)
            if key not in seen and len(lines) < MAX_EVIDENCE:
                seen.add(key)
                told = _telling_line(line)
                lines.append(
                    EvidenceLine(line=told, at=at, service=service, file=key[0], line_number=number, why=why)
                )

    if marker is not None:
        take(
            _rows(index, marker.template, marker.service, marker.at, None),
            f"{marker.detector.title.lower()} before",
            1,
        )
    own = [member for member in incident.members if index.templates[member.signal.template].id in best.template_ids]
    if own:
        leading = leading_member(own)
        take(_member_rows(index, leading), "tells the cause", 3)
    for member in sorted(own, key=lambda one: (-(one.cause is not None), -one.weight))[:4]:
        take(_member_rows(index, member), "of the likeliest service", 2)
    for member in incident.members:
        take(_member_rows(index, member), "part of the trouble", 1)
    return lines


def _member_rows(index: LogIndex, member: BadSignal) -> pl.DataFrame:
    return _rows(index, member.signal.template, member.signal.service, member.signal.start_at, member.signal.end_at)


def _rows(index: LogIndex, template: int, service: str, start: datetime, end: datetime | None) -> pl.DataFrame:
    chosen = (pl.col("template") == template) & (pl.col("service") == service) & (pl.col("time") >= start)
    return index.rows.filter(chosen if end is None else chosen & (pl.col("time") <= end))


def _telling_line(line: str) -> str:
    """Return the first line of an event."""
    return line.split("\n", 1)[0]


def incident_text(
    first_bad: datetime,
    services: Sequence[str],
    cause: str,
    changed: Sequence[ChangedTemplate],
    shifted: Sequence[ShiftedValue],
) -> str:
    """Return the report in three sentences: when and where, why, what changed. Templates stand as code."""
    began = f"The trouble begins at {first_bad:%Y-%m-%d %H:%M:%S} UTC and shows in {', '.join(services[:5])}."
    changes = [
        f"{_as_code(change.text)} ({_KINDS[change.kind]}, {change.lines} lines, {change.lines_before} before)"
        for change in changed[:2]
    ]
    if shifted:
        changes.append(f"inside ordinary messages of {shifted[0].service}, {shifted[0].said}")
    told = f" What changed most: {'; '.join(changes)}." if changes else ""
    return f"{began} The likeliest cause: {cause}.{told}"


def _as_code(template: str) -> str:
    """Return a template so that Markdown leaves its stars alone."""
    return f"`{template[:90].replace('`', QUOTE).strip()}`"


def _steady_errors(index: LogIndex) -> str:
    errors = int(index.counts.filter(pl.col("level") >= ERROR)["lines"].sum())
    if not errors:
        return "There are no errors in them at all."
    if errors < FEW_ERRORS:
        return f"{'There is' if errors == 1 else 'There are'} only {counted(errors, 'error')}."
    return f"There are {counted(errors, 'error')}, and they come at a steady rate."


def _chart(timeline: Timeline, incident: Incident | None) -> Chart:
    """Return warnings and errors a step for the services that have most, and all lines."""
    by_service: dict[str, list[int]] = {}
    for row, (_, service, level) in enumerate(timeline.keys):
        if level >= WARN:
            counts = by_service.setdefault(service, [0] * timeline.bins)
            for step, count in enumerate(timeline.counts[row]):
                counts[step] += int(count)
    busiest = sorted(by_service, key=lambda service: (-sum(by_service[service]), service))[:CHART_SERVICES]
    series = [ChartSeries(name=service, counts=tuple(by_service[service])) for service in busiest]
    everything = tuple(int(count) for count in timeline.counts.sum(axis=0)) if timeline.keys else (0,) * timeline.bins
    marks: list[tuple[datetime, str]] = []
    if incident is not None:
        marks.append((incident.start_at, "first bad"))
        marks += [(marker.at, marker.detector.title.lower()) for marker in incident.markers[:3]]
    every = step_in_words(timeline.bin_seconds)
    told = f", the first bad moment at {incident.start_at:%H:%M:%S}" if incident else ", without a burst"
    return Chart(
        start_at=timeline.start_at,
        step_seconds=timeline.bin_seconds,
        series=(*series, ChartSeries(name=ALL_LINES, counts=everything)),
        marks=tuple(marks),
        alt_text=f"Warnings and errors every {every} by service ({', '.join(busiest) or 'none'}){told}.",
    )
