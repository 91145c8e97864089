"""Write the summary of a meeting that was noted in parts, from checked lines only; or choose among those lines.

When the lines of a very long meeting don't fit one request they are summed up in batches first, as often as needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from assistant.errors import BudgetExceeded, DependencyUnavailable, ModelOutputInvalid
from assistant.jobs import Job
from assistant.minutes.schema import Evidence, Minutes, SummaryLine
from workers.context import JobContext
from workers.jobs.meeting_summary.model_notes import joined_evidence
from workers.jobs.meeting_summary.model_read import WRITE_SPEC, MeetingReader, Wishes
from workers.jobs.meeting_summary.model_schema import WrittenSummary
from workers.prompts import read_prompt
from workers.validation.injection import fenced

WRITE_REQUEST = read_prompt(Path(__file__).with_name("prompt_write_request.md"))
Material = Sequence[tuple[str, str, tuple[Evidence, ...]]]  # (handle, what it says, where from), in the order said


def write_summary(
    minutes: Minutes, reader: MeetingReader, job: Job, context: JobContext, *, wishes: Wishes, max_chars: int
) -> tuple[SummaryLine, ...] | None:
    """Return the summary's lines, unchecked; None when the model gave none that can be used.

    Raises:
        Cancelled, BudgetExceeded: the job was stopped, or is out of time.
    """
    if reader.is_down:
        return None
    material = _material(minutes)
    while len(batches := _batches(material, max_chars)) > 1:
        shorter: list[SummaryLine] = []
        for batch in batches:
            context.check(job)
            lines = _ask(batch, reader, job, context, wishes)
            if lines is None:
                return None
            shorter += lines
        if len(shorter) >= len(material):
            return None
        material = [(f"L{number}", line.text, line.evidence) for number, line in enumerate(shorter, 1)]
    return _ask(batches[0], reader, job, context, wishes)


def spread_lines(lines: Sequence[SummaryLine], *, words: int) -> tuple[SummaryLine, ...]:
    """Return lines of about `words` words in all, taken evenly from beginning to end."""
    total = sum(len(line.text.split()) for line in lines)
    if total <= words:
        return tuple(lines)
    kept: list[SummaryLine] = []
    passed = used = 0.0
    for line in lines:
        length = len(line.text.split())
        passed += length
        if not kept or used + length / 2 <= passed / total * words:
            kept.append(line)
            used += length
    return tuple(kept)


def _material(minutes: Minutes) -> Material:
    entries = [
        *((_when(line.evidence), f"L{n}", line.text, line.evidence) for n, line in enumerate(minutes.summary, 1)),
        *(
            (_when(one.evidence), f"D{n}", f"({one.status}) {one.text}", one.evidence)
            for n, one in enumerate(minutes.decisions, 1)
            if not one.is_unsure  # the rules' guesses of a part no model read: nothing to sum a meeting up by
        ),
        *(
            (_when(one.evidence), f"A{n}", f"{one.task} ({one.owner or 'nobody named'})", one.evidence)
            for n, one in enumerate(minutes.action_items, 1)
        ),
    ]
    return [entry[1:] for entry in sorted(entries, key=lambda entry: entry[0])]


def _when(evidence: Sequence[Evidence]) -> int:
    digits = "".join(sign for sign in evidence[0].id if sign.isdigit()) if evidence else ""
    return int(digits or 0)


def _batches(material: Material, max_chars: int) -> list[Material]:
    batches: list[list[tuple[str, str, tuple[Evidence, ...]]]] = [[]]
    used = 0
    for entry in material:
        size = len(entry[0]) + len(entry[1]) + 2
        if batches[-1] and used + size > max_chars:
            batches.append([])
            used = 0
        batches[-1].append(entry)
        used += size
    return list(batches)


def _ask(
    material: Material, reader: MeetingReader, job: Job, context: JobContext, wishes: Wishes
) -> tuple[SummaryLine, ...] | None:
    session = reader.session(WRITE_SPEC)
    shown = "\n".join(f"{handle} {text}" for handle, text, _ in material)
    request = Template(WRITE_REQUEST.text).substitute(
        language=wishes.language, words=wishes.words, wishes=wishes.lines, material=fenced(shown)
    )
    try:
        written: WrittenSummary = session.ask((), request)
        if session.was_cut_off and not session.is_offline:
            written = session.repair([f"It was cut off. Write it again in at most {wishes.words // 2} words."])
    except (ModelOutputInvalid, BudgetExceeded, DependencyUnavailable):
        context.check(job)
        return None
    if session.is_offline or session.was_cut_off:
        return None
    evidence = {handle: found for handle, _, found in material}
    lines = tuple(line for one in written.lines if (line := _line(one.text, one.sources, evidence)) is not None)
    return lines or None


def _line(text: str, sources: Sequence[str], evidence: Mapping[str, tuple[Evidence, ...]]) -> SummaryLine | None:
    found = joined_evidence([item for handle in sources for item in evidence.get(handle.strip("[] "), ())])
    return SummaryLine(text=text, evidence=found, found_by="model") if found else None
