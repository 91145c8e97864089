"""Hand minutes on as Markdown, Word, calendar entries for due days, and a table of the tasks (PDF: export_pdf.py).

Every form says which engine wrote the minutes, and "none found" where a section is empty. Texts of the
meeting are written as text: no link, formula or markup in them comes alive in the exported file.
"""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import docx
from icalendar import Calendar, Event

from assistant.minutes.moments import moment
from assistant.minutes.schema import Minutes
from workers.jobs.meeting_summary.layout import Layout, printable, sections_of


def to_markdown(minutes: Minutes, layout: Layout) -> str:
    """Return the minutes as Markdown."""
    lines = [f"# {_escaped(layout.title(minutes))}", ""]
    lines += [f"- **{name}:** {_escaped(value)}" for name, value in layout.header(minutes)]
    for section in sections_of(minutes, layout):
        lines += ["", f"## {section.title}", ""]
        if section.note and section.lines:
            lines += [f"_{section.note}_", ""]
        lines += [
            f"- {_escaped(text)}{f' _({place})_' if place else ''}" for text, place in section.placed_lines()
        ] or [layout.wording["none_found"]]
    return "\n".join(lines) + "\n"


def to_docx(minutes: Minutes, layout: Layout) -> bytes:
    """Return the minutes as a Word document."""
    document = docx.Document()
    document.add_heading(printable(layout.title(minutes)), level=0)
    for name, value in layout.header(minutes):
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{name}: ").bold = True
        paragraph.add_run(printable(value))
    for section in sections_of(minutes, layout):
        document.add_heading(printable(section.title), level=1)
        if section.note and section.lines:
            document.add_paragraph().add_run(section.note).italic = True
        for text, place in section.placed_lines():
            paragraph = document.add_paragraph(printable(text), style="List Bullet")
            if place:
                paragraph.add_run(f"  ({place})").italic = True
        if not section.lines:
            document.add_paragraph(layout.wording["none_found"])
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def to_ics(minutes: Minutes, layout: Layout, *, written_at: datetime | None = None) -> bytes:
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
        event.add("description", f"{layout.title(minutes)}: {action.due or ''}".strip(": "))
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
            moment(first.start, minutes.meeting.began_at) if first else "",
            (first.speaker or "") if first else "",
            " ".join(item.quote for item in action.evidence),
        ]
        writer.writerow([_harmless(str(cell)) for cell in row])
    return out.getvalue()


def _escaped(text: str) -> str:
    """Return `text` with Markdown's signs made plain."""
    escaped = "".join(f"\\{sign}" if sign in "\\`*_[]<>#|" else sign for sign in text)
    return " ".join(escaped.split())


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
