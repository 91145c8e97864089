"""Read notes of a meeting, such as those of a Slack huddle: attendees, summary, tasks, perhaps a transcript.

Where the page holds the transcript, that is what was said, and the rest is somebody's account of it. Without one the
account is all there is: each of its lines is kept, with the section it stands in, and nobody is made its speaker.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date

from workers.transcripts.clock import date_in
from workers.transcripts.colon_lines import named_line
from workers.transcripts.pieces import Draft, Piece
from workers.transcripts.preamble import names_in
from workers.transcripts.text_lines import read_text_lines
from workers.transcripts.transcript import NotesSection

_HEADINGS: dict[str, str] = {
    name: section
    for section, names in {
        "attendees": "attendees|participants|people|teilnehmende|teilnehmer|participantes",
        "summary": "summary|meeting summary|overview|recap|key takeaways|key points|discussion|zusammenfassung|résumé"
        "|resumen",
        "decisions": "decisions|key decisions|decisions made|beschlüsse|entscheidungen|décisions|decisiones",
        "action_items": "action items|actions|next steps|suggested next steps|follow-ups|to-dos|tasks|aufgaben"
        "|nächste schritte|actions à mener|tareas",
        "open_questions": "open questions|questions|unresolved questions|offene fragen|questions ouvertes",
        "transcript": "transcript|full transcript|transkript|transcription",
    }.items()
    for name in names.split("|")
}
_TOLD: frozenset[str] = frozenset(["summary", "decisions", "action_items", "open_questions"])
_RECURRING = 3  # lines opened by one name: then people speak there, and it is no account of what they said
_MARKS = re.compile(r"^\s*(?:[-*•◦☐☑✓]\s+|\[[ xX]?\]\s+|\d{1,2}[.)]\s+)*")
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\d/])")


def is_notes_page(lines: Sequence[str]) -> bool:
    """Do headings divide the lines into an account of a meeting?"""
    sections = [_heading(line) for line in lines]
    found = {section for section in sections if section}
    if len(found) < 2 or not found & _TOLD:
        return False
    here, openers = None, Counter[str]()
    for line, section in zip(lines, sections, strict=True):
        here = section or here
        if here in _TOLD and (named := named_line(line)) is not None:
            openers[named.name] += 1
    return max(openers.values(), default=0) < _RECURRING


def read_notes_page(lines: list[str]) -> Draft:
    """Return the draft of a page of notes."""
    sections = [_heading(line) for line in lines]
    first = next(number for number, section in enumerate(sections) if section)
    places = [number for number, section in enumerate(sections) if section == "transcript"]
    spoken = lines[places[0] + 1 :] if places else []
    spoken = spoken[: next((n for n, line in enumerate(spoken) if _heading(line)), len(spoken))]
    draft = read_text_lines(spoken) if any(line.strip() for line in spoken) else Draft(source="plain_text")
    is_told = not draft.pieces  # no transcript: the account is all there is
    head = [_bare(line) for line in lines[:first] if line.strip()]
    draft.title = next((line for line in head if line), None) or draft.title
    draft.date = draft.date or next((day for line in head if (day := _day(line)) is not None), None)
    here = None
    for number, line in enumerate(lines, 1):
        section = sections[number - 1]
        here = section or here
        text = _bare(line)
        if section or not text:
            continue
        if here == "attendees":
            draft.attendees += names_in(text.replace("@", ""))
        elif is_told and here in _TOLD:
            draft.pieces.append(Piece(text, ref=f"line {number}", section=_section(here)))
    return draft


def _heading(line: str) -> str | None:
    bare = line.strip().lstrip("#").strip().strip("*_").strip().rstrip(":").strip().lower()
    return _HEADINGS.get(bare)


def _section(name: str | None) -> NotesSection:
    match name:
        case "decisions" | "action_items" | "open_questions":
            return name
        case _:
            return "summary"


def _bare(line: str) -> str:
    return _MARKS.sub("", line.strip().lstrip("#").strip()).strip().strip("*_").strip()


def _day(line: str) -> date | None:
    """Return the day in a heading; "11/24/26" where one of the figures can be no month."""
    if (written := date_in(line)) is not None or (found := _SLASHED.search(line)) is None:
        return written
    one, other, year = (int(part) for part in found.groups())
    if (one > 12) == (other > 12):
        return None
    month, day = (other, one) if one > 12 else (one, other)
    try:
        return date(year + (2000 if year < 100 else 0), month, day)
    except ValueError:
        return None
