"""The request for a follow-up e-mail, and the notes it is drafted from: what was decided, and who does what."""

from __future__ import annotations

from collections import defaultdict

from assistant.minutes.schema import ActionItem, Minutes

MOST_LINES = 12  # of a section; an e-mail is read, not filed


def follow_up_request(minutes: Minutes) -> str:
    """Return what is asked of the drafter."""
    title, day = minutes.meeting.title, minutes.meeting.date
    about = title or "the meeting"
    when = f" of {day.isoformat()}" if day else ""
    people = [name for name in minutes.meeting.participants if " " in name][:8]
    to = f" to {', '.join(people[:-1])} and {people[-1]}" if len(people) > 1 else f" to {people[0]}" if people else ""
    return f"Write a follow-up e-mail{to} about {about}{when} with the action items"


def follow_up_notes(minutes: Minutes) -> str:
    """Return the minutes as the drafter's source, Markdown: decisions that stand, tasks by owner, open questions."""
    day = minutes.meeting.date
    lines = [f"# {minutes.meeting.title or 'Meeting'}{f', {day.isoformat()}' if day else ''}", ""]
    agreed = [decision.text for decision in minutes.decisions if decision.status == "agreed"]
    lines += _section("Decisions", agreed)
    lines += _section("Action items", _by_owner([item for item in minutes.action_items if not item.is_done]))
    lines += _section("Open questions", [question.text for question in minutes.open_questions])
    return "\n".join(lines) + "\n"


def _by_owner(items: list[ActionItem]) -> list[str]:
    """Return the tasks with those of one owner together, in the order the owners first come."""
    owned: dict[str, list[str]] = defaultdict(list)
    for item in items:
        due = item.due_date.isoformat() if item.due_date else item.due
        owned[item.owner or ""].append(f"{item.task}{f' (due {due})' if due else ''}")
    return [f"{owner}: {task}" if owner else task for owner, tasks in owned.items() for task in tasks]


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {line}" for line in lines[:MOST_LINES]), ""] if lines else []
