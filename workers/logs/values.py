"""Find values inside ordinary messages that took over: a host, a version, a tenant, a status.

The number of lines says nothing then: the same message comes as often as ever. For each
message the named values of the time looked at are compared with those before.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from workers.logs.index import LogIndex, Window
from workers.logs.statistics import log_likelihood_ratio

MIN_LINES = 15  # with the name, on each side: fewer have no usual value
FEWEST_READ, MOST_READ = 30, 400  # lines read of each message on each side
LINES_READ = 40_000  # of all messages together, as far as the fewest allow: the answer is to come at once
MOST_KINDS = 2_000_000  # messages times services, for which a table by number is made
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
    rows = _read_evenly(index, window, baseline)
    if rows.is_empty():
        return []
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


def _read_evenly(index: LogIndex, window: Window, baseline: Window) -> pl.DataFrame:
    """Return some rows of each message and service that is on both sides: LINES_READ in all, `inside` or not.

    They are chosen by number first: only what is chosen is taken out of the columns. Evenly over
    each side and not its beginning only, because a value may take over in the middle.
    """
    sides = [_within(index.rows, baseline), _within(index.rows, window)]
    kinds, different = _kinds(index.rows)
    counted = [np.bincount(kinds[rows], minlength=different) for rows in sides]
    on_both = (counted[0] >= MIN_LINES) & (counted[1] >= MIN_LINES)
    limit = min(MOST_READ, max(FEWEST_READ, LINES_READ // max(1, 2 * int(on_both.sum()))))
    chosen = []
    for side, lines in zip(sides, counted, strict=True):
        rows = side[on_both[kinds[side]]]
        kind = kinds[rows]
        order = np.argsort(kind.astype(np.uint16) if different <= 1 << 16 else kind, kind="stable")
        begins = np.cumsum(lines * on_both) - lines * on_both
        rank = np.empty(len(rows), np.int64)
        rank[order] = np.arange(len(rows)) - begins[kind[order]]
        step = -(-lines // limit)
        chosen.append(rows[rank % step[kind] == 0])
    table = index.rows.select("template", "service", "host", "line")[np.concatenate(chosen)]
    inside = np.repeat([False, True], [len(rows) for rows in chosen])
    return table.with_columns(
        pl.col("service").cast(pl.String), pl.col("host").cast(pl.String), pl.Series("inside", inside)
    )


def _kinds(rows: pl.DataFrame) -> tuple[npt.NDArray[np.int64], int]:
    """Return a number for the message and service of each row, and how many numbers there may be."""
    template, service = (rows[name].to_physical().to_numpy().astype(np.int64) for name in ("template", "service"))
    services = int(service.max(initial=0)) + 1
    kinds = template * services + service
    most = int(kinds.max(initial=0)) + 1
    if most <= MOST_KINDS:
        return kinds, most
    different, numbers = np.unique(kinds, return_inverse=True)
    return numbers, len(different)


def _within(rows: pl.DataFrame, window: Window) -> npt.NDArray[np.int64]:
    """Return the numbers of the rows inside the window."""
    time = rows["time"]
    return ((time >= window.start_at) & (time < window.end_at)).arg_true().to_numpy().astype(np.int64)


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
        # Most pairs come many times: each is taken apart once, and most tell nothing.
        pairs = found.select(pl.col("pair").unique())
        groups = pairs["pair"].str.extract_groups(pattern).struct.unnest()
        named = pairs.with_columns(
            groups.select(
                pl.nth(0).str.to_lowercase().alias("name"), pl.nth(1).str.strip_chars_end("./-").alias("value")
            )
        )
        told = named.filter(~pl.col("name").str.contains(_NOT_TOLD))
        parts.append(found.join(told, on="pair").select(*kept, "name", "value"))
    table = pl.concat(parts)
    return table.filter(pl.col("value").str.len_chars() > 0)
