"""Find what changed inside messages whose number did not: slower answers, and one tenant's trouble.

A cause may show in no error at all: the same lines, with larger durations. And an error that
everybody could have may come from one host, tenant or version only.
"""

import math
import re
from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from workers.logs.detector import Detector
from workers.logs.incident import BadSignal, Incident, markers_before
from workers.logs.index import LogIndex, Window
from workers.logs.statistics import Signal, bin_seconds_for

SLOWER_RATIO = 3.0  # a median that much above the usual one is no fluctuation
SLOW_STEPS = 3  # in a row
LINES_A_STEP = 3  # fewer have no median worth the name
MIN_LINES = 60  # of a template, for its usual duration to be known
FACET_SHARE, FACET_SHARE_ELSEWHERE = 0.8, 0.4  # of the failing lines, and at most of the others
FACET_LINES = 10

SLOWER = Detector(
    "slower",
    "cause",
    "Slower answers",
    re.compile(r"$^"),  # found by counting, never by its words
    "Look at what the service waits for: its database, its processor, its locks.",
    0.6,
)

_DURATION = (
    r"(?i)(?:\b(?:in|took|took_ms|after|duration|duration_ms|elapsed|elapsed_ms|latency|latency_ms"
    r"|time|rt)[=: ]+\"?"
    r"(?P<named>[0-9]+(?:\.[0-9]+)?) ?(?P<unit>ms|s|us|µs)?\b|\b(?P<plain>[0-9]+(?:\.[0-9]+)?) ?ms\b)"
)
_FACET = (
    r"(?i)\b(tenant|customer|client|region|zone|shard|node|instance|partition|version|route|device"
    r"|cluster|queue)"
    r"(?:_?id)?[=: ]+\"?([A-Za-z][A-Za-z0-9_.-]*|[0-9]+(?:\.[0-9]+)+)"
)


def find_slowdown(index: LogIndex, window: Window, signals: Sequence[Signal]) -> Incident | None:
    """Return an incident made of the services that became lastingly slower; None if none did."""
    table = _durations(index, window)
    if table.is_empty():
        return None
    step = f"{max(30, bin_seconds_for(window))}s"
    members = []
    for (template, service), rows in table.group_by("template", "service", maintain_order=True):
        if rows.height >= MIN_LINES and isinstance(template, int):
            slow = _slow_spell(rows, step)
            if slow is not None:
                members.append(_member(index, template, str(service), rows, slow))
    if not members:
        return None
    members.sort(key=lambda member: (member.signal.start_at, -member.signal.ratio))
    start = members[0].signal.start_at
    end = max(member.signal.end_at for member in members)
    return Incident(start, end, tuple(members), tuple(markers_before(index, signals, start)))


def facets_of(index: LogIndex, member: BadSignal) -> list[str]:
    """Return what nearly all lines of a signal share and other lines of its service do not."""
    signal = member.signal
    own = pl.col("template") == signal.template
    rows = index.rows.filter(pl.col("service") == signal.service)
    failing = rows.filter(own & pl.col("time").is_between(signal.start_at, signal.end_at))
    others = rows.filter(~own)
    if failing.height < FACET_LINES:
        return []
    told = [_concentrated("host", failing["host"].cast(pl.String), others["host"].cast(pl.String))]
    names = failing["line"].str.extract(_FACET, 1).drop_nulls().str.to_lowercase().unique().sort().to_list()
    for name in names[:4]:
        pattern = _FACET.replace(_FACET[_FACET.index("(tenant") : _FACET.index("queue)") + 6], f"({name})")
        told.append(
            _concentrated(name, failing["line"].str.extract(pattern, 2), others["line"].str.extract(pattern, 2))
        )
    return [text for text in told if text]


def _concentrated(name: str, failing: pl.Series, others: pl.Series) -> str | None:
    known = failing.drop_nulls()
    if known.len() < FACET_SHARE * failing.len():
        return None
    value, count = known.value_counts(sort=True).row(0)
    elsewhere = others.drop_nulls()
    share, usual = count / failing.len(), float((elsewhere == value).mean() or 0.0)
    if share < FACET_SHARE or elsewhere.is_empty() or usual > FACET_SHARE_ELSEWHERE:
        return None
    return f"{share:.0%} of these lines are of {name} {value}, of the others {usual:.0%}"


def _durations(index: LogIndex, window: Window) -> pl.DataFrame:
    """Return time, template, service and milliseconds of the lines that tell how long something took."""
    rows = index.rows.filter(
        (pl.col("time") >= window.start_at)
        & (pl.col("time") < window.end_at)
        & pl.col("line").str.contains(_DURATION)
    )
    captured = rows.select("time", "template", "service", pl.col("line").str.extract_groups(_DURATION).alias("took"))
    number = pl.coalesce("named", "plain").cast(pl.Float64, strict=False)
    factor = pl.col("unit").replace_strict({"s": 1000.0, "us": 0.001, "µs": 0.001}, default=1.0)
    table = captured.unnest("took").select("time", "template", "service", (number * factor).alias("ms"))
    return table.drop_nulls("ms")


def _slow_spell(rows: pl.DataFrame, step: str) -> pl.DataFrame | None:
    """Return the steps of the longest slow spell, with time, median and lines; None without one."""
    steps = (
        rows.with_columns(pl.col("time").dt.truncate(step).alias("step"))
        .group_by("step", maintain_order=True)
        .agg(pl.col("ms").median().alias("median"), pl.len().alias("lines"))
        .sort("step")
        .filter(pl.col("lines") >= LINES_A_STEP)
    )
    usual = steps["median"].quantile(0.4)  # an incident may last for more than half of the time
    if steps.height < 2 * SLOW_STEPS or not usual:
        return None
    slow = pl.col("median") > SLOWER_RATIO * usual
    spells = steps.with_columns(slow.alias("slow"), slow.rle_id().alias("spell")).filter("slow")
    if spells.is_empty():
        return None
    longest = spells.group_by("spell").len().sort("len", "spell", descending=[True, False]).row(0)
    if longest[1] < SLOW_STEPS:
        return None
    return spells.filter(pl.col("spell") == longest[0]).with_columns(pl.lit(usual).alias("usual"))


def _member(index: LogIndex, template: int, service: str, rows: pl.DataFrame, slow: pl.DataFrame) -> BadSignal:
    usual = float(slow["usual"][0])
    spell = rows.filter(pl.col("time") >= slow["step"][0])
    first = spell.filter(pl.col("ms") > SLOWER_RATIO * usual)["time"].min()
    start = first if first is not None else slow["step"][0]
    width = (slow["step"][-1] - slow["step"][0]) / max(1, slow.height - 1)
    median = float(slow["median"].median() or usual)  # type: ignore[arg-type]
    signal = Signal(
        template=template,
        service=service,
        level=13,
        lines=rows.height,
        score=2.0 * int(slow["lines"].sum()) * math.log(median / usual),
        start_at=start,  # type: ignore[arg-type]
        end_at=slow["step"][-1] + max(width, timedelta(seconds=30)),
        burst_lines=int(slow["lines"].sum()),
        ratio=median / usual,
        is_new=False,
    )
    text = f"{index.templates[template].text} (usually {usual:.0f} ms, then {median:.0f} ms)"
    return BadSignal(signal, text, (SLOWER,))
