"""Turn an answer, or a refusal, into the neutral blocks that every platform renders."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.jobs import Claim
from assistant.mail.about import offer_email
from assistant.replies import Block, Citation, Citations, Notice, Paragraph, Reply
from workers.jobs.policy_search.schema import NearestSection

EXTRACTIVE_LABEL = "Extractive answer, no language model."


def answer_text(claims: Sequence[Claim]) -> str:
    """Return the claims as Markdown, each with the numbers of its citations; a list when there are several."""
    lines = [
        f"{_escape(claim.text)} {''.join(f'[{one.number}]' for one in claim.citations)}".strip() for claim in claims
    ]
    return lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)


def render_answer(claims: Sequence[Claim], *, warnings: Sequence[str], missing: str, offline: bool) -> Reply:
    """Return the reply of an answered question."""
    text = answer_text(claims)
    blocks: list[Block] = [Paragraph(markdown=text)]
    if missing:
        blocks.append(Notice(level="info", text=f"Not in the documents: {missing}"))
    blocks.extend(Notice(level="warning", text=warning) for warning in warnings)
    blocks.append(Citations(items=_cited(claims)))
    if offline:
        blocks.append(Notice(level="info", text=EXTRACTIVE_LABEL))
    blocks.append(offer_email())
    return Reply(text=text, blocks=tuple(blocks), wants_feedback=True)


def refusal_text(line: str | None, nearest: Sequence[NearestSection]) -> str:
    """Return why there is no answer, the nearest sections, and whom to ask, in plain sentences."""
    said = line or (
        "I found nothing about that in the documents you may read."
        if not nearest
        else "The documents you may read don't answer that, so I won't guess."
    )
    if nearest:
        places = "; ".join(f"{one.title}{f' › {one.section}' if one.section else ''}" for one in nearest)
        said += f" The nearest I found: {places}."
        owners = list(dict.fromkeys(one.owner for one in nearest if one.owner))
        if owners:
            said += f" {' or '.join(owners[:2])} can tell you more."
    return said


def render_refusal(text: str, *, offline: bool) -> Reply:
    """Return the reply of a question that is not answered."""
    blocks: list[Block] = [Notice(level="refusal", text=text)]
    if offline:
        blocks.append(Notice(level="info", text=EXTRACTIVE_LABEL))
    return Reply(text=text, blocks=tuple(blocks), wants_feedback=True)


def _cited(claims: Sequence[Claim]) -> tuple[Citation, ...]:
    by_number = {one.number: one for claim in claims for one in claim.citations}
    return tuple(by_number[number] for number in sorted(by_number))


def _escape(text: str) -> str:
    """Keep a document's own brackets from looking like our references: "[3]" in a quote is not citation 3."""
    return text.replace("[", "(").replace("]", ")")
