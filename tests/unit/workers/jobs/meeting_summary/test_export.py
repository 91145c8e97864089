"""Minutes leave as files that say what was found, and what was not."""

import csv
import datetime
import io

import docx
from icalendar import Calendar

from tests.unit.workers.jobs.meeting_summary.demo_meetings import budget_round, chat
from workers.jobs.meeting_summary.export import to_csv, to_docx, to_ics, to_markdown, to_pdf
from workers.jobs.meeting_summary.extract import extract_minutes
from workers.jobs.meeting_summary.schema import ActionItem, MeetingHeader, Minutes

MINUTES = extract_minutes(budget_round())
EMPTY = extract_minutes(chat())


def test_markdown_names_owner_day_place_and_engine() -> None:
    text = to_markdown(MINUTES)

    assert "# Budget round" in text
    assert "extraction, no language model" in text
    assert "(Ben Okafor, due 2026-03-06) _(2:10, u9)_" in text


def test_an_empty_section_says_none_found() -> None:
    assert "## Decisions\n\nNone found." in to_markdown(EMPTY)


def test_markup_in_a_meeting_stays_text() -> None:
    minutes = Minutes(meeting=MeetingHeader(title="[click](http://evil.example) <b>"))

    assert to_markdown(minutes).splitlines()[0] == r"# \[click\](http://evil.example) \<b\>"


def test_the_word_file_has_every_section() -> None:
    document = docx.Document(io.BytesIO(to_docx(MINUTES)))
    texts = [paragraph.text for paragraph in document.paragraphs]

    assert "Action items" in texts
    assert any("due 2026-03-13" in text for text in texts)


def test_the_pdf_is_a_pdf_whatever_the_letters() -> None:
    minutes = MINUTES.model_copy(update={"meeting": MeetingHeader(title="Größe – “portal” 李雷\x07")})

    assert to_pdf(minutes).startswith(b"%PDF")


def test_the_calendar_has_one_all_day_entry_for_each_due_date() -> None:
    events = Calendar.from_ical(to_ics(MINUTES)).walk("VEVENT")

    assert [event["dtstart"].dt for event in events] == [
        datetime.date(2026, 3, 6),
        datetime.date(2026, 3, 13),
    ]
    assert to_ics(MINUTES) == to_ics(MINUTES)
    assert Calendar.from_ical(to_ics(EMPTY)).walk("VEVENT") == []


def test_the_table_has_one_row_for_each_task_and_no_formulas() -> None:
    risky = Minutes(meeting=MeetingHeader(), action_items=(ActionItem(task="=HYPERLINK(1)"),))

    rows = list(csv.DictReader(io.StringIO(to_csv(MINUTES))))

    assert [(row["owner"], row["due_date"]) for row in rows] == [
        ("Ben Okafor", "2026-03-06"),
        ("Chloé Martin", "2026-03-13"),
    ]
    assert "'=HYPERLINK(1)" in to_csv(risky)
