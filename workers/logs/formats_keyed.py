"""Read lines that name their fields: JSON objects and logfmt pairs.

Fields are found by pattern and not by a JSON parser: that is as fast, reads a line that was
cut in the middle, and takes nested and flat spellings of a name alike.
"""

import json

import polars as pl

from workers.logs.levels import levels_of
from workers.logs.timestamps import Clock, parse_texts

JSON_LINE = r'^\s*\{\s*"[^"]+"\s*:'
LOGFMT_LINE = (
    r'^[A-Za-z_][A-Za-z0-9_.-]*=(?:"[^"]*"|[^ "]*) +(?:[A-Za-z_][A-Za-z0-9_.-]*=(?:"[^"]*"|[^ "]*) *)'
)
PAIRS_WITH_LEVEL = r"^(?:[A-Za-z_][A-Za-z0-9_.-]*=[^ ]+ )*(?:level|lvl|severity|msg)="

# How programs call each field, the usual spelling first; ECS, OpenTelemetry, journald, pino, logback.
_KEYS = {
    "time": ("@timestamp", "timestamp", "ts", "time", "datetime", "asctime", "eventTime", "date", "__REALTIME_TIMESTAMP"),
    "level": ("level", "severity", "lvl", "levelname", "log.level", "loglevel", "severity_text", "PRIORITY"),
    "message": ("message", "msg", "log", "event", "MESSAGE", "body", "text"),
    "service": (
        "service", "service.name", "service_name", "app", "application", "container_name", "component",
        "SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "name",
    ),
    "host": ("host", "hostname", "pod", "pod_name", "instance", "node", "_HOSTNAME"),
    "trace": (
        "trace_id", "traceId", "trace.id", "traceID", "trace", "request_id", "requestId", "req_id", "correlation_id",
        "correlationId", "rid", "x-request-id",
    ),
    "status": ("status", "status_code", "statusCode", "http.status", "http_status", "code"),
    "error": ("error", "err", "exception", "exc_info", "stack_trace", "stack", "reason"),
}  # fmt: skip
_MAX_ERROR_CHARS = 300  # a stack trace's first line says what failed


def read_json(lines: pl.Series, clock: Clock) -> pl.DataFrame:
    """Return the fields of JSON lines; null where a line does not have one."""
    table = _captured(lines, {field: _json_pattern(field, keys) for field, keys in _KEYS.items()})
    table = table.with_columns(pl.Series(name, _unescaped(table[name])) for name in ("message", "error"))
    return _typed(table, lines, clock)


def read_logfmt(lines: pl.Series, clock: Clock) -> pl.DataFrame:
    """Return the fields of logfmt lines; a line without a message is its own message."""
    table = _captured(lines, {field: _logfmt_pattern(keys) for field, keys in _KEYS.items()})
    table = table.with_columns(pl.Series(name, _unescaped(table[name])) for name in ("message", "error"))
    return _typed(table, lines, clock)


def _captured(lines: pl.Series, patterns: dict[str, str]) -> pl.DataFrame:
    """Extract each field that a sample of the lines has at all: most lines lack most fields."""
    sample = lines.head(50) if lines.len() <= 50 else lines.gather_every(max(1, lines.len() // 50))
    columns = []
    for field, pattern in patterns.items():
        if not sample.str.contains(pattern).any():
            columns.append(pl.lit(None, dtype=pl.String).alias(field))
            continue
        groups = pl.col("line").str.extract_groups(pattern)
        columns.append(pl.coalesce(groups.struct.field("a"), groups.struct.field("b")).alias(field))
    return lines.to_frame("line").with_columns(columns).drop("line")


def _json_pattern(field: str, keys: tuple[str, ...]) -> str:
    names = "|".join(key.replace(".", r"\.") for key in keys)
    nested = (
        r'(?:\{\s*"(?:name|id|message|code)"\s*:\s*)?'
        if field in ("service", "trace", "error", "status")
        else ""
    )
    return rf'"(?:{names})"\s*:\s*{nested}(?:"(?P<a>(?:[^"\\]|\\.)*)|(?P<b>-?[0-9][0-9.]*))'


def _logfmt_pattern(keys: tuple[str, ...]) -> str:
    names = "|".join(key.replace(".", r"\.") for key in keys)
    return rf'(?:^|[ \t])(?:{names})=(?:"(?P<a>(?:[^"\\]|\\.)*)"|(?P<b>[^ \t"]+))'


def _typed(table: pl.DataFrame, lines: pl.Series, clock: Clock) -> pl.DataFrame:
    levels = table["level"].unique().to_list()
    level_of_text = dict(zip(levels, levels_of(levels), strict=True))
    error = pl.col("error").str.slice(0, _MAX_ERROR_CHARS).str.extract(r"^([^\n]+)", 1)
    says_it = pl.col("message").str.contains(pl.col("error").str.slice(0, 40), literal=True).fill_null(False)
    message = pl.coalesce("message", pl.lit(lines))
    return table.select(
        parse_texts(table["time"], clock).alias("time"),
        table["level"].replace_strict(level_of_text, return_dtype=pl.Int8).alias("level"),
        "service",
        "host",
        "trace",
        pl.col("status").str.extract(r"^([1-5][0-9]{2})$", 1).cast(pl.Int16),
        pl.when(error.is_not_null() & ~says_it).then(pl.concat_str(message, pl.lit(": "), error)).otherwise(message)
        .alias("message"),
    )  # fmt: skip


def _unescaped(texts: pl.Series) -> pl.Series:
    r"""Return the texts with \" \n \t \\ and \u.... read; only those that hold a backslash cost anything."""
    escaped = texts.str.contains("\\", literal=True).fill_null(False)
    if not escaped.any():
        return texts
    values = texts.filter(escaped).to_list()
    read = pl.Series([_unescape(value) for value in values], dtype=pl.String)
    return texts.scatter(escaped.arg_true(), read)


def _unescape(value: str) -> str:
    try:
        return str(json.loads(f'"{value}"', strict=False))
    except ValueError:
        return value
