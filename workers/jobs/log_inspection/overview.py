"""What a model sees first: the logs at a glance and the evidence the statistics ranked, with counts to cite."""

from __future__ import annotations

from datetime import timedelta

from workers.jobs.log_inspection.log_desk import LogDesk, stamp
from workers.logs import queries
from workers.logs.index import Window
from workers.logs.queries import FoundLine

SHOWN_SERVICES = 15
SHOWN_CHANGES = 12
SHOWN_EVIDENCE = 8


def describe(desk: LogDesk) -> str:
    """Return the overview as text, about a thousand tokens."""
    glance = queries.overview(desk.index)
    if glance.span is None:
        return f"{glance.lines} lines, none of them with a time."
    services = [
        f"{one.service}: {one.lines} lines, {one.warnings} warnings, {one.errors} errors"
        for one in glance.services[:SHOWN_SERVICES]
    ]
    head = (
        f"{glance.lines} lines, {glance.templates} templates, from {stamp(glance.span.start_at)} to "
        f"{stamp(glance.span.end_at)}."
    )
    return "\n".join([head, *services, "", *_found(desk), "", *_changes(desk, glance.span), "", *_evidence(desk)])


def window_of_trouble(desk: LogDesk) -> Window | None:
    """Return the trouble as the statistics found it, in whole minutes so that counts can be asked for again."""
    start, end = desk.statistics.window_start, desk.statistics.window_end
    if desk.statistics.first_bad is None or start is None or end is None:
        return None
    return Window(start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0) + timedelta(minutes=1))


def _found(desk: LogDesk) -> list[str]:
    found = desk.statistics
    if found.first_bad is None:
        return ["The statistics found no message of trouble that became more frequent."]
    causes = [
        f"{one.confidence:.0%} {one.service}: {one.cause}. For: {'; '.join(one.evidence_for[:3])}. "
        f"Against: {'; '.join(one.evidence_against[:2]) or 'nothing'}."
        for one in found.hypotheses[:4]
    ]
    return [f"The statistics found trouble from {stamp(found.first_bad)}; causes ranked by rules:", *causes]


def _changes(desk: LogDesk, span: Window) -> list[str]:
    window = window_of_trouble(desk)
    if window is None or not desk.statistics.what_changed:
        return ["Nothing changed that stands out."]
    before = Window(span.start_at, window.start_at)
    rows = []
    for change in desk.statistics.what_changed[:SHOWN_CHANGES]:
        now = queries.count_lines(desk.index, change.template_id, window=window, service=change.service)
        then = queries.count_lines(desk.index, change.template_id, window=before, service=change.service)
        rows.append(
            f"template {change.template_id} {change.service} {change.level} {change.kind}: count {now} now, "
            f"{then} before | {change.text[:160]}"
        )
    shifts = [f"inside a message of {one.service}: {one.said}" for one in desk.statistics.shifted_values[:4]]
    ranges = f"What changed; now is {stamp(window.start_at)} to {stamp(window.end_at)}, before is all before that:"
    return [ranges, *rows, *shifts]


def _evidence(desk: LogDesk) -> list[str]:
    lines = [found for one in desk.statistics.evidence_lines if (found := _line_at(desk, one.file, one.line_number))]
    if not lines:
        return ["No line was picked out."]
    return ["First lines of it:", *(desk.shown_line(line) for line in lines[:SHOWN_EVIDENCE])]


def _line_at(desk: LogDesk, file: str, line_number: int) -> FoundLine | None:
    found = queries.context(desk.index, file, line_number, lines=0).lines
    return found[0] if found else None
