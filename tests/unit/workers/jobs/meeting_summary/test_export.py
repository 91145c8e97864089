"""Minutes leave as files that say what was found, and what was not."""

import csv
import datetime
import io
from pathlib import Path

import docx
import pytest
from icalendar import Calendar
from pypdfium2 import PdfDocument

from assistant.minutes.schema import ActionItem, MeetingHeader, Minutes
from assistant.replies import Block, Paragraph
from tests.unit.workers.jobs.meeting_summary.demo_meetings import budget_round, chat
from workers.jobs.meeting_summary.export import to_csv, to_docx, to_ics, to_markdown
from workers.jobs.meeting_summary.export_pdf import LettersMissing, to_pdf, undrawn_signs
from workers.jobs.meeting_summary.extract import extract_minutes
from workers.jobs.meeting_summary.layout import Layout
from workers.jobs.meeting_summary.reply import Sources, render_minutes

MINUTES = extract_minutes(budget_round())
EMPTY = extract_minutes(chat())


def test_markdown_names_owner_day_place_and_engine() -> None:
    text = to_markdown(MINUTES, Layout())

    assert "# Budget round" in text
    assert "extraction, no language model" in text
    assert "(Ben Okafor, due 2026-03-06) _(2:10, u9)_" in text


def test_an_empty_section_says_none_found() -> None:
    assert "## Decisions\n\nNone found." in to_markdown(EMPTY, Layout())


def test_an_empty_list_of_a_message_says_what_to_do() -> None:
    said = [block.markdown for block in _message(EMPTY) if isinstance(block, Paragraph)]

    assert "**Decisions**\n\nNone found. Use Edit to add what was missed." in said
    assert not any("Use Edit" in block.markdown for block in _message(MINUTES) if isinstance(block, Paragraph))


def _message(minutes: Minutes) -> tuple[Block, ...]:
    return render_minutes(minutes, Layout(), Sources("a.txt", "A meeting"), ()).blocks


def test_markup_in_a_meeting_stays_text() -> None:
    minutes = Minutes(meeting=MeetingHeader(title="[click](http://evil.example) <b>"))

    assert to_markdown(minutes, Layout()).splitlines()[0] == r"# \[click\](http://evil.example) \<b\>"


def test_the_word_file_has_every_section() -> None:
    document = docx.Document(io.BytesIO(to_docx(MINUTES, Layout())))
    texts = [paragraph.text for paragraph in document.paragraphs]

    assert "Action items" in texts
    assert any("due 2026-03-13" in text for text in texts)


DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


def text_of_pdf(data: bytes) -> str:
    document = PdfDocument(data)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def titled(title: str) -> Minutes:
    return MINUTES.model_copy(update={"meeting": MeetingHeader(title=title)})


def test_a_pdf_of_western_letters_needs_no_font() -> None:
    text = text_of_pdf(to_pdf(titled("Größe – “portal”\x07"), Layout()))

    assert 'Größe - "portal"' in text
    assert "Ben Okafor, due 2026-03-06" in text


@pytest.mark.skipif(not DEJAVU.exists(), reason="Debian's fonts-dejavu-core is not installed")
def test_a_pdf_of_other_letters_embeds_a_font_that_has_them() -> None:
    assert "Нарада Łódź Ωμέγα" in text_of_pdf(to_pdf(titled("Нарада Łódź Ωμέγα"), Layout(), fonts=[DEJAVU]))


@pytest.mark.parametrize("title", ["李雷", "اجتماع"])
def test_without_a_font_for_its_letters_there_is_no_pdf_of_question_marks(title: str) -> None:
    with pytest.raises(LettersMissing) as missing:
        to_pdf(titled(title), Layout(), fonts=[DEJAVU] if DEJAVU.exists() else [])

    assert set(missing.value.letters) & set(title)


def test_pictures_that_no_font_holds_are_left_out_and_named() -> None:
    minutes = titled("Fair \U0001f389 \U0001f44d\U0001f3fd with Łódź" if DEJAVU.exists() else "Fair \U0001f389\ufe0f")
    fonts = [DEJAVU] if DEJAVU.exists() else []

    assert "Fair" in text_of_pdf(to_pdf(minutes, Layout(), fonts=fonts))
    assert "\U0001f389" in undrawn_signs(minutes, Layout(), fonts=fonts)
    assert undrawn_signs(titled("Größe © 20 °C"), Layout()) == ""


def test_the_calendar_has_one_all_day_entry_for_each_due_date() -> None:
    events = Calendar.from_ical(to_ics(MINUTES, Layout())).walk("VEVENT")

    assert [event["dtstart"].dt for event in events] == [
        datetime.date(2026, 3, 6),
        datetime.date(2026, 3, 13),
    ]
    assert to_ics(MINUTES, Layout()) == to_ics(MINUTES, Layout())
    assert Calendar.from_ical(to_ics(EMPTY, Layout())).walk("VEVENT") == []


def test_the_table_has_one_row_for_each_task_and_no_formulas() -> None:
    risky = Minutes(meeting=MeetingHeader(), action_items=(ActionItem(task="=HYPERLINK(1)"),))

    rows = list(csv.DictReader(io.StringIO(to_csv(MINUTES))))

    assert [(row["owner"], row["due_date"]) for row in rows] == [
        ("Ben Okafor", "2026-03-06"),
        ("Chloé Martin", "2026-03-13"),
    ]
    assert "'=HYPERLINK(1)" in to_csv(risky)
