"""Turn a draft into the neutral blocks that every platform renders: the draft, what to look at, its sources, a file."""  # noqa: E501

from __future__ import annotations

from assistant.jobs import Claim
from assistant.mail.draft import EmailDraft
from assistant.replies import (
    Block,
    Citation,
    Citations,
    Draft,
    FileOffer,
    Notice,
    Paragraph,
    Reply,
)

BY_TEMPLATES = "Written by the template engine, no language model. Nothing has been sent."
SHOWN_SOURCES = 8
TEXT_CHARS = 200


def answer_of(draft: EmailDraft) -> str:
    """Return the draft as plain text."""
    lines = [f"To: {', '.join(draft.to) or '(nobody yet)'}"]
    lines += [f"{name}: {', '.join(boxes)}" for name, boxes in (("Cc", draft.cc), ("Bcc", draft.bcc)) if boxes]
    lines.append(f"Subject: {draft.subject}")
    if draft.attachments:
        lines.append(f"Attachments: {', '.join(one.name for one in draft.attachments)}")
    return "\n".join([*lines, "", draft.body])


def render(draft: EmailDraft, offer: FileOffer | None, *, notices: tuple[str, ...]) -> Reply:
    """Return the reply: the question first where there is one, then the draft and what to look at before sending."""
    blocks: list[Block] = []
    if draft.question:
        blocks.append(Paragraph(markdown=draft.question))
    blocks.append(
        Draft(
            draft_id=draft.id,
            revision=draft.revision,
            to=draft.to,
            cc=draft.cc,
            subject=draft.subject,
            body=draft.body,
            placeholders=draft.placeholders,
        )
    )
    if draft.bcc:
        blocks.append(Notice(text=f"Blind copy to {', '.join(draft.bcc)}."))
    if draft.placeholders:
        blocks.append(Notice(level="warning", text=f"To be filled in: {'; '.join(draft.placeholders)}."))
    blocks.extend(Notice(level="warning", text=warning.text) for warning in draft.warnings)
    if citations := citations_of(draft):
        blocks.append(Citations(items=citations))
    if offer is not None:
        blocks.append(offer)
    blocks.extend(Notice(text=text) for text in notices)
    blocks.append(Notice(text=BY_TEMPLATES))
    text = draft.question or f"Draft: {draft.subject}"
    return Reply(text=text[:TEXT_CHARS], blocks=tuple(blocks), wants_feedback=True)


def citations_of(draft: EmailDraft) -> tuple[Citation, ...]:
    """Return the quoted sources, numbered; the asker's own words need no citation."""
    quoted = [source for source in draft.sources if source.ref != "request"][:SHOWN_SOURCES]
    return tuple(
        Citation(
            number=number,
            chunk_id=source.ref,
            document_id=source.ref,
            document=source.ref.partition(":")[2] or source.ref,
            title=source.ref.partition(":")[2] or source.ref,
            quote=source.quote,
        )
        for number, source in enumerate(quoted, start=1)
    )


def claims_of(draft: EmailDraft) -> tuple[Claim, ...]:
    """Return each quoted passage as a claim that rests on itself."""
    return tuple(Claim(text=citation.quote, citations=(citation,)) for citation in citations_of(draft))
