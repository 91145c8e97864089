"""What a language model must return about a meeting, before anything of it is checked.

`MeetingNotes` is asked of the whole meeting or of one part; `WrittenSummary` of the step that writes the summary of
a meeting that came in parts. Both end with `complete`, so that an answer cut at its token limit does not parse.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assistant.frozen import Frozen
from assistant.minutes.schema import DecisionStatus

MAX_LINES = 40  # of one kind in one answer; prompts ask for far fewer


class Said(Frozen):
    """Where it was said."""

    id: str = Field(min_length=1, max_length=12, description="Id of the utterance, such as u12.")
    quote: str = Field(min_length=1, max_length=600, description="Copied letter by letter from that utterance.")


class NotedLine(Frozen):
    """One sentence of the summary."""

    text: str = Field(min_length=1, max_length=600)
    evidence: tuple[Said, ...] = Field(min_length=1, max_length=6)


class NotedTopic(Frozen):
    """Something that was talked about for a while."""

    title: str = Field(min_length=1, max_length=120, description="A few words, no sentence.")
    text: str = Field(default="", max_length=400, description="One sentence on it; may be empty.")
    evidence: tuple[Said, ...] = Field(
        min_length=1, max_length=4, description="Where it begins and where it ends, at least."
    )


class NotedDecision(Frozen):
    """Something settled, suggested or turned down."""

    text: str = Field(min_length=1, max_length=600)
    status: DecisionStatus = Field(
        description="agreed: somebody else said yes, or it was called decided. rejected: turned down. Else proposed."
    )
    evidence: tuple[Said, ...] = Field(min_length=1, max_length=6, description="The proposal, and the yes or no.")


class NotedTask(Frozen):
    """A task somebody took on or was given."""

    task: str = Field(min_length=1, max_length=600)
    owner: str | None = Field(default=None, max_length=120, description="Only if said or if the speaker took it on.")
    due: str | None = Field(default=None, max_length=120, description="The words as spoken, untranslated; else null.")
    evidence: tuple[Said, ...] = Field(min_length=1, max_length=6)


class NotedQuestion(Frozen):
    """A question nobody answered."""

    text: str = Field(min_length=1, max_length=600)
    evidence: tuple[Said, ...] = Field(min_length=1, max_length=4)


class MeetingNotes(Frozen):
    """Notes of a meeting, or of the part of it that was given."""

    summary: tuple[NotedLine, ...] = Field(default=(), max_length=MAX_LINES)
    topics: tuple[NotedTopic, ...] = Field(default=(), max_length=MAX_LINES)
    decisions: tuple[NotedDecision, ...] = Field(default=(), max_length=MAX_LINES)
    action_items: tuple[NotedTask, ...] = Field(default=(), max_length=MAX_LINES)
    open_questions: tuple[NotedQuestion, ...] = Field(default=(), max_length=MAX_LINES)
    complete: Literal[True] = Field(description="Always true, and always written last.")

    @property
    def is_empty(self) -> bool:
        """True when nothing at all was noted."""
        return not (self.summary or self.topics or self.decisions or self.action_items or self.open_questions)


class WrittenLine(Frozen):
    """One sentence of the summary."""

    text: str = Field(min_length=1, max_length=600)
    sources: tuple[str, ...] = Field(min_length=1, max_length=6, description="Handles of the lines it rests on: L3.")


class WrittenSummary(Frozen):
    """The summary of a whole meeting, written from lines that were checked."""

    lines: tuple[WrittenLine, ...] = Field(default=(), max_length=MAX_LINES)
    complete: Literal[True] = Field(description="Always true, and always written last.")
