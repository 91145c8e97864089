"""Say what changed, when and by how much: rates, log-likelihood ratios, onsets.

Everything here is counting. Levels play no part in the scores: half of the lines that tell
the cause of an incident are INFO or WARN. What a line means is for detectors.py.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from workers.logs.index import LogIndex, Window
from workers.logs.levels import INFO

MAX_BINS = 240  # the scan looks at every interval of bins: 28,680 of them
BIN_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
MAX_SIGNALS = 600  # scanned in full; the others are the steadiest
LONGEST_SHARE = 0.9  # of the time: a "burst" of nearly all of it is a quiet beginning, not a burst
SMOOTHED_BINS = 9
TRAFFIC_TRUSTED = (0.4, 4.0)  # a bin's traffic to the mean; outside, it is the incident and not the traffic
WORTH_A_LOOK = 8.0  # a burst below this score is chance; its exact time interests nobody
LEAD_UP = timedelta(minutes=10)
MAX_LEADING_LINES = 500
NEW_SHARE = 0.02  # of a signal's lines may lie outside its burst for it to count as new

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Signal:
    """One template in one service, over time."""

    template: int  # position in the index's templates
    service: str
    level: int  # of most of its lines
    lines: int
    score: float  # log-likelihood ratio of its burst against the rest; 0 where there is none
    start_at: datetime  # of the burst, exact where the lines are kept
    end_at: datetime
    burst_lines: int
    ratio: float  # rate inside the burst to rate outside, by traffic or by the clock, the lesser; infinite for new
    is_new: bool  # hardly seen outside the burst


@dataclass(frozen=True)
class Change:
    """One template compared between a window and the time before."""

    template: int
    service: str
    level: int
    lines: int
    lines_before: int
    ratio: float  # of rates, traffic allowed for; infinite for new
    score: float  # signed log-likelihood ratio, negative where it became rarer
    kind: str  # new, gone, spiking, dropped


@dataclass(frozen=True)
class Timeline:
    """Counts in equal steps of time: one row a signal, one column a bin."""

    start_at: datetime
    bin_seconds: int
    keys: tuple[tuple[int, str, int], ...]  # template, service, level
    counts: Floats

    @property
    def bins(self) -> int:
        """How many steps of time."""
        return int(self.counts.shape[1])

    def time_of(self, position: int) -> datetime:
        """Return when a bin begins."""
        return self.start_at + timedelta(seconds=self.bin_seconds * position)


def timeline_of(index: LogIndex, window: Window) -> Timeline:
    """Return the counts of every (template, service) inside the window, in at most MAX_BINS steps."""
    width = bin_seconds_for(window)
    start = _floor(window.start_at, width)
    bins = max(1, math.ceil((window.end_at - start).total_seconds() / width))
    if width < 60 and index.kept_all:
        table = index.rows.select(
            "template", "service", "level", pl.col("time").alias("at"), pl.lit(1).alias("lines")
        )
    else:
        width = max(width, index.count_seconds)
        start = _floor(window.start_at, width)
        bins = max(1, math.ceil((window.end_at - start).total_seconds() / width))
        table = index.counts.select("template", "service", "level", pl.col("minute").alias("at"), "lines")
    table = table.filter((pl.col("at") >= start) & (pl.col("at") < window.end_at)).with_columns(
        ((pl.col("at") - start).dt.total_seconds() // width).cast(pl.Int64).alias("bin")
    )
    keyed = _levels(table)
    table = table.group_by("template", "service", "bin").agg(pl.col("lines").sum())
    keyed = keyed.sort("total", "template", "service", descending=[True, False, False]).with_row_index("row")
    table = table.join(keyed.select("row", "template", "service"), on=["template", "service"])
    counts = np.zeros((keyed.height, bins))
    np.add.at(counts, (table["row"].to_numpy(), table["bin"].to_numpy()), table["lines"].to_numpy())
    keys = tuple(zip(keyed["template"], keyed["service"], keyed["level"], strict=True))
    return Timeline(start, width, keys, counts)


def bin_seconds_for(window: Window) -> int:
    """Return the smallest usual step that gives at most MAX_BINS of them."""
    wanted = window.seconds / MAX_BINS
    return next((step for step in BIN_SECONDS if step >= wanted), BIN_SECONDS[-1])


def signals_of(index: LogIndex, timeline: Timeline, window: Window) -> list[Signal]:
    """Return every (template, service) with its most unusual burst, the most unusual first."""
    exposure = _traffic(timeline)
    chosen = _most_uneven(timeline, exposure)
    scores, starts, ends = _scan(timeline.counts[chosen], exposure)
    signals = []
    for place, row in enumerate(chosen):
        template, service, level = timeline.keys[row]
        counts = timeline.counts[row]
        inside = float(counts[starts[place] : ends[place]].sum())
        total = float(counts.sum())
        share = float(exposure[starts[place] : ends[place]].sum() / exposure.sum())
        # What comes at its own pace looks like a burst where traffic is low, and all grows where traffic does.
        larger = max(share, float(ends[place] - starts[place]) / timeline.bins)
        begins = timeline.time_of(int(starts[place]))
        is_new = total - inside <= NEW_SHARE * total
        if scores[place] >= WORTH_A_LOOK:
            begins = _exact(index.rows, (template, service), begins, timeline.bin_seconds, is_new=is_new)
        signals.append(
            Signal(
                template, service, level, int(total), float(scores[place]),
                start_at=begins,
                end_at=min(timeline.time_of(int(ends[place])), window.end_at),
                burst_lines=int(inside),
                ratio=_ratio(inside, total - inside, larger),
                is_new=is_new,
            )
        )  # fmt: skip
    return sorted(signals, key=lambda signal: (-signal.score, signal.template, signal.service))


def changes_between(index: LogIndex, window: Window, baseline: Window) -> list[Change]:
    """Return the templates whose rate differs most between two windows, by |G2|."""
    counts = index.counts
    inside = _lines_in(counts, window, "lines_in", index.count_seconds)
    before = _lines_in(counts, baseline, "lines_before", index.count_seconds)
    table = inside.join(before, on=["template", "service"], how="full", coalesce=True).with_columns(
        pl.col("lines_in").fill_null(0),
        pl.col("lines_before").fill_null(0),
        pl.coalesce("level", "level_right"),
    )
    if table.is_empty():
        return []
    exposure = (window.seconds, baseline.seconds * _traffic_ratio(table, window, baseline))
    changes = [
        _change(template, service, level or INFO, lines, lines_before, exposure)
        for template, service, level, lines, lines_before in table.select(
            "template", "service", "level", "lines_in", "lines_before"
        ).iter_rows()
    ]
    return sorted(changes, key=lambda change: (-abs(change.score), change.template, change.service))


def log_likelihood_ratio(inside: float, outside: float, exposure_inside: float, exposure_outside: float) -> float:
    """Return the signed G2 of two Poisson counts: positive where the first rate is higher."""
    total, exposure = inside + outside, exposure_inside + exposure_outside
    if total <= 0 or exposure_inside <= 0 or exposure_outside <= 0:
        return 0.0
    score = 0.0
    for count, share in ((inside, exposure_inside / exposure), (outside, exposure_outside / exposure)):
        if count > 0:
            score += count * math.log(count / (total * share))
    higher = inside / exposure_inside >= outside / exposure_outside
    return 2 * score if higher else -2 * score


def _scan(counts: Floats, exposure: Floats) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return, for each row, the interval of bins whose count is least likely by chance."""
    rows, bins = counts.shape
    upto = np.concatenate([np.zeros((rows, 1)), counts.cumsum(axis=1)], axis=1)
    passed = np.concatenate([[0.0], exposure.cumsum()]) / exposure.sum()
    total = upto[:, -1:]
    best = np.zeros(rows)
    starts, ends = np.zeros(rows, np.int64), np.full(rows, bins, np.int64)
    for start in range(bins):
        inside = upto[:, start + 1 :] - upto[:, start : start + 1]
        share = passed[start + 1 :] - passed[start]
        usable = (share <= LONGEST_SHARE)[None, :] & (inside > total * share)
        outside = total - inside
        with np.errstate(divide="ignore", invalid="ignore"):
            score = inside * np.log(inside / (total * share)) + np.where(
                outside > 0, outside * np.log(outside / (total * (1 - share))), 0.0
            )
        score = np.where(usable, 2 * score, 0.0)
        place = score.argmax(axis=1)
        value = score[np.arange(rows), place]
        better = value > best + 1e-9
        best[better], starts[better], ends[better] = value[better], start, start + 1 + place[better]
    return best, starts, ends


def _ratio(inside: float, outside: float, share: float) -> float:
    """Return the rate of what is inside a share of the whole to the rate of what is outside it."""
    return inside * (1 - share) / (share * outside) if outside > 0 and share > 0 else math.inf


def _most_uneven(timeline: Timeline, exposure: Floats) -> list[int]:
    counts = timeline.counts
    expected = counts.sum(axis=1, keepdims=True) * (exposure / exposure.sum())[None, :]
    unevenness = ((counts - expected) ** 2 / np.maximum(expected, 0.05)).max(axis=1)
    return [int(row) for row in np.argsort(-unevenness, kind="stable")[:MAX_SIGNALS]]


def _traffic(timeline: Timeline) -> Floats:
    """Return how much went on in each bin, from the ordinary lines, softened.

    Errors grow with traffic, so a rate is compared with it; an outage takes the traffic away,
    so it is trusted only so far.
    """
    ordinary = [row for row, (_, _, level) in enumerate(timeline.keys) if level <= INFO]
    if not ordinary:
        return np.ones(timeline.bins)
    counts = timeline.counts[ordinary]
    # The root keeps one chatty template from speaking for all.
    busy = (counts / np.sqrt(counts.sum(axis=1, keepdims=True))).sum(axis=0)
    width = min(SMOOTHED_BINS, timeline.bins)
    padded = np.pad(busy, (width // 2, width - 1 - width // 2), mode="edge")
    smooth = np.convolve(padded, np.ones(width) / width, mode="valid")
    mean = smooth.mean()
    return np.clip(smooth / mean, *TRAFFIC_TRUSTED) if mean > 0 else np.ones(timeline.bins)


def _levels(table: pl.DataFrame) -> pl.DataFrame:
    """Return all lines of each template and service, and the gravest level of a quarter of them."""
    by_level = table.group_by("template", "service", pl.col("level").fill_null(INFO)).agg(pl.col("lines").sum())
    total = pl.col("lines").sum().over("template", "service").alias("total")
    grave = by_level.with_columns(total).filter(pl.col("lines") * 4 >= pl.col("total"))
    return grave.group_by("template", "service").agg(pl.col("level").max(), pl.col("total").first())


def _lines_in(counts: pl.DataFrame, window: Window, name: str, count_seconds: int) -> pl.DataFrame:
    start = _floor(window.start_at, count_seconds)
    chosen = counts.filter((pl.col("minute") >= start) & (pl.col("minute") < window.end_at))
    return chosen.group_by("template", "service").agg(
        pl.col("lines").sum().cast(pl.Int64).alias(name), pl.col("level").max()
    )


def _traffic_ratio(table: pl.DataFrame, window: Window, baseline: Window) -> float:
    steady = table.filter((pl.col("level") <= INFO) & (pl.col("lines_before") >= 20))
    if steady.is_empty() or baseline.seconds <= 0 or window.seconds <= 0:
        return 1.0
    ratio = (steady["lines_before"] / baseline.seconds) / (steady["lines_in"].clip(1) / window.seconds)
    median = ratio.median()
    return min(4.0, max(0.25, float(median))) if isinstance(median, float) else 1.0


def _change(
    template: int, service: str, level: int, lines: int, lines_before: int, exposure: tuple[float, float]
) -> Change:
    score = log_likelihood_ratio(lines, lines_before, *exposure)
    rate, rate_before = lines / max(exposure[0], 1e-9), lines_before / max(exposure[1], 1e-9)
    if lines_before == 0:
        kind = "new"
    elif lines == 0:
        kind = "gone"
    else:
        kind = "spiking" if score > 0 else "dropped"
    ratio = rate / rate_before if rate_before else math.inf
    return Change(template, service, level, lines, lines_before, ratio, score, kind)


def _exact(rows: pl.DataFrame, key: tuple[int, str], begins: datetime, width: int, *, is_new: bool) -> datetime:
    """Return when the burst begins; of a new message, the time of the first line that leads up to it.

    The best interval leaves out a slow beginning. A message that hardly exists otherwise has
    begun with its first line, if no long silence lies between that and the burst.
    """
    near = timedelta(seconds=2 * max(width, 60))
    back = LEAD_UP if is_new else timedelta(0)
    times = rows.filter(
        pl.col("time").is_between(begins - back, begins + near)
        & (pl.col("template") == key[0])
        & (pl.col("service") == key[1])
    )["time"]
    first = times.filter(times >= begins).min()
    first = first if isinstance(first, datetime) else begins
    for earlier in reversed(times.filter(times < begins).to_list()[-MAX_LEADING_LINES:]):
        if first - earlier > near:
            break
        first = earlier
    return first


def _floor(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, moment.tzinfo)
