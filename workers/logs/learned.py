"""What was learned about the lines of one kind of file: what each signature stands for.

A signature is known as a recipe (its lines are counted so), as always to be read, as decided by
a value (look again with the refined signature), or not yet: then it waits with an example until
so many lines wait that learning pays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from workers.logs.count_keys import Keys
from workers.logs.heads import Head
from workers.logs.line_bytes import LineBytes, Marks, Place, Positions, Words, is_gap
from workers.logs.line_times import TimeRule
from workers.logs.showing import Reading, Showing

MAX_KNOWN = 100_000  # signatures remembered for one kind of file, a few MB
MAX_WAITING = 50_000  # signatures that wait; more are values that no rule sees, and are forgotten
SEEN_TO_LEARN = 3  # times: learning a signature costs as much as reading so many lines
SLOTS_EACH = 4  # at least, of a table for each signature
DECISIVE_BYTES = 4  # read of a value that decides: a status, a priority, a level
REFINING = np.uint64(0x9E3779B97F4A7C15)  # odd: it spreads such a value over the whole number and loses nothing

Codes = npt.NDArray[np.int32]
Item = TypeVar("Item")

# Codes of signatures; from 0 on the number of a recipe, from DECIDED down that of a decisive place.
UNKNOWN, HEADED, HEADLESS, DECIDED = -1, -2, -3, -4


class Decisive(NamedTuple):
    """Where the value stands that decides what a line is, and how many bytes long it is (None: to the gap)."""

    place: Place
    length: int | None

    @classmethod
    def of(cls, line: str, span: tuple[int, int]) -> "Decisive":
        """Return where the value that stands at a span (characters) of this line is in all lines like it."""
        text = line.encode()
        start, end = (len(line[:position].encode()) for position in span)
        return cls(Place.of(text, start), None if is_gap(text, end) else end - start)

    def refined(self, block: LineBytes, rows: Positions, signatures: Words) -> Words:
        """Return the rows' signatures told apart by their value."""
        starts = block.starts(rows, self.place)
        columns = block.columns(starts, DECISIVE_BYTES)
        length: Positions | int = DECISIVE_BYTES
        if self.length is not None:
            length = self.length
        else:
            length = (block.gap_positions(rows, self.place.gap + 1) - starts)[:, None]
        kept = np.where(np.arange(DECISIVE_BYTES) < length, columns, 0).astype(np.uint8)
        values = kept.view(np.uint32).ravel().astype(np.uint64)
        return signatures ^ (values + np.uint64(1)) * REFINING


@dataclass
class Waiting:
    """A signature that is not known yet."""

    example: bytes
    is_refined: bool  # by the value that decides what its lines are
    lines: int = 0


@dataclass
class Recipes:
    """What lines of each recipe are counted by, how their time is read, and how they are shown."""

    prefixes: Keys = field(default_factory=lambda: np.zeros(0, np.uint64))  # count_keys.py
    rules: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    formats: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    showing: Showing = field(default_factory=lambda: Showing.by(()))

    def add(self, prefixes: Keys, rules: list[int], formats: list[int], showing: Showing) -> range:
        """Add some, and return their numbers."""
        first = len(self.prefixes)
        self.prefixes = np.concatenate((self.prefixes, prefixes))
        self.rules = np.concatenate((self.rules, np.array(rules, np.int32)))
        self.formats = np.concatenate((self.formats, np.array(formats, np.int32)))
        self.showing = self.showing.and_then(showing)
        return range(first, len(self.prefixes))


class Learned:
    """Signatures with their codes, and what the codes say."""

    def __init__(self) -> None:
        self.recipes = Recipes()
        self.rules: list[TimeRule] = []
        self.formats: list[str] = []
        self.decisive: list[Decisive] = []
        self.heads: dict[Head | None, Reading] = {}  # that were tried
        self.poor_blocks = 0  # in a row, of which few lines were counted
        self.version = 0  # of signatures and codes
        self.signatures: Words = np.zeros(0, np.uint64)  # in order
        self.codes: Codes = np.zeros(0, np.int32)
        self._slots: npt.NDArray[np.int32] = np.zeros(0, np.int32)  # by their last bits, where the signatures are
        self._waiting: dict[int, Waiting] = {}
        self._waiting_lines = 0
        self._numbers: dict[object, int] = {}  # of rules, formats and decisive places in their lists

    def add_recipes(self, prefixes: Keys, readings: Sequence[Reading], formats: Sequence[str]) -> range:
        """Add recipes, and return their codes."""
        return self.recipes.add(
            prefixes,
            [self.number_of(self.rules, reading.rule) for reading in readings],
            [self.number_of(self.formats, name) for name in formats],
            Showing.by(readings),
        )

    def number_of(self, items: list[Item], item: Item) -> int:
        """Return where an item is in a list of this, at whose end it is put if it is new."""
        number = self._numbers.get(item)
        if number is None:
            number = self._numbers[item] = len(items)
            items.append(item)
        return number

    def codes_of(self, block: LineBytes, signatures: Words) -> tuple[Words, Codes]:
        """Return the lines' signatures, refined where a value decides, and their codes."""
        codes = self._found(signatures)
        decided = np.flatnonzero(codes <= DECIDED)
        if not len(decided):
            return signatures, codes
        signatures = signatures.copy()
        for code in np.unique(codes[decided]):
            rows = decided[codes[decided] == code]
            signatures[rows] = self.decisive[DECIDED - code].refined(block, rows, signatures[rows])
        codes[decided] = self._found(signatures[decided])
        return signatures, codes

    def wait_for(self, block: LineBytes, signatures: Words, unknown: Marks, is_refined: Marks) -> None:
        """Note signatures that are not known, each with an example, if there is room to learn them."""
        rows = np.flatnonzero(unknown)
        if len(self.signatures) >= MAX_KNOWN:
            return
        different, first, lines = np.unique(signatures[rows], return_index=True, return_counts=True)
        for signature, row, count in zip(different.tolist(), rows[first].tolist(), lines.tolist(), strict=True):
            waiting = self._waiting.get(signature)
            if waiting is None:
                waiting = self._waiting[signature] = Waiting(block.line(row), bool(is_refined[row]))
            before, waiting.lines = waiting.lines, waiting.lines + count
            if waiting.lines >= SEEN_TO_LEARN:
                self._waiting_lines += count if before >= SEEN_TO_LEARN else waiting.lines

    @property
    def waiting_lines(self) -> int:
        """How many lines would have been counted if what waits had been learned."""
        return self._waiting_lines

    def take_waiting(self) -> dict[int, Waiting]:
        """Return the signatures that are worth learning; they wait no longer."""
        room = MAX_KNOWN - len(self.signatures)
        ready = [signature for signature, one in self._waiting.items() if one.lines >= SEEN_TO_LEARN][:room]
        taken = {signature: self._waiting.pop(signature) for signature in ready}
        if len(self._waiting) > MAX_WAITING:
            self._waiting.clear()
        self._waiting_lines = 0
        return taken

    def remember(self, signatures: Words, codes: Codes) -> None:
        """Keep what the signatures stand for."""
        self.version += 1
        different, first = np.unique(signatures, return_index=True)
        places = np.searchsorted(self.signatures, different)
        new = self.signatures.take(places, mode="clip") != different if len(self.signatures) else places >= 0
        self.signatures = np.insert(self.signatures, places[new], different[new])
        self.codes = np.insert(self.codes, places[new], codes[first][new])
        self._slots = np.zeros(SLOTS_EACH << len(self.signatures).bit_length(), np.int32)
        self._slots[self._slot_of(self.signatures)] = np.arange(len(self.signatures))

    def _slot_of(self, signatures: Words) -> Positions:
        return (signatures & np.uint64(len(self._slots) - 1)).view(np.int64)

    def _found(self, signatures: Words) -> Codes:
        if not len(self.signatures):
            return np.full(len(signatures), UNKNOWN, np.int32)
        places = self._slots[self._slot_of(signatures)]
        # Two signatures may have one slot, which names the later one: the other is looked for among all.
        lost = np.flatnonzero(self.signatures[places] != signatures)
        places[lost] = np.searchsorted(self.signatures, signatures[lost]).clip(max=len(self.signatures) - 1)
        codes: Codes = self.codes[places]
        codes[lost[self.signatures[places[lost]] != signatures[lost]]] = UNKNOWN
        return codes
