"""What minutes are: the answer of a meeting_summary job, as it is stored, shown, corrected and exported.

Every line leans on evidence: the id of an utterance and words quoted from it. Whether the evidence holds is
checked by the job that writes them; what people write over is marked as theirs. A section without entries means
"none found", never "not looked for".
"""

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MINUTES_VERSION = 1  # raise when a field changes its meaning; added fields with a default don't count

DecisionStatus = Literal["agreed", "proposed", "rejected"]
Confidence = Literal["stated", "inferred"]
MinutesWarningCode = Literal[
    "no_speakers",
    "truncated",
    "weak_support",
    "mixed_language",
    "asr_low",
    "part_by_rules",  # the model gave nothing usable for a part, so the extractive engine read it
    "summary_by_rules",  # the model's last step failed, so the summary is made of the parts' own lines
    "lines_left_out",  # lines that did not hold
    "orders_in_speech",  # somebody's words addressed an assistant; they were not followed
    "translated",  # lines are in another language than the talk, so their wording could not be compared
]
FoundBy = Literal["rules", "model", "person"]

Line = Annotated[str, Field(min_length=1, max_length=1_200)]  # characters


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Part):
    """Where a line comes from."""

    id: str  # of an utterance, "u12"
    quote: str = Field(min_length=1)  # verbatim from that utterance
    speaker: str | None = None
    start: float | None = None  # seconds


class MeetingHeader(_Part):
    """What is known about the meeting itself."""

    title: str | None = None
    date: datetime.date | None = None
    began_at: datetime.datetime | None = None  # of chats, on the asker's clock: their times are times of day
    duration_s: int = Field(default=0, ge=0)  # seconds; 0: the source has no times
    participants: tuple[str, ...] = ()
    language: str = "en"  # of the lines, two letters
    spoken: str | None = None  # language of the talk, when it could be told
    labels: str = "en"  # language of headings and labels
    template: str = "general"  # which kind of meeting it was written up as
    source: str = "plain_text"  # a SourceFormat of workers/transcripts
    engine: str = "extractive"  # or "llm:<name>"; always shown to the reader


class _Entry(_Part):
    """What every line of the minutes has besides its words."""

    evidence: tuple[Evidence, ...] = ()
    found_by: FoundBy = "rules"
    is_weak: bool = False  # few of its words stand near its evidence; shown beside the line
    id: str = ""  # "a1", "d2": the same through all revisions; given when the minutes are kept
    edited_by: str | None = None  # name of who last wrote this line over: from then on the words are theirs


class SummaryLine(_Entry):
    """One sentence of the summary."""

    text: Line


class Topic(_Entry):
    """A stretch of the meeting about one thing."""

    title: str = Field(min_length=1, max_length=200)
    start: float | None = None  # seconds
    end: float | None = None
    text: str = ""


class Decision(_Entry):
    """Something settled, suggested or turned down."""

    text: Line
    status: DecisionStatus
    is_unsure: bool = False  # a guess of the rules, until a person looks: nobody worded it as a decision


class ActionItem(_Entry):
    """A task. Owner and due day are given only when someone said them."""

    task: Line
    owner: str | None = None
    owner_ref: str | None = None  # "slack:U1" once the owner is matched to an account
    due: str | None = None  # the words as spoken, "by Friday"
    due_date: datetime.date | None = None  # only when `due` resolves against the meeting's date
    confidence: Confidence = "inferred"  # "stated": a person took it on or was told to in so many words
    is_done: bool = False  # somebody said so in an edit


class OpenQuestion(_Entry):
    """A question nobody answered in the meeting."""

    text: Line
    raised_by: str | None = None


Entry = SummaryLine | Topic | Decision | ActionItem | OpenQuestion


class PersonPoints(_Part):
    """What one person contributed."""

    speaker: str
    share: float = Field(ge=0, le=1)  # of all words spoken
    points: tuple[str, ...] = ()


class MinutesWarning(_Part):
    """Something the reader should know before trusting a line."""

    code: MinutesWarningCode
    text: str  # in English, complete
    message: str = ""  # which sentence it is in the languages minutes are labelled in; empty: only English has it
    values: dict[str, str] = Field(default_factory=dict)  # what stands in the sentence's braces

    def __hash__(self) -> int:
        """Two warnings with the same words are the same."""
        return hash((self.code, self.text))


class Minutes(_Part):
    """Minutes of one meeting. Stored: add fields with a default, never rename one."""

    version: int = MINUTES_VERSION
    meeting: MeetingHeader
    summary: tuple[SummaryLine, ...] = ()
    topics: tuple[Topic, ...] = ()
    decisions: tuple[Decision, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()
    per_person: tuple[PersonPoints, ...] = ()
    warnings: tuple[MinutesWarning, ...] = ()
    confirmed_by: str | None = None  # name of who read this revision and found it right
    speakers_named: dict[str, str] = Field(default_factory=dict)  # names given since they were written, by label
    last_numbers: dict[str, int] = Field(default_factory=dict)  # highest given so far by section: no id comes twice
