"""Take a line such as `[00:01:05] **Anna Schmidt:** Good morning` apart into time, name and words."""

import re
from dataclasses import dataclass

from workers.transcripts.clock import TIME, seconds_of
from workers.transcripts.speakers import MAX_NAME_CHARS

_NAMED_CHARS = MAX_NAME_CHARS + 40  # what stands in brackets behind the name does not count as name
_LEADING_TIME = re.compile(rf"^\s*[\[(]?({TIME})(?P<half>\s?[AaPp]\.?[Mm]\b\.?)?[\])]?\s*(?:[-–—|]\s*)?")
_TRAILING_TIME = re.compile(rf"\s*[\[(]({TIME})[\])]\s*$|\s+({TIME})$")
_MARKUP = re.compile(r"^\s*(?:>\s?|[-*+•]\s+|\d{1,3}\.\s+(?=\*\*))*")
_BOLD_NAME = re.compile(rf"^(?:\*\*|__)(?P<name>[^*_\n]{{1,{_NAMED_CHARS}}}?)\s*(?P<inner>:)?\s*(?:\*\*"
    rf"|__)\s*(?P<time>[\[(]{TIME}[\])])?\s*(?P<outer>:)?\s*(?P<rest>.*)$", re.DOTALL)  # fmt: skip
_AFTER_COLON = re.compile(rf"^(?P<name>[^:\n：]{{1,{_NAMED_CHARS}}}?)\s*[:：](?![/\\])(?P<rest>.*)$", re.DOTALL)
_TIMED_NAME = re.compile(rf"^(?P<name>[^:\n：]{{1,{_NAMED_CHARS}}}?)\s*[\[(](?P<time>{TIME})[\])]\s*[:：]\s*(?P<rest>.*)$", re.DOTALL)  # fmt: skip  # noqa: E501


@dataclass(frozen=True)
class NamedLine:
    """What stands before and after the colon; whether the name is a person's is judged with the whole file."""

    name: str
    text: str
    start: float | None = None  # seconds
    bold: bool = False


def split_colon(line: str) -> tuple[str, str] | None:
    """Return (name, words) of `Name: words`, None when nothing before a colon could be a name."""
    match = _AFTER_COLON.match(line.strip())
    if match is None or not match["name"].strip() or match["name"].strip()[0].isdigit():
        return None
    # "10:30" and "file:line" have no blank behind the colon; a name's colon may end the line.
    if match["rest"] and not match["rest"][0].isspace() and len(match["name"].split()) > 3:
        return None
    return match["name"].strip(), match["rest"].strip()


def named_line(line: str) -> NamedLine | None:
    """Return the parts of a line of a plain, Meet or Markdown transcript, None when it names nobody."""
    body = _MARKUP.sub("", line, count=1)
    start = None
    if (leading := _LEADING_TIME.match(body)) is not None and leading.end() < len(body):
        start = None if leading["half"] else seconds_of(leading[1])  # "10:05 AM" is no time from the beginning
        body = body[leading.end() :]
    if (bold := _BOLD_NAME.match(body)) is not None and (
        bold["inner"] or bold["outer"] or bold["time"] or not bold["rest"]
    ):
        stamp = bold["time"].strip("[]()") if bold["time"] else None
        return NamedLine(bold["name"].strip(), bold["rest"].strip(), seconds_of(stamp) if stamp else start, bold=True)
    if (timed := _TIMED_NAME.match(body)) is not None:
        return NamedLine(timed["name"].strip(), timed["rest"].strip(), seconds_of(timed["time"]))
    split = split_colon(body)
    return None if split is None else NamedLine(split[0], split[1], start)


def heading_time(text: str) -> tuple[str, float] | None:
    """Return (name, seconds) of `Anna Schmidt   0:33`, `Anna (01:02:03)`, None when no time ends the line."""
    match = _TRAILING_TIME.search(text.strip())
    if match is None or match.start() == 0:
        return None
    seconds = seconds_of(match[1] or match[2])
    name = text.strip()[: match.start()].strip().strip("*_#").strip().rstrip("-–—|,").strip()
    return None if seconds is None or not name else (name, seconds)
