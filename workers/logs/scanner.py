"""Look at the lines of a block in one compiled pass, where Numba is installed and the logs are big enough.

The optional path of familiar.py: what comes out is what signatures, codes and times found by arrays give, in a
tenth of their time. Signatures are other numbers here, so that one index takes one of the two ways throughout.

    python -m workers.logs.scanner    # compile ahead, for an image that can't be written to later
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import numpy as np

from workers.logs import scanning
from workers.logs.learned import Codes, Decisive, Learned
from workers.logs.line_bytes import Bytes, LineBytes, Positions, Words, kinds_of_bytes
from workers.logs.line_times import NO_TIME, TimeRule, has_clock_behind_day, latest_without_year, midnight_of
from workers.logs.looking import Looked
from workers.logs.timestamps import LAYOUT, Clock

SHORT_LINE_BYTES = 32  # with shorter ones the arrays are too small, and are made anew
MOST_DAYS = 4_096  # texts of a day and its zone, a power of two
MOST_NEW_DAYS = 1_024  # in one block
SLOTS_EACH = 2  # at least, for each signature
PLACES = 4_096  # of a line's bytes, without values, that have weights of their own; a power of two


def _kinds() -> Bytes:
    plain = kinds_of_bytes()  # a digit is in a word, too
    kinds = np.where(plain == 2, scanning.IN_A_WORD | scanning.A_DIGIT, plain).astype(np.uint8)
    kinds[ord("\n")] = scanning.A_NEWLINE
    return kinds


_KINDS = _kinds()
# Any numbers will do, the same in each process so that what is learned is as well.
_RANDOM = np.random.default_rng(0x57E3A4D)
_MIXERS, _WEIGHTS = (_RANDOM.integers(0, 1 << 64, count, np.uint64) for count in (256, PLACES))


@dataclass
class _Signed:
    """A block's marks, and its lines' signatures before any is refined."""

    block: LineBytes
    in_word: Words
    signatures: Words

    @classmethod
    def of(cls, block: LineBytes) -> Self:
        """Look at a block's bytes; where its lines begin is known of it afterwards."""
        in_word, value, newline = (np.empty(-(-len(block.text) // 64), np.uint64) for _ in range(3))
        scanning.mark_bytes(block.bytes, _KINDS, in_word, value, newline)
        room = len(block.text) // SHORT_LINE_BYTES + 1
        while True:
            starts, signatures = np.empty(room + 1, np.int64), np.empty(room, np.uint64)
            lines = scanning.sign_lines(block.bytes, value, newline, _MIXERS, _WEIGHTS, starts, signatures)
            if lines >= 0:
                block.line_starts = starts[: lines + 1]
                return cls(block, in_word, signatures[:lines])
            room = block.text.count(b"\n")


class Scanner:
    """Looks at blocks by what was learned of one kind of file."""

    def __init__(self, learned: Learned) -> None:
        self._learned = learned
        self._signed: _Signed | None = None
        self._clock: Clock | None = None
        self._version = -1

    def look(self, block: LineBytes, clock: Clock) -> Looked:
        """Look at the lines of a block."""
        if self._clock != clock:  # files have clocks of their own
            self._clock, self._version = clock, -1
            self._days: Words = np.zeros(MOST_DAYS, np.uint64)
            self._midnights: Positions = np.full(MOST_DAYS, NO_TIME, np.int64)
        if self._version != self._learned.version:
            self._take_what_was_learned(clock)
        if self._signed is None or self._signed.block is not block:  # after learning it comes again
            self._signed = _Signed.of(block)
        signatures, in_word = self._signed.signatures.copy(), self._signed.in_word
        codes, is_refined = np.empty(block.count, np.int32), np.empty(block.count, np.uint8)
        known = (self._slots, self._learned.signatures, self._learned.codes, self._decisive)
        scanning.find_codes(block.bytes, in_word, block.line_starts, signatures, *known, is_refined, codes)
        clocks, midnights = self._times(block, in_word, codes, clock)
        seconds = np.where((clocks >= 0) & (midnights != NO_TIME), midnights + clocks, NO_TIME)
        if self._no_year.any():  # full reading tells whether it is of this year or the last
            late = np.flatnonzero(seconds > latest_without_year(clock))
            seconds[late[self._no_year[self._learned.recipes.rules[codes[late]]]]] = NO_TIME
        return Looked(signatures, is_refined.view(np.bool_), codes, seconds, clocks == scanning.BY_ARRAYS)

    def _times(
        self, block: LineBytes, in_word: Words, codes: Codes, clock: Clock
    ) -> tuple[scanning.Slots, Positions]:
        """Return the seconds of the day of each line, and the midnight before."""
        clocks, day_of_line = np.empty(len(codes), np.int32), np.empty(len(codes), np.int32)
        new_days = np.zeros((MOST_NEW_DAYS, 4), np.int64)
        rules = (self._learned.recipes.rules, self._rules, _MIXERS, self._days, new_days)
        scanning.find_times(block.bytes, in_word, block.line_starts, codes, *rules, clocks, day_of_line)
        for slot, start, end, rule in new_days[1 : new_days[0, 0] + 1].tolist():
            self._midnights[slot] = midnight_of(block.text, start, end, self._learned.rules[rule], clock)
        return clocks, self._midnights[day_of_line]

    def _take_what_was_learned(self, clock: Clock) -> None:
        learned = self._learned
        self._version = learned.version
        self._slots = np.full(SLOTS_EACH << len(learned.signatures).bit_length(), -1, np.int32)
        scanning.fill_slots(self._slots, learned.signatures)
        self._rules = np.array([_row(rule, clock) for rule in learned.rules], np.int64).reshape(-1, 8)
        self._no_year = np.array([not LAYOUT[rule.layout].has_year for rule in learned.rules], np.bool_)
        self._decisive = np.array([_place(one) for one in learned.decisive], np.int64).reshape(-1, 3)


def _place(decisive: Decisive) -> tuple[int, int, int]:
    length = -1 if decisive.length is None else decisive.length
    return decisive.place.gap, decisive.place.after, length


def _row(rule: TimeRule, clock: Clock) -> tuple[int, ...]:
    zone = rule.zone_begins or b"\0"
    place = (rule.start.gap, rule.start.after, rule.length, rule.zone_end_gap, rule.zone_length)
    return (*place, zone[0], zone[-1], not has_clock_behind_day(rule, clock))


def load() -> None:
    """Load what is compiled, compiling it where that was not done before."""
    Scanner(Learned()).look(LineBytes(b"10:00:00 once\n"), Clock(now=datetime(2026, 3, 4, tzinfo=UTC)))


if __name__ == "__main__":
    load()
