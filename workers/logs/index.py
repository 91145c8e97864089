"""The index over one set of logs: built once, asked many times.

It keeps counts of every line by template, service, level and minute, and the lines themselves
as far as a budget allows: beyond it, the first ones of each template and time stay, and the
index says so. Questions to it are in queries.py, judgements in statistics.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from workers.logs.levels import INFO, WARN, level_of_message
from workers.logs.reading import ReadingOptions, ReadingReport, read_events
from workers.logs.reading_files import LogSource
from workers.logs.templates import MinerState, Template, TemplateMiner

KEPT_BYTES = 64 << 20  # of lines; with the counts and the reader this stays under 500 MB
FIELD_BYTES = 60  # of a row's other columns
COMPACT_EVERY_BLOCKS = 16  # counts of that many blocks are added up at a time
# How lines are thinned when they exceed the budget: so many of each template in each span of time.
_THINNINGS = (("1m", 20, 3), ("1m", 5, 1), ("15m", 10, 1), ("6h", 20, 2), ("30d", 40, 5))
UNNAMED_SERVICE = "(unnamed)"

ROW_SCHEMA: dict[str, pl.DataType] = {
    "time": pl.Datetime("us", "UTC"),
    "level": pl.Int8(),
    "service": pl.Categorical(),
    "host": pl.Categorical(),
    "trace": pl.String(),
    "status": pl.Int16(),
    "template": pl.UInt32(),
    "line": pl.String(),
    "file": pl.UInt16(),
    "line_number": pl.UInt32(),
}


@dataclass(frozen=True)
class Window:
    """A span of time, from `start_at` up to but without `end_at`, both aware UTC."""

    start_at: datetime
    end_at: datetime

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end_at - self.start_at).total_seconds()


@dataclass(frozen=True)
class LogIndex:
    """What was read: `rows` are kept lines, `counts` are of all lines."""

    templates: tuple[Template, ...]
    rows: pl.DataFrame  # ROW_SCHEMA, by time
    counts: pl.DataFrame  # template, service, level, minute (Datetime), lines
    report: ReadingReport
    file_names: tuple[str, ...]
    kept_all: bool  # False: `rows` is a sample, and searches say so
    guarded_lines: int  # lines that the cardinality guard sorted coarsely
    state: MinerState

    @property
    def span(self) -> Window | None:
        """From the first to the last time; None where no line has one."""
        times = self.counts["minute"].drop_nulls()
        first, last = self.rows["time"].min(), self.rows["time"].max()
        lowest, highest = times.min(), times.max()
        if not isinstance(lowest, datetime) or not isinstance(highest, datetime):
            return None
        start = first if isinstance(first, datetime) else lowest
        end = max(last, highest) if isinstance(last, datetime) else highest
        return Window(start, end + timedelta(microseconds=1))

    def only(self, rows: pl.DataFrame, counts: pl.DataFrame) -> "LogIndex":
        """Return the index with some of its lines: the same templates and the same report."""
        return replace(self, rows=rows, counts=counts)

    @property
    def services(self) -> tuple[str, ...]:
        """Every service with a line, the busiest first."""
        busiest = (
            self.counts.group_by("service")
            .agg(pl.col("lines").sum())
            .sort("lines", "service", descending=[True, False])
        )
        return tuple(busiest["service"])


def build_index(
    sources: Iterable[LogSource], options: ReadingOptions, *, state: MinerState | None = None
) -> LogIndex:
    """Read and mine the sources. `state` of an earlier index keeps the ids of its templates.

    Raises:
        ReadingCancelled: see read_events.
    """
    report = ReadingReport()
    building = _Building(TemplateMiner(state=state))
    for events in read_events(sources, options, report):
        building.add(events)
    return building.finished(report)


class _Building:
    def __init__(self, miner: TemplateMiner) -> None:
        self._miner = miner
        self._counts: list[pl.DataFrame] = []
        self._rows: list[pl.DataFrame] = []
        self._kept_bytes = 0
        self._thinning = 0
        self._kept_all = True

    def add(self, events: pl.DataFrame) -> None:
        # A request log says "200" and "503" in the same words: the mined message tells them apart.
        message = pl.col("message")
        if events["status"].max() is not None:
            failed = pl.concat_str(message, pl.lit(" [server error]"))
            message = pl.when(pl.col("status") >= 500).then(failed).otherwise(message)
        shapes = self._miner.add(events.select(message)["message"])
        rows = events.drop("message").with_columns(
            shapes.alias("shape"),
            # As a category, a name costs four bytes a row and groups as fast as a number.
            pl.col("service").fill_null(UNNAMED_SERVICE).cast(pl.Categorical),
            pl.col("host").cast(pl.Categorical),
        )
        minutes = rows.group_by("shape", "service", "level", pl.col("time").dt.truncate("1m").alias("minute"))
        self._counts.append(minutes.agg(pl.len().alias("lines")))
        if len(self._counts) >= COMPACT_EVERY_BLOCKS:
            self._counts = [_added_up(pl.concat(self._counts))]
        self._keep(rows)

    def finished(self, report: ReadingReport) -> LogIndex:
        numbers = self._miner.template_numbers()
        said = pl.Series([level_of_message(example) for example in self._miner.examples], dtype=pl.Int8)

        def with_templates(table: pl.DataFrame) -> pl.DataFrame:
            shape = table["shape"]
            level = pl.select(pl.coalesce(table["level"], said.gather(shape))).to_series()
            return table.with_columns(numbers.gather(shape).alias("template"), level.alias("level"))

        empty = pl.DataFrame(schema={**ROW_SCHEMA, "shape": pl.UInt32})
        rows = with_templates(pl.concat(self._rows) if self._rows else empty)
        counts_schema: dict[str, pl.DataType | type[pl.DataType]] = {
            "shape": pl.UInt32,
            "service": pl.Categorical,
            "level": pl.Int8,
            "minute": pl.Datetime("us", "UTC"),
            "lines": pl.UInt32,
        }
        counts = with_templates(
            _added_up(pl.concat(self._counts)) if self._counts else pl.DataFrame(schema=counts_schema)
        )
        counts = counts.group_by("template", "service", "level", "minute").agg(pl.col("lines").sum())
        return LogIndex(
            templates=tuple(self._miner.templates),
            rows=rows.select(*ROW_SCHEMA).sort("time", "file", "line_number", nulls_last=True),
            counts=counts.sort("template", "minute", "service", "level"),
            report=report,
            file_names=tuple(file.name for file in report.files),
            kept_all=self._kept_all,
            guarded_lines=self._miner.guarded_lines,
            state=self._miner.state(),
        )

    def _keep(self, rows: pl.DataFrame) -> None:
        if self._thinning:
            rows = _thinned(rows, self._thinning - 1)
        self._rows.append(rows)
        self._kept_bytes += _size(rows)
        while self._kept_bytes > KEPT_BYTES and self._thinning < len(_THINNINGS):
            self._kept_all = False
            self._thinning += 1
            # Block by block: joining them first would take three times the memory for a moment.
            self._rows = [_thinned(part, self._thinning - 1) for part in self._rows]
            self._kept_bytes = sum(_size(part) for part in self._rows)


def _size(rows: pl.DataFrame) -> int:
    return int(rows["line"].str.len_bytes().sum()) + rows.height * FIELD_BYTES


def _added_up(counts: pl.DataFrame) -> pl.DataFrame:
    return counts.group_by("shape", "service", "level", "minute").agg(pl.col("lines").sum())


def _thinned(rows: pl.DataFrame, thinning: int) -> pl.DataFrame:
    """Return the first lines of each shape and service in each span, more of them where they warn."""
    every, warnings, others = _THINNINGS[thinning]
    # One number a group: grouping by three columns costs four times as much. Two groups that
    # share a number lose a line or two of a sample, no more.
    group = (
        pl.col("service").hash(seed=1) ^ pl.col("shape").hash(seed=2) ^ pl.col("time").dt.truncate(every).hash(seed=3)
    )
    warns = pl.col("level").fill_null(INFO) >= WARN
    keyed = rows.select(group.alias("group"), warns.alias("warns")).with_row_index("row")
    kept = [
        part.group_by("group").agg(pl.col("row").head(limit)).select(pl.col("row").list.explode())["row"]
        for part, limit in ((keyed.filter("warns"), warnings), (keyed.filter(~pl.col("warns")), others))
        if not part.is_empty()
    ]
    if not kept:
        return rows
    # Text columns are views: without copying, a few lines would hold the memory of the whole block.
    copied = (pl.concat_str(name, pl.lit("")) for name in ("line", "trace"))
    return rows[pl.concat(kept).sort()].with_columns(copied)
