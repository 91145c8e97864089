"""What people corrected in minutes, counted by kind of line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from assistant.minutes.corrections import count_corrections
from assistant.minutes.edits import apply_edit, confirmed, form_values
from assistant.minutes.kept import numbered
from assistant.minutes.schema import ActionItem, Decision, MeetingHeader, Minutes, OpenQuestion, SummaryLine
from assistant.settings import Settings
from assistant.storage.minutes_quality import MinutesQuality
from bot.admin.minutes_figures import render_corrections
from tests.unit.workers.jobs.meeting_summary.demo_meetings import BUDGET_ROUND
from tests.unit.workers.jobs.meeting_summary.library_world import ADA, LibraryWorld, press

FIRST = numbered(
    Minutes(
        meeting=MeetingHeader(),
        summary=(SummaryLine(text="A fair was planned."),),
        decisions=(Decision(text="Go to the fair", status="agreed"), Decision(text="Take a van", status="agreed")),
        action_items=(
            ActionItem(task="Book", owner="Ann", due="Friday", due_date=date(2026, 10, 9)),
            ActionItem(task="Pack", owner="Ben"),
        ),
        open_questions=(OpenQuestion(text="Who pays?"),),
    )
)


def edited(**fields: str) -> Minutes:
    return apply_edit(FIRST, fields, editor="Ada").minutes


def test_each_part_of_a_line_is_counted_by_itself() -> None:
    now = edited(
        decisions="1. [proposed] Go to the fair\n[agreed] Take a train",
        action_items="1. Book | Ben | 2026-10-10\n2. Pack the van | Ben",
    )
    figures = count_corrections([(FIRST, now)])
    sections = {one.section: one for one in figures.sections}

    assert (figures.meetings, figures.corrected, figures.confirmed) == (1, 1, 0)
    assert dict(sections["decisions"].changed) == {"status": 1}
    assert (sections["decisions"].removed, sections["decisions"].added) == (1, 1)
    assert dict(sections["action_items"].changed) == {"owner": 1, "due": 1, "text": 1}
    assert (sections["action_items"].written, sections["action_items"].unchanged) == (2, 0)
    assert (sections["open_questions"].written, sections["open_questions"].unchanged) == (1, 1)


def test_a_confirmation_says_that_what_was_not_changed_was_right() -> None:
    some = confirmed(edited(action_items="1. Book | Ann | 2026-10-09\n2. Pack | Ann"), by="Ada")
    figures = count_corrections([(FIRST, confirmed(FIRST, by="Ada")), (FIRST, some), (FIRST, FIRST)])

    assert (figures.meetings, figures.corrected, figures.confirmed) == (3, 1, 2)
    assert (figures.confirmed_unchanged, figures.confirmed_lines) == (11, 12)


def test_a_task_that_was_ticked_off_was_not_wrong() -> None:
    done = form_values(FIRST)["action_items"].replace("1. ", "1. [done] ")
    figures = count_corrections([(FIRST, edited(action_items=done))])

    assert figures.corrected == 0


def test_minutes_nobody_looked_at_say_nothing_of_their_lines() -> None:
    assert all(one.written == 0 for one in count_corrections([(FIRST, FIRST)]).sections)


def test_the_page_tells_how_many_and_what(engine: sa.Engine, settings: Settings) -> None:
    world = LibraryWorld(engine, settings)
    kept = world.hold(BUDGET_ROUND)
    world.hold(BUDGET_ROUND, thread="2.0")
    tasks = world.desk.form(press(kept), world.reader())["action_items"].splitlines()
    world.desk.edit(press(kept), {"action_items": "\n".join(tasks[1:])}, world.reader(), ADA)
    hour = timedelta(hours=1)
    figures = MinutesQuality(engine).corrections(datetime.now(UTC) - hour)
    page = render_corrections(figures, 90)
    nothing = render_corrections(MinutesQuality(engine).corrections(datetime.now(UTC) + hour), 90)

    assert (figures.meetings, figures.corrected) == (2, 1)
    assert next(one for one in figures.sections if one.section == "action_items").removed == 1
    assert "50 % of minutes" in page
    assert "No minutes were written." in nothing
