"""Find where lines of one kind have their time, and read only that.

The full reading of an example says what its time is; a rule says where it stands. A rule is
believed line by line only as far as what it points at can be read as a time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from workers.logs.timestamps import LAYOUTS, Clock, Layout, parse_texts

_UNSTEADY_WIDTH = ("compact_date",)  # layouts that leave out leading zeros
_UNUSABLE = ("epoch", "ctime")  # any number could be one; the year stands apart

_HAS_VALUE = re.compile(r"[0-9]|[A-Za-z_@/+-]$")

Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class TimeRule:
    """Where a line has its time: at a fixed place, or wherever its layout is first met."""

    layout: str
    start: int | None  # characters from the line's beginning; None: found by the layout's pattern
    length: int
    zone: str  # where it is written in letters: the same in all lines of a signature


@dataclass(frozen=True)
class _Candidate:
    line: int
    layout: Layout
    text: str
    zone: str
    start: int
    end: int  # with fraction and zone
    is_first: bool  # of its layout in the line


def rules_for(lines: Sequence[str], times: pl.Series, clock: Clock) -> tuple[list[TimeRule | None], list[Spans]]:
    """Return for each line the rule that finds its time, and where all of its times stand, in characters.

    `times` are those that full reading gave. The last place that says this time is taken: an
    envelope's time stands before the message's own.
    """
    series = pl.Series(lines, dtype=pl.String)
    layouts = [one for one in LAYOUTS if one.name not in _UNUSABLE and series.str.contains(one.pattern).any()]
    candidates = [one for number, line in enumerate(lines) for one in _candidates(number, line, layouts)]
    parsed = parse_texts(pl.Series([one.text + one.zone for one in candidates], dtype=pl.String), clock)
    wanted = times.dt.truncate("1s")
    rules: list[TimeRule | None] = [None] * len(lines)
    spans: list[Spans] = [[] for _ in lines]
    for candidate, time in zip(candidates, parsed, strict=True):
        spans[candidate.line].append((candidate.start, candidate.end))
        if time is not None and time == wanted[candidate.line]:
            rules[candidate.line] = (
                _rule(candidate, lines[candidate.line], spans[candidate.line]) or rules[candidate.line]
            )
    return rules, spans


def times_by_rule(lines: pl.Series, rule: TimeRule, clock: Clock) -> pl.Series:
    """Return the time of each line to the second, null where the rule finds none."""
    if rule.start is not None:
        texts = lines.str.slice(rule.start, rule.length)
    else:
        groups = lines.str.extract_groups(_layout(rule.layout).pattern).struct.unnest()
        zone = pl.col("zone") if "zone" in groups.columns and not rule.zone else pl.lit("")
        texts = groups.select(pl.concat_str("time", zone.fill_null(""))).to_series()
    if rule.zone:
        texts = texts + rule.zone
    # Few seconds, many lines: each text is read once.
    different = texts.unique().drop_nulls()
    read = pl.DataFrame({"text": different, "time": parse_texts(different, clock, [_layout(rule.layout)])})
    return pl.DataFrame({"text": texts}).join(read, on="text", how="left", maintain_order="left")["time"]


def _candidates(number: int, line: str, layouts: Sequence[Layout]) -> list[_Candidate]:
    found = []
    for layout in layouts:
        for order, match in enumerate(_compiled(layout.pattern).finditer(line)):
            zone = match.groupdict().get("zone") or ""
            found.append(
                _Candidate(number, layout, match["time"], zone, match.start(), match.end(), is_first=order == 0)
            )
    return sorted(found, key=lambda one: one.start)


def _rule(candidate: _Candidate, line: str, times_before: Spans) -> TimeRule | None:
    lettered = candidate.zone if not any(map(str.isdigit, candidate.zone)) else ""
    name, length = candidate.layout.name, len(candidate.text)
    if lettered == candidate.zone and name not in _UNSTEADY_WIDTH and line.isascii():
        before = list(line[: candidate.start])
        for start, end in times_before:
            before[start:end] = " " * len(before[start:end])
        # A digit right before the time, or a word it would touch, makes the place a matter of values.
        if not _HAS_VALUE.search("".join(before)):
            return TimeRule(name, candidate.start, length, lettered)
    return TimeRule(name, None, length, lettered) if candidate.is_first else None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _layout(name: str) -> Layout:
    return next(layout for layout in LAYOUTS if layout.name == name)
