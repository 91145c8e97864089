"""Check minutes against the transcript they were made from, without any model: nothing unproven is posted
as fact.

`validate_minutes` reports; `repair` drops what is false, empties what was invented and marks what is weak.
What checking can't see: a false claim made of the transcript's own words, beyond negation and "agreed".
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from assistant.minutes.schema import (
    MINUTES_VERSION,
    ActionItem,
    Decision,
    Minutes,
    MinutesWarning,
)
from assistant.words import content_stems
from workers.jobs.meeting_summary.validate_lines import Source, line_problems
from workers.jobs.meeting_summary.wording import make_warning
from workers.transcripts.transcript import Transcript
from workers.validation.due_days import resolve_day
from workers.validation.language import guess_language
from workers.validation.text_support import comparable, says_the_same

Section = Literal["meeting", "summary", "topics", "decisions", "action_items", "open_questions", "per_person"]
Code = Literal[
    "version", "no_evidence", "unknown_id", "quote_not_found", "wrong_speaker", "number_unsupported", "name_unsupported",  # noqa: E501
    "address_unsupported", "day_unsupported", "unknown_owner", "owner_not_said", "due_not_said", "due_date_wrong", "duplicate",  # noqa: E501
    "wrong_language", "negation_flipped", "status_overstated", "weak_support", "unknown_participant", "wrong_date", "unknown_speaker",  # noqa: E501
    "order_in_speech",
]  # fmt: skip
LINE_SECTIONS: tuple[Section, ...] = ("summary", "topics", "decisions", "action_items", "open_questions")
MARKS: frozenset[str] = frozenset({"weak_support", "wrong_language"})  # shown to the reader, never a reason to drop
FIELD_CODES: frozenset[str] = frozenset({"unknown_owner", "owner_not_said", "due_not_said", "due_date_wrong", "status_overstated"})  # fmt: skip  # noqa: E501
LANGUAGE_WORDS = 40  # fewer words are too few to tell a language

T = TypeVar("T", bound=BaseModel)


class Problem(BaseModel):
    """One thing that is wrong with minutes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    section: Section
    index: int | None  # of the entry in its section; None: the section or document as a whole
    text: str  # what was found, for whoever reviews the minutes

    @property
    def is_mark(self) -> bool:
        """Is this shown beside the line rather than a reason to change it?"""
        return self.code in MARKS


def validate_minutes(minutes: Minutes, transcript: Transcript, *, source: Source | None = None) -> list[Problem]:
    """Return every problem found, section by section; none for minutes that hold.

    `source` is `Source.of(transcript)`, for callers that check many times.
    """
    source = source or Source.of(transcript)
    translated = minutes.meeting.spoken not in (None, minutes.meeting.language)
    problems = list(_header_problems(minutes, source))
    for section in LINE_SECTIONS:
        entries = getattr(minutes, section)
        for index, entry in enumerate(entries):
            problems.extend(
                Problem(code=code, section=section, index=index, text=text)
                for code, text in line_problems(
                    _text_of(entry),
                    entry.evidence,
                    source,
                    is_topic=section == "topics",
                    language=minutes.meeting.language if translated and entry.found_by == "model" else None,
                )
            )
        if section != "topics":
            problems.extend(_duplicates(section, [source.without_prefix(_text_of(entry)) for entry in entries]))
    for index, action in enumerate(minutes.action_items):
        problems.extend(_action_problems(index, action, source, minutes))
    for index, decision in enumerate(minutes.decisions):
        problems.extend(_decision_problems(index, decision, source))
    problems.extend(_person_problems(minutes, source))
    problems.extend(_language_problems(minutes))
    return problems


def repair(minutes: Minutes, problems: Sequence[Problem]) -> Minutes:
    """Return the minutes without what the problems name.

    A false line goes, an owner or due day nobody said becomes null, "agreed" that nobody agreed to becomes
    "proposed". Marks stay in place and are told in a warning. Validating the result finds marks at most.
    """
    kept: dict[str, Any] = {}
    for section in LINE_SECTIONS:
        mine = [problem for problem in problems if problem.section == section]
        dropped = {p.index for p in mine if not p.is_mark and p.code not in FIELD_CODES}
        kept[section] = tuple(
            _mended(entry, {p.code for p in mine if p.index == index})
            for index, entry in enumerate(getattr(minutes, section))
            if index not in dropped
        )
    people = {p.index for p in problems if p.section == "per_person" and not p.is_mark}
    kept["per_person"] = tuple(person for index, person in enumerate(minutes.per_person) if index not in people)
    kept["meeting"] = _mended_header(minutes, problems)
    kept["version"] = MINUTES_VERSION
    kept["warnings"] = (*minutes.warnings, *_new_warnings(minutes, problems))
    return minutes.model_copy(update=kept)


def _text_of(entry: Any) -> str:
    return str(getattr(entry, "task", None) or entry.text)


def _header_problems(minutes: Minutes, source: Source) -> Iterator[Problem]:
    if source.orders:
        text = "somebody's words give orders to an assistant"
        yield Problem(code="order_in_speech", section="meeting", index=None, text=text)
    if minutes.version != MINUTES_VERSION:
        yield Problem(code="version", section="meeting", index=None, text=f"version {minutes.version} is not known")
    for index, person in enumerate(minutes.meeting.participants):
        if not source.knows_person(person):
            yield Problem(code="unknown_participant", section="meeting", index=index, text=f"{person} was not there")
    known = source.transcript.date
    if known is not None and minutes.meeting.date not in (None, known):
        yield Problem(code="wrong_date", section="meeting", index=None, text=f"the transcript is of {known}")


def _action_problems(index: int, action: ActionItem, source: Source, minutes: Minutes) -> Iterator[Problem]:
    def problem(code: Code, text: str) -> Problem:
        return Problem(code=code, section="action_items", index=index, text=text)

    ids = [evidence.id for evidence in action.evidence]
    if action.owner is not None:
        if not source.knows_person(action.owner) and not source.says_name(action.owner):
            yield problem("unknown_owner", f"{action.owner} neither took part nor was named")
        elif not source.links_person(action.owner, ids):
            yield problem("owner_not_said", f"nothing near the evidence makes {action.owner} the owner")
    if action.due is not None and comparable(action.due) not in comparable(source.around(ids, 3)):
        yield problem("due_not_said", f"“{action.due}” was not said near the evidence")
    expected = resolve_day(action.due, minutes.meeting.date or source.transcript.date) if action.due else None
    if action.due_date is not None and action.due_date != expected:
        yield problem("due_date_wrong", f"“{action.due}” means {expected or 'no day in particular'}")


def _decision_problems(index: int, decision: Decision, source: Source) -> Iterator[Problem]:
    ids = [evidence.id for evidence in decision.evidence if evidence.id in source.place]
    if decision.status == "agreed" and ids and not source.was_agreed(ids):
        yield Problem(
            code="status_overstated",
            section="decisions",
            index=index,
            text="nobody is heard to agree near the evidence",
        )


def _duplicates(section: Section, texts: Sequence[str]) -> Iterator[Problem]:
    for index, text in enumerate(texts):
        if any(says_the_same(text, other) for other in texts[:index]):
            yield Problem(code="duplicate", section=section, index=index, text="says what an earlier entry says")


def _person_problems(minutes: Minutes, source: Source) -> Iterator[Problem]:
    for index, person in enumerate(minutes.per_person):
        if person.speaker not in source.stems_by_speaker:
            yield Problem(
                code="unknown_speaker",
                section="per_person",
                index=index,
                text=f"{person.speaker} did not speak",
            )
            continue
        own = source.stems_by_speaker[person.speaker]
        for point in person.points:
            words = content_stems(point)
            if words and sum(word in own for word in words) < 0.7 * len(words):
                yield Problem(
                    code="quote_not_found",
                    section="per_person",
                    index=index,
                    text=f"{person.speaker} did not say this",
                )


def _language_problems(minutes: Minutes) -> Iterator[Problem]:
    lines = [
        _text_of(entry) for section in LINE_SECTIONS if section != "topics" for entry in getattr(minutes, section)
    ]
    text = " ".join(lines)
    found = guess_language(text) if len(text.split()) >= LANGUAGE_WORDS else None
    if found is not None and found != minutes.meeting.language:
        yield Problem(
            code="wrong_language", section="meeting", index=None,
            text=f"the lines are in “{found}”, not “{minutes.meeting.language}”",
        )  # fmt: skip


def _mended(entry: T, codes: set[str]) -> T:
    update: dict[str, object] = {}
    if codes & {"unknown_owner", "owner_not_said"}:
        update |= {"owner": None, "owner_ref": None, "confidence": "inferred"}
    if "due_not_said" in codes:
        update |= {"due": None, "due_date": None}
    if "due_date_wrong" in codes:
        update["due_date"] = None
    if "status_overstated" in codes:
        update["status"] = "proposed"
    if "weak_support" in codes:
        update["is_weak"] = True
    return entry.model_copy(update=update) if update else entry


def _mended_header(minutes: Minutes, problems: Sequence[Problem]) -> BaseModel:
    absent = {p.index for p in problems if p.code == "unknown_participant"}
    people = tuple(name for index, name in enumerate(minutes.meeting.participants) if index not in absent)
    update: dict[str, object] = {"participants": people}
    if any(p.code == "wrong_date" for p in problems):
        update["date"] = None
    return minutes.meeting.model_copy(update=update)


def _new_warnings(minutes: Minutes, problems: Sequence[Problem]) -> Iterator[MinutesWarning]:
    known = {warning.code for warning in minutes.warnings}
    weak = [problem for problem in problems if problem.code == "weak_support"]
    if weak and "weak_support" not in known:
        yield make_warning("weak_support", count=len(weak))
    foreign = next((problem for problem in problems if problem.code == "wrong_language"), None)
    if foreign is not None and "mixed_language" not in known:
        yield make_warning(
            "mixed_language", "wrong_language", detail=foreign.text[:1].upper() + foreign.text[1:] + "."
        )
    if any(problem.code == "order_in_speech" for problem in problems) and "orders_in_speech" not in known:
        yield make_warning("orders_in_speech")
