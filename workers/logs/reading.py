"""Read log files into events: one row each, with time, level, service, ids, message and line.

The format of a file is found by its content and looked for again when it changes; lines that
belong to the one before (stack traces) are joined to it. What was odd is counted in a
ReadingReport, so that "nothing found" is never mistaken for "could not read".
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from workers.logs import reading_csv
from workers.logs.continuation import CONTINUATION, join_continuations
from workers.logs.familiar import Familiar, Shortcut, Sorted
from workers.logs.formats import FIELDS, LineFormat, detect, is_zoned, read_lines
from workers.logs.line_bytes import LineBytes, Marks, split_lines
from workers.logs.reading_files import BlockCounts, LogFile, LogSource, blocks_of, find_files
from workers.logs.reading_report import FileReport, ReadingReport
from workers.logs.service_names import service_of_instance, service_of_name
from workers.logs.timestamps import FUTURE_ALLOWED, Clock

SAMPLE_LINES = 200
REVOTE_SHARE = 0.05  # of a block's lines unread, continuations apart: look for another format
READ_AT_LEAST_LINES = 30_000  # of what a shortcut leaves: below that, calling costs as much as reading
DEFAULT_MAX_BYTES = 2 << 30  # decompressed, over all files of one inspection
EVENT_SCHEMA: dict[str, pl.DataType] = {
    **{name: dtype for name, dtype in FIELDS.items() if name != "component"},
    "line": pl.String(),
    "file": pl.UInt16(),
    "line_number": pl.UInt32(),
}

_ID = (
    r"(?i:trace[_-]?id|request[_-]?id|req[_-]?id|correlation[_-]?id|\brid)"
    r"""["']?[=: ]+["']?([A-Za-z0-9][A-Za-z0-9_-]{5,63})"""
)
_STATUS = r"(?i:\bstatus(?:[_ ]?code)?)[=: ]+([1-5][0-9]{2})\b"
_SERVICE_LIKE = r"^[a-z][a-z0-9_-]*$"
Progress = Callable[[int, int], None]  # bytes read so far, bytes in all (compressed sizes)


class ReadingCancelled(Exception):
    """The caller asked to stop. What was read until then is lost to the caller, not to the report."""


@dataclass(frozen=True)
class ReadingOptions:
    """How to read: the clock, limits, and the caller's hooks."""

    now: datetime  # aware; completes years and tells the future
    zone: ZoneInfo | None = None  # of lines that do not say theirs
    max_bytes: int = DEFAULT_MAX_BYTES
    progress: Progress = lambda done, total: None
    is_cancelled: Callable[[], bool] = lambda: False
    may_compile: bool = True  # big logs are read by compiled loops, where Numba is installed


def read_events(
    sources: Iterable[LogSource],
    options: ReadingOptions,
    report: ReadingReport,
    *,
    shortcut: Shortcut | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield blocks of events (EVENT_SCHEMA), some empty, in file order, filling in `report` on the way.

    An event whose line has no time has the time of the one before it in its file, or none.
    Lines that a `shortcut` counts are in the report, and not among the events.

    Raises:
        ReadingCancelled: `options.is_cancelled` said so between two blocks.
    """
    files, problems = find_files(sources)
    report.problems.extend(problems)
    report.source_bytes = sum(file.size_bytes for file in files)
    if shortcut is not None and options.may_compile:
        shortcut.expect(min(options.max_bytes, sum(file.expected_bytes for file in files)))
    done = 0
    for number, file in enumerate(files):
        left = options.max_bytes - report.bytes_read
        if left <= 0:
            report.stopped_at_bytes = options.max_bytes
            break
        reader = _FileReader(file, number, options, report, several=len(files) > 1, shortcut=shortcut)
        for events, source_bytes in reader.events(left):
            report.source_bytes_read = done + min(source_bytes, file.size_bytes)
            options.progress(report.source_bytes_read, report.source_bytes)
            yield events
        done += file.size_bytes
        options.progress(done, report.source_bytes)


@dataclass
class _Left:
    """Lines that wait to be read together: reading a few costs nearly as much as reading thousands."""

    lines: list[pl.Series] = field(default_factory=list)
    numbers: list[pl.Series] = field(default_factory=list)
    before: list[bytes] = field(default_factory=list)  # each line's, where that was counted; else empty
    of_lines: int = 0  # of so many lines these are the rest
    counted_until: datetime | None = None  # the time of the line after them, if that was counted

    @property
    def height(self) -> int:
        return sum(part.len() for part in self.lines)

    def add(self, block: LineBytes, rest: Marks, *, first_line: int) -> None:
        rows = np.flatnonzero(rest)
        self.lines.append(block.lines(rows))
        self.numbers.append(pl.Series((first_line + rows).astype(np.uint32)))
        self.before += [block.line(row - 1) if row and not rest[row - 1] else b"" for row in rows.tolist()]
        self.of_lines += block.count

    def taken(self) -> "_Left":
        """Return what waits, and wait for more."""
        taken = _Left(self.lines, self.numbers, self.before, self.of_lines, self.counted_until)
        self.lines, self.numbers, self.before, self.of_lines, self.counted_until = [], [], [], 0, None
        return taken


class _FileReader:
    """Reads one file, block after block, remembering its formats and the last time it saw."""

    def __init__(
        self,
        file: LogFile,
        number: int,
        options: ReadingOptions,
        report: ReadingReport,
        *,
        several: bool,
        shortcut: Shortcut | None,
    ) -> None:
        self._shortcut = shortcut
        self._file, self._number, self._options, self._report = file, number, options, report
        self._zone = file.zone or options.zone
        moment = min(options.now, file.modified_at) if file.modified_at else options.now
        self._clock = Clock(now=max(moment, options.now - timedelta(days=3650)), zone=self._zone)
        self._service = service_of_name(file.named_after or file.name) if several or file.path else None
        self._formats: list[LineFormat] = []
        self._own = FileReport(file.name)
        self._last_at: datetime | None = None
        self._latest_allowed: datetime | None = None
        self._csv: reading_csv.CsvColumns | None = None
        self._left = _Left()

    def events(self, max_bytes: int) -> Iterator[tuple[pl.DataFrame, int]]:
        """Yield the events of each block, and how many bytes of the file have been read so far."""
        counts = BlockCounts()
        self._report.files.append(self._own)
        for block in blocks_of(self._file, counts, max_bytes=max_bytes):
            if self._options.is_cancelled():
                raise ReadingCancelled(f"stopped in {self._file.name} after {counts.bytes_read} bytes")
            events = self._events_of(block)
            self._own.bytes_read = counts.bytes_read
            yield events, counts.source_bytes
        yield self._read(self._left.taken()), counts.source_bytes
        self._own.bytes_read = counts.bytes_read
        if counts.bytes_read >= max_bytes:
            self._report.stopped_at_bytes = self._options.max_bytes
        self._report.problems.extend(counts.problems)
        self._report.cut_lines += counts.cut_lines
        self._report.undecodable_bytes += counts.undecodable_bytes
        self._report.terminal_codes += counts.terminal_codes

    def _events_of(self, block: bytes) -> pl.DataFrame:
        """Return the events that are ready: those of the block, or of several where few lines are left to read."""
        lines = LineBytes(block.replace(b"\x01", b" "))
        first_line = self._own.lines + 1
        if first_line == 1:
            self._csv = reading_csv.columns_of([lines.line(row).decode() for row in range(min(3, lines.count))])
        sorted_out = self._sorted_out(lines, first_line)
        self._own.lines += lines.count
        if sorted_out is None:
            left = self._left.taken()
            numbers = pl.int_range(first_line, first_line + lines.count, dtype=pl.UInt32, eager=True)
            waiting = _Left(lines=[split_lines(lines.text)], numbers=[numbers], of_lines=lines.count)
            events = pl.concat([self._read(left), self._read(waiting)])
            if first_line == 1 and self._shortcut is not None and self._familiar is not None:
                self._shortcut.notice(lines, self._familiar)
            return events
        ready = pl.DataFrame(schema=EVENT_SCHEMA)
        if sorted_out.rest[0]:  # it may belong to the line before the block, which was counted or has to be read now
            ready = self._read(self._left.taken())
        self._left.add(lines, sorted_out.rest, first_line=first_line)
        self._left.counted_until = sorted_out.ends_at
        if self._left.height >= READ_AT_LEAST_LINES:
            ready = pl.concat([ready, self._read(self._left.taken())])
        return ready

    def _read(self, left: "_Left") -> pl.DataFrame:
        if not left.height:
            return pl.DataFrame(schema=EVENT_SCHEMA)
        lines, numbers = pl.concat(left.lines), pl.concat(left.numbers)
        if self._csv is not None:
            table = reading_csv.read_csv(lines, self._csv, self._clock, has_header=numbers[0] == 1)
        else:
            self._vote(lines)
            table = read_lines(lines, self._formats, self._clock)
            if self._is_off(table, lines, of_lines=left.of_lines):
                table = read_lines(lines, self._formats, self._clock)
        self._own.formats.update(dict(table["format"].fill_null("plain").value_counts().iter_rows()))
        times_before = self._times_before(table["time"], left.before)
        table = table.with_columns(lines.alias("line"), numbers.alias("line_number"), times_before)
        events = join_continuations(table.filter(pl.col("line").str.len_bytes() > 0))
        self._own.events += events.height
        completed = self._completed(events)
        self._last_at = left.counted_until or self._last_at
        return completed

    def _times_before(self, times: pl.Series, before: Sequence[bytes]) -> pl.Series:
        """Return the time of the line before those that have none, if that line was counted and is not here."""
        rows = [row for row in times.is_null().arg_true().to_list() if row < len(before) and before[row]]
        found = pl.repeat(None, times.len(), dtype=times.dtype, eager=True).alias("time_before")
        if not rows:
            return found
        lines = pl.Series([before[row].decode(errors="replace") for row in rows])
        return found.scatter(rows, read_lines(lines, self._formats, self._clock)["time"])

    def _sorted_out(self, lines: LineBytes, first_line: int) -> Sorted | None:
        """Let the shortcut count what it knows, and note what it counted. None: all lines are to be read."""
        if self._shortcut is None or self._familiar is None:
            return None
        sorted_out = self._shortcut.sort_out(lines, self._familiar, first_line=first_line)
        if sorted_out is None:
            return None
        self._own.formats.update(sorted_out.formats)
        self._own.events += sorted_out.formats.total()
        self._report.unordered_times += sorted_out.unordered
        if sorted_out.first_at is not None and sorted_out.last_at is not None:
            self._note_span(sorted_out.first_at, sorted_out.last_at)
        return sorted_out

    @property
    def _familiar(self) -> Familiar | None:
        """What the shortcut has to know of this file; None until it has been read from, and where it is CSV."""
        if self._latest_allowed is None or self._csv is not None:
            return None
        kind = (self._service, tuple(one.name for one in self._formats))
        return Familiar(self._number, kind, self._example_read, self._clock, self._latest_allowed)

    def _example_read(self, lines: pl.Series) -> pl.DataFrame:
        """Read lines as events are, each for itself; `format` is null where a line begins none."""
        table = read_lines(lines, self._formats, self._clock).with_columns(lines.alias("line"))
        ids, status = _found(table, "trace", "line", _ID), _found(table, "status", "message", _STATUS)
        return table.with_columns(ids.alias("trace"), status.alias("status"), *self._named(table))

    def _vote(self, lines: pl.Series) -> None:
        if self._formats:
            return
        for start in (0, SAMPLE_LINES, lines.len() // 2):
            self._formats = detect(lines.slice(start, SAMPLE_LINES))
            if self._formats:
                break
        undated = [f.name for f in self._formats if not is_zoned(lines.head(SAMPLE_LINES), f)]
        if undated and self._zone is None:
            self._report.zone_assumed.add(self._file.name)

    def _is_off(self, table: pl.DataFrame, lines: pl.Series, *, of_lines: int) -> bool:
        """Look for new formats among the lines that none fits; return whether any were found."""
        unread = lines.filter(table["format"].is_null())
        unread = unread.filter(~unread.str.contains(CONTINUATION))
        if unread.len() <= REVOTE_SHARE * of_lines:
            return False
        names = {line_format.name for line_format in self._formats}
        sample = unread.gather_every(max(1, unread.len() // SAMPLE_LINES)).head(SAMPLE_LINES)
        found = [line_format for line_format in detect(sample) if line_format.name not in names]
        self._formats += found
        return bool(found)

    def _completed(self, events: pl.DataFrame) -> pl.DataFrame:
        if events.is_empty():
            return pl.DataFrame(schema=EVENT_SCHEMA)
        times = self._plausible(events["time"])
        self._report.without_time += times.null_count()
        self._count_unordered(times)
        filled = times.fill_null(events["time_before"]).fill_null(strategy="forward")
        if self._last_at is not None:
            filled = filled.fill_null(self._last_at)
        filled = filled.fill_null(strategy="backward")
        self._last_at = filled[-1]
        self._note_span(filled.min(), filled.max())
        ids = _found(events, "trace", "line", _ID)
        status = _found(events, "status", "message", _STATUS)
        return events.with_columns(
            filled.alias("time"),
            ids.alias("trace"),
            status.alias("status"),
            *self._named(events),
            pl.lit(self._number, dtype=pl.UInt16).alias("file"),
        ).select(*EVENT_SCHEMA)

    def _named(self, events: pl.DataFrame) -> list[pl.Series]:
        """Return services and hosts: what the line says, else the file's name, else a fitting logger.

        A line may name the instance and not the service: payments-7c9f-x2 in payments.log.
        """
        services = events["service"]
        said = {name: service_of_instance(name, self._service) for name in services.unique() if name}
        instances = {name: name for name, service in said.items() if name != service}
        host = events["host"]
        if instances:
            host = pl.select(pl.coalesce(host, services.replace_strict(instances, default=None))).to_series()
            services = services.replace(said)
        if self._service is not None:
            return [services.fill_null(self._service).alias("service"), host.alias("host")]
        component = pl.when(events["component"].str.contains(_SERVICE_LIKE)).then(events["component"])
        return [pl.select(pl.coalesce(services, component)).to_series().alias("service"), host.alias("host")]

    def _plausible(self, times: pl.Series) -> pl.Series:
        """Return the times without those that lie far after both now and the rest of the file."""
        if self._latest_allowed is None:
            usual = times.drop_nulls().quantile(0.95, "lower")
            latest = max(self._options.now, usual) if isinstance(usual, datetime) else self._options.now
            self._latest_allowed = latest + FUTURE_ALLOWED
        future = times > self._latest_allowed
        count = int(future.sum() or 0)
        if not count:
            return times
        self._report.future_times += count
        return pl.select(pl.when(future.fill_null(False)).then(None).otherwise(times)).to_series()

    def _count_unordered(self, times: pl.Series) -> None:
        steps = times.drop_nulls().diff()
        self._report.unordered_times += int((steps < timedelta(seconds=-1)).sum() or 0)

    def _note_span(self, first: object, last: object) -> None:
        if isinstance(first, datetime) and isinstance(last, datetime):
            self._own.first_at = min(filter(None, (self._own.first_at, first)))
            self._own.last_at = max(filter(None, (self._own.last_at, last)))


def _found(events: pl.DataFrame, field: str, column: str, pattern: str) -> pl.Series:
    """Return a field, looked for by pattern where it is null, if a sample of such lines has it at all."""
    lacking = events[field].is_null()
    texts = events[column].filter(lacking)
    # By chance and not every so many lines: what a program writes in turns would fall between them.
    if not texts.sample(min(texts.len(), 2 * SAMPLE_LINES), seed=0).str.contains(pattern).any():
        return events[field]
    return events[field].scatter(lacking.arg_true(), texts.str.extract(pattern, 1).cast(events[field].dtype))
