"""When a model's hypothesis about logs is good enough to be shown: everything it cites exists, and counts agree.

`review` looks at an answer and says what is wrong with each statement; it counts again in the index, so that an
invented count, line, template or time is found whatever the words around it. What follows (repair, drop, fall back
to the rules' report) is model_path.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.jobs import Check
from workers.jobs.log_inspection.log_desk import LogDesk, stamp
from workers.jobs.log_inspection.schema import LogAnswer, LogHypothesis, Statement
from workers.logs.incident import ANCHOR_SCORE
from workers.logs.index import Window
from workers.logs.queries import FoundLine, count_lines
from workers.logs.statistics import changes_between
from workers.validation.citations import fold, names_in, numbers_in
from workers.validation.injection import is_order

CHECKS = (
    "statements_cited",
    "counts_agree",
    "lines_exist",
    "text_supported",
    "cause_shows_in_logs",
    "no_instructions",
)
QUOTED_CHARS = 6  # shorter quotations are words, not lines
_QUOTED = re.compile(rf"`([^`]{{{QUOTED_CHARS},}})`|[\"“]([^\"”]{{{QUOTED_CHARS},}})[\"”]")
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
_KNOWN_NAMES = "UTC INFO WARN WARNING ERROR FATAL DEBUG"

Problem = tuple[str, str]  # check, complaint


@dataclass(frozen=True, slots=True)
class ReviewedStatement:
    """A statement with the lines it cites, and what is wrong with it."""

    statement: Statement
    lines: tuple[FoundLine, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ReviewedHypothesis:
    """A hypothesis with its statements reviewed; `problems` are its own, its statements have theirs."""

    hypothesis: LogHypothesis
    evidence_for: tuple[ReviewedStatement, ...]
    evidence_against: tuple[ReviewedStatement, ...]
    problems: tuple[Problem, ...]

    @property
    def sound_for(self) -> tuple[ReviewedStatement, ...]:
        """The statements for it that hold."""
        return tuple(one for one in self.evidence_for if not one.problems)

    @property
    def sound_against(self) -> tuple[ReviewedStatement, ...]:
        """The statements against it that hold."""
        return tuple(one for one in self.evidence_against if not one.problems)


@dataclass(frozen=True, slots=True)
class Review:
    """All hypotheses, reviewed. An answer without any has no problems: it found nothing."""

    hypotheses: tuple[ReviewedHypothesis, ...]
    first_bad: FoundLine | None
    problems_of_answer: tuple[Problem, ...] = ()

    @property
    def problems(self) -> list[str]:
        """Complaints in words a model can act on."""
        return [complaint for _, complaint in self._all()]

    @property
    def sound(self) -> tuple[ReviewedHypothesis, ...]:
        """The hypotheses that hold, with the statements that hold."""
        return tuple(one for one in self.hypotheses if not one.problems and one.sound_for)

    def verdicts(self) -> tuple[Check, ...]:
        """One verdict a check, for the receipt; complaints name ids and counts, never lines."""
        failed: dict[str, list[str]] = {name: [] for name in CHECKS}
        for check, complaint in self._all():
            failed[check].append(complaint)
        return tuple(
            Check(name=name, passed=not found, detail="; ".join(found)[:400]) for name, found in failed.items()
        )

    def _all(self) -> list[Problem]:
        found = list(self.problems_of_answer)
        for number, one in enumerate(self.hypotheses, 1):
            place = f"hypothesis {number}"
            found += [(check, f"{place}: {text}") for check, text in one.problems]
            for side, statements in (("for", one.evidence_for), ("against", one.evidence_against)):
                for count, statement in enumerate(statements, 1):
                    found += [(check, f"{place}, {side} {count}: {text}") for check, text in statement.problems]
        return found


def review(answer: LogAnswer, desk: LogDesk) -> Review:
    """Return the answer's hypotheses with what is wrong with each."""
    if not answer.found:
        return Review((), None)
    first_bad = desk.lines.get(answer.first_bad_line)
    own: tuple[Problem, ...] = ()
    if first_bad is None or first_bad.at is None:
        own = (
            ("lines_exist", f"first_bad_line {answer.first_bad_line[:8]!r} is no line with a time that was shown"),
        )
    if not answer.hypotheses:
        own = (*own, ("statements_cited", "found is true, but there is no hypothesis"))
    return Review(tuple(_hypothesis(one, desk) for one in answer.hypotheses), first_bad, own)


def _hypothesis(one: LogHypothesis, desk: LogDesk) -> ReviewedHypothesis:
    for_it = tuple(_statement(statement, desk) for statement in one.evidence_for)
    against = tuple(_statement(statement, desk) for statement in one.evidence_against)
    reviewed = ReviewedHypothesis(one, for_it, against, ())
    lines = [line for statement in (*for_it, *against) for line in statement.lines]
    problems: list[Problem] = []
    if not one.evidence_for:
        problems.append(("statements_cited", "nothing is cited for it"))
    named = any(one.service.lower() in line.line.lower() for line in lines)
    if one.service.lower() not in {name.lower() for name in desk.index.services} and not named:
        problems.append(("cause_shows_in_logs", f"no service {one.service[:60]!r} in the logs or the lines cited"))
    if reviewed.sound_for and not any(_changed(statement.statement, desk) for statement in reviewed.sound_for):
        problems.append(
            ("cause_shows_in_logs", "none of what is cited for it became more frequent or rarer in its time range")
        )
    facts = [*_facts(statement.statement for statement in (*for_it, *against)), *_said(lines, desk)]
    problems += _unsupported("the cause", one.cause, facts, desk)
    problems += _orders(one.cause, one.check_next)
    return ReviewedHypothesis(one, for_it, against, tuple(problems))


def _statement(one: Statement, desk: LogDesk) -> ReviewedStatement:
    problems: list[Problem] = []
    template = next((each for each in desk.index.templates if each.id == one.template), None)
    span = desk.index.span
    lines = tuple(desk.lines[handle] for handle in one.lines if handle in desk.lines)
    if template is None:
        problems.append(("statements_cited", f"there is no template {one.template[:20]!r}"))
    if one.service and one.service not in desk.index.services:
        problems.append(("statements_cited", f"there is no service {one.service[:60]!r}"))
    if span is None or one.start >= one.end or one.end < span.start_at or one.start > span.end_at:
        problems.append(
            ("statements_cited", f"{stamp(one.start)} to {stamp(one.end)} is no time range of these logs")
        )
    if unknown := [handle for handle in one.lines if handle not in desk.lines]:
        problems.append(("lines_exist", f"there is no line {unknown[0][:8]}"))
    if template is not None and not problems:
        problems += _miscounted(one, desk)
        problems += _misplaced(one, lines)
    facts = [*_facts([one]), *_said(lines, desk)]
    if template is not None:
        facts.append(desk.redaction.text(template.text))
    problems += _unsupported("its text", one.text, facts, desk)
    problems += _orders(one.text)
    return ReviewedStatement(one, lines, tuple(problems))


def _miscounted(one: Statement, desk: LogDesk) -> list[Problem]:
    counted = count_lines(desk.index, one.template, window=Window(one.start, one.end), service=one.service or None)
    if counted != one.count:
        said = f"template {one.template} has {counted} lines there, not {one.count}"
        return [("counts_agree", said)]
    if counted and not one.lines:
        return [("statements_cited", "it names no line")]
    return []


def _misplaced(one: Statement, lines: Sequence[FoundLine]) -> list[Problem]:
    """Return a complaint where a cited line is of another template or another time: counts go by whole minutes."""
    first, last = one.start.replace(second=0, microsecond=0), one.end
    for handle, line in zip(one.lines, lines, strict=True):
        if line.template_id != one.template:
            return [("lines_exist", f"{handle} is of template {line.template_id}, not of {one.template}")]
        if line.at is None or not first <= line.at <= last:
            return [("lines_exist", f"{handle} lies outside {stamp(one.start)} to {stamp(one.end)}")]
        if one.service and line.service != one.service:
            return [("lines_exist", f"{handle} is of {line.service}, not of {one.service}")]
    return []


def _changed(one: Statement, desk: LogDesk) -> bool:
    """Whether the template's rate in the range differs for sure from that outside: steady errors are no cause.

    What the statistics themselves count as part of the trouble counts here too: a single fatal line is no rate.
    """
    found = desk.statistics
    if found.first_bad is not None:
        known = {change.template_id for change in found.what_changed}
        known.update(template for cause in found.hypotheses for template in cause.template_ids)
        if one.template in known:
            return True
    span = desk.index.span
    if span is None:
        return False
    window = Window(max(one.start, span.start_at), min(one.end, span.end_at))
    outside = [Window(span.start_at, window.start_at), Window(window.end_at, span.end_at)]
    longest = max(outside, key=lambda part: part.seconds)
    if longest.seconds < 60 or window.seconds <= 0:
        return False
    return any(
        desk.index.templates[change.template].id == one.template and abs(change.score) >= ANCHOR_SCORE
        for change in changes_between(desk.index, window, longest)
    )


def _unsupported(what: str, text: str, facts: Sequence[str], desk: LogDesk) -> list[Problem]:
    known = " ".join(facts)
    numbers = numbers_in(known) | set(re.findall(r"\d+(?:\.\d+)?", known))
    problems = []
    if invented := sorted(numbers_in(text) - numbers - numbers_in(desk.question)):
        problems.append(f"{what} has figures that are in nothing it cites: {', '.join(invented[:5])}")
    folded = fold(f"{known} {_KNOWN_NAMES} {' '.join(desk.index.services)} {desk.question}")
    if names := sorted(name for name in names_in(text) if fold(name) not in folded):
        problems.append(f"{what} has names that are in nothing it cites: {', '.join(names[:5])}")
    quoted = [fold(first or second) for first, second in _QUOTED.findall(text)]
    if any(quote not in folded for quote in quoted):
        problems.append(f"{what} quotes words that stand in no line it cites")
    return [("text_supported", problem) for problem in problems]


def _orders(*texts: str) -> list[Problem]:
    if any(is_order(text) for text in texts):
        return [("no_instructions", "it repeats an instruction that stands in a log line")]
    if any(_ADDRESS.search(text) for text in texts):
        return [("no_instructions", "it holds a link")]
    return []


def _facts(statements: Iterable[Statement]) -> list[str]:
    return [
        fact for one in statements for fact in (str(one.count), *_clock(one.start), *_clock(one.end), one.service)
    ]


def _said(lines: Iterable[FoundLine], desk: LogDesk) -> list[str]:
    return [fact for line in lines for fact in (desk.redaction.text(line.line), line.service, *_clock(line.at))]


def _clock(at: datetime | None) -> tuple[str, ...]:
    """Return the ways a moment is written in a sentence."""
    if at is None:
        return ()
    return (stamp(at), f"{at:%Y-%m-%d}", f"{at:%H:%M}", f"{at:%H:%M:%S}", f"{at.day} {at:%B %Y}")
