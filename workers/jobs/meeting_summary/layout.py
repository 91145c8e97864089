"""How minutes are laid out: which sections, in which order, language and wording; shared by replies and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assistant.minutes.moments import clock, days, moment
from assistant.minutes.schema import (
    ActionItem,
    Decision,
    Entry,
    Evidence,
    MeetingHeader,
    Minutes,
    OpenQuestion,
    PersonPoints,
    Topic,
)
from workers.jobs.meeting_summary.templates import GENERAL, SectionName, Template
from workers.jobs.meeting_summary.wording import ENGLISH, Wording, warning_in, wording_in

ALL_SECTIONS: tuple[SectionName, ...] = (
    "summary",
    "topics",
    "decisions",
    "action_items",
    "open_questions",
    "per_person",
)
_CANDIDATES = frozenset(["decisions", "action_items", "open_questions"])  # by rules: to be confirmed


@dataclass(frozen=True)
class Line:
    """One line as shown, and what it rests on."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    place: str = ""  # when and where it was said


@dataclass(frozen=True)
class Section:
    """One heading and its lines."""

    name: str
    title: str
    lines: tuple[Line, ...]
    note: str = ""  # on the lines as a whole, for files
    guesses: str = ""  # what "perhaps" before some of the lines means; empty: no line has it

    def placed_lines(self) -> Iterator[tuple[str, str]]:
        """Yield each line's text and place."""
        for line in self.lines:
            yield line.text, line.place


@dataclass(frozen=True)
class Layout:
    """What a template asks for, in one language."""

    wording: Wording = field(default_factory=lambda: wording_in(ENGLISH))
    sections: tuple[SectionName, ...] = ALL_SECTIONS
    headings: Mapping[SectionName, str] = field(default_factory=dict)
    kind: str = ""  # of meeting, as the header names it; empty: not worth naming

    @classmethod
    def of(cls, template: Template, language: str) -> Layout:
        """Return the layout of a template in the language, in English where there is no such wording."""
        wording = wording_in(language)
        headings = {name: found for name in ALL_SECTIONS if (found := template.heading(name, wording.code))}
        kind = "" if template.name == GENERAL else template.title
        return cls(wording, template.sections, headings, kind)

    def heading(self, section: SectionName) -> str:
        """Return a section's heading."""
        return self.headings.get(section) or self.wording[section]

    def warnings(self, minutes: Minutes) -> list[str]:
        """Return what a reader should know, in the layout's language where it has the sentence."""
        return [warning_in(warning, self.wording.code) for warning in minutes.warnings]

    def title(self, minutes: Minutes) -> str:
        """Return the meeting's title, or a plain one."""
        return minutes.meeting.title or self.wording["minutes"]

    def header(self, minutes: Minutes) -> list[tuple[str, str]]:
        """Return the header's fields that are known, as (name, value); the writer last."""
        meeting, wording = minutes.meeting, self.wording
        writer = wording["by_extraction"] if meeting.engine == "extractive" else meeting.engine
        fields = [
            (wording["date"], _days(meeting)),
            (wording["duration"], clock(meeting.duration_s) if meeting.duration_s and not meeting.began_at else ""),
            (wording["attendees"], ", ".join(meeting.participants)),
            (wording["kind"], self.kind),
            (wording["confirmed_by"], minutes.confirmed_by or ""),
            (wording["written_by"], writer),
        ]
        return [(name, value) for name, value in fields if value]


def sections_of(minutes: Minutes, layout: Layout) -> list[Section]:
    """Return the body of the minutes in the layout's order, then the warnings."""
    sections = [_section(minutes, name, layout) for name in layout.sections]
    if minutes.warnings:
        lines = tuple(Line(text) for text in layout.warnings(minutes))
        sections.append(Section("warnings", layout.wording["warnings"], lines))
    return sections


def action_text(action: ActionItem, wording: Wording) -> str:
    """Return a task with its owner and due day, where somebody said them."""
    due = f"{wording['due']} {action.due_date or action.due}" if action.due else None
    told = [part for part in (action.owner, due) if part]
    done = f"[{wording['done']}] " if action.is_done else ""
    return f"{done}{action.task} ({', '.join(told) if told else wording['no_owner']})"


def decision_text(decision: Decision, wording: Wording) -> str:
    """Return a decision behind how far it went, or behind "perhaps" where it is only guessed."""
    return f"[{wording['perhaps'] if decision.is_unsure else wording[decision.status]}] {decision.text}"


def printable(text: str) -> str:
    """Return `text` without the control characters that Word's XML forbids."""
    return "".join(sign for sign in text if sign in "\t\n" or (ord(sign) >= 32 and not 0xD800 <= ord(sign) <= 0xDFFF))


def _section(minutes: Minutes, name: SectionName, layout: Layout) -> Section:
    is_extractive, began = minutes.meeting.engine == "extractive", minutes.meeting.began_at
    if name == "per_person":
        lines = tuple(Line(_person(person, layout.wording)) for person in minutes.per_person)
    else:
        lines = tuple(
            Line(
                _text(entry, layout.wording) + _marks(entry, layout.wording, is_mixed=not is_extractive),
                entry.evidence,
                _span(entry.start, entry.end, began) if isinstance(entry, Topic) else _place(entry.evidence, began),
            )
            for entry in getattr(minutes, name)
        )
    is_open = is_extractive and minutes.confirmed_by is None
    is_guessed = name == "decisions" and any(one.is_unsure for one in minutes.decisions)
    guesses = layout.wording["perhaps_note"] if is_guessed else ""
    candidates = layout.wording["candidates"] if is_open and name in _CANDIDATES else ""
    note = " ".join(one for one in (candidates, guesses) if one)
    return Section(name, layout.heading(name), lines, note, guesses)


def _text(entry: Entry, wording: Wording) -> str:
    if isinstance(entry, Topic):
        # The rules' sentences on topics are English; in other languages the title says as much.
        is_readable = entry.text and (entry.found_by == "model" or wording.code == ENGLISH)
        return f"{entry.title}: {entry.text}" if is_readable else entry.title
    if isinstance(entry, ActionItem):
        return action_text(entry, wording)
    if isinstance(entry, OpenQuestion):
        return f"{entry.text} ({entry.raised_by})" if entry.raised_by else entry.text
    return decision_text(entry, wording) if isinstance(entry, Decision) else entry.text


def _marks(entry: Entry, wording: Wording, *, is_mixed: bool) -> str:
    marks = [wording["weak"]] if entry.is_weak else []
    if entry.edited_by:
        marks.append(wording.edited(entry.edited_by))
    elif is_mixed and entry.found_by == "rules":
        marks.append(wording["by_rules"])
    return f" ({', '.join(marks)})" if marks else ""


def _person(person: PersonPoints, wording: Wording) -> str:
    return f"{person.speaker} ({wording.share(person.share)})" + "".join(f"; {point}" for point in person.points)


def _days(meeting: MeetingHeader) -> str:
    if meeting.began_at is not None:
        return days(meeting.began_at, meeting.duration_s)
    return meeting.date.isoformat() if meeting.date else ""


def _place(evidence: Sequence[Evidence], began_at: datetime | None) -> str:
    """Return "12:04, u31" for the first piece of evidence."""
    if not evidence:
        return ""
    time = moment(evidence[0].start, began_at)
    return f"{time}, {evidence[0].id}" if time else evidence[0].id


def _span(start: float | None, end: float | None, began_at: datetime | None) -> str:
    return "–".join(part for part in (moment(start, began_at), moment(end, began_at)) if part)
