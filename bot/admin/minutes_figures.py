"""What people corrected in minutes, as HTML of the feedback page. Pure."""

from __future__ import annotations

from markupsafe import Markup

from assistant.minutes.corrections import PARTS, Corrections, SectionCorrections
from assistant.minutes.edits import TITLES
from bot.admin.figures import render_number, render_table, share
from bot.platforms.web.markup import element, join

CHANGED = ("Reworded", "Status", "Owner", "Due", "Raised by")  # in the order of PARTS
COLUMNS = ("Kind of line", "Written", "Unchanged", *CHANGED, "Removed", "Added")


def render_corrections(figures: Corrections, window_days: int) -> Markup:
    """Return how many minutes were corrected or confirmed, and what was changed in them."""
    title = element("h2", f"Minutes of the last {window_days} days")
    if not figures.meetings:
        return element("section", title, element("p", "No minutes were written.", class_="rail-empty"))
    numbers = [
        render_number("Minutes", figures.meetings, "written"),
        render_number("Corrected", figures.corrected, share(figures.corrected, figures.meetings, "of minutes")),
        render_number("Confirmed", figures.confirmed, share(figures.confirmed, figures.meetings, "of minutes")),
        render_number(
            "Lines confirmed unchanged",
            figures.confirmed_unchanged,
            share(
                figures.confirmed_unchanged,
                figures.confirmed_lines,
                "of confirmed minutes' lines",
                nothing="none yet",
            ),
        ),
    ]
    rows = [_row(one) for one in figures.sections]
    table = render_table("What was corrected, in minutes somebody corrected or confirmed", COLUMNS, rows)
    return join([element("section", title, element("dl", numbers, class_="numbers")), table])


def _row(one: SectionCorrections) -> tuple[str, ...]:
    changed = [one.changed[part] for part in PARTS]
    unchanged = f"{one.unchanged} ({share(one.unchanged, one.written, '')})" if one.written else "0"
    figures = (str(one.written), unchanged, *map(str, changed), str(one.removed), str(one.added))
    return (TITLES[one.section], *figures)
