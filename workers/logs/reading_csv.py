"""Read logs exported as CSV, where the first line names the columns."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from workers.logs.levels import level_of
from workers.logs.timestamps import Clock, parse_texts

_NAMES = {
    "time": ("@timestamp", "timestamp", "time", "ts", "date", "datetime", "_time"),
    "level": ("level", "severity", "loglevel", "log_level"),
    "message": ("message", "msg", "log", "content", "_raw", "event", "text"),
    "service": ("service", "service_name", "app", "application", "component", "source"),
    "host": ("host", "hostname", "pod", "instance"),
    "trace": ("trace_id", "traceid", "request_id", "requestid", "correlation_id"),
    "status": ("status", "status_code"),
}


@dataclass(frozen=True)
class CsvColumns:
    """Which column holds which field, by position, and the delimiter."""

    delimiter: str
    positions: dict[str, int]


def columns_of(first_lines: Sequence[str]) -> CsvColumns | None:
    """Return the columns if the first line is a header with a time and a message; else None."""
    if len(first_lines) < 2:
        return None
    for delimiter in (",", ";", "\t"):
        names = [name.strip().strip('"').lower() for name in first_lines[0].split(delimiter)]
        positions = {
            field: next(names.index(known) for known in knowns if known in names)
            for field, knowns in _NAMES.items()
            if any(known in names for known in knowns)
        }
        if len(names) > 1 and "time" in positions and "message" in positions:
            return CsvColumns(delimiter, positions)
    return None


def read_csv(lines: pl.Series, columns: CsvColumns, clock: Clock, *, has_header: bool) -> pl.DataFrame:
    """Return the fields of CSV lines, one row a line; a row that is not whole has no format."""
    body = lines.to_list()
    rows = [next(csv.reader([line], delimiter=columns.delimiter), []) if line else [] for line in body]
    if has_header and rows:
        rows[0] = []
    widest = max(columns.positions.values())
    texts: dict[str, list[str | None]] = {
        field: [row[position] if len(row) > widest else None for row in rows]
        for field, position in columns.positions.items()
    }
    whole = [len(row) > widest for row in rows]

    def column(field: str) -> pl.Series:
        return pl.Series(field, texts.get(field, [None] * len(body)), dtype=pl.String)

    return pl.DataFrame(
        {
            "time": parse_texts(column("time"), clock),
            "level": pl.Series([level_of(text) for text in column("level")], dtype=pl.Int8),
            "service": column("service"),
            "component": column("component"),
            "host": column("host"),
            "trace": column("trace"),
            "status": column("status").str.extract(r"^([1-5][0-9]{2})$", 1).cast(pl.Int16),
            "message": pl.select(pl.coalesce(column("message"), lines)).to_series(),
            "format": pl.Series(["csv" if good else None for good in whole], dtype=pl.String),
        }
    )
