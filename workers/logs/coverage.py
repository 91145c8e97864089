"""Say how much of the logs was read, and what limits the conclusions that can be drawn from it."""

from workers.logs.index import LogIndex
from workers.logs.inspection_report import Coverage, ReadingProblem
from workers.logs.wording import counted, step_in_words


def coverage_of(index: LogIndex) -> Coverage:
    """Return how much was read, and everything that limits what can be said from it."""
    report, span = index.report, index.span
    notes = []
    if report.stopped_at_bytes is not None:
        notes.append(f"stopped after {report.stopped_at_bytes} bytes, the limit: later lines were not read")
    if not index.kept_all:
        notes.append(
            "all lines are counted; of frequent messages only the first of each span of time are kept to search"
        )
    if index.count_seconds > 60:
        step = step_in_words(index.count_seconds)
        notes.append(
            f"lines are counted every {step}: to the minute there would be too many counts, of kinds and times"
        )
    if index.guarded_lines:
        notes.append(f"{index.guarded_lines} lines were too varied and are grouped coarsely")
    for count, said in (
        (report.without_time, "lines have no time and take that of the line before"),
        (report.future_times, "lines have a time in the future, which is ignored"),
        (report.unordered_times, "lines are out of order in time"),
        (report.cut_lines, "lines were too long and are cut"),
        (report.undecodable_bytes, "bytes are not UTF-8 and are replaced"),
        (report.terminal_codes, "colour codes of a terminal are left out"),
    ):
        if count:
            notes.append(f"{count} {said}")
    if report.zone_assumed:
        files = counted(len(report.zone_assumed), "file")
        notes.append(f"{files} with times of no time zone: UTC is assumed")
    formats: dict[str, int] = {}
    for file in report.files:
        for name, lines in file.formats.items():
            formats[name] = formats.get(name, 0) + lines
    return Coverage(
        files=len(report.files),
        lines=report.lines,
        bytes_read=report.bytes_read,
        start_at=span.start_at if span else None,
        end_at=span.end_at if span else None,
        services=index.services[:50],
        formats=tuple(sorted(formats, key=lambda name: -formats[name])[:10]),
        templates=len(index.templates),
        problems=tuple(
            ReadingProblem(source=problem.name, reason=problem.reason, could_not_read=problem.could_not_read)
            for problem in report.problems
        ),
        notes=tuple(notes),
    )
