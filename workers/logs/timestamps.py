"""The ways in which programs write the time, and how to read each into aware UTC.

A layout is a pattern for the start of a line and the way to parse what it captured, a column
at a time. Zones come from the line, else from the source's settings, else UTC; years that
syslog leaves out come from the time of reading and never lie in the future.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

_CLOCK = "[0-9]{2}:[0-9]{2}:[0-9]{2}"
_FRACTION = r"(?:[.,](?P<fraction>[0-9]{1,9}))?"
# Ambiguity after the time would cost the engine its one-pass mode, and twice the time: zones that
# come after a space are layouts of their own.
_ZONE = "(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
_NAMED_ZONE = "(?P<zone> ?(?:UTC|GMT|CEST|CET|BST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|IST|JST)| [+-][0-9]{2}:?[0-9]{2})"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

# What zone abbreviations mean to programs; IST is India, the commonest of its readings.
_ZONE_HOURS = {
    "Z": 0.0,
    "UTC": 0.0,
    "GMT": 0.0,
    "BST": 1.0,
    "CET": 1.0,
    "CEST": 2.0,
    "EST": -5.0,
    "EDT": -4.0,
    "CST": -6.0,
    "CDT": -5.0,
    "MST": -7.0,
    "MDT": -6.0,
    "PST": -8.0,
    "PDT": -7.0,
    "IST": 5.5,
    "JST": 9.0,
}

FUTURE_ALLOWED = timedelta(days=1)  # a clock may be ahead by a zone; more is a wrong time


@dataclass(frozen=True)
class Layout:
    """One way of writing the time: groups `time`, and where they exist `fraction`, `zone`, `year`."""

    name: str
    pattern: str
    parse: str  # for strptime, on the captured text; "epoch" for numbers
    has_year: bool = True


@dataclass(frozen=True)
class Clock:
    """What a reader knows about time that the lines may not say."""

    now: datetime  # aware; years are completed from it
    zone: ZoneInfo | None = None  # of lines without a zone; None: UTC, and the report says so


_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
LAYOUTS = (
    Layout("iso_named_zone", rf"(?P<time>{_DATE}T{_CLOCK}){_FRACTION}{_NAMED_ZONE}", "%Y-%m-%dT%H:%M:%S"),
    Layout("iso_space_named_zone", rf"(?P<time>{_DATE} {_CLOCK}){_FRACTION}{_NAMED_ZONE}", "%Y-%m-%d %H:%M:%S"),
    Layout("iso", rf"(?P<time>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}){_FRACTION}{_ZONE}", "%Y-%m-%dT%H:%M:%S"),
    Layout(
        "iso_space",
        rf"(?P<time>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {_CLOCK}){_FRACTION}{_ZONE}",
        "%Y-%m-%d %H:%M:%S",
    ),
    Layout("slashes", rf"(?P<time>[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} {_CLOCK}){_FRACTION}", "%Y/%m/%d %H:%M:%S"),
    Layout("short_year", rf"(?P<time>[0-9]{{2}}/[0-9]{{2}}/[0-9]{{2}} {_CLOCK}){_FRACTION}", "%y/%m/%d %H:%M:%S"),
    Layout("american", rf"(?P<time>[0-9]{{2}}/[0-9]{{2}}/[0-9]{{4}} {_CLOCK}){_FRACTION}", "%m/%d/%Y %H:%M:%S"),
    Layout("dotted", rf"(?P<time>[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{4}} {_CLOCK}){_FRACTION}", "%d.%m.%Y %H:%M:%S"),
    Layout(
        "dashes",
        r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}\.[0-9]{2}\.[0-9]{2})" + _FRACTION,
        "%Y-%m-%d-%H.%M.%S",
    ),
    Layout(
        "compact_date",
        r"(?P<time>[0-9]{8}-[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2})(?::(?P<fraction>[0-9]{1,3}))?",
        "%Y%m%d-%H:%M:%S",
    ),
    Layout("compact", r"(?P<time>[0-9]{8}T[0-9]{6})" + _FRACTION + "(?P<zone>Z)?", "%Y%m%dT%H%M%S"),
    Layout("compact_short", r"(?P<time>[0-9]{6} [0-9]{6})", "%y%m%d %H%M%S"),
    Layout(
        "common_log",
        rf"(?P<time>[0-9]{{2}}/{_MONTH}/[0-9]{{4}}:{_CLOCK})(?P<zone> [+-][0-9]{{4}})?",
        "%d/%b/%Y:%H:%M:%S",
    ),
    Layout(
        "day_month",
        rf"(?P<time>[0-9]{{2}}[ -]{_MONTH}[ -][0-9]{{4}} {_CLOCK}){_FRACTION}{_ZONE}",
        "%d %b %Y %H:%M:%S",
    ),
    Layout(
        "ctime",
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat"
        rf"|Sun) (?P<time>{_MONTH} {{1,2}}[0-9]{{1,2}} {_CLOCK}){_FRACTION} (?P<year>[0-9]{{4}})",
        "%Y %b %d %H:%M:%S",
        has_year=False,
    ),
    Layout(
        "syslog",
        rf"(?P<time>{_MONTH} {{1,2}}[0-9]{{1,2}} {_CLOCK}){_FRACTION}",
        "%Y %b %d %H:%M:%S",
        has_year=False,
    ),
    Layout(
        "month_day",
        rf"(?P<time>[0-9]{{2}}-[0-9]{{2}} {_CLOCK}){_FRACTION}",
        "%Y %m-%d %H:%M:%S",
        has_year=False,
    ),
    Layout("klog", rf"(?P<time>[0-9]{{4}} {_CLOCK}){_FRACTION}", "%Y %m%d %H:%M:%S", has_year=False),
    Layout("epoch", r"(?P<time>1[0-9]{9}(?:[0-9]{3}){0,3}(?:\.[0-9]{1,9})?)", "epoch"),
)
LAYOUT = {layout.name: layout for layout in LAYOUTS}


def time_expression(captured: pl.DataFrame, layout: Layout, clock: Clock) -> pl.Expr:
    """Return how to read the times of a table of captures: Datetime in µs and UTC, null where unreadable."""
    if layout.parse == "epoch":
        return _from_epoch(pl.col("time"))
    text = pl.col("time")
    if layout.name == "day_month":
        text = text.str.replace_all("-", " ", literal=True)
    if not layout.has_year:
        year = pl.col("year") if "year" in captured.columns else pl.lit(str(clock.now.year))
        text = pl.concat_str(year, pl.lit(" "), text.str.replace("  ", " 0", literal=True))
    time = text.str.to_datetime(layout.parse, strict=False, time_unit="us")
    if _has(captured, "fraction"):
        fraction = pl.col("fraction").fill_null("0").str.slice(0, 6).str.pad_end(6, "0").cast(pl.Int64)
        time += pl.duration(microseconds=fraction)
    time = _to_utc(time, captured, clock)
    if not layout.has_year and "year" not in captured.columns:
        latest = clock.now.astimezone(UTC) + FUTURE_ALLOWED
        time = pl.when(time > latest).then(time.dt.offset_by("-1y")).otherwise(time)
    return time.alias("time")


def parse_texts(texts: pl.Series, clock: Clock, layouts: Sequence[Layout] = LAYOUTS) -> pl.Series:
    """Return the times of a column of texts that each hold one time, as in a JSON field."""
    times = pl.Series("time", [None] * len(texts), dtype=pl.Datetime("us", "UTC"))
    for layout in layouts:
        if times.null_count() == 0:
            break
        captured = texts.to_frame("text").select(
            pl.col("text").str.extract_groups(rf"^\[?{layout.pattern}").alias("captured")
        )
        captured = captured.unnest("captured")
        if captured["time"].null_count() < len(texts):
            parsed = time_expression(captured, layout, clock)
            times = captured.select(pl.coalesce(pl.lit(times), parsed).alias("time"))["time"]
    return times.alias("time")


def has_zone(captured: pl.DataFrame) -> bool:
    """Return whether the captures carry a zone of their own."""
    return _has(captured, "zone")


def _has(captured: pl.DataFrame, group: str) -> bool:
    return group in captured.columns and captured[group].null_count() < captured.height


def _from_epoch(text: pl.Expr) -> pl.Expr:
    """Read seconds, milli-, micro- or nanoseconds, told apart by their size."""
    number = text.cast(pl.Float64, strict=False)
    seconds = pl.when(number < 1e11).then(number).when(number < 1e14).then(number / 1e3)
    whole = seconds.when(number < 1e17).then(number / 1e6).otherwise(number / 1e9)
    return (whole * 1e6).cast(pl.Int64).cast(pl.Datetime("us", "UTC")).alias("time")


def _to_utc(time: pl.Expr, captured: pl.DataFrame, clock: Clock) -> pl.Expr:
    if not _has(captured, "zone"):
        if clock.zone is None:
            return time.dt.replace_time_zone("UTC")
        local = time.dt.replace_time_zone(str(clock.zone), ambiguous="earliest", non_existent="null")
        return local.dt.convert_time_zone("UTC")
    offsets = {zone: _offset_us(zone or "", clock) for zone in captured["zone"].unique()}
    if any(offsets.values()):
        shift = pl.col("zone").replace_strict(offsets, return_dtype=pl.Int64)
        time -= pl.duration(microseconds=shift)
    return time.dt.replace_time_zone("UTC")


def _offset_us(zone: str, clock: Clock) -> int:
    name = zone.strip()
    if name in _ZONE_HOURS:
        return round(_ZONE_HOURS[name] * 3_600_000_000)
    if name and name[0] in "+-":
        digits = name[1:].replace(":", "")
        minutes = int(digits[:2]) * 60 + int(digits[2:4])
        return (-1 if name[0] == "-" else 1) * minutes * 60_000_000
    offset = clock.now.astimezone(clock.zone).utcoffset() if clock.zone else timedelta(0)
    return int((offset or timedelta(0)).total_seconds() * 1e6)
