"""Which lines of kept minutes fit what somebody looks for: a kind of line, whose it is, and words.

Shared by questions to the library and its page. Who may read which minutes was decided before (MinutesStore.search).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.minutes.kept import KeptMinutes
from assistant.minutes.schema import ActionItem, Decision, OpenQuestion, SummaryLine
from assistant.words import content_stems, words_of

LEAST_COVERED = 0.5  # of the words looked for, by weight; below that a line is about something else

LineKind = Literal["decisions", "action_items", "open_questions"]
LineEntry = SummaryLine | Decision | ActionItem | OpenQuestion


@dataclass(frozen=True, slots=True)
class LineWish:
    """What is looked for. All of it must fit."""

    kind: LineKind | None = None  # None: any line
    person: str | None = None  # whose; a whole name or a part of one
    is_open: bool = False  # finished tasks don't count
    stems: tuple[str, ...] = ()  # what it is about; none: anything


@dataclass(frozen=True, slots=True)
class FittingLine:
    """One line of one meeting; `score` is the share of the words that it holds, the rare ones counting more."""

    kept: KeptMinutes
    entry: LineEntry
    score: float


def fitting_lines(meetings: Sequence[KeptMinutes], wish: LineWish) -> list[FittingLine]:
    """Return the lines that fit, the best first; among equals, and without words, in the order of the meetings.

    Decisions that are only guessed come after all else.
    """
    candidates = [
        (kept, entry, Counter(content_stems(_searched(entry))))
        for kept in meetings
        for entry in _entries(kept, wish)
        if wish.person is None or is_of(entry, wish.person)
    ]
    weights = _weights(wish.stems, [stems for _, _, stems in candidates])
    whole = sum(weights.values())
    found = []
    for kept, entry, stems in candidates:
        covered = sum(weight for stem, weight in weights.items() if stems[stem])
        if whole and covered < LEAST_COVERED * whole:
            continue
        if not whole and wish.stems:  # none of the words is in any line
            continue
        found.append(FittingLine(kept, entry, covered / whole if whole else 1.0))
    return sorted(found, key=lambda one: (_is_guess(one.entry), -one.score))  # stable


def _is_guess(entry: LineEntry) -> bool:
    return isinstance(entry, Decision) and entry.is_unsure


def is_of(entry: LineEntry, person: str) -> bool:
    """Return whether the entry is this person's: a whole name, or a part of one, such as the first."""
    owner = entry.owner if isinstance(entry, ActionItem) else None
    if owner is None and isinstance(entry, OpenQuestion):
        owner = entry.raised_by
    if owner is None and not isinstance(entry, ActionItem) and entry.evidence:
        owner = entry.evidence[0].speaker
    names, wanted = set(words_of(owner or "")), set(words_of(person))
    return bool(wanted) and (wanted <= names or (bool(names) and names <= wanted))


def text_of(entry: LineEntry) -> str:
    """Return the entry's own words."""
    return entry.task if isinstance(entry, ActionItem) else entry.text


def _entries(kept: KeptMinutes, wish: LineWish) -> Iterator[LineEntry]:
    minutes = kept.minutes
    if wish.kind in (None, "decisions"):
        yield from minutes.decisions
    if wish.kind in (None, "action_items"):
        yield from (item for item in minutes.action_items if not (wish.is_open and item.is_done))
    if wish.kind in (None, "open_questions"):
        yield from minutes.open_questions
    if wish.kind is None:
        yield from minutes.summary


def _searched(entry: LineEntry) -> str:
    owner = (entry.owner or "") if isinstance(entry, ActionItem) else ""
    return " ".join([text_of(entry), owner, *(item.quote for item in entry.evidence)])


def _weights(stems: Sequence[str], lines: Sequence[Counter[str]]) -> dict[str, float]:
    """Return how much each of the stems counts: the rarer among the lines, the more."""
    spread = Counter(stem for line in lines for stem in line)
    return {stem: math.log(1 + len(lines) / (spread[stem] or len(lines))) for stem in stems} if lines else {}
