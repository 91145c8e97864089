"""What is said beside a freshly written draft; the draft itself is rendered by assistant/mail/shown.py."""

from __future__ import annotations

from assistant.jobs import Claim
from assistant.mail.draft import TEMPLATE_ENGINE, EmailDraft
from assistant.mail.shown import citations_of
from assistant.replies import Notice
from workers.jobs.email_draft.compose import Composed

BY_TEMPLATES = "Written by the template engine, no language model. Nothing has been sent."
BY_MODEL = "Written by {} and checked against its sources. Nothing has been sent."


def notices_of(composed: Composed, engine: str, gave_up: str | None) -> list[Notice]:
    """Return what the asker should know of how the draft came to be."""
    said = [composed.searched] if composed.searched else []
    if composed.orders_dropped:
        said.append("A passage of the sources tried to give me instructions; I ignored it.")
    if composed.lacks_items:
        said.append("I found no action items in what you gave me.")
    if gave_up:
        said.append(f"The wording of {gave_up} did not hold against its sources, so this is the templates'.")
    by = BY_TEMPLATES if engine == TEMPLATE_ENGINE else BY_MODEL.format(engine)
    return [Notice(text=text) for text in (*said, by)]


def claims_of(draft: EmailDraft) -> tuple[Claim, ...]:
    """Return each quoted passage as a claim that rests on itself."""
    return tuple(Claim(text=citation.quote, citations=(citation,)) for citation in citations_of(draft))
