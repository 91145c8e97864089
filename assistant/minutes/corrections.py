"""What people changed in minutes, counted: the first revision held against the one that stands now.

A task that was ticked off was not wrong, so it counts as unchanged; nor was "Speaker 1" before somebody named them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from assistant.minutes.kept import SECTIONS
from assistant.minutes.lines import LineEntry
from assistant.minutes.naming import with_names
from assistant.minutes.schema import ActionItem, Decision, Minutes, OpenQuestion

PARTS: Final = ("text", "status", "owner", "due", "raised_by")  # of a line, as they are counted


@dataclass(frozen=True, slots=True)
class SectionCorrections:
    """One kind of line. `written` and `unchanged` are of minutes that somebody corrected or confirmed."""

    section: str  # of SECTIONS
    written: int = 0  # lines as the job wrote them
    unchanged: int = 0
    removed: int = 0
    added: int = 0
    changed: Counter[str] = field(default_factory=Counter)  # lines by which of PARTS was changed; several may be


@dataclass(frozen=True, slots=True)
class Corrections:
    """All minutes of a window."""

    meetings: int
    corrected: int  # with at least one line that is not as it was written
    confirmed: int
    confirmed_lines: int  # as written, of meetings that are confirmed
    confirmed_unchanged: int
    sections: tuple[SectionCorrections, ...]


def count_corrections(meetings: Iterable[tuple[Minutes, Minutes]]) -> Corrections:
    """Return the figures of meetings, each as first written and as it stands."""
    totals = {section: SectionCorrections(section) for section in SECTIONS}
    counts: Counter[str] = Counter()
    for first, now in meetings:
        first = with_names(first, now.speakers_named)
        found = [_compared(section, getattr(first, section), getattr(now, section)) for section in SECTIONS]
        is_corrected = any(one.unchanged < one.written or one.added for one in found)
        is_confirmed = now.confirmed_by is not None
        counts.update(meetings=1, corrected=int(is_corrected), confirmed=int(is_confirmed))
        if is_confirmed:
            counts.update(lines=sum(one.written for one in found), unchanged=sum(one.unchanged for one in found))
        if is_corrected or is_confirmed:
            totals = {one.section: _together(totals[one.section], one) for one in found}
    return Corrections(
        meetings=counts["meetings"],
        corrected=counts["corrected"],
        confirmed=counts["confirmed"],
        confirmed_lines=counts["lines"],
        confirmed_unchanged=counts["unchanged"],
        sections=tuple(totals.values()),
    )


def _compared(section: str, first: tuple[LineEntry, ...], now: tuple[LineEntry, ...]) -> SectionCorrections:
    stands = {entry.id: entry for entry in now}
    parts = [_changed_parts(entry, stands[entry.id]) for entry in first if entry.id in stands]
    return SectionCorrections(
        section,
        written=len(first),
        unchanged=sum(not one for one in parts),
        removed=len(first) - len(parts),
        added=len(stands.keys() - {entry.id for entry in first}),
        changed=Counter(name for one in parts for name in one),
    )


def _changed_parts(first: LineEntry, now: LineEntry) -> list[str]:
    before, after = _parts(first), _parts(now)
    return [name for name in PARTS if before.get(name) != after.get(name)]


def _parts(entry: LineEntry) -> dict[str, str]:
    if isinstance(entry, ActionItem):
        due = str(entry.due_date or entry.due or "")
        return {"text": entry.task, "owner": entry.owner or "", "due": due}
    if isinstance(entry, Decision):
        return {"text": entry.text, "status": entry.status}
    return {"text": entry.text, "raised_by": (entry.raised_by or "") if isinstance(entry, OpenQuestion) else ""}


def _together(left: SectionCorrections, right: SectionCorrections) -> SectionCorrections:
    return SectionCorrections(
        left.section,
        left.written + right.written,
        left.unchanged + right.unchanged,
        left.removed + right.removed,
        left.added + right.added,
        left.changed + right.changed,
    )
