"""Read the chat that Zoom saves beside a recording. Private messages are left out and only counted."""

import re

from workers.transcripts.clock import seconds_of
from workers.transcripts.pieces import Draft, Piece

_FROM = re.compile(
    r"^\s*(?P<time>\d{1,2}:\d{2}:\d{2})\s+(?:From|Von|De|Da)\s+(?P<who>.+?)"
    r"(?:\s+(?:to|an|à|a|para)\s+(?P<to>[^:]+?))?\s*:\s*(?P<text>.*)$"
)
_TABBED = re.compile(r"^\s*(?P<time>\d{1,2}:\d{2}:\d{2})\t+(?P<who>[^\t:]{1,60}?)\s*:\t?(?P<text>.*)$")
_EVERYONE = re.compile(
    r"^\s*(?:everyone|all panelists and attendees|everyone in .*|alle|jeden|alle teilnehmer|tous|todos|tutti)\b",
    re.IGNORECASE,
)
_PRIVATE = re.compile(r"\((?:direct message|privately|privat|direktnachricht|message privé)\)", re.IGNORECASE)
_REACTION = re.compile(r"^\s*(?:Reacted to|Removed a .* reaction from) [\"“].*[\"”] ?(?:with .{1,4})?\s*$")


def count_chat_lines(lines: list[str]) -> int:
    """Return how many lines open a chat message."""
    return sum(_message(line) is not None for line in lines)


def read_zoom_chat(lines: list[str]) -> Draft:
    """Return the draft of a Zoom chat; times count from its first public message."""
    draft = Draft(source="zoom_chat")
    left_out = 0
    began: float | None = None
    public = False
    for number, line in enumerate(lines, 1):
        if (message := _message(line)) is not None:
            public = not _is_private(message)
            left_out += not public
            if not public:
                continue
            clock = seconds_of(message["time"]) or 0.0
            began = clock if began is None else began
            # A chat past midnight has a smaller clock than its beginning.
            start = clock - began if clock >= began else clock - began + 86_400
            draft.pieces.append(Piece(_speech(message["text"]), message["who"].strip(), start, None, message["time"]))
        elif line.strip() and public and draft.pieces:
            before = draft.pieces[-1]
            text = f"{before.text} {_speech(line)}".strip()
            draft.pieces[-1] = Piece(text, before.speaker, before.start, None, before.ref)
        elif line.strip() and not draft.pieces and not left_out:
            draft.pieces.append(Piece(line, None, None, None, f"line {number}"))
    if left_out:
        draft.warn("private_left_out", f"{left_out} private message(s) were left out.")
    return draft


def _message(line: str) -> re.Match[str] | None:
    return _FROM.match(line) or _TABBED.match(line)


def _is_private(message: re.Match[str]) -> bool:
    if _PRIVATE.search(message["who"]):
        return True
    to = message.groupdict().get("to")
    return to is not None and (_PRIVATE.search(to) is not None or _EVERYONE.match(to) is None)


def _speech(text: str) -> str:
    return "" if _REACTION.match(text) else text.strip()
