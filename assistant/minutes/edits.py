"""A person's own edit of minutes: lines in a form, and what the next revision says after it.

Every section is a text with one line an entry, so that the same form works as a Slack modal, a Teams card and a web
dialog. A line keeps the number it had; one without a number is new; one that is gone is removed:

    decisions       1. [agreed] We stay with the old vendor
                    2. [perhaps] The casing will be grey         (a guess of the rules; another word here settles it)
    action_items    1. Send the offer | Anna | 2026-10-12        (owner and due may be left out; [done] ticks it off)
    open_questions  1. Who pays for it? | Ben
    summary         1. The budget was discussed.

What people write is theirs: it is not held against the transcript, and marked with their name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar, get_args

from assistant.errors import RequestInvalid
from assistant.minutes.kept import SECTIONS, numbered
from assistant.minutes.schema import ActionItem, Decision, DecisionStatus, Minutes, OpenQuestion, SummaryLine

MAX_LINE_CHARS: Final = 1_200
MAX_NAME_CHARS: Final = 80
MAX_LINES: Final = 200  # of one section
_PERHAPS: Final = "perhaps"  # in a status's place, before what the rules only guess
TITLES: Final[Mapping[str, str]] = {
    "summary": "Summary",
    "decisions": "Decisions",
    "action_items": "Action items",
    "open_questions": "Open questions",
}
HINTS: Final[Mapping[str, str]] = {
    "summary": "One sentence a line.",
    "decisions": "One a line: [agreed], [proposed] or [rejected], then the decision. [perhaps] is only a guess.",
    "action_items": "One a line: task | owner | due. [done] before the task ticks it off.",
    "open_questions": "One a line: question | who raised it.",
}
HOW_TO: Final = "Keep the numbers. Delete a line to remove it; a line without a number is new."
_NUMBER = re.compile(r"^(\d{1,3})\.\s+")
_MARK = re.compile(r"^\[([^\]]*)\]\s*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_Line = SummaryLine | Decision | ActionItem | OpenQuestion
_Entry = TypeVar("_Entry", SummaryLine, Decision, ActionItem, OpenQuestion)


@dataclass(frozen=True, slots=True)
class Edited:
    """The next revision's content, and what was changed, one sentence each."""

    minutes: Minutes
    changes: tuple[str, ...]


def form_values(minutes: Minutes) -> dict[str, str]:
    """Return what each section's field starts with."""
    return {
        section: "\n".join(
            f"{number}. {_written(entry)}" for number, entry in enumerate(getattr(minutes, section), 1)
        )
        for section in SECTIONS
    }


def apply_edit(minutes: Minutes, fields: Mapping[str, str], *, editor: str) -> Edited:
    """Return the minutes with the edit in them; a section that is not in `fields` stays as it is.

    Raises:
        RequestInvalid: a line can't be read, is too long, or repeats a number (the reply names it); nothing changed.
    """
    minutes = numbered(minutes)  # also those kept before their highest ids were written down
    update: dict[str, Any] = {"confirmed_by": None}
    changes: list[str] = []
    for section, text in fields.items():
        if section in SECTIONS:
            update[section] = tuple(_section(section, getattr(minutes, section), text, editor, changes))
    if not changes:
        raise RequestInvalid("an edit without a change", reply="Nothing was changed.")
    return Edited(numbered(minutes.model_copy(update=update)), tuple(changes))


def confirmed(minutes: Minutes, *, by: str) -> Minutes:
    """Return the minutes as found right by a person; what the rules only guessed is then proposed, and no guess."""
    decisions = tuple(one.model_copy(update={"is_unsure": False}) for one in minutes.decisions)
    return minutes.model_copy(update={"confirmed_by": by, "decisions": decisions})


def _section(section: str, before: tuple[_Line, ...], text: str, editor: str, changes: list[str]) -> list[_Line]:
    lines = [" ".join(_CONTROL.sub(" ", line).split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    if len(lines) > MAX_LINES:
        raise RequestInvalid(f"{len(lines)} lines", reply=f"Please keep {TITLES[section]} to {MAX_LINES} lines.")
    read, kept, seen = _READERS[section], [], set()
    for line in lines:
        found = _NUMBER.match(line)
        number = int(found[1]) if found else 0
        if number > len(before) or number in seen:
            why = (
                "stands there twice" if number in seen else "was not there before; leave the number out of new lines"
            )
            raise RequestInvalid("numbers of an edit", reply=f"{TITLES[section]}: number {number} {why}.")
        words = line[found.end() :] if found else line
        if len(words) > MAX_LINE_CHARS:
            raise RequestInvalid(
                "line too long",
                reply=f"{TITLES[section]}: “{words[:40]}…” is longer than {MAX_LINE_CHARS} characters.",
            )
        old = before[number - 1] if number else None
        seen |= {number} if number else set()
        new = read(words, old)
        if old is not None and _written(new) == _written(old):
            kept.append(old)
            continue
        changes.append(
            f"{TITLES[section]}: “{_written(old)}” is now “{words}”" if old else f"{TITLES[section]}: “{words}” added"
        )
        mark = {"edited_by": editor, "is_weak": False, **({} if old else {"found_by": "person"})}
        kept.append(new.model_copy(update=mark))
    changes += [
        f"{TITLES[section]}: “{_written(old)}” removed" for number, old in enumerate(before, 1) if number not in seen
    ]
    return kept


# ------------------------------------------------------------------ one line
def _written(entry: _Line) -> str:
    """Return the entry as its line in the form; a bar within a text would be read as the end of it."""
    if isinstance(entry, Decision):
        return f"[{_PERHAPS if entry.is_unsure else entry.status}] {_text(entry.text)}"
    if isinstance(entry, ActionItem):
        parts = [_text(entry.task), _text(entry.owner or ""), str(entry.due_date or _text(entry.due or ""))]
        while parts[-1] == "":
            parts.pop()
        return ("[done] " if entry.is_done else "") + " | ".join(part or "-" for part in parts)
    if isinstance(entry, OpenQuestion) and entry.raised_by:
        return f"{_text(entry.text)} | {_text(entry.raised_by)}"
    return _text(entry.text)


def _text(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def _read_summary(words: str, old: _Line | None) -> _Line:
    return _over(SummaryLine(text=_needed("summary", words)), old)


def _read_decision(words: str, old: _Line | None) -> _Line:
    found = _MARK.match(words)
    status = found[1].strip().lower() if found else "agreed"
    known = get_args(DecisionStatus)
    is_unsure = status == _PERHAPS and isinstance(old, Decision) and old.is_unsure  # left as it was: still a guess
    if is_unsure:
        status = "proposed"
    elif status not in known:
        raise RequestInvalid(
            f"decision status {status[:20]!r}",
            reply=f"Decisions: a decision is {', '.join(f'[{one}]' for one in known)}, not [{status[:40]}].",
        )
    text = _needed("decisions", words[found.end() :] if found else words)
    return _over(Decision.model_validate({"text": text, "status": status, "is_unsure": is_unsure}), old)


def _read_action(words: str, old: _Line | None) -> _Line:
    found = _MARK.match(words)
    is_done = found is not None and found[1].strip().lower() in ("done", "x")
    task, owner, due = _parts("action_items", words[found.end() :] if found and is_done else words, 3)
    item = ActionItem(
        task=_needed("action_items", task), owner=_name(owner), confidence="stated", is_done=is_done, due=due or None
    )
    before = old if isinstance(old, ActionItem) else None
    if before is not None and due == str(before.due_date or _text(before.due or "")):
        item = item.model_copy(update={"due": before.due, "due_date": before.due_date})
    elif due:
        item = item.model_copy(update={"due_date": _day(due)})
    if before is not None and before.owner == item.owner:
        item = item.model_copy(update={"owner_ref": before.owner_ref})
    return _over(item, old)


def _read_question(words: str, old: _Line | None) -> _Line:
    text, raised_by = _parts("open_questions", words, 2)
    return _over(OpenQuestion(text=_needed("open_questions", text), raised_by=_name(raised_by)), old)


_READERS: Final[Mapping[str, Callable[[str, _Line | None], _Line]]] = {
    "summary": _read_summary,
    "decisions": _read_decision,
    "action_items": _read_action,
    "open_questions": _read_question,
}


def _over(new: _Entry, old: _Line | None) -> _Entry:
    """Return the new entry in the old one's place: same id, same evidence, found by the same."""
    if old is None:
        return new
    return new.model_copy(update={"id": old.id, "evidence": old.evidence, "found_by": old.found_by})


def _parts(section: str, words: str, count: int) -> list[str]:
    parts = [part.strip() for part in words.split("|")]
    if len(parts) > count:
        raise RequestInvalid(
            "too many bars", reply=f"{TITLES[section]}: “{words[:60]}” has more than {count} parts. {HINTS[section]}"
        )
    return [*("" if part == "-" else part for part in parts), *[""] * (count - len(parts))]


def _needed(section: str, text: str) -> str:
    text = text.strip()
    if not re.search(r"\w", text):
        raise RequestInvalid("a line without words", reply=f"{TITLES[section]}: a line has no words. {HOW_TO}")
    return text


def _name(text: str) -> str | None:
    if len(text) > MAX_NAME_CHARS:
        raise RequestInvalid("name too long", reply=f"“{text[:40]}…” is too long for a name.")
    return text or None


def _day(due: str) -> date | None:
    """Return the calendar day of an ISO date or 12.10.2026; other words are kept as words alone."""
    try:
        if found := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", due):
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(due) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", due) else None
    except ValueError as error:
        raise RequestInvalid("no such day", reply=f"Action items: there is no day {due}.") from error
