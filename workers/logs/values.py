"""Find values inside ordinary messages that took over: a host, a version, a tenant, a status.

The number of lines says nothing then: the same message comes as often as ever. For each
message the named values of the time looked at are compared with those before.
"""

from dataclasses import dataclass

import polars as pl

from workers.logs.index import LogIndex, Window
from workers.logs.statistics import log_likelihood_ratio

MIN_LINES = 15  # with the name, on each side: fewer have no usual value
FEWEST_READ, MOST_READ = 30, 400  # lines read of each message on each side
LINES_READ = 40_000  # of all messages together, as far as the fewest allow: the answer is to come at once
MAX_VALUES = 40  # a name with more different values holds ids
DOMINANT_SHARE, GAINED_SHARE = 0.5, 0.3  # of the lines now, and more of them than before
MIN_SCORE = 20.0  # log-likelihood ratio
MAX_SHIFTS = 5

_PAIR = (
    r"""["']?\b([A-Za-z][A-Za-z_.-]{1,30})["']?[=:] ?["']?"""
    r"""([A-Za-z0-9][A-Za-z0-9_./-]{0,60})"""
)
_WORDED = (
    r"(?i)\b(tenant|customer|client|region|zone|shard|node|host|instance|partition|version|route|cluster|queue"
    r"|status|replica|upstream|backend) ([A-Za-z0-9][A-Za-z0-9_./-]{0,60})"
)
# Names of the line itself and of single requests, and not of what it tells about.
_NOT_TOLD = (
    r"(?i)^(?:@?timestamp|ts|time|date|msg|message|level|severity|lvl|service|app|logger|trace|rid|pid|tid|thread"
    r"|.*(?:trace|span|request|req|session|correlation)[_.-]?id|line|count|total|bytes|size|https?|info|warn"
    r"|warning|error|debug|(?:duration|elapsed|latency|took).*)$"
)


@dataclass(frozen=True)
class ValueShift:
    """One named value that most lines of a message have now and few had before."""

    template: int
    service: str
    name: str
    value: str
    share: float  # of the message's lines that say the name, in the window
    share_before: float
    value_before: str  # the commonest before
    score: float  # log-likelihood ratio

    @property
    def said(self) -> str:
        """The shift in words."""
        was = f"{self.share_before:.0%} before" if self.share_before else f"never before, usually {self.value_before}"
        return f"{self.name} is {self.value} in {self.share:.0%} of these lines, {was}"


def shifts_between(index: LogIndex, window: Window, baseline: Window) -> list[ValueShift]:
    """Return the values that took over between the baseline and the window, the surest first."""
    time = pl.col("time")
    inside = time.is_between(window.start_at, window.end_at, closed="left")
    before = time.is_between(baseline.start_at, baseline.end_at, closed="left")
    rows = index.rows.filter(inside | before).select(
        "template", pl.col("service").cast(pl.String), pl.col("host").cast(pl.String), "line", inside.alias("inside")
    )
    sides = ["template", "service", "inside"]
    both = rows.group_by("template", "service").agg(
        (pl.col("inside").sum() >= MIN_LINES) & ((~pl.col("inside")).sum() >= MIN_LINES)
    )
    rows = rows.join(both.filter("inside").select("template", "service"), on=["template", "service"], how="semi")
    if rows.is_empty():
        return []
    sizes = rows.group_by(sides).agg(pl.len().alias("size"))
    limit = min(MOST_READ, max(FEWEST_READ, LINES_READ // sizes.height))
    # Evenly over each side and not its beginning only: a value may take over in the middle.
    step = (pl.col("size") / limit).ceil().cast(pl.UInt32)
    rows = rows.join(sizes, on=sides, maintain_order="left").filter(pl.int_range(pl.len()).over(sides) % step == 0)
    values = _values(rows)
    counts = values.group_by("template", "service", "name", "value").agg(
        pl.col("inside").sum().alias("now"), (~pl.col("inside")).sum().alias("then")
    )
    of = ["template", "service", "name"]
    counts = counts.with_columns(
        pl.col("now").sum().over(of).alias("all_now"),
        pl.col("then").sum().over(of).alias("all_then"),
        pl.len().over(of).alias("values"),
        pl.col("value").sort_by("then", "value", descending=[True, False]).first().over(of).alias("usual"),
    )
    share, share_before = pl.col("now") / pl.col("all_now"), pl.col("then") / pl.col("all_then")
    gained = counts.filter(
        (pl.col("all_now") >= MIN_LINES)
        & (pl.col("all_then") >= MIN_LINES)
        & (pl.col("values") <= MAX_VALUES)
        & (share >= DOMINANT_SHARE)
        & (share - share_before >= GAINED_SHARE)
    )
    shifts = [
        ValueShift(
            row["template"],
            row["service"],
            row["name"],
            row["value"],
            share=row["now"] / row["all_now"],
            share_before=row["then"] / row["all_then"],
            value_before=row["usual"],
            score=log_likelihood_ratio(row["now"], row["then"], row["all_now"], row["all_then"]),
        )
        for row in gained.iter_rows(named=True)
    ]
    sure = [shift for shift in shifts if shift.score >= MIN_SCORE]
    return sorted(sure, key=lambda one: (-one.score, one.template, one.service, one.name))[:MAX_SHIFTS]


def _values(rows: pl.DataFrame) -> pl.DataFrame:
    """Return template, service, inside, name and value of each named value in the rows, hosts included."""
    kept = ("template", "service", "inside")
    parts = [
        rows.filter(pl.col("host").is_not_null()).select(
            *kept, pl.lit("host").alias("name"), pl.col("host").alias("value")
        )
    ]
    for pattern in (_PAIR, _WORDED):
        found = (
            rows.select(*kept, pl.col("line").str.extract_all(pattern).alias("pair"))
            .explode("pair", empty_as_null=True)
            .drop_nulls("pair")
        )
        groups = found["pair"].str.extract_groups(pattern).struct.unnest()
        names = groups.select(
            pl.nth(0).str.to_lowercase().alias("name"), pl.nth(1).str.strip_chars_end("./-").alias("value")
        )
        parts.append(found.select(*kept).hstack(names))
    table = pl.concat(parts).filter(~pl.col("name").str.contains(_NOT_TOLD))
    return table.filter(pl.col("value").str.len_chars() > 0)
