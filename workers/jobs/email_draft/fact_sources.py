"""Say for each fact of a draft where it stands: the passage of a source, or the asker's own words.

For the reader's eye: checks.py has decided before whether a fact is supported at all. A fact that stands in two
passages is linked to the one whose words around it are most alike, a quoted one first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from assistant.mail.draft import DraftFact, DraftSource, EmailDraft
from workers.jobs.email_draft.extracts import sentences_of
from workers.jobs.email_draft.facts import Day, Facts, Figure, facts_in, units_agree, without_placeholders
from workers.jobs.email_draft.material import Source

REQUEST = "request"  # the ref of the asker's own words
QUOTE_CHARS = 400


@dataclass(frozen=True, slots=True)
class _Passage:
    ref: str
    text: str
    facts: Facts


def with_facts(
    draft: EmailDraft, quoted: Sequence[DraftSource], sources: Sequence[Source], *, request: str
) -> EmailDraft:
    """Return the draft with its facts, and with the quoted sources and those of the facts, each by its title."""
    facts = link_facts(draft.body, quoted, sources, request)
    linked = (DraftSource(ref=one.ref, quote=one.quote) for one in facts if one.ref != REQUEST)
    known = {one.ref: one for one in sources}
    named = tuple(_named(one, known.get(one.ref)) for one in dict.fromkeys((*quoted, *linked)))
    return draft.model_copy(update={"facts": facts, "sources": named})


def _named(source: DraftSource, known: Source | None) -> DraftSource:
    if known is None:
        return source
    title = f"{known.title} ({known.author})" if known.author else known.title
    return source.model_copy(update={"title": title, "document_id": known.document_id or None})


def link_facts(
    body: str, quoted: Sequence[DraftSource], sources: Sequence[Source], request: str
) -> tuple[DraftFact, ...]:
    """Return the facts of the body as written, in order, each with the passage it stands in."""
    own = Source(REQUEST, "your request", request)
    passages = [_Passage(one.ref, one.quote, facts_in(one.quote)) for one in quoted if one.ref != REQUEST]
    passages += [
        _Passage(source.ref, sentence, facts_in(sentence))
        for source in (*sources, own)
        for sentence in sentences_of(source)
    ]
    plain = without_placeholders(body)
    said = facts_in(plain)
    found: dict[str, DraftFact] = {}
    said_facts: list[Day | Figure | str] = [*said.days, *said.figures, *said.addresses]
    for fact in said_facts:
        shown = fact if isinstance(fact, str) else fact.shown.strip(" .")
        best = max(passages, key=partial(_fit, fact), default=None)
        if shown in found or best is None or _fit(fact, best) == 0:
            continue
        found[shown] = DraftFact(text=shown, ref=best.ref, quote=best.text[:QUOTE_CHARS])
    return tuple(sorted(found.values(), key=lambda one: body.find(one.text)))


def _fit(fact: Day | Figure | str, passage: _Passage) -> float:
    """Return how well a passage holds a fact: 0 not at all, else more for each word around it that is alike."""
    match fact:
        case str():
            return float(fact.lower() in (one.lower() for one in passage.facts.addresses))
        case Day():
            near = [one.near for one in passage.facts.days if fact.agrees(one)]
        case Figure():
            near = [one.near for one in passage.facts.figures if one.value == fact.value and units_agree(one, fact)]
    return 1.0 + max(len(fact.near & words) for words in near) if near else 0.0
