"""The hot loops of reading big logs: a few passes over the bytes of a block, compiled by Numba.

They do what signatures.py, learned.py and line_times.py do by arrays: what a line's signature is, what that stands
for, and where its time is. Only scanner.py imports them, where Numba is installed.

Marks of bytes are bits of words of 64. All numbers of 64 bits without a sign are numpy's own here: mixed with
Python's, they would become floats.
"""

import importlib
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from workers.logs.learned import DECIDED, DECISIVE_BYTES, REFINING, UNKNOWN
from workers.logs.line_bytes import Bytes, Positions, Words

# Instead of the seconds of a day: there are none, or arrays have to read them.
NO_CLOCK, BY_ARRAYS = -1, -2
# Bits of a byte's kind.
IN_A_WORD, A_DIGIT, A_NEWLINE = 1, 2, 4
REACHES = (1, 2, 3)  # six bytes to each side of a digit, in three steps
DAY_PROBES = 16  # places at which a day may be in its table
# Columns of the tables of rules, decisive places and new days.
RULE_GAP, RULE_AFTER, RULE_LENGTH, RULE_END_GAP, RULE_ZONE_LENGTH, RULE_ZONE, RULE_OTHER_ZONE, RULE_BY_ARRAYS = range(
    8
)
DECISIVE_GAP, DECISIVE_AFTER, DECISIVE_LENGTH = range(3)
DAY_SLOT, DAY_START, DAY_END, DAY_RULE = range(4)

_COLON, _ZERO, _PLUS, _MINUS = 58, 48, 43, 45
_CLOCK_BYTES = 8  # HH:MM:SS
_SIGN_BYTES = 6  # before its end a time without a zone holds no sign
_BITS = 64
_NONE, _ONE, _TWO, _FIVE, _SIX, _BYTE, _BYTE_MOST = (np.uint64(number) for number in (0, 1, 2, 5, 6, 8, 0xFF))
_LAST_BIT, _HALF, _REST = np.uint64(63), np.uint64(33), np.uint64(59)
# Odd factors that spread a number over all its bits; the first two are those of MurmurHash3's finalizer.
_SPREAD, _SPREAD_AGAIN = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)

Slots = npt.NDArray[np.int32]
Table = npt.NDArray[np.int64]
Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")


def _compiled(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    numba = importlib.import_module("numba")
    try:
        made: Callable[Parameters, Returned] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # nowhere to keep it for the next process: it is compiled in each
        made = numba.njit(nogil=True)(function)
    return made


# --- What a block's bytes are


@_compiled
def mark_bytes(text: Bytes, kinds: Bytes, in_word: Words, value: Words, newline: Words) -> None:
    """Mark which bytes are in words, belong to values (digits and what stands close to them), and end lines."""
    _mark_kinds(text, kinds, in_word, value, newline)
    for reach in REACHES:
        _reach_later(in_word, value, reach)
        _reach_earlier(in_word, value, reach)


@_compiled
def _mark_kinds(text: Bytes, kinds: Bytes, in_word: Words, digit: Words, newline: Words) -> None:
    for number in range(len(in_word)):
        words, digits, ends = _NONE, _NONE, _NONE
        first = number * _BITS
        for bit in range(min(_BITS, len(text) - first)):
            kind = np.uint64(kinds[text[first + bit]])
            words |= (kind & _ONE) << np.uint64(bit)
            digits |= (kind >> _ONE & _ONE) << np.uint64(bit)
            ends |= (kind >> _TWO) << np.uint64(bit)
        in_word[number], digit[number], newline[number] = words, digits, ends


@_compiled
def _reach_later(in_word: Words, value: Words, reach: int) -> None:
    """Mark the bytes at this distance behind a marked one, all between being of one word."""
    words_before, value_before = _NONE, _NONE
    for number in range(len(in_word)):
        words, before = in_word[number], value[number]
        within = words
        for step in range(1, reach):
            within &= (words << np.uint64(step)) | (words_before >> np.uint64(_BITS - step))
        value[number] |= ((before << np.uint64(reach)) | (value_before >> np.uint64(_BITS - reach))) & within
        words_before, value_before = words, before


@_compiled
def _reach_earlier(in_word: Words, value: Words, reach: int) -> None:
    words_after, value_after = _NONE, _NONE
    for number in range(len(in_word) - 1, -1, -1):
        words, before = in_word[number], value[number]
        within = words
        for step in range(1, reach):
            within &= (words >> np.uint64(step)) | (words_after << np.uint64(_BITS - step))
        value[number] |= ((before >> np.uint64(reach)) | (value_after << np.uint64(_BITS - reach))) & within
        words_after, value_after = words, before


# --- What its lines are alike in


@_compiled
def sign_lines(
    text: Bytes, value: Words, newline: Words, mixers: Words, weights: Words, starts: Positions, signatures: Words
) -> int:
    """Fill in where each line begins, the end last, and a number for what it says without its values.

    A signature is the sum of each byte's mixer times its place's weight: a multilinear hash. Returns the number of
    lines; -1 where the arrays have too little room.
    """
    # Positions without a sign: with one, each would be looked at for being counted from the end.
    row, place, total = _NONE, _NONE, _NONE
    last, room = np.uint64(len(weights) - 1), np.uint64(len(signatures))
    starts[0] = 0
    for number in range(len(value)):
        kept, ends = ~value[number], newline[number]
        position = np.uint64(number) << _SIX
        for _ in range(min(_BITS, len(text) - number * _BITS)):
            if kept & _ONE:
                total += mixers[text[position]] * weights[place & last]
                place += _ONE
                if ends & _ONE:
                    if row == room:
                        return -1
                    signatures[row] = _spread(total)
                    row += _ONE
                    starts[row] = position + _ONE
                    place, total = _NONE, _NONE
            kept >>= _ONE
            ends >>= _ONE
            position += _ONE
    return int(np.int64(row))


@_compiled
def _spread(number: np.uint64) -> np.uint64:
    number = (number ^ (number >> _HALF)) * _SPREAD
    number = (number ^ (number >> _HALF)) * _SPREAD_AGAIN
    return number ^ (number >> _HALF)


# --- What they stand for


@_compiled
def fill_slots(slots: Slots, known: Words) -> None:
    """Put the position of each signature into a free slot (-1); there are more slots, a power of two, than these."""
    last = np.uint64(len(slots) - 1)
    for position in range(len(known)):
        slot = known[position] & last
        while slots[slot] >= 0:
            slot = (slot + _ONE) & last
        slots[slot] = position


@_compiled
def _code_of(signature: np.uint64, slots: Slots, known: Words, codes: Slots) -> int:
    last = np.uint64(len(slots) - 1)
    slot = signature & last
    while slots[slot] >= 0:
        if known[slots[slot]] == signature:
            return int(codes[slots[slot]])
        slot = (slot + _ONE) & last
    return UNKNOWN


@_compiled
def find_codes(
    text: Bytes,
    in_word: Words,
    starts: Positions,
    signatures: Words,
    slots: Slots,
    known: Words,
    known_codes: Slots,
    decisive: Table,
    is_refined: Bytes,
    codes: Slots,
) -> None:
    """Fill in what each line's signature stands for, refining it first where a value decides."""
    for row in range(len(codes)):
        code = _code_of(signatures[row], slots, known, known_codes)
        is_refined[row] = code <= DECIDED
        if code <= DECIDED:
            value = _decisive_value(text, in_word, starts[row], starts[row + 1], decisive[DECIDED - code])
            signatures[row] ^= (value + _ONE) * REFINING
            code = _code_of(signatures[row], slots, known, known_codes)
        codes[row] = code


@_compiled
def _decisive_value(text: Bytes, in_word: Words, start: int, end: int, place: Positions) -> np.uint64:
    """Return the value that decides what a line is, its first byte lowest; 0 where the line has none."""
    value = _NONE
    gap = _gap(in_word, start, end, place[DECISIVE_GAP])
    if gap == end:
        return value
    first, length = gap + 1 + place[DECISIVE_AFTER], place[DECISIVE_LENGTH]
    if length < 0:
        length = _gap(in_word, start, end, place[DECISIVE_GAP] + 1) - first
    for number in range(min(length, DECISIVE_BYTES, len(text) - first)):
        value |= np.uint64(text[first + number]) << np.uint64(number) * _BYTE
    return value


@_compiled
def _gap(in_word: Words, start: int, end: int, gap: int) -> int:
    """Return where the line's gap of this number is, 0 being the end of the line before; `end` if it has no such."""
    if gap == 0:
        return start - 1
    left, number = gap, start >> 6
    gaps = ~in_word[number] >> (np.uint64(start) & _LAST_BIT) << (np.uint64(start) & _LAST_BIT)
    while number * _BITS < end:
        while gaps != _NONE:
            left -= 1
            if left == 0:
                lowest = gaps & (~gaps + _ONE)
                position = number * _BITS
                while lowest > _BYTE_MOST:
                    lowest >>= _BYTE
                    position += 8
                while lowest > _ONE:
                    lowest >>= _ONE
                    position += 1
                return min(position, end)
            gaps &= gaps - _ONE
        number += 1
        if number < len(in_word):
            gaps = ~in_word[number]
    return end


# --- When they were written


@_compiled
def find_times(
    text: Bytes,
    in_word: Words,
    starts: Positions,
    codes: Slots,
    recipe_rules: Slots,
    rules: Table,
    mixers: Words,
    days: Words,
    new_days: Table,
    clocks: Slots,
    day_of_line: Slots,
) -> None:
    """Fill in the seconds of the day of known lines, or NO_CLOCK or BY_ARRAYS, and the slot of their day.

    The first row of `new_days` counts the days that had no slot, which the next rows tell.
    """
    for row in range(len(codes)):
        clocks[row], day_of_line[row] = NO_CLOCK, 0
        if codes[row] < 0:
            continue
        number = int(recipe_rules[codes[row]])
        rule = rules[number]
        if rule[RULE_BY_ARRAYS]:
            clocks[row] = BY_ARRAYS
            continue
        start, end = starts[row], starts[row + 1]
        first = _gap(in_word, start, end, rule[RULE_GAP]) + 1 + rule[RULE_AFTER]
        last = _gap(in_word, start, end, rule[RULE_END_GAP])
        if last == end or first + rule[RULE_LENGTH] > last or not _has_its_zone(text, last, rule):
            continue
        clocks[row] = _clock_at(text, first + rule[RULE_LENGTH] - _CLOCK_BYTES)
        if clocks[row] >= 0:
            slot = _day_slot(text, first, last, rule, number, mixers, days, new_days)
            day_of_line[row] = max(slot, 0)
            if slot < 0:
                clocks[row] = BY_ARRAYS


@_compiled
def _clock_at(text: Bytes, start: int) -> int:
    """Return the seconds since midnight of HH:MM:SS."""
    seconds = 0
    for pair in range(3):
        tens, ones = int(text[start + 3 * pair]) - _ZERO, int(text[start + 3 * pair + 1]) - _ZERO
        if not (0 <= tens <= 9 and 0 <= ones <= 9) or (pair < 2 and text[start + 3 * pair + 2] != _COLON):
            return NO_CLOCK
        part = 10 * tens + ones
        if part >= (24 if pair == 0 else 60):
            return NO_CLOCK
        seconds = 60 * seconds + part
    return seconds


@_compiled
def _has_its_zone(text: Bytes, end: int, rule: Positions) -> bool:
    """Whether a time that ends there ends with a zone as the rule has it, or with none; line_times.py says why."""
    if rule[RULE_ZONE_LENGTH]:
        first = text[end - rule[RULE_ZONE_LENGTH]]
        return bool(first == rule[RULE_ZONE] or first == rule[RULE_OTHER_ZONE])
    if not _ZERO <= text[end - 1] <= _ZERO + 9:
        return False
    for position in range(max(0, end - _SIGN_BYTES), end):
        if text[position] == _PLUS or text[position] == _MINUS:
            return False
    return True


@_compiled
def _day_slot(
    text: Bytes, start: int, end: int, rule: Positions, number: int, mixers: Words, days: Words, new_days: Table
) -> int:
    """Return the slot of a time's day with its zone, a new one's being noted; -1 where there is no room."""
    word = _hashed(np.uint64(number + 1) * _SPREAD, text, start, start + rule[RULE_LENGTH] - _CLOCK_BYTES, mixers)
    word = _spread(_hashed(word, text, end - rule[RULE_ZONE_LENGTH], end, mixers)) | _ONE
    slot = np.int64(word & np.uint64(len(days) - 1))
    for _ in range(DAY_PROBES):
        if days[slot] == word:
            return int(slot)
        if days[slot] == 0:
            noted = new_days[0, 0] + 1
            if noted == len(new_days):
                return -1
            days[slot] = word
            new_days[0, 0] = noted
            new_days[noted, DAY_SLOT], new_days[noted, DAY_RULE] = slot, number
            new_days[noted, DAY_START], new_days[noted, DAY_END] = start, end
            return int(slot)
        slot = (slot + 1) & np.int64(len(days) - 1)
    return -1


@_compiled
def _hashed(number: np.uint64, text: Bytes, start: int, end: int, mixers: Words) -> np.uint64:
    for position in range(start, end):
        number = ((number << _FIVE) | (number >> _REST)) ^ mixers[text[position]]
    return number
