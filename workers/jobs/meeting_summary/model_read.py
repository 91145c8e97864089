"""Have a language model note one part of a meeting: ask, complain once, cut in two, or give the part up.

A part that was given up is told (`PartGivenUp`), so that the caller reads it by rules: an answer that is cut off,
empty for no reason or unreadable is never taken for "nothing was said".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template

from pydantic import BaseModel

from assistant.access import readable_groups
from assistant.errors import BudgetExceeded, DependencyUnavailable, ModelOutputInvalid
from assistant.job_kinds import MEETING_SUMMARY
from assistant.jobs import Check, Job, Receipt
from workers.agent import AgentSession, AgentSpec, Budget
from workers.agent.trace import Trace
from workers.context import JobContext
from workers.jobs.meeting_summary.model_parts import Part, show_part
from workers.jobs.meeting_summary.model_schema import MeetingNotes, WrittenSummary
from workers.llm.offline import OfflineTurn
from workers.prompts import read_prompt
from workers.tools.reading import Reading
from workers.transcripts.transcript import Transcript
from workers.validation.injection import fenced

CALLS_PER_ASK = 4  # the question, two answers that don't parse, a repair
TOKENS_PER_MEETING = 3_000_000  # in and out, over all parts
WORDS_TO_SAY_NOTHING = 300  # a part of more words with no entry at all is doubted
HALVINGS = 2
FAILED_PARTS = 2  # in a row without a usable answer: the rest is read by rules without asking

_HERE = Path(__file__).parent
PART_REQUEST = read_prompt(_HERE / "prompt_part.md")


class _NoModel:
    """Says nothing: where no model answers, the caller's own rules read the part."""

    def __init__(self, empty: BaseModel) -> None:
        self._empty = empty

    def next_step(self, turn: OfflineTurn) -> BaseModel:
        """Return the answer that stands for none."""
        del turn
        return self._empty


NOTES_SPEC = AgentSpec(
    kind=MEETING_SUMMARY.name,
    prompt=read_prompt(_HERE / "prompt.md"),
    tools=(),
    answer=MeetingNotes,
    composer=lambda _reading: _NoModel(MeetingNotes(complete=True)),
)
WRITE_SPEC = AgentSpec(
    kind=f"{MEETING_SUMMARY.name} write",
    prompt=read_prompt(_HERE / "prompt_write.md"),
    tools=(),
    answer=WrittenSummary,
    composer=lambda _reading: _NoModel(WrittenSummary(complete=True)),
)
PROMPTS_VERSION = " ".join(one.version for one in (NOTES_SPEC.prompt, PART_REQUEST, WRITE_SPEC.prompt))


@dataclass(frozen=True)
class Wishes:
    """What the asker wants of the minutes, as a request tells it to the model."""

    language: str  # its English name: "German"
    words: int  # of the summary
    lines: str = ""  # what the template of this kind of meeting asks for


@dataclass(frozen=True)
class NotedPart:
    """A part with what the model noted of it; `notes` is None where it has to be read by rules."""

    part: Part
    notes: MeetingNotes | None
    why: str = ""  # why it was given up


class MeetingReader:
    """Asks on behalf of one job. `review` returns what is wrong with notes, in words for the model."""

    def __init__(
        self,
        job: Job,
        context: JobContext,
        transcript: Transcript,
        wishes: Wishes,
        *,
        review: Callable[[MeetingNotes], list[str]],
    ) -> None:
        self.trace = Trace(context.stopwatch)
        self.answered_by: str | None = None  # alias of the model that answered last
        self.repaired = False
        self._job, self._context = job, context
        self._transcript, self._wishes, self._review = transcript, wishes, review
        self._failed_in_a_row = 0

    @property
    def is_down(self) -> bool:
        """True after so many parts without a usable answer that asking on would only cost time."""
        return self._failed_in_a_row >= FAILED_PARTS

    def read(self, part: Part, *, number: int, of: int) -> list[NotedPart]:
        """Return the part's notes, or those of its halves, or the part given up.

        Raises:
            Cancelled, BudgetExceeded: the job was stopped, or is out of time.
        """
        if self.is_down:
            return [NotedPart(part, None, "no model gives a usable answer")]
        extent = f"part {number} of {of} of a meeting; other parts are noted separately"
        noted = self._read(part, extent if of > 1 else "this meeting", HALVINGS)
        self._failed_in_a_row = 0 if any(one.notes for one in noted) else self._failed_in_a_row + 1
        return noted

    def session(self, spec: AgentSpec[MeetingNotes] | AgentSpec[WrittenSummary]) -> AgentSession:  # type: ignore[type-arg]
        """Return a session that may spend what one question needs, on the job's common trace."""
        budget = Budget(
            model_calls=self.trace.model_calls + CALLS_PER_ASK,
            tokens=TOKENS_PER_MEETING,
            seconds=float(MEETING_SUMMARY.run_seconds),
        )
        reading = Reading(
            self._context.knowledge, readable_groups(self._job.mention), "", report=self._context.report
        )
        return AgentSession(replace(spec, budget=budget), self._job, self._context, reading=reading, trace=self.trace)

    def receipt(self, *, checks: Sequence[Check], repaired: bool) -> Receipt:
        """Return the receipt of all sessions together, in the name of the model that answered last."""
        session = self.session(NOTES_SPEC)
        asked_first = session.context.alias
        if self.answered_by not in (None, asked_first):
            session.context.alias, session.context.failed = self.answered_by, [asked_first]
        receipt = session.receipt(
            checks=checks, repaired=self.repaired or repaired, answered_offline=self.answered_by is None
        )
        return receipt.model_copy(update={"prompt_version": PROMPTS_VERSION})

    def _read(self, part: Part, extent: str, halvings: int) -> list[NotedPart]:
        notes, why, is_down = self._ask(part, extent)
        halves = part.halves() if notes is None and halvings and not is_down else None
        if halves is not None:
            return [noted for half in halves for noted in self._read(half, extent, halvings - 1)]
        return [NotedPart(part, notes, why)]

    def _ask(self, part: Part, extent: str) -> tuple[MeetingNotes | None, str, bool]:
        """Return the notes, or None with why and whether that is because no model answers."""
        session = self.session(NOTES_SPEC)
        try:
            notes = session.ask((), self._request(part, extent))
            if notes.is_empty and part.words > WORDS_TO_SAY_NOTHING and not session.is_offline:
                notes = session.repair([
                    f"It is empty, although {part.words} words were spoken. Note what was talked about, "
                        f"even if nothing "
                    "was decided."
                ])  # fmt: skip
        except (ModelOutputInvalid, BudgetExceeded):
            self._context.check(self._job)  # out of time, rather than out of tries: that is not for us to catch
            return None, "the model's answer could not be read", False
        except DependencyUnavailable:
            return None, "no model is answering", True
        if session.is_offline:
            return None, "no model is answering", True
        if session.was_cut_off:
            return None, "the model's answer was cut off", False
        if notes.is_empty and part.words > WORDS_TO_SAY_NOTHING:
            return None, "the model noted nothing", False
        self.answered_by = session.context.alias
        return self._mended(session, notes), "", False

    def _mended(self, session: AgentSession[MeetingNotes], notes: MeetingNotes) -> MeetingNotes:
        """Return the notes after one repair, if they need one and it went well."""
        if not (complaints := self._review(notes)):
            return notes
        self._context.report("repairing", "correcting the notes", problems=len(complaints))
        try:
            better = session.repair(complaints)
        except (ModelOutputInvalid, BudgetExceeded, DependencyUnavailable):
            self._context.check(self._job)
            return notes
        if session.is_offline or session.was_cut_off or len(self._review(better)) > len(complaints):
            return notes
        self.repaired = True
        return notes if better.is_empty else better

    def _request(self, part: Part, extent: str) -> str:
        return Template(PART_REQUEST.text).substitute(
            extent=extent,
            wishes=self._wishes.lines,
            language=self._wishes.language,
            material=fenced(show_part(part, self._transcript)),
        )
