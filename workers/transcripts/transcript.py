"""What was said in a meeting, whatever file it came in.

Every format ends up as a `Transcript`: utterances in the order they were said, each with an id that minutes
cite. This module holds the shape and leaves reading files to `parse.py`.
"""

import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.errors import DocumentUnreadable

SourceFormat = Literal[
    "teams_vtt",
    "zoom_vtt",
    "vtt",
    "srt",
    "teams_docx",
    "google_meet",
    "otter",
    "zoom_chat",
    "assemblyai_json",
    "deepgram_json",
    "whisper_json",
    "generic_json",
    "slack_thread",
    "slack_export",
    "markdown",
    "plain_text",
]

NotesSection = Literal["summary", "decisions", "action_items", "open_questions"]
WarningCode = Literal[
    "no_speakers",
    "generic_speakers",
    "unknown_people",
    "coarse_times",
    "time_reset",
    "private_left_out",
    "posts_left_out",
    "asr_low",
    "undecodable_characters",
    "broken_cue",
    "cut",
]


class TranscriptUnreadable(DocumentUnreadable):
    """The file can't be read as a transcript; the message is one sentence for whoever sent it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reply=message)


class TranscriptWarning(BaseModel):
    """Something a reader of the minutes should know about the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: WarningCode
    text: str


class Utterance(BaseModel):
    """What one person said in one go: the smallest thing that minutes can cite.

    Stored with the minutes: add fields with a default, never rename one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^u\d+$")
    speaker: str | None = None  # as the file writes it; None: the file does not say
    speaker_ref: str | None = None  # "slack:U123" where the source has accounts
    start: float | None = Field(default=None, ge=0)  # seconds from the beginning; chats: from the first message
    end: float | None = Field(default=None, ge=0)  # seconds
    text: str = Field(min_length=1)
    source_ref: str | None = None  # where in the file: "cue 12", "line 40", "ts 1690000000.000100"
    url: str | None = None  # where a reader can open it; chats have one for each message
    section: NotesSection | None = None  # of notes: the heading the line stands under; None: it was said


class Transcript(BaseModel):
    """One meeting, thread or chat, read whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: SourceFormat
    utterances: tuple[Utterance, ...] = Field(min_length=1)
    title: str | None = None
    date: datetime.date | None = None  # only when the file says so
    began_at: datetime.datetime | None = None  # aware; of chats: when the first message was written
    attendees: tuple[str, ...] = ()  # as listed in the file, else those who spoke
    duration_seconds: float | None = None
    language: str | None = None  # two letters, when the file says so
    words_read: int = Field(default=0, ge=0)  # speech words in the file, private and automatic posts not counted
    warnings: tuple[TranscriptWarning, ...] = ()

    @property
    def words_kept(self) -> int:
        """Words in the utterances; equals `words_read` unless a reader lost some."""
        return sum(len(utterance.text.split()) for utterance in self.utterances)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Everyone who spoke, in order of their first words."""
        return tuple(dict.fromkeys(u.speaker for u in self.utterances if u.speaker is not None))
