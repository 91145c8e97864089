"""Read transcripts made of headed turns: `Anna Schmidt   0:33` on one line, her words on the next.

Teams documents and Otter exports look like this. Which words of the opening lines are title, date and
attendees is decided by `preamble.py`.
"""

import re

from workers.transcripts.colon_lines import heading_time
from workers.transcripts.pieces import Draft, Piece
from workers.transcripts.preamble import is_footer, read_preamble
from workers.transcripts.speakers import is_label, is_speaker_name
from workers.transcripts.transcript import SourceFormat

_LOOK_AHEAD_LINES = 2  # a heading is followed by speech at once or after one blank line
_HEADING_CHARS = 130
# Recorders set the time off by a tab or several blanks, which nobody types in a sentence.
_SET_OFF = re.compile(r"\S(?:\t|[ \u2000-\u200a]{2})\s*[\[(]?\d[\d:.,]*[\])]?\s*$")


def heading_of(lines: list[str], number: int) -> tuple[str, float] | None:
    """Return (name, seconds) when line `number` heads a turn: a speaker's name, a time, and words below.

    What looks like no name ("Marketing", "A", "The Chair") is one all the same where the line stands apart and
    its time is set off.
    """
    line = lines[number]
    if len(line) > _HEADING_CHARS or (found := heading_time(line)) is None:
        return None
    apart = (number == 0 or not lines[number - 1].strip()) and _SET_OFF.search(line) is not None
    if not (is_speaker_name(found[0]) or (apart and is_label(found[0]))):
        return None
    following = lines[number + 1 : number + 1 + _LOOK_AHEAD_LINES]
    return found if any(text.strip() for text in following) else None


def count_headings(lines: list[str]) -> int:
    """Return how many lines head a turn."""
    return sum(heading_of(lines, number) is not None for number in range(len(lines)))


def read_turns(lines: list[str], *, source: SourceFormat) -> Draft:
    """Return the draft of a transcript of headed turns."""
    draft = Draft(source=source)
    first = next(number for number in range(len(lines)) if heading_of(lines, number) is not None)
    read_preamble(draft, lines[:first])
    speaker: str | None = None
    start: float | None = None
    paragraph: list[str] = []
    paragraph_line = first
    last_lines = {number for number, line in enumerate(lines) if line.strip()}
    footer_from = sorted(last_lines)[-4:][0]

    def close() -> None:
        if paragraph:
            draft.pieces.append(Piece(" ".join(paragraph), speaker, start, None, f"line {paragraph_line + 1}"))
            paragraph.clear()

    for number in range(first, len(lines)):
        if (heading := heading_of(lines, number)) is not None:
            close()
            speaker, start = heading
        elif not lines[number].strip():
            close()
        elif not (is_footer(lines[number]) and (number >= footer_from or _is_notice(lines[number]))):
            if not paragraph:
                paragraph_line = number
            paragraph.append(lines[number].strip())
    close()
    return draft


def _is_notice(line: str) -> bool:
    return re.search(r"\b(?:started|stopped) transcription\s*$", line) is not None
