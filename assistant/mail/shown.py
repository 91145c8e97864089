"""How a draft stands in the conversation: its text, what to look at before sending, its sources and its buttons.

Worker and bot render with this one function, so that a draft looks the same after an edit as when it was written.
Every button carries the draft's id and the revision it stood under: a press on an older revision does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from assistant.mail.draft import LENGTHS, TEMPLATE_ENGINE, DraftSource, DraftStatus, EmailDraft
from assistant.replies import Action, Actions, Block, Citation, Citations, Draft, Notice, Paragraph, Reply

Offer = Literal["save", "send"]  # what the asker's mail set-up allows, besides the download

PREFIX = "draft_"  # of all buttons under a draft
SHOWN_SOURCES = 12
_NAMES = {"request": "your request"}
TEXT_CHARS = 200
_STANDING = {
    DraftStatus.SAVED: "Saved in your Drafts. Nothing has been sent.",
    DraftStatus.SENT: "Sent.",
    DraftStatus.UNKNOWN: "I can't tell whether this was sent: please check your Sent folder. I won't send it again.",
    DraftStatus.DISCARDED: "Discarded. Nothing was sent.",
}


def show_draft(
    draft: EmailDraft, *, offers: Sequence[Offer] = (), notices: Sequence[Notice] = (), is_busy: bool = False
) -> Reply:
    """Return the reply: the question first where there is one, then the draft and what to look at before sending.

    `is_busy`: an order is being carried out, so nothing can be pressed.
    """
    blocks: list[Block] = [Paragraph(markdown=draft.question)] if draft.question else []
    blocks.append(
        Draft(
            draft_id=draft.id,
            revision=draft.revision,
            to=draft.to,
            cc=draft.cc,
            bcc=draft.bcc,
            subject=draft.subject,
            body=draft.body,
            placeholders=draft.placeholders,
            facts=_facts_of(draft),
            status=draft.status.value,
        )
    )
    if draft.attachments:
        blocks.append(Notice(text=f"Attached: {', '.join(one.name for one in draft.attachments)}."))
    if draft.status.is_open:
        blocks.extend(Notice(level="warning", text=warning.text) for warning in draft.warnings)
    if citations := citations_of(draft):
        blocks.append(Citations(items=citations))
    if standing := _STANDING.get(draft.status):
        blocks.append(Notice(level="warning" if draft.status is DraftStatus.UNKNOWN else "info", text=standing))
    blocks.extend(notices)
    if draft.status.is_open and not is_busy:
        blocks.append(Actions(items=buttons(draft, offers)))
    text = draft.question or f"Draft: {draft.subject}"
    return Reply(text=text[:TEXT_CHARS], blocks=tuple(blocks), final=not is_busy, wants_feedback=not is_busy)


def buttons(draft: EmailDraft, offers: Sequence[Offer]) -> tuple[Action, ...]:
    """Return what can be pressed under an open draft, most needed first: some platforms show only the first six."""
    here: dict[str, Any] = {"draft": draft.id, "revision": draft.revision}

    def button(
        name: str, label: str, style: Literal["default", "primary", "danger"] = "default", **more: Any
    ) -> Action:
        return Action(name=PREFIX + name, label=label, value={**here, **more}, style=style)

    actions = [button("edit", "Edit")]
    if "send" in offers and draft.unfinished is None:
        actions.append(button("send", "Send", "primary"))
    if "save" in offers:
        actions.append(button("save", "Save to Drafts"))
    actions.append(button("download", "Download .eml"))
    actions.append(button("discard", "Discard", "danger"))
    actions.append(button("change", "Change …"))
    place = LENGTHS.index(draft.length)
    if place > 0:
        actions.append(button("rewrite", "Shorter", length=LENGTHS[place - 1]))
    if place < len(LENGTHS) - 1:
        actions.append(button("rewrite", "Longer", length=LENGTHS[place + 1]))
    if draft.tone != "friendly":
        actions.append(button("rewrite", "Friendlier", tone="friendly"))
    if draft.written_by != TEMPLATE_ENGINE:  # the templates would write the same once more
        actions.append(button("rewrite", "Regenerate"))
    return tuple(actions)


def citations_of(draft: EmailDraft) -> tuple[Citation, ...]:
    """Return the sources, numbered; the asker's own words need no citation."""
    return tuple(_citation(number, source) for number, source in enumerate(_cited(draft), start=1))


def facts_line(facts: Sequence[tuple[str, int]]) -> str:
    """Return where a shown draft's facts come from, for platforms where a fact in the text can't be pressed."""
    cited = ", ".join(f"{text} [{number}]" for text, number in facts if number)
    own = ", ".join(text for text, number in facts if not number)
    parts = [f"Facts: {cited}" if cited else "", f"In your own words: {own}" if own else ""]
    return ". ".join(part for part in parts if part)


def fact_notes(draft: EmailDraft) -> str:
    """Return a line for each fact of the text, with the words it comes from: to have beside an edit."""
    titles = {source.ref: source.title for source in draft.sources}
    standing = [fact for fact in draft.facts if fact.text in draft.body]
    return "\n".join(
        f"{one.text}: {titles.get(one.ref) or _NAMES.get(one.ref, '')} “{one.quote}”" for one in standing
    )


def _cited(draft: EmailDraft) -> list[DraftSource]:
    """Return the sources to number; one whose words stand in another's quote is not said twice."""
    found: list[DraftSource] = []
    for source in draft.sources:
        if source.ref != "request" and not any(_holds(one, source.ref, source.quote) for one in found):
            found.append(source)
    return found[:SHOWN_SOURCES]


def _facts_of(draft: EmailDraft) -> tuple[tuple[str, int], ...]:
    """Return the facts that stand in the text, each with the number of its citation."""
    cited = _cited(draft)
    numbered = []
    for fact in draft.facts:
        if fact.text not in draft.body:
            continue
        places = (number for number, one in enumerate(cited, 1) if _holds(one, fact.ref, fact.quote))
        number = 0 if fact.ref == "request" else next(places, None)
        if number is not None:
            numbered.append((fact.text, number))
    return tuple(numbered)


def _holds(source: DraftSource, ref: str, quote: str) -> bool:
    return source.ref == ref and quote in source.quote


def _citation(number: int, source: DraftSource) -> Citation:
    name = source.ref.partition(":")[2] or source.ref
    path, _, chunk_id = name.rpartition("#") if source.document_id else (name, "", source.ref)
    return Citation(
        number=number,
        chunk_id=chunk_id,
        document_id=source.document_id or source.ref,
        document=path,
        title=source.title or name,
        quote=source.quote,
    )


def text_of(draft: EmailDraft) -> str:
    """Return the draft as plain text."""
    lines = [f"To: {', '.join(draft.to) or '(nobody yet)'}"]
    lines += [f"{name}: {', '.join(boxes)}" for name, boxes in (("Cc", draft.cc), ("Bcc", draft.bcc)) if boxes]
    lines.append(f"Subject: {draft.subject}")
    if draft.attachments:
        lines.append(f"Attachments: {', '.join(one.name for one in draft.attachments)}")
    return "\n".join([*lines, "", draft.body])
