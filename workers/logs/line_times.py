"""Find where lines of one kind have their time, and read only that.

The full reading of an example says what its time is; a rule says where it stands, by the gaps
of the line (line_bytes.py). A rule is believed line by line only as far as what it points at
can be read as a time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from workers.logs.line_bytes import LineBytes, Place, Positions, kinds_of, runs_of, texts_of
from workers.logs.timestamps import LAYOUTS, Clock, Layout, parse_texts

NO_TIME = np.iinfo(np.int64).min  # among seconds

_UNSTEADY_WIDTH = ("compact_date",)  # layouts that leave out leading zeros
_UNUSABLE = ("epoch", "ctime")  # any number could be one; the year stands apart
_FILLER = ord(" ")

Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class TimeRule:
    """Where a line has its time, and the zone that is written behind it."""

    layout: str
    start: Place
    length: int  # bytes of the time without fraction and zone; the longest where the width is unsteady
    end_gap: int | None  # the gap that ends the time without fraction, where the width is unsteady
    zone_end_gap: int  # the gap that ends all of it
    zone_length: int  # bytes before that gap


@dataclass(frozen=True)
class _Candidate:
    line: int
    layout: Layout
    text: str
    zone: str
    start: int
    time_end: int
    end: int  # with fraction and zone


def rules_for(lines: Sequence[str], times: pl.Series, clock: Clock) -> tuple[list[TimeRule | None], list[Spans]]:
    """Return for each line the rule that finds its time, and where all of its times stand, in characters.

    `times` are those that full reading gave. The last place that says this time is taken: an
    envelope's time stands before the message's own.
    """
    series = pl.Series(lines, dtype=pl.String)
    candidates: list[_Candidate] = []
    for layout in LAYOUTS:
        if layout.name not in _UNUSABLE:
            for number in series.str.contains(layout.pattern).arg_true():
                candidates += _candidates(number, lines[number], layout)
    candidates.sort(key=lambda one: (one.line, one.start))
    parsed = parse_texts(pl.Series([one.text + one.zone for one in candidates], dtype=pl.String), clock)
    wanted = times.dt.truncate("1s")
    rules: list[TimeRule | None] = [None] * len(lines)
    spans: list[Spans] = [[] for _ in lines]
    for candidate, time, right in zip(
        candidates, parsed, wanted.gather([one.line for one in candidates]), strict=True
    ):
        spans[candidate.line].append((candidate.start, candidate.end))
        if time is not None and time == right:
            rules[candidate.line] = _rule(candidate, lines[candidate.line]) or rules[candidate.line]
    return rules, spans


def seconds_by_rule(block: LineBytes, rows: Positions, rule: TimeRule, clock: Clock) -> Positions:
    """Return the time of each row in seconds since 1970, NO_TIME where the rule finds none."""
    starts = block.starts(rows, rule.start)
    columns = block.columns(starts, rule.length)
    if rule.end_gap is not None:
        widths = block.gap_positions(rows, rule.end_gap) - starts
        columns = np.where(np.arange(rule.length) < widths[:, None], columns, _FILLER)
    ends = block.gap_positions(rows, rule.zone_end_gap)
    if rule.zone_length:
        columns = np.concatenate((columns, block.columns(ends - rule.zone_length, rule.zone_length)), axis=1)
    # Few seconds, many lines: neighbours with the same text are read once.
    runs = runs_of(columns)
    texts = texts_of(columns[runs]).str.strip_chars_end(" ")
    read = parse_texts(texts, clock, [_layout(rule.layout)]).dt.epoch("s").fill_null(NO_TIME).to_numpy()
    seconds: Positions = np.repeat(read, np.diff(np.append(runs, len(rows))))
    if not rule.zone_length:  # a zone where the example had none
        seconds = np.where(kinds_of(block.columns(ends - 1, 1).tobytes()) == 2, seconds, NO_TIME)
    return seconds


def _candidates(number: int, line: str, layout: Layout) -> list[_Candidate]:
    return [
        _Candidate(
            number, layout, match["time"], match.groupdict().get("zone") or "", match.start("time"),
            match.end("time"), match.end(),
        )
        for match in _compiled(layout.pattern).finditer(line)
    ]  # fmt: skip


def _rule(candidate: _Candidate, line: str) -> TimeRule | None:
    """Return the rule that finds the candidate in all lines with these gaps; None if only values say where it is."""
    start, time_end, end = (
        len(line[:place].encode()) for place in (candidate.start, candidate.time_end, candidate.end)
    )
    text = line.encode()
    place = Place.of(text, start)
    unsteady = candidate.layout.name in _UNSTEADY_WIDTH
    before = text[start - place.after : start]
    if any(chr(byte).isdigit() for byte in before) or not _is_gap(text, end):
        return None
    if unsteady and not _is_gap(text, time_end):
        return None
    return TimeRule(
        candidate.layout.name,
        place,
        len(candidate.text) + (_MOST_LEFT_OUT if unsteady else 0),
        _gaps_before(text, time_end) + 1 if unsteady else None,
        _gaps_before(text, end) + 1,
        len(candidate.zone),
    )


_MOST_LEFT_OUT = 3  # leading zeros: of hours, minutes and seconds


def _is_gap(text: bytes, position: int) -> bool:
    return position == len(text) or kinds_of(text[position : position + 1])[0] == 0


def _gaps_before(text: bytes, position: int) -> int:
    return int((kinds_of(text[:position]) == 0).sum())


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _layout(name: str) -> Layout:
    return next(layout for layout in LAYOUTS if layout.name == name)
