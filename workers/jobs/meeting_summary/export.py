"""Hand minutes on as Markdown, Word, PDF, calendar entries for due days, and a table of the tasks.

Every form says which engine wrote the minutes, and "none found" where a section is empty. Texts of the
meeting are written as text: no link, formula or markup in them comes alive in the exported file.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import docx
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from icalendar import Calendar, Event

from workers.jobs.meeting_summary.schema import Evidence, Minutes

NONE_FOUND = "None found."
_PLAIN_SIGNS = {"–": "-", "—": "-", "“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "…": "...", "•": "-"}
CANDIDATES_NOTE = "Found without a language model: please confirm."


@dataclass(frozen=True)
class Section:
    """One heading and its lines; each line with where it was said."""

    title: str
    lines: tuple[tuple[str, str], ...]  # (text, place)
    note: str = ""


def clock(seconds: float | None) -> str:
    """Return "1:02:03" or "2:03"; "" without a time."""
    if seconds is None:
        return ""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def sections_of(minutes: Minutes) -> list[Section]:
    """Return the body of the minutes in reading order."""
    note = CANDIDATES_NOTE if minutes.meeting.engine == "extractive" else ""
    return [
        Section("Summary", tuple((line.text, _place(line.evidence)) for line in minutes.summary)),
        Section(
            "Topics",
            tuple(
                (f"{topic.title}: {topic.text}" if topic.text else topic.title, _span(topic.start, topic.end))
                for topic in minutes.topics
            ),
        ),
        Section(
            "Decisions",
            tuple(
                (f"[{decision.status}] {decision.text}", _place(decision.evidence)) for decision in minutes.decisions
            ),
            note,
        ),
        Section(
            "Action items",
            tuple((_action_line(action), _place(action.evidence)) for action in minutes.action_items),
            note,
        ),
        Section(
            "Open questions",
            tuple(
                (
                    f"{question.text} ({question.raised_by})" if question.raised_by else question.text,
                    _place(question.evidence),
                )
                for question in minutes.open_questions
            ),
            note,
        ),
        Section(
            "By person",
            tuple(
                (
                    f"{person.speaker} ({person.share:.0%} of the talk)"
                    + "".join(f"; {point}" for point in person.points),
                    "",
                )
                for person in minutes.per_person
            ),
        ),
        *(
            [Section("Warnings", tuple((warning.text, "") for warning in minutes.warnings))]
            if minutes.warnings
            else []
        ),
    ]


def header_of(minutes: Minutes) -> list[tuple[str, str]]:
    """Return the header's fields that are known, as (name, value)."""
    meeting = minutes.meeting
    fields = [
        ("Date", meeting.date.isoformat() if meeting.date else ""),
        ("Duration", clock(meeting.duration_s) if meeting.duration_s else ""),
        ("Attendees", ", ".join(meeting.participants)),
        ("Written by", "extraction, no language model" if meeting.engine == "extractive" else meeting.engine),
    ]
    return [(name, value) for name, value in fields if value]


def title_of(minutes: Minutes) -> str:
    """Return the meeting's title, or a plain one."""
    return minutes.meeting.title or "Minutes"


def to_markdown(minutes: Minutes) -> str:
    """Return the minutes as Markdown."""
    lines = [f"# {_escaped(title_of(minutes))}", ""]
    lines += [f"- **{name}:** {_escaped(value)}" for name, value in header_of(minutes)]
    for section in sections_of(minutes):
        lines += ["", f"## {section.title}", ""]
        if section.note and section.lines:
            lines += [f"_{section.note}_", ""]
        lines += [f"- {_escaped(text)}{f' _({place})_' if place else ''}" for text, place in section.lines] or [
            NONE_FOUND
        ]
    return "\n".join(lines) + "\n"


def to_docx(minutes: Minutes) -> bytes:
    """Return the minutes as a Word document."""
    document = docx.Document()
    document.add_heading(_printable(title_of(minutes)), level=0)
    for name, value in header_of(minutes):
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{name}: ").bold = True
        paragraph.add_run(_printable(value))
    for section in sections_of(minutes):
        document.add_heading(section.title, level=1)
        if section.note and section.lines:
            document.add_paragraph().add_run(section.note).italic = True
        for text, place in section.lines:
            paragraph = document.add_paragraph(_printable(text), style="List Bullet")
            if place:
                paragraph.add_run(f"  ({place})").italic = True
        if not section.lines:
            document.add_paragraph(NONE_FOUND)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def to_pdf(minutes: Minutes, *, font_path: str | None = None) -> bytes:
    """Return the minutes as PDF.

    `font_path` names a TrueType font for letters beyond Western Europe's; without one those become "?".
    """
    page = FPDF()
    page.set_auto_page_break(auto=True, margin=18)
    page.set_title(title_of(minutes))
    page.add_page()
    family = "Helvetica"
    if font_path is not None:
        page.add_font("minutes", fname=font_path)
        family = "minutes"

    def write(text: str, size: float) -> None:
        page.set_font(family, size=size)
        shown = _printable(text) if font_path else _western(_printable(text))
        page.multi_cell(0, size * 0.5, shown, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    write(title_of(minutes), 18)
    for name, value in header_of(minutes):
        write(f"{name}: {value}", 10)
    for section in sections_of(minutes):
        page.ln(3)
        write(section.title, 13)
        if section.note and section.lines:
            write(section.note, 9)
        for text, place in section.lines:
            write(f"- {text}" + (f"  ({place})" if place else ""), 10)
        if not section.lines:
            write(NONE_FOUND, 10)
    return bytes(page.output())


def to_ics(minutes: Minutes, *, written_at: datetime | None = None) -> bytes:
    """Return a calendar with one all-day entry for each task that has a due date; without any, an empty
    calendar.

    `written_at` (aware) stamps the entries; the meeting's date, else 1970, stands in, so that exports
    repeat exactly.
    """
    day = minutes.meeting.date
    stamp = written_at or (
        datetime(day.year, day.month, day.day, tzinfo=UTC) if day else datetime(1970, 1, 1, tzinfo=UTC)
    )
    calendar = Calendar()
    calendar.add("prodid", "-//Steward//Minutes//EN")
    calendar.add("version", "2.0")
    for action in minutes.action_items:
        if action.due_date is None:
            continue
        event = Event()
        key = f"{minutes.meeting.title}|{day}|{action.task}|{action.owner}"
        event.add("uid", f"{sha256(key.encode()).hexdigest()[:32]}@steward")
        event.add("dtstamp", stamp)
        event.add("dtstart", action.due_date)
        event.add("dtend", action.due_date + timedelta(days=1))
        event.add("summary", f"{action.owner}: {action.task}" if action.owner else action.task)
        event.add("description", f"{title_of(minutes)}: {action.due or ''}".strip(": "))
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def to_csv(minutes: Minutes) -> str:
    """Return the tasks as comma-separated values with a header row; cells can't start a spreadsheet formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["task", "owner", "due", "due_date", "confidence", "time", "speaker", "quote"])
    for action in minutes.action_items:
        first = action.evidence[0] if action.evidence else None
        row: Sequence[Any] = [
            action.task,
            action.owner or "",
            action.due or "",
            action.due_date.isoformat() if action.due_date else "",
            action.confidence,
            clock(first.start) if first else "",
            (first.speaker or "") if first else "",
            " ".join(item.quote for item in action.evidence),
        ]
        writer.writerow([_harmless(str(cell)) for cell in row])
    return out.getvalue()


def _action_line(action: Any) -> str:
    parts = [part for part in (action.owner, f"due {action.due_date or action.due}" if action.due else None) if part]
    return str(action.task) + (f" ({', '.join(str(part) for part in parts)})" if parts else " (no owner named)")


def _place(evidence: Sequence[Evidence]) -> str:
    """Return "12:04, u31" for the first piece of evidence."""
    return next(_places(evidence), "")


def _places(evidence: Sequence[Evidence]) -> Iterator[str]:
    for item in evidence:
        time = clock(item.start)
        yield f"{time}, {item.id}" if time else item.id


def _span(start: float | None, end: float | None) -> str:
    return "–".join(part for part in (clock(start), clock(end)) if part)


def _escaped(text: str) -> str:
    """Return `text` with Markdown's signs made plain."""
    escaped = "".join(f"\\{sign}" if sign in "\\`*_[]<>#|" else sign for sign in text)
    return " ".join(escaped.split())


def _printable(text: str) -> str:
    """Return `text` without the control characters that Word's XML forbids."""
    return "".join(sign for sign in text if sign in "\t\n" or (ord(sign) >= 32 and not 0xD800 <= ord(sign) <= 0xDFFF))


def _western(text: str) -> str:
    for sign, plain in _PLAIN_SIGNS.items():
        text = text.replace(sign, plain)
    return text.encode("latin-1", errors="replace").decode("latin-1")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
