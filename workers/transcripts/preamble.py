"""Read what stands around the speech: title, date, attendees and length above it, the maker's footer below.

Only lines that are plainly such are taken; anything else above the first speaker is kept as speech without
a name, because losing a sentence is worse than minuting a heading.
"""

import re

from workers.transcripts.clock import TIME, date_in, length_of
from workers.transcripts.pieces import Draft, Piece
from workers.transcripts.speakers import is_generic_label, is_speaker_name

_FIELD = re.compile(r"^\W{0,4}(?P<key>[^\W\d_][\w \-/]{1,24}?)\W{0,3}\s*[:：]\W{0,3}(?P<value>.*)$")
_DATE_KEYS = {"date", "datum", "meeting date", "when", "fecha", "day", "started", "start"}
_TITLE_KEYS = {
    "title",
    "meeting title",
    "subject",
    "topic",
    "meeting",
    "titel",
    "betreff",
    "thema",
    "titre",
    "name",
}
_LENGTH_KEYS = {"duration", "length", "dauer", "durée"}
_PEOPLE_KEYS = {
    "attendees", "participants", "speakers", "present", "invited", "teilnehmer", "teilnehmende", "anwesend",
    "participantes", "invitees", "people", "attendee", "with",
}  # fmt: skip
_OTHER_KEYS = {
    "location", "ort", "place", "time", "uhrzeit", "zeit", "recording", "link", "url", "host", "organizer",
    "organiser", "apologies", "kind", "language", "summary keywords", "keywords", "moderator", "meeting id",
}  # fmt: skip
_FOOTER = re.compile(
    r"otter\.ai|^\s*(?:the )?meeting ended (?:after|at)\b|editable transcript was computer|this transcript was"
    r"|(?:started|stopped) transcription\s*$|people can also change the text|transcribed by |transkribiert von "
    r"|^\s*\W*(?:end|ende) (?:of|der|des) (?:the )?(?:transcript|transkript|recording)|^\s*transcription ended after",
    re.IGNORECASE,
)
_HEADING_ONLY = re.compile(
    r"^\W*(?:transcript(?:ion)?|transkript|unedited transcript|summary keywords|meeting transcript)\W*$",
    re.IGNORECASE,
)
SPEECH_WORDS = 12  # a longer line above the first speaker is taken for speech
TITLE_CHARS = 160


def is_footer(line: str) -> bool:
    """Is this one of the lines a recorder adds below (or between) the speech?"""
    return _FOOTER.search(line) is not None


def read_preamble(draft: Draft, lines: list[str]) -> None:
    """Put what the opening `lines` say about the meeting into `draft`."""
    people_follow = keywords_follow = False
    for number, raw in enumerate(lines, 1):
        line = raw.strip().strip("*_").strip()
        bare = line.lstrip("#").strip().strip("*_").strip()
        if not bare or bare == "---" or is_footer(bare) or re.fullmatch(rf"\W*{TIME}\W*", bare):
            continue
        if people_follow and (names := names_in(bare)):
            draft.attendees.extend(names)
            continue
        people_follow = False
        if keywords_follow:
            keywords_follow = False
            continue
        found = _FIELD.match(bare)
        key = found["key"].strip().lower() if found else bare.lower().rstrip(":")
        value = found["value"].strip().strip("*_").strip() if found else ""
        if key in _PEOPLE_KEYS:
            draft.attendees.extend(names_in(value))
            people_follow = not value
        elif key == "summary keywords":
            keywords_follow = not value
        elif not (found and _take_field(draft, key, value)):
            _take_free_line(draft, bare, number, was_heading=raw.lstrip().startswith("#"))


def _take_field(draft: Draft, key: str, value: str) -> bool:
    if key in _TITLE_KEYS and value:
        draft.title = value[:TITLE_CHARS]
        draft.date = draft.date or date_in(value)
    elif key in _DATE_KEYS:
        draft.date = draft.date or date_in(value)
    elif key in _LENGTH_KEYS:
        draft.duration_seconds = length_of(value)
    elif key not in _OTHER_KEYS:
        return False
    return True


def _take_free_line(draft: Draft, line: str, number: int, *, was_heading: bool) -> None:
    if _HEADING_ONLY.match(line):
        return
    day = date_in(line)
    if day is not None and len(line.split()) <= SPEECH_WORDS:
        draft.date = draft.date or day
        # "Thu, Mar 5, 2026 10:00AM • 31:20" and "5 March 2026, 31m 20s" end with the length.
        tail = re.split(r"[•·|]|\d{4}", line)[-1]
        if draft.duration_seconds is None and re.search(r"\d\s*(?:h|m|s)\b|[•·]", line[line.find(tail) - 1 :]):
            draft.duration_seconds = length_of(tail)
        if draft.title is None and (title := _title_beside_date(line)):
            draft.title = title
    elif re.fullmatch(r"\W*(?:\d{1,3}\s*(?:h|hours?|m|min|minutes?|s|sec|seconds?)\W*)+", line, re.IGNORECASE):
        draft.duration_seconds = draft.duration_seconds or length_of(line)
    elif draft.title is None and len(line) <= TITLE_CHARS and (was_heading or not _looks_spoken(line)):
        draft.title = re.sub(r"\s*[-–—]\s*transcript$", "", line, flags=re.IGNORECASE).rstrip(":")
    elif not was_heading and _looks_spoken(line):
        draft.pieces.append(Piece(line, None, None, None, f"line {number}"))


def _looks_spoken(line: str) -> bool:
    return len(line.split()) > SPEECH_WORDS or (line.endswith((".", "?", "!")) and len(line.split()) > 3)


def _title_beside_date(line: str) -> str | None:
    """Return "Weekly sync" of "Weekly sync (2026-03-05 10:00 GMT+1) - Transcript"."""
    before = re.split(r"\s*[(\[]?\s*(?:\d{4}[-/]\d|\d{1,2}[./]\s?\d)", line)[0].strip(" -–—,:")
    weekday = re.match(r"^(?:mon|tue|wed|thu|fri|sat|sun|die|mit|don|fre|sam|son)\w*,?\s*", before, re.IGNORECASE)
    words = before.split()
    return before if len(words) >= 2 and weekday is None and not any(ch.isdigit() for ch in before) else None


def names_in(text: str) -> list[str]:
    """Return the people that a line lists."""
    parts = [part.strip(" \t.*_-•()") for part in re.split(r"[,;]| and | und | et |\s[-–•]\s", text)]
    names = [re.sub(r"\s*[(\[<].*$", "", part).strip() for part in parts if part]
    return [name for name in names if is_speaker_name(name) and not is_generic_label(name)]
