"""Ask an index: overview, templates, what changed, timeline, search, around a time, a trace, a sample.

Each question is one function over columns and answers in milliseconds; each answer is a frozen
type with lines that exist and places to find them. They are what an agent's tools are made
of: limits are arguments with defaults, and every answer says when it was cut.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from workers.logs.index import LogIndex, Window
from workers.logs.inspection_report import ChangedTemplate, ShiftedValue
from workers.logs.levels import ERROR, WARN, name_of
from workers.logs.reporting import changed_templates, shifted_values
from workers.logs.statistics import bin_seconds_for, changes_between
from workers.logs.values import shifts_between

MAX_PATTERN_CHARS = 200  # the Rust engine cannot hang on a pattern, but a long one is no question


@dataclass(frozen=True)
class FoundLine:
    """One event as it stands in the logs, continuations included."""

    line: str
    at: datetime | None
    service: str
    level: str
    file: str
    line_number: int
    template_id: str


@dataclass(frozen=True)
class FoundLines:
    """Lines that answer a question. `matched` counts all of them; `is_sampled`: the index keeps a sample."""

    lines: tuple[FoundLine, ...]
    matched: int
    is_sampled: bool


@dataclass(frozen=True)
class ServiceSummary:
    """How much one service wrote, and how much of it was trouble."""

    service: str
    lines: int
    warnings: int
    errors: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Overview:
    """The whole at a glance."""

    span: Window | None
    lines: int
    templates: int
    services: tuple[ServiceSummary, ...]


@dataclass(frozen=True)
class TemplateSummary:
    """One template, how often and where."""

    template_id: str
    text: str
    level: str
    lines: int
    services: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    example: str


@dataclass(frozen=True)
class Rates:
    """Counts in equal steps of time, by service, level or template."""

    start_at: datetime
    step_seconds: int
    counts: dict[str, tuple[int, ...]]


def overview(index: LogIndex) -> Overview:
    """Return the span, and each service's lines, warnings and errors, the busiest first."""
    lines = pl.col("lines")
    table = index.counts.group_by("service").agg(
        lines.sum().alias("lines"),
        lines.filter(pl.col("level").is_between(WARN, ERROR - 1)).sum().alias("warnings"),
        lines.filter(pl.col("level") >= ERROR).sum().alias("errors"),
        pl.col("minute").min().alias("first"),
        pl.col("minute").max().alias("last"),
    )
    rows = table.sort("lines", "service", descending=[True, False]).iter_rows()
    services = tuple(ServiceSummary(*row) for row in rows)
    return Overview(index.span, int(index.counts["lines"].sum()), len(index.templates), services)


def templates(
    index: LogIndex,
    *,
    window: Window | None = None,
    service: str | None = None,
    min_level: int = 0,
    limit: int = 20,
) -> list[TemplateSummary]:
    """Return the most frequent templates, within a window, service and level if given."""
    table = _counts(index, window, service).filter(pl.col("level") >= min_level)
    table = table.group_by("template").agg(
        pl.col("lines").sum(),
        pl.col("level").max(),
        pl.col("service").unique().sort(),
        pl.col("minute").min().alias("first"),
        pl.col("minute").max().alias("last"),
    )
    rows = table.sort("lines", "template", descending=[True, False]).head(limit)
    return [
        TemplateSummary(
            template_id=index.templates[template].id,
            text=index.templates[template].text,
            level=name_of(level),
            lines=lines,
            services=tuple(services),
            first_at=first,
            last_at=last,
            example=index.templates[template].example,
        )
        for template, lines, level, services, first, last in rows.iter_rows()
    ]


def diff(index: LogIndex, window: Window, baseline: Window, *, limit: int = 20) -> list[ChangedTemplate]:
    """Return the templates whose rate differs most between two windows."""
    return changed_templates(index, changes_between(index, window, baseline)[:limit], window)


def shifted(index: LogIndex, window: Window, baseline: Window) -> list[ShiftedValue]:
    """Return the values that took over inside messages between two windows, the surest first."""
    return shifted_values(index, shifts_between(index, window, baseline))


def timeline(
    index: LogIndex, *, by: str = "service", window: Window | None = None, min_level: int = 0, limit: int = 8
) -> Rates | None:
    """Return counts over time by "service", "level" or "template", the largest; None without times.

    Raises:
        ValueError: `by` is none of the three.
    """
    if by not in ("service", "level", "template"):
        raise ValueError(f"a timeline is by service, level or template, not by {by!r}")
    span = window or index.span
    if span is None:
        return None
    step = max(60, bin_seconds_for(span))
    start = datetime.fromtimestamp(span.start_at.timestamp() // step * step, span.start_at.tzinfo)
    steps = max(1, int(-(-(span.end_at - start).total_seconds() // step)))
    table = _counts(index, Window(start, span.end_at), None).filter(pl.col("level") >= min_level)
    table = table.with_columns(((pl.col("minute") - start).dt.total_seconds() // step).alias("step"))
    largest = (
        table.group_by(by).agg(pl.col("lines").sum()).sort("lines", by, descending=[True, False])[by].head(limit)
    )
    counts: dict[str, list[int]] = {}
    chosen = table.filter(pl.col(by).is_in(largest.implode())).group_by(by, "step").agg(pl.col("lines").sum())
    for key, position, lines in chosen.iter_rows():
        counts.setdefault(_named(index, by, key), [0] * steps)[int(position)] += lines
    order = [_named(index, by, key) for key in largest]
    return Rates(start, step, {name: tuple(counts[name]) for name in dict.fromkeys(order)})


def search(
    index: LogIndex,
    text: str,
    *,
    is_pattern: bool = False,
    window: Window | None = None,
    service: str | None = None,
    min_level: int = 0,
    limit: int = 20,
) -> FoundLines:
    """Return the first lines that hold a text (any case), or match a pattern of the Rust engine.

    Raises:
        ValueError: the pattern is too long or not a pattern.
    """
    if len(text) > MAX_PATTERN_CHARS:
        raise ValueError(f"a search text has at most {MAX_PATTERN_CHARS} characters, this has {len(text)}")
    rows = _rows(index, window, service, min_level)
    line = pl.col("line")
    try:
        if is_pattern:
            found = rows.filter(line.str.contains(text))
        else:
            found = rows.filter(line.str.contains_any([text], ascii_case_insensitive=True))
    except pl.exceptions.ComputeError as error:
        raise ValueError(f"{text!r} is not a pattern: {error}") from error
    return _found(index, found, limit)


def around(
    index: LogIndex, moment: datetime, *, seconds: float = 30, service: str | None = None, limit: int = 40
) -> FoundLines:
    """Return the lines nearest to a moment, in order of time."""
    span = Window(moment - timedelta(seconds=seconds), moment + timedelta(seconds=seconds))
    rows = _rows(index, span, service, 0)
    nearest = rows.with_columns((pl.col("time") - moment).dt.total_microseconds().abs().alias("away"))
    chosen = nearest.sort("away").head(limit).sort("time", "file", "line_number")
    return FoundLines(_lines(index, chosen), rows.height, not index.kept_all)


def trace(index: LogIndex, trace_id: str, *, limit: int = 100) -> FoundLines:
    """Return the lines of one request across services, in order of time."""
    return _found(index, index.rows.filter(pl.col("trace") == trace_id), limit)


def sample(
    index: LogIndex,
    template_id: str,
    *,
    window: Window | None = None,
    service: str | None = None,
    limit: int = 5,
) -> FoundLines:
    """Return lines of one template, spread evenly over the time it was written in."""
    positions = [place for place, template in enumerate(index.templates) if template.id == template_id]
    rows = _rows(index, window, service, 0).filter(pl.col("template").is_in(positions))
    spread = rows.gather_every(max(1, rows.height // limit)) if rows.height else rows
    return FoundLines(_lines(index, spread.head(limit)), rows.height, not index.kept_all)


def count_lines(
    index: LogIndex, template_id: str, *, window: Window | None = None, service: str | None = None
) -> int:
    """Return how many lines one template has, in whole minutes; 0 for a template that does not exist."""
    positions = [place for place, template in enumerate(index.templates) if template.id == template_id]
    counts = _counts(index, window, service).filter(pl.col("template").is_in(positions))
    return int(counts["lines"].sum())


def lines_of(index: LogIndex, value: str) -> LogIndex:
    """Return the index of the kept lines that hold a value as a word of its own, with their counts.

    Where the index keeps a sample, these counts are of the sample.
    """
    word = rf"(?i)(?:^|[^\w-]){re.escape(value)}(?:[^\w-]|$)"
    rows = index.rows.filter(pl.col("line").str.contains(word))
    step = f"{index.count_seconds}s"
    counts = rows.group_by("template", "service", "level", pl.col("time").dt.truncate(step).alias("minute")).agg(
        pl.len().cast(index.counts.schema["lines"]).alias("lines")
    )
    return index.only(rows, counts.select(index.counts.columns).cast(index.counts.schema).sort("minute"))


def context(index: LogIndex, file: str, line_number: int, *, lines: int = 5) -> FoundLines:
    """Return the lines of the same file around one line: what stands behind the "show context" button."""
    if file not in index.file_names:
        return FoundLines((), 0, not index.kept_all)
    number = index.file_names.index(file)
    near = pl.col("line_number").is_between(max(0, line_number - lines), line_number + lines)
    rows = index.rows.filter((pl.col("file") == number) & near).sort("line_number")
    return FoundLines(_lines(index, rows), rows.height, not index.kept_all)


def _counts(index: LogIndex, window: Window | None, service: str | None) -> pl.DataFrame:
    table = index.counts
    if window is not None:
        start = window.start_at.replace(second=0, microsecond=0)
        table = table.filter((pl.col("minute") >= start) & (pl.col("minute") < window.end_at))
    return table if service is None else table.filter(pl.col("service") == service)


def _rows(index: LogIndex, window: Window | None, service: str | None, min_level: int) -> pl.DataFrame:
    rows = index.rows
    if window is not None:
        rows = rows.filter((pl.col("time") >= window.start_at) & (pl.col("time") < window.end_at))
    if service is not None:
        rows = rows.filter(pl.col("service") == service)
    return rows.filter(pl.col("level") >= min_level) if min_level else rows


def _found(index: LogIndex, rows: pl.DataFrame, limit: int) -> FoundLines:
    return FoundLines(_lines(index, rows.head(limit)), rows.height, not index.kept_all)


def _lines(index: LogIndex, rows: pl.DataFrame) -> tuple[FoundLine, ...]:
    columns: Sequence[str] = ("line", "time", "service", "level", "file", "line_number", "template")
    return tuple(
        FoundLine(line, at, service, name_of(level), index.file_names[file], number, index.templates[template].id)
        for line, at, service, level, file, number, template in rows.select(columns).iter_rows()
    )


def _named(index: LogIndex, by: str, key: object) -> str:
    if by == "level" and isinstance(key, int):
        return name_of(key)
    return index.templates[key].text if by == "template" and isinstance(key, int) else str(key)
