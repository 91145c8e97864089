"""Find where lines of one kind have their time, and read only that.

The full reading of an example says what its time is; a rule says where it stands, by the gaps
of the line (line_bytes.py). A rule is believed line by line only as far as what it points at
can be read as a time.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import polars as pl

from workers.logs.line_bytes import (
    WORD_BYTES,
    LineBytes,
    Marks,
    Place,
    Positions,
    Words,
    gaps_in,
    has_digit,
    is_gap,
    runs_of,
)
from workers.logs.timestamps import FUTURE_ALLOWED, LAYOUT, LAYOUTS, Clock, Layout, parse_texts

NO_TIME = int(np.iinfo(np.int64).min)  # among seconds
NO_FRACTION = -1  # among microseconds
FEW_TEXTS = 8  # read one by one, for most of them have been read before

_UNSTEADY_WIDTH = ("compact_date",)  # layouts that leave out leading zeros
_UNUSABLE = ("epoch", "ctime")  # any number could be one; the year stands apart
_MIDNIGHT = b"00:00:00"
_DAY_HOURS = 24
# Words of eight bytes, the first in the lowest bits: HH:MM:SS, and what makes each byte that is too large negative.
_ZERO_CLOCK = np.frombuffer(_MIDNIGHT, "<u8")[0]
_ABOVE_CLOCK = np.frombuffer(bytes(0x7F - most for most in (2, 9, 0, 5, 9, 0, 5, 9)), "<u8")[0]
_EACH_BYTE, _HIGH_BITS = 0x0101010101010101, np.uint64(0x8080808080808080)
_BEFORE_A_ZONE = np.uint64(0xFFFF)  # the two bytes of a word that even the longest zone does not reach
_MOST_LEFT_OUT = 3  # leading zeros: of hours, minutes and seconds
_FILLER = ord(" ")
_SIGNS = b"+-"
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"0" * 9)
_FRACTION_DIGITS, _MICROSECOND_DIGITS = 9, 6  # written at most; of which so many are kept
_MICROSECONDS = 10 ** np.arange(_MICROSECOND_DIGITS - 1, -1, -1)


class TimeRule(NamedTuple):
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
    starts, ends = block.starts(rows, rule.start), block.gap_positions(rows, rule.zone_end_gap)
    if has_clock_behind_day(rule, clock):
        times = _days_and_seconds(block, starts, ends, rule, clock)
    else:
        times = _times_as_texts(block, starts, ends, rule, rows, clock)
    times[~_has_its_zone(block.words_at(ends - WORD_BYTES), rule)] = NO_TIME
    if not LAYOUT[rule.layout].has_year:  # full reading tells whether it is of this year or the last
        times[times > latest_without_year(clock)] = NO_TIME
    return times


def has_clock_behind_day(rule: TimeRule, clock: Clock) -> bool:
    """Return whether a time is its day's midnight and HH:MM:SS; not where a zone changes its offset in between."""
    steady = rule.end_gap is None and (rule.zone_length > 0 or not clock.zone)
    return steady and LAYOUT[rule.layout].parse.endswith("%H:%M:%S")


def latest_without_year(clock: Clock) -> float:
    """Return the latest time that is believed of a line that leaves its year out, in seconds since 1970."""
    return (clock.now + FUTURE_ALLOWED).timestamp()


def midnight_of(text: bytes, start: int, end: int, rule: TimeRule, clock: Clock) -> int:
    """Return the midnight before a time that stands there with its zone, in seconds; NO_TIME where it is no time."""
    day = text[start : start + rule.length - WORD_BYTES]
    return _read_before(day + _MIDNIGHT + text[end - rule.zone_length : end], rule.layout, clock)


def _has_its_zone(endings: Words, rule: TimeRule) -> Marks:
    """Return which times, of which these are the last eight bytes, end with a zone as the rule has it, or with none.

    Zones are values: a line of the same signature may have another, or one where the example had none.
    """
    if rule.zone_length:
        first = (endings >> np.uint64(8 * (WORD_BYTES - rule.zone_length))).astype(np.uint8)
        return np.isin(first, list(rule.zone_begins))
    last = (endings >> np.uint64(8 * (WORD_BYTES - 1))).astype(np.uint8)
    signed = _any_byte_is(endings | _BEFORE_A_ZONE, _SIGNS[0]) | _any_byte_is(endings | _BEFORE_A_ZONE, _SIGNS[1])
    return (last >= ord("0")) & (last <= ord("9")) & ~signed


def _any_byte_is(words: Words, byte: int) -> Marks:
    """Return in which words one of the bytes is this one."""
    zeros = words ^ np.uint64(byte * _EACH_BYTE)
    found: Marks = (zeros - np.uint64(_EACH_BYTE)) & ~zeros & _HIGH_BITS != 0
    return found


def _days_and_seconds(
    block: LineBytes, starts: Positions, ends: Positions, rule: TimeRule, clock: Clock
) -> Positions:
    """Return the times: that of midnight, which is read once for lines that follow one another, and that of day."""
    seconds = seconds_of_day(block.words_at(starts + (rule.length - WORD_BYTES)))
    day_length = rule.length - WORD_BYTES
    first = block.words_at(starts) & _lowest_bytes(day_length)
    # An odd factor spreads a word over the whole number: different days and zones give different sums.
    days = first * np.uint64(0x9E3779B97F4A7C15)
    if day_length > WORD_BYTES:
        days ^= block.words_at(starts + (day_length - WORD_BYTES)) * np.uint64(0xC2B2AE3D27D4EB4F)
    if rule.zone_length:
        zones = block.words_at(ends - WORD_BYTES) >> np.uint64(8 * (WORD_BYTES - rule.zone_length))
        days ^= zones * np.uint64(0x165667B19E3779F9)
    runs = runs_of(days)
    texts = [
        block.text[start : start + day_length] + _MIDNIGHT + block.text[end - rule.zone_length : end]
        for start, end in zip(starts[runs].tolist(), ends[runs].tolist(), strict=True)
    ]
    midnights = np.repeat(_read(texts, rule.layout, clock), np.diff(np.append(runs, len(starts))))
    found = (seconds != NO_TIME) & (midnights != NO_TIME)
    return np.where(found, midnights + seconds, NO_TIME)


def _times_as_texts(
    block: LineBytes, starts: Positions, ends: Positions, rule: TimeRule, rows: Positions, clock: Clock
) -> Positions:
    """Return the times, each different text read as a whole."""
    columns = block.columns(starts, rule.length)
    if rule.end_gap is not None:
        widths = block.gap_positions(rows, rule.end_gap) - starts
        columns = np.where(np.arange(rule.length) < widths[:, None], columns, _FILLER)
    if rule.zone_length:
        zones = block.columns(ends - rule.zone_length, rule.zone_length)
        columns = np.concatenate((columns, zones), axis=1)
    # Neighbours with the same text are read once.
    runs = runs_of(columns)
    texts = [row.tobytes().strip() for row in columns[runs]]
    return np.repeat(_read(texts, rule.layout, clock), np.diff(np.append(runs, len(rows))))


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


def seconds_of_day(clock: Words) -> Positions:
    """Return the seconds since midnight of HH:MM:SS, eight bytes in a word, NO_TIME where it is something else."""
    digits = clock ^ _ZERO_CLOCK
    fits = (digits | (digits + _ABOVE_CLOCK)) & _HIGH_BITS == 0
    # Ten times each byte and the one after it: hours, minutes and seconds in every third byte.
    pairs = digits * np.uint64(10) + (digits >> np.uint64(8))
    hours, minutes, seconds = (
        ((pairs >> np.uint64(shift)) & np.uint64(0xFF)).astype(np.int64) for shift in (0, 24, 48)
    )
    return np.where(fits & (hours < _DAY_HOURS), hours * 3_600 + minutes * 60 + seconds, NO_TIME)


def _lowest_bytes(count: int) -> np.uint64:
    return np.uint64((1 << 8 * min(count, WORD_BYTES)) - 1)


def _read(texts: Sequence[bytes], layout: str, clock: Clock) -> Positions:
    if len(texts) <= FEW_TEXTS:
        return np.array([_read_before(text, layout, clock) for text in texts], np.int64)
    column = pl.Series([text.decode(errors="replace") for text in texts])
    return parse_texts(column, clock, [LAYOUT[layout]]).dt.epoch("s").fill_null(NO_TIME).to_numpy()


@lru_cache(maxsize=1000)
def _read_before(text: bytes, layout: str, clock: Clock) -> int:
    """Read one time; the same days come in block after block."""
    read = parse_texts(pl.Series([text.decode(errors="replace")]), clock, [LAYOUT[layout]])[0]
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
