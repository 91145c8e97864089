"""Read lines that name their fields: JSON objects and logfmt pairs.

Fields are found by pattern and not by a JSON parser: that is as fast, reads a line that was
cut in the middle, and takes nested and flat spellings of a name alike.
"""

import json
import re
from collections.abc import Callable, Sequence

import polars as pl

from workers.logs.levels import level_expression
from workers.logs.timestamps import Clock, parse_texts

JSON_LINE = r'^\s*\{\s*"[^"]+"\s*:'
LOGFMT_LINE = r'^[A-Za-z_][A-Za-z0-9_.-]*=(?:"[^"]*"|[^ "]*) +(?:[A-Za-z_][A-Za-z0-9_.-]*=(?:"[^"]*"|[^ "]*) *)'
PAIRS_WITH_LEVEL = r"^(?:[A-Za-z_][A-Za-z0-9_.-]*=[^ ]+ )*(?:level|lvl|severity|msg)="

# How programs call each field, the usual spelling first; ECS, OpenTelemetry, journald, pino, logback.
_KEYS = {
    "time": (
        "@timestamp",
        "timestamp",
        "ts",
        "time",
        "datetime",
        "asctime",
        "eventTime",
        "date",
        "__REALTIME_TIMESTAMP",
    ),
    "level": ("level", "severity", "lvl", "levelname", "log.level", "loglevel", "severity_text", "PRIORITY"),
    "message": ("message", "msg", "log", "event", "MESSAGE", "body", "text"),
    "service": (
        "service",
        "service.name",
        "service_name",
        "app",
        "application",
        "container_name",
        "component",
        "SYSLOG_IDENTIFIER",
        "_SYSTEMD_UNIT",
        "name",
    ),
    "host": ("host", "hostname", "pod", "pod_name", "instance", "node", "_HOSTNAME"),
    "trace": (
        "trace_id",
        "traceId",
        "trace.id",
        "traceID",
        "trace",
        "request_id",
        "requestId",
        "req_id",
        "correlation_id",
        "correlationId",
        "rid",
        "x-request-id",
    ),
    "status": ("status", "status_code", "statusCode", "http.status", "http_status", "code"),
    "error": ("error", "err", "exception", "exc_info", "stack_trace", "stack", "reason"),
}
_RARE_FIELDS = ("error", "status")
_MAX_ERROR_CHARS = 300  # a stack trace's first line says what failed


def read_json(lines: pl.Series, clock: Clock) -> pl.DataFrame:
    """Return the fields of JSON lines; null where a line does not have one.

    Whole, flat objects are decoded in one go; anything else is read field by field.
    """
    table = _decoded(lines)
    return _typed(_captured(lines, _json_patterns) if table is None else table, lines, clock)


def read_logfmt(lines: pl.Series, clock: Clock) -> pl.DataFrame:
    """Return the fields of logfmt lines; a line without a message is its own message.

    Programs write the same keys in the same order: most lines are read by one pattern made
    from the first, the others field by field.
    """
    table = lines.to_frame("line").with_row_index("row")
    pattern = _pattern_of_first(lines)
    rare = _anywhere([key for field in _RARE_FIELDS for key in _KEYS[field]])
    usual = lines.str.contains(pattern) & ~lines.str.contains(rare) if pattern else lines.is_null()
    parts = []
    if usual.any():
        chosen = table.filter(usual)
        captured = chosen.select("row", pl.col("line").str.extract_groups(pattern).alias("fields")).unnest("fields")
        lacking = [field for field in _KEYS if field not in captured.columns]
        captured = captured.with_columns(pl.lit(None, dtype=pl.String).alias(field) for field in lacking)
        parts.append(captured.with_columns(_unescaped(captured["message"]).alias("message")).select("row", *_KEYS))
    others = table.filter(~usual)
    if not others.is_empty():
        parts.append(others.select("row").hstack(_captured(others["line"], _logfmt_patterns).select(*_KEYS)))
    whole = parts[0] if len(parts) == 1 else pl.concat(parts).sort("row")
    return _typed(whole.drop("row"), lines, clock)


def _pattern_of_first(lines: pl.Series) -> str:
    """Return a pattern for lines with the first line's keys in its order; "" where it has no message."""
    field_of = {key: field for field, keys in _KEYS.items() for key in keys}
    parts: list[str] = []
    last, used = 0, set()
    for key, value in re.findall(r'([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|[^ "]*)', lines[0]):
        field = field_of.get(key)
        inner = r'(?:[^"\\]|\\.)*' if value.startswith('"') else r'[^ "]*'
        group = f"(?P<{field}>{inner})" if field and field not in used else inner
        quote = '"' if value.startswith('"') else ""
        parts.append(f"{re.escape(key)}={quote}{group}{quote}")
        if field and field not in used:
            used.add(field)
            last = len(parts)
    return "^" + " ".join(parts[:last]) + "(?: |$)" if "message" in used else ""


def _decoded(lines: pl.Series) -> pl.DataFrame | None:
    """Return the fields by decoding the lines; None where one is cut or a field is not flat."""
    rare = lines.filter(lines.str.contains(_anywhere([key for field in _RARE_FIELDS for key in _KEYS[field]])))
    types: dict[str, pl.DataType] = {}
    try:
        for line in (*_some(lines), *_some(rare)):
            for key, value in json.loads(line).items():
                if types.setdefault(key, _type_of(value)) != _type_of(value) and value is not None:
                    return None
        wanted = {key: types[key] for keys in _KEYS.values() for key in keys if key in types}
        if not wanted or pl.Null() in wanted.values():
            return None
        decoded = lines.str.json_decode(pl.Struct(wanted)).struct.unnest()
    except (ValueError, AttributeError, pl.exceptions.ComputeError):
        return None
    columns = {field: [pl.col(key).cast(pl.String) for key in keys if key in wanted] for field, keys in _KEYS.items()}
    return decoded.select(
        (pl.coalesce(found) if found else pl.lit(None, dtype=pl.String)).alias(field)
        for field, found in columns.items()
    )


def _type_of(value: object) -> pl.DataType:
    if isinstance(value, str):
        return pl.String()
    if isinstance(value, bool) or not isinstance(value, int):
        return pl.Null()  # nothing to decode it as: null, a fraction, or not flat
    return pl.Int64()


def _some(lines: pl.Series) -> pl.Series:
    return lines if lines.len() <= 50 else lines.gather_every(lines.len() // 50)


def _captured(lines: pl.Series, patterns_for: Callable[[str, str], Sequence[str]]) -> pl.DataFrame:
    """Extract each field by the keys these lines really use: one literal is found faster than any of ten."""
    sample = _some(lines)
    columns: list[pl.Expr] = []
    for field, keys in _KEYS.items():
        seen_in = sample
        if field in _RARE_FIELDS:  # an error comes in few lines: the sample may not have one
            seen_in = _some(lines.filter(lines.str.contains(_anywhere(keys))))
        text = "\n".join(seen_in)
        patterns = [pattern for key in keys if key in text for pattern in patterns_for(field, key)]
        found = [pl.col("line").str.extract(one, 1) for one in patterns if seen_in.str.contains(one).any()]
        columns.append((pl.coalesce(found) if found else pl.lit(None, dtype=pl.String)).alias(field))
    table = lines.to_frame("line").with_columns(columns).drop("line")
    return table.with_columns(pl.Series(name, _unescaped(table[name])) for name in ("message", "error"))


def _anywhere(keys: Sequence[str]) -> str:
    names = "|".join(key.replace(".", r"\.") for key in keys)
    return rf'"(?:{names})"\s*:| (?:{names})='


def _json_patterns(field: str, key: str) -> Sequence[str]:
    name = '"' + key.replace(".", r"\.") + r'"\s*:\s*'
    text, number = r'"((?:[^"\\]|\\.)*)', r"(-?[0-9][0-9.]*)"
    if field in ("message", "error"):
        return (name + text, name + r'\{\s*"(?:message|name|code)"\s*:\s*' + text)
    if field in ("service", "host", "trace"):
        return (name + r'"([^"]*)', name + r'\{\s*"(?:name|id)"\s*:\s*"([^"]*)')
    return (name + r'"([^"]*)', name + number)


def _logfmt_patterns(field: str, key: str) -> Sequence[str]:
    name = r"(?:^|[ \t])" + key.replace(".", r"\.") + "="
    return (name + r'"((?:[^"\\]|\\.)*)"', name + r'([^ \t"]+)')


def _typed(table: pl.DataFrame, lines: pl.Series, clock: Clock) -> pl.DataFrame:
    error = pl.col("error").str.slice(0, _MAX_ERROR_CHARS).str.extract(r"^([^\n]+)", 1)
    says_it = pl.col("message").str.contains(pl.col("error").str.slice(0, 40), literal=True).fill_null(False)
    message = pl.coalesce("message", pl.lit(lines))
    return table.select(
        parse_texts(table["time"], clock).alias("time"),
        level_expression(pl.col("level")),
        "service",
        "host",
        "trace",
        pl.col("status").str.extract(r"^([1-5][0-9]{2})$", 1).cast(pl.Int16),
        pl.when(error.is_not_null() & ~says_it)
        .then(pl.concat_str(message, pl.lit(": "), error))
        .otherwise(message)
        .alias("message"),
    )


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
