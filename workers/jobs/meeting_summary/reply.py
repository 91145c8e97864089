"""Turn minutes, or lines that answer a question about a meeting, into neutral blocks and cited claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant.jobs import Claim
from assistant.replies import Block, Checklist, Citation, Citations, FileOffer, Notice, Paragraph, Reply
from workers.jobs.meeting_summary.export import CANDIDATES_NOTE, clock, header_of, title_of
from workers.jobs.meeting_summary.schema import ActionItem, Evidence, Minutes, SummaryLine

EXTRACTIVE = "The speakers' own words, chosen by rules: no language model wrote this."
NONE_FOUND = "None found."
QUOTE_CHARS = 1200


@dataclass
class Sources:
    """Numbers each quoted utterance once, in the order the lines use them."""

    document: str
    title: str
    urls: Mapping[str, str] = field(default_factory=dict)  # by utterance, where there is something to open
    cited: dict[tuple[str, str], Citation] = field(default_factory=dict)

    def of(self, evidence: Sequence[Evidence]) -> tuple[Citation, ...]:
        """Return the citations of a line."""
        return tuple(self._one(item) for item in evidence)

    def _one(self, item: Evidence) -> Citation:
        key = (item.id, item.quote)
        if key not in self.cited:
            place = ", ".join(part for part in (item.speaker or "", clock(item.start)) if part)
            self.cited[key] = Citation(
                number=len(self.cited) + 1,
                chunk_id=item.id,
                document_id=self.document,
                document=self.document,
                title=self.title,
                section=place,
                url=self.urls.get(item.id),
                quote=item.quote[:QUOTE_CHARS],
            )
        return self.cited[key]


def minutes_claims(minutes: Minutes, sources: Sources) -> tuple[Claim, ...]:
    """Return every line of the minutes as a claim, in reading order."""
    lines = [
        *((line.text, line.evidence) for line in minutes.summary),
        *((f"[{decision.status}] {decision.text}", decision.evidence) for decision in minutes.decisions),
        *((action_text(action), action.evidence) for action in minutes.action_items),
        *((question.text, question.evidence) for question in minutes.open_questions),
    ]
    return tuple(Claim(text=text, citations=sources.of(evidence)) for text, evidence in lines)


def render_minutes(minutes: Minutes, sources: Sources, files: Sequence[FileOffer]) -> Reply:
    """Return the reply: header, summary, decisions, action items, open questions, sources, files, warnings."""
    facts = " · ".join(f"{name}: {value}" for name, value in header_of(minutes) if name != "Written by")
    summary = _list([_cited(line.text, line.evidence, sources) for line in minutes.summary])
    topics = _list([topic.text or topic.title for topic in minutes.topics])
    decisions = _list([_cited(f"{d.status}: {d.text}", d.evidence, sources) for d in minutes.decisions])
    questions = _list([_cited(q.text, q.evidence, sources) for q in minutes.open_questions])
    actions = tuple(_cited(action_text(action), action.evidence, sources) for action in minutes.action_items)
    blocks: list[Block] = [
        Paragraph(markdown=f"**{title_of(minutes)}**" + (f"\n\n{facts}" if facts else "")),
        *([Paragraph(markdown=f"**Topics**\n\n{topics}")] if minutes.topics else []),
        Paragraph(markdown=f"**Summary**\n\n{summary}"),
        Paragraph(markdown=f"**Decisions**\n\n{decisions}"),
        Checklist(title="Action items", items=actions) if actions else Paragraph(markdown=_none("Action items")),
        Paragraph(markdown=f"**Open questions**\n\n{questions}"),
        *(Notice(level="warning", text=warning.text) for warning in minutes.warnings),
        *([Citations(items=tuple(sources.cited.values()))] if sources.cited else []),
        *files,
        *([Notice(text=f"{EXTRACTIVE} {CANDIDATES_NOTE}")] if minutes.meeting.engine == "extractive" else []),
    ]
    return Reply(text=minutes_text(minutes), blocks=tuple(blocks), wants_feedback=True)


def render_answer(lines: Sequence[SummaryLine], sources: Sources) -> Reply:
    """Return the reply to a question about the meeting."""
    text = _list([_cited(line.text, line.evidence, sources) for line in lines])
    blocks: tuple[Block, ...] = (
        Paragraph(markdown=text),
        Citations(items=tuple(sources.cited.values())),
        Notice(text=EXTRACTIVE),
    )
    return Reply(text=text, blocks=blocks, wants_feedback=True)


def minutes_text(minutes: Minutes) -> str:
    """Return the minutes as plain lines, for the answer field and for notifications."""
    parts = [title_of(minutes)]
    for heading, lines in (
        ("Summary", [line.text for line in minutes.summary]),
        ("Decisions", [f"{decision.status}: {decision.text}" for decision in minutes.decisions]),
        ("Action items", [action_text(action) for action in minutes.action_items]),
        ("Open questions", [question.text for question in minutes.open_questions]),
    ):
        parts.append(f"{heading}:\n{_list(lines)}")
    return "\n\n".join(parts)


def action_text(action: ActionItem) -> str:
    """Return a task with its owner and due day, where somebody said them."""
    due = f"{action.due} ({action.due_date.isoformat()})" if action.due and action.due_date else action.due
    told = ", ".join(filter(None, (action.owner, due)))
    return f"{action.task}{f' — {told}' if told else ''}"


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or NONE_FOUND


def _none(heading: str) -> str:
    return f"**{heading}**\n\n{NONE_FOUND}"


def _cited(text: str, evidence: Sequence[Evidence], sources: Sources) -> str:
    numbers = "".join(f"[{citation.number}]" for citation in sources.of(evidence))
    return f"{text} {numbers}".rstrip()
