"""Recognise how a line is written and take its header apart, a column of lines at a time.

A format is a pattern for the start of a line: a time layout (timestamps.py) followed by one
of the tails below, or one of the few that do not begin with a time. `detect` finds, on a
sample, which formats a file holds; several in one file are normal. JSON and logfmt are in
formats_keyed.py. What was not matched is for the caller: a continuation, or a plain line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from workers.logs import formats_keyed
from workers.logs.levels import ERROR, INFO, LEVEL_WORDS, WARN, level_expression, priority_expression
from workers.logs.timestamps import LAYOUT, LAYOUTS, Clock, Layout, has_zone, time_expression

MIN_SHARE = 0.02  # of a sample: what fewer lines match is left to plain reading
MIN_LINES = 1
MAX_NESTING = 2  # a container's envelope around a program's line around key=value pairs

FIELDS: dict[str, pl.DataType] = {
    "time": pl.Datetime("us", "UTC"),
    "level": pl.Int8(),
    "service": pl.String(),
    "component": pl.String(),  # the logger or class: names the service where nothing else does
    "host": pl.String(),
    "trace": pl.String(),
    "status": pl.Int16(),  # of HTTP
    "message": pl.String(),
}

_LEVEL = rf"(?P<level>{LEVEL_WORDS})"
_LEVEL_CAPITALS = r"(?P<level>TRACE|DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL|SEVERE)"
_LOGGER = r"(?P<logger>[A-Za-z_][A-Za-z0-9_.$/-]*)"
_SERVICE = r"(?P<service>[A-Za-z_][A-Za-z0-9_.-]*)"
_IDS = r"(?P<trace>[A-Za-z0-9][A-Za-z0-9_-]{5,63})"

# What follows the time, the most telling first: the first that matches a line takes it.
_TAILS: tuple[tuple[str, str], ...] = (
    ("cri", r" (?:stdout|stderr) (?P<flag>[FP])(?: |$)"),
    (
        "postgres",
        r" \[[0-9]+(?:-[0-9]+)?\]:?(?: [^ ]+@[^ ]+)? +(?P<level>LOG|ERROR|FATAL|PANIC|WARNING"
        r"|NOTICE|INFO|DEBUG[1-5]"
        r"|DETAIL|HINT|STATEMENT|CONTEXT): +",
    ),
    ("nginx_error", r" \[(?P<level>[a-z]+)\] [0-9]+#[0-9]+: (?:\*[0-9]+ )?"),
    ("apache_error", r"\] \[(?:[a-z0-9_]*:)?(?P<level>[a-z0-9]+)\] (?:\[pid [^\]]*\] )?"),
    ("jvm_gc", r"\](?:\[[0-9.,]+m?s\])?\[(?P<level>[a-z]+) *\]\[(?P<logger>[a-z0-9+,.]+) *\] *"),
    (
        "spring",
        rf" +{_LEVEL} +(?:\[(?P<service>[A-Za-z0-9_.-]*),(?P<trace>[^\],]*)[^\]]*\] +)?"
        rf"[0-9]+ +--- +\[[^\]]*\] (?:\[[^\]]*\] )? *{_LOGGER} *: +",
    ),
    ("python", rf" - {_LOGGER} - {_LEVEL} - "),
    ("level_thread_logger", rf" +{_LEVEL} +\[[^\]]*\] +{_LOGGER} *(?:-|:) +"),
    ("thread_level_logger", rf" +\[[^\]]*\] +{_LEVEL} +{_LOGGER} *(?:-|:) +"),
    ("level_service_trace", rf" +\[?{_LEVEL}\]? +{_SERVICE} +\[{_IDS}\]:? +"),
    ("service_level_trace", rf" +\[?{_SERVICE}\]? +\[?{_LEVEL_CAPITALS}\]? +\[{_IDS}\]:? +"),
    ("level_in_pipes", rf" *\| *{_LEVEL} *\| *{_SERVICE} *\| *"),
    (
        "level_bracketed_service",
        rf" +\[?{_LEVEL}\]? +\[{_SERVICE}(?:,(?P<trace>[^\],]*)[^\]]*)?\]:? *(?:- )?",
    ),
    ("level_logger", rf" +\[?{_LEVEL}\]?:? +{_LOGGER}(?:\[[0-9]+\])?(?: +-|:) +"),
    ("thread_level", rf" +\[(?:main|[^\]]*[0-9#][^\]]*)\] +{_LEVEL}[ :-]+ *"),
    ("service_level", rf" +\[?{_SERVICE}\]? +[\[(|]?{_LEVEL_CAPITALS}[\])|]?[ :|-]+"),
    ("pid_level_logger", rf" +[0-9]+ +{_LEVEL_CAPITALS} +{_LOGGER}:? +"),
    ("logcat", r" +[0-9]+ +[0-9]+ (?P<level>[VDIWEF]) +(?P<logger>[^ :]+) *: *"),
    ("level_hyphened_service", rf" +\[?{_LEVEL}\]? +(?P<service>[a-z][a-z0-9]*(?:-[a-z0-9]+)+):? +"),
    ("syslog_pid", r" +(?P<host>[A-Za-z0-9_.:-]+) +(?P<service>[A-Za-z0-9_./@()-]+)\[[0-9]+\]: *"),
    ("level", rf" *[\[(|]? *{_LEVEL} *(?:[\])|]|:| ) *[:|-]* *"),
    ("bracketed_service", rf" +\[{_SERVICE}\]:? +"),
    ("bare", r"[ \t:|-]*"),
)
_NO_SERVICE = r"(?i)^(?:-?|main|.*(?:thread|exec|pool|worker|nio).*[0-9].*)$"  # names in brackets that are no service
_SYSLOG_TAIL = r" +(?P<host>[A-Za-z0-9_.:/-]+) +(?P<service>[A-Za-z0-9_./@()-]+?)(?:\[[0-9]+\])?: *"
_PREFIX = r"^(?:<(?P<priority>[0-9]{1,3})>)?\[?"
_CLOSING = r"\]?"
_RFC5424 = (
    rf"^<(?P<priority>[0-9]{{1,3}})>1 {LAYOUT['iso'].pattern} (?P<host>[^ ]+) (?P<service>[^ ]+) [^ ]+ [^ ]+ "
    r"(?:-|(?:\[[^\]]*\])+) ?"
)
_ACCESS = (
    r"^(?P<host>[^ ]+) [^ ]+ [^ ]+ \["
    + LAYOUT["common_log"].pattern
    + r'\] "(?P<request>[^"]*)" (?P<status>[1-5][0-9]{2}) '
)
_KLOG = rf"^(?P<level>[IWEF]){LAYOUT['klog'].pattern} +[0-9]+ (?P<logger>[^ \]]+)\] "
_LOOKS_LIKE_A_LINE = (
    r"^(?:\{\s*\"|<[0-9]|\[?[0-9]{2,4}[-/.:0-9]|\[[A-Z]|[A-Z][a-z]{2} [ 0-9][0-9] |[A-Z]+[ :\[]"
    r"|[IWEF][0-9]{4} |[a-z]+=|[0-9]+[.:][0-9a-f.:]+ )"
)
_COMPOSE = r"^(?P<service>[A-Za-z][A-Za-z0-9_.-]*?)(?:[-_][0-9]+)? +\| "
_POD = r"^\[pod/(?P<host>[^/\]]+)/(?P<service>[^\]]+)\] "
_LEVEL_COLON = rf"^{_LEVEL}:{_LOGGER}:"
_GC_UPTIME = r"^\[[0-9.,]+m?s\]\[(?P<level>[a-z]+) *\]\[(?P<logger>[a-z0-9+,.]+) *\] *"


@dataclass(frozen=True)
class LineFormat:
    """One way of writing a line: a name, the pattern of its header, and its time layout if it has one."""

    name: str
    pattern: str
    layout: Layout | None = None
    wraps: bool = False  # the message is a whole line of its own
    keyed: Callable[[pl.Series, Clock], pl.DataFrame] | None = None  # JSON, logfmt: read by key instead

    def matches(self, lines: pl.Series) -> pl.Series:
        """Return which lines are written so (Boolean)."""
        return lines.str.contains(self.pattern).fill_null(False)


def _stamped(layout: Layout) -> list[LineFormat]:
    tails = list(_TAILS)
    if layout.name == "syslog":  # "host program:" follows; behind other times it would be any two words
        tails.insert(-3, ("syslog", _SYSLOG_TAIL))
    return [
        LineFormat(
            f"{layout.name}:{name}",
            _PREFIX + layout.pattern + ("" if tail.startswith(r"\]") else _CLOSING) + tail,
            layout,
            wraps=name == "cri",
        )
        for name, tail in tails
    ]


_WITHOUT_LEADING_TIME: tuple[LineFormat, ...] = (
    LineFormat("json", formats_keyed.JSON_LINE, keyed=formats_keyed.read_json),
    LineFormat("logfmt", formats_keyed.LOGFMT_LINE, keyed=formats_keyed.read_logfmt),
    LineFormat("syslog_5424", _RFC5424, LAYOUT["iso"]),
    LineFormat("access_log", _ACCESS, LAYOUT["common_log"]),
    LineFormat("klog", _KLOG, LAYOUT["klog"]),
    LineFormat("kubectl", _POD, wraps=True),
    LineFormat("compose", _COMPOSE, wraps=True),
    LineFormat("python_basic", _LEVEL_COLON),
    LineFormat("jvm_gc_uptime", _GC_UPTIME),
)
_LEVEL_FIRST = tuple(
    LineFormat(
        f"level_first:{layout.name}",
        rf"^[\[(]?{_LEVEL}[\])]?[ :|-]+[\[(]?{layout.pattern}[\])]?[ :|-]*",
        layout,
    )
    for layout in LAYOUTS
    if layout.name in ("iso", "iso_space", "slashes", "syslog", "day_month")
)
_TIME_INSIDE = tuple(
    LineFormat(f"inside:{layout.name}", rf"^[^{{\n]{{1,80}}?[ \[(=]{layout.pattern}\]?[ :|-]*", layout)
    for layout in LAYOUTS
    if layout.name in ("iso", "iso_space", "dashes", "syslog", "slashes")
)


def detect(sample: pl.Series) -> list[LineFormat]:
    """Return the formats found in a sample of lines, in the order in which to try them."""
    found: list[LineFormat] = []
    remaining = sample.filter(sample.str.len_bytes() > 0)
    wanted = max(MIN_LINES, int(MIN_SHARE * remaining.len()))
    stamped = (
        layout
        for layout in LAYOUTS
        if layout.name != "klog" and remaining.str.contains(_PREFIX + layout.pattern).any()
    )
    candidates: list[LineFormat] = [*_WITHOUT_LEADING_TIME]
    for layout in stamped:
        candidates += _stamped(layout)
    for line_format in (*candidates, *_LEVEL_FIRST, *_TIME_INSIDE):
        matched = line_format.matches(remaining)
        if int(matched.sum()) >= wanted:
            found.append(line_format)
            remaining = remaining.filter(~matched)
        if remaining.is_empty():
            break
    return found


def read_lines(lines: pl.Series, formats: Sequence[LineFormat], clock: Clock, *, depth: int = 0) -> pl.DataFrame:
    """Return one row a line with the FIELDS and `format` (null: none of the formats matched), in order.

    A message that is itself a line in another format (a container's envelope, pairs after a
    time) is opened too; what it says wins over the envelope.
    """
    remaining = pl.DataFrame({"row": pl.int_range(lines.len(), dtype=pl.UInt32, eager=True), "line": lines})
    parts = []
    for line_format in formats:
        if remaining.is_empty():
            break
        # Matching costs a fifth of taking apart: what does not match is never taken apart.
        matched = line_format.matches(remaining["line"])
        every = bool(matched.all())
        chosen = remaining if every else remaining.filter(matched)
        if not chosen.is_empty():
            parts.append(_read(chosen, line_format, clock).with_columns(chosen["row"]))
        remaining = remaining.clear() if every else remaining.filter(~matched)
    if not remaining.is_empty() or not parts:
        plain = remaining.select("row", pl.col("line").alias("message"))
        parts.append(_complete(plain.with_columns(pl.lit(None, dtype=pl.String).alias("format"))))
    ordered = [_ordered(part) for part in parts]
    table = ordered[0] if len(ordered) == 1 else pl.concat(ordered).sort("row")
    return _opened(table.drop("row"), formats, clock, depth)


def _read(chosen: pl.DataFrame, line_format: LineFormat, clock: Clock) -> pl.DataFrame:
    """Return the fields of lines that are all in this format."""
    name = pl.lit(line_format.name).alias("format")
    if line_format.keyed is not None:
        return _complete(line_format.keyed(chosen["line"], clock).with_columns(name))
    captured = chosen.select(
        "line", pl.col("line").str.extract_groups(f"^(?P<header>{line_format.pattern[1:]})").alias("captured")
    ).unnest("captured")
    message = pl.col("line").str.strip_prefix(pl.col("header"))
    columns = {"message": message, "format": name} | _derived(captured.columns)
    if line_format.layout is not None:
        columns["time"] = time_expression(captured, line_format.layout, clock)
    return _complete(captured.with_columns(**columns))


def _derived(captured: Sequence[str]) -> dict[str, pl.Expr]:
    """Return the level, service, status and message that a format's own captures imply."""
    derived = {}
    if "level" in captured:
        derived["level"] = level_expression(pl.col("level"))
    elif "priority" in captured:
        derived["level"] = priority_expression(pl.col("priority"))
    if "service" in captured:
        service = pl.col("service").str.replace(r"\(.*\)$", "")
        derived["service"] = pl.when(~service.str.contains(_NO_SERVICE)).then(service)
    if "request" in captured:
        status = pl.col("status").cast(pl.Int16)
        # Agents and referrers would split one request into as many templates as there are browsers.
        words = (pl.lit('"'), pl.col("request"), pl.lit('" '), pl.col("status"))
        level = pl.when(status >= 500).then(ERROR).when(status >= 400).then(WARN)
        derived |= {
            "message": pl.concat_str(*words),
            "status": status,
            "level": level.when(status.is_not_null()).then(INFO).cast(pl.Int8),
        }
    return derived


def _opened(table: pl.DataFrame, formats: Sequence[LineFormat], clock: Clock, depth: int) -> pl.DataFrame:
    """Read the messages of envelopes, and of pairs behind a header, as lines of their own."""
    if depth >= MAX_NESTING or table.is_empty():
        return table
    inner = _envelopes(table, formats)
    if not inner.any():
        return table
    messages = table["message"].filter(inner)
    found = detect(messages.head(200))
    if not found:
        return table
    opened = read_lines(messages, found, clock, depth=depth + 1)
    rows = pl.DataFrame({"row": inner.arg_true()}).hstack(opened.drop("format"))
    joined = table.with_row_index("row").join(rows, on="row", how="left", suffix="_inner", maintain_order="left")
    return joined.select(*(pl.coalesce(f"{name}_inner", name).alias(name) for name in FIELDS), pl.col("format"))


def _envelopes(table: pl.DataFrame, formats: Sequence[LineFormat]) -> pl.Series:
    """Return which messages are lines of their own; only what can be one is looked at."""
    wrapping = [line_format.name for line_format in formats if line_format.wraps or line_format.name == "json"]
    wrapped = table["format"].is_in(wrapping).fill_null(False)
    found = pl.repeat(False, table.height, eager=True)
    if wrapped.any():
        looks = table["message"].filter(wrapped).str.contains(_LOOKS_LIKE_A_LINE).fill_null(False)
        found = found.scatter(wrapped.arg_true(), looks)
    sample = table["message"].gather_every(max(1, table.height // 400))
    if sample.str.contains(formats_keyed.PAIRS_WITH_LEVEL).any():
        headed = ~table["format"].is_in(["logfmt", "access_log"]).fill_null(False)
        found |= headed & table["message"].str.contains(formats_keyed.PAIRS_WITH_LEVEL).fill_null(False)
    return found


def is_zoned(lines: pl.Series, line_format: LineFormat) -> bool:
    """Return whether lines of this format say their zone."""
    if line_format.layout is None or line_format.layout.name == "epoch":
        return True
    return has_zone(lines.to_frame("l").select(pl.col("l").str.extract_groups(line_format.pattern)).unnest("l"))


def _complete(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with every field, missing ones null, of the right type."""
    if "logger" in table.columns:
        table = table.rename({"logger": "component"})
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in FIELDS.items() if name not in table.columns]
    return table.with_columns(missing) if missing else table


def _ordered(table: pl.DataFrame) -> pl.DataFrame:
    return table.select("row", *(pl.col(name).cast(dtype) for name, dtype in FIELDS.items()), "format")
