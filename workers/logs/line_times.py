"""Find where lines of one kind have their time, and read only that.

The full reading of an example says what its time is; a rule says where it stands, by the gaps
of the line (line_bytes.py). A rule is believed line by line only as far as what it points at
can be read as a time.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import polars as pl

from workers.logs.line_bytes import Bytes, LineBytes, Place, Positions, gaps_in, has_digit, is_gap, runs_of, texts_of
from workers.logs.timestamps import FUTURE_ALLOWED, LAYOUT, LAYOUTS, Clock, Layout, parse_texts

NO_TIME = int(np.iinfo(np.int64).min)  # among seconds
NO_FRACTION = -1  # among microseconds
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
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"0" * 9)
_LONGEST_SIGNED = len("+00:00")
_FRACTION_DIGITS, _MICROSECOND_DIGITS = 9, 6  # written at most; of which so many are kept
_MICROSECONDS = 10 ** np.arange(_MICROSECOND_DIGITS - 1, -1, -1)


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


class TimeText(NamedTuple):
    """A part of a line that is written as times are."""

    line: int
    start: int
    time_end: int
    end: int  # with fraction and zone
    text: str
    zone: str
    layout: str


def time_texts(lines: Sequence[str]) -> list[TimeText]:
    """Return all that looks like a time in the lines, in order."""
    series = pl.Series(lines, dtype=pl.String)
    found: list[TimeText] = []
    for layout in LAYOUTS:
        if layout.name not in _UNUSABLE:
            for number in series.str.contains(layout.pattern).arg_true():
                found += _time_texts(number, lines[number], layout)
    return sorted(found)


def rules_for(
    lines: Sequence[str], texts: Sequence[TimeText], times: pl.Series, clock: Clock
) -> list[TimeRule | None]:
    """Return for each line the rule that finds its time.

    `times` are those that full reading gave. The last place that says this time is taken: an
    envelope's time stands before the message's own.
    """
    rules: list[TimeRule | None] = [None] * len(lines)
    for text, is_right in zip(texts, _say(texts, times.dt.truncate("1s"), clock), strict=True):
        if is_right:
            rules[text.line] = _rule(text, lines[text.line]) or rules[text.line]
    return rules


def _say(texts: Sequence[TimeText], times: pl.Series, clock: Clock) -> list[bool]:
    """Return which texts, read by their layout, are the time of their line."""
    right = [False] * len(texts)
    of_layout: defaultdict[str, list[int]] = defaultdict(list)
    for number, text in enumerate(texts):
        of_layout[text.layout].append(number)
    for name, numbers in of_layout.items():
        written = [texts[number].text + texts[number].zone for number in numbers]
        parsed = parse_texts(pl.Series(written, dtype=pl.String), clock, [LAYOUT[name]])
        same = (parsed == times.gather([texts[number].line for number in numbers])).fill_null(False)
        for number in same.arg_true():
            right[numbers[number]] = True
    return right


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


def fractions_by_rule(block: LineBytes, rows: Positions, rule: TimeRule) -> Positions:
    """Return the fraction of each row's second in microseconds; NO_FRACTION where it can't be read."""
    if rule.end_gap is not None:
        ends = block.gap_positions(rows, rule.end_gap)
    else:
        ends = block.starts(rows, rule.start) + rule.length
    widths = block.gap_positions(rows, rule.zone_end_gap) - rule.zone_length - ends - 1  # -1: no fraction at all
    digits = block.columns(ends + 1, _FRACTION_DIGITS) - ord("0")  # other bytes become numbers above nine
    written = np.arange(_FRACTION_DIGITS) < widths[:, None]
    read = (widths != 0) & (widths >= -1) & (widths <= _FRACTION_DIGITS) & ((digits <= 9) | ~written).all(axis=1)
    values = np.where(written, digits, 0)[:, :_MICROSECOND_DIGITS].astype(np.int64) @ _MICROSECONDS
    return np.where(read, values, NO_FRACTION)


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


def _time_texts(number: int, line: str, layout: Layout) -> list[TimeText]:
    has_zone = "zone" in _compiled(layout.pattern).groupindex
    return [
        TimeText(
            number, *match.span("time"), match.end(), match["time"], (has_zone and match["zone"]) or "", layout.name
        )
        for match in _compiled(layout.pattern).finditer(line)
    ]  # fmt: skip


def _rule(found: TimeText, line: str) -> TimeRule | None:
    """Return the rule that finds the text in all lines with these gaps; None if only values say where it is."""
    start, time_end, end = found.start, found.time_end, found.end
    if not line.isascii():
        start, time_end, end = (len(line[:place].encode()) for place in (start, time_end, end))
    # In most formats all lines begin alike but for digits, so that nearly all ask for a rule that was made before.
    opening = line.encode()[: end + 1].translate(_DIGITS_ALIKE)
    return _rule_after(opening, start, time_end, end, found.zone[:1], len(found.zone), found.layout)


@lru_cache(maxsize=10_000)
def _rule_after(
    opening: bytes, start: int, time_end: int, end: int, zone_begins: str, zone_length: int, layout: str
) -> TimeRule | None:
    place = Place.of(opening, start)
    unsteady = layout in _UNSTEADY_WIDTH
    if has_digit(opening, start - place.after, start) or not is_gap(opening, end):
        return None
    if unsteady and not is_gap(opening, time_end):
        return None
    return TimeRule(
        layout,
        place,
        time_end - start + (_MOST_LEFT_OUT if unsteady else 0),
        place.gap + gaps_in(opening[start:time_end]) + 1 if unsteady else None,
        place.gap + gaps_in(opening[start:end]) + 1,
        zone_length,
        _SIGNS if zone_begins in ("+", "-") else zone_begins.encode(),
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
