"""Read transcripts made of `Name: words` lines: Google Meet exports, Markdown notes and plain text.

Text without any name is still read, paragraph by paragraph, so that someone's dictated notes can be minuted.
"""

import re

from workers.transcripts.clock import TIME, seconds_of
from workers.transcripts.colon_lines import NamedLine, heading_time, named_line
from workers.transcripts.one_time_speakers import Opened
from workers.transcripts.pieces import Draft, Piece
from workers.transcripts.preamble import is_footer, read_preamble
from workers.transcripts.speakers import accepted_names, is_speaker_name
from workers.transcripts.transcript import SourceFormat

_TIME_ALONE = re.compile(rf"^\s*[\[(]?({TIME})[\])]?\s*$")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$")
_MEET_SIGNS = re.compile(
    r"^\s*(?:the )?meeting ended after|editable transcript was computer", re.IGNORECASE | re.MULTILINE
)
_ATTENDEES_ALONE = re.compile(r"^\s*(?:attendees|teilnehmer)\s*$", re.IGNORECASE | re.MULTILINE)
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_FOOTER_LINES = 5


def read_text_lines(lines: list[str]) -> Draft:
    """Return the draft of a Meet, Markdown or plain transcript."""
    parsed = [named_line(line) for line in lines]
    source = _source(lines, parsed)
    head = Draft(source=source)
    opened = [Opened(found.name, found.text) for found in parsed if found is not None]
    _collect_listed(head, lines)
    names = accepted_names(opened, listed=head.attendees, lines=sum(1 for line in lines if line.strip()))
    first = _first_speech(lines, parsed, names)
    draft = Draft(source=source)
    if first is None:
        return _without_names(draft, lines)
    read_preamble(draft, lines[:first])
    _read_speech(draft, lines, parsed, first, names)
    return draft


def _source(lines: list[str], parsed: list[NamedLine | None]) -> SourceFormat:
    text = "\n".join(lines)
    marks = sum(1 for line in lines if _TIME_ALONE.match(line))
    if _MEET_SIGNS.search(text) or (marks and _ATTENDEES_ALONE.search(text)):
        return "google_meet"
    if any(found is not None and found.bold for found in parsed) or any(_HEADING.match(line) for line in lines):
        return "markdown"
    return "plain_text"


def _collect_listed(draft: Draft, lines: list[str]) -> None:
    """Read the attendees only, from the opening lines, so that their names are known before speech is looked for."""
    opening = [line for line in lines[:40] if line.strip()]
    trial = Draft(source=draft.source)
    read_preamble(trial, opening)
    draft.attendees = trial.attendees


def _heading_speaker(line: str) -> tuple[str, float | None] | None:
    """Return the speaker of `### Anna (00:33)`; a heading without a time is a section."""
    heading = _HEADING.match(line)
    if heading is None or (timed := heading_time(heading[1])) is None or not is_speaker_name(timed[0]):
        return None
    return timed


def _first_speech(lines: list[str], parsed: list[NamedLine | None], names: frozenset[str]) -> int | None:
    for number, (line, found) in enumerate(zip(lines, parsed, strict=True)):
        if (found is not None and found.name in names) or _heading_speaker(line) is not None:
            return number
    return None


def _read_speech(
    draft: Draft, lines: list[str], parsed: list[NamedLine | None], first: int, names: frozenset[str]
) -> None:
    filled = [number for number, line in enumerate(lines) if line.strip()]
    footer_from = filled[-_FOOTER_LINES:][0]
    speaker: str | None = None
    mark = _mark_before(lines, first)
    start = mark
    open_line: int | None = None
    words: list[str] = []

    def close() -> None:
        if words and open_line is not None:
            draft.pieces.append(Piece(_unmarked(" ".join(words)), speaker, start, None, f"line {open_line + 1}"))
        words.clear()

    for number in range(first, len(lines)):
        line, found = lines[number], parsed[number]
        if (alone := _TIME_ALONE.match(line)) is not None:
            close()
            mark = start = seconds_of(alone[1])
            draft.warn("coarse_times", "The transcript has a time only every few minutes; times are approximate.")
        elif (headed := _heading_speaker(line)) is not None:
            close()
            speaker, start = headed
            open_line = number
        elif found is not None and (found.name in names):
            close()
            speaker, open_line = found.name, number
            start = found.start if found.start is not None else mark
            if found.text:
                words.append(found.text)
        elif not line.strip() or _RULE.match(line) or _HEADING.match(line):
            close()
        elif not (number >= footer_from and is_footer(line)):
            if not words:
                open_line = number
            words.append(re.sub(r"^\s*(?:>\s?)+", "", line).strip())
    close()


def _mark_before(lines: list[str], first: int) -> float | None:
    marks = [seconds_of(found[1]) for line in lines[:first] if (found := _TIME_ALONE.match(line)) is not None]
    return marks[-1] if marks else None


def _unmarked(text: str) -> str:
    return _EMPHASIS.sub(r"\2", text)


def _without_names(draft: Draft, lines: list[str]) -> Draft:
    """Read text that names nobody: one piece a paragraph, or a line where there are no paragraphs."""
    heading = next((_HEADING.match(line) for line in lines if _HEADING.match(line)), None)
    draft.title = heading[1] if heading else None
    blanks = sum(1 for line in lines if not line.strip())
    paragraph: list[str] = []
    opened = 0
    for number, line in enumerate([*lines, ""]):
        ends = not line.strip() or _HEADING.match(line) is not None or (not blanks and paragraph)
        if ends and paragraph:
            draft.pieces.append(Piece(_unmarked(" ".join(paragraph)), None, None, None, f"line {opened + 1}"))
            paragraph = []
        if line.strip() and not _HEADING.match(line) and not _TIME_ALONE.match(line):
            if not paragraph:
                opened = number
            paragraph.append(line.strip())
    return draft
