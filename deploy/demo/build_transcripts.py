"""Turn the demo meetings into transcripts in the forms that meeting products write.

A source is front matter and one `Name: text` line an utterance; the suffix of its name picks the form:
`.teams.vtt` and `.zoom.vtt` (WebVTT with voice tags, or with names in the text), `.docx` (as Teams
downloads it) and `.txt` (names only). Times are worked out from the number of words, so they never
change between runs. `build_documents.py` reads and writes the files.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

PAUSE_SECONDS = 3.0  # between two speakers: these are calm people
TEAMS_CUE_WORDS = 14  # Teams cuts a speaker's words into cues of a few seconds
SENTENCE_END = re.compile(r"(?<=[.?!]) ")
ID_NAMESPACE = uuid.UUID("6d0cf6a1-52f5-4c0e-9a1d-3a8f0a2f3b11")  # any fixed one: cue ids must not change


@dataclass(frozen=True)
class Utterance:
    """What one speaker said in one go, and when; seconds count from the start of the recording."""

    speaker: str
    text: str
    start_seconds: float
    end_seconds: float


def time_utterances(body: str, words_per_second: float) -> list[Utterance]:
    """Return the utterances of a body of `Name: text` lines, timed by their number of words.

    Raises:
        ValueError: a line has no speaker.
    """
    utterances: list[Utterance] = []
    clock = 3.0  # a recording starts before anybody speaks
    for line in filter(None, body.splitlines()):
        speaker, separator, text = line.partition(": ")
        if not separator:
            raise ValueError(f"no speaker in the line {line[:60]!r}; write 'Name: text'.")
        end = clock + len(text.split()) / words_per_second
        utterances.append(Utterance(speaker, text, clock, end))
        clock = end + PAUSE_SECONDS
    return utterances


def render_teams_vtt(utterances: list[Utterance], title: str) -> str:
    """Return WebVTT as Teams and Graph give it: GUID cue ids, names in `<v>` tags, short cues."""
    meeting = uuid.uuid5(ID_NAMESPACE, title)
    blocks = ["WEBVTT"]
    for number, utterance in enumerate(utterances):
        for part, cue in enumerate(_split_evenly(utterance, TEAMS_CUE_WORDS)):
            text = escape(cue.text, quote=False)
            blocks.append(f"{meeting}/{number}-{part}\n{_cue_times(cue)}\n<v {cue.speaker}>{text}</v>")
    return "\n\n".join(blocks) + "\n"


def render_zoom_vtt(utterances: list[Utterance]) -> str:
    """Return WebVTT as Zoom writes it: numbered cues, CRLF, `Name: text` in a speaker's first cue only."""
    blocks = ["WEBVTT"]
    number = 0
    for utterance in utterances:
        for part, cue in enumerate(_split_at_sentences(utterance)):
            number += 1
            text = f"{cue.speaker}: {cue.text}" if part == 0 else cue.text
            blocks.append(f"{number}\n{_cue_times(cue)}\n{text}")
    return ("\n\n".join(blocks) + "\n").replace("\n", "\r\n")


def teams_docx_lines(utterances: list[Utterance]) -> Iterator[tuple[str, str]]:
    """Yield the heading (`Name   12:34`) and the words of each utterance, as Teams' docx shows them."""
    for utterance in utterances:
        minutes, seconds = divmod(int(utterance.start_seconds), 60)
        yield f"{utterance.speaker}   {minutes}:{seconds:02d}", utterance.text


def spoken_duration(utterances: list[Utterance]) -> str:
    """Return the length of the recording as Teams prints it, such as `18m 5s`."""
    minutes, seconds = divmod(round(utterances[-1].end_seconds), 60)
    return f"{minutes}m {seconds}s"


def _split_evenly(utterance: Utterance, words_per_cue: int) -> list[Utterance]:
    words = utterance.text.split()
    return _timed_parts(
        utterance,
        [" ".join(words[at : at + words_per_cue]) for at in range(0, len(words), words_per_cue)],
    )


def _split_at_sentences(utterance: Utterance) -> list[Utterance]:
    return _timed_parts(utterance, SENTENCE_END.split(utterance.text))


def _timed_parts(utterance: Utterance, texts: list[str]) -> list[Utterance]:
    """Return one utterance a text, dividing the time by the number of words."""
    seconds_per_word = (utterance.end_seconds - utterance.start_seconds) / len(utterance.text.split())
    parts: list[Utterance] = []
    clock = utterance.start_seconds
    for text in texts:
        end = clock + len(text.split()) * seconds_per_word
        parts.append(Utterance(utterance.speaker, text, clock, end))
        clock = end
    return parts


def _cue_times(cue: Utterance) -> str:
    return f"{_clock(cue.start_seconds)} --> {_clock(cue.end_seconds)}"


def _clock(seconds: float) -> str:
    whole_ms = round(seconds * 1000)
    hours, rest = divmod(whole_ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
