"""Find where lines of one kind have their time, and read only that.

The full reading of an example says what its time is; a rule says where it stands, by the gaps
of the line (line_bytes.py). A rule is believed line by line only as far as what it points at
can be read as a time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import polars as pl

from workers.logs.line_bytes import Bytes, LineBytes, Place, Positions, is_gap, runs_of, texts_of
from workers.logs.timestamps import FUTURE_ALLOWED, LAYOUT, LAYOUTS, Clock, Layout, parse_texts

NO_TIME = int(np.iinfo(np.int64).min)  # among seconds
FEW_TEXTS = 8  # read one by one, for most of them have been read before

_UNSTEADY_WIDTH = ("compact_date",)  # layouts that leave out leading zeros
_UNUSABLE = ("epoch", "ctime")  # any number could be one; the year stands apart
_MIDNIGHT = b"00:00:00"
_CLOCK_DIGITS = np.array([0, 1, 3, 4, 6, 7])
_CLOCK_LIMITS = np.array([2, 9, 5, 9, 5, 9], np.uint8)
_CLOCK_SECONDS = np.array([36_000, 3_600, 600, 60, 10, 1])
_DAY_SECONDS = 86_400
_MOST_LEFT_OUT = 3  # leading zeros: of hours, minutes and seconds
_FILLER = ord(" ")
_SIGNS = b"+-"
_LONGEST_SIGNED = len("+00:00")
_HAS_DIGIT = re.compile(rb"[0-9]")

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
    zone_begins: bytes  # what it may begin with: a sign, or the letter or space of the example


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
    ends = block.gap_positions(rows, rule.zone_end_gap)
    zones = block.columns(ends - (rule.zone_length or _LONGEST_SIGNED), rule.zone_length or _LONGEST_SIGNED)
    columns = block.columns(starts, rule.length)
    # Where a zone changes its offset, midnight and the time of day are no sum.
    if (
        LAYOUT[rule.layout].parse.endswith("%H:%M:%S")
        and rule.end_gap is None
        and (rule.zone_length or not clock.zone)
    ):
        seconds = _seconds_of_day(columns[:, -len(_MIDNIGHT) :])
        columns[:, -len(_MIDNIGHT) :] = np.frombuffer(_MIDNIGHT, np.uint8)
    else:
        seconds = np.zeros(len(rows), np.int64)
    if rule.end_gap is not None:
        widths = block.gap_positions(rows, rule.end_gap) - starts
        columns = np.where(np.arange(rule.length) < widths[:, None], columns, _FILLER)
    if rule.zone_length:
        columns = np.concatenate((columns, zones), axis=1)
    # Neighbours with the same text are read once.
    runs = runs_of(columns)
    read = _read(texts_of(columns[runs]).str.strip_chars_end(" "), rule.layout, clock)
    started: Positions = np.repeat(read, np.diff(np.append(runs, len(rows))))
    found = (seconds != NO_TIME) & (started != NO_TIME)
    # Zones are values: a line of the same signature may have another, or one where the example had none.
    if rule.zone_length:
        found &= np.isin(zones[:, 0], list(rule.zone_begins))
    else:
        found &= (zones[:, -1] >= ord("0")) & (zones[:, -1] <= ord("9")) & ~np.isin(zones, list(_SIGNS)).any(axis=1)
    times: Positions = np.where(found, started + seconds, NO_TIME)
    if not LAYOUT[rule.layout].has_year:  # full reading tells whether it is of this year or the last
        times[times > (clock.now + FUTURE_ALLOWED).timestamp()] = NO_TIME
    return times


def _seconds_of_day(clock: Bytes) -> Positions:
    """Return the seconds since midnight of HH:MM:SS, NO_TIME where it is something else."""
    digits = clock[:, _CLOCK_DIGITS] - ord("0")  # other bytes become numbers above nine
    fits = (digits <= _CLOCK_LIMITS).all(axis=1) & (clock[:, [2, 5]] == ord(":")).all(axis=1)
    seconds = digits.astype(np.int64) @ _CLOCK_SECONDS
    return np.where(fits & (seconds < _DAY_SECONDS), seconds, NO_TIME)


def _read(texts: pl.Series, layout: str, clock: Clock) -> Positions:
    if texts.len() <= FEW_TEXTS:
        return np.array([_read_before(text, layout, clock) for text in texts], np.int64)
    return parse_texts(texts, clock, [LAYOUT[layout]]).dt.epoch("s").fill_null(NO_TIME).to_numpy()


@lru_cache(maxsize=1000)
def _read_before(text: str, layout: str, clock: Clock) -> int:
    """Read one time; the same days come in block after block."""
    read = parse_texts(pl.Series([text]), clock, [LAYOUT[layout]])[0]
    return NO_TIME if read is None else round(read.timestamp())


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
    start, time_end, end = candidate.start, candidate.time_end, candidate.end
    if not line.isascii():
        start, time_end, end = (len(line[:place].encode()) for place in (start, time_end, end))
    text = line.encode()
    place = Place.of(text, start)
    unsteady = candidate.layout.name in _UNSTEADY_WIDTH
    if _HAS_DIGIT.search(text, start - place.after, start) or not is_gap(text, end):
        return None
    if unsteady and not is_gap(text, time_end):
        return None
    return TimeRule(
        candidate.layout.name,
        place,
        len(candidate.text) + (_MOST_LEFT_OUT if unsteady else 0),
        Place.of(text, time_end).gap + 1 if unsteady else None,
        Place.of(text, end).gap + 1,
        len(candidate.zone),
        _SIGNS if candidate.zone[:1] in ("+", "-") else candidate.zone[:1].encode(),
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
