"""Turn minutes, or lines that answer a question about a meeting, into neutral blocks and cited claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assistant.jobs import Claim
from assistant.mail.about import offer_email
from assistant.minutes.moments import moment
from assistant.minutes.schema import Evidence, Minutes, SummaryLine
from assistant.replies import (
    Action,
    Actions,
    Block,
    Checklist,
    Citation,
    Citations,
    FileOffer,
    Links,
    Notice,
    Paragraph,
    Reply,
)
from workers.jobs.meeting_summary.layout import Layout, Section, sections_of
from workers.jobs.meeting_summary.wording import ENGLISH, wording_in

_NO_CLAIMS = frozenset(["topics", "per_person", "warnings"])
ITEM_SECTIONS = frozenset(["decisions", "action_items", "open_questions"])  # what people add by Edit
QUOTE_CHARS = 1200


@dataclass
class Sources:
    """Numbers each quoted utterance once, in the order the lines use them."""

    document: str
    title: str
    urls: Mapping[str, str] = field(default_factory=dict)  # by utterance, where there is something to open
    began_at: datetime | None = None  # of chats
    cited: dict[tuple[str, str], Citation] = field(default_factory=dict)

    def of(self, evidence: Sequence[Evidence]) -> tuple[Citation, ...]:
        """Return the citations of a line."""
        return tuple(self._one(item) for item in evidence)

    def _one(self, item: Evidence) -> Citation:
        key = (item.id, item.quote)
        if key not in self.cited:
            place = ", ".join(part for part in (item.speaker or "", moment(item.start, self.began_at)) if part)
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


def minutes_claims(minutes: Minutes, layout: Layout, sources: Sources) -> tuple[Claim, ...]:
    """Return every line of the minutes as a claim, in reading order."""
    sections = [section for section in sections_of(minutes, layout) if section.name not in _NO_CLAIMS]
    return tuple(
        Claim(text=line.text, citations=sources.of(line.evidence)) for section in sections for line in section.lines
    )


def render_minutes(
    minutes: Minutes,
    layout: Layout,
    sources: Sources,
    files: Sequence[FileOffer],
    *,
    notices: Sequence[str] = (),
    actions: Sequence[Action] = (),
    links: Links | None = None,
) -> Reply:
    """Return the reply: header, sections in the layout's order, links, warnings, sources, files, buttons, label."""
    facts = " · ".join(
        f"{name}: {value}" for name, value in layout.header(minutes)[:-1]
    )  # the label below says who wrote
    label = layout.wording["own_words"]
    if minutes.confirmed_by is None:
        label += f" {layout.wording['candidates']}"
    blocks: list[Block] = [
        Paragraph(markdown=f"**{layout.title(minutes)}**" + (f"\n\n{facts}" if facts else "")),
        *(_block(section, layout, sources) for section in _shown(minutes, layout)),
        *([links] if links else []),
        *(Notice(level="warning", text=text) for text in layout.warnings(minutes)),
        *(Notice(level="warning", text=text) for text in notices),
        *([Citations(items=tuple(sources.cited.values()))] if sources.cited else []),
        *files,
        Actions(items=(*actions, *offer_email(layout.wording.button("draft_email")).items)),
        Notice(
            text=label
            if minutes.meeting.engine == "extractive"
            else f"{layout.wording['written_by']}: {minutes.meeting.engine}"
        ),
    ]
    return Reply(text=minutes_text(minutes, layout), blocks=tuple(blocks), wants_feedback=True)


def render_answer(lines: Sequence[SummaryLine], sources: Sources) -> Reply:
    """Return the reply to a question about the meeting."""
    text = "\n".join(f"- {_cited(line.text, line.evidence, sources)}" for line in lines)
    blocks: tuple[Block, ...] = (
        Paragraph(markdown=text),
        Citations(items=tuple(sources.cited.values())),
        Notice(text=wording_in(ENGLISH)["own_words"]),
    )
    return Reply(text=text, blocks=blocks, wants_feedback=True)


def minutes_text(minutes: Minutes, layout: Layout) -> str:
    """Return the minutes as plain lines, for the answer field and for notifications."""
    parts = [layout.title(minutes)]
    for section in _shown(minutes, layout):
        lines = "\n".join(f"- {line.text}" for line in section.lines) or layout.wording["none_found"]
        parts.append(f"{section.title}:\n{lines}")
    return "\n\n".join(parts)


def _shown(minutes: Minutes, layout: Layout) -> list[Section]:
    """Return the sections of a message: points by person are for the files, unless the template leads with them."""
    sections = [section for section in sections_of(minutes, layout) if section.name != "warnings"]
    if layout.sections[0] == "per_person":
        return sections
    return [section for section in sections if section.name != "per_person"]


def _block(section: Section, layout: Layout, sources: Sources) -> Block:
    lines = tuple(_cited(line.text, line.evidence, sources) for line in section.lines)
    if section.name == "action_items" and lines:
        return Checklist(title=section.title, items=lines)
    body = "\n".join(f"- {line}" for line in lines) or layout.wording["none_found"]
    if not lines and section.name in ITEM_SECTIONS:
        body += f" {layout.wording.none_next()}"
    if section.guesses:
        body += f"\n\n_{section.guesses}_"
    return Paragraph(markdown=f"**{section.title}**\n\n{body}")


def _cited(text: str, evidence: Sequence[Evidence], sources: Sources) -> str:
    numbers = "".join(f"[{citation.number}]" for citation in sources.of(evidence))
    return f"{text} {numbers}".rstrip()
