"""The index over one set of logs: built once, asked many times.

It keeps counts of every line by template, service, level and minute, and the lines themselves
as far as a budget allows: beyond it, the first ones of each template and time stay, and the
index says so. Questions to it are in queries.py, judgements in statistics.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from workers.logs.count_keys import Keys
from workers.logs.counting import Counts
from workers.logs.familiar import Shortcut
from workers.logs.levels import level_of_message
from workers.logs.line_bytes import Marks
from workers.logs.reading import ReadingOptions, read_events
from workers.logs.reading_files import LogSource
from workers.logs.reading_report import ReadingReport
from workers.logs.sampling import Sample, Sampling
from workers.logs.showing import Shown
from workers.logs.templates import MinerState, Template, TemplateMiner

KEPT_BYTES = 48 << 20  # of lines; with the counts and the reader this stays under 500 MB
KEPT_BYTES_LONG = 24 << 20  # of a log of many months
FORESEEN_FROM = 0.1  # of the budget, from where on the rest is foreseen
FORESEEN_EXCESS = 1.25  # the beginning is no sure guide to the rest
FIELD_BYTES = 60  # of a row's other columns
# How lines are thinned when they exceed the budget: so many of each kind in each span of time.
_THINNINGS = (
    Sampling(1, 20, 3),
    Sampling(1, 5, 1),
    Sampling(15, 10, 1),
    Sampling(60, 10, 1),
    Sampling(6 * 60, 20, 2),
    Sampling(30 * 24 * 60, 40, 5),
)
# From here on a log is so long that the lines kept grow with every month: there is less room, and nothing foreseen.
_LONG_THINNINGS = (
    Sampling(30 * 24 * 60, 20, 3),
    Sampling(30 * 24 * 60, 8, 1),
    Sampling(365 * 24 * 60, 20, 2),
    Sampling(365 * 24 * 60, 5, 1),
)
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
_KEPT_COLUMNS = ("shape", *(name for name in ROW_SCHEMA if name != "template"))


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
    count_seconds: int  # the step of `minute`: 60, longer where there would be too many counts
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
    for events in read_events(sources, options, report, shortcut=building.shortcut):
        building.add(events, share_read=report.source_bytes_read / max(1, report.source_bytes))
    return building.finished(report)


class _Building:
    def __init__(self, miner: TemplateMiner) -> None:
        self._miner = miner
        self._counts = Counts()
        self._rows: list[pl.DataFrame] = []
        self._kept_bytes = 0
        self._thinnings = [*_THINNINGS, *_LONG_THINNINGS]  # that can still be made, the mildest first
        self._sample: Sample | None = None  # None: all lines are kept
        self.shortcut = Shortcut(self._prefixes, self._counts.add, self._show)

    def add(self, events: pl.DataFrame, *, share_read: float) -> None:
        if not events.is_empty():
            rows = events.drop("message").with_columns(self._numbered(events))
            keys = self._counts.keys(rows)
            self._counts.add(keys)
            self._keep(rows if self._sample is None else _thinned(rows, self._sample.take(keys)))
        self._thin(share_read)

    def _show(self, shown: Shown) -> None:
        """Keep rows of lines that are counted elsewhere."""
        self._keep(_copied(shown.table).with_columns(self._counts.kinds(shown.keys)))

    def _prefixes(self, events: pl.DataFrame) -> Keys:
        return self._counts.prefixes(self._numbered(events))

    def _numbered(self, events: pl.DataFrame) -> pl.DataFrame:
        """Return the shape, service and level that events are counted by."""
        # A request log says "200" and "503" in the same words: the mined message tells them apart.
        message = pl.col("message")
        if events["status"].max() is not None:
            failed = pl.concat_str(message, pl.lit(" [server error]"))
            message = pl.when(pl.col("status") >= 500).then(failed).otherwise(message)
        shapes = self._miner.add(events.select(message)["message"])
        # As a category, a name costs four bytes a row and groups as fast as a number.
        service = pl.col("service").fill_null(UNNAMED_SERVICE).cast(pl.Categorical)
        return events.select(shapes.alias("shape"), service, "level")

    def finished(self, report: ReadingReport) -> LogIndex:
        numbers = self._miner.template_numbers()
        said = pl.Series([level_of_message(example) for example in self._miner.examples], dtype=pl.Int8)

        def with_templates(table: pl.DataFrame) -> pl.DataFrame:
            shape = table["shape"]
            level = pl.select(pl.coalesce(table["level"], said.gather(shape))).to_series()
            return table.with_columns(numbers.gather(shape).alias("template"), level.alias("level"))

        counts = self._counts.by_template(numbers, said)  # before the rows: memory is short here
        empty = pl.DataFrame(schema={**ROW_SCHEMA, "shape": pl.UInt32})
        kept, self._rows = self._rows, []
        rows = with_templates(pl.concat(kept) if kept else empty)
        kept.clear()
        return LogIndex(
            templates=tuple(self._miner.templates),
            rows=rows.select(*ROW_SCHEMA).sort("time", "file", "line_number", nulls_last=True),
            counts=counts,
            report=report,
            file_names=tuple(file.name for file in report.files),
            count_seconds=60 * self._counts.step_minutes,
            kept_all=self._sample is None,
            guarded_lines=self._miner.guarded_lines,
            state=self._miner.state(),
        )

    def _keep(self, rows: pl.DataFrame) -> None:
        rows = rows.with_columns(pl.col("host").cast(pl.Categorical)).select(_KEPT_COLUMNS)
        self._rows.append(rows)
        self._kept_bytes += _size(rows)

    def _thin(self, share_read: float) -> None:
        while self._thinnings and self._will_exceed(share_read):
            sampling = self._thinnings.pop(0)
            self._sample = Sample(sampling)
            # What the shortcut leaves to be read is taken again here, when it has been read.
            self.shortcut.keep_only(self._sample, Sample(sampling))
            # Block by block: joining them first would take three times the memory for a moment.
            self._rows = [_thinned(part, self._sample.take(self._counts.keys(part))) for part in self._rows]
            self._kept_bytes = sum(_size(part) for part in self._rows)

    def _will_exceed(self, share_read: float) -> bool:
        """Whether the lines kept are more than the budget, or will be at the rate so far.

        What is thinned at once need not be read in full: waiting for the budget would cost more.
        """
        if len(self._thinnings) <= len(_LONG_THINNINGS):
            return self._kept_bytes > KEPT_BYTES_LONG
        foreseeable = self._kept_bytes > FORESEEN_FROM * KEPT_BYTES
        foreseen = self._kept_bytes / max(share_read, 1e-6) if foreseeable else 0.0
        return self._kept_bytes > KEPT_BYTES or foreseen > FORESEEN_EXCESS * KEPT_BYTES


def _size(rows: pl.DataFrame) -> int:
    return int(rows["line"].str.len_bytes().sum()) + rows.height * FIELD_BYTES


def _thinned(rows: pl.DataFrame, taken: Marks) -> pl.DataFrame:
    """Return the lines that are taken."""
    return _copied(rows.filter(pl.Series(taken, dtype=pl.Boolean)))


def _copied(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with texts of their own, which are views: a few lines would hold a whole block's memory."""
    return rows.with_columns(pl.concat_str(name, pl.lit("")) for name in ("line", "trace"))
