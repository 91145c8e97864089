"""The halfway form between a file and a Transcript: pieces of speech, and what the file says about itself.

Readers fill a `Draft`; `finish` turns it into a Transcript: joins the captions of one sentence, gives ids,
notes what is missing. Times that start again from zero (a recording stopped and restarted) are carried on.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from workers.transcripts.speakers import is_generic_label
from workers.transcripts.transcript import (
    NotesSection,
    SourceFormat,
    Transcript,
    TranscriptUnreadable,
    TranscriptWarning,
    Utterance,
    WarningCode,
)

JOIN_GAP_SECONDS = 2.0  # captions are cut every few seconds; a longer silence starts a new utterance
JOIN_LIMIT_WORDS = 60  # a quote's time should stay within about half a minute
RESET_SECONDS = 30.0  # smaller steps back are overlapping speech, not a new recording
MAX_SECONDS = 10_000_000.0  # a time beyond this (115 days) is a broken stamp


@dataclass(frozen=True)
class Piece:
    """One stretch of speech as it stands in the file."""

    text: str
    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    ref: str | None = None
    speaker_ref: str | None = None
    url: str | None = None
    section: NotesSection | None = None


@dataclass
class Draft:
    """What a reader has gathered so far."""

    source: SourceFormat
    pieces: list[Piece] = field(default_factory=list)
    title: str | None = None
    date: datetime.date | None = None
    began_at: datetime.datetime | None = None
    attendees: list[str] = field(default_factory=list)
    duration_seconds: float | None = None
    language: str | None = None
    warnings: list[TranscriptWarning] = field(default_factory=list)
    join_captions: bool = False

    def warn(self, code: WarningCode, text: str) -> None:
        """Note `text` once per code."""
        if all(known.code != code for known in self.warnings):
            self.warnings.append(TranscriptWarning(code=code, text=text))


def finish(draft: Draft) -> Transcript:
    """Return the Transcript of a filled draft.

    Raises:
        TranscriptUnreadable: nothing was said in the file.
    """
    pieces = [replace(p, text=" ".join(p.text.split())) for p in draft.pieces if p.text.split()]
    if not pieces:
        raise TranscriptUnreadable(f"The file looks like {_WORDS[draft.source]} but holds no speech.")
    words_read = sum(len(piece.text.split()) for piece in pieces)
    pieces = _carry_on_times(draft, [_sane_times(piece) for piece in pieces])
    if draft.join_captions:
        pieces = _joined(pieces)
    _note_missing_names(draft, pieces)
    utterances = tuple(
        Utterance(
            id=f"u{number}",
            speaker=piece.speaker,
            speaker_ref=piece.speaker_ref,
            start=piece.start,
            end=piece.end,
            text=piece.text,
            source_ref=piece.ref,
            url=piece.url,
            section=piece.section,
        )
        for number, piece in enumerate(pieces, 1)
    )
    spoke = dict.fromkeys(p.speaker for p in pieces if p.speaker and not is_generic_label(p.speaker))
    return Transcript(
        source=draft.source,
        utterances=utterances,
        title=draft.title,
        date=draft.date,
        began_at=draft.began_at,
        attendees=tuple(dict.fromkeys([*draft.attendees, *spoke])),
        duration_seconds=draft.duration_seconds or _last_second(pieces),
        language=draft.language,
        words_read=words_read,
        warnings=tuple(draft.warnings),
    )


_WORDS: dict[SourceFormat, str] = {
    "teams_vtt": "a Teams transcript (VTT)",
    "zoom_vtt": "a Zoom transcript (VTT)",
    "vtt": "WebVTT captions",
    "srt": "SRT captions",
    "teams_docx": "a Teams transcript (docx)",
    "google_meet": "a Google Meet transcript",
    "otter": "an Otter transcript",
    "zoom_chat": "a Zoom chat",
    "assemblyai_json": "AssemblyAI JSON",
    "deepgram_json": "Deepgram JSON",
    "whisper_json": "Whisper JSON",
    "generic_json": "a JSON transcript",
    "slack_thread": "a Slack thread",
    "slack_export": "a Slack export",
    "markdown": "a Markdown transcript",
    "plain_text": "plain text",
}


def _sane_times(piece: Piece) -> Piece:
    start = _sane(piece.start)
    end = _sane(piece.end)
    if start is not None and end is not None and end < start:
        end = start
    return replace(piece, start=start, end=end)


def _sane(seconds: float | None) -> float | None:
    # The comparison is also false for NaN, which JSON readers let through.
    return round(seconds, 3) if seconds is not None and 0 <= seconds <= MAX_SECONDS else None


def _carry_on_times(draft: Draft, pieces: list[Piece]) -> list[Piece]:
    """Add the earlier recording's length wherever the clock starts again."""
    offset, latest, carried = 0.0, 0.0, []
    for piece in pieces:
        if piece.start is not None:
            if piece.start + offset < latest - RESET_SECONDS and piece.start < RESET_SECONDS:
                offset = latest
                draft.warn("time_reset", "The clock of the transcript starts again; later times were carried on.")
            latest = max(latest, (piece.end or piece.start) + offset)
        carried.append(
            replace(
                piece,
                start=None if piece.start is None else round(piece.start + offset, 3),
                end=None if piece.end is None else round(piece.end + offset, 3),
            )
            if offset
            else piece
        )
    return carried


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Join captions of one speaker that one sentence runs through."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and _runs_on(joined[-1], piece):
            before = joined[-1]
            joined[-1] = replace(before, text=f"{before.text} {piece.text}", end=piece.end or before.end)
        else:
            joined.append(piece)
    return joined


def _runs_on(before: Piece, after: Piece) -> bool:
    if before.speaker != after.speaker or before.text.rstrip("\"')”’»").endswith((".", "?", "!", "…", "。", "？")):
        return False
    if len(before.text.split()) >= JOIN_LIMIT_WORDS:
        return False
    if before.end is None or after.start is None:
        return False
    return after.start - before.end <= JOIN_GAP_SECONDS


def _note_missing_names(draft: Draft, pieces: list[Piece]) -> None:
    speakers = {piece.speaker for piece in pieces}
    if any(piece.section for piece in pieces):
        return  # of notes: nobody spoke these lines
    if speakers == {None}:
        draft.warn("no_speakers", "The transcript does not say who spoke, so no owners or names can be given.")
    elif any(speaker and is_generic_label(speaker) for speaker in speakers):
        draft.warn(
            "generic_speakers",
            "Some speakers have only a label, such as “Speaker 1”: name them once for all.",
        )


def _last_second(pieces: list[Piece]) -> float | None:
    times = [time for piece in pieces if (time := piece.end if piece.end is not None else piece.start) is not None]
    return max(times) if times else None
