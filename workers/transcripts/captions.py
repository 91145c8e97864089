"""Read caption files: WebVTT (Teams, Zoom and others), SRT, and the arrow times of older Teams documents.

Tolerates what recorders really write: hour-less times, CR line ends, no blank line between cues, `</v>`
missing, text after a stray blank line. Joining the captions of one sentence is left to `pieces.py`.
"""

import html
import re
from dataclasses import dataclass
from itertools import zip_longest

from workers.transcripts.clock import TIMING_LINE, seconds_of
from workers.transcripts.colon_lines import split_colon
from workers.transcripts.one_time_speakers import Opened
from workers.transcripts.pieces import Draft, Piece
from workers.transcripts.speakers import accepted_names, is_speaker_name
from workers.transcripts.transcript import SourceFormat, TranscriptUnreadable

_CUE_ID = re.compile(r"^(?:\d{1,7}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,}(?:/\S*)?|\S+/\d+-\d+)$")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
_TAG = re.compile(
    r"</?(?:v|c|i|b|u|ruby|rt|lang|font)(?:[.\s][^<>]*)?/?>|<\d{1,3}:\d{2}(?::\d{2})?[.,]\d{3}>",
    re.IGNORECASE,
)
_GUID_CUE = re.compile(r"^[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,}/\d+-\d+$", re.MULTILINE)
_BLOCK = re.compile(r"^(?:NOTE|STYLE|REGION)(?:\s|$)")


@dataclass
class _Cue:
    number: int
    start: float | None
    end: float | None
    lines: list[str]
    id: str | None


def read_captions(lines: list[str], *, from_docx: bool = False) -> Draft:
    """Return the draft of a caption file given as lines.

    Raises:
        TranscriptUnreadable: it announces captions but holds not one.
    """
    cues = _cues(lines)
    if not cues:
        raise TranscriptUnreadable("The file says it is WebVTT but holds no cue: no line such as 00:01 --> 00:04.")
    draft = Draft(source=_source(lines, cues, from_docx=from_docx), join_captions=True)
    if draft.source == "srt" or not any(_VOICE.search(line) for cue in cues for line in cue.lines):
        _add_colon_cues(draft, cues, named_lines=from_docx)
    else:
        _add_voice_cues(draft, cues)
    return draft


def _source(lines: list[str], cues: list[_Cue], *, from_docx: bool) -> SourceFormat:
    if from_docx:
        return "teams_docx"
    first = next((line for line in lines if line.strip()), "")
    timing = next(line for line in lines if TIMING_LINE.match(line))
    if not first.startswith("WEBVTT") and "," in timing:
        return "srt"
    text = "\n".join(lines)
    if _GUID_CUE.search(text) or _VOICE.search(text):
        return "teams_vtt"
    numbered = all(cue.id is not None and cue.id.isdigit() for cue in cues)
    return "zoom_vtt" if numbered and any(split_colon(line) for cue in cues for line in cue.lines[:1]) else "vtt"


def _cues(lines: list[str]) -> list[_Cue]:
    cues: list[_Cue] = []
    in_block = False
    for number, line in enumerate(lines):
        if (timing := TIMING_LINE.match(line)) is not None:
            in_block = False
            cues.append(
                _Cue(
                    number=len(cues) + 1,
                    start=seconds_of(timing["start"]),
                    end=seconds_of(timing["end"]),
                    lines=[],
                    id=lines[number - 1].strip() if _is_cue_id(lines, number - 1) else None,
                )
            )
        elif not line.strip():
            in_block = False
        elif _BLOCK.match(line) and (number == 0 or not lines[number - 1].strip()):
            in_block = True
        elif cues and not in_block and not _is_cue_id(lines, number):
            cues[-1].lines.append(line)
    return cues


def _is_cue_id(lines: list[str], number: int) -> bool:
    """Is this line the name of the cue whose times stand on the next line?"""
    if (
        number < 0
        or number + 1 >= len(lines)
        or not TIMING_LINE.match(lines[number + 1])
        or not lines[number].strip()
    ):
        return False
    if _CUE_ID.match(lines[number].strip()):
        return True
    # Any single word set off by a blank line can be an id, but "Yes." there is speech cut from its cue.
    alone = number == 0 or not lines[number - 1].strip()
    return alone and " " not in lines[number].strip() and any(ch.isdigit() for ch in lines[number])


def _plain(text: str) -> str:
    return html.unescape(_TAG.sub("", text)).replace("\xa0", " ")


def _add_voice_cues(draft: Draft, cues: list[_Cue]) -> None:
    speaker: str | None = None
    for cue in cues:
        text = "\n".join(cue.lines)
        marks = list(_VOICE.finditer(text))
        before = text[: marks[0].start()] if marks else text
        # Text outside a voice tag goes on in the voice of the cue before.
        parts = [(speaker, before)]
        for mark, following in zip_longest(marks, marks[1:]):
            speaker = html.unescape(mark[1]).strip() or None
            parts.append((speaker, text[mark.end() : following.start() if following else len(text)]))
        draft.pieces.extend(
            Piece(_plain(words), who, cue.start, cue.end, f"cue {cue.number}")
            for who, words in parts
            if _plain(words).strip()
        )


def _add_colon_cues(draft: Draft, cues: list[_Cue], *, named_lines: bool) -> None:
    texts = [(cue, [_plain(line) for line in cue.lines]) for cue in cues]
    found = [Opened(*split) for _, lines in texts for line in lines if (split := split_colon(line)) is not None]
    names = accepted_names(found, lines=len(cues))
    speaker: str | None = None
    for cue, lines in texts:
        if named_lines and len(lines) > 1 and is_speaker_name(lines[0].strip()):
            speaker, lines = (
                lines[0].strip(),
                lines[1:],
            )  # older Teams documents: the name on a line of its own
        for line in lines:
            text = line
            if (split := split_colon(line)) is not None and split[0] in names:
                speaker, text = split
            elif (dashed := re.match(r"^\s*(?:>>|-|–)\s+(.*)$", line)) and len(lines) > 1:
                text = dashed[1]
            if text.strip():
                draft.pieces.append(Piece(text, speaker, cue.start, cue.end, f"cue {cue.number}"))
